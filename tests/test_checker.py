"""The checker agrees with what is explained, on random programs too, and with nothing that was altered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import networkx as nx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

import medproof
from explain.checker import ProofError, verify
from explain.explanations import best_explained, explained
from explain.graph import ProofGraph
from kb.compiled import Compiled
from kb.contradictions import AtomKey
from kb.engines import engine
from kb.language.documents import Document, read
from kb.language.program import Program
from kb.language.values import ANY
from kb.models import models
from tests.random_programs import RandomProgram, programs
from tests.support import facts, program

_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
_SETTINGS = settings(deadline=None, max_examples=60, phases=_PHASES, suppress_health_check=[HealthCheck.too_slow])


def documents(source: str, chart: str) -> tuple[Document, Document]:
    return read("example.dl", source), read("chart.md", f"---\ncase: x\n---\n\n```datalog\n{chart}\n```\n")


def proof(source: str, chart: str, *goals: str, minimal: bool = False) -> tuple[ProofGraph, Document, Document]:
    of = program(source)
    policy, record = documents(source, chart)
    found = models(Compiled(of), facts(chart, of), "x", engine())
    return explained(found, [pattern(of, goal) for goal in goals], [policy], record, minimal), policy, record


def pattern(of: Program, relation: str) -> AtomKey:
    arguments = of.predicate(relation).arguments
    return relation, tuple("x" if argument.type == "case" else ANY for argument in arguments)


@_SETTINGS
@given(programs())
def test_every_proof_and_every_refutation_in_a_random_program_verifies(random: RandomProgram) -> None:
    of = program(random.source)
    goals = sorted({rule.head.relation for rule in of.rules if of.predicate(rule.head.relation).case_position is not None})
    for minimal in (False, True):
        found, policy, record = proof(random.source, random.chart, *goals, minimal=minimal)
        verify(found.graph, [policy], record)


RECURSIVE = """\
#fact link(Case: case, A: text, B: text).
#pred near(Case: case, A: text, B: text) :: "{A} is near {B}".
near(Case, A, B) :- link(Case, A, B).
near(Case, A, B) :- near(Case, B, A).
near(Case, A, C) :- near(Case, A, B), near(Case, B, C).
"""


def test_a_proof_through_recursion_never_supports_itself() -> None:
    chart = "\n".join(f"link(x, n{i}, n{i + 1})." for i in range(6)) + "\nlink(x, n6, n0)."
    for minimal in (True, False):
        found, _, _ = proof(RECURSIVE, chart, "near", minimal=minimal)
        assert nx.is_directed_acyclic_graph(found.graph) is minimal
    of, (policy, record) = program(RECURSIVE), documents(RECURSIVE, chart)
    models_of = models(Compiled(of), facts(chart, of), "x", engine())
    goal = ("near", ("x", "n0", "n3"))
    best = best_explained(models_of, goal, [policy], record, 3)
    assert len({json.dumps(nx.node_link_data(each.graph, edges="edges")) for each in best}) == 3
    sizes = [each.count("rule") for each in best]
    assert sizes == sorted(sizes)
    assert all(nx.is_directed_acyclic_graph(each.graph) for each in best)


ALIKE = """\
#domain source = patient | physician | therapist.
#fact exhausted(Case: case, By: source).
#fact counselled(Case: case, Told: source).
#pred refused(Case: case).
refused(Case) :- exhausted(Case, By), counselled(Case, Told), By != patient, Told != patient.
#pred twice(Case: case).
twice(Case) :-
    exhausted(Case, By), N = #count { A : counselled(Case, A), A != By }, M = #count { B : counselled(Case, B), B != By },
    N <= M.
"""


@pytest.mark.parametrize("told", ["physician", "therapist", "patient"])
@pytest.mark.parametrize("goal", ["refused", "twice"])
def test_premises_that_come_to_the_same_text_are_told_apart(goal: str, told: str) -> None:
    found, policy, record = proof(ALIKE, f"exhausted(x, physician).\ncounselled(x, {told}).", goal)
    verify(found.graph, [policy], record)
    graph = found.graph.copy()
    for node, data in graph.nodes(data=True):
        if data["kind"] == "comparison" and data["words"].startswith("by"):
            graph.nodes[node]["words"] = data["words"].replace("by", "told", 1)
            with pytest.raises(ProofError):
                verify(graph, [policy], record)


def test_a_conclusion_that_supports_itself_is_refused() -> None:
    found, policy, record = proof(RECURSIVE, "link(x, a, b).", "near", minimal=False)
    graph = found.graph
    [fact] = [node for node in graph if graph.nodes[node]["kind"] == "fact"]
    [direct] = list(graph.pred[fact])
    for above in list(graph.pred[direct]):
        graph.remove_edge(above, direct)
    graph.remove_nodes_from([direct, fact])
    with pytest.raises(ProofError, match=r"rests on itself|nothing derives"):
        verify(graph, [policy], record)


# Tampering


@pytest.fixture(scope="module")
def base() -> medproof.Library:
    return medproof.load()


GOALS = ["reference medically_necessary", "reference fusion_indicated", "two-weeks C5", "getting-weaker U5"]


def altered(value: Any) -> Iterator[Any]:
    """Other values of the same kind."""
    if isinstance(value, int):
        yield from (value + 1, 1 - value)
        return
    yield from (value + " ", value[1:] if value else "x", value.swapcase() if value.swapcase() != value else value + "0")


@pytest.mark.parametrize("goal", GOALS)
def test_a_change_of_any_field_of_any_node_is_refused(goal: str, base: medproof.Library) -> None:
    case, _, relation = goal.partition(" ")
    document = medproof.open_case(case)
    graph = medproof.explain(base, document, relation).proof.graph
    medproof.verify(base, graph, document)
    unnoticed = []
    for node in graph:
        for key, value in list(graph.nodes[node].items()):
            other = next(each for each in altered(value) if each != value)
            graph.nodes[node][key] = other
            if holds(base, graph, document):
                unnoticed.append((node, key, value))
            graph.nodes[node][key] = value
    assert unnoticed == []


def holds(base: medproof.Library, graph: nx.DiGraph[str], document: Document) -> bool:
    try:
        medproof.verify(base, graph, document)
    except ProofError:
        return False
    return True


def test_a_missing_premise_an_added_one_and_another_role_are_refused(base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    original = medproof.explain(base, document, "medically_necessary").proof.graph
    rules = [node for node in original if original.nodes[node]["kind"] == "rule"]
    for node in rules:
        for other in list(original.adj[node]):
            graph = original.copy()
            graph.remove_edge(node, other)
            assert not holds(base, graph, document), f"{node} without {other}"
            graph = original.copy()
            graph.edges[node, other]["role"] = "any"
            assert not holds(base, graph, document), f"{node} to {other} as another role"
    graph = original.copy()
    [fact] = [node for node in graph if graph.nodes[node].get("relation") == "severe_pain"] or [rules[-1]]
    graph.add_edge(rules[0], fact, role="all", position=9)
    assert not holds(base, graph, document)


def test_an_assumption_is_not_passed_off_as_the_charts(base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    graph = medproof.explain(base, document, "A5").proof.graph
    place = {"document": "reference", "file": document.name, "title": "", "section": "Examination", "passage": "", "line": 1}
    claim = {"relation": "myelopathy", "row": ["reference", "examination", None], "place": place}
    graph.graph["assumptions"] = json.dumps([claim])
    with pytest.raises(ProofError, match="said to stand in"):
        medproof.verify(base, graph, document)


def test_cutting_a_proof_short_hides_nothing(base: medproof.Library) -> None:
    """A node that says that it was not looked into is looked up in the certified model."""
    document = medproof.open_case("two-weeks")
    graph = medproof.explain(base, document, "A1").proof.graph.copy()
    wanted = medproof.explain(base, document, "A4").proof
    [root] = wanted.roots
    data = {**wanted.attributes(root), "kind": "conclusion", "cut": 1}
    data.pop("standing")
    forged: nx.DiGraph[str] = nx.DiGraph(**wanted.graph.graph)
    forged.add_node(root, **data, criterion="cpb0743.lumbar-lami.A4", locator="lumbar laminectomy, item 4", evidence="S")
    with pytest.raises(ProofError, match="nothing derives this conclusion"):
        medproof.verify(base, forged, document)
    for limit in (1, 5, 10, 20, 40):
        cut = medproof.explain(base, medproof.open_case("reference"), limit=limit)
        assert cut.proof.cut > 0
        medproof.verify(base, cut.proof.graph, medproof.open_case("reference"))
    assert len(graph) > 0


def test_a_certificate_that_leaves_something_out_is_refused(base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    graph = medproof.explain(base, document, "fusion_indicated").proof.graph
    certificate = json.loads(graph.graph["certificate"])
    for part in ("perfect", "certain"):
        for number in range(len(certificate[part])):
            changed = {**certificate, part: certificate[part][:number] + certificate[part][number + 1 :]}
            kept = {json.dumps(each["row"]) for each in changed[part]}
            if json.dumps(certificate[part][number]["row"]) not in kept and part == "perfect":
                graph.graph["certificate"] = json.dumps(changed)
                assert not holds(base, graph, document), certificate[part][number]
    for relation, rows in certificate["possible"].items():
        if rows:
            changed = {**certificate, "possible": {**certificate["possible"], relation: []}}
            graph.graph["certificate"] = json.dumps(changed)
            assert not holds(base, graph, document), relation


def test_a_claim_of_what_does_not_follow_is_refused(base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    graph = medproof.explain(base, document, "fusion_indicated").proof.graph
    certificate = json.loads(graph.graph["certificate"])
    step = next(each for each in certificate["perfect"] if each["rule"].endswith("/jns_operated"))
    false = {**step, "row": [*step["row"][:-1], "L1-2"]}
    graph.graph["certificate"] = json.dumps({**certificate, "perfect": [*certificate["perfect"], false]})
    with pytest.raises(ProofError, match="the claimed instance"):
        medproof.verify(base, graph, document)


def test_another_chart_another_policy_and_another_day_are_refused(base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    graph = medproof.explain(base, document, "medically_necessary").proof.graph
    with pytest.raises(ProofError, match="reference: this document is not what the proof rests on"):
        medproof.verify(base, graph, replace(document, digest="0" * 64))
    changed = tuple(replace(each, digest="0" * 64) if each.meta.id == "anatomy" else each for each in base.documents)
    with pytest.raises(ProofError, match="anatomy@1: this document is not"):
        medproof.verify(medproof.Library(changed), graph, document)
    graph.graph["on"] = "2010-01-01"
    with pytest.raises(ProofError, match="it is not in force"):
        medproof.verify(base, graph, document)


@pytest.mark.parametrize(
    "damage", [{}, {"goals": "[]"}, {"goals": "["}, {"on": "tomorrow"}, {"schema": "x"}, {"certificate": "3"}]
)
def test_what_is_no_proof_is_refused_in_a_sentence(damage: dict[str, str], base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    graph = medproof.explain(base, document, "A4").proof.graph
    if damage:
        graph.graph.update(damage)
    else:
        graph.graph.clear()
    with pytest.raises(ProofError):
        medproof.verify(base, graph, document)


def test_the_documents_are_those_that_the_proof_names() -> None:
    found, policy, chart = proof("#fact q(Case: case).\n#pred p(Case: case).\np(C) :- q(C).\n", "q(x).", "p")
    named = json.loads(found.graph.graph["documents"])
    other = replace(policy, name="other.md", meta=replace(policy.meta, id="other"))

    def refused(documents: list[Document], claimed: list[dict[str, str]]) -> str:
        graph = found.graph.copy()
        graph.graph["documents"] = json.dumps(claimed)
        with pytest.raises(ProofError) as caught:
            verify(graph, documents, chart)
        return str(caught.value)

    assert "is not here; `--policies` says where it stands" in refused([], named)
    assert "is in force, and the proof does not rest on it" in refused([policy, other], named)
    assert "names a document twice" in refused([policy], [*named, {**named[0], "digest": "0"}])
