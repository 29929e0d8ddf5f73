"""The impact of a change of policy, as a page and as data."""

from __future__ import annotations

from typing import Any

from authoring.impact import AnswerChange, Impact, Moved
from explain.export.lines import BAD, DIM, GOOD, TITLE, WARN, Page
from explain.verdicts import Verdict


def impact_page(found: Impact, width: int = 80, verbose: bool = False) -> Page:
    """The rules that differ, then each answer that changed and the criteria that moved it (`verbose`: both proofs)."""
    page = Page(width)
    for note in found.notes:
        page.add(note, WARN, 0, 2)
    page.add("Rules", TITLE)
    for rule in found.rules:
        page.add(f"{rule.kind}: {rule.rule}", "", 2, 4)
        if rule.before:
            page.add(f"- {rule.before}", BAD, 4, 4)
        if rule.after:
            page.add(f"+ {rule.after}", GOOD, 4, 4)
    if not found.rules:
        page.add("none differs", DIM, 2)
    page.add()
    page.add("Answers", TITLE)
    for answer in found.answers:
        _add_answer(page, answer, verbose)
    for each in found.failed:
        page.add(f"not compared: {each}", BAD, 2, 4)
    page.add()
    many = len(found.answers)
    page.add(f"{many} answer{'s' * (many != 1)} changed, {found.same} did not", WARN if many else GOOD)
    return page


def _add_answer(page: Page, answer: AnswerChange, verbose: bool) -> None:
    page.add(f"{answer.case} ({answer.payer or 'no payer'}): {answer.question}", "", 2, 4)
    verdicts = f"{_said(answer.before)} → {_said(answer.after)}"
    page.add(verdicts if answer.before is not answer.after else f"{verdicts}, for other reasons", WARN, 4, 2)
    for moved in answer.moved:
        page.add(f"{moved.criterion}: {_said(moved.before)} → {_said(moved.after)}", DIM, 6, 2)
    for title, proof in (("before", answer.proof_before), ("after", answer.proof_after)) if verbose else ():
        page.add(f"{title}:", DIM, 4)
        for line in proof.split("\n"):
            page.add_raw(f"      {line}")
    page.add()


def _said(verdict: Verdict | None) -> str:
    return verdict.value if verdict is not None else "not there"


def impact_data(found: Impact) -> dict[str, Any]:
    """Rules, answers with both proofs, and what could not be compared."""
    return {
        "schema": "medproof/impact/1",
        "notes": list(found.notes),
        "rules": [
            {"rule": each.rule, "kind": each.kind, "before": each.before, "after": each.after} for each in found.rules
        ],
        "answers": [
            {
                "case": each.case,
                "payer": each.payer,
                "question": each.question,
                "before": each.before.value if each.before else None,
                "after": each.after.value if each.after else None,
                "criteria": [_moved(moved) for moved in each.moved],
                "proof_before": each.proof_before,
                "proof_after": each.proof_after,
            }
            for each in found.answers
        ],
        "same": found.same,
        "failed": list(found.failed),
    }


def _moved(moved: Moved) -> dict[str, Any]:
    return {
        "criterion": moved.criterion,
        "before": moved.before.value if moved.before else None,
        "after": moved.after.value if moved.after else None,
    }
