"""The commands, one module each: its help, an example, and a few lines over the Python API."""

from __future__ import annotations

import errno
import re
from importlib import import_module
from typing import Any

import click

from kb.collector import collecting_rarely

NAMES = (
    "decide", "explain", "why-not", "missing", "what-if", "hinges", "verify", "query", "repl", "vocabulary", "policies",
    "cohort", "proofs", "generate", "new", "check", "test", "coverage", "mutate", "lint", "format", "diff", "docs", "lsp",
)  # fmt: skip
"""The commands in the order in which the help lists them."""


_DENIAL = re.compile(r"-[a-z]\w*\(.*\)\s*", re.DOTALL)
"""A denial as a goal, `-p(X)`, which looks like options."""


class Commands(click.Group):
    """A group that imports a command when it is used: a reviewer waits for no code but that of the command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        if cmd_name not in NAMES:
            return None
        command: click.Command = import_module(f"commands.{cmd_name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a full disk behind the standard output is told."""
        try:
            with collecting_rarely():
                return super().invoke(ctx)
        except OSError as error:
            if error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                raise click.ClickException(f"the output is cut short: {error.strerror}") from error
            raise

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; an unknown one gets the nearest name suggested."""
        from kb.language.diagnostics import nearest

        if args and args[0] not in NAMES and not args[0].startswith("-"):
            hint = nearest(args[0], NAMES) or f"the commands are: {', '.join(NAMES)}"
            ctx.fail(f"there is no command `{args[0]}`; {hint}")
        name, command, rest = super().resolve_command(ctx, args)
        # A blank before it keeps a denial from being read as options; the language has no use for it.
        return name, command, [f" {each}" if _DENIAL.fullmatch(each) else each for each in rest]
