"""`medproof generate`: a synthetic cohort."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from commands.common import EXIT_CODES, POLICIES, loaded, progress, said_plainly, stoppable


def _share(name: str, default: float, text: str) -> click.Option:
    return click.Option(
        [f"--{name}"], type=click.FloatRange(0, 1), default=default, show_default=True, metavar="SHARE", help=text
    )


@click.command("generate", epilog=EXIT_CODES)
@click.option("--cases", type=click.IntRange(min=1), required=True, metavar="N", help="How many cases.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="The same seed gives the same cohort.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to write; not there yet."
)
@click.option("--payer", "payers", multiple=True, metavar="NAME", help="Whose members. Default: every payer with documents.")
@POLICIES
def command(
    cases: int, seed: int, output: Path, payers: tuple[str, ...], policies: tuple[Path, ...],
    silences: float, absences: float, unknown: float, contradictions: float,
) -> None:  # fmt: skip
    """Write a cohort of invented cases, to try things out and to measure.

    One Parquet file for each fact of the vocabulary, which `medproof cohort` decides.
    Nobody's record went into it.

    \b
    Examples:
      medproof generate --cases 100000 -o facts/
      medproof generate --cases 1000 --seed 7 --contradictions 0.05 -o odd/
    """
    import medproof
    from cohort.generate import Rates
    from cohort.report import policy_options
    from kb.language.values import many

    with said_plainly(), stoppable("nothing is left of it"), progress("drawing") as heard:
        rates = Rates(silences, absences, unknown, contradictions)
        facts = medproof.generate(loaded(policies), output, cases, seed, rates, payers, heard)
    click.echo(f"wrote {output}: {many(cases, 'case')}, {many(facts, 'fact')}", err=True)
    decided = output.with_name(f"{output.name}-decided")
    click.echo(shlex.join(["medproof", "cohort", str(output), "-o", str(decided), *policy_options(policies)]), err=True)


command.params += [
    _share("silences", 0.45, "Of what can be stated, the share that a chart leaves out."),
    _share("absences", 0.08, "Of what a chart mentions, the share that it documents as absent."),
    _share("unknown", 0.01, "Of the values that may be left open, the share given as `?`."),
    _share("contradictions", 0.01, "The share of cases whose record contradicts itself."),
]
