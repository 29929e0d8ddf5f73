"""How far a rule gets: the longest ways through its premises, and the first premise that does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from explain.solutions import Binding, aggregate_of, extensions
from explain.wording import aggregate_demand, aggregate_words, comparison_words
from kb.engines.model import demanded, fits, ground_row, unified
from kb.engines.ordering import as_written
from kb.language import syntax as s
from kb.language.program import ProgramRule
from kb.language.values import ANY, UNKNOWN, Row
from kb.language.variables import tested_variables
from kb.models import Models

_WAYS_KEPT = 200


@dataclass(frozen=True, slots=True)
class Step:
    """A premise of an attempt, and whether it holds.

    `status` is `holds`, `refuted` (no way in which the record's silences turn out makes
    it true), `silent` (some way does), `incomplete` (a fact is stated, and not all of
    it), or `not reached`. A literal has its relation and its row under the attempt's
    binding; any other premise is a text.
    """

    premise: s.Premise
    relation: str
    row: Row
    negated: bool
    text: str
    status: str


@dataclass(frozen=True)
class Attempt:
    """A rule that could have concluded an atom and did not: a binding that satisfied most of it, and its steps."""

    rule: ProgramRule
    binding: Binding
    steps: tuple[Step, ...]
    failing: int
    """How many premises fail, when those after the first failure are looked at as well: the fewer, the nearer the miss."""

    @property
    def held(self) -> int:
        """How many premises hold before the first that fails."""
        return sum(step.status == "holds" for step in self.steps)


def attempts(models: Models, relation: str, pattern: Row, ways: int = 1) -> tuple[Attempt, ...]:
    """The nearest misses: for each rule that could conclude an atom of the pattern its `ways` longest, furthest first."""
    rules = models.program.rules_for.get(relation, ())
    tried = [each for rule in rules for each in _attempts(models, rule, pattern, ways)]
    return tuple(sorted(tried, key=lambda each: (each.failing, -each.held / max(1, len(each.steps)))))


def _attempts(models: Models, rule: ProgramRule, pattern: Row, wanted: int) -> Iterator[Attempt]:
    start = unified(rule.head.terms, tuple(ANY if value is UNKNOWN else value for value in pattern))
    if start is None:
        return
    premises = as_written(rule.rule.body)
    ways = [start]
    for position, premise in enumerate(premises):
        following = [each for way in ways for each in extensions(models, premise, way)][:_WAYS_KEPT]
        if not following:
            yield from _failing(models, rule, premises, position, ways, wanted)
            return
        ways = following


def _failing(
    models: Models, rule: ProgramRule, premises: list[s.Premise], position: int, ways: list[Binding], wanted: int
) -> Iterator[Attempt]:
    """An attempt for each distinct way in which the premise fails; what is silent, and so may yet hold, first."""
    found: dict[tuple[Row, str], Attempt] = {}
    for way in ways:
        steps = [_step(models, premise, way, "holds") for premise in premises[:position]]
        steps.append(_failed(models, premises[position], way))
        key = steps[-1].row, steps[-1].text
        if key not in found:
            steps += [_unreached(models, rest, way) for rest in premises[position + 1 :]]
            failing = 1 + _failures_after(models, premises[position + 1 :], way)
            found[key] = Attempt(rule, way, tuple(steps), failing)
    nearest = sorted(found.values(), key=lambda each: sum(step.status == "refuted" for step in each.steps))
    yield from nearest[:wanted]


def _failures_after(models: Models, premises: list[s.Premise], way: Binding) -> int:
    """How many further premises fail, each met by the first way that satisfies it if there is one."""
    failures = 0
    for premise in premises:
        try:
            following = next(extensions(models, premise, way), None)
        except KeyError:
            following = None  # a variable that only the failed premise would have given
        failures += following is None
        way = following if following is not None else way
    return failures


def _failed(models: Models, premise: s.Premise, way: Binding) -> Step:
    if isinstance(premise, s.Aggregate):
        is_open = any(_may_grow(models, literal, way) for literal in s.literals(premise.body))
        return _step(models, premise, way, "silent" if is_open else "refuted")
    if isinstance(premise, s.Comparison):
        return _step(models, premise, way, "refuted")
    row, relation = ground_row(premise.atom.terms, way), premise.atom.relation
    possible = not models.is_certain(relation, row) if premise.negated else models.is_possible(relation, row)
    if not possible:
        return _step(models, premise, way, "refuted")
    is_partly_told = any(fits(each, row, lenient=True) for each in models.stated.get(relation, ()))
    return _step(models, premise, way, "incomplete" if is_partly_told and not premise.negated else "silent")


def _may_grow(models: Models, literal: s.Literal, way: Binding) -> bool:
    """Whether the silences leave open another row of a literal that an aggregate ranges over."""
    relation, row = literal.atom.relation, ground_row(literal.atom.terms, way)
    more = models.possible_rows(relation) - models.perfect.rows(relation)
    return any(fits(each, row, lenient=True) for each in more)


def _unreached(models: Models, premise: s.Premise, way: Binding) -> Step:
    """A premise after the first that fails: it may be ruled out by itself, or what has to be absent hold; that says more.

    Of what would have to be absent nothing is said where the premise that failed would have given one of its values.
    """
    if isinstance(premise, s.Literal) and (not premise.negated or tested_variables(premise, ()) <= way.keys()):
        step = _failed(models, premise, way)
        if step.status == "refuted" or (premise.negated and models.holds(step.relation, step.row)):
            return step
    return _step(models, premise, way, "not reached")


def _step(models: Models, premise: s.Premise, way: Binding, status: str) -> Step:
    if isinstance(premise, s.Literal):
        is_sought = not premise.negated and status != "holds"
        row = demanded(premise.atom, way) if is_sought else ground_row(premise.atom.terms, way)
        return Step(premise, premise.atom.relation, row, premise.negated, "", status)
    return Step(premise, "", (), False, _text(models, premise, way, status in ("holds", "not reached")), status)


def _text(models: Models, premise: s.Comparison | s.Aggregate, way: Binding, holds: bool) -> str:
    if isinstance(premise, s.Comparison):
        return comparison_words(premise, way, holds)
    try:
        value = aggregate_of(models, premise, way)
    except KeyError:
        return aggregate_demand(premise, way)  # a variable that only a premise before it would have given
    return aggregate_words(premise, way, value, holds)
