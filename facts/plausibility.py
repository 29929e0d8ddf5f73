"""What a chart states that is hardly meant: dates that a request cannot have behind it, codes that no document lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from facts.readers.datalog import Chart
from kb.language.listed import Listed
from kb.language.program import Fact, Program

_LIFETIME = timedelta(days=120 * 366)
_LIKE_DIGITS = str.maketrans("OIL", "011")


def hardly_meant(program: Program, listed: Listed, chart: Chart) -> tuple[str, ...]:
    """A sentence for each fact that is hardly meant.

    Such facts count all the same: a record may have come in later, and only the reader can tell.
    """
    return (*_odd_dates(program, chart), *_unlisted_codes(program, listed, chart))


def _odd_dates(program: Program, chart: Chart) -> Iterator[str]:
    """The facts that are dated after the request, or longer before it than anybody lives."""
    request = chart.request_date
    if request is None:
        return
    for fact in chart.facts:
        days = [value for value in fact.row if isinstance(value, date)]
        if days and max(days) > request and not program.predicate(fact.relation).planned:
            yield f"{_shown(program, fact)} is dated {max(days)}, after the request of {request}."
        elif days and min(days) < request - _LIFETIME:
            yield f"{_shown(program, fact)} is dated {min(days)}, which is hardly meant."


def _unlisted_codes(program: Program, listed: Listed, chart: Chart) -> Iterator[str]:
    """The codes of the request that stand in no document in force: most are slips, and none is answered."""
    for fact in chart.facts:
        arguments = program.predicate(fact.relation).arguments
        for i, (argument, value) in enumerate(zip(arguments, fact.row, strict=True)):
            if not listed.lists((fact.relation, i), value):
                yield f"{_shown(program, fact)} has the {argument.name} {unlisted(listed, value)}"


def unlisted(listed: Listed, code: object) -> str:
    """Such a code, to the end of a sentence, and the listed one that it would be if it were written as codes are.

    Another digit is another procedure, so none is guessed at: only letters that look like
    digits, marks and spaces between, and what a spreadsheet appends (`63030.0`).
    """
    meant = [each for each in sorted(listed.texts) if _without_slips(each) == _without_slips(str(code))]
    return f"`{code}`, which stands in no document in force" + (f"; did you mean `{meant[0]}`?" if meant else ".")


def _without_slips(code: str) -> str:
    plain = "".join(filter(str.isalnum, code.strip().removesuffix(".0")))
    return plain.upper().translate(_LIKE_DIGITS)


def _shown(program: Program, fact: Fact) -> str:
    name = program.predicate(fact.relation).local_name
    return f"{fact.origin.file}, line {fact.origin.line}: `{name}`"
