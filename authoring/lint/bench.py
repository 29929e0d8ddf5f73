"""What lint rules look at: documents, the programs that they are part of, and the charts at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from authoring.trials import Trial, trials
from kb.language.closed import SCOPE
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document
from kb.language.program import Origin, Program, ProgramRule
from kb.library import Library


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule has to say of a line of a document."""

    document: Document
    line: int
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Bench:
    """Documents to look at, with the programs in which they are in force, and the charts that are known.

    `today` is the day by which a document is out of effect.
    """

    documents: tuple[Document, ...]
    programs: tuple[Program, ...]
    charts: tuple[Document, ...]
    today: date

    def rules(self) -> Iterator[tuple[Program, ProgramRule, Document]]:
        """Each rule with premises of the documents once, with a program that has it."""
        by_id = {document.id: document for document in self.documents}
        seen: set[str] = set()
        for program in self.programs:
            for rule in program.rules:
                document = by_id.get(rule.origin.document)
                is_own = document is not None and not rule.id.startswith(SCOPE) and rule.rule.body
                if is_own and document is not None and rule.id not in seen:
                    seen.add(rule.id)
                    yield program, rule, document

    def document(self, origin: Origin) -> Document | None:
        """The document that something stands in, if it is one of those to look at."""
        return next((each for each in self.documents if each.id == origin.document), None)

    def tests(self) -> Iterator[Trial]:
        """The tests of the documents and charts."""
        for document in (*self.documents, *self.charts):
            yield from trials(document)


def bench(base: Library, documents: list[Document], charts: list[Document], today: date | None = None) -> Bench:
    """A bench for some documents of a library. Programs with mistakes, which `check` reports, are left out."""
    today = today or date.today()
    programs: list[Program] = []
    days = {today, *(day for each in documents for day in (each.meta.effective,) if day is not None)}
    for payer in {"", *(document.meta.payer for document in documents), *base.payers}:
        for day in sorted(days):
            try:
                programs.append(base.compiled(payer, day).program)
            except DocumentErrors:
                continue
    policies = tuple(each for each in documents if not each.meta.case)
    return Bench(policies, tuple(programs), tuple(charts), today)
