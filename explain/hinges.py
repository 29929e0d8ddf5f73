"""What a verdict rests on: the facts without which it falls, and the silences whose opposite would overturn it.

Candidates are read off the proof graph (the provenance of the goal: a fact matters if
no proof is left without it), and each is tried out by deciding again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice

from explain.graph import ProofGraph, proof_graph
from explain.missing import Ask, minimal_asks
from explain.remedies import fillings, with_changes
from explain.verdicts import Verdict, verdict
from kb.contradictions import AtomKey
from kb.language.values import Row
from kb.models import Models

_PAIRS_TRIED, _PAIRS_KEPT = 40, 10
_OPPOSITES_TRIED = 2


@dataclass(frozen=True, slots=True)
class Hinge:
    """Without `facts`, or with what `opposite` asks for, the verdict is another: `after`.

    Several facts are a hinge together: none of them is one alone.
    """

    facts: tuple[AtomKey, ...]
    opposite: Ask | None
    after: Verdict


@dataclass(frozen=True)
class Hinged:
    """What the verdict on a goal rests on."""

    models: Models
    goal: AtomKey
    verdict: Verdict
    hinges: tuple[Hinge, ...]


def hinges(found: Models, relation: str, row: Row, pairs: bool = True) -> tuple[Hinge, ...]:
    """The hinges of a goal's verdict: single facts, pairs of facts, silences. The request itself is not one."""
    proof, now = proof_graph(found, [(relation, row)]), verdict(found, relation, row)
    goal, facts = (relation, row), list(_facts(found, proof))
    alone = [each for each in _without(found, goal, now, ((fact,) for fact in facts if _falls(proof, [fact]))) if each]
    rest = [fact for fact in facts if all(each.facts != (fact,) for each in alone)]
    together: list[Hinge] = []
    if pairs:
        candidates = (pair for pair in combinations(rest, 2) if _falls(proof, pair))
        together = list(islice(_without(found, goal, now, islice(candidates, _PAIRS_TRIED)), _PAIRS_KEPT))
    return (*alone, *together, *_silences(found, proof, goal, now))


def _facts(found: Models, proof: ProofGraph) -> Iterator[AtomKey]:
    """The facts of the case that the proof shows, the request left out."""
    for node, atom in proof.atoms.items():
        predicate = found.program.predicate(atom[0])
        if proof.kind(node) == "fact" and predicate.case_position is not None and not predicate.closed:
            yield atom


def _without(found: Models, goal: AtomKey, now: Verdict, sets: Iterable[tuple[AtomKey, ...]]) -> Iterator[Hinge]:
    for facts in sets:
        after = verdict(with_changes(found, [goal[0]], without=facts), *goal)
        if after is not now:
            yield Hinge(facts, None, after)


def _falls(proof: ProofGraph, facts: Iterable[AtomKey]) -> bool:
    """Whether the facts matter: no proof is left without them; or, of a refutation, they are what it rests on."""
    gone = set(facts)
    removed = {node for node, atom in proof.atoms.items() if atom in gone and proof.kind(node) == "fact"}
    if all(proof.kind(root) == "absence" for root in proof.roots):
        return True
    shown = {node for node in proof.graph if proof.kind(node) in ("fact", "absence", "comparison")} - removed
    pending = [node for node in proof.graph if proof.kind(node) in ("conclusion", "rule", "aggregate")]
    while new := [node for node in pending if _is_shown(proof, node, shown)]:
        shown.update(new)
        pending = [node for node in pending if node not in shown]
    return not any(root in shown for root in proof.roots)


def _is_shown(proof: ProofGraph, node: str, shown: set[str]) -> bool:
    below = proof.graph.adj[node]
    return any(other in shown for other in below) if proof.kind(node) == "conclusion" else all(o in shown for o in below)


def _silences(found: Models, proof: ProofGraph, goal: AtomKey, now: Verdict) -> Iterator[Hinge]:
    """The silences of the proof whose opposite changes the verdict, each with what would have to be told."""
    if now is not Verdict.MET:
        return
    told: set[frozenset[tuple[str, Row]]] = set()
    for node, atom in proof.atoms.items():
        if proof.kind(node) != "absence" or proof.attributes(node)["standing"] == "documented":
            continue
        for ask in minimal_asks(found, *atom)[:_OPPOSITES_TRIED]:
            filling = next(fillings(found, ask), None) if ask.wanted and ask.facts not in told else None
            if filling is not None:
                told.add(ask.facts)
                after = verdict(with_changes(found, [goal[0]], filling), *goal)
                if after is not now:
                    yield Hinge((), ask, after)
