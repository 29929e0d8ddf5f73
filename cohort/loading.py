"""The facts of a batch of cases, from their tables into the database: each value checked against the vocabulary.

A row that cannot be taken is rejected with its file, row, column and value, and its case
with it: a case is decided whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb
from sqlglot import exp

from facts.readers.found import BadTables
from facts.readers.tables import FactTable
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.schema import DATE, NUMBER, Table, Types, data_type, made_of
from kb.engines.sql.values import conjunction, disjunction, known, negation, unknown, with_rows
from kb.language.program import Domain, Program

Expr = exp.Expr

BOOK = "book"
"""The table of the cases of a batch: `id`, `name`, and the number of the program that decides each (`?`: none does)."""
_MOST = 100_000
"""Rows of one table with one fault, in one batch, that are told one by one."""
_LISTED = 20
"""Values of a domain that a message lists."""
_DAY_TEXT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER_TEXT = r"[+-]?[0-9]{1,12}([.][0-9]{1,6})?"


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be taken, and why; `row` counts from 1, and is 0 where no single row is at fault."""

    file: str
    row: int
    case: str
    table: str
    column: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class _Column:
    """An argument as it is read: its value (`?` as NULL), and what may be wrong with it, each with its words."""

    value: Expr
    faults: tuple[tuple[Expr, str], ...]
    is_any: Expr


def parts_table(kind: str) -> str:
    """The table of what the values of a domain stand for in facts: themselves, or their parts."""
    return f"parts_{kind}"


def parts_rows(kind: str, domain: Domain) -> exp.Create:
    """The statement that makes that table."""
    pairs = [(value, value) for value in domain.values]
    pairs += [(name, part) for name, parts in domain.parts.items() for part in parts]
    rows = exp.values([(name, part) for name, part in pairs], alias="p", columns=["name", "part"])
    select = exp.select("name", exp.alias_(exp.cast(exp.column("part"), data_type(kind)), "part")).from_(rows)
    return made_of(parts_table(kind), select)


@dataclass(frozen=True)
class Range:
    """The cases in the table `book` of a connection, whose names lie from `low` to before `high`.

    `odd_names`: some of those names hold a character that no text has.
    """

    connection: duckdb.DuckDBPyConnection
    low: str
    high: str | None
    odd_names: bool

    def run(self, statement: str, within: bool = True) -> list[tuple[Any, ...]]:
        """The rows of a statement; `within`: it asks for the limits of the range."""
        return self.connection.execute(statement, {"low": self.low, "high": self.high} if within else None).fetchall()


@dataclass(frozen=True)
class Loader:
    """Reads the rows of fact tables for the cases of a range, by statements that are made once for all ranges.

    `all_of_range`: the book has every case of a range, so a row of another case is one of nobody's.
    """

    program: Program
    types: Types
    all_of_range: bool
    _made: dict[tuple[str, bool], tuple[str, str, Table]] = field(default_factory=dict)

    def load(self, within: Range, table: FactTable, name: str) -> tuple[Table, bool]:
        """Makes the table of a relation; and whether some row of it cannot be taken (in the column `bad` of that row)."""
        key = name, within.odd_names
        if key not in self._made:
            self._made[key] = self._statements(table, name, within.odd_names)
        reading, looking, made = self._made[key]
        within.run(reading)
        [(bad, *found)] = within.run(looking, within=False)
        return replace(made, unknown=tuple(map(bool, found))), bool(bad)

    def _statements(self, table: FactTable, name: str, odd_names: bool) -> tuple[str, str, Table]:
        """What reads a table, what tells whether a row is bad and which columns hold `?`, and the table that it makes."""
        columns = [self._column(table, i, odd_names) for i in range(len(table.columns))]
        kinds = tuple(self.types[argument.type] for argument in table.predicate.arguments)
        made = Table(name, kinds, table.denied, (True,) * len(kinds))
        faults = [known(table.fault("t"))] if table.is_staged else []
        faults += [exp.Is(this=exp.column("id", "b"), expression=exp.null()), *(f for c in columns for f, _ in c.faults)]
        values = [*(column.value for column in columns), *(column.is_any for column in columns if table.denied)]
        selected = [exp.alias_(value, column) for value, column in zip(values, made.columns, strict=True)]
        rows = self._rows(table, [*selected, exp.alias_(disjunction(*faults), "bad")])
        reading = made_of(name, rows)
        missing = [exp.func("BOOL_OR", unknown(exp.column(f"c{i}"))) for i in range(len(kinds))]
        looking = exp.select(exp.func("BOOL_OR", exp.column("bad")), *missing).from_(name)
        return reading.sql(DIALECT), looking.sql(DIALECT), made

    def rejects(self, within: Range, table: FactTable) -> list[Reject]:
        """The rows of a table that cannot be taken, each with the first thing that is wrong with it; raises BadTables.

        So many rows with one fault are not told one by one: then it is the table that is at fault.
        """
        columns = [self._column(table, i) for i in range(len(table.columns))]
        position = table.predicate.case_position or 0
        file, row = table.place_of_row("t")
        orphan = exp.Is(this=exp.column("id", "b"), expression=exp.null())
        whole, name = table.fault("t"), _as_text(table.column(position, "t"))
        checks: list[tuple[str, Expr, Expr, Expr]] = [("", exp.null(), known(whole), whole)]
        for i, column in enumerate(columns):
            raw = _as_text(table.column(i, "t"))
            checks += [(table.columns[i][0], raw, fault, exp.Literal.string(words)) for fault, words in column.faults]
        words = "the case has no `request_date`, which says which documents decide it"
        checks.append((table.case, name, orphan, exp.Literal.string(words)))
        found: dict[tuple[str, int, str], Reject] = {}
        for label, raw, fault, problem in checks:
            rows = self._rows(table, [file, row, name, raw, problem], located=True).where(fault).limit(_MOST + 1)
            bad = within.run(rows.sql(DIALECT))
            if len(bad) > _MOST:
                where, number, _, value, words = bad[0]
                more = f"more than {_MOST:,} rows cannot be taken, the first of them row {number} of {where}"
                raise BadTables([f"`{table.place}`: {more}, column `{label}`, `{value}`: {words}; mend the table"])
            for where, number, case, value, words in bad:
                reject = Reject(
                    str(where), int(number), case or "", table.name, label, "" if value is None else value, words
                )
                found.setdefault((reject.file, reject.row, reject.case), reject)
        return [found[key] for key in sorted(found)]

    def _rows(self, table: FactTable, columns: Iterable[Expr], located: bool = False) -> exp.Select:
        """Some expressions over the rows of the batch: `t` is the row, `b` its case."""
        case = table.column(table.predicate.case_position or 0, "t")
        select = exp.select().select(*columns, copy=False).from_(exp.alias_(table.rows(located), "t"), copy=False)
        join = "LEFT" if self.all_of_range else "INNER"
        select = with_rows(select, exp.alias_(exp.table_(BOOK), "b"), case.eq(exp.column("name", "b")), join)
        for i, argument in enumerate(table.predicate.arguments):
            domain = self.program.domains.get(argument.type)
            if domain is not None and domain.parts:
                parts = exp.alias_(exp.table_(parts_table(self.types[argument.type])), f"p{i}")
                on = table.column(i, "t").eq(exp.column("name", f"p{i}"))
                select = with_rows(select, parts, on, "LEFT")
        low, high = exp.Placeholder(this="low"), exp.Placeholder(this="high")
        below = disjunction(unknown(high), exp.LT(this=case.copy(), expression=high.copy()))
        within = conjunction(exp.GTE(this=case.copy(), expression=low), below)
        # A row without a case is told once, with the first range.
        nobody = conjunction(low.copy().eq(exp.Literal.string("")), unknown(case))
        return select.where(disjunction(within, nobody), copy=False)

    def _column(self, table: FactTable, position: int, odd_names: bool = True) -> _Column:
        argument, raw = table.predicate.arguments[position], table.column(position, "t")
        hint = "name the payer" if table.relation == "payer" else "write `?` for a value that the record does not give"
        missing = unknown(raw), f"it is empty; {hint}"
        if argument.type == "case":
            nobody = unknown(raw), "it names no case, so some case may lack what it says; name it, or take the row away"
            odd = [(is_odd(raw), _ODD)] if odd_names else []
            return _Column(exp.column("id", "b"), (nobody, *odd), exp.false())
        marks = ["?", "_"] if table.denied else ["?"]
        is_mark = exp.In(this=raw.copy(), expressions=[exp.Literal.string(mark) for mark in marks])
        is_text = table.columns[position][1] not in ("DATE",) and not table.columns[position][1].startswith("DECIMAL")
        is_text = is_text and not table.columns[position][1].endswith(("INT", "INTEGER"))
        is_any = raw.copy().eq(exp.Literal.string("_")) if is_text and table.denied else exp.false()
        value, faults = self._value(argument.type, raw, position, is_text)
        given = conjunction(known(raw), negation(is_mark)) if is_text else known(raw)
        return _Column(value, (missing, *((conjunction(given, wrong), words) for wrong, words in faults)), is_any)

    def _value(self, kind: str, raw: Expr, position: int, is_text: bool) -> tuple[Expr, list[tuple[Expr, str]]]:
        """The value of an argument, what tells that there is none, and what to say then; the first that holds is said."""
        domain = self.program.domains.get(kind)
        if domain is not None:
            value: Expr = exp.column("part", f"p{position}") if domain.parts else _tried(raw, self.types[kind])
            names = [*domain.values, *domain.parts]
            listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
            return value, [(unknown(value), f"it is no {kind.replace('_', ' ')}: {listed}")]
        if kind == "date":
            value = _tried(raw, DATE) if is_text else raw.copy()
            # DuckDB's calendar is wider than that of the language, which has the years 1 to 9999.
            within = conjunction(
                exp.GTE(this=value.copy(), expression=exp.cast(exp.Literal.string("0001-01-01"), DATE)),
                exp.LTE(this=value.copy(), expression=exp.cast(exp.Literal.string("9999-12-31"), DATE)),
            )
            outside = negation(exp.func("COALESCE", within, exp.false()))
            exact = exp.NEQ(
                this=exp.func("COALESCE", exp.cast(value.copy(), "TEXT"), exp.Literal.string("")), expression=raw.copy()
            )
            has_form = exp.func("REGEXP_FULL_MATCH", raw.copy(), exp.Literal.string(_DAY_TEXT))
            no_such = "the calendar, from the year 1 to 9999, has no such day"
            if not is_text:
                return value, [(outside, no_such)]
            badly_written = disjunction(outside, exact), "it is no day; write it as 2026-01-31"
            return value, [(conjunction(outside, has_form), no_such), badly_written]
        if kind == "number":
            value = _tried(raw, NUMBER)
            form = exp.func("REGEXP_FULL_MATCH", raw.copy(), exp.Literal.string(_NUMBER_TEXT))
            wrong = (
                negation(form) if is_text else disjunction(unknown(value), exp.NEQ(this=value.copy(), expression=raw.copy()))
            )
            return value, [(wrong, "it is no number of at most 12 digits before the point and 6 after it")]
        is_mark = exp.In(this=raw.copy(), expressions=[exp.Literal.string(mark) for mark in "?_"])
        marks = exp.Case(ifs=[exp.If(this=is_mark, true=exp.null())], default=raw.copy())
        wrong = disjunction(raw.copy().eq(exp.Literal.string("_")), is_odd(raw))
        return marks, [(wrong, f"`_` stands for any value, in denials only (write `?`); or {_ODD}")]


_ODD = "it holds a character that no text has: NUL, or a carriage return"


def is_odd(raw: Expr) -> Expr:
    """Whether a text holds a character that would not be the same in a chart's text."""
    return exp.func("REGEXP_MATCHES", raw.copy(), exp.Literal.string(r"[\r\x00]"))


def _as_text(raw: Expr) -> Expr:
    return exp.cast(raw, "TEXT")


def _tried(raw: Expr, kind: str) -> Expr:
    return exp.TryCast(this=raw.copy(), to=data_type(kind))


def shown(rejects: Iterable[Reject]) -> Iterator[str]:
    """Each reject in a sentence."""
    for each in rejects:
        where = f"{each.file}, row {each.row}" if each.row else each.file or each.table
        column = f", column `{each.column}`" if each.column else ""
        value = f" `{each.value}`" if each.value else ""
        case = f" (case `{each.case}`)" if each.case else ""
        yield f"{where}{column}{value}: {each.problem}{case}"
