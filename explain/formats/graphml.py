"""GraphML, which yEd and Gephi open and NetworkX reads back to the same graph."""

from __future__ import annotations

from io import BytesIO

import networkx as nx

from explain.explanations import Explanation
from explain.formats import Options
from explain.formats.xml_text import for_xml


def export(explanation: Explanation, options: Options) -> bytes:
    """The graph of the only, or the best, proof. (Bytes, since XML names its encoding.)"""
    out = BytesIO()
    nx.write_graphml_xml(for_xml(explanation.proof.graph), out, named_key_ids=True)
    return out.getvalue()
