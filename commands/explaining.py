"""What `explain` and `why-not` share: how a proof graph is asked for, and where it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.common import show, width, write

if TYPE_CHECKING:
    from explain.explanations import Explanation

_Command = TypeVar("_Command", bound=Callable[..., Any])
FORMS = ("text", "markdown", "json", "graphml", "gexf", "dot", "mermaid", "svg", "png", "pdf", "html")

FORM = click.option(
    "--format", "form", type=click.Choice(FORMS), help="Form of the output. Default: the suffix of FILE, else text."
)
AUDIENCE = click.option(
    "--for", "audience", type=click.Choice(["reviewer", "member"]), default="reviewer", show_default=True,
    help="Whose words: a reviewer's, or the member's, without codes and jargon.",
)  # fmt: skip
DEPTH = click.option(
    "--depth", type=click.IntRange(min=1), metavar="N", help="Of a picture: only N conclusions below the goal."
)
LIMIT = click.option(
    "--limit", type=click.IntRange(min=1), default=20_000, show_default=True, metavar="NODES",
    help="Look into no more nodes than this; what is left out is said.",
)  # fmt: skip


def deliver(
    explanation: Explanation, form: str | None, output: Path | None, audience: str, depth: int | None = None
) -> None:
    """Writes or prints an explanation; raises CannotExport."""
    from explain.formats import CannotExport, Options, exported, form_of
    from explain.formats.text import page

    form = form or (form_of(output) if output is not None else "text")
    options = Options(audience, width() if output is None else 100, depth or 0)
    if output is None and form == "text" and not depth:
        show(page(explanation, options))
        return
    made = exported(explanation, form, options)
    if output is not None:
        write(output, made)
        click.echo(f"wrote {output}", err=True)
    elif isinstance(made, bytes) and form in ("png", "pdf"):
        raise CannotExport(f"a {form} is not shown on a terminal; name a file with -o")
    else:
        click.echo(made if isinstance(made, str) else made.decode("utf-8"), nl=False)
