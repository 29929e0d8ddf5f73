"""Lines of proofs checked by whoever has the documents; and, if at hand, held to the cohort that they come from.

A proof shows that the conclusion follows from the chart under the documents. That nothing
else in the record contradicts it, that every reading of a policy agrees, that the chart is
what the tables say, and that no line is missing, is known from the cohort alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO

from cohort.cases import Cohort, Record, met, open_cohort
from cohort.output import Heard, Told, told
from cohort.proof_lines import AT_A_TIME, ProofLine, Question, read_line
from explain.formats.node_link import graph_of
from explain.questions import item_text
from explain.refusals import ProofError
from explain.verdicts import Verdict
from explain.verifying import verify
from facts.opening import CaseProblem, asked
from facts.readers.tables import FactTable
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document, digest, read
from kb.language.values import ANY, UNKNOWN
from kb.library import Library
from kb.parallel import shared_out


@dataclass(frozen=True)
class Verified:
    """How many proofs hold, and how many of them for another payer or day than their chart names; what does not hold.

    `repeated` lines say what another one says, and count once; `failures` are lines that
    fail; `unproved` is what the cohort has as met and no line shows.
    """

    proofs: int
    elsewhere: int
    repeated: int
    failures: tuple[str, ...]
    unproved: tuple[Question, ...] = ()


@dataclass(frozen=True)
class Decided:
    """A decided cohort to which lines are held: where it is, and its tables."""

    output: Path
    tables: tuple[FactTable, ...]


def verify_lines(
    base: Library,
    path: Path,
    processes: int = 0,
    heard: Heard = lambda done, total: None,
    output: Path | None = None,
) -> Verified:
    """Checks every proof of a file against the documents and the chart in its line; what fails is told with its line.

    With the `output` of the cohort that the lines come from, also that their charts are what
    its tables say, that it has as met what they show, and that they show all of it. Raises
    ValueError when the file holds no line, OSError when it cannot be read, CohortProblem,
    BadTables.
    """
    places, checked = _places(path), list[_Checked]()
    if not places:
        raise ValueError("it holds no proof")
    heard(0, len(places))
    with _decided(base, output) as decided:
        for found in shared_out(partial(_check, path, decided), base, places, processes, AT_A_TIME):
            checked += found
            heard(len(checked), len(places))
    failures = tuple(each.failure for each in checked if each.failure)
    shown = {each.digest: each for each in checked if each.shows is not None}
    repeated = len(checked) - len(failures) - len(shown)
    questions = {each.shows for each in shown.values()}
    unproved = tuple(each for each in met(output) if each not in questions) if output is not None else ()
    elsewhere = sum(each.is_elsewhere for each in shown.values())
    return Verified(len(shown), elsewhere, repeated, failures, unproved)


@contextmanager
def _decided(base: Library, output: Path | None) -> Iterator[Decided | None]:
    if output is None:
        yield None
    else:
        told(output)
        with open_cohort(base, output) as cohort:
            cohort.refuse_others()
            yield Decided(output, cohort.tables)


_Place = tuple[int, int]
"""The number of a line, and where it begins in the file."""


def _places(path: Path) -> list[_Place]:
    found, start = list[_Place](), 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                found.append((number, start))
            start += len(line)
    return found


@dataclass(frozen=True, slots=True)
class _Checked:
    """A line: what it shows, if it does, and whether for another payer or day than its chart names; else why it fails.

    `digest` is that of all that it says.
    """

    shows: Question | None = None
    digest: str = ""
    is_elsewhere: bool = False
    failure: str = ""


def _check(path: Path, decided: Decided | None, base: Library, places: list[_Place]) -> list[_Checked]:
    """Checks some lines."""
    with path.open("rb") as file:
        lines = [_line_at(file, start) for _, start in places]
    held = None
    if decided is not None:
        cohort = Cohort(base, decided.tables, decided.output)
        names = sorted({line.case for line in lines if isinstance(line, ProofLine)})
        held = _Held(
            told(decided.output), {chart.meta.case: chart for chart in cohort.charts(names)}, cohort.decisions(names)
        )
    return [_checked(base, number, line, held) for (number, _), line in zip(places, lines, strict=True)]


def _line_at(file: BinaryIO, start: int) -> ProofLine | str:
    """The line that begins there, or why it is none."""
    file.seek(start)
    try:
        return read_line(file.readline().decode("utf-8-sig"))
    except UnicodeDecodeError:
        return "this is no UTF-8 text"
    except ValueError as error:
        return str(error)


def _checked(base: Library, number: int, line: ProofLine | str, held: _Held | None) -> _Checked:
    if isinstance(line, str):
        return _Checked(failure=f"line {number}: {line}")
    try:
        chart = read("cohort-case.md", line.chart)
        _check_line(base, line, chart)
        request = asked(chart)
        if held is not None:
            held.check(line, request.on)
        proved = digest(line.text)
    except (ValueError, CaseProblem) as error:
        return _Checked(failure=f"line {number}: {error}")
    except RecursionError:
        return _Checked(failure=f"line {number}: it is nested too deeply for a proof")
    except DocumentErrors as error:
        first = error.diagnostics[0]
        return _Checked(failure=f"line {number}, {first.document}:{first.line}: {first.message}")
    except ProofError as error:
        return _Checked(failure=f"line {number}, {error}")
    is_elsewhere = (line.payer, line.on) != (request.payer, request.on.isoformat() if request.on else "")
    return _Checked(line.asked, proved, is_elsewhere)


def _check_line(base: Library, line: ProofLine, chart: Document) -> None:
    """The proof holds, is of what the line names, and assumes nothing beyond the chart but the day that was asked for."""
    graph = graph_of(line.proof)
    program = verify(base, graph, chart)
    about = graph.graph
    found = []
    for goal in json.loads(about["goals"]):
        position = program.predicate(goal["relation"]).case_position
        row = tuple(UNKNOWN if value is None else ANY if value is False else value for value in goal["row"])
        if all(graph.nodes[root]["kind"] != "absence" for root in goal["roots"]):
            found.append((about["case"], goal["relation"], item_text(row, position), about["payer"], about["on"]))
    if found != [(*line.asked, line.payer, line.on)]:
        raise ProofError("proof", f"it does not show what its line names: {line.question}({line.item}) of `{line.case}`")
    for each in json.loads(about["assumptions"]):
        if (each["relation"], each["row"]) != ("request_date", [line.case, line.on]):
            raise ProofError("assumption", f"it assumes `{each['relation']}`, which the chart does not state")


# Held to the cohort


@dataclass(frozen=True)
class _Held:
    """What a cohort says of the cases of some lines: their charts, and what was decided of them."""

    told: Told
    charts: Mapping[str, Document]
    records: Mapping[str, Record]

    def check(self, line: ProofLine, requested: date | None) -> None:
        """Raises ProofError when the cohort does not say what the line does."""
        chart, record = self.charts.get(line.case), self.records.get(line.case)
        if chart is None or record is None:
            raise ProofError("cohort", f"it decided no case `{line.case}`")
        if chart.text != line.chart:
            raise ProofError("cohort", f"its tables say something else of `{line.case}` than the chart, or elsewhere")
        what = line.question, line.item
        if record.verdicts.get(what) != Verdict.MET.value:
            raise ProofError("cohort", f"it does not have {line.question}({line.item}) of `{line.case}` as met")
        if (what in record.certain) != line.certain:
            how = "however the silences of the record turn out" if what in record.certain else "by the record's silence"
            raise ProofError("cohort", f"it has {line.question}({line.item}) of `{line.case}` as met {how}")
        day = self.told.on or requested
        if line.payer != record.payer or day is None or line.on != day.isoformat():
            raise ProofError("cohort", f"it decided `{line.case}` for the payer `{record.payer}` as of {day}")
