"""Aggregates as expressions, for a true set of elements between two (`kb.engines.computed` says what they mean).

The elements are grouped once, and joined by their group: how many there are, whether one
has a value that is not stated, and the aggregate over their first values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from kb.engines.computed import OPPOSITE
from kb.engines.sql.schema import NUMBER
from kb.engines.sql.values import (
    COMPARED,
    cast,
    choose,
    conjunction,
    disjunction,
    known,
    negation,
    or_unknown,
    same,
    sum_in_range,
    unknown,
)
from kb.language import syntax as s

Expr = exp.Expr


@dataclass(frozen=True, slots=True)
class Key:
    """A variable that the elements share with the rule around: its value at the row at hand, and where it may be `?`."""

    given: Expr
    given_unknown: bool
    unknown: bool


@dataclass(frozen=True)
class Grouped:
    """The elements of an aggregate by group, joined under an alias.

    `elements` has the keys as `g0`, …, and the parts of an element as `e0`, …;
    `open_parts` tells which parts may be `?`.
    """

    premise: s.Aggregate
    elements: exp.Select
    keys: tuple[Key, ...]
    open_parts: tuple[bool, ...]
    alias: str

    @property
    def rows(self) -> Expr:
        """What is joined: a row for each group."""
        keys = [exp.column(f"g{i}") for i in range(len(self.keys))]
        columns: list[Expr] = [*keys, exp.alias_(cast(exp.Count(this=exp.Star()), NUMBER), "n")]
        missing = [unknown(exp.column(f"e{i}")) for i, is_open in enumerate(self.open_parts) if is_open]
        columns.append(exp.alias_(exp.func("BOOL_OR", disjunction(*missing)) if missing else exp.false(), "missing"))
        first, function = exp.column("e0"), self.premise.function
        if function == "sum":
            columns.append(exp.alias_(sum_in_range(exp.Sum(this=first)), "best"))
        elif function != "count":
            columns.append(exp.alias_((exp.Min if function == "min" else exp.Max)(this=first), "best"))
        rows = exp.select(*columns).from_(self.elements.copy().subquery("e"))
        return (rows.group_by(*(key.copy() for key in keys)) if keys else rows).subquery(self.alias)

    @property
    def on(self) -> tuple[Expr, ...]:
        """The row at hand is of the group."""
        return tuple(
            same(exp.column(f"g{i}", self.alias), key.given)
            if key.unknown and key.given_unknown
            else exp.column(f"g{i}", self.alias).eq(key.given.copy())
            for i, key in enumerate(self.keys)
        ) or (exp.true(),)

    def _column(self, name: str) -> Expr:
        return exp.column(name, self.alias)

    def number(self) -> Expr:
        """How many elements the group has."""
        return exp.func("COALESCE", self._column("n"), cast(exp.Literal.number(0), NUMBER))

    def exists(self) -> Expr:
        """Whether the group has an element."""
        return exp.GT(this=self.number(), expression=exp.Literal.number(0))

    def some(self) -> Expr:
        """Whether there is an element, or may be one."""
        return disjunction(self.exists(), *self._near)

    def is_open(self) -> Expr:
        """Whether some element has a value that is not stated."""
        return disjunction(exp.func("COALESCE", self._column("missing"), exp.false()), *self._near)

    @cached_property
    def _near(self) -> list[Expr]:
        """Whether an element of another group may be of this one, where a `?` in the keys allows it."""
        if not any(key.unknown or key.given_unknown for key in self.keys):
            return []
        near, exact = list[Expr](), list[Expr]()
        for i, key in enumerate(self.keys):
            column = exp.column(f"g{i}", f"{self.alias}n")
            sides = [side for side, missing in ((column, key.unknown), (key.given, key.given_unknown)) if missing]
            near.append(or_unknown(column.eq(key.given.copy()), *sides))
            exact.append(same(column, key.given))
        rows = exp.select(exp.Literal.number(1)).from_(self.elements.copy().subquery(f"{self.alias}n"))
        return [exp.Exists(this=rows.where(*near, negation(conjunction(*exact))))]

    def aggregate(self) -> Expr:
        """The aggregate over a known set; NULL for the smallest or largest of nothing."""
        if self.premise.function == "count":
            return self.number()
        best = self._column("best")
        return exp.func("COALESCE", best, cast(exp.Literal.number(0), NUMBER)) if self.premise.function == "sum" else best


@dataclass(frozen=True)
class Aggregated:
    """An aggregate over the elements that may be (`upper`) and those that surely are (`lower`; None: the same)."""

    premise: s.Aggregate
    upper: Grouped
    lower: Grouped | None

    @property
    def value(self) -> Expr:
        """The value; NULL where there is none, or none is known."""
        found = self.upper.aggregate()
        return exp.Case(ifs=[exp.If(this=self._is_exact(), true=found)]) if self.lower is not None else found

    def _is_exact(self) -> Expr:
        """Whether the set is known: the certain elements are among the possible ones."""
        assert self.lower is not None
        return conjunction(self.upper.number().eq(self.lower.number()), negation(self.upper.is_open()))

    def holds(self, bound: Expr) -> Expr:
        """Whether `#f {…} op bound`: lenient for some set between the two, strict for all."""
        node = self.premise
        exactly: Expr = COMPARED[node.op](this=self.upper.aggregate(), expression=bound.copy())
        if self.lower is None:
            return exactly
        is_never_empty = node.function in ("count", "sum")
        if node.lenient:
            some = self._some_set_satisfies(node.op, bound)
            # Nothing has no least or largest element, whatever it would be compared with.
            has_value = exp.true() if is_never_empty else self.upper.exists()
            exact = conjunction(has_value, or_unknown(exactly, bound))
            return choose(self._is_exact(), exact, disjunction(unknown(bound), some))
        sure = exp.true() if is_never_empty else self.lower.exists()
        never = negation(self._some_set_satisfies(OPPOSITE[node.op], bound))
        return choose(self._is_exact(), exactly, conjunction(known(bound), sure, never))

    def _some_set_satisfies(self, op: str, bound: Expr) -> Expr:
        """Whether it may hold for a set between the two; never false when it can."""
        assert self.lower is not None
        function = self.premise.function
        if function == "sum" or op == "!=" or (op == "=" and function != "count"):
            return exp.true()
        if function == "count":
            least: Expr = COMPARED[{"=": "<="}.get(op, op)](this=self.lower.number(), expression=bound.copy())
            most: Expr = COMPARED[{"=": ">="}.get(op, op)](this=self.upper.number(), expression=bound.copy())
            most = disjunction(self.upper.is_open(), most)
            return least if op in ("<", "<=") else most if op in (">", ">=") else conjunction(least, most)
        # More elements can only lower a minimum and raise a maximum.
        falling = op in ("<", "<=")
        grouped = self.lower if falling is (function == "max") else self.upper
        value = grouped.aggregate()
        compared: Expr = COMPARED[op](this=value.copy(), expression=bound.copy())
        holds = or_unknown(compared, value, bound)
        return disjunction(self.upper.is_open(), holds) if grouped is self.upper else holds
