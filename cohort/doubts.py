"""What records state that is hardly meant: counted table by table, with a case to open; they are decided all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is hardly meant of the facts of a table: in how many cases, and one of them."""

    table: str
    problem: str
    cases: int
    example: str


def all_together(doubts: Iterable[Doubt]) -> tuple[Doubt, ...]:
    """The doubts of parts of a cohort that have no case in common, most cases first."""
    found = dict[tuple[str, str], Doubt]()
    for each in doubts:
        before = found.get((each.table, each.problem))
        if before is not None:
            each = replace(each, cases=each.cases + before.cases, example=min(each.example, before.example))
        found[each.table, each.problem] = each
    return tuple(sorted(found.values(), key=lambda each: (-each.cases, each.table, each.problem)))
