"""The command line. Each command is a module in `commands/`, a few lines over the Python API."""

from __future__ import annotations

import io
import os
import sys

import click

from commands import Commands
from commands.common import EXIT_CODES


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(package_name="medproof")
@click.pass_context
def main(context: click.Context) -> None:
    """Decide medical necessity by payer criteria written as Datalog, and show exactly why.

    medproof supports clinical review and does not replace it. It never denies: what is
    not met is referred to a physician reviewer.

    \b
    Examples:
      medproof decide reference
      medproof explain reference A4
      medproof why-not two-weeks medically_necessary
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        context.color = False  # https://no-color.org
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not _can_say(stream, "✓"):
            stream.reconfigure(encoding="utf-8")


def _can_say(stream: io.TextIOWrapper, text: str) -> bool:
    try:
        text.encode(stream.encoding)
    except UnicodeEncodeError:
        return False
    return True


if __name__ == "__main__":
    main()
