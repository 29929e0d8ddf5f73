"""Cases decided one by one, as `medproof decide` does, in the form in which a cohort's output has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cohort.program import CohortProgram, policies_of
from cohort.verdicts import readings_text
from explain.outcomes import outcome_of, wanted_for
from explain.questions import item_text, questions
from explain.verdicts import Verdict, disputed_beneath, verdict
from kb.engines import engine
from kb.engines.model import ground_row
from kb.language.program import Fact
from kb.models import models


@dataclass(frozen=True)
class Alone:
    """The rows of one case for the tables of decisions and criteria."""

    decisions: tuple[tuple[object, ...], ...]
    criteria: tuple[tuple[object, ...], ...]


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
        certain = reached.is_certain(found, (relation, question.row))
        is_conflicting = reached.verdict is Verdict.CONFLICTING
        disputed = disputed_beneath(found, relation, question.row) if is_conflicting else frozenset()
        told = sorted(f"{name}({item_text(row, program.predicate(name).case_position)})" for name, row in disputed)
        is_disputed = reached.verdict is Verdict.DISPUTED
        pairs = sorted((readings_text(each.readings), each.verdict.value) for each in reached.readings)
        readings = [{"readings": name, "verdict": by_it} for name, by_it in pairs] if is_disputed else []
        decided = (case, relation, item, reached.verdict.value, certain, told, readings)
        decisions.append((*decided, program.payer, policies_of(program, relation)))
        for criterion in dict.fromkeys(each for rule in reached.rules for each in of.criteria_of(rule)):
            row = ground_row(criterion.atom.terms, question.binding)
            criteria.append((case, relation, item, criterion.id, verdict(found, criterion.atom.relation, row).value))
    return Alone(tuple(decisions), tuple(criteria))
