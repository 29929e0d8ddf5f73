"""`medproof mutate`: which small changes to rules the tests notice."""

from __future__ import annotations

from pathlib import Path

import pytest

import medproof
from authoring.mutation_report import mutation_page

HERE = Path(__file__).parent / "authoring"


def test_the_mutants_that_survive_are_those_of_the_file_beside() -> None:
    tried = medproof.mutate([HERE / "fever.md"])
    assert mutation_page(tried, 100, verbose=True).text == (HERE / "fever-mutants.txt").read_text(encoding="utf-8")


def test_documents_with_mistakes_are_refused_and_tests_that_fail_are_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.md"
    path.write_text(
        (HERE / "fever.md").read_text(encoding="utf-8").replace("hot(Case), cough", "hott(Case), cough"), "utf-8"
    )
    for verb in (medproof.mutate, medproof.lint):
        with pytest.raises(medproof.DocumentErrors, match="hott"):
            verb([path])
    found = medproof.mutate([HERE / "fever.md"])
    assert not found.is_clean
    assert "left out, as it fails by itself: fever@1: fails" in mutation_page(found).text


def test_a_reason_speaks_of_the_one_premise_on_its_line(tmp_path: Path) -> None:
    path = tmp_path / "fever.md"
    text = (HERE / "fever.md").read_text(encoding="utf-8")
    path.write_text(text.replace("not vaccinated(Case).", "not vaccinated(Case).  % equivalent: three premises"), "utf-8")
    survivors = [each for each in medproof.mutate([path]).tried if each.before == "cough(Case)" and not each.noticed_by]
    assert [each.reason for each in survivors] == [""]


def test_a_mutant_that_is_noticed_names_the_test() -> None:
    found = medproof.mutate([HERE / "fever.md"])
    assert found.failed == ("fever@1: fails",)
    noticed = {(each.before, each.after): each.noticed_by for each in found.tried if each.noticed_by}
    assert ("Degrees >= 38", "Degrees > 38") not in noticed
    assert noticed["not vaccinated(Case)", "vaccinated(Case)"] == "fever@1: hot and coughing"


def test_no_mutant_of_the_shipped_policies_survives_unexplained() -> None:
    assert [(each.id, each.after) for each in medproof.mutate().tried if each.survives] == []
