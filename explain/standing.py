"""Why something is absent: the record rules it out, says it in part, or is silent."""

from __future__ import annotations

from kb.contradictions import AtomKey
from kb.engines.model import fits
from kb.language.values import ANY, UNKNOWN, Row
from kb.models import Models

DOCUMENTED, INCOMPLETE, SILENCE = "documented", "incomplete", "silence"
_FACTS_SHOWN = 5


def standing(models: Models, relation: str, pattern: Row) -> str:
    """What an absence rests on: it is documented (no way in which the silences turn out brings such an atom), or
    a fact of it is told in part only, or the record is silent.
    """
    if not models.is_possible(relation, pattern):
        return DOCUMENTED
    told = (row for row in models.stated.get(relation, ()) if UNKNOWN in row and fits(row, pattern, lenient=True))
    return INCOMPLETE if next(told, None) is not None else SILENCE


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
