"""Where absences count by the record alone: beneath what is `#closed`, silence counts for nothing, and only `?` is open."""

from __future__ import annotations

from enum import Enum

from kb.language.bounds import RECORDED, bounded
from kb.language.values import Row
from kb.models import Models


class Counting(Enum):
    """How the absences beneath an atom count."""

    OPENLY = "over all that the record leaves open"
    BY_RECORD = "by what the record tells, in part or whole"
    SETTLED = "by the record, which tells all of it whole"


def counting(models: Models, relation: str, around: Counting = Counting.OPENLY) -> Counting:
    """How the absences beneath an atom count, given how those around it do."""
    if not models.program.predicate(relation).counts_by_record:
        return around
    return Counting.SETTLED if relation in models.same else Counting.BY_RECORD


def asked(models: Models, relation: str, around: Counting) -> str:
    """What a premise asks of the models there: the relation, or `recorded:` it."""
    is_plain = relation in models.same or models.program.predicate(relation).counts_by_record
    return bounded(relation, RECORDED) if around is Counting.BY_RECORD and not is_plain else relation


def is_silent(models: Models, name: str, row: Row, around: Counting) -> bool:
    """Whether nothing but the record's silence, or what it tells in part, speaks for an absence."""
    return around is not Counting.SETTLED and models.is_possible(name, row)
