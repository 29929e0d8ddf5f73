"""The prompt: what it answers, and what it remembers."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

import cli
import medproof
from authoring.session import Session
from commands.console import Console
from commands.repl import typed


def said(*lines: str, case: str = "reference") -> Result:
    return CliRunner().invoke(cli.main, ["repl", case], input="\n".join(lines) + "\n", env={"COLUMNS": "80"})


@pytest.fixture(scope="module")
def base() -> medproof.Library:
    return medproof.load()


@pytest.fixture
def console(base: medproof.Library) -> Console:
    return Console(Session(base, medproof.open_case("reference")), lambda: 80)


def test_it_answers_goals_and_says_why_and_why_not() -> None:
    result = said("motor_deficit(Case, Root, Side)", "why A4", "why-not fusion_indicated", "missing fusion_indicated")
    assert result.exit_code == 0
    for part in ("S1", "it is waived because", "“The motor deficit is progressive.”", "✗", "Any one of these"):
        assert part in result.output


def test_a_fact_is_retracted_and_the_answer_changes_and_it_is_taken_back(console: Console) -> None:
    shown = console.answer("retract progressive_deficit(reference, _, _, _, _, _)").text
    assert "necessary? SUPPORTS APPROVAL → REQUEST INFORMATION" in " ".join(shown.split())
    assert "progressive_deficit(reference, extremity_weakness" in " ".join(shown.split())
    assert "retract progressive_deficit" in console.answer("changes").text
    back = " ".join(console.answer("undo").text.split())
    assert "→ SUPPORTS APPROVAL" in back
    assert console.answer("changes").text == "nothing was changed\n"
    assert console.session.chart == console.session.original


def test_an_assumed_fact_counts_in_proofs_as_one_that_was_assumed(console: Console) -> None:
    console.answer('assume motor_strength(reference, hamstrings, left, "3", examination, "2025-11-12")')
    proof = console.answer("why severe_weakness").text
    assert "strength of the left hamstrings was 3/5" in proof
    assert "“Assumed, not from the record.”" in " ".join(proof.replace("│", " ").split())


def test_retracting_keeps_every_other_line_where_it_is(console: Console) -> None:
    before = console.session.chart
    console.answer("retract progressive_deficit(reference, _, _, _, _, _)")
    after = console.session.chart
    assert len(after.lines) == len(before.lines)
    changed = [line for line, other in zip(before.lines, after.lines, strict=True) if line != other]
    assert changed
    assert len(after.statements) == len(before.statements) - 1


def test_the_chart_as_it_is_now_is_saved_and_decides_alike(console: Console, tmp_path: Path, base: medproof.Library) -> None:
    console.answer("retract progressive_deficit(reference, _, _, _, _, _)")
    path = tmp_path / "changed.md"
    console.answer(f"save {path}")
    [saved] = medproof.decide(base, medproof.open_case(str(path)))
    assert [each.verdict for each in saved.answers] == [each.verdict for each in console.last.answers]
    with pytest.raises(medproof.CaseProblem, match="exists"):
        console.answer(f"save {path}")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("nonsense(reference)", "nothing declares"),
        ("retract motor_strength(reference, hamstrings, _, _, _, _)", "does not state"),
        ("assume motor_strength(reference, hamstrings, left, strong, examination, 2025)", "strong"),
        ("assume", "followed by FACT"),
        ("payer nobody", "the payers are"),
        ("on tomorrow", "is no day"),
        ("undo", "nothing was changed"),
        ("assume severe_weakness(reference, x) :- true", ""),
    ],
)
def test_what_is_wrong_is_said_and_the_session_goes_on(line: str, hint: str) -> None:
    result = said(line, "motor_deficit(Case, Root, Side)")
    assert result.exit_code in (1, 2)
    assert hint in " ".join(result.output.split())
    assert "1 answer" in result.output


def test_it_completes_words_predicates_criteria_and_the_values_of_an_argument(console: Console) -> None:
    assert console.completions("retr") == ("retr", ["retract"])
    assert "why" in console.completions("")[1]
    assert "motor_strength(" in console.completions("assume motor")[1]
    assert "severe_weakness(" not in console.completions("assume severe")[1]
    assert "severe_weakness(" in console.completions("why severe")[1]
    assert console.completions("why A")[1][:2] == ["A1", "A2"]
    assert console.completions("motor_strength(_, M, ")[1] == ["left", "right", "bilateral"]
    assert '"4-"' in console.completions('motor_strength(_, M, left, "4')[1]
    assert console.completions("payer ")[1] == list(console.session.base.payers)


def test_lines_typed_at_the_prompt_come_one_by_one_until_the_end(
    console: Console, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text("changes\nhelp\n\x04")
        assert list(typed(console)) == ["changes", "help"]
    assert "help" in (tmp_path / "medproof" / "history").read_text(encoding="utf-8")


def test_only_what_is_retracted_goes_from_a_line_and_from_both_sides(base: medproof.Library, tmp_path: Path) -> None:
    path = tmp_path / "c.md"
    path.write_text(
        '---\ncase: c\n---\n\n```datalog\npayer(c, "aetna"). request_date(c, "2026-02-01").\n'
        'requested_setting(c, inpatient). planned_operation(c, "2026-03-01").\n'
        'straight_leg_raise(c, bilateral, positive, "2026-01-01").\n```\n',
        encoding="utf-8",
    )
    console = Console(Session(base, medproof.open_case(str(path))), lambda: 80)
    console.answer("retract requested_setting(c, inpatient)")
    console.answer("retract straight_leg_raise(c, left, _, _)")
    facts = {fact.relation: fact.row for fact in medproof.opened(base, console.session.chart).facts}
    assert "requested_setting" not in facts and "planned_operation" in facts
    assert facts["straight_leg_raise"][1] == "right"
    with pytest.raises(medproof.CaseProblem, match="two payers"):
        console.answer('assume payer(c, "medicare")')
    assert console.session.chart.lines[-1] == ""
