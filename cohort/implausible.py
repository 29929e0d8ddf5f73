"""What records state that is implausible, counted with a case to open: such cases are decided all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Implausible:
    """What is implausible about facts of some tables: in how many cases, and one of them."""

    tables: str
    problem: str
    cases: int
    example: str


def all_together(implausible: Iterable[Implausible]) -> tuple[Implausible, ...]:
    """What is implausible in parts of a cohort that have no case in common, most cases first."""
    found = dict[tuple[str, str], Implausible]()
    for each in implausible:
        before = found.get((each.tables, each.problem))
        if before is not None:
            each = replace(each, cases=each.cases + before.cases, example=min(each.example, before.example))
        found[each.tables, each.problem] = each
    return tuple(sorted(found.values(), key=lambda each: (-each.cases, each.tables, each.problem)))
