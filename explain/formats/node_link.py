"""JSON in NetworkX's node-link form: what `medproof verify` checks, and NetworkX reads back to the same graph."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx

from explain.explanations import Explanation
from explain.formats import Options


def export(explanation: Explanation, options: Options) -> str:
    """The graph; with several proofs a list of them."""
    data = [graph_data(proof.graph) for proof in explanation.proofs]
    return json.dumps(data[0] if len(data) == 1 else data, ensure_ascii=False, indent=1) + "\n"


def graph_data(graph: nx.DiGraph[str]) -> dict[str, Any]:
    """The graph as plain data."""
    data: dict[str, Any] = nx.node_link_data(graph, edges="edges")
    return data


def read(text: str) -> list[nx.DiGraph[str]]:
    """The graphs in a JSON text; raises ValueError when it holds none."""
    data = json.loads(text)
    try:
        return [nx.DiGraph(nx.node_link_graph(each, edges="edges")) for each in (data if isinstance(data, list) else [data])]
    except (KeyError, TypeError, AttributeError, nx.NetworkXError) as error:
        raise ValueError(f"this is no graph in node-link form ({error})") from error
