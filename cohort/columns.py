"""The columns of fact tables as typed values in SQL, and what may be wrong with a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from facts.readers.tables import FactTable
from kb.engines.sql.schema import DATE, NUMBER, Types, data_type, made_of
from kb.engines.sql.values import conjunction, disjunction, known, negation, unknown
from kb.language.program import Domain, Program

Expr = exp.Expr

_LISTED = 20
"""Values of a domain that a message lists."""
_DAY_TEXT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER_TEXT = r"[+-]?0*[0-9]{1,12}([.][0-9]{1,6}0*)?"
_ODD = "it holds a character that no text has: NUL, or a carriage return"
_NO_NAME = "no case can be called so: `?` and `_` stand for what is not told, and no text has NUL or a carriage return"


@dataclass(frozen=True, slots=True)
class Fault:
    """What may be wrong with a value: when it is, what to say then, and what may stand there, if that is listed."""

    holds: Expr
    words: str
    listed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """An argument as it is read from a row `t`: its value (`?` as NULL), what may be wrong, and whether it is `_`."""

    value: Expr
    faults: tuple[Fault, ...]
    is_any: Expr


@dataclass(frozen=True)
class Columns:
    """Reads arguments by the vocabulary of a program. Of a collective value `p0`, `p1`, … are the rows of its parts."""

    program: Program
    types: Types

    def column(self, table: FactTable, position: int, odd_names: bool = True) -> Column:
        """The column of an argument; `odd_names`: the name of a case may hold what no text has."""
        argument, raw = table.predicate.arguments[position], table.column(position, "t")
        kind = table.columns[position][1]
        is_text = kind != "DATE" and not kind.startswith("DECIMAL") and not kind.endswith(("INT", "INTEGER"))
        if argument.type == "case":
            nobody = Fault(
                _is_empty(raw, is_text),
                "it names no case, so some case may lack what it says; name it, or take the row away",
            )
            odd = [Fault(is_no_name(raw), _NO_NAME)] if odd_names else []
            return Column(exp.column("id", "b"), (nobody, *odd), exp.false())
        hint = "write `_` for any value" if table.denied else "write `?` for a value that the record does not give"
        if table.relation == "payer":
            hint = "name the payer"
        missing = Fault(_is_empty(raw, is_text), f"it is empty; {hint}")
        marks = ["?", "_"] if table.denied else ["?"]
        is_mark = exp.In(this=raw.copy(), expressions=[exp.Literal.string(mark) for mark in marks])
        is_any = raw.copy().eq(exp.Literal.string("_")) if is_text and table.denied else exp.false()
        untold = []
        if is_text and table.denied:
            untold = [Fault(raw.copy().eq(exp.Literal.string("?")), "a denial is of a value, or of any: write `_`")]
        value, faults = self._value(argument.type, raw, position, is_text)
        given = conjunction(negation(_is_empty(raw, is_text)), negation(is_mark)) if is_text else known(raw)
        wrong = (replace(fault, holds=conjunction(given.copy(), fault.holds)) for fault in faults)
        return Column(value, (missing, *untold, *wrong), is_any)

    def _value(self, kind: str, raw: Expr, position: int, is_text: bool) -> tuple[Expr, list[Fault]]:
        """The value of an argument, and what tells that there is none; the first fault that holds is said."""
        domain = self.program.domains.get(kind)
        if domain is not None:
            value: Expr = exp.column("part", f"p{position}") if domain.parts else _tried(raw, self.types[kind])
            names = (*domain.values, *domain.parts)
            listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
            return value, [Fault(unknown(value), f"it is no {kind.replace('_', ' ')}: {listed}", names)]
        if kind == "date":
            return _day(raw, is_text)
        if kind == "number":
            return _number(raw, is_text)
        is_mark = exp.In(this=raw.copy(), expressions=[exp.Literal.string(mark) for mark in "?_"])
        value = exp.Case(ifs=[exp.If(this=is_mark, true=exp.null())], default=raw.copy())
        is_any = raw.copy().eq(exp.Literal.string("_"))
        return value, [Fault(is_any, "`_` stands for any value, in denials only; write `?`"), Fault(is_odd(raw), _ODD)]


def _day(raw: Expr, is_text: bool) -> tuple[Expr, list[Fault]]:
    value = _tried(raw, DATE) if is_text else raw.copy()
    # DuckDB's calendar is wider than that of the language, which has the years 1 to 9999.
    within = conjunction(
        exp.GTE(this=value.copy(), expression=exp.cast(exp.Literal.string("0001-01-01"), DATE)),
        exp.LTE(this=value.copy(), expression=exp.cast(exp.Literal.string("9999-12-31"), DATE)),
    )
    outside = negation(exp.func("COALESCE", within, exp.false()))
    no_such = "the calendar, from the year 1 to 9999, has no such day"
    if not is_text:
        return value, [Fault(outside, no_such)]
    text = exp.func("COALESCE", exp.cast(value.copy(), "TEXT"), exp.Literal.string(""))
    has_form = exp.func("REGEXP_FULL_MATCH", raw.copy(), exp.Literal.string(_DAY_TEXT))
    other = disjunction(outside, exp.NEQ(this=text, expression=raw.copy()))
    return value, [Fault(conjunction(outside, has_form), no_such), Fault(other, "it is no day; write it as 2026-01-31")]


def _number(raw: Expr, is_text: bool) -> tuple[Expr, list[Fault]]:
    value = _tried(raw, NUMBER)
    if is_text:
        wrong = negation(exp.func("REGEXP_FULL_MATCH", raw.copy(), exp.Literal.string(_NUMBER_TEXT)))
    else:
        wrong = disjunction(unknown(value), exp.NEQ(this=value.copy(), expression=raw.copy()))
    words = "it is no number of at most 12 digits before the point and 6 after it; write it as `4.5`"
    return value, [Fault(wrong, words)]


def _is_empty(raw: Expr, is_text: bool) -> Expr:
    """Whether nothing stands there: an empty text is nothing too."""
    return disjunction(unknown(raw), raw.copy().eq(exp.Literal.string(""))) if is_text else unknown(raw)


def is_no_name(raw: Expr) -> Expr:
    """Whether a text would not name the same case in a chart."""
    return disjunction(exp.In(this=raw.copy(), expressions=[exp.Literal.string(mark) for mark in "?_"]), is_odd(raw))


def is_odd(raw: Expr) -> Expr:
    """Whether a text holds a character that would not be the same in a chart's text."""
    return exp.func("REGEXP_MATCHES", raw.copy(), exp.Literal.string(r"[\r\x00]"))


def _tried(raw: Expr, kind: str) -> Expr:
    return exp.TryCast(this=raw.copy(), to=data_type(kind))


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
