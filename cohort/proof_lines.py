"""Proofs as JSON lines, each complete in itself: a question that is met, why, and the chart that the proof rests on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from explain.formats.node_link import graph_of
from explain.questions import item_text
from explain.refusals import ProofError
from explain.verifying import verify
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import read
from kb.language.values import ANY, UNKNOWN
from kb.library import Library
from kb.parallel import shared_out

Heard = Callable[[int, int], None]
AT_A_TIME = 500
"""Cases, or lines, in a part of the work."""


@dataclass(frozen=True)
class ProofLine:
    """A line: the case, the question and its arguments, the proof in node-link form, and the chart as text."""

    case: str
    question: str
    item: str
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
    if not all(isinstance(each, str) for each in (found.case, found.question, found.item, found.chart)):
        raise ValueError("this is no line that `medproof proofs` wrote")
    return found


def verify_lines(base: Library, path: Path, processes: int = 0, heard: Heard = lambda done, total: None) -> int:
    """Checks every proof of a file against the documents and the chart in its line; how many these are.

    Raises ProofError with the number of the line, ValueError for one that holds no proof,
    OSError when the file cannot be read.
    """
    places, done = _places(path), 0
    heard(0, len(places))
    for number in shared_out(partial(_check, path), base, places, processes, AT_A_TIME):
        done += number
        heard(done, len(places))
    return done


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


def _check(path: Path, base: Library, places: list[_Place]) -> int:
    with path.open("rb") as file:
        for number, start in places:
            file.seek(start)
            try:
                _check_line(base, read_line(file.readline().decode("utf-8")))
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error
            except DocumentErrors as error:
                first = error.diagnostics[0]
                raise ProofError(f"line {number}, {first.document}:{first.line}", first.message) from error
            except ProofError as error:
                raise ProofError(f"line {number}, {error.step}", error.message) from error
    return len(places)


def _check_line(base: Library, line: ProofLine) -> None:
    """The proof holds, and it is of the question that the line names."""
    graph, chart = graph_of(line.proof), read("cohort-case.md", line.chart)
    program = verify(base, graph, chart)
    goals = json.loads(graph.graph["goals"])
    told = [(line.case, line.question, line.item)]
    found = []
    for goal in goals:
        position = program.predicate(goal["relation"]).case_position
        row = tuple(UNKNOWN if value is None else ANY if value is False else value for value in goal["row"])
        found.append((graph.graph["case"], goal["relation"], item_text(row, position)))
    if found != told or any(graph.nodes[root]["kind"] == "absence" for goal in goals for root in goal["roots"]):
        raise ProofError("proof", f"it does not show what its line names: {line.question}({line.item}) of `{line.case}`")
