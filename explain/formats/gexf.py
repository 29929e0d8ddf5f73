"""GEXF, which Gephi opens and NetworkX reads back to the same nodes, edges and attributes."""

from __future__ import annotations

from io import BytesIO

import networkx as nx

from explain.explanations import Explanation
from explain.formats import Options
from explain.formats.xml_text import for_xml


def export(explanation: Explanation, options: Options) -> bytes:
    """The graph of the only, or the best, proof; each node is labelled with its words."""
    graph = for_xml(explanation.proof.graph)
    for node, data in graph.nodes(data=True):
        data["label"] = data.get("words", node)
    out = BytesIO()
    nx.write_gexf(graph, out)
    return out.getvalue()
