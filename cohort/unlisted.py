"""The codes of requests that no document in force lists, over a whole book: most are slips, and none is answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from cohort.book import Book
from facts.plausibility import unlisted
from facts.readers.tables import FactTable
from kb.engines.sql.plan import DIALECT
from kb.language.listed import Listed
from kb.language.values import UNKNOWN, many

_MOST = 5


@dataclass(frozen=True, slots=True)
class _Code:
    """A code that some requests have, by the name of its argument: documents list others, and not it."""

    argument: str
    value: str


@dataclass
class _Requests:
    """How many requests have a code, the first case of them, and what is listed in its place."""

    count: int
    case: str
    listed: Listed


def unlisted_codes(book: Book, tables: Iterable[FactTable]) -> Iterator[str]:
    """A sentence for each such code, those of most requests first, and how many more there are."""
    found = sorted(_found(book, tables).items(), key=lambda each: (-each[1].count, each[0].value))
    for code, requests in found[:_MOST]:
        having = f"{many(requests.count, 'request has', 'requests have')} the {code.argument}"
        yield f"{having} {unlisted(requests.listed, code.value)} The first is of `{requests.case}`."
    if more := found[_MOST:]:
        having = many(sum(requests.count for _, requests in more), "request has", "requests have")
        yield f"{having} {many(len(more), 'other code')} that no document in force lists."


def _found(book: Book, tables: Iterable[FactTable]) -> dict[_Code, _Requests]:
    found: dict[_Code, _Requests] = {}
    tables = list(tables)
    with duckdb.connect() as connection:
        for number, deciding in enumerate(book.programs):
            listed = deciding.compiled.listed
            values = {"book": str(book.path), "program": number, "texts": [*sorted(listed.texts), UNKNOWN.value]}
            columns = [(table, i) for table in tables for i in range(len(table.columns))]
            for table, i in columns:
                if (table.relation, i) in listed.arguments:
                    for text, count, case in connection.execute(_others(table, i).sql(DIALECT), values).fetchall():
                        code = _Code(table.predicate.arguments[i].name, str(text))
                        requests = found.setdefault(code, _Requests(0, str(case), listed))
                        requests.count += int(count)
                        requests.case = min(requests.case, str(case))
    return found


def _others(table: FactTable, position: int) -> exp.Select:
    """The texts in a column of one program's cases that are not listed, with how many rows have each, and the first case."""
    code, case = exp.cast(table.column(position, "t"), "TEXT"), exp.column("name", "b")
    listed = exp.select(exp.func("UNNEST", exp.Placeholder(this="texts")))
    book = exp.alias_(exp.Table(this=exp.func("read_parquet", exp.Placeholder(this="book"))), "b")
    return (
        exp.select(code, exp.Count(this=exp.Star()), exp.Min(this=case.copy()))
        .from_(exp.alias_(table.rows(), "t"))
        .join(book, on=table.column(table.predicate.case_position or 0, "t").eq(case))
        .where(exp.column("program", "b").eq(exp.Placeholder(this="program")))
        .where(exp.not_(code.copy().isin(query=listed)))
        .group_by(code.copy())
    )
