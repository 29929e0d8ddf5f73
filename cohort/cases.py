"""Cases of a cohort, opened by name: as its tables state them, and with what was decided of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from cohort.files import parquet_sql
from cohort.instances import Records, read_instances
from cohort.output import CRITERIA, DECISIONS, FACTS, INSTANCES, REJECTS, CohortProblem, Told, is_decided, told
from cohort.rejects import Reject, shown
from explain.criteria import criteria_beneath
from explain.outcomes import outcome_of
from explain.questions import item_text, questions, speaking_rules
from explain.verdicts import Verdict, verdict
from facts.opening import Item, Opened, opened
from facts.readers.kept import kept_tables
from facts.readers.records import charts_of
from facts.readers.tables import FactTable, fact_tables
from kb.contradictions import AtomKey
from kb.engines import engine
from kb.engines.model import ground_row
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document
from kb.language.program import Program
from kb.library import Library
from kb.models import Models


def vocabulary(base: Library) -> Program:
    """The program that has the facts of all charts: that of no payer."""
    return base.compiled("", date.today()).program


@dataclass(frozen=True)
class Record:
    """What a cohort decided of a case: for which payer, the verdicts, and which of them are certain."""

    payer: str
    verdicts: dict[Item, str] = field(default_factory=dict)
    certain: set[Item] = field(default_factory=set)


@dataclass(frozen=True)
class Cohort:
    """A cohort whose cases are opened: its tables, and if it was decided, where, and what that tells of itself."""

    base: Library
    tables: tuple[FactTable, ...]
    output: Path | None = None
    told: Told | None = None
    _records: dict[tuple[str, ...], Records] = field(default_factory=dict, compare=False)

    def charts(self, names: Iterable[str]) -> Iterator[Document]:
        """The charts of some cases by name; without those that no table names."""
        return charts_of(self.tables, names)

    def open(self, names: Iterable[str]) -> Iterator[Opened]:
        """Some cases, as they were decided, with the verdicts and the rule instances on record.

        Raises CohortProblem when other documents are in force now, and what `opened` raises.
        """
        names = sorted(set(names))
        decisions = self.decisions(names)
        instances = {}
        if self.output is not None and self._is_on_record:
            with undamaged(self.output):
                instances = read_instances(self.output / INSTANCES, names)
        for chart in self.charts(names):
            name = chart.meta.case
            record = decisions.get(name)
            case = self.opened(chart, record.payer if record is not None else None)
            if record is not None:
                case = replace(case, decided=record.verdicts, certain=frozenset(record.certain))
                if name in instances:
                    case = replace(case, engine=self._records_of(case).of(case, instances[name]))
            yield case

    def opened(self, chart: Document, payer: str | None = None) -> Opened:
        """A case under the documents that decided it.

        Raises CohortProblem when these or the `payer` are others now, or with the row that cannot be taken.
        """
        by = self.told
        try:
            case = opened(self.base, chart, by.payer if by else None, by.on if by else None)
        except DocumentErrors as error:
            own = [each for each in error.diagnostics if each.document == chart.name]
            if not own:
                raise
            raise CohortProblem(f"{_row_above(chart, own[0].line)}: {own[0].message} (case `{chart.meta.case}`)") from error
        if by is None:
            return case
        if payer is not None and case.payer != payer:
            was = f"the cohort decided `{case.case}` by the documents of the payer `{payer}`"
            now = f"its tables now name `{case.payer}`"
            raise CohortProblem(f"{was}, and {now}: they were changed since; decide the cohort again")
        self.refuse_others(case.policies)
        return case

    def refuse_others(self, policies: Iterable[Document] = ()) -> None:
        """Raises CohortProblem when documents that decided the cohort are not at hand, or others would decide now."""
        assert self.told is not None
        at_hand = {document.id: document.digest for document in self.base.documents}
        missing = self.told.documents.items() - at_hand.items()
        new = {(each.id, each.digest) for each in policies} - self.told.documents.items()
        for name, _ in sorted(missing | new):
            hint = "name the same documents with --policies, or decide the cohort again"
            raise CohortProblem(f"`{self.output}` was not decided by this text of `{name}`: {hint}")

    @cached_property
    def _is_on_record(self) -> bool:
        """Whether rule instances are kept, and the facts are still those from which they came."""
        has_record = self.output is not None and (self.output / INSTANCES).exists()
        return has_record and self.told is not None and self.told.is_unchanged

    def _records_of(self, case: Opened) -> Records:
        documents = tuple(document.id for document in case.policies)
        return self._records.setdefault(documents, Records(case.compiled, engine()))

    def decisions(self, names: list[str]) -> dict[str, Record]:
        """The verdict on each question of some cases, and whether it is certain."""
        found: dict[str, Record] = {}
        if self.output is None or not names:
            return found
        rows = rows_of(
            self.output / DECISIONS,
            f"""SELECT "case", question, item, verdict, certain, payer FROM {parquet_sql('$path')}
               WHERE "case" BETWEEN $first AND $last AND "case" IN (SELECT unnest($names))""",
            first=names[0], last=names[-1], names=names,
        )  # fmt: skip
        for case, question, item, decided, certain, payer in rows:
            record = found.setdefault(case, Record(payer))
            record.verdicts[question, item] = decided
            if certain:
                record.certain.add((question, item))
        return found

    def left_out(self, name: str) -> str:
        """What is wrong with a case that the cohort left out; nothing, if it did not."""
        if self.output is None:
            return ""
        columns = ", ".join(f'"{each}"' for each in Reject.__dataclass_fields__)
        query = f"""SELECT {columns} FROM {parquet_sql("$path")} WHERE "case" = $name"""
        return "; ".join(shown(Reject(*row) for row in rows_of(self.output / REJECTS, query, name=name)))

    def standing(self, case: str) -> dict[Item, dict[str, str]]:
        """The verdicts on the criteria of each question of a case."""
        found: dict[Item, dict[str, str]] = {}
        if self.output is not None:
            query = f"""SELECT question, item, criterion, status FROM {parquet_sql("$path")} WHERE "case" = $name"""
            for question, item, criterion, status in rows_of(self.output / CRITERIA, query, name=case):
                found.setdefault((question, item), {})[criterion] = status
        return found


@contextmanager
def undamaged(output: Path) -> Iterator[None]:
    """Where the files of a decided cohort are read; raises CohortProblem when they are none."""
    try:
        yield
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        raise CohortProblem(f"`{output}` is damaged; decide the cohort again ({problem})") from error


def rows_of(path: Path, query: str, **values: object) -> list[tuple[Any, ...]]:
    """Rows of a file of a decided cohort (`$path` in the query); raises CohortProblem when it is damaged."""
    with undamaged(path.parent), duckdb.connect() as connection:
        return connection.execute(query, {"path": str(path), **values}).fetchall()


def met(output: Path) -> list[tuple[str, str, str]]:
    """What a decided cohort has as met, of which case and item; raises CohortProblem when its files are damaged."""
    query = f"""SELECT "case", question, item FROM {parquet_sql("$path")} WHERE verdict = $met ORDER BY ALL"""
    return rows_of(output / DECISIONS, query, met=Verdict.MET.value)


def _row_above(chart: Document, line: int) -> str:
    """The row of a table that a line of a case's chart stands for."""
    above = chart.text.splitlines()[:line]
    return next((each.rstrip(".") for each in reversed(above) if each.startswith("Row ")), chart.name)


@contextmanager
def open_cohort(base: Library, source: Path, cases: Collection[str] | None = None) -> Iterator[Cohort]:
    """The cohort in tables of facts, or in the directory where it was decided; raises BadTables, CohortProblem.

    Of a database only some `cases` are read, if any are named.
    """
    about = told(source) if is_decided(source) else None
    if about is not None:
        # Without its documents, its tables would seem damaged: their names stand there.
        Cohort(base, (), source, about).refuse_others()
    predicates = vocabulary(base).predicates
    if about is not None and about.kept:
        yield Cohort(base, kept_tables(source / FACTS, predicates), source, about)
        return
    with TemporaryDirectory() as work:
        tables = fact_tables(Path(about.source) if about is not None else source, predicates, Path(work), cases)
        yield Cohort(base, tables, source if about is not None else None, about)


def open_case(base: Library, source: Path, case: str) -> Opened:
    """One case of a cohort; raises BadTables, CohortProblem when there is no such case, and what `opened` raises."""
    with open_cohort(base, source, [case]) as cohort:
        if why := cohort.left_out(case):
            raise CohortProblem(f"`{source}` left the case `{case}` out: {why}")
        found = next(cohort.open([case]), None)
        if found is None:
            raise CohortProblem(f"no table of `{source}` says anything of a case `{case}`; names are taken letter by letter")
        return replace(found, standing=cohort.standing(case), notes=(*found.notes, *_since(cohort.told)))


def _since(about: Told | None) -> Iterator[str]:
    """What has to be known of the tables that a case was opened from."""
    if about is not None and not about.is_unchanged:
        yield "The tables, or medproof, are not surely those that decided the cohort: this is what they come to now."
    elif about is not None and not about.has_same_source:
        yield "The tables may have changed since the cohort was decided: this is what they said then."


def disagreement(case: Opened, found: Models, goals: Iterable[AtomKey]) -> str:
    """What to say when the verdict on a goal is not the one that the case's cohort has; nothing when all are the same."""
    wanted = set(goals)
    criteria = [each for each in case.program.criteria if any(each.atom.relation == relation for relation, _ in wanted)]
    asked = set[Item]()
    for question in questions(found):
        item = question.relation, item_text(question.row, case.program.predicate(question.relation).case_position)
        asked.add(item)
        if (question.relation, question.row) in wanted:
            known, now = case.decided.get(item), outcome_of(found, question).verdict.value
            if now != known:
                return _differs(case, f"{item[0]}({item[1]})", known, now)
        if criteria:
            beneath = {each.id for each in criteria_beneath(case.program, speaking_rules(found, question))}
        for criterion in criteria:
            goal = criterion.atom.relation, ground_row(criterion.atom.terms, question.binding)
            if criterion.id in beneath and goal in wanted:
                known, now = case.standing.get(item, {}).get(criterion.id), verdict(found, *goal).value
                if now != known:
                    return _differs(case, f"{criterion.id} of {item[0]}({item[1]})", known, now)
    for relation, text in sorted(case.decided.keys() - asked):
        return _differs(case, f"{relation}({text})", case.decided[relation, text], "")
    return ""


def _differs(case: Opened, what: str, known: str | None, now: str) -> str:
    has = f"has `{known}` for" if known else "was not asked"
    come = f"its tables now come to `{now}`" if now else "its tables no longer ask it"
    return f"the cohort {has} {what} of `{case.case}`, and {come}: they were changed since; decide the cohort again"
