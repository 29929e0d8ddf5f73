"""`medproof mutate`: which small changes to rules the tests notice."""

from __future__ import annotations

from pathlib import Path

import medproof
from authoring.mutation_report import mutation_page

HERE = Path(__file__).parent / "authoring"


def test_the_mutants_that_survive_are_those_of_the_file_beside() -> None:
    tried = medproof.mutate([HERE / "fever.md"])
    assert mutation_page(tried, 100, verbose=True).text == (HERE / "fever-mutants.txt").read_text(encoding="utf-8")


def test_a_mutant_that_is_noticed_names_the_test() -> None:
    tried = medproof.mutate([HERE / "fever.md"])
    noticed = {(each.before, each.after): each.noticed_by for each in tried if each.noticed_by}
    assert ("Degrees >= 38", "Degrees > 38") not in noticed
    assert noticed["not vaccinated(Case)", "vaccinated(Case)"] == "fever@1: hot and coughing"


def test_no_mutant_of_the_shipped_policies_survives_unexplained() -> None:
    assert [(each.id, each.after) for each in medproof.mutate() if each.survives] == []
