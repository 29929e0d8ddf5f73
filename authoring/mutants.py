"""Mutants of a program's rules: small changes that a careful reader, and so a test, should notice.

Each operator is a function from a premise (or a body) to its changed forms: a premise
dropped, a comparison turned or moved to its boundary, a threshold shifted, a `not`
removed, a constant swapped for another of its kind, an argument left open (so that a
join is lost, or any value will do). After DeMillo, Lipton and Sayward (1978).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from kb.language import syntax as s
from kb.language.closed import written
from kb.language.printer import local_text
from kb.language.program import Program, ProgramRule
from kb.language.variables import is_safe

_BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}


@dataclass(frozen=True)
class Mutant:
    """A rule with one change: which premise, what was done to it (None: it is gone), and the changed rule."""

    rule: ProgramRule
    position: int
    operator: str
    premise: s.Premise | None
    changed: ProgramRule

    @property
    def id(self) -> str:
        """The rule, the premise, and the change."""
        return f"{self.rule.id}/{self.position}/{self.operator}/{self.after}"

    @property
    def original(self) -> s.Premise:
        """The premise as it stands."""
        return self.rule.rule.body[self.position]

    @property
    def line(self) -> int:
        """Where the premise stands."""
        return s.place_of(self.original).line

    @property
    def before(self) -> str:
        """The premise as text."""
        return local_text(self.original)

    @property
    def after(self) -> str:
        """What stands there now; nothing if it is gone."""
        return "" if self.premise is None else local_text(self.premise)


def mutants(program: Program) -> Iterator[Mutant]:
    """Every mutant of the program's rules that is a rule still: each variable bound, no premise left unsafe."""
    for rule in written(program.rules):
        if rule.is_constraint:
            continue
        for position, premise in enumerate(rule.rule.body):
            for operator, changed in _changes(program, premise):
                body = (
                    *rule.rule.body[:position],
                    *([changed] if changed is not None else []),
                    *rule.rule.body[position + 1 :],
                )
                mutated = replace(rule.rule, body=body)
                if body and is_safe(mutated):
                    yield Mutant(rule, position, operator, changed, replace(rule, rule=mutated))


def _changes(program: Program, premise: s.Premise) -> Iterator[tuple[str, s.Premise | None]]:
    yield "dropped", None
    if isinstance(premise, s.Comparison):
        if premise.op in _BOUNDARY:
            yield "boundary", replace(premise, op=_BOUNDARY[premise.op])
        yield "turned", replace(premise, op=_TURNED[premise.op])
        for term in _shifted(program, premise.left, premise.type):
            yield "shifted", replace(premise, left=term)
        for term in _shifted(program, premise.right, premise.type):
            yield "shifted", replace(premise, right=term)
    elif isinstance(premise, s.Aggregate):
        if premise.op in _BOUNDARY:
            yield "boundary", replace(premise, op=_BOUNDARY[premise.op])
        for term in _shifted(program, premise.bound, premise.type):
            yield "shifted", replace(premise, bound=term)
    else:
        if premise.negated:
            yield "not removed", replace(premise, negated=False)
        for position, value in _swapped(program, premise.atom):
            yield "swapped", _with_term(premise, position, s.Constant(value))
        case = program.predicate(premise.atom.relation).case_position
        for position, term in enumerate(premise.atom.terms):
            is_open = isinstance(term, s.Variable) and term.is_anonymous
            if position != case and not is_open:
                yield "left open", _with_term(premise, position, s.Variable(f"_open{position}"))


def _with_term(literal: s.Literal, position: int, term: s.Term) -> s.Literal:
    terms = (*literal.atom.terms[:position], term, *literal.atom.terms[position + 1 :])
    return replace(literal, atom=replace(literal.atom, terms=terms))


def _shifted(program: Program, term: s.Term, kind: str) -> Iterator[s.Term]:
    """The term with a threshold one step up or down; of an ordered domain the next value."""
    if isinstance(term, s.Arithmetic):
        for right in _shifted(program, term.right, "number"):
            yield replace(term, right=right)
    elif isinstance(term, s.Constant) and isinstance(term.value, Decimal):
        yield from (replace(term, value=term.value + step) for step in (1, -1))
    elif isinstance(term, s.Constant) and kind in program.domains and program.domains[kind].ordered:
        values = program.domains[kind].values
        at = values.index(str(term.value))
        yield from (replace(term, value=values[i]) for i in (at + 1, at - 1) if 0 <= i < len(values))


def _swapped(program: Program, atom: s.Atom) -> Iterator[tuple[int, str]]:
    """For each constant of an atom another of its kind: the next of its domain, or a text that stands there elsewhere."""
    arguments = program.predicate(atom.relation).arguments
    for position, (term, argument) in enumerate(zip(atom.terms, arguments, strict=True)):
        if isinstance(term, s.Constant) and argument.type in program.domains:
            values = program.domains[argument.type].values
            if term.value in values and len(values) > 1:
                yield position, values[(values.index(str(term.value)) + 1) % len(values)]
        elif isinstance(term, s.Constant) and argument.type == "text":
            others = sorted(_texts_at(program).get((atom.relation, position), set()) - {str(term.value)})
            yield from [(position, others[0])] if others else []


def _texts_at(program: Program) -> Mapping[tuple[str, int], set[str]]:
    found: dict[tuple[str, int], set[str]] = {}
    for fact in program.facts:
        for position, value in enumerate(fact.row):
            if isinstance(value, str):
                found.setdefault((fact.relation, position), set()).add(value)
    return found
