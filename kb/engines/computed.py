"""Comparisons, arithmetic and aggregates over values: one meaning for every engine that computes in Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from kb.language import syntax as s
from kb.language.program import Domain
from kb.language.values import UNKNOWN, Mark, NumberOutOfRange, Row, Value, exact

Binding = Mapping[str, Value]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip

OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
"""What holds of two values exactly when a comparison does not."""


def compute(term: s.Term, binding: Binding) -> Value:
    """The value of a term; `?` when any part of it is; raises NumberOutOfRange (also for dates)."""
    if isinstance(term, s.Constant):
        return term.value
    if isinstance(term, s.Variable):
        return binding[term.name]
    left, right = compute(term.left, binding), compute(term.right, binding)
    if isinstance(left, Mark) or isinstance(right, Mark):
        return UNKNOWN
    return _apply(term.op, left, right)


def _apply(op: str, left: Value, right: Value) -> Value:
    if isinstance(left, date):
        if isinstance(right, date):
            return Decimal((left - right).days)
        assert isinstance(right, Decimal)
        return _shift(left, right if op == "+" else -right)
    if isinstance(right, date):
        assert isinstance(left, Decimal)
        return _shift(right, left)
    assert isinstance(left, Decimal) and isinstance(right, Decimal)
    results = {"+": operator.add, "-": operator.sub, "*": operator.mul}
    result: Decimal = results[op](left, right)
    return exact(result)


def _shift(day: date, days: Decimal) -> date:
    if days != days.to_integral_value():
        raise NumberOutOfRange(f"`{days}` is not a whole number of days")
    try:
        return day + timedelta(days=int(days))
    except OverflowError as error:
        raise NumberOutOfRange(f"{day} shifted by {days} days is not in the calendar") from error


def compare(op: str, left: Value, right: Value, domain: Domain | None, lenient: bool) -> bool:
    """Whether `left op right`. With `?` on a side: true if lenient, else false."""
    if isinstance(left, Mark) or isinstance(right, Mark):
        return lenient
    if domain is not None and domain.ordered:
        return _OPERATORS[op](domain.rank[str(left)], domain.rank[str(right)])
    return _OPERATORS[op](left, right)


def aggregate(function: str, elements: Iterable[Row], domain: Domain | None) -> Value | None:
    """The aggregate over distinct tuples; None for the smallest or largest of nothing."""
    distinct = set(elements)
    if function == "count":
        return Decimal(len(distinct))
    firsts = [element[0] for element in distinct]
    if any(isinstance(first, Mark) for first in firsts):
        return UNKNOWN
    if function == "sum":
        return exact(sum((first for first in firsts if isinstance(first, Decimal)), Decimal(0)))
    if not firsts:
        return None
    key = (lambda value: domain.rank[str(value)]) if domain is not None else None
    chosen: Value = (min if function == "min" else max)(firsts, key=key)  # type: ignore[type-var,arg-type]
    return chosen


@dataclass(frozen=True)
class Group:
    """The elements of an aggregate for one group: the true set lies between `lower` and `upper`.

    In a program that is not rewritten the two are the same.
    """

    function: str
    upper: frozenset[Row]
    lower: frozenset[Row]
    domain: Domain | None

    @cached_property
    def is_open(self) -> bool:
        """Whether some element has a value that is not stated."""
        return any(isinstance(value, Mark) for element in self.upper for value in element)

    @cached_property
    def is_exact(self) -> bool:
        """Whether the set is known."""
        return self.upper == self.lower and not self.is_open

    @cached_property
    def value(self) -> Value | None:
        """The aggregate over the upper set: the value, when the set is known."""
        return aggregate(self.function, self.upper, self.domain)


def aggregate_holds(node: s.Aggregate, group: Group, bound: Value) -> bool:
    """Whether `#f {…} op bound` holds for a group.

    Lenient asks whether some set between its bounds satisfies the comparison, strict
    whether all do.
    """
    if group.is_exact:
        value = group.value
        return value is not None and compare(node.op, value, bound, group.domain, node.lenient)
    if isinstance(bound, Mark):
        return node.lenient
    if node.lenient:
        return _some_set_satisfies(group, node.op, bound)
    is_sure_of_a_value = bool(group.lower) or node.function in ("count", "sum")
    return is_sure_of_a_value and not _some_set_satisfies(group, OPPOSITE[node.op], bound)


def _some_set_satisfies(group: Group, op: str, bound: Value) -> bool:
    """Whether `#f op bound` may hold for a set between lower and upper; never false when it can."""
    function = group.function
    if function == "sum" or op == "!=" or (op == "=" and function != "count"):
        return True
    if function == "count":
        least, most = Decimal(len(group.lower)), None if group.is_open else Decimal(len(group.upper))
        return _meets(op, least, most, bound)
    # More elements can only lower a minimum and raise a maximum.
    falling = op in ("<", "<=")
    known = group.lower if falling is (function == "max") else group.upper
    if known is group.upper and group.is_open:
        return True
    value = aggregate(function, known, group.domain)
    return value is None or compare(op, value, bound, group.domain, lenient=True)


def _meets(op: str, least: Decimal, most: Decimal | None, bound: Value) -> bool:
    if op in ("<", "<="):
        return _OPERATORS[op](least, bound)
    if op in (">", ">="):
        return most is None or _OPERATORS[op](most, bound)
    assert isinstance(bound, Decimal)
    return least <= bound and (most is None or bound <= most)


def aggregate_value(node: s.Aggregate, group: Group) -> Value | None:
    """The value of `N = #f {…}`: `?` when the set is not known; None when there is no value."""
    if group.is_exact:
        return group.value
    if node.function in ("min", "max") and not group.upper:
        return None
    return UNKNOWN if node.lenient else None
