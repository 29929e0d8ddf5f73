"""What commands share: options, output, and how mistakes are told."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from explain.export.lines import Page
    from facts.opening import Opened
    from kb.language.documents import Document
    from kb.library import Library

EXIT_CODES = "Exit codes: 0 done, 1 a document has errors (or the time is used up), 2 wrong use."
_COLOURS: dict[str, dict[str, Any]] = {
    "title": {"bold": True}, "good": {"fg": "green"}, "bad": {"fg": "red"}, "warn": {"fg": "yellow"}, "dim": {"dim": True},
}  # fmt: skip

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _day(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value is not None else None


def case_completion(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Shipped cases and files."""
    from click.shell_completion import CompletionItem

    from facts.opening import shipped_cases

    named = [CompletionItem(name) for name in shipped_cases() if name.startswith(incomplete)]
    return [*named, CompletionItem(incomplete, type="file")]


def _payer_completion(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from kb.library import load

    return [name for name in (*load().payers, "all") if name.startswith(incomplete)]


OUTPUT = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write to FILE."
)
FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form of the output.")
POLICIES = click.option(
    "--policies", type=click.Path(exists=True, path_type=Path), multiple=True, metavar="PATH",
    help="A directory or file of documents that add to the shipped ones, or replace those of the same id and version.",
)  # fmt: skip
ON = click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), callback=_day, metavar="YYYY-MM-DD",
    help="The day whose documents count. Default: the day of the request.",
)  # fmt: skip
TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True, metavar="SECONDS",
    help="Stop an evaluation that takes longer, and name the rule.",
)  # fmt: skip
CASE = click.argument("case", metavar="CASE", shell_complete=case_completion)


def payer_option(default: str = "the one that the chart names") -> Callable[[_Command], _Command]:
    """The option that chooses the payer."""
    return click.option(
        "--payer", metavar="NAME", shell_complete=_payer_completion,
        help=f"The payer whose documents count. Default: {default}.",
    )  # fmt: skip


@contextmanager
def said_plainly(codes: list[int] | None = None, name: str = "") -> Iterator[None]:
    """Mistakes of the user or of documents are told in a sentence, never as a traceback.

    The command then ends with its exit code; with `codes` it goes on, and the code is noted there.
    """
    from explain.export.lines import visible
    from explain.formats import CannotExport
    from explain.refusals import ProofError
    from facts.opening import CaseProblem
    from kb.engines.model import EvaluationError
    from kb.goals import BadGoal
    from kb.language.diagnostics import DocumentErrors
    from kb.library import UnreadableFile
    from kb.parallel import Killed

    try:
        yield
    except RecursionError:
        click.echo("Error: this is nested too deeply, or too long to be read as one term", err=True)
        if codes is None:
            sys.exit(1)
        codes.append(1)
    except ProofError as error:
        # Nothing that the checker refuses is shown: this is a defect of medproof, or a document changed meanwhile.
        click.echo(visible(f"Error: the explanation fails its own check, and is not shown: {error}"), err=True)
        sys.exit(1)
    except (DocumentErrors, EvaluationError, CaseProblem, UnreadableFile, CannotExport, Killed) as error:
        is_use = isinstance(error, (BadGoal, CaseProblem, UnreadableFile, CannotExport, Killed))
        prefix = "Error: " if isinstance(error, (CaseProblem, UnreadableFile, CannotExport, Killed)) else ""
        about = f"{name}: " if name and isinstance(error, EvaluationError) else ""
        click.echo(visible(f"{prefix}{about}{error}"), err=True)
        if codes is None:
            sys.exit(2 if is_use else 1)
        codes.append(2 if is_use else 1)


@contextmanager
def progress(label: str, eta: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Something to tell how many of how many are done: a bar on a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr, show_eta=eta, show_pos=eta) as bar:

        def heard(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield heard


@contextmanager
def stoppable(kept: str) -> Iterator[None]:
    """Ctrl-C is answered at once, though what is at hand may take a while to end; a second one ends every process.

    `kept` says what becomes of the work. Raises ClickException when all has ended. Where
    Ctrl-C is to be ignored, as in the background of a script, it is.
    """
    before = signal.getsignal(signal.SIGINT)
    is_ours = threading.current_thread() is threading.main_thread() and before not in (signal.SIG_IGN, None)
    answered: list[int] = []

    def answer(number: int, frame: object) -> None:
        if answered:
            for child in multiprocessing.active_children():
                child.kill()
            os._exit(130)
        answered.append(number)
        # What is being written to the terminal may be interrupted by this, so it is written past it.
        os.write(2, b"\nstopping; Ctrl-C again does not wait for what is at hand\n")
        raise KeyboardInterrupt

    if is_ours:
        signal.signal(signal.SIGINT, answer)
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        # A library that is interrupted within a call says so by an error of its own.
        if answered or isinstance(error, KeyboardInterrupt):
            raise click.ClickException(f"stopped; {kept}") from error
        raise
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, before)


COHORT = click.option(
    "--cohort", type=click.Path(), metavar="PATH",
    help="CASE is one of the cohort in PATH: its tables of facts, or what `medproof cohort` wrote.",
)  # fmt: skip


def chart(base: Library, case: str, cohort: str | None) -> Document | Opened:
    """The chart that CASE names, or the case of a cohort if one is given."""
    import medproof

    return medproof.open_case(case) if cohort is None else medproof.cohort_case(base, cohort, case)


def one_case(base: Library, case: str, cohort: str | None, payer: str | None, on: date | None) -> Opened:
    """The same, under the one payer that is asked for."""
    from facts.opening import opened_for_one

    return opened_for_one(base, chart(base, case, cohort), payer, on)


def loaded(policies: tuple[Path, ...]) -> Library:
    """The shipped documents with those of the option."""
    from kb.library import load

    return load(*policies)


def show(page: Page) -> None:
    """Prints a page, in colour on a terminal."""
    for line in page.lines:
        click.secho(line.text, **_COLOURS.get(line.style, {}))


def show_of(case: Opened, page: Page) -> None:
    """Prints a page about a case, below what has to be known of the case."""
    from explain.export.lines import WARN, Page

    notes = Page(width())
    for note in case.notes:
        notes.add(note, WARN, 0, 2)
    if case.notes:
        notes.add()
    show(notes)
    show(page)


def show_json(data: Any) -> None:
    """Prints data."""
    click.echo(_json(data))


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)


REPORT_FORM = click.option(
    "--format", "form", type=click.Choice(["text", "json", "html"]),
    help="Form of the output. Default: the suffix of FILE, else text.",
)  # fmt: skip


def report(
    form: str | None, output: Path | None, page: Callable[[], Page], data: Callable[[], Any], html: Callable[[], str]
) -> None:
    """Prints a report, or writes it to a file; only the form that is asked for is made. Raises CaseProblem."""
    form = form_of_report(form, output)
    if output is None and form == "text":
        show(page())
        return
    made = page().text if form == "text" else html() if form == "html" else f"{_json(data())}\n"
    if output is None:
        click.echo(made, nl=False)
    else:
        write(output, made)
        click.echo(f"wrote {output}", err=True)


def form_of_report(form: str | None, output: Path | None) -> str:
    """The form that is asked for, by name or by the file's ending; raises CaseProblem."""
    from facts.opening import CaseProblem

    suffix = output.suffix.removeprefix(".") if output is not None else "text"
    if form is None and suffix not in ("json", "html", "txt", "text", ""):
        raise CaseProblem(f"a report is no .{suffix}; name a .txt, .json or .html file, or say which with --format")
    return form or (suffix if suffix in ("json", "html") else "text")


def write(path: Path, made: str | bytes) -> None:
    """Writes a file, in UTF-8, its line ends as they are, and whole or not at all; raises CannotExport."""
    from explain.formats import CannotExport

    if str(path) == "-":
        raise CannotExport("`-` is no file: without -o it is printed, in the form that --format names")
    data = made if isinstance(made, bytes) else made.encode("utf-8")
    try:
        target = path.resolve()
        if path.absolute().parts[1:2] in (("dev",), ("proc",)) or (target.exists() and not target.is_file()):
            path.write_bytes(data)  # A device or a pipe: nothing stands there that could be lost.
            return
        building = target.with_name(f".{uuid4().hex}")
        try:
            building.write_bytes(data)
            if target.exists():
                shutil.copymode(target, building)
            building.replace(target)
        finally:
            building.unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        missing = "" if path.parent.is_dir() else f"; there is no directory `{path.parent}`"
        problem = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise CannotExport(f"{path}: {problem}{missing}") from error


def width() -> int:
    """The terminal's, at most 120."""
    return min(shutil.get_terminal_size((80, 24)).columns, 120)
