"""Coverage by condition: what the tests of the documents show of each premise of each rule, and of each criterion.

A premise is covered when one test shows its rule in a proof of what it expects, and
in another it is the only premise that keeps the rule from concluding (modified
condition / decision coverage, Chilenski and Miller 1994, with a rule as the decision).
A criterion is covered when expectations on it were *met*, *refuted* and *undocumented*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from authoring.observing import Key, Seen, observe
from authoring.running import decided, is_met
from authoring.trials import Trial, trials, under
from explain.verdicts import Verdict
from kb.engines.model import EvaluationError
from kb.language import syntax as s
from kb.language.closed import written
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document
from kb.language.printer import local_text
from kb.language.program import Criterion, ProgramRule
from kb.language.variables import bound_variables
from kb.library import Library
from kb.parallel import shared_out

ALWAYS = re.compile(r"%\s*always:\s*(\S.*)")
"""The comment behind a premise that no case can make the only one that fails: it says why."""

NEVER = re.compile(r"%\s*never (met|refuted|undocumented):\s*(\S.*)")
"""The comment behind a `#criterion` of which no case can have that verdict: it says why."""

WANTED = (Verdict.MET, Verdict.REFUTED, Verdict.UNDOCUMENTED)


class State(str, Enum):
    """How far a premise is covered."""

    COVERED = "covered"
    HALF = "half"
    UNREACHED = "not reached"
    EXCUSED = "always true"
    """It cannot fail alone, as a comment behind it says."""


@dataclass(frozen=True, slots=True)
class PremiseCover:
    """A premise, where it stands, and by which tests it was seen true, and failing alone (empty: by none)."""

    rule: str
    file: str
    line: int
    text: str
    state: State
    true_in: str
    alone_in: str
    reason: str = ""
    contradicted_by: str = ""
    """The test that shows it failing alone, although a comment says that it cannot."""

    @property
    def lacks(self) -> tuple[str, ...]:
        """What no test shows of it, in words."""
        is_alone_wanted = not self.alone_in and self.state is not State.EXCUSED
        return (
            *(() if self.true_in else ("never seen true in a proof",)),
            *(("never the only one that fails",) if is_alone_wanted else ()),
        )


@dataclass(frozen=True, slots=True)
class CriterionCover:
    """A criterion, and by which test each verdict on it was seen."""

    criterion: Criterion
    seen: Mapping[Verdict, str]
    never: Mapping[Verdict, str]
    """Verdicts that it cannot have, as a comment behind it says."""

    @property
    def wanted(self) -> tuple[Verdict, ...]:
        """The verdicts that it can have."""
        return tuple(each for each in WANTED if each not in self.never)

    @property
    def missing(self) -> tuple[Verdict, ...]:
        """Those that no test expects of it."""
        return tuple(each for each in self.wanted if each not in self.seen)

    @property
    def lack(self) -> str:
        """What no test shows of it, in words."""
        return f"no test expects it {', '.join(each.value for each in self.missing)}" if self.missing else ""

    @property
    def state(self) -> State:
        """How far tests show it."""
        return State.UNREACHED if not self.seen else State.HALF if self.missing else State.COVERED

    @property
    def mistaken(self) -> tuple[Verdict, ...]:
        """Those that a comment says it cannot have, and a test expects of it."""
        return tuple(each for each in self.never if each in self.seen)


@dataclass(frozen=True)
class Coverage:
    """What all tests together cover."""

    premises: tuple[PremiseCover, ...]
    criteria: tuple[CriterionCover, ...]
    failed: tuple[str, ...]
    """Tests that fail, or that cannot be run: they show nothing."""
    documents: tuple[Document, ...] = field(default=(), repr=False)
    """What they cover."""

    @property
    def mistaken(self) -> tuple[str, ...]:
        """Comments that a test shows to be wrong, each in words."""
        premises = (
            f"{each.file}, line {each.line}: `{each.text}` is said to hold always, and fails alone in {each.contradicted_by}"
            for each in self.premises
            if each.contradicted_by
        )
        criteria = (
            f"{each.criterion.origin.file}, line {each.criterion.origin.line}: {each.criterion.label} is said never to be "
            f"{verdict.value}, and is in {each.seen[verdict]}"
            for each in self.criteria
            for verdict in each.mistaken
        )
        return (*premises, *criteria)

    @property
    def percent(self) -> float:
        """How many of what is to be seen was seen, in percent: of a premise two things, of a criterion three."""
        wanted = 2 * sum(each.state is not State.EXCUSED for each in self.premises)
        wanted += sum(len(each.wanted) for each in self.criteria)
        seen = sum(bool(each.true_in) + bool(each.alone_in) for each in self.premises if each.state is not State.EXCUSED)
        seen += sum(len(each.wanted) - len(each.missing) for each in self.criteria)
        return 100 * seen / wanted if wanted else 100.0


def _seen_in(base: Library, tests: list[Trial]) -> tuple[Seen, list[str]]:
    seen, failed = Seen(), list[str]()
    for trial in tests:
        try:
            one = decided(base, trial)
            if all(is_met(one.models, each)[0] for each in one.expected):
                observe(one, seen)
                continue
        except (DocumentErrors, EvaluationError):
            pass
        failed.append(trial.id)
    return seen, failed


def coverage(base: Library, of: Iterable[Document], processes: int = 0) -> Coverage:
    """How far the tests of some documents cover their rules and criteria; `processes` as in `run_all`."""
    of = list(of)
    tests = [trial for document in of for trial in trials(document)]
    seen, failed = seen_by(base, tests, processes)
    return _covered(base, seen, failed, tests, of)


def seen_by(base: Library, tests: list[Trial], processes: int = 0) -> tuple[Seen, list[str]]:
    """What all tests together show, and the ids of those that fail or cannot be run."""
    seen, failed = Seen(), list[str]()
    for other, wrong in shared_out(_seen_in, base, tests, processes):
        seen.add(other)
        failed += wrong
    return seen, failed


def _covered(base: Library, seen: Seen, failed: Iterable[str], tests: list[Trial], of: list[Document]) -> Coverage:
    """What was seen, told of every premise and criterion of the documents."""
    lines = {document.id: document.lines for document in of}
    premises: dict[Key, PremiseCover] = {}
    criteria: dict[tuple[str, str], CriterionCover] = {}
    for payer, on in under(tests, of):
        program = base.compiled(payer, on).program
        for rule in written(program.rules):
            if rule.origin.document in lines and not rule.is_constraint:
                for position, premise in enumerate(rule.rule.body):
                    key = rule.id, position
                    premises.setdefault(key, _premise_cover(rule, premise, key, seen, lines[rule.origin.document]))
        for criterion in program.criteria:
            if criterion.origin.document in lines:
                name = criterion.origin.document, criterion.atom.relation
                verdicts = {each: seen.verdicts.get((*name, each), "") for each in WANTED}
                shown = {each: test for each, test in verdicts.items() if test}
                said = NEVER.search(lines[criterion.origin.document][criterion.origin.line - 1])
                never = {Verdict(said[1]): said[2]} if said else {}
                criteria.setdefault((criterion.origin.document, criterion.id), CriterionCover(criterion, shown, never))
    return Coverage(tuple(premises.values()), tuple(criteria.values()), tuple(failed), tuple(of))


def stands_alone(rule: ProgramRule, line: int) -> bool:
    """Whether one premise only stands on a line, so that a comment behind it speaks of that one."""
    head = rule.rule.head
    is_head_elsewhere = head is None or head.place.line != line or len(rule.rule.body) == 1
    return is_head_elsewhere and sum(s.place_of(premise).line == line for premise in rule.rule.body) == 1


def _premise_cover(rule: ProgramRule, premise: s.Premise, key: Key, seen: Seen, lines: tuple[str, ...]) -> PremiseCover:
    line = s.place_of(premise).line
    excuse = ALWAYS.search(lines[line - 1]) if stands_alone(rule, line) else None
    true, alone = seen.true.get(key, ""), seen.alone.get(key, "")
    state = State.COVERED if true and alone else State.HALF if true or alone else State.UNREACHED
    if true and (excuse or not _can_fail(rule.rule.body, key[1])):
        state = State.EXCUSED if not alone else State.COVERED
    reason = excuse[1] if excuse else ""
    contradicted_by = seen.surely.get(key, "") if reason else ""
    return PremiseCover(rule.id, rule.origin.file, line, local_text(premise), state, true, alone, reason, contradicted_by)


def _can_fail(body: tuple[s.Premise, ...], position: int) -> bool:
    """Whether a premise tests something: one that only gives a variable its value does not fail."""
    premise, rest = body[position], (*body[:position], *body[position + 1 :])
    if isinstance(premise, s.Literal):
        return True
    names = {variable.name for variable in s.premise_variables(premise)}
    if isinstance(premise, s.Aggregate):
        bound = {variable.name for variable in s.term_variables(premise.bound)}
        is_value = premise.op == "=" and isinstance(premise.bound, s.Variable)
        return not is_value or bound <= bound_variables(rest) or premise.function in ("min", "max")
    return names <= bound_variables(rest)
