"""The outcome of a goal: the verdict of the models, and for a question of the case what readings and scope make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import product

from explain.questions import Question, questions, speaking_rules
from explain.verdicts import Verdict, conflicts, verdict
from kb.contradictions import AtomKey
from kb.language.closed import relations_of
from kb.language.program import Program, ProgramRule, Reading
from kb.language.strata import needed
from kb.models import Models


@dataclass(frozen=True, slots=True)
class ReadingVerdict:
    """The verdict when, of the readings that differ, only these count, and the models that say so."""

    readings: tuple[Reading, ...]
    verdict: Verdict
    models: Models = field(compare=False, repr=False)


@dataclass(frozen=True)
class Outcome:
    """The verdict on a goal, and of a question the rules that speak to it and the verdict under each choice of readings."""

    verdict: Verdict
    question: Question | None = None
    rules: tuple[ProgramRule, ...] = ()
    readings: tuple[ReadingVerdict, ...] = ()

    @property
    def reads(self) -> str:
        """The verdict as the goal words it."""
        return self.worded(self.verdict)

    @property
    def by_reading(self) -> list[str]:
        """How the answer reads by each choice of readings, with their places; nothing, where it is the same by all."""
        if len({each.verdict for each in self.readings}) < 2:
            return []
        names = ("; ".join(f"{one.name} [{one.evidence}, {one.locator}]" for one in each.readings) for each in self.readings)
        return [f"{name}: {self.worded(each.verdict)}" for name, each in zip(names, self.readings, strict=True)]

    def sides(self, found: Models) -> tuple[Models, ...]:
        """The models by which it is so: those of each choice of readings, or the only ones."""
        return tuple(each.models for each in self.readings) or (found,)

    def is_certain(self, found: Models, goal: AtomKey) -> bool:
        """Whether it is met however the record's silences turn out: under each choice of readings."""
        return self.verdict is Verdict.MET and all(models.is_certain(*goal) for models in self.sides(found))

    def worded(self, verdict: Verdict) -> str:
        """A verdict as the goal words it."""
        return verdict.value if self.question is None else self.question.reads(verdict)


def wanted_for(program: Program, goals: list[str]) -> list[str]:
    """What has to be evaluated for the outcome of goals: they, what the case asks, and what speaks to it."""
    triggers = [goal.trigger.relation for goal in program.goals]
    return [*goals, *triggers, *program.scopes]


def outcome(found: Models, goal: AtomKey) -> Outcome:
    """The outcome of a goal; the models hold at least what `wanted_for` names."""
    asked = next((each for each in questions(found) if (each.relation, each.row) == goal), None)
    return outcome_of(found, asked) if asked is not None else Outcome(verdict(found, *goal))


def outcome_of(found: Models, question: Question) -> Outcome:
    """The outcome of a question of the case."""
    rules = speaking_rules(found, question)
    readings = tuple(_readings(found, question, rules))
    decided = verdict(found, question.relation, question.row) if rules else Verdict.UNADDRESSED
    if decided is not Verdict.CONFLICTING and readings:
        # Readings are alternatives: what only several of them together would show, none of them says.
        verdicts = {each.verdict for each in readings}
        decided = Verdict.DISPUTED if len(verdicts) > 1 else verdicts.pop()
    return Outcome(decided, question, rules, readings)


def is_met(found: Models, goal: AtomKey) -> bool:
    """Whether the outcome of a goal is *met*: the same question, answered without the bounds, which cost most."""
    if not found.holds(*goal) or conflicts(found, *goal):
        return False
    asked = next((each for each in questions(found) if (each.relation, each.row) == goal), None)
    if asked is None:
        return True
    rules = speaking_rules(found, asked)
    return bool(rules) and all(again.holds(*goal) for _, again in _under_readings(found, asked, rules))


def _readings(found: Models, question: Question, rules: tuple[ProgramRule, ...]) -> Iterator[ReadingVerdict]:
    """The verdict under each choice of readings."""
    for choice, again in _under_readings(found, question, rules):
        yield ReadingVerdict(choice, verdict(again, question.relation, question.row), again)


def _under_readings(
    found: Models, question: Question, rules: tuple[ProgramRule, ...]
) -> Iterator[tuple[tuple[Reading, ...], Models]]:
    """The models under each choice of one reading per item that the rules depend on."""
    asked = [name for rule in rules for premise in rule.rule.body for name in relations_of(premise)]
    return under_readings(found, asked, wanted_for(found.program, [question.relation]))


def choices(program: Program, asked: Iterable[str]) -> Iterator[tuple[Reading, ...]]:
    """Each choice of one reading per item that some relations depend on; nothing, where each has but one."""
    used = needed(program, asked) if program.readings else frozenset[str]()
    groups: dict[str, list[Reading]] = {}
    for reading in program.readings:
        if reading.relation in used:
            groups.setdefault(reading.relation, []).append(reading)
    if any(len(group) > 1 for group in groups.values()):
        yield from product(*groups.values())


def under_readings(
    found: Models, asked: Iterable[str], wanted: Iterable[str]
) -> Iterator[tuple[tuple[Reading, ...], Models]]:
    """The models, as far as they are wanted, under each choice of one reading per item that some relations depend on.

    Nothing, where there is no choice.
    """
    wanted = list(wanted)
    for choice in choices(found.program, asked):
        chosen = {reading.relation: reading.name for reading in choice}
        yield choice, found.by(chosen, wanted)
