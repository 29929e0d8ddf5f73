"""`medproof proofs`: every proof of a decided cohort."""

from __future__ import annotations

from pathlib import Path

import click

from commands.common import EXIT_CODES, POLICIES, loaded, progress, said_plainly, stoppable


@click.command("proofs", epilog=EXIT_CODES)
@click.argument("decided", metavar="DECIDED", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE.jsonl",
    help="Where to write, a line for each proof.",
)  # fmt: skip
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=0, help="Processes. Default: one for each processor.")
@POLICIES
def command(decided: Path, output: Path, jobs: int, policies: tuple[Path, ...]) -> None:
    """Write the proof of everything that a cohort has as met, each passed by the checker.

    DECIDED is what `medproof cohort --proofs` wrote: proofs are rebuilt from the rule
    instances on record there, and no case is decided again. A line has the case, the
    question, its proof in node-link form and the chart that the proof rests on.

    \b
    Examples:
      medproof cohort facts/ -o decided/ --proofs
      medproof proofs decided/ -o proofs.jsonl
      medproof verify proofs.jsonl
    """
    import medproof
    from kb.language.values import many

    with said_plainly():
        if output.suffix != ".jsonl":
            raise medproof.CaseProblem(f"`{output}` is no .jsonl; name one, so that `medproof verify` knows what it holds")
        base = loaded(policies)
        with stoppable("nothing is written"), progress("proofs", eta=True) as heard:
            found = medproof.export_proofs(base, decided, output, jobs, heard)
    click.echo(f"wrote {output}: {many(found.proofs, 'proof')} of {many(found.cases, 'case')}", err=True)
