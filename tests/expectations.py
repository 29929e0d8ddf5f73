"""Runs the `datalog test "under PAYER"` blocks of a chart: each expectation is a verdict under that payer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import medproof
from explain.verdicts import Verdict, verdict
from facts.readers.datalog import read_chart
from kb.engines import engine
from kb.engines.model import ground_row
from kb.goals import resolve_body
from kb.language.documents import Document, Test
from kb.language.printer import premise_text
from kb.language.syntax import Expectation, Literal
from kb.library import read_file
from kb.models import models

ROOT = Path(__file__).parent.parent


def charts(*directories: str) -> list[Path]:
    return sorted(path for each in directories for path in (ROOT / each).rglob("*.md"))


def read(path: Path) -> Document:
    return read_file(path, None)


def failures(base: medproof.Library, document: Document, test: Test) -> list[str]:
    """What each expectation of a block says and the models do not."""
    payer = test.name.removeprefix("under ").split(":")[0]
    day = request_day(document)
    compiled = base.compiled(payer, day)
    chart, mistakes = read_chart(document, compiled.program)
    assert not mistakes, "\n".join(map(str, mistakes))
    found = models(compiled, chart.facts, chart.case, engine())
    wrong = []
    for stated in test.statements:
        assert isinstance(stated.node, Expectation)
        for premise in resolve_body(compiled.program, stated.node.body):
            assert isinstance(premise, Literal)
            relation, pattern = premise.atom.relation, ground_row(premise.atom.terms, {})
            actual = verdict(found, relation, pattern)
            wanted = "not met" if premise.negated else {"holds": "met"}.get(stated.node.status, stated.node.status)
            is_right = actual is not Verdict.MET if premise.negated else actual.value == wanted
            if not is_right:
                wrong.append(f"{premise_text(premise)} is {actual.value}, not {wanted}")
    return wrong


def request_day(document: Document) -> date:
    chart, _ = read_chart(document, medproof.program(medproof.load(), on=date.today()))
    assert chart.request_date is not None
    return chart.request_date
