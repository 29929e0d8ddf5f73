"""Every lint rule has a page, finds what its page says to avoid, and is silent on what it says to prefer."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
import medproof
from authoring.lint import NAMES, Violation, lint, rule
from authoring.lint.bench import bench
from authoring.lint.reports import FORMS, lint_page, reported
from kb.language.documents import read
from kb.library import Library

PAGES = Path(__file__).parent.parent / "docs" / "lint"
TODAY = date(2026, 1, 15)


def examples(name: str) -> tuple[str, str]:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    avoid, prefer = re.findall(r"^````markdown\n(.*?)^````$", text, flags=re.DOTALL | re.MULTILINE)
    return avoid, prefer


def violations(text: str) -> tuple[Violation, ...]:
    document = read("example.md", text)
    assert not document.findings
    base = Library((document,))
    assert not base.check([TODAY])
    return lint(bench(base, [document], [], TODAY))


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_finds_what_its_page_says_to_avoid_and_nothing_in_what_it_prefers(name: str) -> None:
    avoid, prefer = examples(name)
    assert {each.rule for each in violations(avoid)} == {name}
    assert violations(prefer) == ()


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == sorted([*NAMES, "README"])
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for name in NAMES:
        text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {name}\n\n{rule(name).summary} Level: {rule(name).level}.\n")
        assert f"| [{name}]({name}.md) | {rule(name).level} | {rule(name).summary} |" in index


def test_a_comment_with_a_reason_silences_a_rule_at_its_place() -> None:
    avoid, _ = examples("silence-or-absence")
    line = next(each for each in avoid.split("\n") if "not cough" in each)
    assert violations(avoid.replace(line, f"{line}  % allow silence-or-absence: a cough is always written down")) == ()
    assert violations(avoid.replace(line, f"{line}  % allow silence-or-absence:")) != ()


def test_levels_are_configured() -> None:
    avoid, _ = examples("unused-predicate")
    document = read("example.md", avoid)
    found = bench(Library((document,)), [document], [], TODAY)
    assert [each.level for each in lint(found, {"unused-predicate": "error"})] == ["error"]
    assert lint(found, {"unused-predicate": "off"}) == ()


@pytest.mark.parametrize("form", [each for each in FORMS if each != "text"])
def test_each_form_names_the_place(form: str) -> None:
    found = violations(examples("unused-predicate")[0])
    text = reported(found, form)
    assert "example.md" in text and str(found[0].line) in text and "unused-predicate" in text
    if form in ("json", "sarif"):
        json.loads(text)
    assert "example.md:" in lint_page(found, 1, 80).text


def test_the_shipped_documents_have_no_violation() -> None:
    assert [str(each) for each in medproof.lint()] == []


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["duplicate-rule", "subsumed-rule", "idle-remark"])
def test_what_can_go_without_any_answer_changing_is_taken_out(name: str, line_end: str, tmp_path: Path) -> None:
    avoid, _ = examples(name)
    path = tmp_path / "example.md"
    path.write_text(avoid.replace("\n", line_end), encoding="utf-8", newline="")
    before = medproof.test([path])
    result = CliRunner().invoke(cli.main, ["lint", str(path), "--fix"])
    assert result.exit_code == 0, result.output
    assert "nothing to say" in result.output
    after = path.read_bytes().decode("utf-8")
    assert [each.passed for each in medproof.test([path])] == [each.passed for each in before]
    gone = set(avoid.split("\n")) - set(after.replace("\r\n", "\n").split("\n"))
    assert len(gone) == 1, "one line was changed, or taken out"
    assert after.count("\r\n") == (after.count("\n") if line_end == "\r\n" else 0)
    again = CliRunner().invoke(cli.main, ["lint", str(path), "--fix"])
    assert path.read_bytes().decode("utf-8") == after and again.exit_code == 0


def test_what_needs_thought_is_left_to_the_author(tmp_path: Path) -> None:
    avoid, _ = examples("impossible-comparison")
    path = tmp_path / "example.md"
    path.write_text(avoid, encoding="utf-8")
    assert CliRunner().invoke(cli.main, ["lint", str(path), "--fix"]).exit_code == 1
    assert path.read_text(encoding="utf-8") == avoid
    refused = CliRunner().invoke(cli.main, ["lint", "--fix"])
    assert refused.exit_code == 2 and "name them" in refused.output


def test_a_remark_that_names_no_rule_is_told_with_the_nearest_name() -> None:
    avoid, _ = examples("silence-or-absence")
    line = next(each for each in avoid.split("\n") if "not cough" in each)
    found = violations(avoid.replace(line, f"{line}  % allow silence-and-absence: a cough is always written down"))
    assert {each.rule for each in found} == {"silence-or-absence", "idle-remark"}
    assert any("silence-or-absence" in each.hint for each in found if each.rule == "idle-remark")


HEAD = """\
---
id: example
kind: guideline
---

# Example

A sentence.

```datalog
#fact xa(Case: case, Kind: text) :: "{Kind}".
#fact xb(Case: case) :: "b".
#pred g1(Case: case) :: "g1".
#pred g2(Case: case) :: "at 50 % allow unused-predicate: x".
"""


@pytest.mark.parametrize(
    ("rules", "kept"),
    [
        # Two more general rules: the special one goes once, and what follows it stays.
        (
            [
                "g1(Case) :- xa(Case, _).",
                "g1(Case) :- xb(Case).",
                "g1(Case) :- xa(Case, _), xb(Case).",
                "g2(Case) :- xb(Case).",
            ],
            3,
        ),
        (["g1(Case) :- xb(Case).", "g1(Case) :- xb(Case).", "g1(Case) :- xb(Case).", "g2(Case) :- xb(Case)."], 2),
        # Under `not`, and within a count, fewer values say less.
        (["g1(Case) :- xb(Case), not xa(Case, _).", "g1(Case) :- xb(Case), not xa(Case, a).", "g2(Case) :- xb(Case)."], 3),
        (
            [
                "g1(Case) :- xb(Case), #count { W : xa(Case, W) } < 1.",
                "g1(Case) :- xb(Case), #count { a : xa(Case, a) } < 1.",
                "g2(Case) :- xb(Case).",
            ],
            3,
        ),
    ],
)  # fmt: skip
def test_fixing_takes_out_what_adds_nothing_and_nothing_else(rules: list[str], kept: int, tmp_path: Path) -> None:
    path = tmp_path / "example.md"
    path.write_text(
        HEAD + "\n".join(rules) + "\n```\n\nProse on `% allow unused-predicate: REASON`.  \nIt goes on.\n", "utf-8"
    )
    CliRunner().invoke(cli.main, ["lint", str(path), "--fix"])
    after = path.read_text(encoding="utf-8")
    assert sum(line.startswith(("g1(", "g2(")) for line in after.split("\n")) == kept
    assert rules[-1] in after and "at 50 % allow" in after and "REASON`.  \n" in after
    assert medproof.check([path]).diagnostics == ()


def test_a_rule_that_another_document_repeats_is_told_and_not_taken_out(tmp_path: Path) -> None:
    """The other document may retire, and the rule with it."""
    (tmp_path / "terms.md").write_text(f"{HEAD}```\n", encoding="utf-8")
    for name, days in (("a", "effective: 2020-01-01\nretired: 2030-01-01\n"), ("b", "effective: 2021-01-01\n")):
        text = (
            f"---\nid: {name}\nkind: guideline\n{days}---\n\n# B\n\nA sentence.\n\n```datalog\ng1(Case) :- xb(Case).\n```\n"
        )
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(cli.main, ["lint", str(tmp_path), "--fix"])
    assert "stands there already" in result.output
    for name in ("a", "b"):
        assert "g1(Case) :- xb(Case)." in (tmp_path / f"{name}.md").read_text(encoding="utf-8")
