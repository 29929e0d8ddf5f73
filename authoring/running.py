"""Tests run: each case decided, each expectation held against it, and why where they differ."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from authoring.trials import Expected, Trial, elsewhere, expected, read_told, trials
from explain import outcomes
from explain.goals import for_each_question
from explain.outcomes import outcome, wanted_for
from explain.solutions import solutions
from explain.verdicts import Verdict, verdict
from kb.contradictions import AtomKey
from kb.engines import engine
from kb.engines.model import EvaluationError, ground_row
from kb.language import syntax as s
from kb.language.build import in_force
from kb.language.closed import relations_of
from kb.language.diagnostics import DocumentErrors, render
from kb.language.documents import Document
from kb.language.printer import premise_text
from kb.library import Library
from kb.models import Models, models
from kb.parallel import shared_out


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that the case does not meet: what was expected, what is so, and why."""

    line: int
    expectation: str
    found: str
    why: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a test gave. `mistakes` are diagnostics of the test itself, which was then not run."""

    id: str
    file: str
    line: int
    name: str
    seconds: float
    failures: tuple[Failure, ...] = ()
    mistakes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it was run, and every expectation is met."""
        return not self.failures and not self.mistakes


@dataclass(frozen=True)
class Run:
    """A trial decided: the models of its case, and what it expects."""

    trial: Trial
    models: Models
    expected: tuple[Expected, ...]


def decided(base: Library, trial: Trial, seconds: float | None = 60) -> Run:
    """The models of a test's case, as far as what it expects depends on them.

    Raises DocumentErrors (in the policies, in the test), EvaluationError.
    """
    compiled = base.compiled(trial.payer, trial.on)
    program = compiled.program
    if misdated := elsewhere(trial, base):
        raise DocumentErrors([misdated])
    facts, wrong = read_told(trial, program)
    wanted, unclear = expected(trial, program)
    if wrong or unclear:
        raise DocumentErrors(sorted({*wrong, *unclear}))
    relations = [relation for each in wanted for premise in each.body for relation in relations_of(premise)]
    found = models(compiled, facts, trial.chart.meta.case, engine(), wanted_for(program, relations), seconds)
    return Run(trial, found, wanted)


def run(base: Library, trial: Trial) -> Result:
    """The result of a test; what is wrong with the policies or with the test is told in the result."""
    started = time.perf_counter()
    failures: tuple[Failure, ...] = ()
    mistakes: tuple[str, ...] = ()
    try:
        one = decided(base, trial)
        failures = tuple(failure for each in one.expected for failure in _failure(base, one, each))
    except DocumentErrors as errors:
        mistakes = tuple(render(each) for each in errors.diagnostics)
    except EvaluationError as error:
        mistakes = (str(error),)
    taken = time.perf_counter() - started
    return Result(trial.id, trial.document.name, trial.line, trial.test.name, taken, failures, mistakes)


def is_met(found: Models, expectation: Expected) -> tuple[bool, str]:
    """Whether an expectation is met, and what is so."""
    if expectation.atom is None:
        holds = next(solutions(found, expectation.body, {}), None) is not None
        return holds, "it holds" if holds else "it does not hold"
    goal = expectation.atom.relation, ground_row(expectation.atom.terms, {})
    if expectation.verdict is Verdict.MET:
        # Whether it is met needs the perfect model only; the bounds cost most.
        met = any(outcomes.is_met(found, each) for each in for_each_question(found, goal))
        if met is not expectation.negated:
            return True, Verdict.MET.value if met else "not met"
    actual = verdict_of(found, goal)
    is_right = actual is not Verdict.MET if expectation.negated else actual is expectation.verdict
    return is_right, actual.value


def verdict_of(found: Models, goal: AtomKey) -> Verdict:
    """The verdict on an atom; with `_` in it: met if one instance is, and else by all of them together.

    A question of the case gets the verdict that `decide` gives, with readings and scope.
    """
    questions = for_each_question(found, goal)
    verdicts = {outcome(found, each).verdict for each in questions}
    if len(verdicts) == 1:
        return verdicts.pop()
    return Verdict.MET if Verdict.MET in verdicts else verdict(found, *goal)


def _failure(base: Library, one: Run, expectation: Expected) -> Iterator[Failure]:
    right, so = is_met(one.models, expectation)
    if not right:
        node = expectation.stated.node
        assert isinstance(node, s.Expectation)
        status = "" if node.status == "holds" else f"{node.status} "
        text = f"?- {status}{', '.join(premise_text(each) for each in node.body)}."
        yield Failure(node.place.line, text, so, _why(base, one, expectation))


def _why(base: Library, one: Run, expectation: Expected) -> str:
    """The proof that should not be there, or why the goal does not hold, down to the places in both documents."""
    from explain.explanations import Explanation, explained
    from explain.formats import Options
    from explain.formats.text import tree

    if expectation.atom is None:
        return ""
    goals = for_each_question(one.models, (expectation.atom.relation, ground_row(expectation.atom.terms, {})))
    policies = in_force(base.documents, one.trial.payer, one.trial.on)
    proof = explained(one.models, goals, policies, one.trial.chart, minimal=True)
    trial = one.trial
    outcomes = tuple(outcome(one.models, goal) for goal in goals)
    shown = Explanation(trial.test.name, one.models.case, trial.payer, trial.on, (), one.models, (proof,), outcomes)
    return tree(shown, Options(width=100))


def run_all(
    base: Library,
    documents: Iterable[Document],
    pattern: str = "",
    processes: int = 0,
) -> list[Result]:
    """The results of all tests whose id contains the pattern, in the order of the documents.

    `processes` is that of `shared_out`.
    """
    found = [each for document in documents for each in trials(document) if pattern.lower() in each.id.lower()]
    return [result for part in shared_out(_results, base, found, processes) for result in part]


def _results(base: Library, some: list[Trial]) -> list[Result]:
    return [run(base, trial) for trial in some]
