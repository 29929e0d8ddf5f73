"""Proofs forged by somebody who knows the checker: each of these once passed, or might."""

from __future__ import annotations

import json
from typing import Any

import networkx as nx
import pytest

from explain.checker import ProofError, verify
from kb.language.documents import Document
from tests.test_checker import documents, proof

SOURCE = """\
#fact q(Case: case, I: text).
#fact r(Case: case, I: text).
#fact h(Case: case, I: text).
#closed q, r.
#pred p(Case: case, I: text).
#pred holds(Case: case, I: text).
#pred n(Case: case).
p(C, I) :- q(C, I), r(C, I).
holds(C, I) :- q(C, I).
n(C) :- q(C, _), not holds(C, "a").
"""
CHART = "q(x, a). r(x, b)."


def forged(graph: nx.DiGraph[str], policy: Document, chart: Document) -> str:
    """Why the checker refuses a graph; the test fails if it does not."""
    with pytest.raises(ProofError) as caught:
        verify(graph, [policy], chart)
    return str(caught.value)


def goal(graph: nx.DiGraph[str], relation: str, row: list[Any]) -> None:
    graph.graph["goals"] = json.dumps([{"relation": relation, "row": row, "roots": ["n0"]}])


def conclusion(relation: str, value: str) -> dict[str, Any]:
    atom = f"{relation}(x, {value})"
    return {
        "kind": "conclusion", "relation": relation, "row": json.dumps(["x", value]), "atom": atom, "words": atom,
        "member": "",
    }  # fmt: skip


def test_a_rule_instance_without_its_premises() -> None:
    found, policy, _ = proof(SOURCE, "q(x, a). r(x, a).", "p")
    rule = next(data for _, data in found.graph.nodes(data=True) if data["kind"] == "rule")
    _, _, other = proof(SOURCE, CHART, "p")
    honest, _, _ = proof(SOURCE, CHART, "p")
    for cut in ({}, {"cut": 1}):
        graph: nx.DiGraph[str] = nx.DiGraph(**honest.graph.graph)
        goal(graph, "p", ["x", "a"])
        graph.add_node("n0", **conclusion("p", "a"))
        graph.add_node("n1", **rule, **cut)
        graph.add_edge("n0", "n1", role="any", position=1)
        assert forged(graph, policy, other)


def test_a_substitution_that_leaves_a_shared_variable_open() -> None:
    found, policy, chart = proof(SOURCE, CHART, "p")
    graph: nx.DiGraph[str] = nx.DiGraph(**found.graph.graph)
    whole, _, _ = proof(SOURCE, "q(x, a). r(x, a).", "p")
    rule = next(data for _, data in whole.graph.nodes(data=True) if data["kind"] == "rule")
    facts = {data["relation"]: data for _, data in found.graph.nodes(data=True) if data["kind"] == "fact"}
    for mark in (False, None):
        goal(graph, "p", ["x", "a"])
        graph.add_node("n0", **conclusion("p", "a") | {"row": json.dumps(["x", mark])})
        graph.add_node("n1", **rule | {"substitution": json.dumps({"C": "x", "I": mark})})
        graph.add_edge("n0", "n1", role="any", position=1)
        for number, data in enumerate(facts.values(), 2):
            graph.add_node(f"n{number}", **data)
            graph.add_edge("n1", f"n{number}", role="all", position=number)
        assert forged(graph, policy, chart)


@pytest.mark.parametrize("mark", [None, False])
def test_a_certificate_that_hides_a_row_behind_a_mark(mark: bool | None) -> None:
    found, policy, chart = proof(SOURCE, "q(x, b).", "n")
    honest = json.loads(found.graph.graph["certificate"])
    hidden = [{**step, "row": ["x", mark]} for step in honest["perfect"] if "holds" in step["rule"]]
    kept = [step for step in honest["perfect"] if "holds" not in step["rule"]]
    found.graph.graph["certificate"] = json.dumps({**honest, "perfect": [*kept, *hidden]})
    assert "certificate" in forged(found.graph, policy, chart)


def test_an_open_value_in_a_fact_covers_no_row_of_the_perfect_model() -> None:
    source = SOURCE + 'h(C, "mild") :- q(C, _).\n#pred w(Case: case).\nw(C) :- q(C, _), not h(C, "mild").\n'
    found, policy, chart = proof(source, "q(x, a). h(x, ?).", "w")
    certificate = json.loads(found.graph.graph["certificate"])
    certificate["perfect"] = [step for step in certificate["perfect"] if "/h" not in step["rule"]]
    found.graph.graph["certificate"] = json.dumps(certificate)
    assert "leads to an atom" in forged(found.graph, policy, chart)


@pytest.mark.parametrize("same", ["[[]]", "[[1]]", "[[0, 0]]", "[[0, 7]]"])
def test_an_absence_of_something_that_holds_for_positions_that_are_never_the_same(same: str) -> None:
    found, policy, chart = proof(SOURCE, "q(x, a). r(x, a).", "p", "n")
    graph: nx.DiGraph[str] = nx.DiGraph(**found.graph.graph)
    data = conclusion("p", "a") | {"kind": "absence", "standing": "silence", "same": same}
    graph.add_node("n0", **data)
    goal(graph, "p", ["x", "a"])
    assert forged(graph, policy, chart)


def test_a_comparison_with_values_that_nothing_gives() -> None:
    source = "#fact pain(Case: case, N: number).\n#pred mild(Case: case).\nmild(C) :- pain(C, N), N <= 5, pain(C, 3).\n"
    found, policy, chart = proof(source, "pain(x, 9).", "mild")
    graph = found.graph
    [attempt] = [node for node in graph if graph.nodes[node]["kind"] == "attempt"]
    graph.nodes[attempt]["substitution"] = json.dumps({"C": "x", "N": "1"})
    assert forged(graph, policy, chart)


def test_nothing_stands_beneath_what_was_not_looked_into() -> None:
    found, policy, chart = proof(SOURCE, "q(x, a). r(x, a).", "p")
    for node in found.graph:
        graph = found.graph.copy()
        graph.nodes[node]["cut"] = 1
        if list(graph.adj[node]) or graph.nodes[node]["kind"] == "fact":
            assert forged(graph, policy, chart)


@pytest.mark.parametrize("more", ["holds(C, I) :- q(C, I).", "holds(x, a).", "q(y, a).", "#pred more(Case: case)."])
def test_a_chart_that_states_more_than_facts_of_its_case(more: str) -> None:
    found, policy, _ = proof(SOURCE, CHART, "holds")
    _, chart = documents(SOURCE, f"{CHART}\n{more}")
    named = [{"id": each.id, "file": each.name, "digest": each.digest} for each in (policy, chart)]
    found.graph.graph["documents"] = json.dumps(named)
    assert forged(found.graph, policy, chart) == "chart.md: line 7 states no fact of the case `x`"


def test_a_refusal_that_hides_the_rule_that_comes_nearest() -> None:
    source = SOURCE + "p(C, I) :- h(C, I), not n(C).\n"
    found, policy, chart = proof(source, CHART, "p")
    [root] = found.roots
    misses = [node for node in found.graph.adj[root] if found.graph.nodes[node]["kind"] == "attempt"]
    verify(found.graph, [policy], chart)
    hidden = {found.graph.nodes[node]["rule"] for node in misses}
    assert len(hidden) == 2
    for rule in hidden:
        graph = found.graph.copy()
        graph.remove_nodes_from([node for node in misses if graph.nodes[node]["rule"] == rule])
        lost = set(graph) - {root, *nx.descendants(graph, root)}
        graph.remove_nodes_from(lost)
        assert forged(graph, policy, chart) == f"{root}: it is not shown how the rule {rule} fails"
