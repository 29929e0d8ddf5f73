"""`medproof format`: one layout for rules and facts."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from commands.common import EXIT_CODES, said_plainly


@click.command("format", epilog=EXIT_CODES.replace("errors", "errors, or --check finds something to lay out"))
@click.argument("documents", metavar="DOCUMENT...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--check", is_flag=True, help="Change nothing; name the documents that would change.")
@click.option("--diff", is_flag=True, help="Change nothing; show what would change.")
def command(documents: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Lay out the rules and facts of documents: spaces, indentation, empty lines.

    Prose, comments, and the author's line breaks stay. The meaning never changes: what
    is laid out parses to the same statements. A block with mistakes is left alone.

    \b
    Examples:
      medproof format my-policies/
      medproof format --check kb/policies facts
      medproof format --diff my-policies/acme.md
    """
    from authoring.layout import differences, laid_out
    from kb.library import files, read_text

    changed = left = 0
    with said_plainly():
        for path in (each for document in documents for each in files(document)):
            before = read_text(path)
            made = laid_out(path.name, before)
            for line in made.left_alone:
                left += 1
                click.echo(f"{path}:{line}: left alone, as it has mistakes; `medproof check` says which", err=True)
            if made.text == before:
                continue
            changed += 1
            if diff:
                click.echo("\n".join(differences(path.as_posix(), before, made.text)))
            elif check:
                click.echo(f"{path} would change")
            else:
                path.write_text(made.text, encoding="utf-8", newline="")
                click.echo(f"{path} laid out")
    sys.exit(1 if left or (changed and check) else 0)
