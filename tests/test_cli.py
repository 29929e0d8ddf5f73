"""The command line as its users meet it: in a process of its own, in another directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import cli
import medproof
from commands import NAMES

ROOT = Path(__file__).parent.parent
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *arguments, **options: CliRunner().invoke(cli.main, arguments, **options)


def chart(*facts: str, case: str = "c") -> str:
    return f"---\ncase: {case}\n---\n\n```datalog\n" + "\n".join(facts) + "\n```\n"


REQUEST = ('payer(c, "aetna").', 'request_date(c, "2026-02-01").', 'requested(c, item, "63030", "L5-S1", left).')


def test_the_reference_case_is_decided_with_answers_criteria_reasons_and_both_places(run: Run) -> None:
    result = run("decide", "reference")
    assert result.exit_code == 0
    for part in (
        "SUPPORTS APPROVAL (on the reviewer's word): Is revision discectomy",
        "THEY HOLD (on the reviewer's word) (on the record's silence)",
        "NOT INDICATED ON THIS RECORD: Is fusion indicated at L5-S1?",
        "SUPPORTED: Is inpatient care supported?",
        "It hinges on what the reviewer states, with no finding behind it:",
        "It rests on the record's silence.",
        "✓ met       A4",
        "it is waived because",
        "✓ met       U5",
        "✓ met       Pa",
        "✓ met       Pb",
        "✓ met       Pc",
        "not yet approved by a clinician",
        "[chart reference.md, The reviewer's",
        "by aetna-cpb-0743@2026-01: A4 Conservative therapy",
    ):
        assert part in result.output


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", medproof.shipped_cases())
def test_no_line_is_wider_than_the_terminal(name: str, width: int, run: Run) -> None:
    result = run("decide", name, "--payer", "all", "-v", env={"COLUMNS": str(width)})
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= width


def test_another_payer_says_otherwise(run: Run) -> None:
    verdicts = {
        each["payer"]: each["answers"][0]["verdict"]
        for each in json.loads(run("decide", "reference", "--payer", "all", "--format", "json").output)
    }
    assert verdicts == {"aetna": "met", "bcbs-sc": "undocumented", "medicare": "unaddressed"}


def test_json_keeps_every_criterion_with_its_id_locator_and_evidence(run: Run) -> None:
    [determination] = json.loads(run("decide", "reference", "--format", "json").output)
    assert determination["schema"] == "medproof/determination/1"
    criteria = determination["answers"][0]["criteria"]
    assert [(each["id"], each["evidence"], each["status"]) for each in criteria] == [
        (f"cpb0743.lumbar-lami.A{number}", "S", "met") for number in range(1, 6)
    ]
    assert all(each["at"] for each in criteria)
    assert {each["label"] for each in criteria[3]["criteria"]} >= {"C2", "C3", "C5", "U1", "U5"}


def test_a_directory_and_several_cases_are_decided_in_turn(run: Run, tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "one.md").write_text(chart(*REQUEST), encoding="utf-8")
    (tmp_path / "charts" / "notes.md").write_text("# No chart\n", encoding="utf-8")
    found = json.loads(run("decide", "charts", "reference", "--format", "json").output)
    assert [each["case"] for each in found] == ["c", "reference"]


def test_a_chart_comes_from_standard_input(run: Run) -> None:
    result = run("decide", "-", input=chart(*REQUEST))
    assert result.exit_code == 0
    assert "REQUEST INFORMATION: Is item, CPT 63030" in result.output


def test_an_added_policy_counts_and_a_known_one_is_replaced(run: Run, tmp_path: Path) -> None:
    policy = "\n".join(
        (
            "---\nid: acme\npayer: acme\ntitle: Acme\n---\n\n# Acme\n\n## A1\n\nAny request is necessary.\n\n```datalog",
            '#criterion "acme.A1" asked(Case, Item).\n#pred asked(Case: case, Item: text) :: "{Item} is asked for".',
            "asked(Case, Item) :- requested(Case, Item, _, _, _).",
            "medically_necessary(Case, Item) :- asked(Case, Item).\n```\n",
        )
    )
    (tmp_path / "acme.md").write_text(policy, encoding="utf-8")
    result = run("decide", "reference", "--payer", "acme", "--policies", "acme.md", "--format", "json")
    assert json.loads(result.output)[0]["answers"][0]["verdict"] == "met"
    replaced = policy.replace("id: acme\npayer: acme", "id: aetna-cpb-0743\npayer: aetna\nversion: 2026-01")
    (tmp_path / "acme.md").write_text(replaced, encoding="utf-8")
    result = run("decide", "reference", "--policies", "acme.md", "--format", "json")
    assert [each["label"] for each in json.loads(result.output)[0]["answers"][0]["criteria"]] == ["A1"]


def test_the_day_chooses_the_version(run: Run) -> None:
    documents = json.loads(run("decide", "reference", "--on", "2010-01-01", "--format", "json").output)[0]["documents"]
    assert "jns-part-8@2005" in documents
    assert "jns-part-8@2014" not in documents


def test_a_day_without_documents_of_the_payer_is_said(run: Run) -> None:
    result = run("decide", "reference", "--on", "2010-01-01")
    assert "No document of aetna is in force on 2010-01-01" in " ".join(result.output.split())


def test_a_day_given_by_hand_is_the_day_of_a_request_without_one(run: Run, tmp_path: Path) -> None:
    text = (ROOT / "facts" / "cases" / "elective.md").read_text(encoding="utf-8")
    (tmp_path / "chart.md").write_text(text.replace('request_date(elective, "2026-03-20").\n', ""), encoding="utf-8")
    result = run("decide", "chart.md", "--on", "2026-03-20", "--format", "json")
    assert json.loads(result.output)[0]["answers"][0]["verdict"] == "met"


def test_dates_that_are_hardly_meant_are_said(run: Run, tmp_path: Path) -> None:
    later, ancient = 'severe_pain(c, examination, "2206-01-05").', 'severe_pain(c, examination, "0206-01-05").'
    (tmp_path / "c.md").write_text(chart(*REQUEST, later, ancient, 'planned_operation(c, "2100-01-01").'), encoding="utf-8")
    [decided] = json.loads(run("decide", "c.md", "--format", "json").output)
    checked = json.loads(run("check", "c.md", "--format", "json").output)
    assert checked["notes"] == decided["notes"]
    assert [note.split(" is dated ")[1].split(",")[0] for note in checked["notes"]] == ["2206-01-05", "0206-01-05"]


@pytest.mark.parametrize(
    ("code", "hint"),
    [("63O30", "; did you mean `63030`?"), ("63030.0", "; did you mean `63030`?"), ("63031", "."), ("***", ".")],
)
def test_a_code_that_no_document_lists_is_said(run: Run, tmp_path: Path, code: str, hint: str) -> None:
    (tmp_path / "c.md").write_text(chart(*REQUEST).replace("63030", code), encoding="utf-8")
    [note] = json.loads(run("decide", "c.md", "--format", "json").output)[0]["notes"]
    assert note == f"The Code `{code}` is listed by no document that decides the request{hint}"
    assert note in " ".join(run("explain", "c.md", "medically_necessary").output.split())


def test_a_listed_code_that_no_rule_speaks_to_is_no_slip(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(chart(*REQUEST).replace('"aetna"', '"nobody"'), encoding="utf-8")
    [found] = json.loads(run("decide", "c.md", "--format", "json").output)
    assert found["answers"][0]["verdict"] == "unaddressed"
    assert not any("63030" in note for note in found["notes"])


LISTS_NOTHING = """---
id: any-code
title: Any code
kind: payer-policy
payer: mutual
version: 1
source: made up
effective: 2026-01-01
---

```datalog
medically_necessary(Case, Item) :- requested(Case, Item, _, _, left).
```
"""


@pytest.mark.parametrize("goal", ["A4", "A4 of aetna-cpb-0743", "A4 of aetna-cpb-0743@2026-01", "cpb0743.lumbar-lami.A4"])
def test_a_criterion_is_asked_for_by_its_label_with_its_document_or_by_its_id(run: Run, goal: str) -> None:
    result = run("explain", "reference", goal)
    assert result.exit_code == 0
    assert "conservative therapy has failed, or is waived, for revision discectomy" in " ".join(result.output.split())


def test_a_denial_is_a_goal_and_no_option(run: Run) -> None:
    denied = run("explain", "home-exercise", '-cauda_equina("home-exercise", examination, _)')
    assert denied.exit_code == 0 and "there are no signs of a cauda equina syndrome" in denied.stdout
    assert run("query", "home-exercise", '-cauda_equina("home-exercise", examination, _)').exit_code == 0


def test_a_label_that_two_documents_give_is_asked_for_with_its_document(run: Run, tmp_path: Path) -> None:
    text = UNWORDED.replace("{wording}", "").replace("#goal", '#criterion "own.A4" on_the_left(Case, Item).\n#goal')
    (tmp_path / "c.md").write_text(chart(*REQUEST), encoding="utf-8")
    (tmp_path / "own.md").write_text(text, encoding="utf-8")
    result = run("explain", "c.md", "A4", "--policies", "own.md")
    assert result.exit_code == 2
    assert "several criteria are called `A4`" in result.output
    assert "`cpb0743.lumbar-lami.A4` (aetna-cpb-0743@2026-01), `own.A4` (unworded@1)" in result.output
    assert "on_the_left" in run("explain", "c.md", "A4 of unworded", "--policies", "own.md").output


@pytest.mark.parametrize(
    ("goal", "hint"),
    [
        ("A4 of bcbs-sc-cam-161", "there is `A4 of aetna-cpb-0743@2026-01`"),
        ("A44 of aetna-cpb-0743", "did you mean `A4`?"),
    ],
)
def test_a_criterion_that_no_document_in_force_has_is_told_with_a_way_out(run: Run, goal: str, hint: str) -> None:
    result = run("explain", "reference", goal)
    assert result.exit_code == 2
    assert f"no criterion in force is called `{goal}`" in result.output and hint in result.output


CONTRADICTED = (
    'root_compression(c, "L5-S1", "S1", left, mri, "2026-01-30").', '-root_compression(c, "L5-S1", "S1", left, _, _).'
)  # fmt: skip


def test_a_query_tells_of_contradictions_beneath_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(chart(*REQUEST, *CONTRADICTED), encoding="utf-8")
    result = run("query", "c.md", "root_compression(Case, Level, Root, Side, Study, On)")
    assert "The record contradicts itself" in result.output and "1 answer" in result.output
    assert "contradicts" not in run("query", "c.md", "motor_deficit(Case, Root, Side)").output


def test_a_value_that_cannot_be_is_no_contradiction_of_itself(run: Run, tmp_path: Path) -> None:
    impossible = 'hba1c(c, 0.072, "2026-01-10").'
    (tmp_path / "c.md").write_text(chart(*REQUEST, impossible), encoding="utf-8")
    for command in (["decide", "c.md"], ["check", "c.md"]):
        said = " ".join(run(*command).output.split())
        assert "record states what cannot be" in said and "contradicts itself" not in said, said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is of Linux")
@pytest.mark.parametrize("arguments", [["policies"], ["decide", "reference", "--format", "json"]])
def test_an_output_that_is_cut_short_is_told(arguments: list[str]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        found = subprocess.run([sys.executable, "-m", "cli", *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
    assert found.returncode == 1 and found.stderr == "Error: the output is cut short: No space left on device\n"


def test_a_query_tells_where_readings_differ(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(
        chart(*REQUEST, 'listhesis(c, "L5-S1", degenerative, "I", mri, "2026-01-30").'), encoding="utf-8"
    )
    assert "A policy is read in several ways" in run("query", "c.md", "unstable(Case, Level)").output
    assert "several ways" not in run("query", "reference", "medically_necessary(Case, Item)").output


UNWORDED = """---
id: unworded
title: Unworded
kind: reference
version: 1
source: made up
---

```datalog
#pred on_the_left(Case: case, Item: text){wording}.
#goal on_the_left(Case, Item) for requested(Case, Item, _, _, _).
on_the_left(Case, Item) :- requested(Case, Item, _, _, left).
```
"""


@pytest.mark.parametrize(
    ("wording", "said"), [("", "on_the_left(c, item)?"), (' :: "{Item} is on the left"', "item is on the left?")]
)
def test_a_goal_that_is_not_worded_asks_for_its_atom(run: Run, tmp_path: Path, wording: str, said: str) -> None:
    (tmp_path / "c.md").write_text(chart(*REQUEST), encoding="utf-8")
    (tmp_path / "unworded.md").write_text(UNWORDED.replace("{wording}", wording), encoding="utf-8")
    assert f"MET: {said}" in run("decide", "c.md", "--policies", "unworded.md").output
    assert f"\n{said} MET\n" in run("explain", "c.md", "on_the_left", "--policies", "unworded.md").output
    run("explain", "c.md", "on_the_left", "--policies", "unworded.md", "-o", "page.html")
    assert f">{said}<" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_code_that_the_rules_of_a_request_do_not_look_up_may_be_any_text(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(
        chart(*REQUEST).replace("aetna", "mutual").replace("item", '"any text"'), encoding="utf-8"
    )
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "any-code.md").write_text(LISTS_NOTHING, encoding="utf-8")
    [found] = json.loads(run("decide", "c.md", "--policies", "policies", "--format", "json").output)
    assert found["notes"] == []
    assert found["answers"][0]["verdict"] == "met"


@pytest.mark.parametrize("command", ["missing", "hinges", "what-if"])
def test_what_has_to_be_known_of_a_case_is_said_by_whatever_asks_about_it(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "c.md").write_text(chart(*REQUEST, 'severe_pain(c, examination, "2206-01-05").'), encoding="utf-8")
    change = ["--retract", "severe_pain(_, _, _)"] if command == "what-if" else ["medically_necessary"]
    result = run(command, "c.md", *change)
    assert result.exit_code == 0 and "is dated 2206-01-05" in " ".join(result.output.split())


def test_a_chart_that_does_not_tell_the_request_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(chart(REQUEST[0]), encoding="utf-8")
    notes = json.loads(run("check", "c.md", "--format", "json").output)["notes"]
    assert [note.rsplit("`", 2)[1] for note in notes] == ["request_date", "requested"]


def test_a_chart_is_checked_beside_a_policy_with_mistakes(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(chart(*REQUEST), encoding="utf-8")
    (tmp_path / "p.dl").write_text("ill(Case) :- fevr(Case).\n", encoding="utf-8")
    result = run("check", "c.md", "p.dl", "--format", "json")
    assert result.exit_code == 1
    assert {each["document"] for each in json.loads(result.output)["diagnostics"]} == {"p.dl"}


def test_one_bad_chart_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(chart("oops(c)."), encoding="utf-8")
    (tmp_path / "b.md").write_text(chart(*REQUEST), encoding="utf-8")
    result = run("decide", "a.md", "b.md")
    assert result.exit_code == 1
    assert "no fact of the vocabulary is called `oops`" in result.output
    assert "REQUEST INFORMATION: Is item" in result.output


def test_a_replaced_policy_is_said(run: Run, tmp_path: Path) -> None:
    text = (ROOT / "kb" / "policies" / "aetna-cpb-0743.md").read_text(encoding="utf-8")
    for more, is_said in (("\n", True), ("", False)):
        (tmp_path / "mine.md").write_text(text + more, encoding="utf-8")
        result = run("decide", "reference", "--policies", "mine.md")
        said = "aetna-cpb-0743@2026-01 is not the shipped document: it is mine.md." in " ".join(result.output.split())
        assert said is is_said


def test_a_query_is_answered_as_a_table(run: Run) -> None:
    result = run("query", "reference", "requested(_, Item, Code, Level, _), discectomy(Code)")
    assert result.output.splitlines() == [
        "Item                 Code   Level",
        "revision discectomy  63042  L5-S1",
        "1 answer",
    ]
    assert run("query", "reference", "fusion_indicated(reference, _)").output == "no\n"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("decide", "nobody"), 2, "no file, directory or shipped case `nobody`"),
        (("decide", "reference", "--payer", "nobody"), 2, "the payers are: aetna, bcbs-sc, medicare"),
        (("decide", "reference", "--on", "yesterday"), 2, "does not match the format"),
        (("query", "reference", "motor_defict(Case, Root, Side)"), 2, "did you mean `motor_deficit`?"),
        (("query", "reference", "motor_deficit(Case, "), 2, "[syntax]"),
        (("query", "reference", "not fusion_indicated(Case, L)"), 2, "not bound by any premise"),
        (("check", "nowhere.md"), 2, "does not exist"),
        (("decide", "."), 2, "no file in `.` is a chart"),
    ],
)
def test_a_wrong_use_is_explained_without_a_traceback(arguments: tuple[str, ...], code: int, message: str, run: Run) -> None:
    result = run(*arguments)
    assert result.exit_code == code
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", 2, "is not a chart"),
        ("---\ncase: [\n---\n", 1, "front matter is not YAML"),
        (chart('payer(c, "aetna").'), 2, "gives no day of the request"),
        (chart(*REQUEST[1:]), 0, "The chart names no payer"),
        (chart('payer(c, "acme").', *REQUEST[1:]), 0, "No document is of the payer acme"),
        (chart(*REQUEST[:2]), 0, "The chart asks nothing"),
        (chart(*REQUEST, "severe_pain(d, examination, ?)."), 1, "belongs to the case `d`"),
        (chart(*REQUEST, 'payer(c, "medicare").'), 2, "states two payers: aetna, medicare"),
        (chart(*REQUEST, 'requested(c, item, "63030", "L4-5", left).'), 0, "RESOLVE THE CONTRADICTION"),
    ],
)
def test_a_chart_with_a_mistake_is_told_so(text: str, code: int, message: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "chart.md").write_text(text, encoding="utf-8")
    result = run("decide", "chart.md")
    assert result.exit_code == code
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_a_file_that_is_not_text_is_told_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "chart.md").write_bytes(b"\xff\xfe\x00")
    result = run("decide", "chart.md")
    assert (result.exit_code, "not UTF-8 text" in result.output) == (2, True)


def test_check_reports_mistakes_and_contradictions(run: Run, tmp_path: Path) -> None:
    assert run("check").exit_code == 0
    grades = [f'motor_strength(c, gastrocnemius, left, "{grade}", examination, "2026-01-01").' for grade in "35"]
    (tmp_path / "chart.md").write_text(chart(*REQUEST, *grades), encoding="utf-8")
    result = run("check", "chart.md")
    assert result.exit_code == 1
    assert "the record contradicts itself" in result.output
    bad = run("check", str(ROOT / "tests" / "language" / "bad" / "fifteen.md"))
    assert bad.exit_code == 1
    assert bad.output.count("  [") == 15


@pytest.mark.parametrize("command", [["decide"], ["check"], ["explain", "A2"]])
def test_a_chart_without_sections_has_its_lines_told(command: list[str], run: Run, tmp_path: Path) -> None:
    pain = 'radicular_pain(c, left, examination, "2026-01-20").'
    grades = [f'motor_strength(c, gastrocnemius, left, "{grade}", examination, "2026-01-01").' for grade in "35"]
    (tmp_path / "plain.md").write_text(chart(*REQUEST, pain, *grades), encoding="utf-8")
    result = run(command[0], "plain.md", *command[1:])
    assert "plain.md, line " in " ".join(result.output.split()), result.output
    assert ", ," not in result.output


def test_a_runaway_rule_is_stopped_and_named(run: Run, tmp_path: Path) -> None:
    values = "\n".join(f"n(v{number})." for number in range(60))
    policy = f"""---
id: slow
payer: slow
---
```datalog
#pred n(V: text).
{values}
#pred big(Case: case, A: text, B: text, C: text).
big(Case, A, B, C) :- requested(Case, _, _, _, _), n(A), n(B), n(C).
medically_necessary(Case, Item) :- requested(Case, Item, _, _, _), big(Case, A, A, A).
```
"""
    (tmp_path / "slow.md").write_text(policy, encoding="utf-8")
    result = run("decide", "reference", "--policies", "slow.md", "--payer", "slow", "--timeout", "0.4")
    assert result.exit_code == 1
    assert "slow#top/big" in result.output


def test_a_record_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    hostile = "\x1b[31m<script>\u202e"
    (tmp_path / "chart.md").write_text(chart(*REQUEST[:2], f'requested(c, "{hostile}", "63030", "L5-S1", left).'), "utf-8")
    output = run("decide", "chart.md").output
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert "\\x1b[31m<script>\\u202e" in output


def test_vocabulary_and_policies_list_what_is_at_hand(run: Run) -> None:
    assert "motor_strength(Case: case" in run("vocabulary", "strength").output
    told = " ".join(run("vocabulary", "herniation").output.split())
    assert "denied: imaging shows no herniation at {Level}, {Side}" in told
    assert "silent unless a chart says something of Case, Level, Side" in told and "one for each" not in told
    told = " ".join(run("vocabulary", "planned_operation").output.split())
    assert "one for each Case; may be dated after the request" in told and "Values" not in told
    assert "no fact has `unicorn`" in run("vocabulary", "unicorn").output
    assert "cam-161@undated" in run("policies").output
    assert json.loads(run("policies", "--format", "json").output)["schema"] == "medproof/documents/1"


def commands() -> list[click.Command]:
    context = click.Context(cli.main)
    return [cli.main, *(command for name in NAMES if (command := cli.main.get_command(context, name)) is not None)]


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
def test_each_command_has_help_with_an_example_and_the_exit_codes(command: click.Command, run: Run) -> None:
    arguments = [] if command is cli.main else [command.name]
    output = run(*arguments, "--help").output
    assert "Example" in output
    assert "Exit codes: 0 done, 1 " in " ".join(output.split())


def test_completion_knows_shipped_cases_and_payers() -> None:
    environment = {"_MEDPROOF_COMPLETE": "bash_complete", "COMP_WORDS": "medproof decide refer", "COMP_CWORD": "2"}
    output = process(["decide"], environment)
    assert "plain,reference" in output
    environment |= {"COMP_WORDS": "medproof decide x --payer ", "COMP_CWORD": "4"}
    assert "plain,bcbs-sc" in process(["decide"], environment)


def process(arguments: list[str], environment: dict[str, str]) -> str:
    program = "import cli; cli.main(prog_name='medproof')"
    command = [sys.executable, "-c", program, *arguments]
    found = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    return found.stdout


def test_that_documents_are_faultless_is_remembered_for_these_texts_only(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDPROOF_CACHE", str(tmp_path / "cache"))
    policy = tmp_path / "p.md"
    head = "---\nid: p\nkind: guideline\n---\n\nA passage.\n\n"
    right = f"{head}```datalog\n#pred p(Case: case).\np(Case) :- payer(Case, _).\n```\n"
    wrong_test = '\n```datalog test "t"\npayer(c, 1).\n?- p(c).\n```\n'
    for text, code in ((right, 0), (right, 0), (right.replace("payer", "player"), 1), (right, 0), (right + wrong_test, 1)):
        policy.write_text(text, encoding="utf-8")
        for _ in range(2):
            assert run("check", str(policy)).exit_code == code, text
    assert list((tmp_path / "cache").glob("*.ok"))
