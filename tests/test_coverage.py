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


def test_a_remark_that_a_test_contradicts_is_told(tmp_path: Path) -> None:
    path = tmp_path / "wrong.md"
    path.write_text(
        "---\nid: wrong\nkind: guideline\n---\n\n# Wrong\n\nBoth.\n\n```datalog\n"
        "#fact told(Case: case, Text: text).\n#pred both(Case: case).\n"
        'both(Case) :-\n    told(Case, "one"),  % always: nobody leaves it out\n    told(Case, "two").\n```\n\n'
        '```datalog test "both"\ntold(c, "one").\ntold(c, "two").\n?- both(c).\n```\n\n'
        '```datalog test "one is left out"\ntold(c, "two").\n?- not both(c).\n```\n',
        encoding="utf-8",
    )
    found = medproof.coverage([path])
    assert len(found.mistaken) == 1
    assert "line 14" in found.mistaken[0] and "one is left out" in found.mistaken[0]
    assert "is said to hold always" in " ".join(coverage_page(found).text.split())


def test_a_policy_without_tests_covers_nothing_and_all_its_mutants_survive(tmp_path: Path) -> None:
    path = tmp_path / "untested.md"
    path.write_text(
        "---\nid: untested\nkind: guideline\n---\n\n# Untested\n\nSomething.\n\n```datalog\n#pred some(Case: case).\n"
        'some(Case) :- payer(Case, Payer), Payer != "nobody".\n```\n',
        encoding="utf-8",
    )
    assert medproof.coverage([path]).percent == 0
    assert all(not each.noticed_by for each in medproof.mutate([path]).tried)
    assert medproof.mutate([path]).tried
