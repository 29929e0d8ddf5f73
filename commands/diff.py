"""`medproof diff`: what a change of policy does to cases."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from commands.common import (
    EXIT_CODES,
    ON,
    OUTPUT,
    POLICIES,
    REPORT_FORM,
    form_of_report,
    payer_option,
    progress,
    report,
    said_plainly,
    stoppable,
    width,
)


@click.command("diff", epilog=EXIT_CODES.replace("errors", "errors, or a case could not be compared"))
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--cases", multiple=True, metavar="CASE", help="Files, directories, shipped cases. Default: the shipped cases."
)
@click.option(
    "--cohort", type=click.Path(), metavar="FACTS",
    help="Tables of facts, all of whose cases are compared: how many answers change, and by which criterion.",
)  # fmt: skip
@click.option(
    "--list", "listing", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Of a cohort: write every answer that changes, case by case, into a .csv or .parquet.",
)  # fmt: skip
@payer_option()
@ON
@POLICIES
@click.option("-v", "--verbose", is_flag=True, help="Both proofs of each answer that changed.")
@REPORT_FORM
@OUTPUT
def command(
    old: str,
    new: str,
    cases: tuple[str, ...],
    cohort: str | None,
    listing: Path | None,
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    verbose: bool,
    form: str | None,
    output: Path | None,
) -> None:
    """Compare two states of policies: the rules, and whose answer changes by which criterion.

    OLD and NEW are files or directories, versions of one document (`ID@VERSION`, of
    which NEW may leave out the id), or revisions of the git repository here, of which a
    directory may be named (`HEAD~1:policies`).

    \b
    Examples:
      medproof diff policies-2025/ policies-2026/ --cases charts/
      medproof diff jns-part-8@2005 @2014 --cases unstable -v
      medproof diff HEAD~1:kb/policies kb/policies -o impact.html
      medproof diff policies-2025/ policies-2026/ --cohort facts/ -o impact.html
    """
    import medproof
    from authoring.impact_report import impact_data, impact_page

    def html() -> str:
        from authoring.site.pages import impact_html

        return impact_html(found, old, new)

    if cohort is not None:
        if cases or verbose:
            raise click.UsageError("--cases and -v are for charts compared one by one; of a --cohort all cases are counted")
        _cohort(old, new, cohort, listing, payer, on, policies, form, output)
        return
    if listing is not None:
        raise click.UsageError("--list is of a --cohort; of charts, --format json has every answer")
    with said_plainly():
        with progress("cases") as heard:
            found = medproof.diff(old, new, cases, policies, payer, on, heard)
        report(form, output, lambda: impact_page(found, width(), verbose), lambda: impact_data(found), html)
    # What could not be compared may hide anything.
    sys.exit(1 if found.failed else 0)


def _cohort(
    old: str,
    new: str,
    cohort: str,
    listing: Path | None,
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    form: str | None,
    output: Path | None,
) -> None:
    import medproof
    from cohort.impact_report import cohort_impact_data, cohort_impact_html, cohort_impact_page

    with said_plainly():
        # A file that no report can be written to is told before a million cases are decided.
        form = form_of_report(form, output)
        with stoppable("nothing is written"), progress("deciding", eta=True) as heard:
            found = medproof.diff_cohort(old, new, cohort, policies, payer, on, heard, listing)
        report(
            form,
            output,
            lambda: cohort_impact_page(found, width()),
            lambda: cohort_impact_data(found),
            lambda: cohort_impact_html(found, f"{old} → {new}"),
        )
