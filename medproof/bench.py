"""The author's bench: what is wrong with documents, what their tests show, what a change of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from facts.opening import CASES, CaseProblem, asked, open_cases, shipped_cases, untold
from facts.plausibility import odd_dates
from facts.readers.datalog import read_chart
from kb.engines import engine
from kb.language import cache
from kb.language.diagnostics import Diagnostic, DocumentErrors
from kb.language.documents import Document
from kb.library import Library, library, read_all

if TYPE_CHECKING:
    from authoring.coverage import Coverage
    from authoring.impact import Impact
    from authoring.lint import Violation
    from authoring.mutation import Mutation
    from authoring.running import Result
    from explain.checks import ChartContradiction, CheckReport


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
        notes += [*untold(chart, compiled.program), *odd_dates(compiled.program, chart)] if not wrong else []
    return CheckReport(tuple(sorted(names)), tuple(sorted(diagnostics)), tuple(contradictions), tuple(notes))


def _mistakes(base: Library, documents: list[Document]) -> set[Diagnostic]:
    """The mistakes in some documents and in their tests; that there were none is noted, and not looked for again."""
    from authoring.trials import mistakes_in_tests

    days, directory = base.days, cache.default_directory()
    names = {document.name for document in documents}
    looked_at = [f"{each.name} {each.digest} {each.name in names}" for each in (*base.documents, *documents)]
    of = [cache.code_digest(_CHECKING), *looked_at, *map(str, days)]

    def look() -> tuple[Diagnostic, ...]:
        of_tests = (each for document in documents for each in mistakes_in_tests(document, base))
        return (*(each for each in base.check(days) if _concerns(each, names)), *of_tests)

    return set(cache.mistakes(of, directory, look))


_CHECKING = ("kb", "facts", "authoring/trials.py", "medproof/bench.py")
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


def _concerns(diagnostic: Diagnostic, names: set[str]) -> bool:
    """Whether a mistake stands in one of the documents, or one of them has a part in it."""
    return diagnostic.document in names or any(name in names for _, name, _ in diagnostic.related)
