"""The questions that a case asks: one goal for each instance of its trigger."""

from __future__ import annotations

import re
from dataclasses import dataclass

from explain.wording import spaced
from kb.engines.model import ground_row, unified
from kb.language.program import SCOPE, Goal, ProgramRule
from kb.language.values import UNKNOWN, Mark, Row, Value, value_text
from kb.models import Models


@dataclass(frozen=True)
class Question:
    """A goal with its arguments, and the values of the variables of its declaration."""

    goal: Goal
    row: Row
    binding: dict[str, Value]

    @property
    def relation(self) -> str:
        """The relation that is asked for."""
        return self.goal.atom.relation

    def worded(self, label: str, default: str = "") -> str:
        """The goal's text of that label, with its variables filled in."""
        template = self.goal.wordings.get(label, default)
        values = {
            name: f"({spaced(name)} not stated)" if value is UNKNOWN else value_text(value)
            for name, value in self.binding.items()
        }
        return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), template)


def item_text(row: Row, case: int | None) -> str:
    """The arguments of an atom without the case, as text: what a question is about, `?` where it is not stated."""
    return ", ".join(
        value_text(value) if not isinstance(value, Mark) else value.value for i, value in enumerate(row) if i != case
    )


def questions(models: Models) -> tuple[Question, ...]:
    """Every question of the case, goal by goal; those that a reference document declares come first."""
    found: dict[tuple[str, Row], Question] = {}
    kinds = {meta.full_id: meta.kind for meta in models.program.documents}
    for goal in sorted(models.program.goals, key=lambda goal: kinds.get(goal.origin.document) != "reference"):
        rows = models.perfect.rows(goal.trigger.relation)
        order = list(models.stated.get(goal.trigger.relation, {}))
        for row in sorted(rows, key=lambda row: (order.index(row) if row in order else len(order), str(row))):
            binding = unified(goal.trigger.terms, row)
            if binding is None:
                continue
            binding = {name: value for name, value in binding.items() if not name.startswith("_")}
            asked = ground_row(goal.atom.terms, binding)
            found.setdefault((goal.atom.relation, asked), Question(goal, asked, binding))
    return tuple(found.values())


def speaking_rules(models: Models, question: Question) -> tuple[ProgramRule, ...]:
    """The rules of the goal that speak to this request: those whose premises about the request hold.

    Where the request itself is not stated whole and none does, any may turn out to.
    """
    rules = models.program.rules_for.get(question.relation, ())
    scoped = models.program.rule_by_id
    speaking = tuple(r for r in rules if SCOPE + r.id not in scoped or models.holds(SCOPE + r.id, question.row))
    return rules if not speaking and UNKNOWN in question.binding.values() else speaking
