"""Cases decided one by one, as `medproof decide` does: those of a cohort whose record contradicts itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import duckdb

from cohort.loading import BOOK
from cohort.program import CohortProgram, policies_of
from cohort.verdicts import CLASHING
from explain.outcomes import outcome_of, wanted_for
from explain.questions import questions
from explain.verdicts import Verdict, contradictions_beneath, verdict
from kb.contradictions import Contradiction
from kb.engines import engine
from kb.engines.model import ground_row
from kb.engines.sql.schema import Table
from kb.language.program import Fact, Origin
from kb.language.values import Row, Value, value_text
from kb.models import models

_NOWHERE = Origin("cohort", "cohort", "", "", "", "", 0)


@dataclass(frozen=True)
class Alone:
    """The rows of one case for the tables of decisions and criteria."""

    decisions: tuple[tuple[object, ...], ...]
    criteria: tuple[tuple[object, ...], ...]


def decided_alone(connection: duckdb.DuckDBPyConnection, of: CohortProgram, stated: Mapping[str, Table]) -> Iterator[Alone]:
    """The verdicts of the clashing cases at hand."""
    rows = connection.execute(f"SELECT id, name FROM {BOOK} SEMI JOIN {CLASHING} USING (id)").fetchall()
    names = {int(number): str(name) for number, name in rows}
    facts: dict[int, list[Fact]] = {number: [] for number in names}
    for relation, table in stated.items() if names else ():
        position = of.program.predicate(relation).case_position or 0
        chosen = f"SELECT t.* FROM {table.name} t SEMI JOIN {CLASHING} x ON t.c{position} = x.id"
        for values in connection.execute(chosen).fetchall():
            row = table.read(values)
            number = int(values[position])
            facts[number].append(Fact(relation, (*row[:position], names[number], *row[position + 1 :]), _NOWHERE))
    for number, name in names.items():
        yield decide_case(of, name, facts[number])


def decide_case(of: CohortProgram, case: str, facts: Iterable[Fact]) -> Alone:
    """The verdicts of one case, by pyDatalog."""
    program = of.program
    asked = [goal.atom.relation for goal in program.goals] + [each.atom.relation for each in program.criteria]
    found = models(of.compiled, facts, case, engine(), wanted_for(program, asked))
    found.prepare(asked)
    decisions, criteria = list[tuple[object, ...]](), list[tuple[object, ...]]()
    for question in questions(found):
        reached = outcome_of(found, question)
        relation, item = question.relation, item_text(question.row, program.predicate(question.relation).case_position)
        certain = reached.verdict is Verdict.MET and found.is_certain(relation, question.row)
        clashes = contradictions_beneath(found, relation, question.row) if reached.verdict is Verdict.CONFLICTING else ()
        told = [told_contradiction(each) for each in clashes]
        decisions.append(
            (case, relation, item, reached.verdict.value, certain, told, program.payer, policies_of(program, relation))
        )
        for criterion in dict.fromkeys(each for rule in reached.rules for each in of.criteria_of(rule)):
            row = ground_row(criterion.atom.terms, question.binding)
            criteria.append((case, relation, item, criterion.id, verdict(found, criterion.atom.relation, row).value))
    return Alone(tuple(decisions), tuple(criteria))


def item_text(row: Row, case: int | None) -> str:
    """The arguments of a goal without the case."""
    return ", ".join(_text(value) for i, value in enumerate(row) if i != case)


def _text(value: Value) -> str:
    return value_text(value) if isinstance(value, (str, Decimal)) or hasattr(value, "isoformat") else str(value.value)


def told_contradiction(of: Contradiction) -> str:
    """A contradiction as the atoms that cannot all be right."""
    atoms = (f"{relation}({', '.join(map(_text, row))})" for relation, row in of.atoms)
    return f"{of.kind}: {'; '.join(atoms)}"
