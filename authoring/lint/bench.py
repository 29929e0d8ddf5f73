"""What lint rules look at: documents, the programs that they are part of, and the charts at hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from kb.language import syntax as s
from kb.language.closed import written
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document, Test
from kb.language.program import Origin, Program, ProgramRule
from kb.library import Library


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule has to say of a line of a document.

    `fix`: where the statement begins (line and column, from 1) that can be taken out
    without changing any answer; with column 0, the remark on that line.
    """

    document: Document
    line: int
    message: str
    hint: str = ""
    fix: tuple[int, int] | None = None


@dataclass(frozen=True)
class Bench:
    """Documents to look at, with the programs in which they are in force, and the charts that are known.

    `today` is the day by which a document is out of effect.
    """

    documents: tuple[Document, ...]
    programs: tuple[Program, ...]
    charts: tuple[Document, ...]
    today: date
    looked: dict[str, tuple[Found, ...]] = field(default_factory=dict, compare=False, repr=False)
    """What lint rules found already, by their names."""

    def rules(self) -> Iterator[tuple[Program, ProgramRule, Document]]:
        """Each rule with premises of the documents once, with a program that has it."""
        by_id = {document.id: document for document in self.documents}
        seen: set[str] = set()
        for program in self.programs:
            for rule in written(program.rules):
                document = by_id.get(rule.origin.document)
                if document is not None and rule.rule.body and rule.id not in seen:
                    seen.add(rule.id)
                    yield program, rule, document

    def meet(self, one: ProgramRule, other: ProgramRule) -> bool:
        """Whether two rules are in force together; those of two versions of a document are not."""
        return any(one.id in program.rule_by_id and other.id in program.rule_by_id for program in self.programs)

    def makes_superfluous(self, kept: ProgramRule, other: ProgramRule) -> bool:
        """Whether a rule that says all that another says is in force, for whichever payer, whenever the other is.

        Rules of one document are, and those of a document without days or payer.
        """
        if kept.origin.document == other.origin.document:
            return True
        document = self.document(kept.origin)
        meta = document.meta if document is not None else None
        return meta is not None and not meta.payer and meta.effective is None and meta.retired is None

    def document(self, origin: Origin) -> Document | None:
        """The document that something stands in, if it is one of those to look at."""
        return next((each for each in self.documents if each.id == origin.document), None)

    @cached_property
    def possible(self) -> frozenset[str]:
        """The relations of which some program at hand states or concludes something, or a chart may."""
        found: set[str] = set()
        for program in self.programs:
            found |= set(program.rules_for) | {fact.relation for fact in program.facts}
            found |= {sign + name for name, each in program.predicates.items() if each.is_fact for sign in ("", "-")}
        return frozenset(found)

    @cached_property
    def expected(self) -> frozenset[str]:
        """The predicates that tests of the documents and charts expect something of, by their short names."""
        nodes = [stated.node for test in self._tests() for stated in test.statements]
        bodies = (node.body for node in nodes if isinstance(node, s.Expectation))
        return frozenset(each.atom.predicate for body in bodies for each in s.literals(body))

    @cached_property
    def stated(self) -> frozenset[str]:
        """The predicates that charts and tests state, by their short names."""
        everything = [*(chart.statements for chart in self.charts), *(test.statements for test in self._tests())]
        heads = (each.node.head for statements in everything for each in statements if isinstance(each.node, s.Rule))
        return frozenset(head.predicate for head in heads if head is not None)

    def _tests(self) -> list[Test]:
        return [test for document in (*self.documents, *self.charts) for test in document.tests]


def statement(rule: ProgramRule) -> tuple[int, int]:
    """Where a rule begins, from 1."""
    return rule.rule.place.line, rule.rule.place.column


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
