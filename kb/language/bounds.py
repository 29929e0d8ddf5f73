"""The possible and the certain model of a program, as one ordinary stratified program.

    p(X) :- q(X), not r(X), X > 1.

becomes

    possible:p(X) :- possible:q(X), not certain:r(X), X > 1.    where `?` matches and satisfies anything
    certain:p(X)  :- certain:q(X),  not possible:r(X), X > 1.   where no `?` of possible:r may match X

This is the Kleene-style pair of bounds that Fitting (1985) gives for logic programs,
computed stratum by stratum. The facts of `possible:p` are those stated and those
the record leaves open; of `certain:p`, those stated and not contradicted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from kb.language import syntax as s
from kb.language.program import SCOPE, Program, ProgramRule
from kb.language.strata import components, dependencies, recursive_relations

POSSIBLE = "possible:"
CERTAIN = "certain:"
CONTRADICTED = "contradicted:"


def bounded(relation: str, bound: str) -> str:
    """The name of a relation in a bound: `-p` in the possible model is `-possible:p`."""
    return f"-{bound}{relation[1:]}" if relation.startswith("-") else bound + relation


def plain(name: str) -> str:
    """The relation of the program behind one of its rewriting."""
    sign = "-" if name.startswith("-") else ""
    for prefix in (POSSIBLE, CERTAIN, CONTRADICTED):
        name = name.removeprefix("-").removeprefix(prefix)
    return sign + name


def unbounded(premise: s.Aggregate) -> s.Aggregate:
    """An aggregate of the rewriting as it reads in the program: `possible:p(X)` is `p(X)` again."""
    body = (unbounded(inner) if isinstance(inner, s.Aggregate) else _unbounded(inner) for inner in premise.body)
    return replace(premise, body=tuple(body), lower=None, lenient=False)


def _unbounded(premise: s.Literal | s.Comparison) -> s.Literal | s.Comparison:
    if isinstance(premise, s.Comparison):
        return replace(premise, lenient=False)
    return replace(premise, atom=replace(premise.atom, predicate=plain(premise.atom.relation).removeprefix("-")))


def bounds(
    program: Program, same: frozenset[str], definite: frozenset[str], contradicted: frozenset[str] = frozenset()
) -> Program:
    """The program of both bounds.

    `same` are relations in which all three models agree, which keep their names and
    are given; `definite` are those whose certain instances are given. In the certain
    model a derived atom of a `contradicted` relation needs more: not to be one of the
    contradicted atoms, which are given too.
    """
    rules: list[ProgramRule] = []
    for rule in program.rules:
        relation = rule.head.relation
        if relation in same or rule.is_constraint or relation.startswith(SCOPE):
            continue
        rules.append(_rewrite(rule, _Possible(same)))
        if relation not in definite:
            barred = relation in contradicted
            rules.append(_rewrite(rule, _Certain(same), barred))
    graph = dependencies(rules)
    parts = components(graph)
    return replace(program, rules=tuple(rules), components=parts, recursive=recursive_relations(graph, parts))


def _rewrite(rule: ProgramRule, side: _Side, barred: bool = False) -> ProgramRule:
    plain = _substituted(rule.rule)
    assert plain.head is not None
    head = side.atom(plain.head)
    body = side.body(plain.body)
    if barred:
        atom = replace(plain.head, predicate=CONTRADICTED + plain.head.predicate)
        body = (*body, s.Literal(atom, negated=True))
    return replace(rule, id=side.bound + rule.id, rule=replace(rule.rule, head=head, body=body))


def _substituted(rule: s.Rule) -> s.Rule:
    """The rule without `V = W` and `V = c`: with `?` about, two names for one value would not be one value."""
    for index, premise in enumerate(rule.body):
        if isinstance(premise, s.Comparison) and premise.op == "=":
            for variable, term in ((premise.left, premise.right), (premise.right, premise.left)):
                if isinstance(variable, s.Variable) and not isinstance(term, s.Arithmetic):
                    rest = (*rule.body[:index], *rule.body[index + 1 :])
                    return _substituted(s.substituted(replace(rule, body=rest), {variable.name: term}))
    return rule


class _Side:
    """One side of the rewriting; `lenient` is whether `?` matches in its positive premises."""

    bound: str
    other: str
    lenient: bool

    def __init__(self, same: frozenset[str]) -> None:
        self._same = same

    def atom(self, atom: s.Atom, bound: str = "") -> s.Atom:
        """The atom in this side's model, or in the one given."""
        if atom.relation in self._same:
            return atom
        return replace(atom, predicate=(bound or self.bound) + atom.predicate)

    def body(self, body: Iterable[s.Premise]) -> tuple[s.Premise, ...]:
        """Each premise as it reads in this side's model."""
        return tuple(map(self.premise, body))

    def premise(self, premise: s.Premise) -> s.Premise:
        """A positive literal asks this side, a negated one the other side."""
        if isinstance(premise, s.Comparison):
            return replace(premise, lenient=self.lenient)
        if isinstance(premise, s.Aggregate):
            upper, lower = _Possible(self._same).body(premise.body), _Certain(self._same).body(premise.body)
            return replace(premise, body=upper, lower=lower, lenient=self.lenient)
        bound = self.other if premise.negated else self.bound
        # Also where all models share a relation: an aggregate may ask it for the `?` of the rule around it.
        return replace(premise, atom=self.atom(premise.atom, bound), lenient=self.lenient != premise.negated)


class _Possible(_Side):
    bound, other, lenient = POSSIBLE, CERTAIN, True


class _Certain(_Side):
    bound, other, lenient = CERTAIN, POSSIBLE, False
