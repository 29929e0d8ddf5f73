"""The certificate of a proof: what the relations behind its absences and aggregates hold, row by row.

The checker verifies that each derived row follows, and that no rule leads to another:
see `explain.checker.certificate`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from explain.graph import ProofGraph, plain_row
from kb.engines.model import Model
from kb.language.bounds import RECORDED, beneath_record, bound_of, bounded, lower, plain
from kb.language.closed import relations_of
from kb.language.strata import needed
from kb.language.syntax import Aggregate
from kb.language.values import Row
from kb.models import Models


def certificate(models: Models, proof: ProofGraph) -> dict[str, Any]:
    """The derived rows of the three models, as far as the proof rests on what is not there.

    Of what is beneath something that counts by the record: what may be, and what surely is, by the record alone too.
    """
    program = models.program
    cone = sorted(needed(program, _rests_on(models, proof)))
    derived = [relation for relation in cone if relation in program.rules_for]
    models.prepare(derived)
    # What counts by the record alone is mostly the same in all models: then nothing is to be claimed of it twice.
    varying = [each for each in derived if each not in models.same or not program.predicate(each).counts_by_record]
    closed = [each for each in varying if program.predicate(each).counts_by_record]
    by_record = needed(program, closed) & beneath_record(program, models.same)
    recorded = [bounded(each, RECORDED) for each in derived if each in by_record]
    claims: dict[str, Any] = {
        "perfect": [step for relation in derived for step in _perfect(models, relation)],
        "possible": {relation: _rows(models.possible_rows(relation)) for relation in varying},
        "certain": [step for relation in varying for step in _certain(models, relation)],
    }
    if recorded:
        claims["recorded"] = {plain(each): _rows(models.possible_rows(each)) for each in recorded}
        claims["surely_recorded"] = [step for each in recorded for step in _certain(models, each)]
    return claims


def _rows(rows: Iterable[Row]) -> list[list[str | bool | None]]:
    return [plain_row(row) for row in sorted(rows, key=str)]


def _rests_on(models: Models, proof: ProofGraph) -> Iterator[str]:
    for node in proof.graph:
        data = proof.attributes(node)
        if data["kind"] == "absence" or (data["kind"] == "conclusion" and data.get("cut")):
            yield data["relation"]
        elif data["kind"] in ("rule", "attempt"):
            for premise in models.program.rule_by_id[data["rule"]].rule.body:
                if isinstance(premise, Aggregate) or data.get("cut"):
                    yield from relations_of(premise)


def _perfect(models: Models, relation: str) -> list[dict[str, Any]]:
    return _steps(models.perfect, relation, models.perfect.rows(relation))


def _certain(models: Models, asked: str) -> list[dict[str, Any]]:
    relation = plain(asked)
    if relation in models.same or relation in models.definite:
        return _perfect(models, relation)
    return _steps(models.bound(lower(asked)), lower(asked), models.certain_rows(asked))


def _steps(model: Model, relation: str, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Each way in which a row is derived, once for each rule."""
    found = []
    for row in sorted(rows, key=str):
        rules = dict.fromkeys(each.rule.id.removeprefix(bound_of(each.rule.id)) for each in model.derivations(relation, row))
        found += [{"rule": rule, "row": plain_row(row)} for rule in rules]
    return found
