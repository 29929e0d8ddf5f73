"""Comparisons, arithmetic and aggregates over values: one meaning for every engine that computes in Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from kb.language import syntax as s
from kb.language.program import Domain
from kb.language.values import UNKNOWN, Mark, NumberOutOfRange, Row, Value, exact

Binding = Mapping[str, Value]

_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


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


def aggregate_holds(
    node: s.Aggregate, upper: frozenset[Row], lower: frozenset[Row], bound: Value, domain: Domain | None
) -> bool:
    """Whether `#f {…} op bound` holds for the elements.

    In a rewritten program the true set lies between `lower` and `upper`: lenient asks
    whether some set between them satisfies the comparison, strict whether all do.
    """
    is_open = any(isinstance(value, Mark) for element in upper for value in element)
    if upper == lower and not is_open:
        value = aggregate(node.function, upper, domain)
        return value is not None and compare(node.op, value, bound, domain, node.lenient)
    if isinstance(bound, Mark):
        return node.lenient
    possible = _some_set_satisfies(node.function, node.op, upper, lower, is_open, bound, domain)
    if node.lenient:
        return possible
    opposite = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}[node.op]
    nonempty = bool(lower) or node.function in ("count", "sum")
    return nonempty and not _some_set_satisfies(node.function, opposite, upper, lower, is_open, bound, domain)


def _some_set_satisfies(
    function: str, op: str, upper: frozenset[Row], lower: frozenset[Row], is_open: bool, bound: Value, domain: Domain | None
) -> bool:
    """Whether `#function op bound` may hold for a set between lower and upper; never false when it can."""
    if function == "sum" or op == "!=" or (op == "=" and function != "count"):
        return True
    if function == "count":
        least, most = Decimal(len(lower)), None if is_open else Decimal(len(upper))
        return _meets(op, least, most, bound)
    # More elements can only lower a minimum and raise a maximum.
    falling = op in ("<", "<=")
    known = lower if falling is (function == "max") else upper
    if known is upper and is_open:
        return True
    value = aggregate(function, known, domain)
    return value is None or compare(op, value, bound, domain, lenient=True)


def _meets(op: str, least: Decimal, most: Decimal | None, bound: Value) -> bool:
    if op in ("<", "<="):
        return _OPERATORS[op](least, bound)
    if op in (">", ">="):
        return most is None or _OPERATORS[op](most, bound)
    assert isinstance(bound, Decimal)
    return least <= bound and (most is None or bound <= most)


def aggregate_value(node: s.Aggregate, upper: frozenset[Row], lower: frozenset[Row], domain: Domain | None) -> Value | None:
    """The value of `N = #f {…}`: `?` when the set is not known; None when there is no value."""
    if upper == lower and not any(isinstance(value, Mark) for element in upper for value in element):
        return aggregate(node.function, upper, domain)
    if node.function in ("min", "max") and not upper:
        return None
    return UNKNOWN if node.lenient else None
