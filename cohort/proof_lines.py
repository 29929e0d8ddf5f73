"""Proofs as JSON lines, each complete in itself: a question, why it is so, and the chart that the proof rests on.

A proof shows that the conclusion follows from the chart under the documents. That nothing
else in the record contradicts it, and that every reading of a policy agrees, is what the
cohort's decision says, and no part of a proof.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from cohort.output import Heard
from explain.formats.node_link import graph_of
from explain.questions import item_text
from explain.refusals import ProofError
from explain.verifying import verify
from facts.opening import CaseProblem, asked
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document, read
from kb.language.values import ANY, UNKNOWN
from kb.library import Library
from kb.parallel import shared_out

AT_A_TIME = 500
"""Cases, or lines, in a part of the work."""


@dataclass(frozen=True)
class ProofLine:
    """A line: case, question and arguments, payer and day, the proof in node-link form, and the chart as text.

    `certain`: the cohort has it as met however the record's silences turn out.
    """

    case: str
    question: str
    item: str
    payer: str
    on: str
    certain: bool
    proof: dict[str, Any]
    chart: str

    @property
    def text(self) -> str:
        """The line as it stands in a file."""
        return json.dumps(vars(self), ensure_ascii=False) + "\n"


def read_line(text: str) -> ProofLine:
    """The line; raises ValueError when it is none."""
    try:
        found = ProofLine(**json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError("this is no line that `medproof proofs` wrote") from error
    if not all(isinstance(value, str) for name, value in vars(found).items() if name not in ("proof", "certain")):
        raise ValueError("this is no line that `medproof proofs` wrote")
    return found


@dataclass(frozen=True)
class Verified:
    """How many proofs hold, how many of them for another payer or day than their chart names; and the lines that fail."""

    proofs: int
    elsewhere: int
    failures: tuple[str, ...]


def verify_lines(base: Library, path: Path, processes: int = 0, heard: Heard = lambda done, total: None) -> Verified:
    """Checks every proof of a file against the documents and the chart in its line; what fails is told with its line.

    Raises ValueError when the file holds no line, OSError when it cannot be read.
    """
    places, checked = _places(path), list[_Checked]()
    if not places:
        raise ValueError("it holds no proof")
    heard(0, len(places))
    for found in shared_out(partial(_check, path), base, places, processes, AT_A_TIME):
        checked += found
        heard(len(checked), len(places))
    failures = tuple(each.failure for each in checked if each.failure)
    return Verified(len(checked) - len(failures), sum(each.is_elsewhere for each in checked), failures)


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
    """A line: why its proof does not hold, if so; else whether it is for another payer or day than its chart names."""

    failure: str = ""
    is_elsewhere: bool = False


def _check(path: Path, base: Library, places: list[_Place]) -> list[_Checked]:
    """Checks some lines."""
    with path.open("rb") as file:
        return [_check_at(file, base, place) for place in places]


def _check_at(file: BinaryIO, base: Library, place: _Place) -> _Checked:
    number, start = place
    file.seek(start)
    try:
        line = read_line(file.readline().decode("utf-8-sig"))
        chart = read("cohort-case.md", line.chart)
        _check_line(base, line, chart)
        request = asked(chart)
    except UnicodeDecodeError:
        return _Checked(f"line {number}: this is no UTF-8 text")
    except (ValueError, CaseProblem) as error:
        return _Checked(f"line {number}: {error}")
    except DocumentErrors as error:
        first = error.diagnostics[0]
        return _Checked(f"line {number}, {first.document}:{first.line}: {first.message}")
    except ProofError as error:
        return _Checked(f"line {number}, {error}")
    is_elsewhere = (line.payer, line.on) != (request.payer, request.on.isoformat() if request.on else "")
    return _Checked(is_elsewhere=is_elsewhere)


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
    if found != [(line.case, line.question, line.item, line.payer, line.on)]:
        raise ProofError("proof", f"it does not show what its line names: {line.question}({line.item}) of `{line.case}`")
    for each in json.loads(about["assumptions"]):
        if (each["relation"], each["row"]) != ("request_date", [line.case, line.on]):
            raise ProofError("assumption", f"it assumes `{each['relation']}`, which the chart does not state")
