"""The command line: each command is its help, an example, and a few lines over the Python API."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from explain.export.lines import Page
    from kb.library import Library

_EXIT_CODES = "Exit codes: 0 done, 1 a document has errors (or the time is used up), 2 wrong use."
_COLOURS: dict[str, dict[str, Any]] = {
    "title": {"bold": True}, "good": {"fg": "green"}, "bad": {"fg": "red"}, "warn": {"fg": "yellow"}, "dim": {"dim": True},
}  # fmt: skip

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _day(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value is not None else None


def _case_completion(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    import medproof

    named = [CompletionItem(name) for name in medproof.shipped_cases() if name.startswith(incomplete)]
    return [*named, CompletionItem(incomplete, type="file")]


def _payer_completion(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    import medproof

    return [name for name in (*medproof.load().payers, "all") if name.startswith(incomplete)]


_FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form of the output.")
_POLICIES = click.option(
    "--policies", type=click.Path(exists=True, path_type=Path), multiple=True, metavar="PATH",
    help="A directory or file of documents that add to the shipped ones, or replace those of the same id and version.",
)  # fmt: skip
_ON = click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), callback=_day, metavar="YYYY-MM-DD",
    help="The day whose documents count. Default: the day of the request.",
)  # fmt: skip
_TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True, metavar="SECONDS",
    help="Stop an evaluation that takes longer, and name the rule.",
)  # fmt: skip


def _payer(default: str) -> Callable[[_Command], _Command]:
    return click.option(
        "--payer", metavar="NAME", shell_complete=_payer_completion,
        help=f"The payer whose documents count. Default: {default}.",
    )  # fmt: skip


@contextmanager
def _said_plainly(codes: list[int] | None = None, name: str = "") -> Iterator[None]:
    """Mistakes of the user or of documents are told in a sentence, never as a traceback.

    The command then ends with its exit code; with `codes` it goes on, and the code is noted there.
    """
    import medproof
    from explain.export.lines import visible

    try:
        yield
    except (medproof.DocumentErrors, medproof.EvaluationError, medproof.CaseProblem, medproof.UnreadableFile) as error:
        is_use = isinstance(error, (medproof.BadGoal, medproof.CaseProblem, medproof.UnreadableFile))
        prefix = "Error: " if isinstance(error, (medproof.CaseProblem, medproof.UnreadableFile)) else ""
        about = f"{name}: " if name and isinstance(error, medproof.EvaluationError) else ""
        click.echo(visible(f"{prefix}{about}{error}"), err=True)
        if codes is None:
            sys.exit(2 if is_use else 1)
        codes.append(2 if is_use else 1)


def _load(policies: tuple[Path, ...]) -> Library:
    import medproof

    return medproof.load(*policies)


def _print(page: Page) -> None:
    for line in page.lines:
        click.secho(line.text, **_COLOURS.get(line.style, {}))


def _print_json(data: Any) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def _width() -> int:
    import shutil

    return min(shutil.get_terminal_size((80, 24)).columns, 120)


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EXIT_CODES)
@click.version_option(package_name="medproof")
def main() -> None:
    """Decide medical necessity by payer criteria written as Datalog, and show exactly why.

    medproof supports clinical review and does not replace it. It never denies: what is
    not met is referred to a physician reviewer.

    \b
    Example:
      medproof decide reference
    """


@main.command(epilog=_EXIT_CODES)
@click.argument("cases", metavar="CASE...", nargs=-1, required=True, shell_complete=_case_completion)
@_payer("the one that the chart names; `all` for each in turn")
@_ON
@_POLICIES
@_FORMAT
@_TIMEOUT
@click.option("-v", "--verbose", count=True, help="Show criteria that do not decide, and whole proofs.")
def decide(
    cases: tuple[str, ...],
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    form: str,
    timeout: float,
    verbose: int,
) -> None:
    """Answer the questions that a case asks: the verdict, the criteria, the reasons.

    CASE is a chart's file, a directory of charts, the name of a shipped case, or - for
    standard input.

    \b
    Examples:
      medproof decide reference
      medproof decide reference --payer all
      medproof decide my-charts/ --policies my-policies/ --format json
    """
    import medproof
    from explain.export.data import determination_data
    from explain.export.text import determination_page

    whole, codes = bool(verbose) or form == "json", list[int]()
    found = []
    with _said_plainly():
        base = _load(policies)
        charts = list(medproof.cases(cases))
    for chart in charts:
        # One chart with a mistake does not keep the others from being decided.
        with _said_plainly(codes if len(charts) > 1 else None, chart.name):
            found += medproof.decide(base, chart, payer, on, timeout, whole)
    if form == "json":
        _print_json([determination_data(each) for each in found])
        sys.exit(max(codes, default=0))
    for number, determination in enumerate(found):
        if number:
            click.echo()
        _print(determination_page(determination, _width(), verbose))
    sys.exit(max(codes, default=0))


@main.command(epilog=_EXIT_CODES)
@click.argument("case", metavar="CASE", shell_complete=_case_completion)
@click.argument("goal", metavar="GOAL")
@_payer("the one that the chart names")
@_ON
@_POLICIES
@_FORMAT
@_TIMEOUT
def query(
    case: str, goal: str, payer: str | None, on: date | None, policies: tuple[Path, ...], form: str, timeout: float
) -> None:
    """Ask any conjunction of goals about a case; the answers are a table.

    \b
    Examples:
      medproof query reference 'motor_deficit(Case, Root, Side)'
      medproof query reference 'requested(Case, Item, Code, Level, _), discectomy(Code)'
    """
    import medproof
    from explain.export.tables import table_data, table_page

    with _said_plainly():
        table = medproof.query(_load(policies), medproof.open_case(case), goal, payer, on, timeout)
    if form == "json":
        _print_json(table_data(table))
    else:
        _print(table_page(table, _width()))


@main.command(epilog=_EXIT_CODES)
@click.argument("documents", metavar="[DOCUMENT...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@_POLICIES
@_FORMAT
def check(documents: tuple[Path, ...], policies: tuple[Path, ...], form: str) -> None:
    """Report everything that is wrong with documents: policies, vocabularies, charts.

    Without DOCUMENT, the shipped documents are checked. A chart is also searched for
    contradictions.

    \b
    Examples:
      medproof check
      medproof check my-policies/ charts/one.md
    """
    import medproof
    from explain.export.checks import check_data, check_page

    with _said_plainly():
        report = medproof.check(documents, policies)
    if form == "json":
        _print_json(check_data(report))
    else:
        _print(check_page(report, _width()))
    sys.exit(1 if report.diagnostics or report.contradictions else 0)


@main.command(epilog=_EXIT_CODES)
@click.argument("word", required=False)
@_POLICIES
@_FORMAT
def vocabulary(word: str | None, policies: tuple[Path, ...], form: str) -> None:
    """List what a chart can state: each fact with its arguments, values and wording.

    With WORD, only what has the word in its name or wording.

    \b
    Examples:
      medproof vocabulary
      medproof vocabulary stenosis
    """
    import medproof
    from explain.export.catalogue import vocabulary_data, vocabulary_page

    with _said_plainly():
        program = medproof.program(_load(policies))
    if form == "json":
        _print_json(vocabulary_data(program, word or ""))
    else:
        _print(vocabulary_page(program, word or "", _width()))


@main.command(epilog=_EXIT_CODES)
@_POLICIES
@_FORMAT
def policies(policies: tuple[Path, ...], form: str) -> None:
    """List the documents at hand: what they are, from whom, in force when, reviewed by whom.

    \b
    Examples:
      medproof policies
      medproof policies --format json
    """
    from explain.export.catalogue import documents_data, documents_page

    with _said_plainly():
        base = _load(policies)
    if form == "json":
        _print_json(documents_data(base.documents))
    else:
        _print(documents_page(base.documents, _width()))


if __name__ == "__main__":
    main()
