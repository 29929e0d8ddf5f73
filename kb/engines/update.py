"""A model brought up to date: of a few changed facts, only the relations that depend on them are evaluated again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kb.engines import Engine
from kb.engines.model import Model
from kb.language.program import Program
from kb.language.strata import dependents
from kb.language.values import Row


def updated(
    former: Model,
    program: Program,
    stated: Mapping[str, Iterable[Row]],
    changed: Iterable[str],
    wanted: frozenset[str],
    engine: Engine,
    seconds: float | None = None,
) -> Model:
    """The perfect model over what is stated now, as far as the wanted relations.

    `former` is that of other facts and rules, which differ in the `changed` relations
    only, and holds at least what is wanted. Raises EvaluationError.
    """
    touched = dependents(program, changed) & wanted
    given = {name: stated.get(name, ()) if name in touched else former.rows(name) for name in wanted}
    run = engine(program.part(touched), given, touched, seconds)
    kept = {name: rows for name, rows in former.relations.items() if name not in touched}
    rules = program.rule_by_id
    same = {name for name, rule in rules.items() if rule.head.relation not in touched}
    instances = {name: rows for name, rows in former.rows_of_rules.items() if name in same}
    return Model({**kept, **run.relations}, rules, {**instances, **run.rows_of_rules})
