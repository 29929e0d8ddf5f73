"""The command line. Each command is a module in `commands/`, a few lines over the Python API."""

from __future__ import annotations

import click

from commands import Commands
from commands.common import EXIT_CODES


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EXIT_CODES)
@click.version_option(package_name="medproof")
def main() -> None:
    """Decide medical necessity by payer criteria written as Datalog, and show exactly why.

    medproof supports clinical review and does not replace it. It never denies: what is
    not met is referred to a physician reviewer.

    \b
    Examples:
      medproof decide reference
      medproof explain reference A4
      medproof why-not two-weeks medically_necessary
    """


if __name__ == "__main__":
    main()
