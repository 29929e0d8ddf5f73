"""One case of a cohort as a chart: its rows read by key, each a statement below the place where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

import duckdb
from sqlglot import exp

from facts.readers.found import BROKEN, BadTables, first_line
from facts.readers.tables import FactTable
from kb.engines.sql.plan import DIALECT
from kb.language import syntax as s
from kb.language.documents import Document, Line, chart_of
from kb.language.printer import row_source
from kb.language.program import Argument
from kb.language.values import ANY, UNKNOWN, NumberOutOfRange, Value, read_number
from kb.language.values import Row as Values


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table: where it stands, and what it states."""

    place: str
    number: int
    relation: str
    values: Values


def charts_of(tables: Iterable[FactTable], cases: Iterable[str]) -> Iterator[Document]:
    """The charts of some cases by name, with a section for each table that says something; without cases of whom none does.

    All rows are read at once, and each chart is made when it is wanted.
    """
    names = sorted(set(cases))
    sections: dict[str, dict[str, list[_Row]]] = {name: {} for name in names}
    with duckdb.connect() as connection:
        for table in tables if names else ():
            title = table.relation.replace("-", "Denied: ")
            try:
                for case, row in _rows(connection, table, names):
                    sections[case].setdefault(title, []).append(row)
            except duckdb.Error as error:
                raise BadTables([f"`{table.place}` cannot be read: {first_line(error)}; {BROKEN}"]) from error
    for name in names:
        if found := sections.pop(name):
            yield _chart(name, found)


def _chart(case: str, sections: dict[str, list[_Row]]) -> Document:
    lines = {title: list(map(_line, rows)) for title, rows in sections.items()}
    return chart_of("cohort-case.md", case, f"{case}, as the tables of its cohort state it", lines)


def _line(row: _Row) -> Line:
    prose = f"Row {row.number} of {_one_line(row.place)}."
    return Line(prose, row_source(row.relation, row.values), partial(_statement, row))


def _statement(row: _Row, place: s.Place) -> s.Rule:
    """The fact as the parser reads it: days are text there, and `_` is a variable."""
    terms = list[s.Term]()
    for value in row.values:
        if value is ANY:
            terms.append(s.Variable(f"_{1 + sum(isinstance(term, s.Variable) for term in terms)}", place))
        else:
            terms.append(s.Constant(value.isoformat() if isinstance(value, date) else value, place))
    return s.Rule(s.Atom(row.relation.removeprefix("-"), tuple(terms), row.relation.startswith("-"), place), (), place)


def _rows(connection: duckdb.DuckDBPyConnection, table: FactTable, names: list[str]) -> Iterator[tuple[str, _Row]]:
    """The rows of some cases, each with its case, in order of their places."""
    file, number = table.place_of_row("t")
    case = table.column(table.predicate.case_position or 0, "t")
    columns = [table.column(i, "t") for i in range(len(table.columns))]
    rows = exp.select(case, file, number, table.fault("t"), *(exp.cast(column, "TEXT") for column in columns))
    rows = rows.from_(exp.alias_(table.rows(located=True), "t"))
    first, last, wanted = (exp.Placeholder(this=name) for name in ("first", "last", "names"))
    # The range lets the database skip most of a file that is in order of its cases.
    within = exp.Between(this=case.copy(), low=first, high=last)
    rows = rows.where(within, case.copy().isin(query=exp.select(exp.func("UNNEST", wanted))))
    found = connection.execute(
        rows.order_by("1", "2", "3").sql(DIALECT), {"first": names[0], "last": names[-1], "names": names}
    ).fetchall()
    for name, place, row, fault, *texts in found:
        if fault:
            raise BadTables([f"{place}, row {row}: {fault} (case `{name}`)"])
        arguments = zip(table.predicate.arguments, texts, strict=True)
        values = tuple(_value(argument, text, table.denied) for argument, text in arguments)
        yield str(name), _Row(str(place), int(row), table.relation, values)


def _value(argument: Argument, text: str | None, denied: bool) -> Value:
    """The value as it stands; what is none is kept as text, so that reading the chart tells it."""
    if text == "?":
        return UNKNOWN
    if text == "_" and denied:
        return ANY
    if argument.type == "number" and text is not None:
        try:
            number = read_number(text)
        except NumberOutOfRange:
            return text
        return Decimal(number)
    if argument.type == "date" and text is not None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text or ""


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")
