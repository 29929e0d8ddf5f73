"""Contradictions in what a case's record says and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kb.engines.model import Model, fits, ground_row
from kb.language import syntax as s
from kb.language.program import Predicate, Program
from kb.language.values import UNKNOWN, Row, Value

AtomKey = tuple[str, Row]
"""A ground atom: its relation and its row."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Atoms that cannot all be right: `denial`, `key` (two values for one), or a violated `constraint`."""

    kind: str
    atoms: tuple[AtomKey, ...]
    rule: str = ""


def contradictions(program: Program, model: Model) -> tuple[Contradiction, ...]:
    """Every contradiction in a perfect model."""
    found = [*_denials(program, model)]
    for predicate in program.keyed:
        for key in predicate.keys:
            found += _key_violations(predicate, key, model)
    found += _violations(program, model)
    return tuple(found)


def _denials(program: Program, model: Model) -> Iterator[Contradiction]:
    denied = {relation[1:] for relation, rows in model.relations.items() if rows and relation.startswith("-")}
    for name in [name for name in program.predicates if name in denied] if denied else ():
        for denial in sorted(model.rows(f"-{name}"), key=str):
            for row in sorted(model.rows(name), key=str):
                if fits(row, denial):
                    yield Contradiction("denial", ((name, row), (f"-{name}", denial)))


def _key_violations(predicate: Predicate, key: tuple[int, ...], model: Model) -> Iterator[Contradiction]:
    groups: dict[Row, list[Row]] = {}
    for row in sorted(model.rows(predicate.name), key=str):
        values = tuple(row[i] for i in key)
        if UNKNOWN not in values:
            groups.setdefault(values, []).append(row)
    for rows in groups.values():
        rows.sort(key=str)
        for index, row in enumerate(rows):
            for other in rows[index + 1 :]:
                # A value that is not stated contradicts none that is.
                if not fits(row, other, lenient=True):
                    yield Contradiction("key", ((predicate.name, row), (predicate.name, other)))


def _violations(program: Program, model: Model) -> Iterator[Contradiction]:
    for rule in program.constraints:
        for instance in model.instances(rule.id):
            binding = instance.binding
            atoms = tuple(atom for premise in rule.rule.body for atom in _asserted(premise, binding, model))
            yield Contradiction("constraint", atoms, rule.id)


def _asserted(premise: s.Premise, binding: dict[str, Value], model: Model) -> Iterator[AtomKey]:
    """The atoms that a premise of a violated constraint rests on, those that an aggregate counts among them."""
    if isinstance(premise, s.Aggregate):
        for inner in premise.body:
            yield from _asserted(inner, binding, model)
    elif isinstance(premise, s.Literal) and not premise.negated:
        pattern = ground_row(premise.atom.terms, binding)
        for row in sorted(model.matching(premise.atom.relation, pattern), key=str):
            yield premise.atom.relation, row
