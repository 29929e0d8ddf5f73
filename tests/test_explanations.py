"""Why, why not, what is missing, what if, hinges: what they say of the shipped cases."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path

import pytest

import medproof
from explain.asking import ask_words
from explain.asks import Ask, OneOf, Wanted
from explain.export.findings import hinge_words
from explain.export.text import determination_page
from explain.formats import Options, exported
from explain.outcomes import outcome, wanted_for
from explain.remedies import remedies, tried
from explain.search import Search
from explain.wording import words
from kb.language.documents import Document
from kb.language.documents import read as document_of
from kb.language.program import Fact
from kb.library import library
from tests.expectations import charts, read

HERE = Path(__file__).parent / "explanations"
CHARTS = charts("facts/cases", "tests/charts")


@pytest.fixture(scope="module")
def base() -> medproof.Library:
    return medproof.load()


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.stem)
def test_every_question_of_every_chart_has_an_explanation_that_verifies_and_agrees(
    path: Path, base: medproof.Library
) -> None:
    document = read(path)
    for payer in base.payers:
        found = medproof.explain(base, document, payer=payer)
        medproof.verify(base, found.proof.graph, document)
        for asked in found.proof.asked:
            holds = found.models.holds(asked.relation, asked.pattern)
            assert {found.proof.kind(root) == "absence" for root in asked.roots} == {not holds}
            for root in asked.roots:
                if not holds:
                    possible = found.models.is_possible(asked.relation, asked.pattern)
                    standing = found.proof.attributes(root)["standing"]
                    assert (standing == "documented") is not possible


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_an_explanation_reads_as_the_file_beside_says(path: Path, base: medproof.Library) -> None:
    """The first line of the file says what is explained: CASE GOAL, and `minimal`, `best N` or `member`."""
    head, _, expected = path.read_text(encoding="utf-8").partition("\n")
    case, goal, *more = head.removeprefix("% ").split()
    best = int(more[more.index("best") + 1]) if "best" in more else 0
    found = medproof.explain(base, medproof.open_case(case), goal, minimal="minimal" in more, best=best)
    audience = "member" if "member" in more else "reviewer"
    assert exported(found, "text", Options(audience, 100)) == expected


READINGS = """\
---
id: two-readings
kind: guideline
version: 1
source: made up
---

# Fusion

Fusion is necessary when the segment is unstable.

```datalog
#fact request_date(Case: case, On: date).
#fact payer(Case: case, Payer: text).
#fact requested(Case: case, Item: text).
#fact slip(Case: case, Millimetres: number).
#closed request_date, payer, requested.
#pred necessary(Case: case, Item: text) :: "{Item} is necessary".
#pred unstable(Case: case) :: "the segment is unstable".
#goal necessary(Case, Item) for requested(Case, Item) :: question "Is {Item} necessary?" :: met "approve".
necessary(Case, Item) :- requested(Case, Item), unstable(Case).
```

## Strict

Four millimetres are unstable.

```datalog
#reading "strict" unstable(Case) :: at "letter 1" :: evidence "S".
unstable(Case) :- slip(Case, Millimetres), Millimetres >= 4.
```

## Wide

Any slip is unstable.

```datalog
#reading "wide" unstable(Case) :: at "letter 2" :: evidence "S".
unstable(Case) :- slip(Case, _).
```
"""
SLIPPED = """\
---
case: slipped
---

# Slipped

```datalog
request_date(slipped, "2026-01-01").
payer(slipped, "nobody").
requested(slipped, fusion).
slip(slipped, 2).
```
"""


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_an_explanation_of_a_disputed_answer_says_how_each_reading_answers(form: str) -> None:
    own = library([document_of("two-readings.md", READINGS)], shipped=False)
    found = medproof.explain(own, document_of("slipped.md", SLIPPED), "necessary")
    page = exported(found, form, Options("reviewer", 100))
    assert isinstance(page, str)
    said = page.replace("\\", "")
    assert "The readings of the policy differ, and the answer with them:" in said
    assert "strict [S, letter 1]: refuted" in said
    assert "wide [S, letter 2]: approve" in said
    assert "The proof takes all readings together" in said


def letter_of(*policies: str, chart: str) -> str:
    own = library([document_of(f"policy-{number}.md", text) for number, text in enumerate(policies)], shipped=False)
    found = medproof.explain(own, document_of("chart.md", chart), "necessary")
    return " ".join(str(exported(found, "text", Options("member", 100))).split())


FOR_MEMBERS = READINGS.replace('"{Item} is necessary"', '"{Item} is necessary" :: member "the operation meets the rules"')
ON_SILENCE = FOR_MEMBERS.split("## Strict")[0].replace("unstable(Case).\n", "not slip(Case, _).\n")


def test_a_member_is_not_told_that_a_disputed_answer_was_found() -> None:
    said = letter_of(FOR_MEMBERS, chart=SLIPPED)
    assert "can be read in more than one way, and whether the operation meets the rules depends on how" in said
    assert "found" not in said


SIDED = """
#domain hand = left | right.
#pred unstable(Case: case, On: hand) :: "the segment is unstable on the {On}".
#pred both(Case: case) :: "both".
both(Case) :- unstable(Case, left), unstable(Case, right).
necessary(Case, Item) :- requested(Case, Item), PREMISE.
```

## Left

```datalog
#reading "to the left" unstable(Case, On) :: at "letter 1" :: evidence "S".
unstable(Case, left) :- slip(Case, _).
```

## Right

```datalog
#reading "to the right" unstable(Case, On) :: at "letter 2" :: evidence "S".
unstable(Case, right) :- slip(Case, _).
```
"""


@pytest.mark.parametrize(
    ("premise", "told", "verdict"),
    [("both(Case)", "could not yet see that", "refuted"), ("not both(Case)", "found that", "met")],
)
def test_what_only_all_readings_together_show_is_not_told_as_the_answer(premise: str, told: str, verdict: str) -> None:
    policy = (
        FOR_MEMBERS.split("#pred unstable")[0]
        + FOR_MEMBERS[FOR_MEMBERS.index("#goal") : FOR_MEMBERS.index("necessary(Case, Item) :-")]
    )
    policy += SIDED.replace("PREMISE", premise).removeprefix("\n")
    own = library([document_of("sided.md", policy)], shipped=False)
    found = medproof.explain(own, document_of("slipped.md", SLIPPED), "necessary")
    assert found.outcomes[0].verdict.value == verdict
    assert "The proof takes all readings together" in str(exported(found, "text", Options("reviewer", 200)))
    letter = " ".join(str(exported(found, "text", Options("member", 200))).split())
    assert f"{told} the operation meets the rules" in letter and "what we found" not in letter


def test_a_member_is_told_what_rests_on_silence() -> None:
    silent = SLIPPED.replace("slip(slipped, 2).\n", "")
    denied = SLIPPED.replace("slip(slipped, 2).", "-slip(slipped, _).")
    silent, denied = (letter_of(ON_SILENCE, chart=chart) for chart in (silent, denied))
    assert "found that the operation meets the rules" in silent and "found that the operation meets the rules" in denied
    assert "A record that we have not seen could change" in silent and "have not seen" not in denied


SMOKING = """\
---
id: smoking
kind: guideline
---

# Smoking

```datalog
#fact request_date(Case: case, On: date).
#fact requested(Case: case, Item: text).
#closed request_date, requested.
#fact pain(Case: case) :: "there is pain" :: member "you are in pain".
#fact fever(Case: case) :: "there is fever" :: member "you have a fever".
#fact smokes(Case: case) :: "the patient smokes" :: member "you smoke".
#pred fit(Case: case) :: "the patient is fit".
fit(Case) :- pain(Case), not smokes(Case).
#pred necessary(Case: case, Item: text) :: "{Item} is necessary" :: member "the operation meets the rules".
#goal necessary(Case, Item) for requested(Case, Item) :: question "Is {Item} necessary?".
necessary(Case, Item) :- requested(Case, Item), fit(Case), not fever(Case), pain(Case).
```
"""
SMOKER = '---\ncase: c\n---\n\n```datalog\nrequest_date(c, "2026-01-01").\nrequested(c, op).\n{}\n```\n'
EXCLUDED = "The rules ask that this is not so, and your records say that it is:"
NOT_RULED_OUT = "The rules ask that this is not so, and your records do not say enough to rule it out:"
NOT_YET = "The rules ask for this too, and your records do not show yet that it is so:"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ("pain(c). fever(c).", f"This is what we found: - You are in pain. {EXCLUDED} - You have a fever. A nurse"),
        ("pain(c). smokes(c).", f"This is what we found: - You are in pain. {EXCLUDED} - You smoke. A nurse"),
        ("-fever(c).", f"{NOT_YET} - You are in pain. A nurse"),
        ("fever(c).", f"{NOT_YET} - You are in pain. {EXCLUDED} - You have a fever. A nurse"),
    ],
)
def test_a_member_is_told_what_excludes_the_request_and_not_what_has_to_be_absent(facts: str, told: str) -> None:
    assert told in letter_of(SMOKING, chart=SMOKER.format(facts))


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ("pain(c). cough(c).", f"{NOT_RULED_OUT} - You have an untreated cough. A nurse"),
        ("pain(c). cough(c). -treated(c).", f"{EXCLUDED} - You have an untreated cough. A nurse"),
        ("pain(c). fever(c). cough(c).", f"{EXCLUDED} - You have a fever. {NOT_RULED_OUT} - You have an untreated cough."),
    ],
)
def test_a_member_is_told_every_exclusion_and_no_more_than_the_records_say_of_it(facts: str, told: str) -> None:
    more = "#fact cough(Case: case).\n#fact treated(Case: case).\n"
    more += '#pred coughs(Case: case) :: "untreated" :: member "you have an untreated cough".\n'
    more += "coughs(Case) :- cough(Case), not treated(Case).\n"
    policy = SMOKING.replace("#pred fit(", f"{more}#pred fit(").replace(
        "not fever(Case)", "not fever(Case), not coughs(Case)"
    )
    assert told in letter_of(policy, chart=SMOKER.format(facts))


def test_an_exclusion_that_applies_is_counted_coloured_and_given_its_reason() -> None:
    stated = (
        '#criterion "smoking.X1" fever(Case).\n#criterion "smoking.X2" smoking(Case).\n#criterion "smoking.A1" pain(Case).\n'
    )
    more = f'{stated}#pred smoking(Case: case) :: "somebody smokes".\nsmoking(Case) :- smokes(Case).\n#pred fit('
    text = SMOKING.replace("#pred fit(", more).replace("not fever(Case)", "not smoking(Case), not fever(Case)")
    own = library([document_of("policy.md", text)], shipped=False)
    page = str(exported(medproof.explain(own, document_of("c.md", SMOKER.format("fever(c). pain(c)."))), "html", Options()))
    assert "Of 1: 1 met, 0 not met, 0 without a record; and 1 exclusion applies" in page
    assert '<li class="status-refuted"><span class="status">✗ applies</span> <b>X1</b>' in page
    denied = document_of("c.md", SMOKER.format("fever(c). pain(c). -smokes(c)."))
    page = str(exported(medproof.explain(own, denied), "html", Options()))
    assert '<li class="status-met"><span class="status">✓ does not apply</span> <b>X2</b>' in page
    [found] = medproof.decide(own, denied)
    shown = determination_page(found).text
    assert "X1  there is fever" in shown[shown.index("Reasons") :]


OTHERS = "#fact visit(Case: case, Day: number).\n#fact bad(Case: case, Day: number).\n#fact tired(Case: case).\n#pred fit("


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ("cough(c). fever(c).", ["there is fever", "untreated"]),
        ("fever(c). visit(c, 1). bad(c, 2).", ["there is fever"]),
    ],
)
def test_what_has_to_be_absent_and_holds_is_a_miss_though_the_record_is_silent_beneath(facts: str, shown: list[str]) -> None:
    more = "#fact cough(Case: case).\n#fact treated(Case: case).\n" + OTHERS
    more = more.replace(
        "#pred fit(", '#pred coughs(Case: case) :: "untreated".\ncoughs(C) :- cough(C), not treated(C).\n#pred fit('
    )
    body = "tired(Case), visit(Case, Day), not bad(Case, Day), not fever(Case), not coughs(Case)"
    text = SMOKING.replace("#pred fit(", more).replace("fit(Case), not fever(Case), pain(Case)", body)
    own = library([document_of("policy.md", text)], shipped=False)
    found = medproof.explain(own, document_of("c.md", SMOKER.format(facts)), "necessary")
    graph = found.proof.graph
    edges = [(b, data["role"]) for _, b, data in graph.edges(data=True)]
    fails = [node for node, role in edges if role == "fails" and graph.nodes[node]["kind"] != "absence"]
    assert sorted(graph.nodes[node]["words"] for node in fails) == sorted(shown)


def test_a_member_is_told_that_the_reason_has_no_plain_words() -> None:
    unworded = SMOKING.replace(' :: member "you have a fever"', "")
    assert "We have no plain words for what is missing" in letter_of(unworded, chart=SMOKER.format("pain(c). fever(c)."))


def test_a_member_is_not_told_one_side_of_a_contradiction() -> None:
    one_reading = FOR_MEMBERS.split("## Wide")[0]
    said = letter_of(one_reading, chart=SLIPPED.replace("2).", "5).\n-slip(slipped, _)."))
    assert "Your records contradict themselves on whether the operation meets the rules" in said
    assert "found" not in said


def test_a_letter_about_several_items_says_which_is_which(base: medproof.Library) -> None:
    letter = str(exported(medproof.explain(base, medproof.open_case("two-levels")), "text", Options("member", 100)))
    upper, lower = letter.index("Upper discectomy:"), letter.index("Lower discectomy:")
    assert upper < letter.index("found that the operation") < lower < letter.index("could not yet see")


LACKING = """\
---
id: lacking
kind: guideline
---

# Three things

```datalog
#fact request_date(Case: case, On: date).
#fact payer(Case: case, Payer: text).
#fact requested(Case: case, Item: text).
#fact seen(Case: case, What: text, Source: text) :: "{What}, by {Source}" :: member "you have {What}".
#closed request_date, payer, requested.
#pred first(Case: case) :: "first" :: member "the first thing is so".
#pred second(Case: case) :: "second" :: member "the second thing is so".
#pred necessary(Case: case, Item: text) :: "{Item} is necessary" :: member "the rules are met".
#goal necessary(Case, Item) for requested(Case, Item) :: question "Is {Item} necessary?".
necessary(Case, Item) :- requested(Case, Item), first(Case), second(Case), seen(Case, pain, doctor).
first(Case) :- seen(Case, one, doctor).
second(Case) :- seen(Case, two, doctor).
```
"""
BY_PATIENT = SLIPPED.replace("fusion", "operation").replace("slip(slipped, 2)", "seen(slipped, pain, patient)")


def test_a_letter_names_all_that_lacks_and_all_that_was_found(base: medproof.Library) -> None:
    letter = str(exported(medproof.explain(base, medproof.open_case("two-levels")), "text", Options("member", 100)))
    lower = letter[letter.index("Lower discectomy:") :]
    found, lacking = lower[: lower.index("The rules ask for this too")], lower[lower.index("The rules ask for this too") :]
    for what in ("causes of your pain", "pinched nerve", "cannot wait", "daily activities"):
        assert what in found and what not in lacking
    assert "it is not so, or not in the way" in lacking and "A scan shows what presses on the nerve." in lacking
    assert "Your doctor asks for an operation" not in letter
    said = letter_of(LACKING, chart=BY_PATIENT)
    lacking = said[said.index("The rules ask for this too") :]
    assert "The first thing is so." in lacking and "The second thing is so." in lacking
    assert "You have pain (your records say so, and not in the way that the rules ask for)." in lacking


def test_a_letter_says_when_what_was_asked_has_no_words_for_a_member(base: medproof.Library) -> None:
    found = medproof.explain(base, medproof.open_case("reference"), "fusion_indicated")
    assert "What was asked has no words for a member." in str(exported(found, "text", Options("member", 100)))


def test_the_reference_hinges_on_four_facts_and_a_pair(base: medproof.Library) -> None:
    [hinged] = medproof.hinges(base, medproof.open_case("reference"), "medically_necessary")
    assert {(hinge_words(hinged.models, each), len(each.facts), each.after.value) for each in hinged.hinges} == {
        ("other sources of pain and deficit were excluded (reviewer statement, 2025-11-13)", 1, "undocumented"),
        (
            "the deficit (extremity weakness, left) is called progressive, pace: [pace] (reviewer statement, 2025-11-13)",
            1,
            "undocumented",
        ),
        ("the patient is unable to function (clinician statement, 2025-11-13)", 1, "undocumented"),
        ("mri of 2025-11-13 shows compression of the left S1 root at L5-S1", 1, "undocumented"),
        (
            "strength of the left gastrocnemius was 4/5 on 2025-11-13 (examination), and "
            "pain radiates into the left leg (examination, 2025-11-13)",
            2,
            "undocumented",
        ),
    }


def test_a_silence_is_a_hinge_by_its_opposite(base: medproof.Library) -> None:
    """The published determination counts on the record's silence about reasons to fuse."""
    [hinged] = medproof.hinges(base, medproof.open_case("reference"), "determination_supports")
    silences = {hinge_words(hinged.models, each) for each in hinged.hinges if each.opposite is not None}
    assert any("segmental instability at L5-S1" in each for each in silences)
    assert any("spondylolisthesis at L5-S1" in each for each in silences)
    for each in (each for each in hinged.hinges if each.opposite is not None):
        again = hinged.models.again(wanted_for(hinged.models.program, [hinged.goal[0]]), each.example)
        assert outcome(again, hinged.goal).verdict is each.after


def test_asks_say_what_is_needed_of_a_value(base: medproof.Library) -> None:
    [found] = medproof.missing(base, medproof.open_case("reference"), "medically_necessary", "bcbs-sc")
    shown = [ask_words(found.models.program, each.ask) for each in found.remedies]
    assert (
        shown[0]
        == "strength of the left [hamstrings or peroneals] was [at most 2]/5 on [no earlier than 2025-11-10] (examination)"
    )
    assert "from [start: no earlier than" in shown[1] and "so that (end − start) + 1 is at least 42" in shown[1]
    kinds = {fact.row[1] for fact in found.remedies[1].example}
    assert len(kinds) >= 2, "care of two kinds"


@pytest.mark.parametrize("path", charts("facts/cases"), ids=lambda path: path.stem)
def test_what_is_said_to_be_missing_makes_the_goal_met_when_it_is_told(path: Path, base: medproof.Library) -> None:
    document = read(path)
    for payer in base.payers:
        [determination] = medproof.decide(base, document, payer)
        for answer in determination.answers:
            goal = answer.question.relation, answer.question.row
            for remedy in remedies(determination.models, *goal) if answer.verdict.value == "undocumented" else ():
                found = determination.models
                told = found.again(wanted_for(found.program, [goal[0]]), remedy.example)
                assert outcome(told, goal).verdict.value == "met", ask_words(determination.models.program, remedy.ask)


LIMITS = """\
---
id: limits
kind: guideline
version: 1
source: made up
---

# Good

```datalog
#fact asked(Case: case, Item: text).
#closed asked.
#domain scale = a | b.
#fact score(Case: case, Scale: scale, Points: number) :: "the score on {Scale} is {Points}".
#about score(Case, Scale).
#pred limit(Scale: scale, Most: number).
limit(a, 50). limit(b, 3).
#pred good(Case: case, Item: text).
#goal good(Case, Item) for asked(Case, Item).
good(Case, Item) :- asked(Case, Item), score(Case, Scale, Points), limit(Scale, Most), Points < Most.
```
"""


def test_values_with_limits_of_their_own_are_not_asked_for_as_one() -> None:
    own = library([document_of("limits.md", LIMITS)], shipped=False)
    chart = document_of("c.md", "---\ncase: c\n---\n\n```datalog\nasked(c, op).\n```\n")
    [missing] = medproof.missing(own, chart, "good", on=date(2026, 1, 1))
    program = missing.models.program
    assert [ask_words(program, remedy.ask) for remedy in missing.remedies] == ["the score on a is [below 50]"]


@pytest.mark.parametrize("name", ["practice/p09-fusion-extension-nicotine.md", "opposite-sides.md"])
def test_each_value_that_is_said_to_do_does(base: medproof.Library, name: str) -> None:
    """Also of sets with several such places, of which one may not go with what stands in another."""
    found = medproof.missing(base, read(Path(__file__).parent / "charts" / name), "medically_necessary")
    named = [(missing, remedy) for missing in found for remedy in missing.remedies]
    assert named
    for missing, remedy in named:
        for relation, row in remedy.ask.wanted:
            for position, term in enumerate(row):
                for value in term.values if isinstance(term, OneOf) else ():
                    told = (relation, (*row[:position], value, *row[position + 1 :]))
                    ask = Ask(0, (remedy.ask.wanted - {(relation, row)}) | {told}, remedy.ask.needs)
                    does = partial(establishes, missing)
                    assert tried(missing.models, missing.goal[1], ask, does, each_value=False), (value, remedy.ask)


def establishes(missing: medproof.Missing, facts: tuple[Fact, ...]) -> bool:
    again = missing.models.again(wanted_for(missing.models.program, [missing.goal[0]]), facts)
    return outcome(again, missing.goal).verdict.value == "met"


def test_where_the_cheapest_sets_are_not_enough_what_the_criteria_ask_for_is_tried(base: medproof.Library) -> None:
    """Any slip would show instability by one reading of four; destruction, or a failed fusion, is enough by all.

    So is what all four ask for together, each comparison said once.
    """
    document = read(Path(__file__).parent / "charts" / "fusion-without-instability.md")
    [missing] = medproof.missing(base, document, "medically_necessary", limit=10)
    asked = [{relation for relation, _ in remedy.ask.wanted} for remedy in missing.remedies]
    assert {"structural_destruction", "hardware_failure", "pseudarthrosis"} <= set().union(*asked)
    together = asked.index({"listhesis", "translation"})
    said = ask_words(missing.models.program, missing.remedies[together].ask)
    assert "grade [at least II], and flexion-extension films of [date] show [at least 4] mm of translation" in said
    text = str(determination_page(medproof.decide(base, document)[0]))
    assert "Ask for any one of these:" in text.partition("\nIs fusion indicated")[0]


FEW_FACTS = """---
case: few
title: few
---

```datalog
payer(few, "aetna").
request_date(few, "2026-03-23").
requested(few, operation, "22614", "L4-5", right).
planned_operation(few, "2026-05-13").
-stenosis(few, _, _, _, _, _, _).
activities_limited(few, patient_report, "2026-03-16").
angulation(few, "L4-5", 25.4, "2025-12-31").
radicular_pain(few, right, therapy_notes, "2025-09-06").
```
"""


def test_a_value_that_cannot_be_is_not_sought_with_every_other(base: medproof.Library) -> None:
    """Of eight values to be told, two that no day can be would be tried with each of the others: it took hours."""
    [missing] = medproof.missing(base, document_of("few.md", FEW_FACTS), "medically_necessary")
    assert missing.remedies


def test_what_no_document_speaks_to_is_unaddressed_everywhere(base: medproof.Library) -> None:
    document = medproof.open_case("elective")
    [missing] = medproof.missing(base, document, "medically_necessary", "medicare")
    [hinged] = medproof.hinges(base, document, "medically_necessary", "medicare")
    [explained] = medproof.explain(base, document, "medically_necessary", "medicare").outcomes
    assert {missing.outcome.verdict, hinged.outcome.verdict, explained.verdict} == {medproof.Verdict.UNADDRESSED}
    assert missing.remedies == ()


def test_every_fact_that_a_refusal_rests_on_is_a_hinge(base: medproof.Library) -> None:
    """Each muscle of the level whose strength is documented keeps the waiver away by itself."""
    [hinged] = medproof.hinges(base, medproof.open_case("two-weeks"), "severe_weakness")
    assert {each.facts[0][1][1] for each in hinged.hinges} == {
        "extensor_hallucis_longus", "gluteus_medius", "peroneals", "tibialis_anterior", "hamstrings", "gastrocnemius",
    }  # fmt: skip


def test_what_is_missing_is_a_hinge_of_what_is_open(base: medproof.Library) -> None:
    [hinged] = medproof.hinges(base, medproof.open_case("silent-on-imaging"), "A3")
    assert {each.after.value for each in hinged.hinges if each.opposite is not None} == {"met"}


def test_a_patients_word_leaves_open_what_a_clinician_would_say(base: medproof.Library) -> None:
    text = (CHARTS[0].parent / "unstated.md").read_text(encoding="utf-8")
    told = text.replace("## What follows", PATIENT_SAYS)
    [determination] = medproof.decide(base, document_of("unstated.md", told))
    assert determination.answers[0].verdict is medproof.Verdict.UNDOCUMENTED


PATIENT_SAYS = """## The patient says

The patient reports incontinence.

```datalog
cauda_equina(unstated, patient_report, ?).
progressive_deficit(unstated, extremity_weakness, left, ?, patient_report, ?).
other_sources_excluded(unstated, patient_report, ?).
```

## What follows"""


def test_nothing_is_missing_of_what_holds_and_nothing_helps_what_is_refuted(base: medproof.Library) -> None:
    [held] = medproof.missing(base, medproof.open_case("reference"), "A4")
    [refuted] = medproof.missing(base, medproof.open_case("two-weeks"), "A4")
    assert (held.outcome.verdict.value, held.remedies) == ("met", ())
    assert (refuted.outcome.verdict.value, refuted.remedies) == ("refuted", ())


def test_what_if_shows_the_answers_before_and_after_and_the_instances_between(base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    found = medproof.what_if(base, document, retract=["progressive_deficit(_, _, _, _, _, _)"])
    changed = {
        before.question.relation: (before.verdict.value, after.verdict.value)
        for before, after in found.answers
        if before is not None and after is not None and before.verdict is not after.verdict
    }
    assert changed == {
        "medically_necessary": ("met", "undocumented"),
        "determination_supports": ("met", "undocumented"),
    }
    lost = {each.concludes for each in found.instances if not each.gained}
    assert "weakness on the side of revision discectomy is progressive" in lost
    assert not any(each.gained for each in found.instances)
    weaker = 'motor_strength(reference, hamstrings, left, "3", examination, "2025-11-13")'
    found = medproof.what_if(base, document, [weaker], ["progressive_deficit(_, _, _, _, _, _)"])
    assert found.after.answers[0].verdict is medproof.Verdict.MET
    assert [fact.row[1] for fact in found.assumed] == ["hamstrings"]


def test_mistakes_in_what_is_assumed_or_retracted_are_told(base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    with pytest.raises(medproof.DocumentErrors, match="`lft` is not a value of `side`"):
        medproof.what_if(base, document, ["straight_leg_raise(reference, lft, positive, ?)"])
    with pytest.raises(medproof.CaseProblem, match="does not state"):
        medproof.what_if(base, document, retract=["myelopathy(_, _, _)"])


GOALS = {
    "medically_neccessary": "nothing declares `medically_neccessary`",
    "medically_necessary(Case)": "`medically_necessary` has 2 arguments, not 1",
    'medically_necessary("other", Item)': "this asks about the case `other`, and the case here is `reference`",
    "severe_pain(C, S, D), severe_pain(C, S, D)": "one atom is explained at a time",
    "not severe_pain(reference, _, _)": "one atom is explained at a time",
    "motor_strength(C, M, lft, G, S, D)": "`lft` is not a value of `side`",
}


@pytest.mark.parametrize("goal", GOALS)
def test_a_goal_that_cannot_be_explained_gets_a_message_with_its_place(goal: str, base: medproof.Library) -> None:
    with pytest.raises(medproof.BadGoal) as caught:
        medproof.explain(base, medproof.open_case("reference"), goal)
    assert GOALS[goal] in str(caught.value)


def test_a_goal_may_be_a_criterion_a_predicate_or_an_atom(base: medproof.Library) -> None:
    document = medproof.open_case("two-levels")
    by_label = medproof.explain(base, document, "A4").proof.asked
    assert [words(medproof.program(base, "aetna"), each.relation, each.pattern) for each in by_label] == [
        "conservative therapy has failed, or is waived, for upper discectomy",
        "conservative therapy has failed, or is waived, for lower discectomy",
    ]
    assert len(medproof.explain(base, document, "cpb0743.lumbar-lami.A4").proof.asked) == 2
    assert len(medproof.explain(base, document, "medically_necessary").proof.asked) == 2
    [one] = medproof.explain(base, document, 'medically_necessary(Case, "upper discectomy")').proof.asked
    assert one.pattern == ("two-levels", "upper discectomy")


def test_a_graph_that_would_grow_too_large_is_cut_and_says_so(base: medproof.Library) -> None:
    document = medproof.open_case("reference")
    found = medproof.explain(base, document, limit=30)
    assert found.proof.cut > 0
    assert "Cut: " in str(exported(found, "text", Options()))
    medproof.verify(base, found.proof.graph, document)


def test_where_a_request_leaves_a_value_open_what_holds_for_some_value_is_shown(tmp_path: Path) -> None:
    front = "id: small\ntitle: Small\nkind: payer-policy\npayer: x\nversion: 1\neffective: 2020-01-01\nsource: drawn"
    rules = (
        '#pred level_ok(Case: case, Level: level) :: "{Level} is fine" :: member "the level is fine".\n'
        "level_ok(Case, Level) :- herniation(Case, Level, _, _, _, _, _).\n"
        "#goal level_ok(Case, Level) for requested(Case, op, _, Level, _).\n"
    )
    (tmp_path / "small.md").write_text(f"---\n{front}\n---\n\n# Rules\n\n```datalog\n{rules}```\n", encoding="utf-8")
    facts = (
        'payer(kk, x).\nrequest_date(kk, "2026-02-01").\nrequested(kk, op, "63030", ?, left).\n'
        'herniation(kk, "L4-5", left, paracentral, extrusion, mri, "2026-01-01").\n'
    )
    chart = document_of("c.md", f"---\ncase: kk\ntitle: Open\n---\n\n```datalog\n{facts}```\n")
    base = medproof.load(tmp_path)
    for goal in (None, "level_ok", "level_ok(kk, L)"):
        found = medproof.explain(base, chart, goal)
        asked = found.proof.asked[-1]
        [root] = asked.roots
        assert found.proof.graph.nodes[root]["atom"] == 'level_ok(kk, "L4-5")'
        assert found.outcomes[-1].verdict is medproof.Verdict.UNDOCUMENTED
        assert any("leaves a value open" in note for note in found.notes)
        medproof.verify(base, found.proof.graph, chart)
        page = str(exported(found, "html", Options()))
        assert ">undocumented<" in page and ">met<" not in page
        letter = str(exported(found, "text", Options("member")))
        assert "does not say which level is meant" in letter and "found that the level is fine" not in letter


def discectomy(facts: str) -> Document:
    """The chart of a request for a discectomy that states some facts."""
    request = 'request_date(c, "2026-01-10"). requested(c, op, "63030", "L4-5", left).'
    return document_of("chart.md", f"---\ncase: c\n---\n```datalog\n{request}\n{facts}\n```\n")


def test_a_licensed_result_is_told_and_is_a_hinge(base: medproof.Library) -> None:
    """It is told whole, as the request is, and is none of the request."""
    chart = discectomy('requested_setting(c, inpatient). mcg_result(c, "M-63", met, "2026-01-08").')
    [hinged] = medproof.hinges(base, chart, "inpatient_supported", "aetna")
    assert [facts for each in hinged.hinges for facts in each.facts] == [
        ("mcg_result", ("c", "M-63", "met", date(2026, 1, 8)))
    ]
    [determination] = medproof.decide(base, chart, "aetna")
    assert "a licensed reviewer found MCG M-63 met (2026-01-08)" in determination_page(determination, 120).text


def test_no_set_that_is_asked_for_contains_another(base: medproof.Library) -> None:
    chart = discectomy('root_compression(c, "L4-5", "L5", left, mri, "2025-12-20").')
    [found] = medproof.missing(base, chart, "A3", "aetna")
    sets = [each.ask.facts for each in found.remedies]
    assert len(sets) > 1
    assert not any(one < other for one in sets for other in sets)


SURE_SIDES = """\
---
case: c
---

```datalog
payer(c, "medicare").
request_date(c, "2026-03-20").
requested(c, op, "63030", "L4-5", {side}).
herniation(c, "L4-5", {side}, paracentral, extrusion, mri, "2026-02-27").
chronic_axial_pain(c, clinician_statement, "2026-03-16").
```
"""


def test_what_may_overturn_an_answer_is_the_same_on_either_side(base: medproof.Library) -> None:
    """An operation there since the herniation was seen: of whichever laterality, it is tried."""
    found = {}
    for side in ("left", "right"):
        [determination] = medproof.decide(base, document_of("c.md", SURE_SIDES.format(side=side)))
        [fusion] = [each for each in determination.answers if each.question.relation == "fusion_indicated"]
        assert fusion.verdict is medproof.Verdict.MET
        found[side] = [ask_words(determination.models.program, each) for each in fusion.silences]
    assert found["left"] == found["right"] and any("procedure [63030" in each for each in found["left"]), found


FENCE = "```\n"
GATED = """\
---
id: gated
kind: guideline
---

# A gate that a word may close, and another word open

```datalog
#domain source = patient | physician.
#fact request_date(Case: case, On: date).
#fact payer(Case: case, Payer: text).
#fact requested(Case: case, Item: text).
#fact free_since(Case: case, Since: date) :: "free of it since {Since}".
#fact never_used(Case: case, By: source) :: "never used, says the {By}".
#about never_used(Case).
#fact relieved(Case: case, By: source, On: date) :: "relief on {On}, says the {By}".
#about relieved(Case, By).
#fact treated(Case: case, Until: date) :: "treated until {Until}".
#closed request_date, payer, requested, free_since, treated.
#pred open_gate(Case: case, Item: text) :: "the gate is open for {Item}".
#pred used(Case: case) :: "it was used".
#pred relieved_since(Case: case) :: "there was relief after a treatment".
#goal open_gate(Case, Item) for requested(Case, Item) :: question "Is the gate open for {Item}?".
open_gate(Case, Item) :- requested(Case, Item), not used(Case), not relieved_since(Case).
used(Case) :- free_since(Case, _), not never(Case).
#pred never(Case: case) :: "it was never used".
never(Case) :- never_used(Case, physician).
relieved_since(Case) :- treated(Case, Until), relieved(Case, _, On), On >= Until.
```
"""


def gated(*facts: str) -> medproof.Determination:
    own = library([document_of("gated.md", GATED)], shipped=False)
    stated = "\n".join(('payer(c, "x").', 'request_date(c, "2026-03-01").', "requested(c, op).", *facts))
    [found] = medproof.decide(own, document_of("c.md", f"---\ncase: c\n---\n\n```datalog\n{stated}\n```\n"))
    return found


def test_what_closes_a_gate_now_is_asked_to_be_undone() -> None:
    found = gated('free_since(c, "2026-02-20").', 'treated(c, "2026-02-01").')
    [answer] = found.answers
    assert answer.verdict is medproof.Verdict.UNDOCUMENTED
    assert [ask_words(found.models.program, each) for each in answer.asks] == ["never used, says the physician"]


def test_relief_before_a_treatment_hides_no_relief_since() -> None:
    """A comparison that is false for what is told asks for nothing, and is no empty set that holds all others."""
    found = gated('treated(c, "2026-02-01").', 'relieved(c, patient, "2026-01-10").')
    [answer] = found.answers
    assert answer.verdict is medproof.Verdict.MET and not answer.certain
    [silence] = [ask_words(found.models.program, each) for each in answer.silences]
    assert silence == "relief on [no earlier than 2026-02-01], says the [by]"


def test_what_a_cycle_holds_up_is_undone_where_it_begins() -> None:
    """Of two that conclude each other, what both come from is asked away."""
    cycle = '#pred smoked(Case: case) :: "it was smoked".\nsmoked(Case) :- used(Case).\nused(Case) :- smoked(Case).\n```\n'
    own = library([document_of("gated.md", f"{GATED.removesuffix(FENCE)}{cycle}")], shipped=False)
    stated = ('payer(c, "x").', 'request_date(c, "2026-03-01").', "requested(c, op).", 'free_since(c, "2026-02-20").')
    chart = "\n".join((*stated, "-relieved(c, _, _)."))
    [found] = medproof.decide(own, document_of("c.md", f"---\ncase: c\n---\n\n```datalog\n{chart}\n```\n"))
    [answer] = found.answers
    assert [ask_words(found.models.program, each) for each in answer.asks] == ["never used, says the physician"]


def test_what_led_nowhere_is_not_searched_again_from_everywhere(
    base: medproof.Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of many episodes of care ends before what helped: a search that forgot this would take hours."""
    searched: list[object] = []
    look = Search._looked_for

    def counted(search: Search, key: Wanted) -> list[Ask]:
        searched.append(key)
        return look(search, key)

    monkeypatch.setattr(Search, "_looked_for", counted)
    episodes = [
        f'therapy(c, physical_therapy, in_person, "2025-0{month}-01", "2025-0{month + 1}-15", failed, therapy_notes).'
        for month in range(1, 9)
    ]
    later = 'therapy(c, nsaid, prescribed, "2025-05-01", "2026-02-10", improved, clinician_statement).'
    told = SURE_SIDES.format(side="left").replace("medicare", "bcbs-sc")
    medproof.decide(base, document_of("c.md", told.replace("chronic_axial", "\n".join((*episodes, later, "chronic_axial")))))
    assert 0 < len(searched) < 20_000
