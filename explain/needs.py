"""What the comparisons and aggregates of a rule instance still need, of values that are to be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from explain.asks import Hole, Need, OneOf, Term
from explain.solutions import aggregate_of
from explain.wording import demand_words
from kb.engines.computed import compare, compute
from kb.language import syntax as s
from kb.language.bounds import unbounded
from kb.language.values import UNKNOWN, NumberOutOfRange, Value
from kb.models import Models


def beyond(models: Models, premise: s.Aggregate, binding: Mapping[str, Term]) -> Iterator[Need]:
    """What a least or largest element that is still to be told has to be, beside those that there are."""
    if premise.function in ("min", "max") and premise.op == "=" and isinstance(premise.bound, s.Variable):
        told, (now, _) = binding.get(premise.bound.name), _values(models, premise, binding)
        if isinstance(told, Hole) and now is not None and now is not UNKNOWN:
            limit = s.Comparison(
                premise.bound, ">=" if premise.function == "max" else "<=", s.Constant(now), type=premise.type
            )
            yield Need(limit, ((premise.bound.name, told),))


def together(premise: s.Aggregate) -> Iterator[str]:
    """What the elements of a sum have to come to, in words."""
    if premise.function == "sum" and isinstance(premise.bound, s.Constant):
        yield f"all in all {demand_words(premise.op, premise.bound.value)}"


def wanted_number(premise: s.Aggregate) -> int:
    """How many elements a count wants at least; 0 when it is no count, or none of a written number."""
    if premise.function != "count" or premise.op not in (">", ">=") or not isinstance(premise.bound, s.Constant):
        return 0
    bound = premise.bound.value
    return int(bound) + (premise.op == ">") if isinstance(bound, Decimal) and 0 < bound < 10 else 0


def holds_already(models: Models, premise: s.Aggregate, binding: Mapping[str, Term]) -> bool:
    """Whether an aggregate is as asked for without anything more."""
    value, bound = _values(models, premise, binding)
    if value is None or bound is None or UNKNOWN in (value, bound):
        return False
    return compare(premise.op, value, bound, models.program.domains.get(premise.type), lenient=False)


def as_now(models: Models, premise: s.Aggregate, binding: Mapping[str, Term]) -> Mapping[str, Term] | None:
    """The binding with the value that an aggregate has without anything more, where that is what it binds."""
    if premise.op != "=" or not isinstance(premise.bound, s.Variable):
        return None
    value = _values(models, premise, binding)[0] if isinstance(binding.get(premise.bound.name), Hole) else None
    return {**binding, premise.bound.name: value} if value is not None and value is not UNKNOWN else None


def _values(models: Models, premise: s.Aggregate, binding: Mapping[str, Term]) -> tuple[Value | None, Value | None]:
    """What an aggregate comes to now, and what it is compared with; None for what is still to be told."""
    known = {name: term for name, term in binding.items() if not isinstance(term, (Hole, OneOf))}
    untold = {v.name for p in premise.body for v in s.premise_variables(p)} & (binding.keys() - known.keys())
    value: Value | None
    if untold and not untold.isdisjoint(s.body_variables(s.listing(premise.body))):
        # Of a value that is still to be told the record has no elements.
        value = Decimal(0) if premise.function in ("count", "sum") else None
    elif untold:
        return None, None
    else:
        try:
            value = aggregate_of(models, unbounded(premise), known)
        except (NumberOutOfRange, KeyError):
            return None, None
    try:
        return value, compute(premise.bound, known)
    except (NumberOutOfRange, KeyError):
        return value, None


def may_hold(models: Models, need: Need) -> bool:
    """Whether a comparison holds, or still has a hole to fill."""
    if need.holes:
        return True
    premise = need.premise
    binding = {name: term for name, term in need.terms if not isinstance(term, (Hole, OneOf))}
    try:
        left, right = compute(premise.left, binding), compute(premise.right, binding)
    except (NumberOutOfRange, KeyError):
        return False
    return compare(premise.op, left, right, models.program.domains.get(premise.type), lenient=True)
