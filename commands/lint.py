"""`medproof lint`: what is no mistake, and hardly meant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.common import EXIT_CODES, POLICIES, said_plainly, show, width

if TYPE_CHECKING:
    from authoring.lint import Violation


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
@click.option("--fix", is_flag=True, help="Take out what adds nothing, in the DOCUMENTs; then report what is left.")
def command(documents: tuple[Path, ...], config: Path | None, policies: tuple[Path, ...], form: str, fix: bool) -> None:
    """Report what is no mistake, and hardly meant: dead rules, lost units, silence taken for absence.

    Each rule has a page in docs/lint. Levels (error, warning, info, off) are set in
    medproof.yaml: `lint: {unused-predicate: off}`. A comment `% allow RULE: REASON` on a
    line, or on the one above, silences a rule there.

    --fix takes out rules that stand there twice or that a more general one makes
    superfluous, and remarks that allow nothing: no answer changes by it.

    \b
    Examples:
      medproof lint
      medproof lint my-policies/ --format github
      medproof lint my-policies/ --fix
    """
    import medproof
    from authoring.lint.reports import lint_page, reported
    from kb.library import SHIPPED, files

    with said_plainly():
        if fix and not documents:
            raise medproof.CaseProblem("--fix changes documents, so name them")
        found = medproof.lint(documents, policies, config)
        while fix and (changed := _fixed(documents, found)):
            for each in changed:
                click.echo(f"{each.file}:{each.line}: taken out: {each.source_line.strip()}  [{each.rule}]", err=True)
            found = medproof.lint(documents, policies, config)
    if form == "text":
        number = sum(len(files(path)) for path in documents or SHIPPED)
        show(lint_page(found, number, width()))
    else:
        click.echo(reported(found, form), nl=False)
    sys.exit(1 if any(each.level == "error" for each in found) else 0)


def _fixed(documents: tuple[Path, ...], found: tuple[Violation, ...]) -> list[Violation]:
    """What was mended in the files; raises UnreadableFile."""
    from authoring.lint.fixes import fixed
    from kb.library import files, read_text, shown

    changed: list[Violation] = []
    for path in (each for document in documents for each in files(document)):
        before = read_text(path)
        here = [each for each in found if each.file == shown(path) and each.fix is not None]
        after = fixed(path.name, before, here)
        if after != before:
            path.write_text(after, encoding="utf-8", newline="")
            changed += here
    return changed
