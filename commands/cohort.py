"""`medproof cohort`: every case of a cohort decided."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.common import (
    EXIT_CODES,
    FORMAT,
    ON,
    POLICIES,
    loaded,
    payer_option,
    progress,
    said_plainly,
    show,
    show_json,
    stoppable,
    width,
)

if TYPE_CHECKING:
    from cohort.output import Heard


@click.command("cohort", epilog=EXIT_CODES.replace("errors", "errors, or every case was left out"))
@click.argument("facts", metavar="FACTS", type=click.Path())
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Where to write; not there yet."
)
@payer_option("the one that each case names")
@ON
@POLICIES
@click.option(
    "--on-error", type=click.Choice(["skip", "stop"]), default="skip", show_default=True,
    help="What to do about a row that cannot be taken: leave its case out, or stop.",
)  # fmt: skip
@click.option(
    "--memory-limit", type=click.FloatRange(min=0.25), default=2.0, show_default=True, metavar="GB",
    help="What the database may hold in memory; beyond it, it writes to disk.",
)  # fmt: skip
@click.option(
    "-j", "--jobs", type=click.IntRange(min=0), default=0, help="Batches at a time. Default: one for each processor."
)
@click.option(
    "--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True,
    help="Where cases are decided: on this machine, or on a cluster whose machines share FACTS and DIR.",
)  # fmt: skip
@click.option("--master", metavar="URL", help="The Spark cluster, such as spark://host:7077. Default: local[*].")
@click.option(
    "--batch", type=click.IntRange(min=1), default=100_000, show_default=True, metavar="N", help="Cases in a batch."
)
@click.option("--proofs", is_flag=True, help="Keep the rule instances of each case, from which its proofs are rebuilt.")
@FORMAT
def command(
    facts: str,
    output: Path,
    payer: str | None,
    on: date | None,
    policies: tuple[Path, ...],
    on_error: str,
    memory_limit: float,
    jobs: int,
    engine: str,
    master: str | None,
    batch: int,
    proofs: bool,
    form: str,
) -> None:
    """Decide a whole book of cases, and say what it comes to.

    FACTS is a directory with a table for each fact (`motor_strength.parquet`, .csv or
    .jsonl, or a folder of such files), columns named as the vocabulary declares them, and
    `denied_motor_strength` for what is documented as absent; or a database
    (facts.duckdb, facts.sqlite, postgresql://USER@HOST/DATABASE).

    DIR gets decisions.parquet, criteria.parquet, rejects.parquet and report.html. A run
    that is stopped goes on where it was when the same command is given again.

    \b
    Examples:
      medproof cohort facts/ -o decided/
      medproof cohort facts/ -o strict/ --payer aetna --on 2026-01-01 --on-error stop
      medproof cohort /shared/facts -o /shared/decided --engine spark --master spark://host:7077
      medproof explain --cohort decided/ case-000042 medically_necessary
    """
    import medproof
    from cohort.report import summary_data, summary_page
    from cohort.running import Settings

    if master and engine != "spark":
        raise click.UsageError("--master is the address of a Spark cluster: say --engine spark too")
    at = (master or "local[*]") if engine == "spark" else ""
    settings = Settings(payer, on, on_error == "stop", memory_limit, jobs, batch, proofs, at)
    with said_plainly():
        base = loaded(policies)
        kept = "what is done is kept, and the same command goes on from there"
        with stoppable(kept), progress("deciding", eta=True) as heard:
            found = medproof.cohort(base, facts, output, settings, _telling_of_former_runs(heard))
    if form == "json":
        show_json(summary_data(found))
    else:
        show(summary_page(found, width()))
    record = ", instances.parquet" if proofs else ""
    click.echo(f"wrote {output}: decisions.parquet, criteria.parquet, rejects.parquet, report.html{record}", err=True)
    if found.rejected and not found.cases:
        click.echo(f"Error: every case was left out; {output}/rejects.parquet tells why, row by row", err=True)
        sys.exit(1)


def _telling_of_former_runs(heard: Heard) -> Heard:
    """Says at the beginning what a run before this one has done already."""
    calls: list[int] = []

    def tell(done: int, total: int) -> None:
        if not calls and done:
            click.echo(f"going on: {done:,} of {total:,} cases were decided by a run before this one", err=True)
        calls.append(done)
        heard(done, total)

    return tell
