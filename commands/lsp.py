"""`medproof lsp`: the language server."""

from __future__ import annotations

import click

from commands.common import EXIT_CODES


@click.command("lsp", epilog=EXIT_CODES)
@click.option("--stdio", is_flag=True, help="Speak over standard input and output; the default, and the only way.")
def command(stdio: bool) -> None:
    """Serve an editor: mistakes as you type, hover, definitions, rename, completion, tests.

    Editors start it by themselves; docs/editors.md says how VS Code, Neovim and Emacs do.

    \b
    Examples:
      medproof lsp
    """
    from authoring.editor.server import server

    server().start_io()
