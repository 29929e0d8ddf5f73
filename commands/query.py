"""`medproof query`: any conjunction of goals about a case."""

from __future__ import annotations

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


@click.command("query", epilog=EXIT_CODES)
@click.argument("case", metavar="CASE", shell_complete=case_completion)
@click.argument("goal", metavar="GOAL")
@payer_option()
@ON
@POLICIES
@FORMAT
@TIMEOUT
def command(
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

    with said_plainly():
        table = medproof.query(loaded(policies), medproof.open_case(case), goal, payer, on, timeout)
    if form == "json":
        show_json(table_data(table))
    else:
        show(table_page(table, width()))
