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
from itertools import islice

from authoring.running import Run, decided, is_met, verdict_of
from authoring.trials import Expected, Trial, trials, under
from explain.proofs import atoms_of, positive_premises
from explain.solutions import Binding, counted, extensions, solutions
from explain.verdicts import Verdict
from kb.contradictions import AtomKey
from kb.engines.model import EvaluationError, ground_row, unified
from kb.language import syntax as s
from kb.language.closed import written
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document
from kb.language.printer import local_text
from kb.language.program import Criterion, ProgramRule
from kb.language.values import ANY, Row
from kb.language.variables import bound_variables, tested_variables
from kb.library import Library
from kb.models import Models
from kb.parallel import shared_out

Key = tuple[str, int]
"""A premise: its rule's id, and its position in the body."""

_WAYS = 200
"""How many ways through the other premises are looked at for one in which this one fails."""

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


@dataclass
class Seen:
    """What tests have shown: premises in a proof, premises that alone fail, verdicts on criteria; each by which test."""

    true: dict[Key, str] = field(default_factory=dict)
    alone: dict[Key, str] = field(default_factory=dict)
    surely: dict[Key, str] = field(default_factory=dict)
    """Of those alone, the ones where every other premise could be looked at without it."""
    verdicts: dict[tuple[str, str, Verdict], str] = field(default_factory=dict)
    """By the document of the criterion (versions of one have criteria of the same names), its relation and the verdict."""

    def add(self, other: Seen) -> None:
        """Adds what others have shown."""
        for mine, theirs in ((self.true, other.true), (self.alone, other.alone), (self.surely, other.surely)):
            for key, test in theirs.items():
                mine.setdefault(key, test)
        for goal, test in other.verdicts.items():
            self.verdicts.setdefault(goal, test)


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
                _Watching(one, seen).look()
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


@dataclass
class _Watching:
    """Follows what a test expects down to the facts: proofs of what holds, near misses of what does not."""

    run: Run
    seen: Seen
    proved: set[AtomKey] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)

    @property
    def models(self) -> Models:
        return self.run.models

    @property
    def test(self) -> str:
        return self.run.trial.id

    def look(self) -> None:
        for expectation in self.run.expected:
            for premise in expectation.body:
                if isinstance(premise, s.Literal):
                    self._expectation(expectation, premise)

    def _expectation(self, expectation: Expected, premise: s.Literal) -> None:
        goal = premise.atom.relation, ground_row(premise.atom.terms, {})
        self._criterion(expectation, goal)
        if premise.negated or expectation.verdict is not Verdict.MET:
            self._miss(*goal)
        if not premise.negated:
            for atom in atoms_of(self.models, *goal):
                self._prove(atom)

    def _criterion(self, expectation: Expected, goal: AtomKey) -> None:
        documents = {each.origin.document for each in self.models.program.criteria if each.atom.relation == goal[0]}
        if documents:
            told = Verdict.MET if not expectation.negated else verdict_of(self.models, goal)
            actual = told if expectation.verdict is Verdict.MET else expectation.verdict
            for document in documents:
                self.seen.verdicts.setdefault((document, goal[0], actual), self.test)

    def _prove(self, root: AtomKey) -> None:
        """Every derivation of an atom, and of what it rests on."""
        pending = [root]
        while pending:
            atom = pending.pop()
            if atom in self.proved:
                continue
            self.proved.add(atom)
            for instance in self.models.perfect.derivations(*atom):
                for position, premise in enumerate(instance.rule.rule.body):
                    self.seen.true.setdefault((instance.rule.id, position), self.test)
                    if isinstance(premise, s.Literal) and premise.negated:
                        self._miss(premise.atom.relation, ground_row(premise.atom.terms, instance.binding))
                    elif isinstance(premise, s.Aggregate):
                        pending += counted(self.models, premise, instance.binding)
                pending += positive_premises(self.models, instance)

    def _miss(self, relation: str, pattern: Row) -> None:
        """The rules that conclude an atom which does not hold: of each, the premises that alone keep it from concluding.

        What the premises of those rules lack is looked at too, of whichever instances.
        """
        self._rules_that_fail(relation, pattern)
        pending = [relation]
        while pending:
            relation = pending.pop()
            if relation in self.missed:
                continue
            self.missed.add(relation)
            for rule in self.models.program.rules_for.get(relation, ()):
                for literal in s.literals(rule.rule.body):
                    anything = literal.atom.relation, (ANY,) * len(literal.atom.terms)
                    if not literal.negated:
                        self._rules_that_fail(*anything)
                        pending.append(literal.atom.relation)
                        continue
                    for atom in atoms_of(self.models, *anything):
                        self._prove(atom)

    def _rules_that_fail(self, relation: str, pattern: Row) -> None:
        for rule in self.models.program.rules_for.get(relation, ()):
            binding = unified(rule.head.terms, pattern)
            for position in range(len(rule.rule.body)) if binding is not None else ():
                key = rule.id, position
                if key in self.seen.surely:
                    continue
                fails, surely = _fails_alone(self.models, rule, position, binding or {})
                if fails:
                    self.seen.alone.setdefault(key, self.test)
                if fails and surely:
                    self.seen.surely[key] = self.test


def _fails_alone(models: Models, rule: ProgramRule, position: int, binding: Binding) -> tuple[bool, bool]:
    """Whether all other premises hold, for some values, this one then does not, and so the conclusion does not.

    Premises that speak of values which only this one gives cannot be looked at without it:
    the second answer tells whether there were none.
    """
    body = rule.rule.body
    premise = body[position]
    rest = [other for number, other in enumerate(body) if number != position]
    while True:
        bound = bound_variables(rest, binding)
        possible = [other for other in rest if tested_variables(other, body) <= bound]
        if len(possible) == len(rest):
            break
        rest = possible
    surely = len(rest) == len(body) - 1
    if not tested_variables(premise, body) <= bound or any(_is_empty(models, other) for other in rest):
        return False, surely
    fails = any(
        next(extensions(models, premise, way), None) is None
        and not models.holds(rule.head.relation, ground_row(rule.head.terms, way))
        for way in islice(solutions(models, rest, binding), _WAYS)
    )
    return fails, surely


def _is_empty(models: Models, premise: s.Premise) -> bool:
    """Whether a premise lists the rows of a relation that has none."""
    return isinstance(premise, s.Literal) and not premise.negated and not models.perfect.rows(premise.atom.relation)
