"""What an answer hinges on that a reader has to weigh: a word with no finding behind it, and findings of long ago."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from datetime import date, timedelta

from explain.asks import Open
from explain.denials import undenied_proof
from explain.outcomes import Outcome, wanted_for
from explain.proofs import Proof, cheapest_proof
from explain.questions import requested_on
from explain.verdicts import Verdict
from kb.contradictions import AtomKey
from kb.language.program import Fact
from kb.language.values import Row
from kb.models import Models

SOURCES = ("reviewer_statement",)
"""The sources that assert a judgement with no finding behind it."""
HINGES = "It hinges on what the reviewer states, with no finding behind it:"
AGED = "It hinges on what is dated more than a year before the request; the rules ask for nothing newer:"
_OLD = timedelta(days=366)
_OF_FINDINGS = frozenset({"source", "study"})
"""The types of arguments that say who or what found something; what has none, such as an operation, is as old as it is."""

IsOfKind = Callable[[str, Row], bool]


def assertions(found: Models, reached: Outcome, goal: AtomKey) -> tuple[Fact, ...]:
    """The asserted facts without which no proof of the goal is left, by any choice of readings; each once."""
    return _hinged_on(found, reached, goal, lambda relation, row: any(value in SOURCES for value in row), assertions)


def aged(found: Models, reached: Outcome, goal: AtomKey) -> tuple[Fact, ...]:
    """The findings of more than a year before the request without which no proof of the goal is left; each once."""
    requested = requested_on(found)

    def is_aged(relation: str, row: Row) -> bool:
        arguments = found.program.predicate(relation).arguments
        days = [value for value in row if isinstance(value, date)]
        if requested is None or not days or max(days) >= requested - _OLD:
            return False
        return not _OF_FINDINGS.isdisjoint(each.type for each in arguments)

    return _hinged_on(found, reached, goal, is_aged, aged)


def _hinged_on(found: Models, reached: Outcome, goal: AtomKey, is_of_kind: IsOfKind, kind: Hashable) -> tuple[Fact, ...]:
    """The facts of a kind without which no proof of the goal is left, by any choice of readings; each once."""
    if reached.verdict not in (Verdict.MET, Verdict.DISPUTED):
        return ()

    def find() -> tuple[Fact, ...]:
        proofs = ((side, proof) for side in reached.sides(found) if (proof := undenied_proof(side, *goal)) is not None)
        facts = (fact for side, proof in proofs for fact in _needed(side, goal, proof, is_of_kind))
        return tuple({(fact.relation, fact.row): fact for fact in facts}.values())

    # The answer, its heading and what is remarked of it ask for the same, and the case may be decided again for it.
    return found.remembered((kind, goal), find)


def _needed(found: Models, goal: AtomKey, proof: Proof, is_of_kind: IsOfKind) -> Iterator[Fact]:
    """The facts of a kind of a proof such that without those of it and of their predicate the goal has no proof at all."""
    seen: set[Open] = set()
    for node in proof.walk():
        key = node.relation, node.row
        is_of_case = node.kind == "fact" and found.program.predicate(node.relation).case_position is not None
        if is_of_case and key not in seen and is_of_kind(*key):
            seen.add(key)
            kind = frozenset((node.relation, row) for row in found.stated[node.relation] if is_of_kind(node.relation, row))
            # An aggregate may come to enough without them, though by another count: the case is decided again.
            if cheapest_proof(found, *goal, without=kind) is None and not found.again(
                wanted_for(found.program, [goal[0]]), without=kind
            ).holds(*goal):
                yield found.stated[node.relation][node.row]
