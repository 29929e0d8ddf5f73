"""What a record is silent on: what could overturn an answer, and what would establish one, by aggregates and days too."""

from __future__ import annotations

import pytest

import medproof
from explain.asking import ask_words
from explain.export.findings import missing_page
from kb.language.documents import read
from kb.language.values import ANY
from kb.library import Library, library

DECLARED = """\
---
id: silent
kind: guideline
---

# What nobody says

```datalog
#fact request_date(Case: case, On: date).
#fact payer(Case: case, Payer: text).
#fact requested(Case: case, Item: text).
#closed request_date, payer, requested.
#fact dose(Case: case, Drug: text, Amount: number) :: "{Drug} was given, {Amount} mg".
#fact seen_on(Case: case, On: date) :: "the patient was seen on {On}".
#fact seen_by(Case: case, Who: text) :: "{Who} saw the patient".
#pred early(Case: case) :: "the patient was seen early".
early(Case) :- seen_on(Case, On), On + 10 < "2020-01-01".
#pred necessary(Case: case, Item: text) :: "{Item} is necessary".
#goal necessary(Case, Item) for requested(Case, Item) :: question "Is {Item} necessary?".
necessary(Case, Item) :- requested(Case, Item), RULE.
```
"""
CHART = '---\ncase: c\n---\n\n```datalog\npayer(c, "x").\nrequest_date(c, "2026-01-01").\nrequested(c, op).\n{more}\n```\n'
ANY_DOSE = "[drug] was given, [amount] mg"


def by(rule: str) -> Library:
    """A library in which an item is necessary by a rule."""
    return library([read("silent.md", DECLARED.replace("RULE", rule))], shipped=False)


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("#count { Drug : dose(Case, Drug, _) } < 1", ANY_DOSE),
        ("#count { Drug : dose(Case, Drug, _) } = 0", ANY_DOSE),
        ("#count { Drug : dose(Case, Drug, Amount), Amount > 3 } < 1", "[drug] was given, [above 3] mg"),
        ("#count { Drug : dose(Case, Drug, Amount), Amount > 12345 } = 0", "[drug] was given, [above 12345] mg"),
        ("#sum { Amount, Drug : dose(Case, Drug, Amount) } < 5", ANY_DOSE),
        ("N = #count { Drug : dose(Case, Drug, _) }, N < 1", ANY_DOSE),
        ("not early(Case)", "the patient was seen on [on: date], so that on + 10 is before 2020-01-01"),
    ],
)
def test_what_an_aggregate_or_a_day_is_silent_on_may_overturn_an_answer(rule: str, named: str) -> None:
    [found] = medproof.decide(by(rule), read("c.md", CHART.format(more="")))
    [answer] = found.answers
    assert answer.verdict is medproof.Verdict.MET and not answer.certain
    assert [ask_words(found.models.program, each) for each in answer.silences] == [named]
    [hinged] = medproof.hinges(by(rule), read("c.md", CHART.format(more="")), "necessary")
    [overturned] = [each.after for each in hinged.hinges if each.opposite is not None]
    assert overturned in (medproof.Verdict.REFUTED, medproof.Verdict.UNDOCUMENTED)


def test_a_later_measurement_may_overturn_what_the_latest_one_shows() -> None:
    latest = "dose(Case, _, Amount), Amount < 8, Amount = #max { Other : dose(Case, _, Other) }"
    [found] = medproof.decide(by(latest), read("c.md", CHART.format(more="dose(c, drug, 7).")))
    assert found.answers[0].verdict is medproof.Verdict.MET
    assert [ask_words(found.models.program, each) for each in found.answers[0].silences] == [ANY_DOSE]


@pytest.mark.parametrize("holds", ["#count { Drug : dose(Case, Drug, _) } <= 1", "#sum { A, D : dose(Case, D, A) } < 5"])
def test_what_an_aggregate_wants_already_is_not_asked_for(holds: str) -> None:
    [found] = medproof.missing(by(f"seen_by(Case, _), {holds}"), read("c.md", CHART.format(more="")), "necessary")
    asks = [ask_words(found.models.program, remedy.ask) for remedy in found.remedies]
    assert asks == ["[who] saw the patient"]


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ("#count { Drug : dose(Case, Drug, Amount), Amount > 3 } >= 1", "[drug] was given, [above 3] mg"),
        (
            "#min { Amount : dose(Case, _, Amount), Amount != 2 } < 9",
            "[drug] was given, [number other than 2 and below 9] mg",
        ),
        ("#max { Amount : dose(Case, _, Amount) } >= 7", "[drug] was given, [at least 7] mg"),
        ("N = #max { Amount : dose(Case, _, Amount) }, N > 2, N < 5", "[drug] was given, [above 2 and below 5] mg"),
        (
            "#count { Drug : dose(Case, Drug, Amount), seen_by(Case, Drug), Amount > 3 } >= 1",
            "aspirin was given, [above 3] mg",
        ),
        ("#count { Drug : dose(Case, Drug, A), A > 1 } >= 2", "[text other than ibuprofen] was given, [above 1] mg"),
    ],
)
def test_what_an_aggregate_compares_within_its_braces_is_asked_for(rule: str, asked: str) -> None:
    [found] = medproof.missing(
        by(rule), read("c.md", CHART.format(more="seen_by(c, aspirin). dose(c, ibuprofen, 2).")), "necessary"
    )
    assert [ask_words(found.models.program, remedy.ask) for remedy in found.remedies][:1] == [asked]


@pytest.mark.parametrize(
    "rule",
    [
        "seen_by(Case, N), #count { Drug : dose(Case, Drug, _), dose(Case, N, _) } < 3",
        "seen_by(Case, _), N = #count { Drug : dose(Case, Drug, _) }, N < 3",
        "seen_by(Case, _), N = #max { Amount : dose(Case, _, Amount) }, N < 9",
    ],
)
def test_what_the_record_tells_of_an_aggregate_already_is_not_asked_for(rule: str) -> None:
    [found] = medproof.missing(by(rule), read("c.md", CHART.format(more="dose(c, aspirin, 2).")), "necessary")
    assert [ask_words(found.models.program, remedy.ask) for remedy in found.remedies] == ["[who] saw the patient"]


def test_one_fact_that_can_be_what_two_premises_want_is_asked_for_alone() -> None:
    parts = "#domain part = a | b | c | d.\n#pred left(Part: part).\nleft(a). left(b). left(c).\n#pred high(Part: part).\n"
    parts += (
        'high(b). high(c). high(d).\n#fact weak(Case: case, Part: part, Grade: number) :: "{Part} is {Grade}".\n#fact dose('
    )
    rule = "weak(Case, One, G), left(One), G < 5, weak(Case, Other, H), high(Other), H < 4"
    own = library([read("silent.md", DECLARED.replace("#fact dose(", parts).replace("RULE", rule))], shipped=False)
    [found] = medproof.missing(own, read("c.md", CHART.format(more="")), "necessary")
    assert [ask_words(found.models.program, remedy.ask) for remedy in found.remedies][:1] == ["[b or c] is [below 4]"]


def test_of_two_sets_the_one_that_asks_for_more_is_not_named() -> None:
    rule = "dose(Case, _, _).\nnecessary(Case, Item) :- requested(Case, Item), dose(Case, _, A), seen_by(Case, _), A > 2"
    [found] = medproof.missing(by(rule), read("c.md", CHART.format(more="")), "necessary")
    assert [ask_words(found.models.program, remedy.ask) for remedy in found.remedies] == [ANY_DOSE]


def test_a_day_that_is_tried_is_of_the_request_and_not_of_today() -> None:
    [found] = medproof.missing(by("seen_on(Case, _)"), read("c.md", CHART.format(more="")), "necessary")
    assert [str(fact.row[1]) for fact in found.remedies[0].example] == ["2026-01-01"]


def test_a_fact_is_retracted_by_itself_where_the_chart_states_just_that() -> None:
    chart = read("c.md", CHART.format(more="-dose(c, aspirin, _). -dose(c, _, _). seen_by(c, who)."))
    found = medproof.what_if(by("seen_by(Case, _)"), chart, retract=["-dose(c, aspirin, _)"])
    assert [fact.row for fact in found.retracted] == [("c", "aspirin", ANY)]


def test_what_more_than_enough_elements_want_already_is_not_asked_for() -> None:
    rule = "seen_by(Case, _), #sum { Amount, Drug : dose(Case, Drug, Amount) } >= 2"
    [found] = medproof.missing(by(rule), read("c.md", CHART.format(more="dose(c, one, 1). dose(c, two, 1).")), "necessary")
    assert [ask_words(found.models.program, remedy.ask) for remedy in found.remedies] == ["[who] saw the patient"]


def test_an_amount_that_is_not_told_may_overturn_a_sum() -> None:
    limit = by("#sum { Amount, Drug : dose(Case, Drug, Amount) } < 500")
    [found] = medproof.decide(limit, read("c.md", CHART.format(more="dose(c, one, 480). dose(c, two, ?).")))
    assert found.answers[0].verdict is medproof.Verdict.MET and not found.answers[0].certain
    assert "two was given, [amount] mg" in [ask_words(found.models.program, each) for each in found.answers[0].silences]


def test_a_later_value_is_asked_for_with_the_day_from_which_it_counts() -> None:
    latest = "weight(Case, Kilograms, On), Kilograms < 80, On = #max { Day : weight(Case, _, Day) }"
    declared = (
        '#fact weight(Case: case, Kilograms: number, On: date) :: "weighed {Kilograms} kg on {On}".\n'
        "#about weight(Case, On).\n#fact dose("
    )
    heavy = read("c.md", CHART.format(more='weight(c, 90, "2025-05-01"). weight(c, 95, "2025-06-01").'))
    weighed = library([read("silent.md", DECLARED.replace("#fact dose(", declared).replace("RULE", latest))], shipped=False)
    [found] = medproof.missing(weighed, heavy, "necessary")
    asks = [ask_words(found.models.program, remedy.ask) for remedy in found.remedies]
    assert asks == ["weighed [below 80] kg on [no earlier than 2025-06-01]"]


def test_a_day_that_a_rule_names_is_tried() -> None:
    [found] = medproof.missing(by("early(Case)"), read("c.md", CHART.format(more="")), "necessary")
    assert found.outcome.verdict is medproof.Verdict.UNDOCUMENTED and len(found.remedies) == 1
    [fact] = found.remedies[0].example
    assert str(fact.row[1]) < "2019-12-22"


NESTED = "seen_by(Case, Who), #count { D : dose(Case, D, _), #count { A : dose(Case, D, A), Who != nurse } >= 1 } >= 1"


@pytest.mark.parametrize(("who", "verdict"), [("doctor", "met"), ("nurse", "undocumented")])
def test_an_aggregate_within_another_sees_the_rule_around_both(who: str, verdict: str) -> None:
    """Its explanation passes the checker, whether it holds or not."""
    chart = read("c.md", CHART.format(more=f"seen_by(c, {who}). dose(c, drug, 1)."))
    [found] = medproof.decide(by(NESTED), chart)
    assert found.answers[0].verdict.value == verdict
    assert medproof.explain(by(NESTED), chart, "necessary").proof.graph.number_of_nodes() > 1


def test_a_sum_is_explained_without_its_value_where_a_factor_is_not_given() -> None:
    rule = "seen_by(Case, _), dose(Case, factor, By), #sum { By * Amount, Drug : dose(Case, Drug, Amount) } >= 6"
    found = medproof.explain(by(rule), read("c.md", CHART.format(more="seen_by(c, x). dose(c, drug, 3).")), "necessary")
    assert found.outcomes[0].verdict is medproof.Verdict.UNDOCUMENTED


def test_a_contradicted_fact_of_a_constraint_is_a_hinge() -> None:
    text = DECLARED.replace("RULE", "seen_by(Case, _)").replace(
        "#pred early", ":- seen_by(Case, _), dose(Case, _, _).\n#pred early"
    )
    own = library([read("silent.md", text)], shipped=False)
    [found] = medproof.hinges(own, read("c.md", CHART.format(more="seen_by(c, who). dose(c, drug, 1).")), "necessary")
    assert found.outcome.verdict is medproof.Verdict.CONFLICTING
    assert {each.facts[0][0]: each.after.value for each in found.hinges if each.facts} == {
        "seen_by": "undocumented",
        "dose": "met",
    }


ON_RECORD = """\
#pred seen_before(Case: case).
#closed seen_before.
seen_before(Case) :- request_date(Case, Request), seen_on(Case, On), On < Request.
#pred was_seen(Case: case) :: "the patient was seen before".
"""


@pytest.mark.parametrize(
    ("more", "verdict", "named"),
    [
        ("", "met", []),
        ("seen_on(c, ?).", "met", ["the patient was seen on [before 2026-01-01]"]),
        ('seen_on(c, "2026-02-01").', "met", []),
        ('seen_on(c, "2025-02-01").', "refuted", []),
    ],
)
def test_what_counts_by_the_record_may_be_so_where_it_is_told_in_part(more: str, verdict: str, named: list[str]) -> None:
    declared = DECLARED.replace("RULE", "not seen_before(Case)").replace("#pred early", f"{ON_RECORD}#pred early")
    own, chart = library([read("silent.md", declared)], shipped=False), read("c.md", CHART.format(more=more))
    [found] = medproof.decide(own, chart)
    [answer] = found.answers
    assert answer.verdict.value == verdict and answer.certain is (verdict == "met" and not named)
    assert [ask_words(found.models.program, each) for each in answer.silences] == named
    assert medproof.explain(own, chart, "necessary").proof.graph.number_of_nodes() > 1


@pytest.mark.parametrize(
    ("day", "named"), [("?", "[after 2026-02-27]"), ('"2026-03-01"', "2026-03-01"), ('"2015-06-01"', "")]
)
def test_an_operation_of_unknown_level_may_have_been_where_something_was_seen_before_it(day: str, named: str) -> None:
    """Its imaging is of 2026-02-27. Where the answer is certain, its proof rests on no silence, though another one would."""
    elective = medproof.open_case("elective")
    nowhere = "-prior_operation(elective, _, _, _, _)."
    text = elective.text.replace(nowhere, f'prior_operation(elective, "63030", ?, ?, {day}).')
    [found] = medproof.decide(medproof.load(), read("elective.md", text.partition("## What follows")[0]))
    answer = next(each for each in found.answers if each.question.relation == "medically_necessary")
    [imaging] = [each for each in answer.criteria if each.criterion.atom.relation.endswith("imaging_confirms")]
    asks = [ask_words(found.models.program, ask) for ask in answer.silences]
    told = [words for words in asks if words.startswith("procedure")]
    assert told == ([f"procedure 63030 was done at L4-5, [bilateral or left], on {named}"] if named else [])
    assert answer.verdict is medproof.Verdict.MET and imaging.certain is not bool(named)
    assert imaging.proof is not None and any(node.silent for node in imaging.proof.walk()) is bool(named)


def test_what_is_still_to_be_told_is_asked_for_with_what_would_bar_it() -> None:
    """Of a rule that is not to conclude anything, the one comparison of what is to be told is turned round."""
    rule = "seen_on(Case, On), not seen_late(Case, On)"
    late = "#pred seen_late(Case: case, On: date).\nseen_late(Case, On) :- seen_on(Case, On), dose(Case, _, N), On > "
    declared = DECLARED.replace("RULE", rule).replace("#pred early", f'{late}"2020-01-01" + N.\n#pred early')
    own = library([read("silent.md", declared)], shipped=False)
    [found] = medproof.missing(own, read("c.md", CHART.format(more="dose(c, drug, 10).")), "necessary")
    assert [ask_words(found.models.program, remedy.ask) for remedy in found.remedies] == [
        "the patient was seen on [no later than 2020-01-11]"
    ]


def test_what_is_beneath_what_counts_by_the_record_rests_on_no_silence() -> None:
    """The record is silent on the dose, which counts for nothing there; who saw the patient is told in part, or whole."""
    rules = "#pred quiet(Case: case).\n#closed quiet.\nquiet(Case) :- seen_on(Case, _), not busy(Case).\n"
    rules += "#pred busy(Case: case).\nbusy(Case) :- dose(Case, drug, 1).\nbusy(Case) :- seen_by(Case, nurse).\n"
    declared = DECLARED.replace("RULE", "quiet(Case)").replace("#pred early", f"{rules}#pred early")
    own = library([read("silent.md", declared)], shipped=False)
    for more, named in (("seen_by(c, ?).", ["nurse saw the patient"]), ("seen_by(c, doctor).", []), ("", [])):
        [found] = medproof.decide(own, read("c.md", CHART.format(more=f'seen_on(c, "2025-05-01"). {more}')))
        [answer] = found.answers
        assert answer.verdict is medproof.Verdict.MET and answer.certain is (not named)
        assert [ask_words(found.models.program, each) for each in answer.silences] == named


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ('late(Case, high, On) :- seen_on(Case, On), On > "2020-01-01".', ["the patient was seen on [after 2021-01-01]"]),
        ('late(Case, low, On) :- special(Case, On), On > "2020-01-01".', ["the patient was seen on [after 2021-01-01]"]),
        (
            'late(Case, low, On) :- seen_on(Case, On), On > "2022-01-01".',
            ["the patient was seen on [after 2021-01-01 and no later than 2022-01-01]"],
        ),
    ],
)
def test_what_bars_nothing_limits_nothing(other: str, named: list[str]) -> None:
    rule = 'seen_on(Case, On), On > "2021-01-01", not late(Case, low, On)'
    declared = "#fact special(Case: case, On: date).\n#closed special.\n#pred late(Case: case, Kind: text, On: date).\n"
    text = DECLARED.replace("RULE", rule).replace("#pred early", f"{declared}{other}\n#pred early")
    chart = read("c.md", CHART.format(more='special(c, "2022-02-02").'))
    [found] = medproof.missing(library([read("silent.md", text)], shipped=False), chart, "necessary")
    assert [ask_words(found.models.program, remedy.ask) for remedy in found.remedies] == named


def test_what_breaks_each_of_two_ways_is_named_together() -> None:
    two = "".join(f"fine(Case) :- seen_on(Case, _), not dose(Case, {drug}, 1).\n" for drug in ("first", "second"))
    declared = DECLARED.replace("RULE", "fine(Case)").replace("#pred early", f"#pred fine(Case: case).\n{two}#pred early")
    own = library([read("silent.md", declared)], shipped=False)
    [found] = medproof.decide(own, read("c.md", CHART.format(more='seen_on(c, "2025-05-01").')))
    [answer] = found.answers
    assert answer.verdict is medproof.Verdict.MET and not answer.certain
    asks = [ask_words(found.models.program, each) for each in answer.silences]
    assert asks == ["first was given, 1 mg, and second was given, 1 mg"]


@pytest.mark.parametrize(("more", "rests"), [("", True), ("-seen_by(c, _).", False)])
def test_what_holds_by_silence_is_not_said_to_need_nothing(more: str, rests: bool) -> None:
    found = medproof.missing(by("not seen_by(Case, _)"), read("c.md", CHART.format(more=more)), "necessary")
    shown = " ".join(line.text.strip() for line in missing_page(found, 80).lines)
    assert "Nothing is missing: it holds." in shown
    assert ("It rests on what the record does not say" in shown) is rests
