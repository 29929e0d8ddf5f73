"""medproof's Python API: the same few verbs as the command line, which calls them.

>>> import medproof
>>> base = medproof.load()
>>> [determination] = medproof.decide(base, medproof.open_case("reference"))
>>> determination.answers[0].verdict.value
'met'
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from explain.checks import ChartContradiction, CheckReport, chart_contradictions
from explain.determination import Answer, Determination, determine
from explain.verdicts import Verdict
from facts.plausibility import odd_dates
from facts.readers.datalog import Chart, read_chart
from kb.engines import engine
from kb.engines.model import EvaluationError, EvaluationTimeout
from kb.goals import BadGoal, Table, ask
from kb.language import cache
from kb.language.diagnostics import Diagnostic, DocumentErrors
from kb.language.documents import Document
from kb.language.documents import read as _read
from kb.language.frontmatter import read_date
from kb.language.printer import value_source
from kb.language.program import Fact, Origin, Program
from kb.language.syntax import Constant, Rule
from kb.library import Library, UnreadableFile, load, read_all

__all__ = [
    "Answer", "BadGoal", "CaseProblem", "Chart", "CheckReport", "Determination", "Diagnostic", "DocumentErrors",
    "EvaluationError",
    "EvaluationTimeout", "Library", "Table", "UnreadableFile", "Verdict", "cases", "check", "decide", "load",
    "open_case", "open_cases", "program", "query", "shipped_cases",
]  # fmt: skip

CASES = Path(__file__).parent / "facts" / "cases"


class CaseProblem(Exception):
    """A case that cannot be decided as asked: what is wrong, and what to do."""


@dataclass(frozen=True)
class _Asked:
    """What a chart says about who pays and when, before it can be read whole."""

    payer: str
    on: date | None


def shipped_cases() -> tuple[str, ...]:
    """The names of the cases that come with medproof."""
    return tuple(sorted(path.stem for path in CASES.glob("*.md")))


def open_cases(name: str) -> list[Document]:
    """The charts under a name: a file, a directory, a shipped case, or `-` for standard input.

    Raises CaseProblem when there is none, UnreadableFile when one cannot be read.
    """
    if name == "-":
        try:
            text = sys.stdin.buffer.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"standard input: not UTF-8 text (byte {error.start})") from error
        return [_chart(_read("standard-input.md", text))]
    path = Path(name)
    if not path.exists() and (CASES / f"{name}.md").exists():
        path = CASES / f"{name}.md"
    if not path.exists():
        known = ", ".join(shipped_cases())
        raise CaseProblem(f"there is no file, directory or shipped case `{name}`; shipped are: {known}")
    documents = read_all(path, cache.default_directory())
    if path.is_dir():
        documents = [document for document in documents if document.meta.case]
        if not documents:
            raise CaseProblem(f"no file in `{name}` is a chart: a chart's front matter has `case:`")
        return documents
    return [_chart(document) for document in documents]


def open_case(name: str) -> Document:
    """The one chart under a name; raises CaseProblem when there are several."""
    documents = open_cases(name)
    if len(documents) != 1:
        raise CaseProblem(f"`{name}` holds {len(documents)} charts, and one is asked for")
    return documents[0]


def _chart(document: Document) -> Document:
    if not document.meta.case:
        hint = "start it with `---`, `case: NAME`, `---`"
        raise CaseProblem(f"`{document.name}` is not a chart: its front matter has no `case`; {hint}")
    return document


def decide(
    base: Library,
    case: Document,
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
    found = []
    for name in _payers(base, case, payer):
        chart, day = _read_for(base, case, name, on)
        compiled = base.compiled(name, day)
        determination = determine(compiled, chart.facts, chart.case, chart.title, engine(), seconds, whole)
        notes = (*_notes(base, name, day), *odd_dates(compiled.program, chart))
        found.append(replace(determination, notes=notes))
    return found


def query(
    base: Library,
    case: Document,
    goal: str,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
) -> Table:
    """The answers to a conjunction of goals in the perfect model of a case, as a table.

    Raises BadGoal, with a diagnostic in the goal's text, and what `decide` raises.
    """
    names = _payers(base, case, payer)
    if len(names) != 1:
        raise CaseProblem("a query asks under one payer")
    chart, day = _read_for(base, case, names[0], on)
    return ask(base.compiled(names[0], day).program, chart.facts, goal, engine(), seconds)


def check(paths: Iterable[str | Path] = (), policies: Iterable[str | Path] = ()) -> CheckReport:
    """Everything that is wrong with the documents in files and directories, or with the shipped ones.

    Policies are checked for every payer, on every day on which some document takes
    effect; charts in the vocabulary of those policies, and for contradictions.
    Raises CaseProblem when there is no document where one is looked for.
    """
    files = [Path(path) for path in paths]
    found = [document for path in files for document in read_all(path, cache.default_directory())]
    if files and not found:
        raise CaseProblem(f"there is no .md or .dl file in {', '.join(f'`{path}`' for path in files)}")
    charts = [document for document in found if document.meta.case]
    base = load(*policies, *files)
    names = {document.name for document in found} or {document.name for document in base.documents}
    diagnostics = {each for each in base.check(_days(base.documents)) if _concerns(each, names)}
    contradictions: list[ChartContradiction] = []
    notes: list[str] = []
    for document in charts:
        try:
            asked = _asked(document)
            compiled = base.compiled(asked.payer, asked.on or date.today())
        except CaseProblem as problem:
            notes.append(str(problem))
            continue
        except DocumentErrors:
            continue  # of the policies, which are reported above: a chart has no vocabulary without them
        chart, mistakes = read_chart(document, compiled.program)
        diagnostics.update(mistakes)
        contradictions += chart_contradictions(compiled, chart, engine()) if not mistakes else ()
        notes += [*_untold(chart), *odd_dates(compiled.program, chart)] if not mistakes else []
    return CheckReport(tuple(sorted(names)), tuple(sorted(diagnostics)), tuple(contradictions), tuple(notes))


def program(base: Library, payer: str = "", on: date | None = None) -> Program:
    """The program in force for a payer on a day (today, if none is given); raises DocumentErrors."""
    return base.compiled(payer, on or date.today()).program


def cases(names: Iterable[str]) -> Iterator[Document]:
    """The charts under several names."""
    for name in names:
        yield from open_cases(name)


def _days(documents: Iterable[Document]) -> list[date]:
    """The days on which some document takes effect or retires, and today: every program that ever is in force."""
    metas = [document.meta for document in documents]
    return sorted({day for meta in metas for day in (meta.effective, meta.retired, date.today()) if day is not None})


def _untold(chart: Chart) -> Iterator[str]:
    """What a chart has to say of the request before it can be decided, and does not."""
    wanted = {"payer": "who pays", "request_date": "when it was made", "requested": "what is asked for"}
    for name, what in wanted.items():
        if not chart.rows(name):
            yield f"{chart.document}: it does not say {what}: it states no `{name}`."


def _concerns(diagnostic: Diagnostic, names: set[str]) -> bool:
    """Whether a mistake stands in one of the documents, or one of them has a part in it."""
    return diagnostic.document in names or any(name in names for _, name, _ in diagnostic.related)


def _payers(base: Library, case: Document, payer: str | None) -> tuple[str, ...]:
    if payer == "all":
        return base.payers
    if payer is not None and payer not in base.payers:
        raise CaseProblem(f"no document is of the payer `{payer}`; the payers are: {', '.join(base.payers)}")
    return (payer or _asked(case).payer,)


def _asked(case: Document) -> _Asked:
    """The payer and the date that the chart states, read off its syntax: they choose the program that checks it."""
    payers, days = _texts(case, "payer"), _texts(case, "request_date")
    for what, found in (("payers", payers), ("days of the request", days)):
        if len(found) > 1:
            raise CaseProblem(f"`{case.name}` states two {what}: {', '.join(found)}; state one")
    return _Asked(payers[0] if payers else "", read_date(days[0]) if days else None)


def _texts(case: Document, predicate: str) -> list[str]:
    """The distinct texts that the chart states as the second argument of a predicate."""
    heads = [stated.node.head for stated in case.statements if isinstance(stated.node, Rule) and stated.node.head]
    terms = [head.terms[1] for head in heads if head.predicate == predicate and len(head.terms) == 2]
    return list(dict.fromkeys(t.value for t in terms if isinstance(t, Constant) and isinstance(t.value, str)))


def _notes(base: Library, payer: str, on: date) -> tuple[str, ...]:
    """What has to be said of the documents: replaced ones, and that the payer has none, or none on the day."""
    replaced = tuple(f"{each.id} is not the shipped document: it is {each.name}." for each in base.replaced)
    return (*replaced, *_missing_documents(base, payer, on))


def _missing_documents(base: Library, payer: str, on: date) -> tuple[str, ...]:
    own = [document for document in base.documents if document.meta.payer == payer and payer]
    if not payer:
        return ("The chart names no payer, so only documents that hold for all payers count.",)
    if not own:
        return (f"No document is of the payer {payer}; there are documents of {', '.join(base.payers)}.",)
    if not any(document.meta.in_force(on) for document in own):
        days = "; ".join(f"{document.id} {document.meta.period}" for document in own)
        return (f"No document of {payer} is in force on {on}: {days}.",)
    return ()


def _read_for(base: Library, case: Document, payer: str, on: date | None) -> tuple[Chart, date]:
    day = on or _asked(case).on
    chart, diagnostics = read_chart(case, base.compiled(payer, day or date.today()).program)
    if diagnostics:
        raise DocumentErrors(diagnostics)
    if day is None:
        hint = f'state `request_date({value_source(case.meta.case)}, "YYYY-MM-DD").`, or give the day with --on'
        raise CaseProblem(f"`{case.name}` gives no day of the request, which says which documents are in force; {hint}")
    if chart.request_date is None:
        given = Origin("command line", "command line", "", "the day that was asked for", "", "", 0)
        facts = (*chart.facts, Fact("request_date", (chart.case, day), given))
        chart = replace(chart, facts=facts)
    return chart, day
