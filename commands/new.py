"""`medproof new`: documents to begin with."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from commands.common import EXIT_CODES, said_plainly

INTO = click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), default=Path(), metavar="DIR", help="Where. Default: here."
)


@click.group("new", epilog=EXIT_CODES)
def command() -> None:
    """Begin a policy, a case or a lint rule with a document that works.

    \b
    Examples:
      medproof new policy acme-spine --payer acme --into policies/
      medproof new case jane --payer acme
    """


@command.command("policy", epilog=EXIT_CODES)
@click.argument("name", metavar="ID")
@click.option("--payer", required=True, metavar="NAME", help="The payer whose policy it is.")
@INTO
def policy(name: str, payer: str, into: Path) -> None:
    """Begin the policy ID of a payer: one criterion, with its tests.

    \b
    Example:
      medproof new policy acme-spine --payer acme
    """
    from authoring.scaffold import new_policy

    with said_plainly():
        path = new_policy(name, payer, into, date.today())
    click.echo(f"{path}: change it, then `medproof check {path}`, `medproof test {path}`, `medproof coverage {path}`")


@command.command("case", epilog=EXIT_CODES)
@click.argument("name", metavar="ID")
@click.option("--payer", required=True, metavar="NAME", help="The payer that is asked.")
@INTO
def case(name: str, payer: str, into: Path) -> None:
    """Begin the chart of the case ID.

    \b
    Example:
      medproof new case jane --payer aetna
    """
    from authoring.scaffold import new_case

    with said_plainly():
        path = new_case(name, payer, into, date.today())
    click.echo(f"{path}: state what the record states, then `medproof decide {path}`")


@command.command("lint-rule", epilog=EXIT_CODES)
@click.argument("name", metavar="NAME")
@INTO
def lint_rule(name: str, into: Path) -> None:
    """Begin the lint rule NAME in a checkout of medproof: its module and its page.

    \b
    Example:
      medproof new lint-rule long-rule
    """
    from authoring.scaffold import new_lint_rule

    with said_plainly():
        module, page = new_lint_rule(name, into)
    click.echo(f"{module} and {page}: fill them in, and add `{name}` to NAMES in authoring/lint/__init__.py")
