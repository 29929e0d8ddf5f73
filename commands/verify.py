"""`medproof verify`: an exported proof, checked again by a checker that trusts nobody."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.common import EXIT_CODES, POLICIES, loaded, progress, said_plainly, stoppable

if TYPE_CHECKING:
    from kb.library import Library

_MOST = 10
"""Lines that fail and are told."""


@click.command(
    "verify", epilog=EXIT_CODES.replace("1 a document has errors", "1 the proof does not hold, or a document has errors")
)
@click.argument("proof", metavar="PROOF", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--chart", metavar="CASE", help="The chart that the proof is about. Default: the file or shipped case that it names."
)
@click.option(
    "--cohort", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DECIDED",
    help="The decided cohort that it is a case of. Of a .jsonl: are its charts what the tables say, is nothing left out?",
)  # fmt: skip
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=0, help="Processes. Default: one for each processor.")
@POLICIES
def command(proof: Path, chart: str | None, cohort: Path | None, jobs: int, policies: tuple[Path, ...]) -> None:
    """Check a proof that was exported as JSON against the documents that it rests on.

    The checker shares only the parser with the rest of medproof. It looks at each step:
    the instance of the rule, its premises, the facts and their places, comparisons and
    aggregates computed again, absences by their certificate; and it names the first step
    that fails. PROOF may be a .jsonl that `medproof proofs` wrote: each line has its chart.

    \b
    Examples:
      medproof explain reference A4 -o proof.json
      medproof verify proof.json
      medproof verify proofs.jsonl --cohort decided/
    """
    import medproof
    from explain.export.lines import visible
    from explain.formats.node_link import chart_of, read, verified_lines

    with said_plainly():
        base = loaded(policies)
        if proof.suffix == ".jsonl":
            _verify_lines(base, proof, jobs, cohort)
            return
        try:
            graphs = read(proof.read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            raise medproof.CaseProblem(f"{proof}: {error}") from error
        if not graphs:
            raise medproof.CaseProblem(f"{proof}: it holds no proof")
        for graph in graphs:
            if cohort is not None and chart:
                raise click.UsageError("the chart is that of --chart, or that of the --cohort: name one")
            if cohort is not None:
                document = medproof.cohort_case(base, cohort, str(graph.graph.get("case", ""))).document
            else:
                document = medproof.open_case(chart) if chart else chart_of(graph.graph)
            try:
                medproof.verify(base, graph, document)
            except medproof.ProofError as error:
                click.echo(visible(f"{proof}: the proof does not hold at {error}"), err=True)
                sys.exit(1)
            for line in verified_lines(graph, document.name):
                click.echo(visible(f"{proof}: {line}" if not line.startswith(" ") else line))


def _verify_lines(base: Library, path: Path, jobs: int, cohort: Path | None) -> None:
    import medproof
    from explain.export.lines import visible
    from kb.language.values import many

    with stoppable("not every proof was checked"), progress("verifying", eta=True) as heard:
        found = medproof.verify_lines(base, path, jobs, heard, cohort)
    for failure in found.failures[:_MOST]:
        click.echo(visible(f"{path}: the proof does not hold at {failure}"), err=True)
    if len(found.failures) > _MOST:
        click.echo(f"and {len(found.failures) - _MOST:,} more that do not hold", err=True)
    for case, question, item in found.unproved[:_MOST]:
        click.echo(visible(f"{path}: no line that holds shows {question}({item}) of `{case}`, which is met"), err=True)
    if len(found.unproved) > _MOST:
        click.echo(f"and {len(found.unproved) - _MOST:,} more that no line shows", err=True)
    repeated = f"; {many(found.repeated, 'line says', 'lines say')} what another one says" if found.repeated else ""
    others = f"; {found.elsewhere:,} of them for another payer or day than their charts name" if found.elsewhere else ""
    click.echo(f"{path}: {many(found.proofs, 'proof holds', 'proofs hold')}{others}{repeated}")
    if cohort is None:
        click.echo("that each answer is certain or rests on silence, as its line says, is checked with --cohort alone")
    if cohort is not None and not found.unproved:
        click.echo(visible(f"all that {cohort} has as met is shown, from charts that its tables say"))
    if found.failures or found.unproved:
        sys.exit(1)
