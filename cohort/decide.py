"""A whole cohort decided: its cases in batches, on every processor, with what is done kept if it is stopped.

Each batch is written under its own name in a working directory, and counts once its
account (`.json`) is there; the same call goes on from there. The output gets its names
when everything is done.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb

from cohort.batch import CONTRADICTING, Outcome
from cohort.book import Book, read_book
from cohort.cases import vocabulary
from cohort.clashes import undecidable
from cohort.loading import Reject
from cohort.output import CODE, CohortProblem, Heard, Told, state_of
from cohort.parts import is_done, outcome_of, put_together
from cohort.spark import Cluster, NoSpark
from cohort.tasks import Setup, on_this_machine, refused
from facts.readers.found import BROKEN, BadTables
from facts.readers.tables import FactTable, fact_tables
from kb.engines.sql.schema import CASE_NUMBER, Types
from kb.language.cache import code_digest
from kb.language.diagnostics import DocumentErrors, nearest
from kb.language.program import Program
from kb.library import Library


@dataclass(frozen=True)
class Settings:
    """How a cohort is decided.

    `payer` and `on` decide every case by that payer's documents, or those of that day.
    `stop_on_error`: the first row that cannot be taken stops the run; else its case is
    left out. `memory` is that of all workers together, in gigabytes; beyond it they write
    to disk. At most `batch` cases are decided at a time.
    """

    payer: str | None = None
    on: date | None = None
    stop_on_error: bool = False
    memory: float = 2.0
    workers: int = 0
    batch: int = 100_000
    proofs: bool = False
    """Whether the rule instances of each case are kept, from which its proofs are rebuilt."""
    master: str = ""
    """The Spark cluster that decides, such as `spark://host:7077`; else this machine does. There, `memory` is a task's."""


@dataclass(frozen=True)
class Account:
    """What came of a cohort: how many cases were decided, what was rejected, how often each rule fired."""

    cases: int
    rejects: tuple[Reject, ...]
    fired: dict[str, int]
    programs: tuple[Program, ...] = ()
    notes: tuple[str, ...] = ()
    """What has to be known of the payers that the cases name."""


Also = Callable[[Path, Account], None]
"""Writes more into the output, before it gets its name."""


def decide_cohort(
    base: Library,
    source: Path,
    output: Path,
    settings: Settings = Settings(),
    heard: Heard = lambda done, total: None,
    also: Also = lambda result, account: None,
) -> Account:
    """Decides every case of a cohort into a directory; `heard` is told how many cases of how many are done.

    Raises BadTables, CohortProblem, DocumentErrors; KeyboardInterrupt leaves what is done
    in the working directory, from which the same call goes on.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise CohortProblem(f"`{output}` is there already; name another directory, or remove it first")
    work = output.with_name(f".{output.name}.unfinished")
    try:
        with _held(work), _nothing_left(work):
            state = state_of(source)
            tables, book = _opened(base, source, state, work, settings)
            account = _decided(base, tables, book, work, settings, heard)
            if state_of(source) != state:
                raise CohortProblem(f"`{source}` was changed while it was decided; give the same command again")
            _finished(work, output, account, _told(base, source, state, settings, account), also)
    except duckdb.OutOfMemoryException as error:
        hint = "give more with --memory-limit, or decide fewer cases at a time with --batch; the same command goes on"
        raise CohortProblem(
            f"{settings.memory:g} GB of memory do not do for {settings.batch} cases at a time: {hint}"
        ) from error
    except duckdb.InvalidInputException as error:
        # What the rules cannot compute is an EvaluationError: this is about a file.
        hint = f"if a file is named, {BROKEN}; then give the same command again"
        raise CohortProblem(f"{str(error).splitlines()[0]}; {hint}") from error
    except NoSpark as error:
        raise CohortProblem(str(error)) from error
    except (duckdb.IOException, OSError) as error:
        first = str(error).splitlines()[0]
        hint = f"what is done is kept in `{work}`: make room or mend it, and the same command goes on"
        raise CohortProblem(f"{first}; {hint}") from error
    return account


@contextmanager
def _held(work: Path) -> Iterator[None]:
    """The working directory, held for one run at a time; the system lets go of it when the process ends, however it does."""
    work.mkdir(parents=True, exist_ok=True)
    with (work / "held").open("a", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CohortProblem(f"another run is at work in `{work}`; wait for it, or name another directory") from error
        yield


@contextmanager
def _nothing_left(work: Path) -> Iterator[None]:
    """What is refused has to be changed, and then begins anew: so nothing of it is left."""
    try:
        yield
    except (BadTables, CohortProblem, DocumentErrors):
        shutil.rmtree(work, ignore_errors=True)
        raise


def _opened(base: Library, source: Path, state: str, work: Path, settings: Settings) -> tuple[tuple[FactTable, ...], Book]:
    """The tables and the cases; what an earlier run of the same call left is kept, and of another is removed."""
    mark = work / "mark"
    wanted = _mark(base, source, state, settings)
    if not mark.exists() or mark.read_text(encoding="utf-8") != wanted:
        for former in (entry for entry in work.iterdir() if entry.name != "held"):
            shutil.rmtree(former) if former.is_dir() else former.unlink()
        (work / "parts").mkdir()
        mark.write_text(wanted, encoding="utf-8")
    tables = fact_tables(source, vocabulary(base).predicates, work / "facts")
    book = read_book(base, tables, work / "cases.parquet", settings.payer, settings.on)
    for deciding in book.programs:
        if why := undecidable(deciding.compiled.program):
            raise CohortProblem(f"{why}: `medproof decide` decides such cases one by one")
    if book.rejects and settings.stop_on_error:
        raise refused(book.rejects)
    return tables, book


def _mark(base: Library, source: Path, state: str, settings: Settings) -> str:
    """Tells one call from another: the facts, the documents, the code, and what was asked."""
    documents = [f"{each.name} {each.digest}" for each in base.documents]
    asked = [str(settings.payer), str(settings.on), str(settings.batch), str(settings.stop_on_error), str(settings.proofs)]
    return sha256("\n".join([str(source), state, *documents, *asked, code_digest(CODE)]).encode()).hexdigest()


@dataclass(frozen=True)
class _Run:
    """The work of one call: its parts stand in a directory, and those that are done are not decided again."""

    tables: tuple[FactTable, ...]
    vocabulary: Program
    work: Path
    settings: Settings
    cluster: Cluster
    heard: Heard

    def decided(self, book: Book) -> list[Outcome]:
        """Decides the cases of a book, and then those among them that contradict themselves."""
        parts = self._parts(book, "")
        done = self._done(book, parts, lambda cases: self.heard(cases, book.count))
        if not any(outcome.contradicting for outcome in done):
            return done
        found = sorted((self.work / "parts").glob(f"[0-9]*.{CONTRADICTING}.parquet"))
        left = book.contradictions(found, self.work / "contradicting.parquet")
        before = book.count - left.count
        return done + self._done(left, self._parts(left, "c"), lambda cases: self.heard(before + cases, book.count))

    def _parts(self, book: Book, prefix: str) -> dict[Path, tuple[str, str | None, int]]:
        """The parts of a book: for each the range of its names, and how many cases that has."""
        ranges = book.batches(_size(self.work / f"{prefix}size", book.count, self._workers, self.settings))
        return {self.work / "parts" / f"{prefix}{number:06d}": each for number, each in enumerate(ranges)}

    def _done(
        self, book: Book, parts: Mapping[Path, tuple[str, str | None, int]], heard: Callable[[int], None]
    ) -> list[Outcome]:
        memory = f"{self.settings.memory / (1 if self.settings.master else self._workers):.3f}GB"
        setup = Setup(
            book, self.tables, Types.of(self.vocabulary, CASE_NUMBER), self.vocabulary, memory, str(self.work / "spill"),
            self.settings.proofs,
        )  # fmt: skip
        pending = [(low, high, str(part)) for part, (low, high, _) in parts.items() if not is_done(part)]

        finished: dict[Path, Outcome] = {}

        def tell() -> None:
            finished.update({part: outcome_of(part) for part in parts if part not in finished and is_done(part)})
            heard(sum(parts[part][2] - outcome.contradicting for part, outcome in finished.items()))

        tell()
        if self.settings.master and pending:
            self.cluster.decide(setup, pending, tell)
        elif pending:
            on_this_machine(setup, pending, self._workers, self.settings.stop_on_error, tell)
        tell()
        return [finished[part] for part in parts]

    @property
    def _workers(self) -> int:
        return self.settings.workers or os.cpu_count() or 1


def _decided(
    base: Library, tables: tuple[FactTable, ...], book: Book, work: Path, settings: Settings, heard: Heard
) -> Account:
    with closing(Cluster(settings.master)) as cluster:
        outcomes = _Run(tables, vocabulary(base), work, settings, cluster, heard).decided(book)
    account = _together(book, outcomes)
    account = replace(account, notes=(*_notes(base, book), *_notes_of_rejects(account.rejects)))
    if account.rejects and settings.stop_on_error:
        raise refused(account.rejects)
    return account


_LEAST = 10_000
"""Fewer cases than this take hardly less time than so many."""


def _size(chosen: Path, cases: int, workers: int, settings: Settings) -> int:
    """How many cases a batch has: no more than asked for, and as few as keep every worker busy.

    A run that goes on has the batches of the one before it (`chosen`), whatever workers there are now.
    """
    if not chosen.exists():
        each = max(_LEAST, -(-cases // workers))
        chosen.write_text(str(settings.batch if settings.master else min(settings.batch, each)), encoding="utf-8")
    return int(chosen.read_text(encoding="utf-8"))


def _notes(base: Library, book: Book) -> Iterator[str]:
    for payer in sorted({each.payer for each in book.programs} - set(base.payers)):
        hint = nearest(payer.lower(), base.payers) or f"the payers are: {', '.join(base.payers)}"
        named = f"No document is of the payer `{payer}`" if payer else "Some cases name no payer"
        yield f"{named}, so only documents that hold for all payers count there; {hint}."


def _notes_of_rejects(rejects: Iterable[Reject]) -> Iterator[str]:
    if nameless := sum(not each.case for each in rejects):
        rows = "1 row names" if nameless == 1 else f"{nameless:,} rows name"
        yield f"{rows} no case, so some case may be decided without what is said there; `rejects.parquet` tells where."


def _together(book: Book, outcomes: list[Outcome]) -> Account:
    programs = tuple(each.compiled.program for each in book.programs)
    rejects = (*book.rejects, *(each for outcome in outcomes for each in outcome.rejects))
    fired = book.added(outcome.fired for outcome in outcomes)
    return Account(sum(outcome.cases for outcome in outcomes), rejects, fired, programs)


def _told(base: Library, source: Path, state: str, settings: Settings, account: Account) -> Told:
    ids = {meta.full_id for program in account.programs for meta in program.documents}
    return Told(
        source=str(source.absolute()) if source.exists() else str(source),
        state=state,
        code=code_digest(CODE),
        payer=settings.payer,
        on=settings.on,
        documents={document.id: document.digest for document in base.documents if document.id in ids},
        notes=account.notes,
        cases=account.cases,
        rejected=len({each.case for each in account.rejects if each.case}),
        fired=account.fired,
    )


def _finished(work: Path, output: Path, account: Account, told: Told, also: Also) -> None:
    """Puts the parts together, and gives the output its name."""
    result = work / "result"
    shutil.rmtree(result, ignore_errors=True)
    result.mkdir()
    put_together(work / "parts", account.rejects, result)
    told.write(result)
    also(result, account)
    if output.exists():
        output.rmdir()
    result.rename(output)
    shutil.rmtree(work, ignore_errors=True)
