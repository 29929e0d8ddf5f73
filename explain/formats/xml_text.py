"""Text that XML can carry: NetworkX's writers escape, and leave characters in that no XML document may have."""

from __future__ import annotations

import re

import networkx as nx

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def for_xml(graph: nx.DiGraph[str]) -> nx.DiGraph[str]:
    """The graph with such characters shown by their number, in attributes of nodes, edges and the graph."""
    clean: nx.DiGraph[str] = nx.DiGraph(**{key: _clean(value) for key, value in graph.graph.items()})
    clean.add_nodes_from((node, {key: _clean(v) for key, v in data.items()}) for node, data in graph.nodes(data=True))
    clean.add_edges_from((a, b, {key: _clean(v) for key, v in data.items()}) for a, b, data in graph.edges(data=True))
    return clean


def _clean(value: object) -> object:
    return _FORBIDDEN.sub(lambda match: f"\\x{ord(match[0]):02x}", value) if isinstance(value, str) else value
