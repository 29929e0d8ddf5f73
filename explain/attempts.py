"""How far a rule gets: the longest way through its premises, and the first one that does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kb.engines.computed import aggregate, compare, compute
from kb.engines.model import fits, ground_row, unified
from kb.engines.ordering import ordered
from kb.language import syntax as s
from kb.language.printer import premise_text
from kb.language.program import Origin, ProgramRule
from kb.language.values import ANY, UNKNOWN, NumberOutOfRange, Row, Value
from kb.models import Models

_WAYS_KEPT = 200

Binding = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Step:
    """A premise of an attempt: an atom's pattern, or a comparison as text; and whether it held.

    `status` is `holds`, `refuted` (no way in which the record's silences turn out makes
    it true), `silent` (some way does), `incomplete` (a fact is stated, and not all of
    it), or `not reached`.
    """

    relation: str
    row: Row
    negated: bool
    text: str
    status: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """A rule that could have concluded an atom and did not, with its premises in the order they were met."""

    rule: str
    origin: Origin
    steps: tuple[Step, ...]


def attempts(models: Models, relation: str, pattern: Row) -> tuple[Attempt, ...]:
    """One attempt for each rule that could conclude an atom of the pattern, the furthest first."""
    tried = (_attempt(models, rule, pattern) for rule in models.program.rules_for.get(relation, ()))
    found = [each for each in tried if each is not None]
    return tuple(sorted(found, key=lambda each: -sum(step.status == "holds" for step in each.steps)))


def _attempt(models: Models, rule: ProgramRule, pattern: Row) -> Attempt | None:
    start = unified(rule.head.terms, pattern)
    if start is None:
        return None
    premises = ordered(rule.rule.body, lambda atom: len(models.perfect.rows(atom.relation)))
    ways, steps = [start], list[Step]()
    for position, premise in enumerate(premises):
        following = [each for way in ways for each in _extended(models, premise, way)][:_WAYS_KEPT]
        if not following:
            steps.append(_failed(models, premise, ways[0]))
            steps += [_unreached(models, rest, ways[0]) for rest in premises[position + 1 :]]
            break
        ways = following
        steps.append(_step(premise, ways[0], "holds"))
    return Attempt(rule.id, rule.origin, tuple(steps))


def _extended(models: Models, premise: s.Premise, way: Binding) -> Iterator[Binding]:
    if isinstance(premise, s.Literal):
        yield from _listed(models, premise, way)
    elif isinstance(premise, s.Comparison):
        yield from _compared(models, premise, way)
    else:
        yield from _aggregated(models, premise, way)


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


def _aggregated(models: Models, premise: s.Aggregate, way: Binding) -> Iterator[Binding]:
    ways = [way]
    for inner in ordered(premise.body, lambda atom: len(models.perfect.rows(atom.relation))):
        ways = [each for one in ways for each in _extended(models, inner, one)]
    elements = {tuple(compute(term, each) for term in premise.terms) for each in ways}
    domain = models.program.domains.get(premise.type)
    value = aggregate(premise.function, elements, domain)
    if value is None:
        return
    if isinstance(premise.bound, s.Variable) and premise.bound.name not in way:
        yield {**way, premise.bound.name: value}
    elif compare(premise.op, value, compute(premise.bound, way), domain, lenient=False):
        yield way


def _failed(models: Models, premise: s.Premise, way: Binding) -> Step:
    status = "refuted"
    if isinstance(premise, s.Literal):
        row = ground_row(premise.atom.terms, way)
        relation = premise.atom.relation
        possible = not models.is_certain(relation, row) if premise.negated else models.is_possible(relation, row)
        is_partly_told = any(fits(each, row, lenient=True) for each in models.stated.get(relation, ()))
        status = "refuted" if not possible else "incomplete" if is_partly_told and not premise.negated else "silent"
    return _step(premise, way, status)


def _unreached(models: Models, premise: s.Premise, way: Binding) -> Step:
    """A premise after the first that fails: it may be ruled out by itself, which says more."""
    step = _failed(models, premise, way) if isinstance(premise, s.Literal) else None
    return step if step is not None and step.status == "refuted" else _step(premise, way, "not reached")


def _step(premise: s.Premise, way: Binding, status: str) -> Step:
    if isinstance(premise, s.Literal):
        return Step(premise.atom.relation, ground_row(premise.atom.terms, way), premise.negated, "", status)
    return Step("", (), False, premise_text(premise, way), status)
