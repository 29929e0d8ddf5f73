"""`medproof why-not`: why a goal does not hold."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from commands.common import (
    CASE,
    COHORT,
    EXIT_CODES,
    ON,
    OUTPUT,
    POLICIES,
    TIMEOUT,
    chart,
    loaded,
    payer_option,
    said_plainly,
)
from commands.explaining import AUDIENCE, DEPTH, FORM, LIMIT, deliver


@click.command("why-not", epilog=EXIT_CODES)
@CASE
@COHORT
@click.argument("goal", metavar="GOAL")
@FORM
@OUTPUT
@AUDIENCE
@DEPTH
@payer_option()
@ON
@POLICIES
@TIMEOUT
@LIMIT
def command(
    case: str,
    cohort: str | None,
    goal: str,
    form: str | None,
    output: Path | None,
    audience: str,
    depth: int | None,
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    timeout: float,
    limit: int,
) -> None:
    """Show why a goal does not hold: how near each rule comes, and what it lacks.

    For each rule that could have concluded GOAL: what it found, the first premise that
    fails, and why, down to what the record says instead or is silent on. The nearest
    miss comes first. No values need be given: they come from the case and the policies.

    \b
    Examples:
      medproof why-not two-weeks medically_necessary
      medproof why-not reference 'severe_weakness(Case, Item)'
      medproof why-not two-weeks A4 --for member
    """
    import medproof

    with said_plainly():
        base = loaded(policies)
        found = medproof.explain(base, chart(base, case, cohort), goal, payer, on, timeout, limit=limit)
        deliver(found, form, output, audience, depth)
