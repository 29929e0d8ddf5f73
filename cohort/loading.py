"""The facts of a batch of cases, from their tables into the database: each value checked against the vocabulary.

A row that cannot be taken is rejected with its file, row, column and value, and its case
with it: a case is decided whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import duckdb
from sqlglot import exp

from cohort.columns import Columns, parts_table
from cohort.rejects import Reject
from facts.readers.found import BadTables
from facts.readers.tables import FactTable
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.schema import Table, Types, made_of
from kb.engines.sql.values import disjunction, known, unknown, with_rows
from kb.language.diagnostics import nearest
from kb.language.program import Program

Expr = exp.Expr

BOOK = "book"
"""The table of the cases of a batch: `id`, `name`, `day` of request, number of the program that decides (or NULL)."""
_MOST = 100_000
"""Rows of one table with one fault, in one batch, that are told one by one."""
_WHOLE = ""
"""Stands for the column where a row as a whole is at fault."""


@dataclass(frozen=True, slots=True)
class _Check:
    """Something that may be wrong with a row: in which column, the value there, what to say, what may stand there."""

    column: str
    value: Expr
    fault: Expr
    problem: Expr
    listed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Range:
    """The cases in the table `book` of a connection, whose names lie from `low` to before `high` (nothing: no limit).

    `odd_names`: some of those names hold a character that no text has.
    """

    connection: duckdb.DuckDBPyConnection
    low: str
    high: str | None
    odd_names: bool

    @property
    def limits(self) -> dict[str, str]:
        """The limits that there are."""
        return {name: limit for name, limit in (("low", self.low), ("high", self.high)) if limit}

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a statement that asks for the limits of the range."""
        return self.connection.execute(statement, self.limits).fetchall()


@dataclass(frozen=True)
class Loader:
    """Reads the rows of fact tables for the cases of a range, by statements that are made once for all ranges.

    The book has every case of a range, so a row of another case is one of nobody's.
    """

    program: Program
    types: Types
    _made: dict[tuple[str, bool, frozenset[str]], tuple[str, str]] = field(default_factory=dict)

    @cached_property
    def _columns(self) -> Columns:
        return Columns(self.program, self.types)

    def load(self, within: Range, table: FactTable, made: Table) -> tuple[Table, bool]:
        """Makes the table of a relation; and whether some row of it cannot be taken (in the column `bad` of that row)."""
        key = made.name, within.odd_names, frozenset(within.limits)
        if key not in self._made:
            self._made[key] = self._statements(within, table, made)
        reading, asking = self._made[key]
        within.run(reading)
        [(bad, *found)] = within.connection.execute(asking).fetchall()
        return replace(made, unknown=tuple(map(bool, found))), bool(bad)

    def _statements(self, within: Range, table: FactTable, made: Table) -> tuple[str, str]:
        """What reads a table, and what tells whether a row is bad and which columns hold `?`."""
        columns = [self._columns.column(table, i, within.odd_names) for i in range(len(table.columns))]
        faults = [known(table.fault("t"))] if table.is_staged else []
        faults += [_is_nobodys(), *(f.holds for c in columns for f in c.faults)]
        values = [*(column.value for column in columns), *(column.is_any for column in columns if table.denied)]
        selected = [exp.alias_(value, column) for value, column in zip(values, made.columns, strict=True)]
        rows = self._rows(within, table, [*selected, exp.alias_(disjunction(*faults), "bad")])
        return made_of(made.name, rows).sql(DIALECT), marks_query(made, exp.column("bad")).sql(DIALECT)

    def rejects(self, within: Range, table: FactTable) -> list[Reject]:
        """The rows of a table that cannot be taken, with what is wrong in each of their columns; raises BadTables.

        So many rows with one fault are not told one by one: then it is the table that is at fault. A
        row that is not whole, and begins with the name of no case, may be anybody's.
        """
        file, row = table.place_of_row("t")
        name = _as_text(table.column(table.predicate.case_position or 0, "t"))
        found: dict[tuple[str, int, str], dict[str, Reject]] = {}
        for check in self._checks(table):
            told = [file, row, name, check.value, check.problem, _is_nobodys()]
            rows = self._rows(within, table, told, located=True).where(check.fault)
            bad = within.run(rows.limit(_MOST + 1).sql(DIALECT))
            if len(bad) > _MOST:
                where, number, _, value, words, _ = bad[0]
                more = f"more than {_MOST:,} rows cannot be taken, the first of them row {number} of {where}"
                raise BadTables([f"`{table.place}`: {more}, column `{check.column}`, `{value}`: {words}; mend the table"])
            hints = {value: _meant(value, check.listed) for value in {value for *_, value, _, _ in bad}}
            for where, number, case, value, words, is_nobodys in bad:
                if check.column == _WHOLE and is_nobodys:
                    told_of = f"row {number} of {where}: {words}, and no case is called `{case}`"
                    raise BadTables([f"{told_of}, so nobody knows whose row it is; mend it"])
                others = found.setdefault((str(where), int(number), case or ""), {})
                # Of a row that is broken as a whole, nobody knows what stands in which column.
                if _WHOLE not in others:
                    place = (str(where), int(number), case or "", table.name, check.column)
                    reject = Reject(*place, value=value or "", problem=words, hint=hints[value])
                    others.setdefault(check.column, reject)
        return [reject for key in sorted(found) for reject in found[key].values()]

    def _checks(self, table: FactTable) -> Iterator[_Check]:
        """What may be wrong with a row: as a whole, with each of its columns, and with its case."""
        whole = table.fault("t")
        yield _Check(_WHOLE, exp.null(), known(whole), whole)
        for i, (name, _) in enumerate(table.columns):
            for fault in self._columns.column(table, i).faults:
                yield _Check(
                    name, _as_text(table.column(i, "t")), fault.holds, exp.Literal.string(fault.words), fault.listed
                )
        words = "the case has no `request_date`, which says which documents decide it"
        case = _as_text(table.column(table.predicate.case_position or 0, "t"))
        yield _Check(table.case, case, _is_nobodys(), exp.Literal.string(words))

    def _rows(self, within: Range, table: FactTable, columns: Iterable[Expr], located: bool = False) -> exp.Select:
        """Some expressions over the rows of the batch: `t` is the row, `b` its case."""
        case = table.column(table.predicate.case_position or 0, "t")
        select = exp.select().select(*columns, copy=False).from_(exp.alias_(table.rows(located), "t"), copy=False)
        select = with_rows(select, exp.alias_(exp.table_(BOOK), "b"), case.eq(exp.column("name", "b")), "LEFT")
        for i, argument in enumerate(table.predicate.arguments):
            domain = self.program.domains.get(argument.type)
            if domain is not None and domain.parts:
                parts = exp.alias_(exp.table_(parts_table(self.types[argument.type])), f"p{i}")
                on = table.column(i, "t").eq(exp.column("name", f"p{i}"))
                select = with_rows(select, parts, on, "LEFT")
        limits: list[Expr] = [
            compare(this=case.copy(), expression=exp.Placeholder(this=limit))
            for limit, compare in (("low", exp.GTE), ("high", exp.LT))
            if limit in within.limits
        ]
        if limits and "low" not in within.limits:
            # A row without a case is told once, with the first range.
            limits = [disjunction(*limits, unknown(case))]
        return select.where(*limits, copy=False) if limits else select


def loaded_tables(tables: Iterable[FactTable], types: Types) -> Iterator[tuple[FactTable, Table]]:
    """The tables into which those of facts are read, in any of whose columns `?` may stand."""
    for number, table in enumerate(tables):
        kinds = tuple(types[argument.type] for argument in table.predicate.arguments)
        yield table, Table(f"f{number}", kinds, table.denied, (True,) * len(kinds))


def marks_query(made: Table, *flags: Expr) -> exp.Select:
    """The query that tells whether some row of a table has a flag, for each, and then in which of its columns `?` stands."""
    missing = (unknown(exp.column(f"c{i}")) for i in range(len(made.types)))
    return exp.select(*(exp.func("BOOL_OR", each) for each in (*flags, *missing))).from_(made.name)


def _meant(value: str | None, listed: Iterable[str]) -> str:
    """The listed value that another may be a slip for: of a grade or a level, no other digit is guessed at."""

    def digits(text: str) -> list[str]:
        return list(filter(str.isdigit, text))

    if value is None or not any(map(str.isalpha, value)):
        return ""
    return nearest(value, [each for each in listed if digits(each) == digits(value)])


def _is_nobodys() -> Expr:
    """Whether a row is of no case of the book."""
    return exp.Is(this=exp.column("id", "b"), expression=exp.null())


def _as_text(raw: Expr) -> Expr:
    return exp.cast(raw, "TEXT")
