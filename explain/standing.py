"""Why something is absent: ruled out, not on record where it would have to be, told in part, left open, or not told."""

from __future__ import annotations

from collections.abc import Mapping

from kb.contradictions import AtomKey
from kb.engines.model import fits
from kb.language import syntax as s
from kb.language.values import ANY, UNKNOWN, Row, Value
from kb.models import Models

DOCUMENTED, UNRECORDED, INCOMPLETE, OPEN, SILENCE = "documented", "unrecorded", "incomplete", "open", "silence"
STANDINGS = {
    DOCUMENTED: "ruled out by what is stated",
    UNRECORDED: "it is not on record, which is what counts",
    INCOMPLETE: "the record gives it in part only",
    OPEN: "nothing stated rules it out",
    SILENCE: "the record is silent",
}
"""How each reads."""
_FACTS_SHOWN = 5


Same = tuple[tuple[int, ...], ...]
"""Positions of a pattern at which one variable stands that is not bound: they want one and the same value."""


def standing(models: Models, relation: str, pattern: Row, same: Same = ()) -> str:
    """What an absence rests on: it is documented (no way in which the silences turn out brings such an atom), or
    counts by the record alone, or a fact of it is told in part only, or the record is silent on it; of what is concluded
    nothing that is stated rules it out, be that silence or a contradiction beneath it.
    """
    if not models.is_possible(relation, pattern):
        return UNRECORDED if models.program.predicate(relation).counts_by_record else DOCUMENTED
    if same and not any(_may_be(row, pattern, same) for row in models.possible_rows(relation)):
        return DOCUMENTED
    if models.program.predicate(relation).counts_by_record:
        return INCOMPLETE
    told = (row for row in models.stated.get(relation, ()) if UNKNOWN in row and _may_be(row, pattern, same))
    if next(told, None) is not None:
        return INCOMPLETE
    return SILENCE if models.program.predicate(relation).is_fact else OPEN


def same_positions(atom: s.Atom, binding: Mapping[str, Value]) -> Same:
    """The positions that one unbound variable of an atom takes together."""
    places: dict[str, list[int]] = {}
    for position, term in enumerate(atom.terms):
        if isinstance(term, s.Variable) and not term.is_anonymous and term.name not in binding:
            places.setdefault(term.name, []).append(position)
    return tuple(tuple(positions) for positions in places.values() if len(positions) > 1)


def _may_be(row: Row, pattern: Row, same: Same) -> bool:
    """Whether telling more of a row may make it the pattern."""
    if not fits(row, pattern, lenient=True):
        return False
    return all(len({row[i] for i in positions} - {UNKNOWN, ANY}) <= 1 for positions in same)


def speaking_facts(models: Models, relation: str, pattern: Row) -> list[AtomKey]:
    """What the record says on the subject of a fact instead: other values, denials, what is told in part."""
    name = relation.removeprefix("-")
    predicate = models.program.predicates.get(name)
    if predicate is None or not predicate.is_fact:
        return []
    found: list[AtomKey] = []
    for other in (f"-{name}" if relation == name else name, name if relation == name else f"-{name}"):
        for row in sorted(models.stated.get(other, ()), key=str):
            if all(_same(row[i], pattern[i]) for i in predicate.about) and not (other == relation and fits(row, pattern)):
                found.append((other, row))
    return found[:_FACTS_SHOWN]


def _same(stated: object, wanted: object) -> bool:
    return stated == wanted or ANY in (stated, wanted) or UNKNOWN in (stated, wanted)
