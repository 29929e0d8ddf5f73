"""What a chart states that is hardly meant: dates that a request cannot have behind it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from facts.readers.datalog import Chart
from kb.language.program import Fact, Program

LIFETIME = timedelta(days=120 * 366)
"""Longer than anybody lives."""


def odd_dates(program: Program, chart: Chart) -> tuple[str, ...]:
    """A sentence for each fact that is dated after the request, or longer before it than anybody lives.

    Such facts count all the same: a record may have come in later, and only the reader can tell.
    """
    request = chart.request_date
    return tuple(_odd(program, chart, request)) if request is not None else ()


def _odd(program: Program, chart: Chart, request: date) -> Iterator[str]:
    for fact in chart.facts:
        days = [value for value in fact.row if isinstance(value, date)]
        if days and max(days) > request and not program.predicate(fact.relation).planned:
            yield f"{_shown(program, fact)} is dated {max(days)}, after the request of {request}."
        elif days and min(days) < request - LIFETIME:
            yield f"{_shown(program, fact)} is dated {min(days)}, which is hardly meant."


def _shown(program: Program, fact: Fact) -> str:
    name = program.predicate(fact.relation).local_name
    return f"{fact.origin.file}, line {fact.origin.line}: `{name}`"
