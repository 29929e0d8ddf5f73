"""Cases of a cohort, opened by name: as its tables state them, and with what was decided of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from cohort.instances import Records, read_instances
from cohort.output import CRITERIA, DECISIONS, INSTANCES, CohortProblem, Told, is_decided, told
from explain.outcomes import outcome_of
from explain.questions import item_text, questions
from explain.verdicts import verdict
from facts.opening import Item, Opened, opened
from facts.readers.records import charts_of
from facts.readers.tables import FactTable, fact_tables
from kb.contradictions import AtomKey
from kb.engines import engine
from kb.engines.model import ground_row
from kb.language.documents import Document
from kb.language.program import Program
from kb.library import Library
from kb.models import Models


def vocabulary(base: Library) -> Program:
    """The program that has the facts of all charts: that of no payer."""
    return base.compiled("", date.today()).program


@dataclass(frozen=True)
class Cohort:
    """A cohort whose cases are opened: its tables, and if it was decided, where, and what that tells of itself."""

    base: Library
    tables: tuple[FactTable, ...]
    output: Path | None = None
    told: Told | None = None
    _records: dict[tuple[str, ...], Records] = field(default_factory=dict, compare=False)

    def charts(self, names: Iterable[str]) -> dict[str, Document]:
        """The charts of some cases; without those that no table names."""
        return charts_of(self.tables, names)

    def open(self, names: Iterable[str]) -> Iterator[Opened]:
        """Some cases, as they were decided, with the verdicts and the rule instances on record.

        Raises CohortProblem when other documents are in force now, and what `opened` raises.
        """
        names = sorted(set(names))
        try:
            decisions = self._decisions(names)
            on_record = self.output is not None and self._is_on_record
            instances = read_instances(self.output / INSTANCES, names) if self.output is not None and on_record else {}
        except duckdb.Error as error:
            problem = str(error).splitlines()[0]
            raise CohortProblem(f"`{self.output}` is damaged; decide the cohort again ({problem})") from error
        for name, chart in self.charts(names).items():
            case = self.opened(chart)
            if name in decisions:
                verdicts = {item: verdict for item, (verdict, _) in decisions[name].items()}
                certain = frozenset(item for item, (_, is_certain) in decisions[name].items() if is_certain)
                case = replace(case, decided=verdicts, certain=certain)
                if name in instances:
                    case = replace(case, engine=self._records_of(case).of(case, instances[name]))
            yield case

    def opened(self, chart: Document) -> Opened:
        """A case under the documents that decided the cohort; raises CohortProblem when these are others now."""
        if self.told is None:
            return opened(self.base, chart)
        case = opened(self.base, chart, self.told.payer, self.told.on)
        self._refuse_others(case.policies)
        return case

    def _refuse_others(self, policies: Iterable[Document]) -> None:
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

    def _decisions(self, names: list[str]) -> dict[str, dict[Item, tuple[str, bool]]]:
        """The verdict on each question of some cases, and whether it is certain."""
        path = self.output / DECISIONS if self.output is not None else None
        found: dict[str, dict[Item, tuple[str, bool]]] = {}
        if path is None or not names:
            return found
        with duckdb.connect() as connection:
            rows = connection.execute(
                """SELECT "case", question, item, verdict, certain FROM read_parquet($path)
                   WHERE "case" BETWEEN $first AND $last AND list_contains($names, "case")""",
                {"path": str(path), "first": names[0], "last": names[-1], "names": names},
            ).fetchall()
        for case, question, item, decided, certain in rows:
            found.setdefault(case, {})[question, item] = decided, bool(certain)
        return found

    def standing(self, case: str) -> dict[Item, dict[str, str]]:
        """The verdicts on the criteria of each question of a case."""
        found: dict[Item, dict[str, str]] = {}
        if self.output is not None:
            with duckdb.connect() as connection:
                rows = connection.execute(
                    'SELECT question, item, criterion, status FROM read_parquet(?) WHERE "case" = ?',
                    [str(self.output / CRITERIA), case],
                ).fetchall()
            for question, item, criterion, status in rows:
                found.setdefault((question, item), {})[criterion] = status
        return found


@contextmanager
def open_cohort(base: Library, source: Path) -> Iterator[Cohort]:
    """The cohort in tables of facts, or in the directory where it was decided; raises BadTables, CohortProblem."""
    about = told(source) if is_decided(source) else None
    tables_at = Path(about.source) if about is not None else source
    with TemporaryDirectory() as work:
        tables = fact_tables(tables_at, vocabulary(base).predicates, Path(work))
        yield Cohort(base, tables, source if about is not None else None, about)


def open_case(base: Library, source: Path, case: str) -> Opened:
    """One case of a cohort; raises BadTables, CohortProblem when there is no such case, and what `opened` raises."""
    with open_cohort(base, source) as cohort:
        found = next(cohort.open([case]), None)
        if found is None:
            raise CohortProblem(f"no table of `{source}` says anything of a case `{case}`; names are taken letter by letter")
        return replace(found, standing=cohort.standing(case))


def disagreement(case: Opened, found: Models, goals: Iterable[AtomKey]) -> str:
    """What to say when the verdict on a goal is not the one that the case's cohort has; nothing when all are the same."""
    wanted, criteria = set(goals), {criterion.id: criterion for criterion in case.program.criteria}
    for question in questions(found):
        item = question.relation, item_text(question.row, case.program.predicate(question.relation).case_position)
        if (question.relation, question.row) in wanted:
            now = outcome_of(found, question).verdict.value
            if now != case.decided.get(item):
                return _differs(case, f"{item[0]}({item[1]})", case.decided.get(item), now)
        for name, known in case.standing.get(item, {}).items():
            atom = criteria[name].atom
            goal = atom.relation, ground_row(atom.terms, question.binding)
            if goal in wanted and (now := verdict(found, *goal).value) != known:
                return _differs(case, f"{name} of {item[0]}({item[1]})", known, now)
    return ""


def _differs(case: Opened, what: str, known: str | None, now: str) -> str:
    has = f"has `{known}` for" if known else "was not asked"
    return (
        f"the cohort {has} {what} of `{case.case}`, and its tables now come to `{now}`: "
        "they were changed since; decide the cohort again"
    )
