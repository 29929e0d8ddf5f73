"""`medproof check`: what is wrong with documents."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.common import EXIT_CODES, FORMAT, POLICIES, said_plainly, show, show_json, width


@click.command("check", epilog=EXIT_CODES)
@click.argument("documents", metavar="[DOCUMENT...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@POLICIES
@FORMAT
def command(documents: tuple[Path, ...], policies: tuple[Path, ...], form: str) -> None:
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

    with said_plainly():
        report = medproof.check(documents, policies)
    if form == "json":
        show_json(check_data(report))
    else:
        show(check_page(report, width()))
    sys.exit(1 if report.diagnostics or report.contradictions else 0)
