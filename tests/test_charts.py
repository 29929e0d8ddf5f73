"""Every chart gives the verdicts that it says it gives, criterion by criterion."""

from __future__ import annotations

from pathlib import Path

import pytest

import medproof
from authoring.running import run
from authoring.trials import trials
from tests.expectations import charts, read

CASES = charts("facts/cases", "tests/charts")


@pytest.fixture(scope="module")
def base() -> medproof.Library:
    return medproof.load()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_chart_gives_the_verdicts_that_it_states(path: Path, base: medproof.Library) -> None:
    document = read(path)
    assert document.tests, f"{path} states no expectation"
    results = [run(base, trial) for trial in trials(document)]
    assert [(each.failures, each.mistakes) for each in results] == [((), ())] * len(document.tests)
