"""A case talked through: its chart, with facts assumed and statements retracted one after the other.

The session edits a copy of the chart's text, so that whatever is asked of it (proofs
and their check too) is asked of a document, and so that it can be saved as one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from authoring.edits import replaced
from facts.opening import CaseProblem, opened, with_changes
from facts.readers.datalog import read_chart
from kb.contradictions import AtomKey
from kb.language.documents import Document, read
from kb.language.printer import fact_source
from kb.library import Library

ASSUMED_SECTION = "Assumed"


@dataclass(frozen=True, slots=True)
class Step:
    """One change, as it was asked for, and the chart after it."""

    said: str
    chart: Document


@dataclass
class Session:
    """A case, the payer and the day under which it is asked about, and what was changed so far."""

    base: Library
    original: Document
    payer: str | None = None
    on: date | None = None
    seconds: float | None = None
    steps: list[Step] = field(default_factory=list)

    @property
    def chart(self) -> Document:
        """The chart as it is now."""
        return self.steps[-1].chart if self.steps else self.original

    def assume(self, fact: str) -> None:
        """Adds a fact, written as a chart writes it; raises DocumentErrors, CaseProblem."""
        fact = fact.strip().rstrip(".")
        case = opened(self.base, self.chart, self.payer, self.on)
        _, assumed, _ = with_changes(case, [fact], ())
        if not assumed:
            raise CaseProblem("nothing is assumed; write a fact, as a chart states it")
        added = [*self.chart.lines, *_added(self.chart, f"{fact}.")]
        self._to(f"assume {fact}", added, (assumed[0].relation, assumed[0].row))

    def retract(self, fact: str) -> list[str]:
        """Takes away every statement of a fact (`_` for what does not matter), and gives them as they were written.

        Raises CaseProblem when the chart states no such fact, BadGoal.
        """
        fact = fact.strip().rstrip(".")
        case = opened(self.base, self.chart, self.payer, self.on)
        _, _, retracted = with_changes(case, (), [fact])
        at = {each.origin.line for each in retracted}
        wanted = {(each.relation, each.row) for each in retracted}
        lines, gone = list(self.chart.lines), list[str]()
        for stated in reversed(self.chart.statements):
            place = stated.node.place
            if place.line not in at:
                continue
            says = read_chart(replace(self.chart, statements=(stated,)), case.program)[0].facts
            kept = [each for each in says if (each.relation, each.row) not in wanted]
            if len(kept) < len(says):
                # A statement may say several things (on both sides): what is not retracted stays.
                gone.insert(0, replaced(lines, place.line, place.column, " ".join(map(fact_source, kept))))
        self._to(f"retract {fact}", lines)
        return gone

    def undo(self) -> str:
        """Takes back the last change, and says which; raises CaseProblem when there is none."""
        if not self.steps:
            raise CaseProblem("nothing was changed")
        return self.steps.pop().said

    def save(self, path: Path) -> None:
        """Writes the chart as it is now; raises CaseProblem when it exists, or cannot be written."""
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(self.chart.text)
        except FileExistsError as error:
            raise CaseProblem(f"`{path}` exists; choose another name") from error
        except OSError as error:
            raise CaseProblem(f"{path}: {error.strerror or error}") from error

    def _to(self, said: str, lines: list[str], expected: AtomKey | None = None) -> None:
        """The chart with these lines, if it can be opened; else it stays what it is, and what is wrong is raised."""
        chart = replace(read(self.original.name, "\n".join(lines)), meta=self.original.meta)
        facts = opened(self.base, chart, self.payer, self.on).facts
        if expected is not None and not any((each.relation, each.row) == expected for each in facts):
            raise CaseProblem(
                "the chart's text ends within a comment or a block, so that nothing can be added to it; close it"
            )
        self.steps.append(Step(said, chart))


def _added(chart: Document, statement: str) -> list[str]:
    """The lines that state something more at the end of a chart."""
    if chart.name.endswith(".dl"):
        return [statement]
    title = [] if chart.sections[-1].title == ASSUMED_SECTION else ["", f"## {ASSUMED_SECTION}"]
    return [*title, "", "Assumed, not from the record.", "", "```datalog", statement, "```"]
