"""What is missing, what a verdict hinges on, and what a change does: as pages and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explain.asking import ask_words
from explain.export.data import ask_data, atom_data, origin_data
from explain.export.lines import BAD, DIM, GOOD, TITLE, WARN, Page
from explain.fillings import STAND_IN
from explain.outcomes import choices
from explain.verdicts import Verdict
from explain.wording import amiss, together, words
from kb.contradictions import AtomKey
from kb.language.program import Program
from kb.models import Models

if TYPE_CHECKING:
    from explain.changes import WhatIf
    from explain.determination import Answer
    from explain.hinges import Hinge, Hinged
    from explain.outcomes import Outcome
    from explain.remedies import Missing

_MAY_FALL = (
    "It rests on what the record does not say, or says in part: `medproof hinges` tells by what it may fall. Ask for that."
)
VERDICT_STYLES = {Verdict.MET: GOOD, Verdict.REFUTED: BAD, Verdict.CONFLICTING: BAD}


def _add_goal(page: Page, program: Program, goal: AtomKey, reached: Outcome) -> None:
    page.add(words(program, *goal), TITLE)
    reads = reached.verdict.value if reached.question is None else f"{reached.verdict.value}: {reached.reads}"
    page.add(reads, VERDICT_STYLES.get(reached.verdict, WARN), 2)


# Missing


def missing_page(found: list[Missing], width: int) -> Page:
    """For each goal the sets of facts that would establish it."""
    page = Page(width)
    for number, each in enumerate(found):
        program = each.models.program
        if number:
            page.add()
        _add_goal(page, program, each.goal, each.outcome)
        if each.outcome.verdict is Verdict.MET:
            page.add("Nothing is missing: it holds.", "", 2)
            if not each.outcome.is_certain(each.models, each.goal):
                page.add(_MAY_FALL, WARN, 2, 2)
        elif not each.remedies:
            page.add(_NOTHING_HELPS[each.outcome.verdict], WARN, 2, 2)
            if each.outcome.verdict is Verdict.UNDOCUMENTED and any(choices(program, [each.goal[0]])):
                page.add(_BY_EACH, WARN, 2, 2)
        else:
            page.add(_left_open(each.outcome) + "Any one of these would establish it; each was tried:", "", 2, 2)
        for remedy in each.remedies:
            page.add(f"- {ask_words(program, remedy.ask)}", "", 4, 2)
    return page


def _left_open(reached: Outcome) -> str:
    return reached.question.ask_first if reached.question is not None else ""


_BY_EACH = "The policy is read in several ways: what would be enough by one reading and not by another is not named."
_CONTRADICTED = "The record contradicts itself on it: resolve that first. `medproof decide` shows where."
_NOTHING_HELPS = {
    Verdict.REFUTED: "What is stated rules it out, and nothing that the record leaves open would establish it. A further "
    "finding, examination or therapy would be decided anew. `medproof why-not` says why.",
    Verdict.CONFLICTING: _CONTRADICTED,
    Verdict.UNDOCUMENTED: "No set of facts that was tried establishes it.",
    Verdict.UNADDRESSED: "No document of this payer speaks to this request, so nothing is missing. That is no refusal.",
    Verdict.DISPUTED: "The readings of the policy differ, and the answer with them; `medproof explain` shows how.",
}


def missing_data(found: list[Missing]) -> dict[str, Any]:
    """The same as data."""
    return {
        "schema": "medproof/missing/1",
        "goals": [
            {
                "goal": atom_data(each.models.program, *each.goal),
                "verdict": each.outcome.verdict.value,
                "sets": [
                    {
                        "words": ask_words(each.models.program, remedy.ask),
                        "facts": ask_data(each.models.program, remedy.ask),
                        "tried": [atom_data(each.models.program, fact.relation, fact.row) for fact in remedy.example],
                    }
                    for remedy in each.remedies
                ],
            }
            for each in found
        ],
    }


# Hinges


def hinges_page(found: list[Hinged], width: int) -> Page:
    """For each goal what its verdict rests on: single facts, pairs, silences."""
    page = Page(width)
    for number, each in enumerate(found):
        if number:
            page.add()
        _add_goal(page, each.models.program, each.goal, each.outcome)
        if not each.hinges:
            none = _NO_HINGE if each.is_whole else _NO_HINGE_TRIED
            page.add(_NOTHING_HINGES.get(each.outcome.verdict, none), "", 2, 2)
        add_hinges(page, each.models, each.hinges)
        if each.hinges and not each.is_whole:
            page.add(MORE_HINGES, WARN, 2, 2)
    return page


_NO_HINGE = "No single fact, pair of facts or silence of those in its proofs changes the verdict."
_NO_HINGE_TRIED = (
    "No single fact, pair of facts or silence that was tried changes the verdict. More bears on it than was tried: "
    "`medproof what-if` tries what you name."
)
MORE_HINGES = "More bears on it than was tried: there may be more than these. `medproof what-if` tries what you name."
_NOTHING_HINGES = {
    Verdict.UNDOCUMENTED: "It has no proof that could fall; `medproof missing` looks for what would establish it.",
    Verdict.CONFLICTING: _CONTRADICTED,
    Verdict.UNADDRESSED: "No document of this payer speaks to this request, so nothing is decided that could fall.",
}


def add_hinges(page: Page, models: Models, hinges: tuple[Hinge, ...]) -> None:
    """The hinges under their headings."""
    groups = (
        ("If this were wrong, the verdict would be another:", [each for each in hinges if len(each.facts) == 1]),
        ("If both of these were wrong:", [each for each in hinges if len(each.facts) > 1]),
        ("If the record were to say this, on which it is silent:", [each for each in hinges if each.opposite]),
    )
    for title, group in groups:
        if group:
            page.add(title, "", 2)
        for each in group:
            page.add(f"- {hinge_words(models, each)} → {each.after.value}", "", 4, 2)
            for relation, row in each.facts:
                page.add(models.stated[relation][row].origin.short_place, DIM, 6)
            if tried := _example_words(models, each):
                page.add(f"such as: {tried}", DIM, 6, 2)


def hinge_words(models: Models, hinge: Hinge) -> str:
    """What would have to be otherwise."""
    if hinge.opposite is not None:
        return ask_words(models.program, hinge.opposite)
    return ", and ".join(words(models.program, *fact) for fact in hinge.facts)


def _example_words(models: Models, hinge: Hinge) -> str:
    """What was tried, where what would have to be told may be told in several ways, and the words are real ones."""
    if any(STAND_IN in fact.row for fact in hinge.example):
        return ""
    tried = ", and ".join(words(models.program, fact.relation, fact.row) for fact in hinge.example)
    return "" if tried == hinge_words(models, hinge) else tried


def hinges_data(found: list[Hinged]) -> dict[str, Any]:
    """The same as data."""
    return {
        "schema": "medproof/hinges/1",
        "goals": [
            {
                "goal": atom_data(each.models.program, *each.goal),
                "verdict": each.outcome.verdict.value,
                "hinges": [_hinge_data(each.models, hinge) for hinge in each.hinges],
                "whole": each.is_whole,
            }
            for each in found
        ],
    }


def _hinge_data(models: Models, hinge: Hinge) -> dict[str, Any]:
    facts = [
        {**atom_data(models.program, *fact), "origin": origin_data(models.stated[fact[0]][fact[1]].origin)}
        for fact in hinge.facts
    ]
    opposite = ask_data(models.program, hinge.opposite) if hinge.opposite else None
    return {
        "without": facts,
        "with": opposite,
        "example": [atom_data(models.program, fact.relation, fact.row) for fact in hinge.example],
        "words": hinge_words(models, hinge),
        "after": hinge.after.value,
    }


# What if


def what_if_page(found: WhatIf, width: int, verbose: int = 0) -> Page:
    """The answers before and after, and the rule instances that came and went."""
    page, program = Page(width), found.before.models.program
    for fact in found.assumed:
        page.add(f"assumed: {words(program, fact.relation, fact.row)}", "", 0, 2)
    for fact in found.retracted:
        page.add(f"retracted: {words(program, fact.relation, fact.row)}", "", 0, 2)
    page.add()
    add_answers(page, found)
    shown = [each for each in found.instances if verbose or not each.section.startswith("Roots, muscles")]
    page.add()
    page.add("Rule instances that came and went" if shown else "No rule instance changed.", TITLE)
    for change in shown:
        mark, style = ("+", GOOD) if change.gained else ("−", BAD)
        page.add(f"{mark} {change.concludes}", style, 2, 2)
        page.add(change.section if not verbose else change.rule, DIM, 4, 2)
    return page


def add_answers(page: Page, found: WhatIf) -> None:
    """Each question with its answer, and the one before where it was another."""
    for before, after in found.answers:
        answer = after or before
        assert answer is not None
        old, new = _reads(before), _reads(after)
        text = f"{answer.question.text} "
        is_same = old == new
        page.add(f"{text}{old} (unchanged)" if is_same else f"{text}{old} → {new}", DIM if is_same else WARN, 2, 2)
        for each in after.contradictions if after is not None and not is_same else ():
            page.add(f"the record then {amiss(each)}: {together(found.after.models.program, each.atoms)}", WARN, 4, 2)


def _reads(answer: Answer | None) -> str:
    return answer.question.reads(answer.verdict).upper() if answer else "NOT ASKED"


def what_if_data(found: WhatIf) -> dict[str, Any]:
    """The same as data."""
    program = found.before.models.program
    return {
        "schema": "medproof/what-if/1",
        "assumed": [atom_data(program, fact.relation, fact.row) for fact in found.assumed],
        "retracted": [atom_data(program, fact.relation, fact.row) for fact in found.retracted],
        "answers": [
            {
                "goal": atom_data(program, (after or before).question.relation, (after or before).question.row),  # type: ignore[union-attr]
                "before": before.verdict.value if before else None,
                "after": after.verdict.value if after else None,
            }
            for before, after in found.answers
        ],
        "instances": [{"gained": each.gained, "rule": each.rule, "concludes": each.concludes} for each in found.instances],
    }
