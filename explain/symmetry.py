"""Values that a case and the rules cannot tell apart: what follows with one of them follows with the other in its place.

Two values are interchangeable in a new fact when exchanging them leaves as they are the rules
that it reaches, and everything else that these rules ask (a symmetry of the
program; Crawford, Ginsberg, Luks and Roy 1996).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kb.language import syntax as s
from kb.language.closed import relations_of
from kb.language.strata import dependents
from kb.language.values import Value
from kb.models import Models


def classes(models: Models, told: Iterable[str], values: Iterable[str], named: Iterable[Value] = ()) -> list[list[str]]:
    """Values for one of several facts, of the relations `told`, in classes of interchangeable ones, in their order.

    Those that are `named` (in the question, say), that a rule names, or whose domain is
    ordered stand alone.
    """
    told, values, program = set(told), list(values), models.program
    touched = dependents(program, told) & models.used
    rules = [rule.rule for rule in program.rules if rule.head.relation in touched]
    asked = {name for rule in rules for premise in rule.body for name in relations_of(premise)}
    alone = {*named, *(value for rule in rules for value in _constants(rule))}
    alone.update(value for domain in program.domains.values() if domain.ordered for value in domain.values)
    seen: dict[str, set[tuple[object, ...]]] = {value: set() for value in values}
    for name in {*touched, *asked, *(name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in touched)}:
        rows = models.stated.get(name, ()) if name in touched else models.perfect.rows(name)
        for row in rows:
            for value in seen.keys() & set(row):
                # A place of its own for the value, so that the rows of two values can be compared.
                seen[value].add((name, *(None if each == value else each for each in row)))
    found: dict[object, list[str]] = {}
    for value in values:
        found.setdefault(value if value in alone else frozenset(seen[value]), []).append(value)
    return list(found.values())


def _constants(rule: s.Rule) -> Iterator[Value]:
    terms = [term for atom in s.atoms(rule) for term in atom.terms]
    for premise in _premises(rule.body):
        if isinstance(premise, s.Comparison):
            terms += [premise.left, premise.right]
        elif isinstance(premise, s.Aggregate):
            terms += [*premise.terms, premise.bound]
    yield from (term.value for term in terms if isinstance(term, s.Constant))


def _premises(body: tuple[s.Premise, ...]) -> Iterator[s.Premise]:
    for premise in body:
        yield premise
        if isinstance(premise, s.Aggregate):
            yield from _premises(premise.body)
