"""Relations on which no chart can be silent: those that the request and general knowledge decide, and `#closed` ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from kb.language import syntax as s
from kb.language.program import SCOPE, Program, ProgramRule
from kb.language.strata import components, dependencies, needed
from kb.language.variables import bound_variables


def settled(
    program: Program,
    base: Iterable[str],
    accepts: Callable[[s.Premise, set[str]], bool],
    known: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """The relations of the base that no rule with an unacceptable premise concludes, directly or beneath; and the known."""
    base = set(base)
    found = (base - set(program.rules_for)) | known
    for component in program.components:
        rules = [rule for relation in component for rule in program.rules_for.get(relation, ())]
        together = found | component
        if component <= base and all(accepts(premise, together) for rule in rules for premise in rule.rule.body):
            found = together
    return frozenset(found)


def relations_of(premise: s.Premise) -> list[str]:
    """The relations that a premise asks, inside an aggregate too."""
    return [literal.atom.relation for literal in s.literals([premise])]


def by_record(program: Program) -> frozenset[str]:
    """What rules conclude that is `#closed`: it counts by what the record tells, in part too; silences count for nothing."""
    names = (name for name, predicate in program.predicates.items() if predicate.counts_by_record)
    return frozenset(relation for name in names for relation in (name, f"-{name}"))


def whole_on_record(program: Program, loose: Iterable[str]) -> frozenset[str]:
    """What counts by the record and rests on nothing that it tells in part: no `loose` predicate has a part in it."""
    loose = {name.removeprefix("-") for name in loose}
    base = {relation for name in program.predicates if name not in loose for relation in (name, f"-{name}")}
    told = settled(program, base, lambda premise, found: found.issuperset(relations_of(premise)))
    return told & by_record(program)


def closed_relations(program: Program, loose: Iterable[str] = (), known: frozenset[str] = frozenset()) -> frozenset[str]:
    """The relations over closed facts, general knowledge and what is `known`; `loose` predicates do not count as closed."""
    names = [name for name, predicate in program.predicates.items() if not predicate.can_be_open]
    base = {relation for name in set(names) - set(loose) for relation in (name, f"-{name}")}
    return settled(program, base, lambda premise, found: found.issuperset(relations_of(premise)), known)


def agreed(program: Program, loose: Iterable[str], contradicted: bool = False) -> frozenset[str]:
    """The relations in which all models agree, of records that tell `loose` ones in part.

    Where a record contradicts itself, those only that are about no case.
    """
    loose = frozenset(loose)
    found = closed_relations(program, loose, whole_on_record(program, loose))
    if not contradicted:
        return found
    predicates = program.predicates
    caseless = {name for name, predicate in predicates.items() if predicate.case_position is None}
    return frozenset(relation for relation in found if relation.removeprefix("-") in caseless)


def with_scopes(program: Program) -> Program:
    """The program with, for each rule of a goal, one that tells whether the rule speaks to a question at all.

        medically_necessary(C, I) :- fusion_requested(C, I), unstable(C, I).

    adds `scope:ID(C, I) :- fusion_requested(C, I).`, with the premises that the
    request decides: the facts beneath the goals' `for` parts. Another closed fact (a
    licensed reviewer's result) can refuse a request and does not put it out of scope.
    A rule whose request premises do not bind its head speaks to all.
    """
    asked = needed(program, [goal.trigger.relation for goal in program.goals])
    facts = (p.name for p in program.predicates.values() if p.is_fact and p.case_position is not None)
    closed = closed_relations(program, [name for name in facts if name not in asked])
    goals = {goal.atom.relation for goal in program.goals}
    scopes = [scope for rule in program.rules if rule.head.relation in goals for scope in _scope(rule, closed)]
    if not scopes:
        return program
    parts = components(dependencies((*program.rules, *scopes)))
    return replace(program, rules=(*program.rules, *scopes), components=parts)


def written(rules: Iterable[ProgramRule]) -> Iterator[ProgramRule]:
    """The rules that documents write, without those that `with_scopes` adds."""
    return (rule for rule in rules if not rule.id.startswith(SCOPE))


def _scope(rule: ProgramRule, closed: frozenset[str]) -> list[ProgramRule]:
    body = tuple(p for p in rule.rule.body if isinstance(p, s.Literal) and p.atom.relation in closed)
    wanted = {v.name for term in rule.head.terms for v in s.term_variables(term)}
    bound = bound_variables(body)
    body = tuple(p for p in body if p.lists or all(v.is_anonymous or v.name in bound for v in s.premise_variables(p)))
    if not wanted <= bound:
        return []
    head = s.Atom(SCOPE + rule.id, rule.head.terms)
    return [replace(rule, id=SCOPE + rule.id, rule=replace(rule.rule, head=head, body=body))]
