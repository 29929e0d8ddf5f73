"""A whole cohort decided: its cases in batches, on every processor, with what is done kept if it is stopped.

Each batch is written under its own name in a working directory, and counts once its
account (`.json`) is there; the same call goes on from there. The output gets its names
when everything is done.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from hashlib import sha256
from pathlib import Path

import duckdb

from cohort.batch import Batch, Outcome, Stopped
from cohort.book import Book, read_book
from cohort.cases import vocabulary
from cohort.clashes import undecidable
from cohort.loading import Reject, shown
from cohort.output import CODE, CohortProblem, Heard, Told, state_of
from cohort.parts import is_done, note_done, outcome_of, put_together, remove
from cohort.spark import NoSpark, Setup, Task, decide_on_spark
from facts.readers.tables import FactTable, fact_tables
from kb.engines.model import EvaluationError
from kb.engines.sql.schema import CASE_NUMBER, Types
from kb.language.cache import code_digest
from kb.language.diagnostics import nearest
from kb.language.program import Program, ProgramRule
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
        with _held(work):
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
        raise _refused(book.rejects)
    return tables, book


def _mark(base: Library, source: Path, state: str, settings: Settings) -> str:
    """Tells one call from another: the facts, the documents, the code, and what was asked."""
    documents = [f"{each.name} {each.digest}" for each in base.documents]
    asked = [str(settings.payer), str(settings.on), str(settings.batch), str(settings.stop_on_error), str(settings.proofs)]
    return sha256("\n".join([str(source), state, *documents, *asked, code_digest(CODE)]).encode()).hexdigest()


def _decided(
    base: Library, tables: tuple[FactTable, ...], book: Book, work: Path, settings: Settings, heard: Heard
) -> Account:
    workers = settings.workers or os.cpu_count() or 1
    ranges = book.batches(_size(work, book.count, workers, settings))
    parts = [work / "parts" / f"{number:06d}" for number in range(len(ranges))]
    memory = f"{settings.memory / (1 if settings.master else workers):.3f}GB"
    of = vocabulary(base)
    setup = Setup(book, tables, Types.of(of, CASE_NUMBER), of, memory, str(work / "spill"), settings.proofs)
    pending = [(low, high, str(part)) for (low, high, _), part in zip(ranges, parts, strict=True) if not is_done(part)]

    def tell() -> None:
        heard(sum(count for (_, _, count), part in zip(ranges, parts, strict=True) if is_done(part)), book.count)

    tell()
    if settings.master and pending:
        decide_on_spark(setup, pending, partial(_part, stop_on_error=False), settings.master, tell)
    elif pending:
        _on_this_machine(setup, pending, workers, settings.stop_on_error, tell)
    tell()
    account = _together(book, [outcome_of(part) for part in parts])
    account = replace(account, notes=tuple(_notes(base, book)))
    if account.rejects and settings.stop_on_error:
        raise _refused(account.rejects)
    return account


_LEAST = 10_000
"""Fewer cases than this take hardly less time than so many."""


def _size(work: Path, cases: int, workers: int, settings: Settings) -> int:
    """How many cases a batch has: no more than asked for, and as few as keep every worker busy.

    A run that goes on has the batches of the one before it, whatever workers there are now.
    """
    chosen = work / "size"
    if not chosen.exists():
        each = max(_LEAST, -(-cases // workers))
        chosen.write_text(str(settings.batch if settings.master else min(settings.batch, each)), encoding="utf-8")
    return int(chosen.read_text(encoding="utf-8"))


def _on_this_machine(setup: Setup, tasks: list[Task], workers: int, stop_on_error: bool, tell: Callable[[], None]) -> None:
    """Decides the tasks with a thread for each processor; whatever fails stops the others."""
    batch = setup.batch()
    with ThreadPoolExecutor(workers) as pool:
        pending = {pool.submit(_part, batch, low, high, Path(part), stop_on_error) for low, high, part in tasks}
        try:
            while pending:
                finished, pending = wait(pending, timeout=1, return_when=FIRST_COMPLETED)
                for future in finished:
                    future.result()
                tell()
        except BaseException:
            batch.live.stop()
            for future in pending:
                future.cancel()
            raise


def _notes(base: Library, book: Book) -> Iterator[str]:
    for payer in sorted({each.payer for each in book.programs} - set(base.payers)):
        hint = nearest(payer.lower(), base.payers) or f"the payers are: {', '.join(base.payers)}"
        named = f"No document is of the payer `{payer}`" if payer else "Some cases name no payer"
        yield f"{named}, so only documents that hold for all payers count there; {hint}."


def _together(book: Book, outcomes: Iterable[Outcome]) -> Account:
    programs = tuple(each.compiled.program for each in book.programs)
    rules = {rule.id: rule for program in programs for rule in program.rules}
    fired: Counter[str] = Counter()
    rejects = list(book.rejects)
    cases = 0
    for outcome in outcomes:
        for rule, count in outcome.fired.items():
            # What is no case's is concluded in each batch again.
            fired[rule] = fired[rule] + count if _is_about_cases(rules[rule], programs) else max(fired[rule], count)
        rejects += outcome.rejects
        cases += outcome.cases
    return Account(cases, tuple(rejects), dict(sorted(fired.items())), programs)


def _is_about_cases(rule: ProgramRule, programs: Iterable[Program]) -> bool:
    name = rule.head.predicate
    known = next((program.predicates[name] for program in programs if name in program.predicates), None)
    return known is None or known.case_position is not None


def _part(batch: Batch, low: str, high: str | None, part: Path, stop_on_error: bool) -> Outcome:
    """Decides a range; where a rule cannot be computed for some case, the range is halved until that case is alone."""
    try:
        outcome = batch.decide(low, high, part)
    except EvaluationError as error:
        if batch.live.stopped:
            raise Stopped from error
        if stop_on_error:
            raise
        remove(part)
        names = batch.book.names(low, high)
        if len(names) == 1:
            reject = Reject("", 0, names[0], "", "", "", f"{error}")
            others = (each for each in batch.rejects(low, high) if each.case != names[0])
            outcome = Outcome(0, (reject, *others), {})
        else:
            middle = names[len(names) // 2]
            halves = (low, middle, f"{part.name}a"), (middle, high, f"{part.name}b")
            both = [_part(batch, start, end, part.with_name(name), stop_on_error) for start, end, name in halves]
            fired = Counter(both[0].fired) + Counter(both[1].fired)
            outcome = Outcome(sum(each.cases for each in both), (*both[0].rejects, *both[1].rejects), fired)
    if outcome.rejects and stop_on_error:
        raise _refused(outcome.rejects)
    note_done(part, outcome)
    return outcome


def _refused(rejects: tuple[Reject, ...]) -> CohortProblem:
    first = list(shown(rejects[:10]))
    more = [f"and {len(rejects) - 10} more"] if len(rejects) > 10 else []
    hint = "mend them, or leave such cases out with --on-error skip"
    return CohortProblem("\n".join([*first, *more, hint]))


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
        rejected=len({each.case for each in account.rejects}),
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
