"""`medproof what-if`: the answers before and after a change of the record."""

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


@click.command("what-if", epilog=EXIT_CODES)
@CASE
@COHORT
@click.option("--assume", metavar="FACT", multiple=True, help="A fact to add, as a chart writes it.")
@click.option("--retract", metavar="FACT", multiple=True, help="A fact to take away; `_` stands for any value.")
@payer_option()
@ON
@POLICIES
@FORMAT
@TIMEOUT
@click.option("-v", "--verbose", count=True, help="Show the ids of rules, and instances of general knowledge.")
def command(
    case: str,
    cohort: str | None,
    assume: tuple[str, ...],
    retract: tuple[str, ...],
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    form: str,
    timeout: float,
    verbose: int,
) -> None:
    """Decide a case as it is, and again with facts assumed and retracted.

    \b
    Examples:
      medproof what-if reference --retract 'progressive_deficit(reference, _, _, _, _, _)'
      medproof what-if reference --assume 'motor_strength(reference, hamstrings, left, "3", examination, "2025-11-12")'
    """
    import medproof
    from explain.export.findings import what_if_data, what_if_page

    with said_plainly():
        if not assume and not retract:
            raise medproof.CaseProblem("nothing is changed; name facts with --assume or --retract")
        base = loaded(policies)
        opened = one_case(base, case, cohort, payer, on)
        found = medproof.what_if(base, opened, assume, retract, seconds=timeout)
    if form == "json":
        show_json(what_if_data(found))
    else:
        show_of(opened, what_if_page(found, width(), verbose))
