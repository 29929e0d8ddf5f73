"""medproof's Python API: the same few verbs as the command line, which calls them.

>>> import medproof
>>> base = medproof.load()
>>> [determination] = medproof.decide(base, medproof.open_case("reference"))
>>> determination.answers[0].verdict.value
'met'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explain.determination import Answer, Determination, determine
from explain.refusals import ProofError
from explain.verdicts import Verdict
from facts.opening import (
    CASES,
    CaseProblem,
    Opened,
    asked,
    cases,
    open_case,
    open_cases,
    opened,
    opened_for_all,
    shipped_cases,
    untold,
    with_changes,
)  # fmt: skip
from facts.plausibility import odd_dates
from facts.readers.datalog import Chart, read_chart
from kb.engines import engine
from kb.engines.model import EvaluationError, EvaluationTimeout
from kb.goals import BadGoal, Table
from kb.language import cache
from kb.language.diagnostics import Diagnostic, DocumentErrors
from kb.language.documents import Document
from kb.language.program import Program
from kb.library import Library, UnreadableFile, library, load, read_all
from kb.models import Models, models

if TYPE_CHECKING:
    import networkx as nx

    from authoring.coverage import Coverage
    from authoring.impact import Impact
    from authoring.lint import Violation
    from authoring.mutation import Mutation
    from authoring.running import Result
    from cohort.compare import CohortImpact
    from cohort.decide import Account
    from cohort.generate import Rates
    from cohort.proofs import Exported
    from cohort.running import Settings
    from cohort.summary import Summary
    from cohort.verifying import Verified
    from explain.changes import WhatIf
    from explain.checks import ChartContradiction, CheckReport
    from explain.explanations import Explanation
    from explain.hinges import Hinge, Hinged
    from explain.remedies import Missing, Remedy
    from kb.contradictions import AtomKey

__all__ = [
    "Answer",
    "BadGoal",
    "CaseProblem",
    "Chart",
    "CheckReport",
    "Coverage",
    "Determination",
    "Diagnostic",
    "DocumentErrors",
    "EvaluationError",
    "EvaluationTimeout",
    "Explanation",
    "Hinge",
    "Hinged",
    "Impact",
    "Library",
    "Missing",
    "Mutation",
    "Opened",
    "ProofError",
    "Remedy",
    "Result",
    "Table",
    "UnreadableFile",
    "Verdict",
    "Violation",
    "WhatIf",
    "cases",
    "check",
    "cohort",
    "cohort_case",
    "coverage",
    "decide",
    "diff",
    "diff_cohort",
    "docs",
    "explain",
    "export_proofs",
    "generate",
    "hinges",
    "lint",
    "load",
    "missing",
    "mutate",
    "open_case",
    "open_cases",
    "opened",
    "program",
    "query",
    "shipped_cases",
    "test",
    "verify",
    "verify_lines",
    "what_if",
]


_LATER = {
    "CheckReport": "explain.checks", "Coverage": "authoring.coverage", "Explanation": "explain.explanations",
    "Hinge": "explain.hinges", "Hinged": "explain.hinges", "Impact": "authoring.impact",
    "Missing": "explain.remedies", "Remedy": "explain.remedies", "Result": "authoring.running",
    "Mutation": "authoring.mutation", "Violation": "authoring.lint", "WhatIf": "explain.changes",
}  # fmt: skip
"""What is imported when it is first asked for: deciding a case needs no graphs."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module `medproof` has no attribute `{name}`")
    return getattr(import_module(_LATER[name]), name)


def decide(
    base: Library,
    case: Document | Opened,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
    whole: bool = False,
) -> list[Determination]:
    """The determinations of a case: one, or one per payer with `payer="all"`.

    Beneath a criterion that is met only those that its proof uses are decided, unless `whole`.
    `payer` and `on` (the day whose documents count) default to what the chart says.
    Raises CaseProblem, DocumentErrors (in the chart or in the documents in force),
    EvaluationError.
    """
    return [_decided(each, seconds, whole) for each in opened_for_all(base, case, payer, on)]


def _decided(case: Opened, seconds: float | None, whole: bool) -> Determination:
    found = determine(case.compiled, case.facts, case.case, case.chart.title, case.engine, seconds, whole)
    return replace(found, notes=case.notes)


def query(
    base: Library,
    case: Document | Opened,
    goal: str,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
) -> Table:
    """The answers to a conjunction of goals in the perfect model of a case, as a table.

    Raises BadGoal, with a diagnostic in the goal's text, and what `decide` raises.
    """
    from kb.goals import ask

    at_hand = _one(base, case, payer, on)
    return ask(at_hand.program, at_hand.facts, goal, at_hand.engine, seconds)


def explain(
    base: Library,
    case: Document | Opened,
    goal: str | None = None,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
    minimal: bool = False,
    best: int = 0,
    limit: int = 20_000,
) -> Explanation:
    """Why a goal holds, or why it does not, as a proof graph; without a goal, of every question of the case.

    All derivations are shown; with `minimal` the cheapest of each atom, with `best` that
    many proofs, the best first. A graph that would have more than `limit` nodes is cut.
    The proof was checked against the documents. Raises BadGoal, and what `decide` raises.
    """
    from explain.explanations import LEFT_OPEN, Explanation, best_explained, explained
    from explain.outcomes import outcome
    from explain.wording import words

    if best and goal is None:
        raise CaseProblem("the best proofs are those of one goal; name it")
    at_hand = _one(base, case, payer, on)
    determination = None
    if goal is None:
        determination = _decided(at_hand, seconds, whole=True)
        found = determination.models
        goals = [(each.question.relation, each.question.row) for each in determination.answers]
        _hold_to_cohort(at_hand, found, goals)
        if not goals:
            raise CaseProblem(f"`{at_hand.document.name}` asks nothing: it has no `requested` fact; name a goal to explain")
        title = f"{at_hand.case}: {at_hand.chart.title or 'every question of the case'}"
    else:
        found, goals = _found(at_hand, goal, seconds)
        title = f"{at_hand.case}: whether {words(at_hand.program, *goals[0])}"
    chart, notes = at_hand.document, at_hand.notes
    if best and goal is not None and found.holds(*goals[0]):
        proofs = tuple(best_explained(found, goals[0], at_hand.policies, chart, best, limit))
    else:
        proofs = (explained(found, goals, at_hand.policies, chart, minimal or bool(best), limit),)
        if any(each.holds_for_some for each in proofs[0].asked):
            notes = (*notes, LEFT_OPEN)
    answers = determination.answers if determination is not None else ()
    outcomes = tuple(each.outcome for each in answers) or tuple(outcome(found, each) for each in goals)
    return Explanation(title, at_hand.case, at_hand.payer, at_hand.on, notes, found, proofs, outcomes, determination)


def missing(
    base: Library,
    case: Document | Opened,
    goal: str,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
    limit: int = 4,
) -> list[Missing]:
    """The smallest sets of documentable facts that would establish a goal, each tried out, the easiest first.

    A list, as a goal may ask about several items. Raises BadGoal, and what `decide` raises.
    """
    from explain.remedies import lacking

    at_hand = _one(base, case, payer, on)
    found, goals = _found(at_hand, goal, seconds)
    return [lacking(found, each, limit) for each in goals]


def what_if(
    base: Library,
    case: Document | Opened,
    assume: Iterable[str] = (),
    retract: Iterable[str] = (),
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
) -> WhatIf:
    """The case decided as it is, and again with facts assumed and retracted.

    Raises DocumentErrors (in a fact to assume), CaseProblem (a fact to retract that the
    chart does not state), and what `decide` raises.
    """
    from explain.changes import what_if as compared

    at_hand = _one(base, case, payer, on)
    changed, assumed, retracted = with_changes(at_hand, assume, retract)
    before, after = _decided(at_hand, seconds, whole=False), _decided(changed, seconds, whole=False)
    _hold_to_cohort(at_hand, before.models, ((each.question.relation, each.question.row) for each in before.answers))
    return compared(before, after, assumed, retracted)


def hinges(
    base: Library,
    case: Document | Opened,
    goal: str,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
) -> list[Hinged]:
    """What the verdict on a goal rests on: facts and silences, singly and in pairs, each tried out.

    A list, as a goal may ask about several items. Raises BadGoal, and what `decide` raises.
    """
    from explain.hinges import hinged

    at_hand = _one(base, case, payer, on)
    found, goals = _found(at_hand, goal, seconds)
    return [hinged(found, each) for each in goals]


def verify(base: Library, proof: nx.DiGraph[str], case: Document) -> None:
    """Checks a proof against the documents and the chart that it rests on.

    Raises ProofError with the step that fails, DocumentErrors when a document or the chart has mistakes.
    """
    from explain.verifying import verify

    verify(base, proof, case)


def check(paths: Iterable[str | Path] = (), policies: Iterable[str | Path] = ()) -> CheckReport:
    """Everything that is wrong with the documents in files and directories, or with the shipped ones.

    Policies are checked for every payer, on every day on which some document takes
    effect; charts in the vocabulary of those policies, and for contradictions.
    Raises CaseProblem when there is no document where one is looked for.
    """
    from explain.checks import CheckReport, chart_contradictions

    found = _read([Path(path) for path in paths])
    charts = [document for document in found if document.meta.case]
    base = library([*(each for path in policies for each in read_all(Path(path), cache.default_directory())), *found])
    names = {document.name for document in found} or {document.name for document in base.documents}
    diagnostics = set(_mistakes(base, found or list(base.documents)))
    contradictions: list[ChartContradiction] = []
    notes: list[str] = []
    for document in charts:
        try:
            request = asked(document)
            compiled = base.compiled(request.payer, request.on or date.today())
        except CaseProblem as problem:
            notes.append(str(problem))
            continue
        except DocumentErrors:
            continue  # of the policies, which are reported above: a chart has no vocabulary without them
        chart, wrong = read_chart(document, compiled.program)
        diagnostics.update(wrong)
        contradictions += chart_contradictions(compiled, chart, engine()) if not wrong else ()
        notes += [*untold(chart), *odd_dates(compiled.program, chart)] if not wrong else []
    return CheckReport(tuple(sorted(names)), tuple(sorted(diagnostics)), tuple(contradictions), tuple(notes))


def _mistakes(base: Library, documents: list[Document]) -> set[Diagnostic]:
    """The mistakes in some documents and in their tests; that there were none is noted, and not looked for again."""
    from authoring.trials import mistakes_in_tests

    days, directory = base.days, cache.default_directory()
    names = {document.name for document in documents}
    looked_at = [f"{each.name} {each.digest} {each.name in names}" for each in (*base.documents, *documents)]
    of = [cache.code_digest(_CHECKING), *looked_at, *map(str, days)]
    if cache.is_faultless(of, directory):
        return set()
    found = {each for each in base.check(days) if _concerns(each, names)}
    for document in documents:
        found.update(mistakes_in_tests(document, base))
    if not found:
        cache.note_faultless(of, directory)
    return found


_CHECKING = ("kb", "facts", "authoring/trials.py", "medproof.py")
"""The code on which it depends what is a mistake."""


def test(
    paths: Iterable[str | Path] = (),
    policies: Iterable[str | Path] = (),
    pattern: str = "",
    processes: int = 0,
) -> list[Result]:
    """The results of the `datalog test` blocks in files and directories, or in the shipped documents.

    Only tests whose id (`document: name`) contains the pattern; in so many processes (0: one
    for each processor).
    Raises CaseProblem when there is no document where one is looked for, UnreadableFile.
    """
    from authoring.running import run_all

    base, documents = _at_hand(paths, policies)
    results = run_all(base, documents, pattern, processes)
    if pattern and not results:
        raise CaseProblem(f"no test has `{pattern}` in its document's id or its name; `medproof test -v` lists them")
    return results


def coverage(paths: Iterable[str | Path] = (), policies: Iterable[str | Path] = (), processes: int = 0) -> Coverage:
    """What the tests in documents show of their rules and criteria; the paths are those of `test`."""
    from authoring.coverage import coverage as covered

    base, documents = _at_hand(paths, policies)
    return covered(base, documents, processes)


def mutate(
    paths: Iterable[str | Path] = (),
    policies: Iterable[str | Path] = (),
    processes: int = 0,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> Mutation:
    """Every mutant of the rules in documents, tried against their tests; the paths are those of `test`.

    `heard` is told how many of how many are done. Raises DocumentErrors for mistakes in
    the documents, and what `test` raises.
    """
    from authoring.mutation import mutation

    base, documents = _at_hand(paths, policies)
    _refuse_mistakes(base, documents)
    return mutation(base, documents, processes, heard)


def lint(
    paths: Iterable[str | Path] = (),
    policies: Iterable[str | Path] = (),
    config: str | Path | None = None,
) -> tuple[Violation, ...]:
    """What is no mistake and hardly meant in the documents in files and directories, or in the shipped ones.

    `config` sets levels; without it `medproof.yaml` in the working directory does, if it is there.
    Raises DocumentErrors for mistakes in the documents, CaseProblem, UnreadableFile.
    """
    from authoring.lint import lint as found
    from authoring.lint.bench import bench
    from authoring.lint.levels import levels

    base, documents = _at_hand(paths, policies)
    documents, charts = [each for each in documents if not each.meta.case], [each for each in documents if each.meta.case]
    _refuse_mistakes(base, documents)
    known = {each.name for each in charts}
    charts += [each for each in _shipped_charts() if each.name not in known]
    return found(bench(base, documents, charts), levels(None if config is None else Path(config)))


def diff(
    old: str,
    new: str,
    cases: Iterable[str] = (),
    policies: Iterable[str | Path] = (),
    payer: str | None = None,
    on: date | None = None,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> Impact:
    """What a change of policy does: rules that differ, and answers of cases that change, by which criterion.

    The sides are files or directories, `ID@VERSION`, or git revisions; without `cases`
    the shipped ones are compared. Raises CaseProblem, UnreadableFile, ProofError.
    """
    from authoring.impact import impact
    from authoring.sides import sides

    before, after = sides(old, new, [Path(path) for path in policies])
    charts = [chart for name in list(cases) or shipped_cases() for chart in open_cases(name)]
    return impact(before, after, charts, payer, on, heard)


def diff_cohort(
    old: str,
    new: str,
    source: str | Path,
    policies: Iterable[str | Path] = (),
    payer: str | None = None,
    on: date | None = None,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> CohortImpact:
    """What a change of policy does to a cohort; the sides are those of `diff`, the source that of `cohort`.

    Raises CaseProblem, DocumentErrors, UnreadableFile.
    """
    from authoring.sides import sides
    from cohort.compare import compare
    from cohort.running import Settings
    from facts.readers.addresses import facts_at

    before, after = sides(old, new, [Path(path) for path in policies])
    return compare(before, after, facts_at(source), Settings(payer, on), heard)


def docs(
    paths: Iterable[str | Path] = (), policies: Iterable[str | Path] = (), tests: bool = True, processes: int = 0
) -> dict[str, str]:
    """A static site of documents, its pages by the names of their files; the paths are those of `test`.

    With `tests`, those of the documents are run, and the pages show what they cover.
    Where documents have mistakes, these are shown, and no test is run. Raises CaseProblem, UnreadableFile.
    """
    from authoring.coverage import coverage as covered
    from authoring.running import run_all
    from authoring.site.pages import Site, pages

    base, found = _at_hand(paths, policies)
    shown = tuple(each for each in found if not each.meta.case)
    names = {each.name for each in shown}
    others = tuple(each for each in base.documents if each.name not in names)
    mistakes = tuple(each for each in base.check(base.days) if each.document in names)
    if not tests or mistakes:
        return pages(Site(shown, others, mistakes))
    results = tuple(run_all(base, found, "", processes))
    return pages(Site(shown, others, (), results, covered(base, found, processes)))


def generate(
    base: Library,
    directory: str | Path,
    cases: int,
    seed: int = 1,
    rates: Rates | None = None,
    payers: Iterable[str] = (),
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Writes a synthetic cohort as tables of facts, drawn from the vocabulary; how many facts that are.

    Its payers are those of the library, or the given ones. Raises CaseProblem when the
    directory holds anything.
    """
    from cohort.generate import Rates, generate

    try:
        return generate(
            program(base), tuple(payers) or base.payers, Path(directory), cases, seed, rates or Rates(), heard=heard
        )
    except FileExistsError as error:
        raise CaseProblem(str(error)) from error


def cohort(
    base: Library,
    source: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Decides every case of a cohort into a directory, and says what it comes to.

    `source` is a directory of tables, or a database; `output` gets `decisions.parquet`,
    `criteria.parquet`, `rejects.parquet` and `report.html`. Raises CaseProblem for
    tables that are none and for rows that are to stop the run, DocumentErrors.
    """
    from cohort.decide import decide_cohort
    from cohort.report import summary_html
    from cohort.running import Settings
    from cohort.summary import summary
    from facts.readers.addresses import facts_at

    found: list[Summary] = []

    def report(result: Path, account: Account) -> None:
        found.append(replace(summary(result, account.programs), output=Path(output), policies=base.paths))
        (result / "report.html").write_text(summary_html(found[0]), encoding="utf-8")

    decide_cohort(base, facts_at(source), Path(output), settings or Settings(), heard, report)
    return found[0]


def cohort_case(base: Library, source: str | Path, case: str) -> Opened:
    """One case of a cohort, which every other verb takes instead of a chart.

    `source` holds the tables of facts, or is the output of `cohort`: then the case is
    opened under the documents that decided it, and what is on record of it (`cohort` with
    `proofs`) is not looked for again. Raises CaseProblem, DocumentErrors.
    """
    from cohort.cases import open_case
    from facts.readers.addresses import facts_at

    return open_case(base, facts_at(source), case)


def export_proofs(
    base: Library,
    decided: str | Path,
    path: str | Path,
    processes: int = 0,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> Exported:
    """Writes the proof of every question that a decided cohort has as met, each checked, as JSON lines.

    The cohort was decided with `proofs`. Raises CaseProblem, ProofError, DocumentErrors.
    """
    from cohort.proofs import export_proofs

    return export_proofs(base, Path(decided), Path(path), processes, heard)


def verify_lines(
    base: Library,
    path: str | Path,
    processes: int = 0,
    heard: Callable[[int, int], None] = lambda done, total: None,
    decided: str | Path | None = None,
) -> Verified:
    """Checks each proof of a file that `export_proofs` wrote against the documents and its chart: what holds, what fails.

    With the `decided` cohort that the lines come from, their charts are held to its tables,
    and what they show to its decisions, all of which that are met have to be there. Raises
    CaseProblem when the file holds no line, or cannot be read.
    """
    from cohort.verifying import verify_lines

    try:
        return verify_lines(base, Path(path), processes, heard, Path(decided) if decided is not None else None)
    except (ValueError, OSError) as error:
        raise CaseProblem(f"{path}: {error}") from error


def _refuse_mistakes(base: Library, documents: list[Document]) -> None:
    """Raises DocumentErrors for mistakes in some documents of a library: what they say is not known then."""
    names = {document.name for document in documents}
    mistakes = [each for each in base.check(base.days) if _concerns(each, names)]
    if mistakes:
        raise DocumentErrors(mistakes)


def _at_hand(paths: Iterable[str | Path], policies: Iterable[str | Path]) -> tuple[Library, list[Document]]:
    """What the author's tools begin with: a library, and the documents to look at.

    Those are the documents in files and directories; without any, all shipped ones, charts too.
    """
    own = _read([Path(path) for path in paths])
    base = library([*(each for path in policies for each in read_all(Path(path), cache.default_directory())), *own])
    return base, own or [*base.documents, *_shipped_charts()]


def _read(files: Iterable[Path]) -> list[Document]:
    """The documents in files and directories; raises CaseProblem when there are none."""
    files = list(files)
    found = [document for path in files for document in read_all(path, cache.default_directory())]
    if files and not found:
        raise CaseProblem(f"there is no .md or .dl file in {', '.join(f'`{path}`' for path in files)}")
    return found


def _shipped_charts() -> list[Document]:
    return read_all(CASES, cache.default_directory())


def program(base: Library, payer: str = "", on: date | None = None) -> Program:
    """The program in force for a payer on a day (today, if none is given); raises DocumentErrors."""
    return base.compiled(payer, on or date.today()).program


def _one(base: Library, case: Document | Opened, payer: str | None, on: date | None) -> Opened:
    found = opened_for_all(base, case, payer, on)
    if len(found) != 1:
        raise CaseProblem("this is asked under one payer at a time")
    return found[0]


def _found(case: Opened, goal: str, seconds: float | None) -> tuple[Models, list[AtomKey]]:
    """The models as far as a goal needs them, and the goal for each item that it asks about, held to the case's cohort."""
    from explain.goals import for_each_question, goal_pattern
    from explain.outcomes import wanted_for

    pattern = goal_pattern(case.program, case.case, goal)
    wanted = wanted_for(case.program, [pattern[0]])
    found = models(case.compiled, case.facts, case.case, case.engine, wanted, seconds)
    goals = for_each_question(found, pattern)
    _hold_to_cohort(case, found, goals)
    return found, goals


def _hold_to_cohort(case: Opened, found: Models, goals: Iterable[AtomKey]) -> None:
    """Raises CaseProblem when the verdict on a goal is not the one that the case's cohort has."""
    if case.decided:
        from cohort.cases import disagreement

        if said := disagreement(case, found, goals):
            raise CaseProblem(said)


def _concerns(diagnostic: Diagnostic, names: set[str]) -> bool:
    """Whether a mistake stands in one of the documents, or one of them has a part in it."""
    return diagnostic.document in names or any(name in names for _, name, _ in diagnostic.related)
