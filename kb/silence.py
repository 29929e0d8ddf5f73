"""What a chart is silent on: the fact instances that it leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from kb.language.program import Predicate, Program
from kb.language.values import ANY, UNKNOWN, Row, Value

Relations = Mapping[str, Iterable[Row]]


def open_rows(program: Program, predicate: Predicate, case: str, stated: Relations) -> frozenset[Row]:
    """The open instances of a predicate: one for each subject on which the chart states nothing.

    A subject is a value for each `#about` argument: each value of a domain in turn,
    `?` for an argument of another type. What is not subject is `?`.
    """
    if not predicate.can_be_open:
        return frozenset()
    choices = [_choices(program, predicate, position, case) for position in range(len(predicate.arguments))]
    spoken = [tuple(row[i] for i in predicate.about) for row in _statements(predicate, stated)]
    exact = {subject for subject in spoken if ANY not in subject and UNKNOWN not in subject}
    patterns = [subject for subject in spoken if ANY in subject]
    return frozenset(row for row in product(*choices) if not _is_spoken_of(predicate, row, exact, patterns))


def _choices(program: Program, predicate: Predicate, position: int, case: str) -> tuple[Value, ...]:
    kind = predicate.arguments[position].type
    if kind == "case":
        return (case,)
    if position in predicate.about and kind in program.domains:
        return program.domains[kind].values
    return (UNKNOWN,)


def _statements(predicate: Predicate, stated: Relations) -> Iterable[Row]:
    yield from stated.get(predicate.name, ())
    yield from stated.get(f"-{predicate.name}", ())


def _is_spoken_of(predicate: Predicate, row: Row, exact: set[Row], patterns: list[Row]) -> bool:
    subject = tuple(row[i] for i in predicate.about)
    return subject in exact or any(
        all(wanted in (ANY, value) for value, wanted in zip(subject, pattern, strict=True)) for pattern in patterns
    )
