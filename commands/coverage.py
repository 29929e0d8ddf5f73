"""`medproof coverage`: what the tests of documents show, premise by premise."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.common import EXIT_CODES, OUTPUT, POLICIES, REPORT_FORM, report, said_plainly, width


@click.command("coverage", epilog=EXIT_CODES.replace("errors", "errors, or too little is covered"))
@click.argument("documents", metavar="[DOCUMENT...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=0, help="Processes. Default: one for each processor.")
@click.option("-v", "--verbose", is_flag=True, help="What is covered too.")
@click.option("--fail-under", type=click.FloatRange(0, 100), default=0.0, metavar="PERCENT", help="Exit with 1 below this.")
@POLICIES
@REPORT_FORM
@OUTPUT
def command(
    documents: tuple[Path, ...],
    jobs: int,
    verbose: bool,
    fail_under: float,
    policies: tuple[Path, ...],
    form: str | None,
    output: Path | None,
) -> None:
    """Show what the tests leave unseen: premises of rules, and verdicts on criteria.

    As text, as data, or over the documents' own text on a page for a browser.

    A premise is covered when one test shows it true in a proof, and in another it is the
    only one that keeps its rule from concluding. A criterion is covered when tests
    expect it met, refuted and undocumented. A premise that cannot fail alone says why in
    a comment behind it: `% always: REASON`; where a test shows otherwise, that is said.

    \b
    Examples:
      medproof coverage
      medproof coverage my-policies/ --fail-under 100
      medproof coverage my-policies/ -o coverage.html
    """
    import medproof
    from authoring.coverage_report import coverage_data, coverage_page

    def html() -> str:
        from authoring.site.pages import coverage_html

        return coverage_html(found)

    with said_plainly():
        found = medproof.coverage(documents, policies, jobs)
        report(form, output, lambda: coverage_page(found, width(), verbose), lambda: coverage_data(found), html)
    sys.exit(1 if found.percent < fail_under or found.failed or found.mistaken else 0)
