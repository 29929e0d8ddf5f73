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
    """How many proofs hold; and how many of them for another payer or day than the chart itself names."""

    proofs: int
    elsewhere: int


def verify_lines(base: Library, path: Path, processes: int = 0, heard: Heard = lambda done, total: None) -> Verified:
    """Checks every proof of a file against the documents and the chart in its line.

    Raises ProofError with the number of the line, ValueError for one that holds no proof or
    when there is none, OSError when the file cannot be read.
    """
    places, proofs, elsewhere = _places(path), 0, 0
    if not places:
        raise ValueError("it holds no proof")
    heard(0, len(places))
    for found in shared_out(partial(_check, path), base, places, processes, AT_A_TIME):
        proofs += len(found)
        elsewhere += found.count(True)
        heard(proofs, len(places))
    return Verified(proofs, elsewhere)


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


def _check(path: Path, base: Library, places: list[_Place]) -> list[bool]:
    """Checks some lines; of each whether it is for another payer or day than its chart names."""
    with path.open("rb") as file:
        return [_check_at(file, base, place) for place in places]


def _check_at(file: BinaryIO, base: Library, place: _Place) -> bool:
    number, start = place
    file.seek(start)
    try:
        line = read_line(file.readline().decode("utf-8-sig"))
        chart = read("cohort-case.md", line.chart)
        _check_line(base, line, chart)
        request = asked(chart)
    except UnicodeDecodeError as error:
        raise ValueError(f"line {number}: this is no UTF-8 text") from error
    except (ValueError, CaseProblem) as error:
        raise ValueError(f"line {number}: {error}") from error
    except DocumentErrors as error:
        first = error.diagnostics[0]
        raise ProofError(f"line {number}, {first.document}:{first.line}", first.message) from error
    except ProofError as error:
        raise ProofError(f"line {number}, {error.step}", error.message) from error
    return (line.payer, line.on) != (request.payer, request.on.isoformat() if request.on else "")


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
