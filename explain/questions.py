"""The questions that a case asks: one goal for each instance of its trigger."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from explain.verdicts import Verdict
from explain.wording import spaced, value_words, words
from kb.engines.model import ground_row, unified
from kb.language.program import SCOPE, Goal, Program, ProgramRule
from kb.language.strata import needed
from kb.language.syntax import Variable
from kb.language.values import UNKNOWN, Mark, Row, Value, value_text
from kb.models import Models


@dataclass(frozen=True)
class Question:
    """A goal with its arguments, and the values of the variables of its declaration."""

    goal: Goal
    row: Row
    binding: dict[str, Value]
    program: Program = field(compare=False, repr=False)

    @property
    def relation(self) -> str:
        """The relation that is asked for."""
        return self.goal.atom.relation

    @property
    def text(self) -> str:
        """What is asked, as the goal words it; if it does not, what would hold."""
        return self._worded("question") or f"{words(self.program, self.relation, self.row)}?"

    @property
    def left_open(self) -> list[str]:
        """The names of the values that the request does not give."""
        return [spaced(name) for name, value in self.binding.items() if value is UNKNOWN]

    @property
    def ask_first(self) -> str:
        """What to ask before anything else, as a sentence; nothing, if the request gives every value."""
        which = " and which ".join(self.left_open)
        return (
            f"The request does not say which {which} is meant: ask for that first, the rest depends on it. " if which else ""
        )

    def reads(self, verdict: Verdict) -> str:
        """How a verdict on it reads, as the goal words it; if it does not, by its name."""
        return self._worded(verdict.value) or verdict.value

    def _worded(self, label: str) -> str:
        """The goal's text of that label, with its variables filled in; nothing, if it has none."""
        template = self.goal.wordings.get(label, "")
        values = {
            name: f"({spaced(name)} not stated)" if value is UNKNOWN else value_words(value)
            for name, value in self.binding.items()
        }
        return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), template)


def item_text(row: Row, case: int | None) -> str:
    """The arguments of an atom without the case, as text: what a question is about, `?` where it is not stated."""
    return ", ".join(
        value_text(value) if not isinstance(value, Mark) else value.value for i, value in enumerate(row) if i != case
    )


def request_relations(program: Program) -> frozenset[str]:
    """The facts of which a request consists: for whom and when it is made, and what of it the questions ask about."""
    asked = needed(program, [goal.trigger.relation for goal in program.goals])
    told_whole = {name for name, predicate in program.predicates.items() if predicate.is_fact and predicate.closed}
    return frozenset({*_ABOUT_A_REQUEST, *(asked & told_whole)})


_ABOUT_A_REQUEST = ("payer", "request_date")


def requested_on(models: Models) -> date | None:
    """The day of the request, as the chart states it, whether or not the models need it; None if it does not."""
    return next((row[1] for row in models.stated.get("request_date", ()) if isinstance(row[1], date)), None)


def questions(models: Models) -> tuple[Question, ...]:
    """Every question of the case, goal by goal; those that a reference document declares come first.

    They come in the order of the chart's requests. Of several that give one question, the
    first in the order of their values says what the question's other variables stand for.
    """
    found: dict[tuple[str, Row], Question] = {}
    kinds = {meta.full_id: meta.kind for meta in models.program.documents}
    for goal in sorted(models.program.goals, key=lambda goal: kinds.get(goal.origin.document) != "reference"):
        rows = models.perfect.rows(goal.trigger.relation)
        order = list(models.stated.get(goal.trigger.relation, {}))
        asked: dict[Row, list[Row]] = {}
        for row in sorted(rows, key=lambda row: (order.index(row) if row in order else len(order), str(row))):
            binding = _binding(goal, row)
            if binding is not None:
                asked.setdefault(ground_row(goal.atom.terms, binding), []).append(row)
        for of, requests in asked.items():
            first = min(requests, key=lambda row: _in_order(models.program, goal, row)) if len(requests) > 1 else requests[0]
            binding = _binding(goal, first)
            assert binding is not None
            found.setdefault((goal.atom.relation, of), Question(goal, of, binding, models.program))
    return tuple(found.values())


def not_surely_asked(models: Models, asked: Iterable[Question]) -> tuple[Question, ...]:
    """The questions that the request may ask, by a value that it leaves open, beside those that it surely asks."""
    sure = {(question.relation, question.row) for question in asked}
    found: dict[tuple[str, Row], Question] = {}
    told_whole = models.compiled.same({}, contradicted=False)
    for goal in (each for each in models.program.goals if each.trigger.relation in told_whole):
        for row in sorted(models.possible_rows(goal.trigger.relation), key=str):
            binding = _binding(goal, row)
            of = ground_row(goal.atom.terms, binding) if binding is not None else ()
            if binding is not None and (goal.atom.relation, of) not in sure:
                found.setdefault((goal.atom.relation, of), Question(goal, of, binding, models.program))
    return tuple(found.values())


def _binding(goal: Goal, row: Row) -> dict[str, Value] | None:
    """The values of the named variables of a goal's declaration, if a row is a request for it."""
    found = unified(goal.trigger.terms, row)
    return None if found is None else {name: value for name, value in found.items() if not name.startswith("_")}


def _in_order(program: Program, goal: Goal, row: Row) -> list[tuple[bool, object]]:
    """What puts requests in order: texts by their letters, values of domains as declared, what is not stated last."""
    found: list[tuple[bool, object]] = []
    arguments = program.predicate(goal.trigger.relation).arguments
    for term, argument, value in zip(goal.trigger.terms, arguments, row, strict=True):
        if not isinstance(term, Variable) or term.is_anonymous:
            continue
        domain = program.domains.get(argument.type)
        rank = domain.rank.get(str(value), value) if domain is not None else value
        found.append((value is UNKNOWN, 0 if value is UNKNOWN else rank))
    return found


def speaking_rules(models: Models, question: Question) -> tuple[ProgramRule, ...]:
    """The rules of the goal that speak to this request: those whose premises about the request hold.

    Where the request itself is not stated whole and none does, any may turn out to.
    """
    rules = models.program.rules_for.get(question.relation, ())
    scoped = models.program.rule_by_id
    speaking = tuple(r for r in rules if SCOPE + r.id not in scoped or models.holds(SCOPE + r.id, question.row))
    return rules if not speaking and UNKNOWN in question.binding.values() else speaking
