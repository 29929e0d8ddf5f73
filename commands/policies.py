"""`medproof policies`: the documents at hand."""

from __future__ import annotations

from pathlib import Path

import click

from commands.common import EXIT_CODES, FORMAT, POLICIES, loaded, said_plainly, show, show_json, width


@click.command("policies", epilog=EXIT_CODES)
@POLICIES
@FORMAT
def command(policies: tuple[Path, ...], form: str) -> None:
    """List the documents at hand: what they are, from whom, in force when, reviewed by whom.

    \b
    Examples:
      medproof policies
      medproof policies --format json
    """
    from explain.export.catalogue import documents_data, documents_page

    with said_plainly():
        base = loaded(policies)
    if form == "json":
        show_json(documents_data(base.documents))
    else:
        show(documents_page(base.documents, width()))
