"""`medproof mutate`: small changes to rules that no test notices."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.common import EXIT_CODES, POLICIES, progress, said_plainly, show, show_json, width


@click.command("mutate", epilog=EXIT_CODES.replace("errors", "errors, or a mutant survives"))
@click.argument("documents", metavar="[DOCUMENT...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=0, help="Processes. Default: one for each processor.")
@click.option("-v", "--verbose", is_flag=True, help="Those that a comment justifies too.")
@POLICIES
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Form of the output.")
def command(documents: tuple[Path, ...], jobs: int, verbose: bool, policies: tuple[Path, ...], form: str) -> None:
    """Change each rule a little, and report the changes that no test notices.

    A premise is dropped, a comparison turned or moved to its boundary, a threshold
    shifted, a `not` removed, a value swapped. Only tests that the rule reaches are run
    again. Where no test could notice, a comment behind the premise says why:
    `% equivalent: REASON`.

    \b
    Examples:
      medproof mutate
      medproof mutate my-policies/acme.md
    """
    import medproof
    from authoring.mutation_report import mutation_data, mutation_page

    with said_plainly(), progress("mutants") as heard:
        found = medproof.mutate(documents, policies, jobs, heard)
    if form == "json":
        show_json(mutation_data(found))
    else:
        show(mutation_page(found, width(), verbose))
    sys.exit(0 if found.is_clean else 1)
