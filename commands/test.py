"""`medproof test`: the tests that stand in documents."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.common import EXIT_CODES, POLICIES, said_plainly, show, show_json, width


@click.command("test", epilog=EXIT_CODES.replace("errors", "errors, or a test fails"))
@click.argument("documents", metavar="[DOCUMENT...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-n", "--name", default="", metavar="TEXT", help="Only tests with TEXT in `document: name`.")
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=0, help="Processes. Default: one for each processor.")
@click.option("--watch", is_flag=True, help="Run again whenever a document is saved, until Ctrl-C.")
@click.option("-v", "--verbose", is_flag=True, help="Each test with its time.")
@POLICIES
@click.option("--format", "form", type=click.Choice(["text", "junit", "json"]), default="text", help="Form of the output.")
def command(
    documents: tuple[Path, ...],
    name: str,
    jobs: int,
    watch: bool,
    verbose: bool,
    policies: tuple[Path, ...],
    form: str,
) -> None:
    """Run the tests that stand in documents, in blocks that begin with ```datalog test "name".

    Without DOCUMENT, those of the shipped documents. A test that fails shows why: the
    proof that should not be there, or why the goal does not hold.

    \b
    Examples:
      medproof test
      medproof test my-policies/ --name grade
      medproof test --format junit > results.xml
    """
    codes: list[int] = []
    passed = _once(documents, policies, name, jobs, form, verbose, codes)
    while watch:
        from authoring.watching import wait_for_change

        click.echo("waiting for a document to be saved; Ctrl-C ends", err=True)
        wait_for_change([*documents, *policies])
        click.clear()
        _once(documents, policies, name, jobs, form, verbose, codes)
    sys.exit(max(codes) if codes else 0 if passed else 1)


def _once(
    documents: tuple[Path, ...], policies: tuple[Path, ...], name: str, jobs: int, form: str, verbose: bool, codes: list[int]
) -> bool:
    """Runs and reports; whether all passed. What the user did wrong is told, and its exit code noted."""
    import medproof
    from authoring.reports import results_data, results_junit, results_page

    results: list[medproof.Result] = []
    with said_plainly(codes):
        results = medproof.test(documents, policies, name, jobs)
    if codes:
        return False
    if form == "json":
        show_json(results_data(results))
    elif form == "junit":
        click.echo(results_junit(results), nl=False)
    else:
        show(results_page(results, width(), verbose))
    return all(each.passed for each in results)
