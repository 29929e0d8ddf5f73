"""Interchangeable values: trying one of them says what trying each would."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

import explain.remedies
import medproof
from explain.determination import Answer, Determination
from explain.symmetry import classes
from kb.compiled import Compiled
from kb.engines import engine
from kb.models import Models, models
from tests.support import facts, program

RULES = """\
#domain colour = red | green | blue | white | grey.
#fact seen(Case: case, Colour: colour).
#fact liked(Case: case, Colour: colour).
#pred warm(Colour: colour).
#pred good(Case: case).
#pred cold(Case: case).
warm(red).
warm(white).
good(Case) :- seen(Case, Colour), warm(Colour), Colour != white.
cold(Case) :- seen(Case, blue), liked(Case, _).
"""


def found(stated: str, wanted: Iterable[str]) -> Models:
    of = program(RULES)
    return models(Compiled(of), facts(stated, of), "x", engine(), wanted)


def test_values_that_rules_and_facts_do_not_tell_apart_are_one_class() -> None:
    values = ["red", "green", "blue", "white", "grey"]
    assert classes(found("", ["good"]), ["seen"], values) == [["red"], ["green", "blue", "grey"], ["white"]]
    # A rule that the fact reaches names blue; one that it does not reach does not count.
    assert classes(found("", ["good", "cold"]), ["seen"], values) == [["red"], ["green", "grey"], ["blue"], ["white"]]
    # Stated facts tell apart where the rules ask for them.
    assert classes(found("seen(x, grey).", ["good"]), ["seen"], values) == [["red"], ["green", "blue"], ["white"], ["grey"]]
    assert classes(found("", ["good"]), ["seen"], values, ["green"])[1:3] == [["green"], ["blue", "grey"]]


def answers(base: medproof.Library) -> Iterable[tuple[Determination, Answer]]:
    for name in ("unstated", "silent-on-imaging"):
        for determination in medproof.decide(base, medproof.open_case(name), "all", date(2026, 2, 1)):
            yield from ((determination, answer) for answer in determination.answers)


def test_remedies_are_those_that_are_found_when_every_value_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    base, compared = medproof.load(), 0
    for determination, answer in answers(base):
        goal = answer.question.relation, answer.question.row
        quick = explain.remedies.remedies(determination.models, *goal)
        with monkeypatch.context() as patched:
            patched.setattr(explain.remedies, "classes", lambda models, told, values, named: [[each] for each in values])
            assert quick == explain.remedies.remedies(determination.models, *goal)
        compared += len(quick)
    assert compared > 10


def test_what_fills_the_other_places_of_a_fact_is_not_exchanged() -> None:
    """`good` needs two hues that differ; the first that is tried for the other place is blue."""
    of = program(
        "#domain colour = blue | grey | red | pink.\n#fact pair(Case: case, One: colour, Other: colour).\n"
        "#pred primary(Hue: colour).\n#pred clash(Case: case).\n#pred good(Case: case).\nprimary(red).\nprimary(blue).\n"
        "clash(Case) :- pair(Case, Hue, Hue).\ngood(Case) :- pair(Case, Hue, _), primary(Hue), not clash(Case).\n"
    )
    case = models(Compiled(of), (), "x", engine(), ["good"])
    [remedy] = explain.remedies.remedies(case, "good", ("x",))
    assert [(fact.relation, fact.row) for fact in remedy.example] == [("pair", ("x", "red", "blue"))]
