"""Mutation testing: the mutants of a policy's rules that none of its tests notices.

A mutant is tried against the tests that its rule can reach, those first that show its
premise (see `authoring.coverage`). Of a case only what depends on the changed rule is
evaluated again. A mutant that no test can notice says so behind its premise:
`% always: REASON` or `% equivalent: REASON`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from authoring.coverage import seen_by, stands_alone
from authoring.mutants import Mutant, mutants
from authoring.observing import Seen
from authoring.running import Run, decided, is_met
from authoring.trials import Trial, expected, trials, under
from explain import outcomes
from explain.goals import for_each_question
from explain.solutions import solutions
from explain.verdicts import Verdict
from kb.compiled import Compiled
from kb.contradictions import contradictions
from kb.engines import engine
from kb.engines.model import EvaluationError, ground_row
from kb.engines.update import updated
from kb.language.closed import relations_of, with_scopes, written
from kb.language.documents import Document
from kb.language.program import SCOPE, Program
from kb.language.strata import needed
from kb.library import Library
from kb.models import Models
from kb.parallel import shared_out

_JUSTIFIED = re.compile(r"%\s*(?:always|equivalent):\s*(\S.*)")
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant after its trial: which test noticed it (empty: none), or why none can."""

    id: str
    file: str
    line: int
    rule: str
    operator: str
    before: str
    after: str
    noticed_by: str
    reason: str

    @property
    def survives(self) -> bool:
        """Whether no test notices it, and nothing says why none could."""
        return not self.noticed_by and not self.reason


@dataclass(frozen=True)
class Mutation:
    """All mutants, tried; and the tests that fail by themselves, or cannot be run, and so were left out."""

    tried: tuple[Tried, ...]
    failed: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether every test took part, and no mutant survives."""
        return not self.failed and not any(each.survives for each in self.tried)


def mutation(
    base: Library,
    of: Iterable[Document],
    processes: int = 0,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> Mutation:
    """Every mutant of the rules of some documents, tried against the tests of those documents.

    `heard` is told how many of how many are done; `processes` as in `run_all`.
    Raises DocumentErrors for mistakes in the documents.
    """
    of = list(of)
    tests = [trial for document in of for trial in trials(document)]
    seen, failed = seen_by(base, tests, processes)
    tests = [trial for trial in tests if trial.id not in failed]
    found = _mutants(base, tests, of)
    lines = {document.id: document.lines for document in of}
    bench = _Bench(tests, {trial.id: _reach(base, trial) for trial in tests}, seen, lines)
    tried: list[Tried] = []
    for part in shared_out(bench.try_all, base, found, processes):
        tried += part
        heard(len(tried), len(found))
    return Mutation(tuple(tried), tuple(failed))


def _mutants(base: Library, tests: Iterable[Trial], of: Iterable[Document]) -> list[Mutant]:
    found: dict[str, Mutant] = {}
    of = list(of)
    names = {document.id for document in of}
    for payer, on in under(tests, of):
        for mutant in mutants(base.compiled(payer, on).program):
            if mutant.rule.origin.document in names:
                found.setdefault(mutant.id, mutant)
    return list(found.values())


@dataclass
class _Bench:
    """Mutants are tried here; what was decided of a test is kept."""

    tests: list[Trial]
    reach: dict[str, frozenset[str]]
    """The relations that each test's expectations depend on."""
    seen: Seen
    lines: dict[str, tuple[str, ...]]
    runs: dict[str, Run] = field(default_factory=dict)

    def try_all(self, base: Library, some: list[Mutant]) -> list[Tried]:
        """Each of some mutants, tried."""
        return [self._tried(base, mutant) for mutant in some]

    def _tried(self, base: Library, mutant: Mutant) -> Tried:
        lines = self.lines[mutant.rule.origin.document]
        said = _JUSTIFIED.search(lines[mutant.line - 1]) if stands_alone(mutant.rule, mutant.line) else None
        noticed = self._noticed(base, mutant)
        rule = mutant.rule.id.split("#", 1)[-1]
        return Tried(
            mutant.id, mutant.rule.origin.file, mutant.line, rule, mutant.operator,
            mutant.before, mutant.after, noticed, said[1] if said and not noticed else "",
        )  # fmt: skip

    def _noticed(self, base: Library, mutant: Mutant) -> str:
        head = mutant.rule.head.relation
        tests = [trial for trial in self.tests if head in self.reach[trial.id]]
        key = mutant.rule.id, mutant.position
        first = {self.seen.alone.get(key), self.seen.true.get(key)}
        tests.sort(key=lambda trial: trial.id not in first)
        programs: dict[tuple[str, object], Compiled] = {}
        changed: list[tuple[Trial, Models]] = []
        for trial in tests:
            one = self._run(base, trial)
            at = trial.payer, trial.on
            if at not in programs:
                programs[at] = Compiled(_with(one.models.program, mutant))
            again = _mutated(one.models, programs[at], [head, SCOPE + mutant.rule.id])
            if again is None or _is_noticed(one, again):
                return trial.id
            changed.append((trial, again))
        # The bounds cost most: they are asked only of mutants that no perfect model betrays.
        for trial, again in changed:
            if any(not is_met(again, each)[0] for each in self._run(base, trial).expected):
                return trial.id
        return ""

    def _run(self, base: Library, trial: Trial) -> Run:
        if trial.id not in self.runs:
            self.runs[trial.id] = decided(base, trial)
        return self.runs[trial.id]


def _reach(base: Library, trial: Trial) -> frozenset[str]:
    program = base.compiled(trial.payer, trial.on).program
    wanted, _ = expected(trial, program)
    return needed(program, [name for each in wanted for premise in each.body for name in relations_of(premise)])


def _with(program: Program, mutant: Mutant) -> Program:
    """The program with the mutant; what a rule of a goal speaks to changes with the rule."""
    rules = tuple(mutant.changed if rule.id == mutant.rule.id else rule for rule in program.rules)
    if SCOPE + mutant.rule.id not in program.rule_by_id:
        return replace(program, rules=rules)
    return with_scopes(replace(program, rules=tuple(written(rules))))


def _mutated(found: Models, compiled: Compiled, changed: list[str]) -> Models | None:
    """The models under the mutant; None if it cannot be evaluated (which is noticed)."""
    program = compiled.program
    try:
        perfect = updated(found.perfect, program, found.stated, changed, found.used, engine(), _SECONDS)
    except EvaluationError:
        return None
    clashes = contradictions(program, perfect)
    return replace(
        found, compiled=compiled, perfect=perfect, contradictions=clashes, definite=frozenset(), _runs={}, _remembered={}
    )


def _is_noticed(one: Run, again: Models) -> bool:
    """Whether an expectation falls by the perfect model alone."""
    for each in one.expected:
        if each.atom is None:
            if next(solutions(again, each.body, {}), None) is None:
                return True
            continue
        goal = each.atom.relation, ground_row(each.atom.terms, {})
        met = any(outcomes.is_met(again, question) for question in for_each_question(again, goal))
        if met is (each.negated or each.verdict is not Verdict.MET):
            return True
    return False
