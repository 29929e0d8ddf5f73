"""What an answer hinges on that somebody asserts, with no finding behind it: the answer holds on their word."""

from __future__ import annotations

from collections.abc import Iterator

from explain.asks import Open
from explain.denials import undenied_proof
from explain.outcomes import Outcome, wanted_for
from explain.proofs import Proof, cheapest_proof
from explain.verdicts import Verdict
from kb.contradictions import AtomKey
from kb.language.program import Fact
from kb.language.values import Row
from kb.models import Models

SOURCES = ("reviewer_statement",)
"""The sources that assert a judgement with no finding behind it."""
HINGES = "It hinges on what the reviewer states, with no finding behind it:"


def assertions(found: Models, reached: Outcome, goal: AtomKey) -> tuple[Fact, ...]:
    """The asserted facts without which no proof of the goal is left, by any choice of readings; each once."""
    if reached.verdict not in (Verdict.MET, Verdict.DISPUTED):
        return ()
    # The answer, its heading and what is remarked of it ask for the same, and the case may be decided again for it.
    return found.remembered((assertions, goal), lambda: _assertions(found, reached, goal))


def _assertions(found: Models, reached: Outcome, goal: AtomKey) -> tuple[Fact, ...]:
    proofs = ((side, proof) for side in reached.sides(found) if (proof := undenied_proof(side, *goal)) is not None)
    facts = (fact for side, proof in proofs for fact in _asserted(side, goal, proof))
    return tuple({(fact.relation, fact.row): fact for fact in facts}.values())


def _asserted(found: Models, goal: AtomKey, proof: Proof) -> Iterator[Fact]:
    """The asserted facts of a proof such that without assertions of their kind the goal has no proof at all."""
    seen: set[Open] = set()
    for node in proof.walk():
        key = node.relation, node.row
        is_of_case = node.kind == "fact" and found.program.predicate(node.relation).case_position is not None
        if is_of_case and key not in seen and _is_asserted(node.row):
            seen.add(key)
            kind = frozenset((node.relation, row) for row in found.stated[node.relation] if _is_asserted(row))
            # An aggregate may come to enough without them, though by another count: the case is decided again.
            if cheapest_proof(found, *goal, without=kind) is None and not found.again(
                wanted_for(found.program, [goal[0]]), without=kind
            ).holds(*goal):
                yield found.stated[node.relation][node.row]


def _is_asserted(row: Row) -> bool:
    return any(value in SOURCES for value in row)
