"""Charts opened: found by name, read in the vocabulary of the documents in force, with all facts that are decided on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from facts.plausibility import odd_dates
from facts.readers.datalog import Chart, read_chart
from kb.compiled import Compiled
from kb.engines import Engine, engine
from kb.engines.model import fits, ground_row
from kb.goals import resolve_goal
from kb.language import cache
from kb.language.build import in_force
from kb.language.diagnostics import DocumentErrors, nearest
from kb.language.documents import Document, read
from kb.language.frontmatter import read_date
from kb.language.printer import fact_source, value_source
from kb.language.program import Fact, Origin, Program
from kb.language.syntax import Constant, Literal, Rule
from kb.library import Library, UnreadableFile, read_all

CASES = Path(__file__).parent / "cases"
ASSUMED = Origin("assumption", "assumption", "", "", "", "", 0)
"""Where a fact comes from that somebody tries out."""


class CaseProblem(Exception):
    """A case that cannot be decided as asked: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a chart says about who pays and when, before it can be read whole."""

    payer: str
    on: date | None


Item = tuple[str, str]
"""What a case asks: the relation of a question, and its arguments without the case, as text."""


@dataclass(frozen=True)
class Opened:
    """A case under a payer's documents on a day, ready to be asked about.

    `policies` are the documents in force, `facts` what the chart states (and, where it
    gives no day, the day that was asked for), `notes` what has to be known about both.
    """

    document: Document
    chart: Chart
    payer: str
    on: date
    compiled: Compiled
    policies: tuple[Document, ...]
    notes: tuple[str, ...]
    engine: Engine = field(default_factory=engine)
    decided: Mapping[Item, str] = field(default_factory=dict)
    """The verdicts that the case's cohort has, by question and item."""
    certain: frozenset[Item] = frozenset()
    """Those of them that are met however the record's silences turn out."""
    standing: Mapping[Item, Mapping[str, str]] = field(default_factory=dict)
    """The verdicts that the cohort has on the criteria of each question, by their ids."""

    @property
    def case(self) -> str:
        """The case's name."""
        return self.chart.case

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What the case is decided on."""
        return self.chart.facts

    @property
    def program(self) -> Program:
        """The documents in force, as a program."""
        return self.compiled.program


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
        return [_chart(read("standard-input.md", text))]
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


def cases(names: Iterable[str]) -> Iterator[Document]:
    """The charts under several names."""
    for name in names:
        yield from open_cases(name)


def _chart(document: Document) -> Document:
    if not document.meta.case:
        hint = "start it with `---`, `case: NAME`, `---`"
        raise CaseProblem(f"`{document.name}` is not a chart: its front matter has no `case`; {hint}")
    return document


def opened(base: Library, case: Document | Opened, payer: str | None = None, on: date | None = None) -> Opened:
    """The case under one payer; what is not given is what the chart says, or how the case was opened before.

    Raises CaseProblem, and DocumentErrors for mistakes in the chart or in the documents in force.
    """
    if isinstance(case, Opened):
        if payer in (None, case.payer) and on in (None, case.on):
            return case
        case = case.document
    request = asked(case)
    refuse_unknown(base, payer)
    payer, day = request.payer if payer is None else payer, on or request.on
    compiled = base.compiled(payer, day or date.today())
    chart, diagnostics = read_chart(case, compiled.program)
    if diagnostics:
        raise DocumentErrors(diagnostics)
    if day is None:
        hint = f'state `request_date({value_source(case.meta.case)}, "YYYY-MM-DD").`, or give the day with --on'
        raise CaseProblem(f"`{case.name}` gives no day of the request, which says which documents are in force; {hint}")
    if chart.request_date is None:
        given = Origin("command line", "command line", "", "the day that was asked for", "", "", 0)
        chart = replace(chart, facts=(*chart.facts, Fact("request_date", (chart.case, day), given)))
    notes = (*_notes(base, payer, day), *odd_dates(compiled.program, chart))
    return Opened(case, chart, payer, day, compiled, in_force(base.documents, payer, day), notes)


def refuse_unknown(base: Library, payer: str | None) -> None:
    """Raises CaseProblem for a payer that was asked for and has no document."""
    if payer is not None and payer not in base.payers:
        raise CaseProblem(f"no document is of the payer `{payer}`; {payer_hint(base, payer)}")


def payer_hint(base: Library, payer: str) -> str:
    """Which payer with documents one without may be meant for, or which there are."""
    return nearest(payer.lower(), base.payers) or f"the payers are: {', '.join(base.payers)}"


def with_changes(
    case: Opened, assume: Iterable[str], retract: Iterable[str]
) -> tuple[Opened, tuple[Fact, ...], tuple[Fact, ...]]:
    """The case with facts assumed and retracted, and which they are.

    A fact to assume is written as a chart writes it; one to retract may have `_` for
    what does not matter. Raises DocumentErrors, and CaseProblem when nothing is retracted.
    """
    assumed = _assumed(case, list(assume))
    retracted = tuple(fact for text in retract for fact in _stated(case, text))
    kept = tuple(fact for fact in case.facts if fact not in retracted)
    return replace(case, chart=replace(case.chart, facts=(*kept, *assumed))), assumed, retracted


def _assumed(case: Opened, texts: list[str]) -> tuple[Fact, ...]:
    statements = "\n".join(f"{text.strip().rstrip('.')}." for text in texts)
    document = read("assumption.dl", statements)
    chart, diagnostics = read_chart(replace(document, meta=replace(document.meta, case=case.case)), case.program)
    if diagnostics:
        raise DocumentErrors(diagnostics)
    return tuple(replace(fact, origin=ASSUMED) for fact in chart.facts)


def _stated(case: Opened, text: str) -> list[Fact]:
    """The fact of the chart that is as a pattern says; or if none is, those that the pattern fits."""
    premises = resolve_goal(case.program, text)
    if len(premises) != 1 or not isinstance(premises[0], Literal) or premises[0].negated:
        raise CaseProblem(f"`{text}` is not one fact")
    atom = premises[0].atom
    pattern = ground_row(atom.terms, {})
    found = [fact for fact in case.facts if fact.relation == atom.relation and fits(fact.row, pattern)]
    if not found:
        stated = [fact_source(fact) for fact in case.facts if fact.relation.removeprefix("-") == atom.predicate]
        hint = f"it states {' '.join(stated)}" if stated else f"it states no `{atom.predicate}`"
        raise CaseProblem(f"the chart does not state `{text}`; {hint}")
    return [fact for fact in found if fact.row == pattern] or found


def opened_for_all(base: Library, case: Document | Opened, payer: str | None = None, on: date | None = None) -> list[Opened]:
    """The case under the payer, or with `all` under each in turn; raises what `opened` does."""
    payers: Iterable[str | None] = base.payers if payer == "all" else (payer,)
    return [opened(base, case, each, on) for each in payers]


def opened_for_one(base: Library, case: Document | Opened, payer: str | None = None, on: date | None = None) -> Opened:
    """The case under one payer; raises CaseProblem when all are asked for, and what `opened` does."""
    if payer == "all":
        raise CaseProblem("this is asked under one payer at a time")
    return opened(base, case, payer, on)


def asked(case: Document) -> Request:
    """The payer and the date that the chart states, read off its syntax: they choose the program that checks it."""
    payers, days = _texts(case, "payer"), _texts(case, "request_date")
    for what, found in (("payers", payers), ("days of the request", days)):
        if len(found) > 1:
            raise CaseProblem(f"`{case.name}` states two {what}: {', '.join(found)}; state one")
    return Request(payers[0] if payers else "", read_date(days[0]) if days else None)


def _texts(case: Document, predicate: str) -> list[str]:
    """The distinct texts that the chart states as the second argument of a predicate."""
    heads = [stated.node.head for stated in case.statements if isinstance(stated.node, Rule) and stated.node.head]
    terms = [head.terms[1] for head in heads if head.predicate == predicate and len(head.terms) == 2]
    return list(dict.fromkeys(t.value for t in terms if isinstance(t, Constant) and isinstance(t.value, str)))


def untold(chart: Chart, program: Program) -> Iterator[str]:
    """What a chart has to say of the request before it can be decided, and does not: of what is asked for one thing."""
    asked = [name for name in program.decided if program.predicate(name).is_fact]
    wanted = {"who pays": ["payer"], "when it was made": ["request_date"], "what is asked for": asked}
    for what, names in wanted.items():
        if names and not any(chart.rows(name) for name in names):
            yield f"{chart.document}: it does not say {what}: it states no `{'` and no `'.join(names)}`."


def _notes(base: Library, payer: str, on: date) -> tuple[str, ...]:
    """What has to be said of the documents: replaced ones, and that the payer has none, or none on the day."""
    replaced = tuple(f"{each.id} is not the shipped document: it is {each.name}." for each in base.replaced)
    return (*replaced, *_missing_documents(base, payer, on))


def _missing_documents(base: Library, payer: str, on: date) -> tuple[str, ...]:
    own = [document for document in base.documents if document.meta.payer == payer and payer]
    if not payer:
        return ("The chart names no payer, so only documents that hold for all payers count.",)
    if not own:
        others = f"there are documents of {', '.join(base.payers)}" if base.payers else "there are none of any payer"
        return (f"No document is of the payer {payer}; {others}.",)
    if not any(document.meta.in_force(on) for document in own):
        days = "; ".join(f"{document.id} {document.meta.period}" for document in own)
        return (f"No document of {payer} is in force on {on}: {days}.",)
    return ()
