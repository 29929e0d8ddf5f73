"""`medproof hinges`: what a verdict rests on."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from commands.common import (
    CASE,
    COHORT,
    EXIT_CODES,
    FORMAT,
    ON,
    POLICIES,
    TIMEOUT,
    loaded,
    one_case,
    payer_option,
    said_plainly,
    show_json,
    show_of,
    width,
)


@click.command("hinges", epilog=EXIT_CODES)
@CASE
@COHORT
@click.argument("goal", metavar="GOAL")
@payer_option()
@ON
@POLICIES
@FORMAT
@TIMEOUT
def command(
    case: str,
    cohort: str | None,
    goal: str,
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    form: str,
    timeout: float,
) -> None:
    """Show what the verdict on a goal rests on: what, if it were otherwise, would change it.

    Single facts and statements, pairs of them, and silences with what would have to be
    told. Each was tried: the case was decided again without it, or with its opposite.

    \b
    Examples:
      medproof hinges reference medically_necessary
      medproof hinges reference A4 --format json
    """
    import medproof
    from explain.export.findings import hinges_data, hinges_page

    with said_plainly():
        base = loaded(policies)
        opened = one_case(base, case, cohort, payer, on)
        found = medproof.hinges(base, opened, goal, seconds=timeout)
    if form == "json":
        show_json(hinges_data(found))
    else:
        show_of(opened, hinges_page(found, width()))
