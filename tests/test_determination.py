"""What `decide` says beyond the verdicts of atoms: readings, addresses, hinges, silences, what to ask for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import medproof
from explain.asking import ask_words
from explain.denials import words_against
from explain.determination import Answer
from explain.export.text import determination_page
from explain.formats import Options, exported
from explain.proofs import cheapest_proof
from explain.verdicts import Verdict
from explain.wording import atom_text
from kb.compiled import Compiled
from kb.engines import engine
from kb.language.documents import read
from kb.library import library
from kb.models import models
from tests.support import facts, program

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def base() -> medproof.Library:
    return medproof.load()


def answer(base: medproof.Library, name: str, payer: str | None = None, number: int = 0) -> Answer:
    [determination] = medproof.decide(base, medproof.open_case(name), payer)
    return determination.answers[number]


def asks(base: medproof.Library, name: str, payer: str | None = None) -> dict[str, list[list[str]]]:
    """For each undocumented criterion, the sets of facts to ask for."""
    [determination] = medproof.decide(base, medproof.open_case(name), payer)
    program = determination.models.program
    return {
        each.criterion.label: [sorted(atom_text(program, *fact) for fact in ask.facts) for ask in each.asks]
        for each in determination.answers[0].criteria
        if each.asks
    }


def changed(name: str, old: str, new: str) -> str:
    text = (ROOT / "facts" / "cases" / f"{name}.md").read_text(encoding="utf-8")
    assert old in text
    return text.replace(old, new)


def test_readings_that_differ_are_said_and_no_verdict_is_given(base: medproof.Library) -> None:
    # 3.5 mm lie between two of the thresholds that are read into the bulletin.
    text = changed("unstable", 'translation(unstable, "L5-S1", 6', 'translation(unstable, "L5-S1", 3.5')
    for fact in ("angulation", "listhesis", "instability_reported"):
        text = "\n".join(line for line in text.split("\n") if not line.startswith(f"{fact}("))
    denial = '-listhesis(unstable, "L5-S1", _, _, _, _).\nmotor_strength(unstable, gastrocnemius'
    text = text.replace("motor_strength(unstable, gastrocnemius", denial, 1)
    [determination] = medproof.decide(base, read("chart.md", text))
    fusion = next(each for each in determination.answers if each.question.row[1] == "fusion")
    assert fusion.verdict is medproof.Verdict.DISPUTED
    met = [each.readings[0].name for each in fusion.readings if each.verdict is medproof.Verdict.MET]
    assert met == ["over 3 mm or over 10 degrees"]


def test_readings_that_agree_give_the_answer(base: medproof.Library) -> None:
    found = answer(base, "unstable", number=1)
    assert found.verdict is medproof.Verdict.MET
    assert {each.verdict for each in found.readings} == {medproof.Verdict.MET}
    assert len(found.readings) == 4


def test_what_no_rule_of_a_payer_speaks_to_is_not_refused(base: medproof.Library) -> None:
    assert answer(base, "reference", "medicare").verdict is medproof.Verdict.UNADDRESSED


def test_the_reference_hinges_on_two_statements_and_fusion_on_silence(base: medproof.Library) -> None:
    necessity = answer(base, "reference")
    assert [fact.relation for fact in necessity.statements] == ["other_sources_excluded", "progressive_deficit"]
    assert necessity.certain
    [determination] = medproof.decide(base, medproof.open_case("reference"))
    article = determination.answers[-1]
    assert not article.certain
    assert {relation for ask in article.silences for relation, _ in ask.facts} == {
        "chronic_axial_pain", "degenerative_disc", "instability_reported", "listhesis", "severe_degeneration",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ('mri, "2026-02-27")', 'mri, "2025-03-19")', []),
        ('mri, "2026-02-27")', 'mri, "2025-03-18")', ["root_compression"]),
        ('mri, "2026-02-27")', 'mri, "2022-02-27").\nroot_compression(elective, "L4-5", "L5", left, ct, "2026-02-20")', []),
        ('limited(elective, clinician_statement, "2026', 'limited(elective, examination, "2020', ["activities_limited"]),
    ],
)  # fmt: skip
def test_an_answer_says_which_findings_of_over_a_year_ago_it_hinges_on(
    line: str, instead: str, told: list[str], base: medproof.Library
) -> None:
    chart = read("chart.md", changed("elective", line, instead))
    [found] = medproof.decide(base, chart)
    necessity = found.answers[0]
    assert necessity.verdict is medproof.Verdict.MET
    assert [fact.relation for fact in necessity.aged] == told
    for shown in (determination_page(found).text, str(exported(medproof.explain(base, chart), "markdown", Options()))):
        assert ("(on findings of over a year ago)" in " ".join(shown.split())) is bool(told)


def test_an_operation_is_no_finding_of_long_ago(base: medproof.Library) -> None:
    necessity = answer(base, "unstable")
    assert necessity.proof is not None and necessity.aged == ()
    assert "prior_operation" in {node.relation for node in necessity.proof.walk()}


def test_a_statement_made_twice_is_still_a_statement(base: medproof.Library) -> None:
    line = 'other_sources_excluded(reference, reviewer_statement, "2025-11-13").'
    text = changed("reference", line, f"{line}\n{line.replace('11-13', '11-12')}")
    [determination] = medproof.decide(base, read("chart.md", text))
    assert "other_sources_excluded" in {fact.relation for fact in determination.answers[0].statements}


def test_without_statements_the_answer_asks_for_them(base: medproof.Library) -> None:
    found = asks(base, "unstated")
    assert list(found) == ["A1", "A4"]
    [[first]] = found["A1"]
    assert first.startswith("other_sources_excluded(unstated, ")
    assert any("progressive_deficit" in fact for ask in found["A4"] for fact in ask)


def test_only_imaging_is_asked_for_when_only_imaging_is_missing(base: medproof.Library) -> None:
    found = asks(base, "silent-on-imaging")
    assert list(found) == ["A3"]
    assert {fact.split("(")[0] for ask in found["A3"] for fact in ask} <= {"stenosis", "root_compression", "myelopathy"}


def test_a_long_chain_is_proved_and_what_is_shared_is_proved_once() -> None:
    """Depth beyond Python's recursion limit, and a proof whose tree would double with each step."""
    steps = 1100
    source = "#fact base(Case: case).\n#pred p0(Case: case).\n#pred q0(Case: case).\np0(C) :- base(C).\nq0(C) :- base(C).\n"
    for n in range(1, steps):
        source += f"#pred p{n}(Case: case).\n#pred q{n}(Case: case).\n"
        source += f"p{n}(C) :- p{n - 1}(C), q{n - 1}(C).\nq{n}(C) :- p{n - 1}(C), q{n - 1}(C).\n"
    of = program(source)
    found = models(Compiled(of), facts("base(x).", of), "x", engine(), [f"p{steps - 1}"])
    proof = cheapest_proof(found, f"p{steps - 1}", ("x",))
    assert proof is not None
    assert sum(node.kind == "conclusion" for node in proof.walk()) == 2 * steps - 1


@pytest.mark.parametrize(
    ("on", "document"),
    [
        ("2017-05-04", "aetna-cpb-0743@2016-11"),
        ("2017-09-22", "aetna-cpb-0743@2016-11"),
        ("2025-10-01", "aetna-cpb-0743@2026-01"),
    ],
)
def test_of_several_versions_the_one_in_force_on_the_day_decides_and_the_answer_says_which(
    base: medproof.Library, on: str, document: str
) -> None:
    [found] = medproof.decide(base, medproof.open_case("reference"), on=date.fromisoformat(on))
    assert [each.full_id for each in found.answers[0].documents] == [document]
    assert f"By {document} (in force from" in " ".join(determination_page(found).text.split())


def test_a_day_outside_every_version_is_said_with_the_days_of_each(base: medproof.Library) -> None:
    [found] = medproof.decide(base, medproof.open_case("reference"), on=date(2020, 1, 1))
    assert found.answers[0].verdict is medproof.Verdict.UNADDRESSED
    assert any("2016-11-01 until 2017-09-23" in note and "from 2025-10-01" in note for note in found.notes)


WITHIN = """\
---
id: within
kind: guideline
---

# A silence within a silence

```datalog
#fact request_date(Case: case, On: date).
#fact payer(Case: case, Payer: text).
#fact requested(Case: case, Item: text).
#fact other(Case: case) :: "there is another".
#fact size(Case: case, Size: number) :: "its size is {Size}".
#closed request_date, payer, requested.
#pred necessary(Case: case, Item: text) :: "{Item} is necessary".
#pred odd(Case: case) :: "it is odd".
#pred told(Case: case) :: "it is told".
#goal necessary(Case, Item) for requested(Case, Item) :: question "Is {Item} necessary?".
necessary(Case, Item) :- requested(Case, Item), not odd(Case).
odd(Case) :- requested(Case, _), not told(Case).
odd(Case) :- size(Case, Size), Size * Size = 7.29.
told(Case) :- requested(Case, _), not other(Case).
```
"""


@pytest.mark.parametrize(("more", "named"), [("", ["there is another"]), ("-other(c).", [])])
def test_where_no_silence_can_be_named_that_is_said(more: str, named: list[str]) -> None:
    """What a `not` beneath a `not` is silent on is named; a number that nobody tries is not."""
    facts = f'payer(c, "x").\nrequest_date(c, "2026-01-01").\nrequested(c, op).\n{more}\n'
    own = library([read("within.md", WITHIN)], shipped=False)
    [found] = medproof.decide(own, read("c.md", f"---\ncase: c\n---\n\n```datalog\n{facts}```\n"))
    [asked] = found.answers
    assert asked.verdict is medproof.Verdict.MET and not asked.certain
    assert [ask_words(found.models.program, each) for each in asked.silences] == named
    said = " ".join(determination_page(found).text.split())
    assert ("Nothing that was tried overturns it by itself" in said) == (not named)


def test_each_value_that_would_do_is_named(base: medproof.Library) -> None:
    chart = """\
---
case: c
---

```datalog
payer(c, "medicare").
request_date(c, "2026-03-20").
requested(c, op, "22612", "L4-5", left).
instability_reported(c, "L4-5", ?, imaging_report, "2026-02-20").
```
"""
    [asked] = medproof.missing(base, read("c.md", chart), "medically_necessary")
    assert any("cause: [any instability cause]" in ask_words(asked.models.program, each.ask) for each in asked.remedies)


@pytest.mark.parametrize(
    ("setting", "is_asked", "is_open"), [("?", False, True), ("inpatient", True, False), ("outpatient", False, False)]
)
def test_a_question_that_a_request_leaves_open_is_told(
    setting: str, is_asked: bool, is_open: bool, base: medproof.Library
) -> None:
    request = f'payer(c, "aetna").\nrequest_date(c, "2026-03-20").\nrequested_setting(c, {setting}).\n'
    [found] = medproof.decide(base, read("c.md", f"---\ncase: c\n---\n\n```datalog\n{request}```\n"))
    assert any(answer.question.relation == "inpatient_supported" for answer in found.answers) is is_asked
    assert any("the request may also ask: Is inpatient care supported?" in note for note in found.notes) is is_open


@pytest.mark.parametrize(
    ("stated", "note"),
    [
        ('therapy(c, physical_therapy, in_person, "2026-03-01", "2026-01-01", failed, therapy_notes).', "though no answer"),
        ("requested_setting(c, inpatient). requested_setting(c, outpatient).", "What is asked below follows from it"),
    ],
)
def test_a_contradiction_that_no_answer_depends_on_is_told(stated: str, note: str, base: medproof.Library) -> None:
    chart = f"""\
---
case: c
---

```datalog
payer(c, "aetna").
request_date(c, "2026-03-20").
requested(c, op, "63030", "L4-5", left).
{stated}
```
"""
    [found] = medproof.decide(base, read("c.md", chart))
    assert not any(each.contradictions for each in found.answers)
    assert any(note in each for each in found.notes)


def test_a_contradiction_that_an_answer_tells_is_not_told_twice(base: medproof.Library) -> None:
    [grades] = medproof.decide(base, medproof.open_case("two-grades-one-day"))
    assert any(each.contradictions for each in grades.answers) and not any("contradicts" in note for note in grades.notes)


def test_a_finding_that_somebody_else_denies_is_told_beside_the_answer(base: medproof.Library) -> None:
    said = 'instability_reported(c, "L4-5", degeneration, clinician_statement, "2025-08-01").'
    for denial, is_told in (
        ('-instability_reported(c, "L4-5", _, imaging_report, _).', True),
        ('-instability_reported(c, "L3-4", _, imaging_report, _).', False),
    ):
        chart = read(
            "chart.md",
            f"""---
case: c
---
```datalog
request_date(c, "2025-10-01").
requested(c, op, "22633", "L4-5", left).
{said}
{denial}
```
""",
        )
        [found] = medproof.decide(base, chart, "medicare")
        assert found.answers[0].verdict is Verdict.MET
        assert [fact.relation for fact in found.answers[0].denials] == ["-instability_reported"] * is_told
        assert ("instability at L4-5 is excluded (" in " ".join(determination_page(found).text.split())) == is_told
        proof = medproof.explain(base, chart, "medically_necessary", "medicare")
        for form in ("text", "markdown", "html"):
            assert ("instability at L4-5 is excluded" in str(exported(proof, form, Options()))) == is_told


OPERATED = """\
---
case: c
---

```datalog
payer(c, "{payer}").
request_date(c, "2026-03-20").
requested(c, op, "63030", "L4-5", left).
radicular_pain(c, left, examination, "2026-03-16").
herniation(c, "L4-5", left, paracentral, extrusion, mri, "2026-02-27").
sensory_loss(c, "L5", left, examination, "2026-03-16").
activities_limited(c, clinician_statement, "2026-03-16").
other_sources_excluded(c, clinician_statement, "2026-03-16").
therapy(c, physical_therapy, in_person, "2026-01-20", "2026-03-15", failed, therapy_notes).
{more}
```
"""


def test_what_was_counted_by_somebodys_word_is_told(base: medproof.Library) -> None:
    """A sum over two episodes is not what it was without one of them."""
    for source, told in (("reviewer_statement", ["therapy"]), ("clinician_statement", [])):
        nsaid = f'therapy(c, nsaid, prescribed, "2026-01-20", "2026-03-15", failed, {source}).'
        [found] = medproof.decide(base, read("c.md", OPERATED.format(payer="bcbs-sc", more=nsaid)))
        assert found.answers[0].verdict is medproof.Verdict.MET
        assert [fact.relation for fact in found.answers[0].statements] == told


MILD_LATER = 'stenosis(c, "L4-5", central, left, {grade}, {study}, "{day}").'


@pytest.mark.parametrize(
    ("grade", "study", "day", "is_told"),
    [
        ("mild", "mri", "2026-03-10", True),
        ("none", "ct", "2026-02-01", True),
        ("mild", "mri", "2026-01-10", False),
        ("severe", "mri", "2026-03-10", False),
    ],
)
def test_a_measurement_that_is_no_older_and_comes_to_less_is_told(
    base: medproof.Library, grade: str, study: str, day: str, is_told: bool
) -> None:
    nsaid = 'therapy(c, nsaid, prescribed, "2026-01-20", "2026-03-15", failed, clinician_statement).'
    moderate = MILD_LATER.format(grade="moderate", study="mri", day="2026-02-01")
    other = MILD_LATER.format(grade=grade, study=study, day=day)
    chart = OPERATED.format(payer="aetna", more="\n".join([nsaid, moderate, other]))
    [found] = medproof.decide(base, read("c.md", chart))
    assert found.answers[0].verdict is medproof.Verdict.MET
    assert [fact.row[4:6] for fact in found.answers[0].denials] == [(grade, study)] * is_told


BY_TWO_READINGS = """\
---
id: readings
title: Two readings
kind: guideline
---

# Slippage

```datalog
#fact request_date(Case: case, On: date).
#fact payer(Case: case, Payer: text).
#fact requested(Case: case, Item: text).
#fact slip(Case: case, Millimetres: number, On: date).
#fact graded(Case: case, Kind: text, On: date) :: "a slip of grade {Kind}, {On}" :: absent "no slip of grade {Kind}, {On}".
#about graded(Case, Kind).
#fact fused(Case: case).
#closed request_date, payer, requested.
#pred necessary(Case: case, Item: text) :: "{Item} is necessary".
#goal necessary(Case, Item) for requested(Case, Item) :: question "Is {Item} necessary?".
necessary(Case, Item) :- requested(Case, Item), unstable(Case).
#pred unstable(Case: case) :: "it is unstable".
```

## Reading: measured

```datalog
#reading "measured" unstable(Case) :: at "p. 1" :: evidence "S".
unstable(Case) :- slip(Case, Millimetres, _), Millimetres > 3.
```

## Reading: graded

```datalog
#reading "graded" unstable(Case) :: at "p. 2" :: evidence "S".
unstable(Case) :- graded(Case, "II", _), not fused(Case).
```
"""


def test_an_answer_by_each_reading_rests_on_what_each_of_them_rests_on() -> None:
    """What one reading is silent on, and what is denied of it, counts: if it falls, the readings differ."""
    own = library([read("readings.md", BY_TWO_READINGS)], shipped=False)
    facts = 'payer(c, "x").\nrequest_date(c, "2026-01-01").\nrequested(c, op).\nslip(c, 4, "2025-12-01").\n'
    facts += 'graded(c, "II", "2025-12-01").\n-graded(c, "II", "2025-12-20").\n'
    for more, is_certain in (("", False), ("-fused(c).\n", True)):
        [found] = medproof.decide(own, read("c.md", f"---\ncase: c\n---\n\n```datalog\n{facts}{more}```\n"))
        [asked] = found.answers
        assert asked.verdict is medproof.Verdict.MET and asked.certain is is_certain
        assert [fact.relation for fact in asked.denials] == ["-graded"]
        assert [ask_words(found.models.program, each) for each in asked.silences] == ([] if is_certain else ["fused(c)"])


SPARED = """\
---
id: spared
title: Facts that can be spared
kind: guideline
---

# Ways

```datalog
#domain source = nurse | physician.
#fact request_date(Case: case, On: date).
#fact payer(Case: case, Payer: text).
#fact requested(Case: case, Item: text).
#fact a(Case: case, By: source, On: date) :: "a, {By}".
#fact b(Case: case, By: source, On: date) :: "b, {By}".
#fact d(Case: case, By: source, On: date) :: "d, {By}".
#fact tried(Case: case, Kind: text, By: source) :: "tried {Kind}, {By}".
#closed request_date, payer, requested.
#pred necessary(Case: case, Item: text) :: "{Item} is necessary".
#pred way(Case: case) :: "there is a way".
#pred longer(Case: case) :: "there is a longer way".
#goal necessary(Case, Item) for requested(Case, Item) :: question "Is {Item} necessary?".
necessary(Case, Item) :- requested(Case, Item), way(Case), b(Case, _, _).
way(Case) :- a(Case, _, _).
way(Case) :- longer(Case).
longer(Case) :- d(Case, _, _).
```
"""


@pytest.mark.parametrize(
    ("denied", "told"),
    [
        ("", []),
        ('-b(c, nurse, "2026-02-01").', ["-b"]),
        ('-b(c, nurse, "2026-01-01").', ["-b"]),
        ('-b(c, physician, "2026-01-01").', []),
        ('-a(c, nurse, "2026-02-01").', []),
        ("-b(c, nurse, _). -d(c, nurse, _).", ["-b"]),
        ("-a(c, nurse, _). -d(c, nurse, _).", ["-a"]),
    ],
)
def test_only_what_is_denied_is_spared(denied: str, told: list[str]) -> None:
    """A fact that nobody denies is not given up for one that somebody does; what its source denied before is past."""
    own = library([read("spared.md", SPARED)], shipped=False)
    facts = "".join(f'{name}(c, physician, "2026-02-01").\n' for name in "abd")
    request = 'payer(c, "x").\nrequest_date(c, "2026-03-01").\nrequested(c, op).\n'
    [found] = medproof.decide(own, read("c.md", f"---\ncase: c\n---\n\n```datalog\n{request}{facts}{denied}\n```\n"))
    assert [fact.relation for fact in found.answers[0].denials] == told


def test_a_statement_that_a_count_can_do_without_is_none_that_it_hinges_on() -> None:
    """Of three kinds two are enough: without the reviewer's it is another count, and enough."""
    counting = SPARED[: SPARED.index("necessary(Case, Item) :-")].replace("nurse", "reviewer_statement") + (
        "necessary(Case, Item) :- requested(Case, Item), #count { Kind : tried(Case, Kind, _) } >= 2.\n```\n"
    )
    own = library([read("spared.md", counting)], shipped=False)
    request = 'payer(c, "x").\nrequest_date(c, "2026-03-01").\nrequested(c, op).\n'
    for sources, told in ((("physician", "physician", "reviewer_statement"), 0), (("physician", "reviewer_statement"), 1)):
        facts = "".join(f"tried(c, kind{number}, {source}).\n" for number, source in enumerate(sources))
        [found] = medproof.decide(own, read("c.md", f"---\ncase: c\n---\n\n```datalog\n{request}{facts}```\n"))
        assert len(found.answers[0].statements) == told


FAILED_FUSION = """\
---
case: k
---

```datalog
payer(k, "medicare"). request_date(k, "2026-03-01").
requested(k, op, "22630", "L4-5", bilateral).
prior_operation(k, "22633", "L4-5", bilateral, "2024-03-01").
pseudarthrosis(k, "L4-5", ct, "2026-02-01").
relief_after_fusion(k, "L4-5", clinician_statement, "2024-05-01").
options_exhausted(k, clinician_statement, "2026-02-10").
last_resort_counselling(k, clinician_statement, "2026-02-11").
-last_resort_counselling(k, patient_report, "2026-02-12").
```
"""


def test_who_denies_what_an_answer_rests_on_is_told_once() -> None:
    [found] = medproof.decide(medproof.load(), read("k.md", FAILED_FUSION))
    answer = next(each for each in found.answers if each.question.relation == "medically_necessary")
    assert answer.verdict is Verdict.MET
    assert [words_against(found.models.program, each) for each in answer.denials] == [
        "the patient was not counselled that fusion is a last resort (patient report, 2026-02-12)"
    ]
