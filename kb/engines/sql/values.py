"""Values and what is computed of them, as expressions: constants, `?` as NULL, exact numbers, days; and unions of rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce

from sqlglot import exp

from kb.engines.sql.schema import DATE, NUMBER, data_type
from kb.language import syntax as s
from kb.language.values import DIGITS_AFTER, Value

Expr = exp.Expr

OUT_OF_RANGE = "medproof: a number leaves its range"
COMPARED: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip


def conjunction(*conditions: Expr) -> Expr:
    """Whether all conditions hold; they become parts of it, as sqlglot would copy them again at each level of a tree."""
    return exp.and_(*conditions, copy=False)


def disjunction(*conditions: Expr) -> Expr:
    """Whether one of the conditions holds; they become parts of it."""
    return exp.or_(*conditions, copy=False)


def negation(condition: Expr) -> Expr:
    """Whether a condition does not hold; it becomes a part of it."""
    return exp.not_(condition, copy=False)


def with_rows(select: exp.Select, rows: Expr, on: Expr | None = None, kind: str | None = None) -> exp.Select:
    """A query over one more table, INNER, LEFT, CROSS, SEMI or ANTI; both become parts of it, uncopied."""
    join = exp.Join(this=rows, on=on, side=kind) if kind == "LEFT" else exp.Join(this=rows, on=on, kind=kind)
    select.append("joins", join)
    return select


def constant(term: s.Term, kind: str) -> Expr:
    """The value of a constant, in the type of a column."""
    assert isinstance(term, s.Constant), "arithmetic does not stand in an atom"
    return value(term.value, kind)


def value(of: Value, kind: str) -> Expr:
    """A value of the language, in the type of a column; `?` is NULL."""
    if isinstance(of, Decimal):
        made: Expr = exp.Literal.number(format(of, "f"))
    elif isinstance(of, date):
        made = exp.Literal.string(of.isoformat())
    else:
        made = exp.Literal.string(of) if isinstance(of, str) else exp.null()
    return cast(made, kind)


def cast(what: Expr, kind: str) -> exp.Cast:
    """An expression in the type of a column; it becomes a part of it."""
    return exp.Cast(this=what, to=data_type(kind))


def known(what: Expr) -> Expr:
    """Whether an expression has a value."""
    return negation(unknown(what))


def unknown(what: Expr) -> Expr:
    """Whether an expression is `?`."""
    return exp.Is(this=what.copy(), expression=exp.null())


def or_unknown(holds: Expr, *sides: Expr) -> Expr:
    """Whether something holds, or a side is `?`."""
    return disjunction(*(unknown(side) for side in sides), holds)


def same(left: Expr, right: Expr) -> Expr:
    """Whether two are equal, `?` and `?` too."""
    return exp.NullSafeEQ(this=left.copy(), expression=right.copy())


def choose(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    """One or the other."""
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


def as_text(what: Expr, kind: str) -> Expr:
    """A value as it is written: a number without zeros that say nothing, `?` where it is not stated."""
    text: Expr = cast(what, "TEXT")
    if kind == NUMBER:
        text = exp.func("RTRIM", exp.func("RTRIM", text, exp.Literal.string("0")), exp.Literal.string("."))
    return exp.func("COALESCE", text, exp.Literal.string("?"))


def all_of(table: str) -> exp.Select:
    """The rows of a table."""
    return exp.select(exp.Star()).from_(exp.table_(table), copy=False)


def star(alias: str) -> exp.Column:
    """All columns of a table under an alias."""
    return exp.Column(this=exp.Star(), table=exp.to_identifier(alias))


def together(queries: Iterable[exp.Query], distinct: bool = True) -> exp.Query:
    """The rows of one or more queries, which become parts of the result."""
    # sqlglot copies what it joins unless told not to, and all that it joined before with it.
    return reduce(lambda one, other: exp.union(one, other, distinct=distinct, copy=False), queries)


# Computed values nest in one another, so each operand stands in what is made of it once: twice would double every level.
# What leaves the range fails as a cast, of a number with too many digits or of a text that is none.


def sum_in_range(number: Expr) -> Expr:
    """A sum or a difference of numbers, or an error when it has more digits before the point than the language's have."""
    return cast(number, NUMBER)


def product_in_range(number: Expr) -> Expr:
    """A product, of twice as many digits after the point; or an error when more than the language's are needed."""
    text = cast(cast(number, f"DECIMAL(38, {2 * DIGITS_AFTER})"), "TEXT")
    return cast(_fitting(text, f"(-?[0-9]+[.][0-9]{{{DIGITS_AFTER}}})0{{{DIGITS_AFTER}}}"), NUMBER)


def shifted(day: Expr, days: Expr) -> Expr:
    """A day some days later, or an error when these are not whole, or the day leaves the calendar (years 1 to 9999)."""
    whole = cast(_fitting(cast(cast(days, NUMBER), "TEXT"), f"(-?[0-9]+)[.]0{{{DIGITS_AFTER}}}"), "INTEGER")
    moved = cast(exp.Add(this=day, expression=whole), "TEXT")
    return cast(_fitting(moved, "([0-9]{4}-[0-9]{2}-[0-9]{2})"), DATE)


def shifted_by(day: Expr, days: int) -> Expr:
    """The same for a number of days that is known and a day that is no computed one: so most rules have it."""
    limit = date.max if days > 0 else date.min
    outside: Expr
    try:
        outside = (exp.GT if days > 0 else exp.LT)(this=day.copy(), expression=value(limit - timedelta(days), DATE))
    except OverflowError:
        outside = known(day)
    failed = cast(exp.func("ERROR", exp.Literal.string(OUT_OF_RANGE)), DATE)
    return choose(outside, failed, exp.Add(this=day.copy(), expression=cast(exp.Literal.number(days), "INTEGER")))


def _fitting(text: Expr, pattern: str) -> Expr:
    """The group of a pattern that the whole text fits; an empty text, if it does not."""
    return exp.func("REGEXP_EXTRACT", text, exp.Literal.string(f"^{pattern}$"), exp.Literal.number(1))
