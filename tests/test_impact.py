"""`medproof diff`: rules that differ, and answers that change with them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import medproof
from authoring.impact_report import impact_data, impact_page
from explain.verdicts import Verdict

POLICY = Path(__file__).parent.parent / "kb" / "policies" / "aetna-cpb-0743.md"
CHANGE = ('Grade <= "4-",', 'Grade <= "4",')


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    path = tmp_path / "aetna-cpb-0743.md"
    text = POLICY.read_text(encoding="utf-8")
    assert CHANGE[0] in text
    path.write_text(text.replace(*CHANGE).replace('Grade > "4-"', 'Grade > "4"'), encoding="utf-8")
    return path


def test_a_looser_threshold_moves_the_waiver_and_says_by_which_criterion(changed: Path) -> None:
    found = medproof.diff(str(POLICY), str(changed), ["unstated"])
    assert [(each.kind, each.rule) for each in found.rules] == [
        ("changed", "aetna-cpb-0743@2026-01#U4/recovered"),
        ("changed", "aetna-cpb-0743@2026-01#U4/severe_weakness"),
    ]
    [answer] = found.answers
    assert (answer.before, answer.after) == (Verdict.UNDOCUMENTED, Verdict.UNDOCUMENTED)
    moved = {each.criterion: (each.before, each.after) for each in answer.moved}
    assert moved["cpb0743.lumbar-lami.A4"] == (Verdict.UNDOCUMENTED, Verdict.MET)
    assert moved["cpb0743.urgent.U4"] == (Verdict.UNDOCUMENTED, Verdict.MET)
    assert "cpb0743.lumbar-lami.A1" not in moved
    assert "4/5" in answer.proof_after
    assert "1 answer changed" in impact_page(found, 100, verbose=True).text
    assert impact_data(found)["answers"][0]["criteria"]


def test_two_versions_of_a_document_are_compared_by_id() -> None:
    found = medproof.diff("jns-part-8@2005", "@2014", ["unstable"])
    assert {each.rule.split("#")[0] for each in found.rules} == {"jns-part-8"}
    with pytest.raises(medproof.CaseProblem, match="the versions are: jns-part-8@2005, jns-part-8@2014"):
        medproof.diff("jns-part-8@1999", "@2014", ["unstable"])


def test_a_revision_of_a_repository_is_a_side(changed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = changed.parent
    changed.write_text(POLICY.read_text(encoding="utf-8"), encoding="utf-8")
    (repository / "README.md").write_text("no document\n", encoding="utf-8")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=repository, check=True)
    changed.write_text(changed.read_text(encoding="utf-8").replace(*CHANGE), encoding="utf-8")
    monkeypatch.chdir(repository)
    found = medproof.diff("HEAD", str(changed), ["unstated"])
    rules = [each.rule.removeprefix("aetna-cpb-0743@2026-01#") for each in found.rules]
    assert rules == ["U4/severe_weakness"]
    with pytest.raises(medproof.CaseProblem, match="no path"):
        medproof.diff("nosuch", str(changed), ["unstated"])


def test_what_does_not_change_is_counted(changed: Path) -> None:
    found = medproof.diff(str(POLICY), str(POLICY), ["two-weeks"])
    assert (found.rules, found.answers, found.failed) == ((), (), ())
    assert found.same > 0


def test_a_payers_policy_of_2016_asked_for_signs_and_for_no_grade() -> None:
    found = medproof.diff("aetna-cpb-0743@2016-11", "@2026-01", ["wrong-side", "unstated"])
    rules = {each.rule.removeprefix("aetna-cpb-0743#"): each.kind for each in found.rules}
    assert rules["decompression/medically_necessary"] == "changed"
    assert rules["A6/objective_signs"] == "removed"
    assert rules["A3a/graded_stenosis"] == "added"
    assert "A1/other_sources_ruled_out" not in rules
    moved = {each.case: {m.criterion: (m.before, m.after) for m in each.moved} for each in found.answers}
    assert moved["unstated"]["cpb0743.lumbar-lami.A6"] == (Verdict.MET, None)
