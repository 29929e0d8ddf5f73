"""A whole cohort decided into a directory, with what is done kept if it is stopped (`cohort.running` does the work).

Each batch is written under its own name in a working directory, and counts once its
account (`.json`) is there; the same call goes on from there. The output gets its names
when everything is done.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import duckdb

from cohort.batch import Outcome
from cohort.book import Book, read_book
from cohort.cases import vocabulary
from cohort.clashes import undecidable
from cohort.files import beside, reason
from cohort.implausible import Implausible, all_together
from cohort.output import CODE, FACTS, CohortProblem, Heard, Told, is_decided, state_of
from cohort.parts import put_together
from cohort.rejects import Reject
from cohort.running import Run, Settings
from cohort.spark import Cluster, NoSpark
from cohort.tasks import Refused
from cohort.unlisted import unlisted_codes
from facts.opening import payer_hint, refuse_unknown
from facts.readers.found import BROKEN, BadTables
from facts.readers.kept import are_kept, keep, kept_tables
from facts.readers.tables import FactTable, fact_tables
from kb.language.cache import code_digest
from kb.language.diagnostics import DocumentErrors
from kb.language.program import Predicate, Program
from kb.language.values import many
from kb.library import Library


@dataclass(frozen=True)
class Account:
    """What came of a cohort: how many cases were decided, what was rejected, how often each rule fired."""

    cases: int
    rejects: tuple[Reject, ...]
    fired: dict[str, int]
    programs: tuple[Program, ...] = ()
    left_out: frozenset[str] = frozenset()
    """The cases that were not decided."""
    notes: tuple[str, ...] = ()
    """What has to be known of the payers that the cases name."""
    implausible: tuple[Implausible, ...] = ()
    """What is implausible in the records of cases that are decided all the same."""


Also = Callable[[Path, Account], None]
"""Writes more into the output, before it gets its name."""


def decide_cohort(
    base: Library,
    source: Path,
    output: Path,
    settings: Settings | None = None,
    heard: Heard = lambda done, total: None,
    also: Also = lambda result, account: None,
) -> Account:
    """Decides every case of a cohort into a directory; `heard` is told how many cases of how many are done.

    Raises BadTables, CohortProblem, DocumentErrors; KeyboardInterrupt leaves what is done
    in the working directory, from which the same call goes on.
    """
    settings = settings or Settings()
    refuse_unknown(base, settings.payer)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise CohortProblem(f"`{output}` is there already; name another directory, or remove it first")
    if source.is_dir() and is_decided(source):
        raise CohortProblem(f"`{source}` is a decided cohort; name the facts that it was decided from")
    if source.is_dir() and source.resolve() in output.resolve().parents:
        raise CohortProblem(f"`{output}` lies within the facts, and would count as one of them; name a directory elsewhere")
    # Also of documents by which no case of this book is decided: another book will have one.
    if mistakes := base.check_always():
        raise DocumentErrors(mistakes)
    try:
        work = beside(output)
    except FileExistsError as error:
        raise CohortProblem(str(error)) from error
    try:
        with _held(work), _nothing_left(work):
            state = state_of(source)
            tables, book = _opened(base, source, state, work, settings)
            account = _decided(base, tables, book, work, settings, heard)
            if state_of(source) != state:
                raise CohortProblem(f"`{source}` was changed while it was decided; give the same command again")
            _finished(work, output, account, _told(base, source, state, work, settings, account), also)
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
        hint = f"what is done is kept in `{work}`: make room or mend it, and the same command goes on"
        if not work.exists():
            hint = "nothing is decided yet; name a directory that can be written to"
        raise CohortProblem(f"{reason(error)}; {hint}") from error
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
    """Where nothing was decided yet, or the tables are refused and have to change, nothing is left."""
    try:
        yield
    except (BadTables, CohortProblem, DocumentErrors) as error:
        if isinstance(error, Refused) or not any((work / "parts").glob("*.json")):
            shutil.rmtree(work, ignore_errors=True)
        raise


def _opened(base: Library, source: Path, state: str, work: Path, settings: Settings) -> tuple[tuple[FactTable, ...], Book]:
    """The tables and the cases; what an earlier run of the same call left is kept, and of another is removed."""
    predicates = vocabulary(base).predicates
    tables = _going_on(work, _mark(base, source, state, settings), predicates, is_file=bool(state))
    if not tables:
        tables = fact_tables(source, predicates, work / FACTS)
        keep(work / FACTS, tables)
    book = read_book(base, tables, work / "cases.parquet", settings.payer, settings.on)
    for deciding in book.programs:
        if why := undecidable(deciding.compiled.program):
            raise CohortProblem(f"{why}: `medproof decide` decides such cases one by one")
    if book.rejects and settings.stop_on_error:
        raise Refused(book.rejects)
    return tables, book


def _going_on(work: Path, wanted: str, predicates: Mapping[str, Predicate], is_file: bool) -> tuple[FactTable, ...]:
    """The tables as an earlier run of the same call read them, if any were kept; what is of no use is removed.

    A run goes on only if it has decided some cases, and those of a server with the tables
    from which it did.
    """
    mark, read, moved = work / "mark", work / FACTS, work / "result" / FACTS
    if moved.exists() and not read.exists():
        moved.rename(read)
    is_same = mark.exists() and mark.read_text(encoding="utf-8") == wanted
    if is_same and any((work / "parts").glob("*.json")):
        try:
            if are_kept(read):
                return kept_tables(read, predicates)
            if is_file:
                return ()
        except BadTables:
            # They are read again, and all that was decided from them is decided again.
            pass
    for former in (entry for entry in work.iterdir() if entry.name != "held"):
        shutil.rmtree(former) if former.is_dir() else former.unlink()
    (work / "parts").mkdir()
    mark.write_text(wanted, encoding="utf-8")
    return ()


def _mark(base: Library, source: Path, state: str, settings: Settings) -> str:
    """Tells one call from another: the facts, the documents, the code, and what was asked."""
    documents = [f"{each.name} {each.digest}" for each in base.documents]
    asked = [str(settings.payer), str(settings.on), str(settings.batch), str(settings.stop_on_error), str(settings.proofs)]
    return sha256("\n".join([str(source), state, *documents, *asked, code_digest(CODE)]).encode()).hexdigest()


def _decided(
    base: Library, tables: tuple[FactTable, ...], book: Book, work: Path, settings: Settings, heard: Heard
) -> Account:
    with closing(Cluster(settings.master)) as cluster:
        outcomes = Run(tables, vocabulary(base), work, settings, cluster, heard).decided(book)
    account = _together(book, outcomes)
    parts, rejected = work / "parts", account.left_out
    notes = (
        *_notes_of_settings(settings), *_notes_of_silent(*book.asking_nothing(parts, rejected)),
        *_notes(base, book, rejected), *unlisted_codes(book, tables, parts), *_notes_of_rejects(book, account.rejects),
    )  # fmt: skip
    account = replace(account, notes=notes)
    if account.rejects and settings.stop_on_error:
        raise Refused(account.rejects)
    return account


def _notes_of_silent(count: int, example: str) -> Iterator[str]:
    if count:
        asking = many(count, "case asks", "cases ask")
        yield f"{asking} nothing, such as `{example}`: no table requests anything there, and no decision names them."


def _notes_of_settings(settings: Settings) -> Iterator[str]:
    by = [f"by the documents of the payer `{settings.payer}`"] if settings.payer is not None else []
    by += [f"as of {settings.on}"] if settings.on is not None else []
    if by:
        yield f"Every case was decided {' '.join(by)}, as was asked, whatever its own record says."


def _notes(base: Library, book: Book, rejected: Iterable[str]) -> Iterator[str]:
    for payer in sorted({each.payer for each in book.programs} - set(base.payers)):
        hint = payer_hint(base, payer)
        count, example = book.cases_of(book.of_payer(payer), rejected)
        if not count:
            continue
        named = f"No document is of the payer `{payer}`, whom {many(count, 'case names', 'cases name')}, such as `{example}`"
        if not payer:
            named = f"{many(count, 'case names', 'cases name')} no payer, such as `{example}`"
        stop = "" if hint.endswith("?") else "."
        yield f"{named}: only documents that hold for all payers count there; {hint}{stop}"
    for payer in sorted({each.payer for each in book.programs} & set(base.payers)):
        own = [document for document in base.documents if document.meta.payer == payer]
        without = [
            number
            for number in book.of_payer(payer)
            if not any(meta.payer == payer for meta in book.programs[number].compiled.program.documents)
        ]
        count, _ = book.cases_of(without, rejected)
        if count:
            cases = many(count, "case")
            days = "; ".join(f"{document.id} {document.meta.period}" for document in own)
            yield f"No document of {payer} is in force on the day of {cases}, which only other documents decide: {days}."


def _notes_of_rejects(book: Book, rejects: Iterable[Reject]) -> Iterator[str]:
    rejects = list(rejects)
    left_out = {each.case for each in rejects}
    if nearly := [(stray, meant) for stray, meant in book.nearly(left_out) if meant not in left_out]:
        stray, meant = nearly[0]
        named = many(len(nearly), "case of the tables is named", "cases of the tables are named")
        like = f"like one that was decided but for how it is written (`{stray}`, and `{meant}`)"
        yield f"{named} {like}: that one is decided without what is said there; `rejects.parquet` tells where."
    if nameless := len({(each.file, each.table, each.row) for each in rejects if not each.case}):
        rows = many(nameless, "row names", "rows name")
        yield f"{rows} no case, so some case may be decided without what is said there; `rejects.parquet` tells where."


def _together(book: Book, outcomes: list[Outcome]) -> Account:
    programs = tuple(each.compiled.program for each in book.programs)
    rejects = (*book.rejects, *(each for outcome in outcomes for each in outcome.rejects))
    fired = book.added(outcome.fired for outcome in outcomes)
    implausible = all_together(each for outcome in outcomes for each in outcome.implausible)
    left_out = book.own(each.case for each in rejects)
    return Account(sum(outcome.cases for outcome in outcomes), rejects, fired, programs, left_out, implausible=implausible)


def _told(base: Library, source: Path, state: str, work: Path, settings: Settings, account: Account) -> Told:
    ids = {meta.full_id for program in account.programs for meta in program.documents}
    return Told(
        source=str(source.absolute()) if source.exists() else str(source),
        state=state,
        kept=settings.proofs and are_kept(work / FACTS),
        code=code_digest(CODE),
        payer=settings.payer,
        on=settings.on,
        documents={document.id: document.digest for document in base.documents if document.id in ids},
        notes=account.notes,
        cases=account.cases,
        rejected=len(account.left_out),
        fired=account.fired,
        implausible=account.implausible,
    )


def _finished(work: Path, output: Path, account: Account, told: Told, also: Also) -> None:
    """Puts the parts together, and gives the output its name."""
    result = work / "result"
    shutil.rmtree(result, ignore_errors=True)
    result.mkdir()
    put_together(work / "parts", account.rejects, result)
    told.write(result)
    also(result, account)
    if told.kept:
        (work / FACTS).rename(result / FACTS)
    if output.exists():
        output.rmdir()
    result.rename(output)
    shutil.rmtree(work, ignore_errors=True)
