"""`medproof docs`: a static site from documents."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.common import EXIT_CODES, POLICIES, said_plainly, write


@click.command("docs", epilog=EXIT_CODES)
@click.argument("documents", metavar="[DOCUMENT...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the pages go; files of the same names are written over.",
)
@click.option("--tests/--no-tests", default=True, help="Run the tests, and show what they cover. Default: yes.")
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=0, help="Processes. Default: one for each processor.")
@POLICIES
def command(documents: tuple[Path, ...], output: Path, tests: bool, jobs: int, policies: tuple[Path, ...]) -> None:
    """Make a site that is read in a browser, without a network.

    Each document with its rules beside its text, its criteria, tests and coverage, its
    versions, and a picture of what depends on what; and an index of all predicates: who
    declares, concludes and uses each. Without DOCUMENT, of the shipped documents.

    \b
    Examples:
      medproof docs -o site/
      medproof docs my-policies/ -o site/ --no-tests
    """
    import medproof
    from authoring.site.pages import MISTAKEN

    with said_plainly():
        pages = medproof.docs(documents, policies, tests, jobs)
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise medproof.CaseProblem(f"{output}: {error.strerror or error}") from error
        for name, page in pages.items():
            write(output / name, page)
    click.echo(f"wrote {len(pages)} pages; begin with {output / 'index.html'}", err=True)
    if mistaken := [name for name, page in pages.items() if MISTAKEN in page]:
        click.echo(f"there are mistakes in the documents of {', '.join(mistaken)}; the pages show them", err=True)
        sys.exit(1)
