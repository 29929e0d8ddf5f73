"""`medproof vocabulary`: what a chart can state."""

from __future__ import annotations

from pathlib import Path

import click

from commands.common import EXIT_CODES, FORMAT, POLICIES, loaded, said_plainly, show, show_json, width


@click.command("vocabulary", epilog=EXIT_CODES)
@click.argument("word", required=False)
@POLICIES
@FORMAT
def command(word: str | None, policies: tuple[Path, ...], form: str) -> None:
    """List what a chart can state: each fact with its arguments, values and wording.

    With WORD, only what has the word in its name or wording.

    \b
    Examples:
      medproof vocabulary
      medproof vocabulary stenosis
    """
    import medproof
    from explain.export.catalogue import vocabulary_data, vocabulary_page

    with said_plainly():
        program = medproof.program(loaded(policies))
    if form == "json":
        show_json(vocabulary_data(program, word or ""))
    else:
        show(vocabulary_page(program, word or "", width()))
