"""`medproof missing`: what would establish a goal."""

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
    show,
    show_json,
    show_of,
    width,
)
from commands.explaining import AUDIENCE


@click.command("missing", epilog=EXIT_CODES)
@CASE
@COHORT
@click.argument("goal", metavar="GOAL")
@click.option("-n", "limit", type=click.IntRange(min=1, max=8), default=4, show_default=True, help="At most so many sets.")
@AUDIENCE
@payer_option()
@ON
@POLICIES
@FORMAT
@TIMEOUT
def command(
    case: str,
    cohort: str | None,
    goal: str,
    limit: int,
    audience: str,
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    form: str,
    timeout: float,
) -> None:
    """Show the smallest sets of facts that would establish a goal, if the record had them.

    Each set was tried: the case was decided again with it. The sets that ask for least,
    and for what is easiest to document, come first.

    \b
    Examples:
      medproof missing unstated medically_necessary
      medproof missing reference medically_necessary --payer bcbs-sc
      medproof missing silent-on-imaging A3
    """
    import medproof
    from explain.export.findings import missing_data, missing_page
    from explain.formats.letter import missing_letter

    with said_plainly():
        base = loaded(policies)
        opened = one_case(base, case, cohort, payer, on)
        found = medproof.missing(base, opened, goal, seconds=timeout, limit=limit)
    if form == "json":
        show_json(missing_data(found))
    elif audience == "member":
        show(missing_letter(found, width()))
    else:
        show_of(opened, missing_page(found, width()))
