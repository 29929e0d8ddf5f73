"""The possible and the certain model of a program, as one ordinary stratified program.

    p(X) :- q(X), not r(X), X > 1.

becomes

    possible:p(X) :- possible:q(X), not certain:r(X), X > 1.    where `?` matches and satisfies anything
    certain:p(X)  :- certain:q(X),  not possible:r(X), X > 1.   where no `?` of possible:r may match X

This is the Kleene-style pair of bounds that Fitting (1985) gives for logic programs,
computed stratum by stratum. The facts of `possible:p` are those stated and those
the record leaves open; of `certain:p`, those stated and not contradicted.

What is `#closed` counts by the record alone: beneath it nothing is open but what is
told in part (`?`). Its rules ask a second pair of bounds, `recorded:q` and
`surely-recorded:q`, which have the same rules and no open facts:

    possible:c(X) :- recorded:q(X), not surely-recorded:r(X).
    certain:c(X)  :- surely-recorded:q(X), not recorded:r(X).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from kb.language import syntax as s
from kb.language.closed import by_record, relations_of
from kb.language.program import SCOPE, Program, ProgramRule
from kb.language.strata import components, dependencies, needed, recursive_relations

POSSIBLE = "possible:"
CERTAIN = "certain:"
RECORDED = "recorded:"
SURELY_RECORDED = "surely-recorded:"
CONTRADICTED = "contradicted:"
UPPER, LOWER = (POSSIBLE, RECORDED), (CERTAIN, SURELY_RECORDED)
"""The bounds that hold whatever may be, and those that hold what surely is."""
_BOUNDS = (*UPPER, *LOWER, CONTRADICTED)


def bounded(relation: str, bound: str) -> str:
    """The name of a relation in a bound: `-p` in the possible model is `-possible:p`."""
    return f"-{bound}{relation[1:]}" if relation.startswith("-") else bound + relation


@cache
def bound_of(name: str) -> str:
    """The bound that a relation of the rewriting is of; nothing for one of the program itself."""
    named = name.removeprefix("-")
    return next((bound for bound in _BOUNDS if named.startswith(bound)), "")


def plain(name: str) -> str:
    """The relation of the program behind one of its rewriting."""
    return name.replace(bound_of(name), "", 1)


def rule_written(rule_id: str) -> str:
    """The id of the rule of the program behind one of the rewriting."""
    return rule_id.removeprefix(bound_of(rule_id))


def asked_of(name: str) -> str:
    """What a premise of the rewriting asks for, whichever side of a pair it is of: `q`, or `recorded:q`."""
    is_of_record = bound_of(name) in (RECORDED, SURELY_RECORDED)
    return bounded(plain(name), RECORDED) if is_of_record else plain(name)


def upper(asked: str) -> str:
    """The relation of the rewriting that holds whatever may be of what is asked for: `possible:q`, or `recorded:q`."""
    return asked if bound_of(asked) else bounded(asked, POSSIBLE)


def lower(asked: str) -> str:
    """The one that holds what surely is: `certain:q`, or `surely-recorded:q`."""
    return bounded(plain(asked), SURELY_RECORDED if bound_of(asked) else CERTAIN)


def unbounded(premise: s.Aggregate) -> s.Aggregate:
    """An aggregate of the rewriting as it reads in the program: `possible:p(X)` is `p(X)` again."""
    body = (unbounded(inner) if isinstance(inner, s.Aggregate) else _unbounded(inner) for inner in premise.body)
    return replace(premise, body=tuple(body), lower=None, lenient=False)


def _unbounded(premise: s.Literal | s.Comparison) -> s.Literal | s.Comparison:
    if isinstance(premise, s.Comparison):
        return replace(premise, lenient=False)
    return replace(premise, atom=replace(premise.atom, predicate=plain(premise.atom.relation).removeprefix("-")))


def bounds(
    program: Program,
    same: frozenset[str],
    definite: frozenset[str],
    recorded: frozenset[str],
    contradicted: frozenset[str] = frozenset(),
) -> Program:
    """The program of both bounds.

    `same` are relations in which all three models agree, which keep their names and
    are given; `definite` are those whose certain instances are given; `recorded` those
    that something `#closed` asks (`beneath_record`), of which both pairs are made. In the certain
    model a derived atom of a `contradicted` relation needs more: not to be one of the
    contradicted atoms, which are given too.
    """
    closed = by_record(program)
    in_open, in_record = _Pair(POSSIBLE, CERTAIN, same, closed), _Pair(RECORDED, SURELY_RECORDED, same, closed)
    rules: list[ProgramRule] = []
    for rule in program.rules:
        relation = rule.head.relation
        if relation in same or rule.is_constraint or relation.startswith(SCOPE):
            continue
        pairs = [in_record] if relation in closed else [in_open, in_record] if relation in recorded else [in_open]
        for pair in pairs:
            rules.append(_rewrite(rule, _Side(pair, is_upper=True)))
            if relation not in definite:
                rules.append(_rewrite(rule, _Side(pair, is_upper=False), barred=relation in contradicted))
    graph = dependencies(rules)
    parts = components(graph)
    return replace(program, rules=tuple(rules), components=parts, recursive=recursive_relations(graph, parts))


def beneath_record(program: Program, same: frozenset[str]) -> frozenset[str]:
    """The relations that what is `#closed` depends on, and what speaks against them, where not all models agree."""
    closed = by_record(program)
    rules = (rule for name in closed - same for rule in program.rules_for.get(name, ()))
    found = {name for rule in rules for premise in rule.rule.body for name in relations_of(premise)}
    while not found >= (more := needed(program, [*found, *map(s.opposite, found)])):
        found |= more
    return frozenset(found - same - closed)


def _rewrite(rule: ProgramRule, side: _Side, barred: bool = False) -> ProgramRule:
    substituted = _substituted(rule.rule)
    assert substituted.head is not None
    head = side.atom(substituted.head)
    body = side.body(substituted.body)
    if barred:
        atom = replace(substituted.head, predicate=CONTRADICTED + substituted.head.predicate)
        body = (*body, s.Literal(atom, negated=True))
    return replace(rule, id=bound_of(head.relation) + rule.id, rule=replace(rule.rule, head=head, body=body))


def _substituted(rule: s.Rule) -> s.Rule:
    """The rule without `V = W` and `V = c`: with `?` about, two names for one value would not be one value."""
    for index, premise in enumerate(rule.body):
        if isinstance(premise, s.Comparison) and premise.op == "=":
            for variable, term in ((premise.left, premise.right), (premise.right, premise.left)):
                if isinstance(variable, s.Variable) and not isinstance(term, s.Arithmetic):
                    rest = (*rule.body[:index], *rule.body[index + 1 :])
                    return _substituted(s.substituted(replace(rule, body=rest), {variable.name: term}))
    return rule


@dataclass(frozen=True)
class _Pair:
    """An upper and a lower bound that ask each other: over what the record leaves open, or by the record alone."""

    upper: str
    lower: str
    same: frozenset[str]
    closed: frozenset[str]


@dataclass(frozen=True)
class _Side:
    """One bound of a pair; in the upper one `?` matches in positive premises."""

    pair: _Pair
    is_upper: bool

    @property
    def bound(self) -> str:
        """What begins the names of this bound."""
        return self.pair.upper if self.is_upper else self.pair.lower

    def atom(self, atom: s.Atom) -> s.Atom:
        """The atom in this bound's model; what counts by the record is the same in both pairs."""
        if atom.relation in self.pair.same:
            return atom
        bound = self.bound
        if atom.relation in self.pair.closed:
            bound = POSSIBLE if self.is_upper else CERTAIN
        return replace(atom, predicate=bound + atom.predicate)

    def body(self, body: Iterable[s.Premise]) -> tuple[s.Premise, ...]:
        """Each premise as it reads in this bound's model."""
        return tuple(map(self.premise, body))

    def premise(self, premise: s.Premise) -> s.Premise:
        """A positive literal asks this bound, a negated one the other."""
        if isinstance(premise, s.Comparison):
            return replace(premise, lenient=self.is_upper)
        if isinstance(premise, s.Aggregate):
            upper, lower = (_Side(self.pair, is_upper).body(premise.body) for is_upper in (True, False))
            return replace(premise, body=upper, lower=lower, lenient=self.is_upper)
        asked = _Side(self.pair, self.is_upper != premise.negated)
        # Also where all models share a relation: an aggregate may ask it for the `?` of the rule around it.
        return replace(premise, atom=asked.atom(premise.atom), lenient=self.is_upper != premise.negated)
