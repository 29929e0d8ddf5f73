"""The proof graph: why an atom holds, or why it does not, as a NetworkX graph that a reviewer can follow.

Edges run from a conclusion to the rule instances that derive it, any one of which
suffices, and from a rule instance to its premises, all of which are needed. An
absence leads to the nearest misses (`attempt`) of each rule that could have concluded
it, and they to their premises. Attributes are plain texts and numbers, so that every
NetworkX writer takes them; `docs/explanations.md` lists them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from kb.contradictions import AtomKey
from kb.language.program import Origin, ProgramRule
from kb.language.values import ANY, UNKNOWN, Row, Value, value_text


@dataclass(frozen=True, slots=True)
class Asked:
    """A goal that a graph answers: the atoms that are shown of it, as a pattern, and the nodes that it starts from.

    `row` is the goal's own, to which its verdict belongs: where it leaves a value open, the
    pattern may have any (`explain.proofs.shown_of`).
    """

    relation: str
    pattern: Row
    roots: tuple[str, ...]
    row: Row

    @property
    def goal(self) -> AtomKey:
        """The goal."""
        return self.relation, self.row

    @property
    def holds_for_some(self) -> bool:
        """Whether what is shown holds for some value, and the goal does not say for which."""
        return self.pattern != self.row


@dataclass(frozen=True)
class ProofGraph:
    """Why goals hold, or do not.

    `graph.graph` says what the proof is of (the case, the payer, the day, the
    documents with their digests); `cut` counts the nodes that were not looked into
    since the graph would have grown too large.
    """

    graph: nx.DiGraph[str]
    asked: tuple[Asked, ...]
    atoms: Mapping[str, AtomKey]
    """The atom, or for an absence the pattern, behind each node that has one."""
    cut: int = 0

    @property
    def roots(self) -> tuple[str, ...]:
        """The nodes of all goals."""
        return tuple(root for each in self.asked for root in each.roots)

    def attributes(self, node: str) -> Mapping[str, Any]:
        """What a node says."""
        found: Mapping[str, Any] = self.graph.nodes[node]
        return found

    def kind(self, node: str) -> str:
        """Its kind: `docs/explanations.md` lists them."""
        return str(self.graph.nodes[node]["kind"])

    def role(self, node: str, other: str) -> str:
        """What the edge between two nodes says."""
        return str(self.graph.edges[node, other]["role"])

    def below(self, node: str) -> list[str]:
        """The nodes that a node rests on, in the order of the rule."""
        edges: Mapping[str, Any] = self.graph.adj[node]
        return sorted(edges, key=lambda other: int(edges[other]["position"]))

    def part(self, asked: Asked) -> ProofGraph:
        """The graph of one of its goals."""
        return self._of(set(asked.roots).union(*(nx.descendants(self.graph, root) for root in asked.roots)), (asked,))

    def to_depth(self, steps: int) -> ProofGraph:
        """The graph down to so many conclusions below its goals; `more` counts what a node at the edge rests on."""
        # From one conclusion to the next it is two edges: to the rule instance, and from it to the premise.
        reached = nx.multi_source_dijkstra_path_length(self.graph, set(self.roots), 2 * steps, None)
        part = self._of(set(reached), self.asked)
        for node in part.graph:
            if more := len(self.graph.adj[node]) - len(part.graph.adj[node]):
                part.graph.nodes[node]["more"] = more
        return part

    def _of(self, nodes: set[str], asked: tuple[Asked, ...]) -> ProofGraph:
        """The graph of some nodes, in the order that they have here: NetworkX's own subgraphs have the order of a set."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.graph.update(self.graph.graph)
        graph.add_nodes_from((node, dict(data)) for node, data in self.graph.nodes(data=True) if node in nodes)
        graph.add_edges_from((a, b, dict(data)) for a, b, data in self.graph.edges(data=True) if a in graph and b in graph)
        return ProofGraph(graph, asked, {node: self.atoms[node] for node in graph if node in self.atoms}, self.cut)

    def count(self, kind: str) -> int:
        """How many nodes are of a kind."""
        return sum(1 for node in self.graph if self.kind(node) == kind)


json_text = json.JSONEncoder(ensure_ascii=False).encode
"""Plain data as an attribute: JSON."""


def place_data(origin: Origin) -> dict[str, Any]:
    """Where a statement stands, as attributes of its node."""
    return {
        "document": origin.document,
        "file": origin.file,
        "title": origin.title,
        "section": origin.section,
        "passage": origin.passage,
        "line": origin.line,
    }


def rule_words(rule: ProgramRule) -> str:
    """Which rule it is: its section in its document."""
    reading = f", in the reading “{rule.reading}”" if rule.reading else ""
    return f"{rule.origin.heading}{reading}"


def row_text(row: Row) -> str:
    """The values of a row as JSON: texts, numbers and dates as text, `?` as null, `_` as false."""
    return json_text(plain_row(row))


def plain_row(row: Row) -> list[str | bool | None]:
    """The values of a row as plain data; see `row_text`."""
    return [_plain(value) for value in row]


def substitution_text(values: Mapping[str, Value]) -> str:
    """The value of each named variable as a JSON object; see `row_text`."""
    return json_text({name: _plain(value) for name, value in values.items()})


def _plain(value: Value) -> str | bool | None:
    if value is UNKNOWN:
        return None
    return False if value is ANY else value_text(value)
