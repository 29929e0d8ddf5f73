"""Verdicts: what the three models together say of an atom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from kb.contradictions import AtomKey, Contradiction
from kb.engines.model import Instance, fits, ground_row
from kb.language import syntax as s
from kb.language.bounds import asked_of, plain
from kb.language.values import Row
from kb.models import Models


class Verdict(str, Enum):
    """What a question's answer can be."""

    MET = "met"
    REFUTED = "refuted"
    UNDOCUMENTED = "undocumented"
    CONFLICTING = "conflicting"
    DISPUTED = "disputed"
    """The readings of a policy differ, and the answer with them."""
    UNADDRESSED = "unaddressed"
    """No rule in force speaks to the request."""


def verdict(models: Models, relation: str, pattern: Row) -> Verdict:
    """The verdict on an atom of the pattern, by the definitions of the three models.

    A contradiction among what the atom depends on comes before any other verdict.
    """
    if contradictions_beneath(models, relation, pattern):
        return Verdict.CONFLICTING
    if models.holds(relation, pattern):
        return Verdict.MET
    return Verdict.UNDOCUMENTED if models.is_possible(relation, pattern) else Verdict.REFUTED


def contradictions_beneath(models: Models, relation: str, pattern: Row) -> tuple[Contradiction, ...]:
    """The contradictions that the atom depends on: those with an atom that some possible way to it, or against it, uses."""
    if not models.contradictions:
        return ()
    reached = set(_reached(models, relation, pattern))
    return tuple(each for each in models.contradictions if not reached.isdisjoint(each.atoms))


def conflicts(models: Models, relation: str, pattern: Row) -> bool:
    """Whether `contradictions_beneath` finds any for an atom that holds; what holds is looked at first: it costs least."""
    if not models.contradictions:
        return False
    shown = _walked(models, relation, pattern, _shown_beneath)
    return not models.disputed.isdisjoint(shown) or bool(contradictions_beneath(models, relation, pattern))


def disputed_beneath(models: Models, relation: str, pattern: Row) -> frozenset[AtomKey]:
    """The atoms that the atom depends on and that contradict others."""
    return models.disputed.intersection(_reached(models, relation, pattern))


def _reached(models: Models, relation: str, pattern: Row) -> Iterator[AtomKey]:
    return _walked(models, relation, pattern, _beneath)


Beneath = tuple[list[AtomKey], list[AtomKey]]
"""The atoms of a pattern, and what the ways to them ask for."""


def _walked(
    models: Models, relation: str, pattern: Row, beneath: Callable[[Models, str, Row], Beneath]
) -> Iterator[AtomKey]:
    """Every atom that is reached from those of a pattern, by what lies beneath each."""
    seen: set[AtomKey] = set()
    pending: list[AtomKey] = [(relation, pattern)]
    while pending:
        key = pending.pop()
        if key not in seen:
            seen.add(key)
            atoms, more = models.remembered((beneath, key), lambda: beneath(models, *key))  # noqa: B023
            yield from atoms
            pending += more


def _beneath(models: Models, name: str, wanted: Row) -> Beneath:
    """By what may hold (`recorded:p`: by the record alone)."""
    rows = [row for row in models.possible_rows(name) if fits(row, wanted, lenient=True)]
    instances = (instance for row in rows for instance in models.possible_derivations(name, row))
    return [(plain(name), row) for row in rows], list(dict.fromkeys(key for each in instances for key in _premises(each)))


def _shown_beneath(models: Models, name: str, wanted: Row) -> Beneath:
    """By what holds."""
    rows = [row for row in models.perfect.rows(name) if fits(row, wanted)]
    instances = (instance for row in rows for instance in models.perfect.derivations(name, row))
    return [(name, row) for row in rows], list(dict.fromkeys(key for each in instances for key in _premises(each)))


def _premises(instance: Instance) -> Iterator[AtomKey]:
    """What an instance asks for, or asks not to hold, as patterns."""
    binding = instance.binding
    pending: list[s.Premise] = list(instance.rule.rule.body)
    while pending:
        premise = pending.pop()
        if isinstance(premise, s.Aggregate):
            pending += premise.body
        elif isinstance(premise, s.Literal):
            relation = asked_of(premise.atom.relation)
            row = ground_row(premise.atom.terms, binding)
            yield relation, row
            # A denial of the same atom speaks against it, and the atom against its denial.
            yield s.opposite(relation), row
