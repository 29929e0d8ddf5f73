"""An explanation: a proof graph with everything that a checker needs to follow it without us."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from explain.building import proof_graph
from explain.checker import SCHEMA, verify
from explain.claims import certificate
from explain.denials import undenied_choice
from explain.determination import Determination
from explain.graph import Asked, ProofGraph, json_text, place_data, plain_row
from explain.outcomes import Outcome
from explain.proofs import Choice, Chosen, atoms_of, best_choices, shown_of
from explain.verdicts import contradictions_beneath
from explain.wording import words
from kb.contradictions import AtomKey, Contradiction
from kb.language.documents import Document
from kb.language.program import Fact, ProgramRule
from kb.language.syntax import Literal
from kb.models import Models

LEFT_OPEN = "The request leaves a value open, and what is shown holds for a value that it may mean: it has to say which."
"""What is told where atoms are shown that hold for some value of a goal."""


@dataclass(frozen=True)
class Explanation:
    """What is exported: proof graphs, what they are about, and with it the determination, if the whole case was asked.

    Several graphs are several proofs of one goal, the best first.
    """

    title: str
    case: str
    payer: str
    on: date
    notes: tuple[str, ...]
    models: Models
    proofs: tuple[ProofGraph, ...]
    outcomes: tuple[Outcome, ...] = ()
    """The outcome of each goal, in the order of the graph's."""
    determination: Determination | None = None
    """Without what to ask for."""

    @property
    def proof(self) -> ProofGraph:
        """The only proof graph, or the best."""
        return self.proofs[0]

    @property
    def unreviewed(self) -> list[str]:
        """The documents behind it, general references left out, that no clinician has approved."""
        used = {data.get("document") for proof in self.proofs for _, data in proof.graph.nodes(data=True)}
        metas = (meta for meta in self.models.program.documents if meta.kind != "reference" and meta.full_id in used)
        return [meta.full_id for meta in metas if meta.review != "approved"]

    def outcome(self, asked: Asked) -> Outcome | None:
        """The outcome of a goal, of one of several proofs too."""
        number = self.proof.asked.index(asked) if asked in self.proof.asked else 0
        return self.outcomes[number] if self.outcomes else None

    def contradictions(self, goal: AtomKey) -> tuple[Contradiction, ...]:
        """The contradictions of the record that a goal depends on."""
        return contradictions_beneath(self.models, *goal)


def explained(
    models: Models,
    goals: Iterable[AtomKey],
    policies: Iterable[Document],
    chart: Document,
    minimal: bool = False,
    limit: int = 20_000,
) -> ProofGraph:
    """Why goals hold, by all derivations or with `minimal` by the cheapest of each; or why not.

    The graph names the documents that it rests on, by their digests, and is checked
    against them before it is returned: raises ProofError if the checker finds a fault.
    """
    goals = list(goals)
    choice = _cheapest(models, goals) if minimal else None
    if choice is not None:
        # What is absent is looked up in both bounds: in one run for all that the proof names.
        models.prepare(sorted({name for each in choice.values() for name in _absent(each.rule)}))
    return _certified(models, proof_graph(models, goals, choice, limit), list(policies), chart)


def best_explained(
    models: Models, goal: AtomKey, policies: Iterable[Document], chart: Document, wanted: int, limit: int = 20_000
) -> list[ProofGraph]:
    """The best proofs of a goal, cheapest first, each checked; proofs that read the same count once."""
    policies = list(policies)
    chosen = best_choices(models, atoms_of(models, *goal), wanted, lambda each: _reads(models, each))
    return [_certified(models, proof_graph(models, [each.root], each.choice, limit), policies, chart) for each in chosen]


def _cheapest(models: Models, goals: Iterable[AtomKey]) -> Choice:
    choice: Choice = {}
    for relation, row in goals:
        found = undenied_choice(models, atoms_of(models, relation, shown_of(models, relation, row)))
        for atom, instance in found.choice.items() if found is not None else ():
            choice.setdefault(atom, instance)
    return choice


def _absent(rule: ProgramRule) -> Iterator[str]:
    """The relations that a rule wants atoms of not to hold."""
    for premise in rule.rule.body:
        if isinstance(premise, Literal) and premise.negated:
            yield premise.atom.relation


def _reads(models: Models, chosen: Chosen) -> object:
    """What a reader sees of a proof: which rules conclude what."""
    program = models.program
    return frozenset((instance.rule.id, words(program, *atom)) for atom, instance in chosen.choice.items())


def _certified(models: Models, proof: ProofGraph, policies: list[Document], chart: Document) -> ProofGraph:
    program = models.program
    known = {document.id for document in (*policies, chart)}
    proof.graph.graph.update(
        schema=SCHEMA,
        case=models.case,
        payer=program.payer,
        on=program.on.isoformat(),
        documents=json_text([{"id": each.id, "file": each.name, "digest": each.digest} for each in (*policies, chart)]),
        assumptions=json_text([_assumption(fact) for fact in models.facts if fact.origin.document not in known]),
        goals=json_text(
            [{"relation": each.relation, "row": plain_row(each.pattern), "roots": list(each.roots)} for each in proof.asked]
        ),
        cut=proof.cut,
    )
    proof.graph.graph["certificate"] = json_text(certificate(models, proof))
    verify(proof.graph, policies, chart)
    return proof


def _assumption(fact: Fact) -> dict[str, Any]:
    return {"relation": fact.relation, "row": plain_row(fact.row), "place": place_data(fact.origin)}
