"""`medproof lint`: what is no mistake, and hardly meant."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.common import EXIT_CODES, POLICIES, said_plainly, show, width


@click.command("lint", epilog=EXIT_CODES.replace("errors", "errors, or violations of that level"))
@click.argument("documents", metavar="[DOCUMENT...]", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Levels of rules. Default: `medproof.yaml` here, if there is one.",
)  # fmt: skip
@POLICIES
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif", "github"]), default="text", help="Form of the output."
)
def command(documents: tuple[Path, ...], config: Path | None, policies: tuple[Path, ...], form: str) -> None:
    """Report what is no mistake, and hardly meant: dead rules, lost units, silence taken for absence.

    Each rule has a page in docs/lint. Levels (error, warning, info, off) are set in
    medproof.yaml: `lint: {unused-predicate: off}`. A comment `% allow RULE: REASON` on a
    line, or on the one above, silences a rule there.

    \b
    Examples:
      medproof lint
      medproof lint my-policies/ --format github
    """
    import medproof
    from authoring.lint.reports import lint_page, reported
    from kb.library import SHIPPED, files

    with said_plainly():
        found = medproof.lint(documents, policies, config)
    if form == "text":
        number = sum(len(files(path)) for path in documents or SHIPPED)
        show(lint_page(found, number, width()))
    else:
        click.echo(reported(found, form), nl=False)
    sys.exit(1 if any(each.level == "error" for each in found) else 0)
