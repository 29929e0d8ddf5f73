"""Goals to explain, as a reviewer types them: an atom, a predicate's name, or a criterion's label."""

from __future__ import annotations

import re

from explain.questions import questions
from kb.contradictions import AtomKey
from kb.engines.model import fits, ground_row
from kb.goals import BadGoal, resolve_goal
from kb.language.diagnostics import Diagnostic, nearest
from kb.language.program import Criterion, Program
from kb.language.syntax import Literal
from kb.language.values import ANY
from kb.models import Models


def goal_pattern(program: Program, case: str, text: str) -> AtomKey:
    """The atom that a text asks about, `_` where it leaves something open.

    `medically_necessary(Case, Item)`, `medically_necessary`, `A4`, `A4 of aetna-cpb-0743` and
    `cpb0743.urgent.U4` are goals; the case may be left open. Raises BadGoal.
    """
    relation, row = _named(program, text.strip()) or _written(program, text)
    position = program.predicate(relation).case_position
    if position is None:
        return relation, row
    if row[position] not in (ANY, case):
        raise BadGoal([_problem(text, f"this asks about the case `{row[position]}`, and the case here is `{case}`")])
    return relation, (*row[:position], case, *row[position + 1 :])


def _named(program: Program, text: str) -> AtomKey | None:
    """The criterion or the predicate of that name; raises BadGoal where several criteria have it."""
    label, _, document = map(str.strip, text.partition(" of "))
    criteria = [each for each in program.criteria if label in (each.id, each.label) and _is_of(each, document)]
    patterns = {(each.atom.relation, ground_row(each.atom.terms, {})) for each in criteria}
    if len(patterns) > 1:
        ids = ", ".join(f"`{each.id}` ({each.origin.document})" for each in criteria)
        raise BadGoal([_problem(text, f"several criteria are called `{text}`", f"name one of them: {ids}")])
    if patterns:
        return patterns.pop()
    found = program.by_local_name.get(text) if re.fullmatch(r"[a-z]\w*", text) else None
    return None if found is None else (found.name, (ANY,) * len(found.arguments))


def _is_of(criterion: Criterion, document: str) -> bool:
    """Whether a document, of that id or of any if none is named, states the criterion."""
    return document in ("", criterion.origin.document, criterion.origin.document.partition("@")[0])


def _written(program: Program, text: str) -> AtomKey:
    if re.fullmatch(r"([A-Za-z]*[0-9][\w.-]*|[A-Z][\w.-]*)( of .*)?", text.strip()):
        label = text.partition(" of ")[0].strip()
        labels = list(dict.fromkeys(each.label for each in program.criteria))
        here = [f"`{label} of {each.origin.document}`" for each in program.criteria if each.label == label]
        hint = f"there is {', '.join(here)}" if here else nearest(label, labels) or f"the criteria are: {', '.join(labels)}"
        raise BadGoal([_problem(text, f"no criterion in force is called `{text.strip()}`", hint)])
    premises = resolve_goal(program, text)
    if len(premises) != 1 or not isinstance(premises[0], Literal) or premises[0].negated:
        labels = sorted({each.label for each in program.criteria})
        hint = (
            nearest(text, labels) or "name one atom, such as `medically_necessary(Case, Item)`, or a criterion, such as `A4`"
        )
        raise BadGoal([_problem(text, "one atom is explained at a time", hint)])
    atom = premises[0].atom
    return atom.relation, ground_row(atom.terms, {})


def _problem(text: str, message: str, hint: str = "") -> Diagnostic:
    return Diagnostic("goal", 1, 1, len(text), "goal", message, hint, "", text)


def for_each_question(models: Models, goal: AtomKey) -> list[AtomKey]:
    """The goal for each question that gives its open arguments a value: a criterion for each requested item."""
    relation, pattern = goal
    asked = questions(models)
    found = {(each.relation, each.row): None for each in asked if each.relation == relation and fits(each.row, pattern)}
    for criterion in models.program.criteria:
        if criterion.atom.relation == relation:
            for question in asked:
                row = ground_row(criterion.atom.terms, question.binding)
                if fits(row, pattern) and ANY not in row:
                    found[relation, row] = None
    return list(found) or [goal]
