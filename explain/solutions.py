"""The ways in which a body is satisfied in the perfect model: bindings of its variables, premise by premise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kb.contradictions import AtomKey
from kb.engines.computed import aggregate, compare, compute
from kb.engines.model import ground_row
from kb.engines.ordering import as_written
from kb.language import syntax as s
from kb.language.values import ANY, UNKNOWN, NumberOutOfRange, Value
from kb.models import Models

Binding = dict[str, Value]


def solutions(models: Models, body: Iterable[s.Premise], binding: Binding) -> Iterator[Binding]:
    """Every way through a body from a binding."""
    ways = [binding]
    for premise in as_written(tuple(body)):
        ways = [extended for way in ways for extended in extensions(models, premise, way)]
    yield from ways


def extensions(models: Models, premise: s.Premise, way: Binding) -> Iterator[Binding]:
    """The bindings that satisfy one premise more; the premise's order has bound what it needs."""
    if isinstance(premise, s.Literal):
        yield from _listed(models, premise, way)
    elif isinstance(premise, s.Comparison):
        yield from _compared(models, premise, way)
    else:
        yield from _aggregated(models, premise, way)


def counted(models: Models, premise: s.Aggregate, way: Binding) -> list[AtomKey]:
    """The atoms behind the elements of an aggregate, each once, in a fixed order."""
    found: dict[AtomKey, None] = {}
    for each in solutions(models, premise.body, way):
        for inner in premise.body:
            if isinstance(inner, s.Literal) and not inner.negated:
                pattern = ground_row(inner.atom.terms, each)
                rows = models.perfect.matching(inner.atom.relation, pattern)
                found.update(((inner.atom.relation, row), None) for row in rows)
    return sorted(found, key=str)


def _listed(models: Models, premise: s.Literal, way: Binding) -> Iterator[Binding]:
    rows = models.perfect.matching(premise.atom.relation, ground_row(premise.atom.terms, way))
    if premise.negated:
        if next(rows, None) is None:
            yield way
        return
    for row in sorted(rows, key=str):
        extended = dict(way)
        named = [(t.name, v) for t, v in zip(premise.atom.terms, row, strict=True) if isinstance(t, s.Variable)]
        if all(v is not UNKNOWN or n.startswith("_") for n, v in named) and all(
            v is ANY or extended.setdefault(n, v) == v for n, v in named
        ):
            yield extended


def _compared(models: Models, premise: s.Comparison, way: Binding) -> Iterator[Binding]:
    try:
        for target, other in ((premise.left, premise.right), (premise.right, premise.left)):
            if premise.op == "=" and isinstance(target, s.Variable) and target.name not in way:
                yield {**way, target.name: compute(other, way)}
                return
        left, right = compute(premise.left, way), compute(premise.right, way)
    except (NumberOutOfRange, KeyError):
        return
    if compare(premise.op, left, right, models.program.domains.get(premise.type), lenient=False):
        yield way


def aggregate_of(models: Models, premise: s.Aggregate, way: Binding) -> Value | None:
    """The value of an aggregate; None for the smallest or largest of nothing."""
    elements = {tuple(compute(term, each) for term in premise.terms) for each in solutions(models, premise.body, way)}
    return aggregate(premise.function, elements, models.program.domains.get(premise.type))


def _aggregated(models: Models, premise: s.Aggregate, way: Binding) -> Iterator[Binding]:
    value = aggregate_of(models, premise, way)
    if value is None:
        return
    if isinstance(premise.bound, s.Variable) and premise.bound.name not in way:
        yield {**way, premise.bound.name: value}
    elif compare(premise.op, value, compute(premise.bound, way), models.program.domains.get(premise.type), lenient=False):
        yield way
