"""What a verdict rests on: the facts without which it falls, and the silences whose opposite would overturn it.

The facts that the goal depends on are tried, by deciding again without each, those of its
proofs first; and pairs of facts where the proof graph (the provenance of the goal) says
that no proof is left without both. Of a long record not all are tried, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice

from explain.asking import ask_words, says_less
from explain.asks import Ask, Open, asks_for_less
from explain.building import proof_graph
from explain.denials import undenied_proof
from explain.graph import ProofGraph
from explain.missing import minimal_asks, more_elements, overturning_asks
from explain.outcomes import Outcome, outcome, wanted_for
from explain.proofs import Proof
from explain.questions import request_relations
from explain.remedies import remedies, tried
from explain.verdicts import Verdict, contradictions_beneath
from kb.contradictions import AtomKey
from kb.language.program import Fact
from kb.language.strata import needed
from kb.models import Models

_FACTS_TRIED = 200
_PAIRS_TRIED, _PAIRS_KEPT = 40, 10


@dataclass(frozen=True, slots=True)
class Hinge:
    """Without `facts`, or with what `opposite` asks for, the verdict is another: `after`.

    Several facts are a hinge together: none of them is one alone. Of what may be told in several
    ways, `example` is the one that was tried; others may change nothing.
    """

    facts: tuple[AtomKey, ...]
    opposite: Ask | None
    after: Verdict
    example: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Hinged:
    """What the outcome of a goal rests on."""

    models: Models
    goal: AtomKey
    outcome: Outcome
    hinges: tuple[Hinge, ...]
    is_whole: bool = True
    """Whether every fact was tried, and every pair without which no proof is left: else there may be more hinges."""

    @property
    def verdict(self) -> Verdict:
        """The verdict of the goal."""
        return self.outcome.verdict


def hinged(found: Models, goal: AtomKey) -> Hinged:
    """The hinges of a goal's outcome: single facts, pairs of facts, silences. The request itself is not one."""
    now = outcome(found, goal)
    everything = list(_facts(found, goal))
    graph = proof_graph(found, [goal]) if now.verdict is Verdict.MET else None
    proving = set(graph.atoms.values()) if graph is not None else set()
    facts = sorted(everything, key=lambda fact: fact not in proving)[:_FACTS_TRIED]
    is_whole = len(facts) == len(everything)
    alone = list(_without(found, goal, now, ((fact,) for fact in facts)))
    rest = [fact for fact in facts if all(each.facts != (fact,) for each in alone)]
    if graph is not None:
        pairs = list(islice(_breaking_pairs(graph, rest), _PAIRS_TRIED + 1))
        tried_together = list(islice(_without(found, goal, now, pairs[:_PAIRS_TRIED]), _PAIRS_KEPT + 1))
        together = tried_together[:_PAIRS_KEPT]
        is_whole = is_whole and len(pairs) <= _PAIRS_TRIED and together == tried_together
        proofs = [(side, proof) for side in now.sides(found) if (proof := undenied_proof(side, *goal)) is not None]
        return Hinged(found, goal, now, (*alone, *together, *overturning(found, proofs, goal, now)), is_whole)
    return Hinged(found, goal, now, (*alone, *_openings(found, goal, now)), is_whole)


def _facts(found: Models, goal: AtomKey) -> Iterator[AtomKey]:
    """The facts and denials that the goal may depend on, or a contradiction beneath it; the request is left out."""
    contradicted = (name for each in contradictions_beneath(found, *goal) for name, _ in each.atoms)
    behind = needed(found.program, [goal[0], *contradicted])
    relations = {name.removeprefix("-") for name in behind} - request_relations(found.program)
    facts = ((fact.relation, fact.row) for fact in found.facts)
    yield from dict.fromkeys(fact for fact in facts if fact[0].removeprefix("-") in relations)


def _without(found: Models, goal: AtomKey, now: Outcome, sets: Iterable[tuple[AtomKey, ...]]) -> Iterator[Hinge]:
    for facts in sets:
        after = _again(found, goal, without=facts)
        if after is not now.verdict:
            yield Hinge(facts, None, after)


def _again(found: Models, goal: AtomKey, more: Iterable[Fact] = (), without: Iterable[AtomKey] = ()) -> Verdict:
    return outcome(found.again(wanted_for(found.program, [goal[0]]), more, without), goal).verdict


def _breaking_pairs(graph: ProofGraph, facts: list[AtomKey]) -> Iterator[tuple[AtomKey, AtomKey]]:
    """The pairs of facts without which no proof is left."""
    return (pair for pair in combinations(facts, 2) if _falls(graph, pair))


def _falls(proof: ProofGraph, facts: Iterable[AtomKey]) -> bool:
    """Whether no proof is left without the facts."""
    gone = set(facts)
    removed = {node for node, atom in proof.atoms.items() if atom in gone and proof.kind(node) == "fact"}
    if not removed:
        return False
    waiting = {node: _needed(proof, node) + (node in removed) for node in proof.graph}
    ready = [node for node, number in waiting.items() if not number]
    while ready:
        for above in proof.graph.pred[ready.pop()]:
            waiting[above] -= 1
            if not waiting[above]:
                ready.append(above)
    return all(waiting[root] > 0 for root in proof.roots)


def _needed(proof: ProofGraph, node: str) -> int:
    """How many of the nodes beneath a node it needs."""
    kind = proof.kind(node)
    return 1 if kind == "conclusion" else len(proof.graph.adj[node]) if kind in ("rule", "aggregate") else 0


def overturning(found: Models, proofs: Iterable[tuple[Models, Proof]], goal: AtomKey, now: Outcome) -> list[Hinge]:
    """The silences of a goal's proofs whose opposite changes the verdict, each with what would have to be told, and tried.

    `proofs` has one by each choice of readings. Whatever changes the verdict breaks it. Of
    asks for the same facts it is the first, or one that says less of their values; and none that asks for more than another.
    """
    asks = (ask for side, proof in proofs for ask in _silent_asks(side, proof))
    kept: dict[frozenset[Open], tuple[Ask, Hinge]] = {}
    for ask, hinge in _overturning(found, asks, goal, now):
        former = kept.setdefault(ask.facts, (ask, hinge))[0]
        if says_less(found.program, ask, former):
            kept[ask.facts] = ask, hinge
    return [hinge for facts, (_, hinge) in kept.items() if not any(asks_for_less(other, facts) for other in kept)]


def _silent_asks(found: Models, proof: Proof) -> Iterator[Ask]:
    """What the record does not say of what a proof takes for absent, and of what its aggregates count."""
    for node in proof.walk():
        silent = [each for each in node.premises if each.kind == "absence" and each.silent]
        asks = [ask for each in silent for ask in minimal_asks(found, each.asked, each.row)]
        derivations = found.perfect.derivations(node.relation, node.row)
        if silent and len(derivations) > 1:
            # What breaks each way says more than what breaks this one, and stands for it where it is as much.
            asks = [*overturning_asks(found, node.relation, node.row), *asks]
        yield from asks
        if any(each.kind == "aggregate" for each in node.premises):
            for instance in (each for each in derivations if each.rule.id == node.rule):
                yield from more_elements(found, instance)


def _overturning(found: Models, asks: Iterable[Ask], goal: AtomKey, now: Outcome) -> Iterator[tuple[Ask, Hinge]]:
    told: set[str] = set()
    for ask in asks:
        reads = ask_words(found.program, ask)
        if ask.wanted and reads not in told:
            told.add(reads)
            remedy = tried(found, goal[1], ask, lambda facts: _overturns(_again(found, goal, facts), now), widely=True)
            if remedy is not None:
                yield remedy.ask, Hinge((), remedy.ask, _again(found, goal, remedy.example), remedy.example)


def _overturns(after: Verdict, now: Outcome) -> bool:
    # What only contradicts the record says nothing about its silence.
    return after not in (now.verdict, Verdict.CONFLICTING)


def _openings(found: Models, goal: AtomKey, now: Outcome) -> Iterator[Hinge]:
    """The silences that keep a goal open: what, if it were told, would establish it."""
    if now.verdict is Verdict.UNDOCUMENTED:
        for remedy in remedies(found, *goal):
            yield Hinge((), remedy.ask, Verdict.MET, remedy.example)
