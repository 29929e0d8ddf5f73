"""All proofs of a decided cohort as JSON lines: one for each question that is met, each passed by the checker.

They are rebuilt from what is on record of each case, part by part, which processes share
out among themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cohort.cases import Cohort, met, open_cohort
from cohort.files import finished_file
from cohort.output import INSTANCES, CohortProblem, Heard, told
from cohort.proof_lines import AT_A_TIME, ProofLine
from explain.explanations import explained
from explain.formats.node_link import graph_data
from explain.outcomes import wanted_for
from explain.questions import item_text, questions
from explain.verdicts import Verdict
from facts.opening import Opened
from facts.readers.tables import FactTable
from kb.library import Library
from kb.models import models
from kb.parallel import shared_out


@dataclass(frozen=True)
class Exported:
    """How many proofs were written, of how many cases."""

    proofs: int
    cases: int


def export_proofs(
    base: Library, output: Path, path: Path, processes: int = 0, heard: Heard = lambda done, total: None
) -> Exported:
    """Writes the minimal proof of every question that a decided cohort has as met; `heard` is told how many cases are done.

    They are rebuilt from the rule instances on record. The file has its name only when it
    is whole. Raises CohortProblem, ProofError when the checker finds a fault, BadTables.
    """
    about = told(output)
    if not (output / INSTANCES).exists():
        hint = f"`medproof cohort {about.source} -o OTHER --proofs` keeps them"
        raise CohortProblem(f"`{output}` keeps no rule instances, from which proofs are rebuilt: {hint}")
    if about.state and not about.kept and not Path(about.source).exists():
        raise CohortProblem(f"`{about.source}`, from which `{output}` was decided, is gone; put the tables back there")
    if not about.is_unchanged:
        hint = "or was decided by another version of medproof, or lies in no file; decide the cohort again"
        raise CohortProblem(f"`{about.source}` was changed since `{output}` was decided from it, {hint}")
    names = list(dict.fromkeys(name for name, _, _ in met(output)))
    done = proofs = 0
    heard(0, len(names))
    with open_cohort(base, output) as cohort:
        work = partial(_lines, output, cohort.tables)
        try:
            with finished_file(path) as building, building.open("w", encoding="utf-8") as file:
                for parts in shared_out(work, base, names, processes, AT_A_TIME):
                    for lines in parts:
                        file.writelines(lines)
                        proofs += len(lines)
                    done += len(parts)
                    heard(done, len(names))
        except OSError as error:
            raise CohortProblem(f"{path}: {error.strerror or error}; nothing is written") from error
    return Exported(proofs, len(names))


def _lines(output: Path, tables: tuple[FactTable, ...], base: Library, names: list[str]) -> list[list[str]]:
    """The lines of each of some cases, in order."""
    cohort = Cohort(base, tables, output, told(output))
    found: dict[str, list[str]] = {case.case: list(_lines_of(case)) for case in cohort.open(names)}
    if missing := sorted(set(names) - found.keys()):
        hint = "its tables were changed since; decide the cohort again"
        raise CohortProblem(f"no table says anything of `{missing[0]}`, which `{output}` has decided: {hint}")
    return [found[name] for name in names]


def _lines_of(case: Opened) -> Iterator[str]:
    met = {item for item, verdict in case.decided.items() if verdict == Verdict.MET.value}
    relations = sorted({relation for relation, _ in met})
    found = models(case.compiled, case.facts, case.case, case.engine, wanted_for(case.program, relations))
    asked = {}
    for question in questions(found):
        item = item_text(question.row, case.program.predicate(question.relation).case_position)
        asked[question.relation, item] = question.row
    for relation, item in sorted(met):
        row = asked.get((relation, item))
        if row is None or not found.holds(relation, row):
            hint = "its tables were changed since; decide the cohort again"
            raise CohortProblem(f"nothing shows {relation}({item}) of `{case.case}`, which the cohort has as met: {hint}")
        graph = explained(found, [(relation, row)], case.policies, case.document, minimal=True).graph
        on = case.on.isoformat()
        certain = (relation, item) in case.certain
        yield ProofLine(case.case, relation, item, case.payer, on, certain, graph_data(graph), case.document.text).text
