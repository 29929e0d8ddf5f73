"""`medproof explain`: why."""

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


@click.command("explain", epilog=EXIT_CODES)
@CASE
@COHORT
@click.argument("goal", metavar="[GOAL]", required=False)
@click.option("--minimal", is_flag=True, help="Only the cheapest proof of each conclusion.")
@click.option("-k", "best", type=click.IntRange(min=1), metavar="N", help="The N best proofs, the best first.")
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
    goal: str | None,
    minimal: bool,
    best: int | None,
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
    """Show why a goal holds, down to the policy's passages and the chart's sentences.

    GOAL is an atom, the name of a predicate, or a criterion's label. Without GOAL every
    question of the case is explained. Where a goal does not hold, the explanation is why
    not. Every step is checked against the documents before it is shown.

    \b
    Examples:
      medproof explain reference A4
      medproof explain reference 'motor_deficit(Case, Root, Side)' -k 3
      medproof explain reference -o reference.html
      medproof explain reference medically_necessary --minimal -o proof.svg
      medproof explain reference medically_necessary --depth 2 -o overview.svg
    """
    import medproof

    with said_plainly():
        base = loaded(policies)
        found = medproof.explain(base, chart(base, case, cohort), goal, payer, on, timeout, minimal, best or 0, limit)
        deliver(found, form, output, audience, depth)
