"""What is wrong with documents: mistakes in what is written, and contradictions in what a chart says."""

from __future__ import annotations

from dataclasses import dataclass

from facts.readers.datalog import Chart
from kb.compiled import Compiled
from kb.contradictions import Contradiction
from kb.engines import Engine
from kb.language.diagnostics import Diagnostic
from kb.models import Models, models


@dataclass(frozen=True)
class ChartContradiction:
    """A contradiction in a case's record, with the models that show it."""

    case: str
    contradiction: Contradiction
    models: Models


@dataclass(frozen=True)
class CheckReport:
    """The documents that were checked, and everything that is wrong with them."""

    documents: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    contradictions: tuple[ChartContradiction, ...]
    notes: tuple[str, ...] = ()
    """What is no mistake by itself and hardly meant, a sentence each."""


def chart_contradictions(compiled: Compiled, chart: Chart, engine: Engine) -> tuple[ChartContradiction, ...]:
    """Every contradiction in a chart, whatever it is asked for."""
    found = models(compiled, chart.facts, chart.case, engine)
    return tuple(ChartContradiction(chart.case, each, found) for each in found.contradictions)
