"""A proof graph unrolled for reading from the conclusion down: what is shown once is folded when it comes again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explain.graph import ProofGraph

MARKS = {
    "conclusion": "✓", "fact": "•", "absence": "∅", "comparison": "=", "aggregate": "#", "rule": "→", "attempt": "✗",
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A line of an outline: a node, what it rests on, and how it got there.

    `ways` says how many rules conclude it, when there are several; `by` is the rule of
    a conclusion that has one. `folded` items were shown before.
    """

    node: str
    data: Mapping[str, Any]
    role: str
    by: Mapping[str, Any] | None
    ways: int
    below: tuple[Item, ...]
    folded: bool = False
    is_cut: bool = False
    """Folded although it was not shown before: it lies too deep, or the graph was cut there."""

    @property
    def kind(self) -> str:
        """The node's kind."""
        return str(self.data["kind"])

    @property
    def fails(self) -> bool:
        """Whether this is what keeps the rule above from concluding."""
        return self.role == "fails"


def outlines(proof: ProofGraph) -> list[list[Item]]:
    """For each goal the outlines of the nodes that it starts from."""
    seen: set[str] = set()
    return [[_item(proof, root, "", seen) for root in asked.roots] for asked in proof.asked]


_DEEPEST = 200
"""Deeper than any reader goes; a chain that is longer is cut there."""


def _item(proof: ProofGraph, node: str, role: str, seen: set[str], depth: int = 0) -> Item:
    data = proof.attributes(node)
    below = proof.below(node)
    if node in seen and below:
        return Item(node, data, role, None, 0, (), folded=True)
    if (depth > _DEEPEST and below) or data.get("cut"):
        return Item(node, data, role, None, 0, (), folded=True, is_cut=True)
    seen.add(node)
    by = None
    ways = sum(proof.kind(other) in ("rule", "fact") for other in below) if data["kind"] == "conclusion" else 0
    if ways == 1 and proof.kind(below[0]) == "rule":
        # A conclusion with one rule is read together with it.
        by, node_below = proof.attributes(below[0]), proof.below(below[0])
        seen.add(below[0])
        items = tuple(_item(proof, other, proof.role(below[0], other), seen, depth + 1) for other in node_below)
        return Item(node, data, role, by, 1, items)
    items = tuple(_item(proof, other, proof.role(node, other), seen, depth + 1) for other in below)
    return Item(node, data, role, by, ways, items)


def place(data: Mapping[str, Any], case_documents: frozenset[str] = frozenset()) -> str:
    """Where a node stands: `chart reference.md, Examination, line 41`, or the policy's section."""
    if not data.get("document"):
        return ""
    file = str(data["file"]).rsplit("/", 1)[-1]
    section = f", {data['section']}" if data.get("section") else ""
    if data["document"] in case_documents:
        return f"chart {file}{section}, line {data['line']}"
    return f"{data['document']}{section}, line {data['line']}"


def rule_line(data: Mapping[str, Any]) -> str:
    """The policy's passage behind a rule instance: its title and section, the issuer's locator, the evidence tag."""
    locator = f" ({data['locator']})" if data.get("locator") else ""
    evidence = f" [{data['evidence']}]" if data.get("evidence") else ""
    return f"{data['words']}{locator}{evidence}"
