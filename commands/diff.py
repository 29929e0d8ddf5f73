"""`medproof diff`: what a change of policy does to cases."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from commands.common import EXIT_CODES, ON, POLICIES, payer_option, progress, said_plainly, show, show_json, width


@click.command("diff", epilog=EXIT_CODES)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--cases", multiple=True, metavar="CASE", help="Files, directories, shipped cases. Default: the shipped cases."
)
@payer_option()
@ON
@POLICIES
@click.option("-v", "--verbose", is_flag=True, help="Both proofs of each answer that changed.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form of the output.")
def command(
    old: str,
    new: str,
    cases: tuple[str, ...],
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    verbose: bool,
    form: str,
) -> None:
    """Compare two states of policies: the rules, and whose answer changes by which criterion.

    OLD and NEW are files or directories, versions of one document (`ID@VERSION`, of
    which NEW may leave out the id), or revisions of the git repository here, of which a
    directory may be named (`HEAD~1:policies`).

    \b
    Examples:
      medproof diff policies-2025/ policies-2026/ --cases charts/
      medproof diff jns-part-8@2005 @2014 --cases unstable -v
      medproof diff HEAD~1:kb/policies kb/policies
    """
    import medproof
    from authoring.impact_report import impact_data, impact_page

    with said_plainly(), progress("cases") as heard:
        found = medproof.diff(old, new, cases, policies, payer, on, heard)
    if form == "json":
        show_json(impact_data(found))
    else:
        show(impact_page(found, width(), verbose))
