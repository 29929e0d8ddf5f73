"""Whole books of business: cohorts invented, decided, compared, and each decision shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from facts.opening import CaseProblem, Opened
from kb.library import Library
from medproof.review import program

if TYPE_CHECKING:
    from cohort.compare import CohortImpact
    from cohort.decide import Account
    from cohort.generate import Rates
    from cohort.proofs import Exported
    from cohort.running import Settings
    from cohort.summary import Summary
    from cohort.verifying import Verified


def generate(
    base: Library,
    directory: str | Path,
    cases: int,
    seed: int = 1,
    rates: Rates | None = None,
    payers: Iterable[str] = (),
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Writes a synthetic cohort as tables of facts, drawn from the vocabulary; how many facts that are.

    Its payers are those of the library, or the given ones. Raises CaseProblem when the
    directory holds anything, or cannot be written.
    """
    import duckdb

    from cohort.files import reason
    from cohort.generate import UNTIL, Rates, generate

    try:
        programs = {payer: program(base, payer, UNTIL) for payer in tuple(payers) or base.payers}
        return generate(program(base), programs, Path(directory), cases, seed, rates or Rates(), heard=heard)
    except FileExistsError as error:
        raise CaseProblem(str(error)) from error
    except (duckdb.IOException, OSError) as error:
        raise CaseProblem(f"`{directory}` cannot be written: {reason(error)}; nothing is left of it") from error


def cohort(
    base: Library,
    source: str | Path,
    output: str | Path,
    settings: Settings | None = None,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Decides every case of a cohort into a directory, and says what it comes to.

    `source` is a directory of tables, or a database; `output` gets `decisions.parquet`,
    `criteria.parquet`, `rejects.parquet` and `report.html`. Raises CaseProblem for
    tables that are none and for rows that are to stop the run, DocumentErrors.
    """
    from cohort.decide import decide_cohort
    from cohort.report import summary_html
    from cohort.running import Settings
    from cohort.summary import summary
    from facts.readers.addresses import facts_at

    found: list[Summary] = []

    def report(result: Path, account: Account) -> None:
        found.append(replace(summary(result, account.programs), output=Path(output), policies=base.paths))
        (result / "report.html").write_text(summary_html(found[0]), encoding="utf-8")

    decide_cohort(base, facts_at(source), Path(output), settings or Settings(), heard, report)
    return found[0]


def cohort_case(base: Library, source: str | Path, case: str) -> Opened:
    """One case of a cohort, which every other verb takes instead of a chart.

    `source` holds the tables of facts, or is the output of `cohort`: then the case is
    opened under the documents that decided it, and what is on record of it (`cohort` with
    `proofs`) is not looked for again. Raises CaseProblem, DocumentErrors.
    """
    from cohort.cases import open_case
    from facts.readers.addresses import facts_at

    return open_case(base, facts_at(source), case)


def export_proofs(
    base: Library,
    decided: str | Path,
    path: str | Path,
    processes: int = 0,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> Exported:
    """Writes the proof of every question that a decided cohort has as met, each checked, as JSON lines.

    The cohort was decided with `proofs`. Raises CaseProblem, ProofError, DocumentErrors.
    """
    from cohort.proofs import export_proofs

    return export_proofs(base, Path(decided), Path(path), processes, heard)


def verify_lines(
    base: Library,
    path: str | Path,
    processes: int = 0,
    heard: Callable[[int, int], None] = lambda done, total: None,
    decided: str | Path | None = None,
) -> Verified:
    """Checks each proof of a file that `export_proofs` wrote against the documents and its chart: what holds, what fails.

    With the `decided` cohort that the lines come from, their charts are held to its tables,
    and what they show to its decisions, all of which that are met have to be there. Raises
    CaseProblem when the file holds no line, or cannot be read.
    """
    from cohort.verifying import verify_lines

    try:
        return verify_lines(base, Path(path), processes, heard, Path(decided) if decided is not None else None)
    except (ValueError, OSError) as error:
        raise CaseProblem(f"{path}: {error}") from error


def diff_cohort(
    old: str,
    new: str,
    source: str | Path,
    policies: Iterable[str | Path] = (),
    payer: str | None = None,
    on: date | None = None,
    heard: Callable[[int, int], None] = lambda done, total: None,
    listing: str | Path | None = None,
) -> CohortImpact:
    """What a change of policy does to a cohort; the sides are those of `diff`, the source that of `cohort`.

    Every answer that changes goes into the `listing`, if one is named (.parquet or .csv).
    Raises CaseProblem, DocumentErrors, UnreadableFile.
    """
    from authoring.sides import sides
    from cohort.compare import compare
    from cohort.running import Settings
    from facts.readers.addresses import facts_at

    before, after = sides(old, new, [Path(path) for path in policies])
    return compare(before, after, facts_at(source), Settings(payer, on), heard, Path(listing) if listing else None)
