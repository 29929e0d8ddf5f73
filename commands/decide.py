"""`medproof decide`: the answers to the questions that a case asks."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from commands.common import (
    EXIT_CODES,
    FORMAT,
    ON,
    POLICIES,
    TIMEOUT,
    case_completion,
    loaded,
    payer_option,
    said_plainly,
    show,
    show_json,
    width,
)


@click.command("decide", epilog=EXIT_CODES)
@click.argument("cases", metavar="CASE...", nargs=-1, required=True, shell_complete=case_completion)
@payer_option("the one that the chart names; `all` for each in turn")
@ON
@POLICIES
@FORMAT
@TIMEOUT
@click.option("-v", "--verbose", count=True, help="Show criteria that do not decide, and whole proofs.")
def command(
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
    with said_plainly():
        base = loaded(policies)
        charts = list(medproof.cases(cases))
    for chart in charts:
        # One chart with a mistake does not keep the others from being decided.
        with said_plainly(codes if len(charts) > 1 else None, chart.name):
            found += medproof.decide(base, chart, payer, on, timeout, whole)
    if form == "json":
        show_json([determination_data(each) for each in found])
        sys.exit(max(codes, default=0))
    for number, determination in enumerate(found):
        if number:
            click.echo()
        show(determination_page(determination, width(), verbose))
    sys.exit(max(codes, default=0))
