"""Tests made ready to run: the case that each tells, the payer and the day under which it is decided.

A test of a policy tells a case of its own: its facts. A test of a chart adds its
facts to the chart's. `under PAYER` or `under PAYER on DAY` at the start of its name
chooses the program; else the facts do, and the document that it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from explain.verdicts import Verdict
from facts.opening import asked
from facts.readers.datalog import read_chart
from kb.goals import resolve_body
from kb.language import syntax as s
from kb.language.build import in_force
from kb.language.diagnostics import Diagnostic, DocumentErrors, Finding
from kb.language.documents import Document, Stated, Test
from kb.language.frontmatter import read_date
from kb.language.printer import premise_text
from kb.language.program import Fact, Program
from kb.language.symbols import Report, Source
from kb.library import Library


@dataclass(frozen=True)
class Trial:
    """A test of a document, with its case as a chart."""

    document: Document
    test: Test
    chart: Document
    payer: str
    on: date

    @property
    def id(self) -> str:
        """The document's id and the test's name: `aetna-cpb-0743@2026-01: grade 4 is not enough`."""
        return f"{self.document.id}: {self.test.name}"

    @property
    def line(self) -> int:
        """Where the test stands in its document."""
        return self.test.place.line


@dataclass(frozen=True)
class Expected:
    """What a test expects: that a conjunction holds, or a verdict on one atom; `negated`: that the atom is not met."""

    stated: Stated
    verdict: Verdict
    negated: bool
    body: tuple[s.Premise, ...]

    @property
    def atom(self) -> s.Atom | None:
        """The atom, if the expectation is of one."""
        if len(self.body) == 1 and isinstance(self.body[0], s.Literal):
            return self.body[0].atom
        return None


def trials(document: Document) -> Iterator[Trial]:
    """The tests of a document. Raises CaseProblem when a test states two payers or two days of request."""
    for test in document.tests:
        # No passage: the prose above a test says what the policy asks for, not what this case is.
        facts = tuple(replace(each, passage="") for each in test.statements if not isinstance(each.node, s.Expectation))
        if document.meta.case:
            chart = replace(document, statements=(*document.statements, *facts), tests=())
        else:
            case = _case(test)
            meta = replace(document.meta, case=case, id=f"{document.meta.id}/{test.name}")
            chart = replace(document, meta=meta, statements=facts, tests=(), findings=())
        request, named = asked(chart), re.match(r"under ([\w-]+)(?: on (\d{4}-\d\d-\d\d))?\b", test.name)
        payer = named[1] if named else request.payer or document.meta.payer
        day = read_date(named[2]) if named and named[2] else None
        yield Trial(document, test, chart, payer, day or request.on or document.meta.effective or date.today())


def _case(test: Test) -> str:
    """The case that a test is about: the first argument of its first fact, or without facts of what it expects."""
    nodes = [stated.node for stated in test.statements]
    facts = [node.head for node in nodes if isinstance(node, s.Rule) and node.head is not None]
    asked_for = [p.atom for node in nodes if isinstance(node, s.Expectation) for p in node.body if isinstance(p, s.Literal)]
    for atom in (*facts, *asked_for):
        if atom.terms and isinstance(atom.terms[0], s.Constant):
            return str(atom.terms[0].value)
    return "nobody"


def expected(trial: Trial, program: Program) -> tuple[tuple[Expected, ...], tuple[Diagnostic, ...]]:
    """What a test expects, in the vocabulary of a program, and what is wrong with how it says it."""
    report, found = Report(), list[Expected]()
    for stated in trial.test.statements:
        if isinstance(stated.node, s.Expectation):
            source = Source(trial.document, stated)
            body = resolve_body(program, stated.node.body, source, report)
            if stated.node.status == "holds":
                first = body[0]
                is_negated = len(body) == 1 and isinstance(first, s.Literal) and first.negated
                found.append(Expected(stated, Verdict.MET, is_negated, body))
                continue
            for premise in body:
                if not isinstance(premise, s.Literal) or premise.negated:
                    message = f"`{premise_text(premise)}` has no verdict"
                    report.add(source, Finding(stated.node.place, "misplaced", message, "name atoms, without `not`"))
                found.append(Expected(stated, Verdict(stated.node.status), False, (premise,)))
    return tuple(found), report.diagnostics


def under(trials: Iterable[Trial], documents: Iterable[Document]) -> list[tuple[str, date]]:
    """The payers and days whose programs matter: those of tests, and those of documents, which may have none."""
    own = ((each.meta.payer, in_force_on(each)) for each in documents if not each.meta.case)
    return list(dict.fromkeys([*((each.payer, each.on) for each in trials), *own]))


def in_force_on(document: Document) -> date:
    """A day on which a document is in force: its first, else today, or the day before it retires."""
    meta = document.meta
    if meta.effective is not None:
        return meta.effective
    return min(date.today(), meta.retired - timedelta(days=1)) if meta.retired is not None else date.today()


def mistakes(trial: Trial, base: Library) -> tuple[Diagnostic, ...]:
    """What is wrong with a test as it is written: day, facts, expectations. Raises DocumentErrors of the policies."""
    if misdated := elsewhere(trial, base):
        return (misdated,)
    program = base.compiled(trial.payer, trial.on).program
    return tuple(sorted({*read_told(trial, program)[1], *expected(trial, program)[1]}))


def mistakes_in_tests(document: Document, base: Library) -> Iterator[Diagnostic]:
    """What is wrong with the tests of a document; mistakes in the policies are left to those who look at them."""
    for trial in trials(document):
        with suppress(DocumentErrors):
            yield from mistakes(trial, base)


def elsewhere(trial: Trial, base: Library) -> Diagnostic | None:
    """What is wrong when the document that a test stands in is not in force on the test's day."""
    meta = trial.document.meta
    if meta.case:
        return None
    found = in_force(base.documents, trial.payer, trial.on)
    if any(each.id == trial.document.id for each in found) or meta.payer not in ("", trial.payer):
        return None
    other = next((each.id for each in found if each.meta.id == meta.id), "")
    instead = f"`{other}` decides it" if other else "no version decides it"
    message = f"this test is dated {trial.on}, and the document {meta.period}: {instead}"
    hint = 'date its request when the document is in force, or begin its name with "under PAYER on DAY"'
    return trial.document.diagnostic(Finding(trial.test.place, "other-version", message, hint))


def read_told(trial: Trial, program: Program) -> tuple[tuple[Fact, ...], tuple[Diagnostic, ...]]:
    """The facts of a test's case, and what is wrong with them."""
    chart, found = read_chart(trial.chart, program)
    return chart.facts, found
