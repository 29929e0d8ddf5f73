"""One case of a cohort as a chart: its rows read by key, each a statement below the place where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import yaml
from sqlglot import exp

from facts.readers.tables import FactTable
from kb.engines.sql.plan import DIALECT
from kb.language.documents import Document, read
from kb.language.printer import fact_source
from kb.language.program import Argument, Fact, Origin
from kb.language.values import ANY, UNKNOWN, NumberOutOfRange, Value, read_number


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table: where it stands, and the fact that it states."""

    place: str
    number: int
    fact: Fact


def chart_of(tables: Iterable[FactTable], case: str) -> Document | None:
    """The chart of a case, with a section for each table that says something of it; None when none does."""
    sections: dict[str, list[_Row]] = {}
    with duckdb.connect() as connection:
        for table in tables:
            rows = list(_rows(connection, table, case))
            if rows:
                sections[table.relation.replace("-", "Denied: ")] = rows
    if not sections:
        return None
    front = yaml.safe_dump({"case": case, "title": f"{case}, as the tables of its cohort state it"}, allow_unicode=True)
    lines = ["---", front.rstrip("\n"), "---", ""]
    for title, rows in sections.items():
        lines += [f"## {title}", ""]
        for row in rows:
            lines += [f"Row {row.number} of {_one_line(row.place)}.", "", "```datalog", fact_source(row.fact), "```", ""]
    return read("cohort-case.md", "\n".join(lines))


def _rows(connection: duckdb.DuckDBPyConnection, table: FactTable, case: str) -> Iterator[_Row]:
    position = table.predicate.case_position or 0
    file, number = table.place_of_row("t")
    columns = [table.column(i, "t") for i in range(len(table.columns))]
    rows = exp.select(file, number, *(exp.cast(column, "TEXT") for column in columns))
    rows = rows.from_(exp.alias_(table.rows(located=True), "t"))
    rows = rows.where(table.column(position, "t").eq(exp.Placeholder())).order_by("1", "2")
    for place, row, *texts in connection.execute(rows.sql(DIALECT), [case]).fetchall():
        arguments = zip(table.predicate.arguments, texts, strict=True)
        values = tuple(_value(argument, text, table.denied) for argument, text in arguments)
        yield _Row(str(place), int(row), Fact(table.relation, values, Origin("", "", "", "", "", "", 0)))


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
