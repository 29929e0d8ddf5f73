"""`medproof coverage`: which premises and verdicts the tests of documents show."""

from __future__ import annotations

from pathlib import Path

import medproof
from authoring.coverage import State
from authoring.coverage_report import coverage_data, coverage_page

HERE = Path(__file__).parent / "authoring"


def test_the_coverage_of_a_document_is_the_file_beside() -> None:
    found = medproof.coverage([HERE / "fever.md"])
    assert coverage_page(found, 100, verbose=True).text == (HERE / "fever.txt").read_text(encoding="utf-8")


def test_the_data_name_the_tests_that_show_each_premise() -> None:
    data = coverage_data(medproof.coverage([HERE / "fever.md"]))
    shown = {each["premise"]: (each["state"], each["true_in"], each["alone_false_in"]) for each in data["premises"]}
    assert shown["hot(Case)"] == ("covered", "fever@1: hot and coughing", "fever@1: coughing only")
    assert shown["not vaccinated(Case)"] == ("covered", "fever@1: hot and coughing", "fever@1: vaccinated")
    assert shown["cough(Case)"] == ("half", "fever@1: hot and coughing", "")
    assert data["failed"] == ["fever@1: fails"]


def test_the_tests_of_the_shipped_policies_cover_every_premise_and_every_verdict_on_a_criterion() -> None:
    found = medproof.coverage()
    assert found.failed == ()
    assert [(each.rule, each.text) for each in found.premises if each.state in (State.HALF, State.UNREACHED)] == []
    assert [(each.criterion.id, each.missing) for each in found.criteria if each.missing] == []
