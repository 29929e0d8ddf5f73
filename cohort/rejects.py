"""What cannot be taken of the tables of facts, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reject:
    """A column of a row that cannot be taken, and why; `row` counts from 1, and is 0 where no single row is at fault."""

    file: str
    row: int
    case: str
    table: str
    column: str
    value: str
    problem: str
    hint: str = ""
    """What the value may be a slip for."""


def shown(rejects: Iterable[Reject]) -> Iterator[str]:
    """Each reject in a sentence."""
    for each in rejects:
        where = f"{each.file}, row {each.row}" if each.row else each.file or each.table
        column = f", column `{each.column}`" if each.column else ""
        value = f" `{each.value}`" if each.value else ""
        case = f" (case `{each.case}`)" if each.case else ""
        yield f"{where}{column}{value}: {'; '.join(filter(None, (each.problem, each.hint)))}{case}"
