"""A cohort is decided as each of its cases is alone: random programs, the shipped charts, invented cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import medproof
from cli import main
from cohort.cases import open_cohort
from cohort.decide import decide_cohort
from cohort.generate import Rates
from cohort.limits import Limits
from cohort.output import READINGS, CohortProblem
from cohort.program import CohortProgram
from cohort.running import Settings
from facts.opening import opened
from kb.engines import engine
from kb.engines.sql.schema import CASE_NUMBER, Types
from kb.library import read_all
from tests.cohorts import (
    ON,
    Rows,
    alone,
    alone_and_together,
    cohorts,
    decided,
    listed,
    random_cohort,
    recorded,
    small,
    verdicts,
)
from tests.support import facts
from tests.tables import write_tables


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(cohorts(), st.booleans())
def test_random_programs_decide_a_cohort_as_its_cases(drawn: tuple[str, list[str]], unknown: bool) -> None:
    base, stated = random_cohort(*drawn, unknown)
    program = base.compiled("", ON).program
    with TemporaryDirectory() as directory:
        source = write_tables(Path(directory) / "facts", program, (fact for each in stated.values() for fact in each))
        decide_cohort(base, source, Path(directory) / "out", Settings(proofs=True))
        questions, criteria = alone(base, "", ON, stated)
        assert decided(Path(directory) / "out", "decisions") == questions
        assert decided(Path(directory) / "out", "criteria") == criteria
        with open_cohort(base, Path(directory) / "out") as cohort:
            for opened_case in cohort.open(stated):
                assert recorded(opened_case, opened_case.engine) == recorded(opened_case, engine())


def test_the_shipped_charts_as_a_cohort(tmp_path: Path) -> None:
    base = medproof.load()
    root = Path(__file__).parent.parent
    documents = [*read_all(root / "facts" / "cases", None), *read_all(root / "tests" / "charts", None)]
    cases = [opened(base, document) for document in documents if document.meta.case]
    vocabulary = base.compiled("", date(2026, 1, 1)).program
    source = write_tables(tmp_path / "facts", vocabulary, (fact for case in cases for fact in case.facts))
    decide_cohort(base, source, tmp_path / "out")
    questions, criteria = set[tuple[object, ...]](), set[tuple[object, ...]]()
    for case in cases:
        ours = alone(base, case.payer, case.on, {case.case: case.facts})
        questions |= ours[0]
        criteria |= ours[1]
    assert decided(tmp_path / "out", "decisions") == questions
    assert decided(tmp_path / "out", "criteria") == criteria


def test_a_generated_cohort(tmp_path: Path) -> None:
    base = medproof.load()
    rates = Rates(contradictions=0.3, unknown=0.05)
    medproof.generate(base, tmp_path / "facts", 40, 3, rates, ["aetna", "bcbs-sc"])
    medproof.cohort(base, tmp_path / "facts", tmp_path / "out")
    found = decided(tmp_path / "out", "decisions")
    assert len({row[0] for row in found}) == 40
    for name in sorted({str(row[0]) for row in found})[::2]:
        case = medproof.cohort_case(base, tmp_path / "out", name)
        assert {row for row in found if row[0] == name} == alone(base, case.payer, case.on, {name: case.facts})[0]


def test_statements_that_were_kept_decide_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDPROOF_CACHE", str(tmp_path / "cache"))
    base = medproof.load()
    medproof.generate(base, tmp_path / "facts", 30, 4, Rates(contradictions=0.3), ["medicare"])
    for name in ("compiled", "kept"):
        medproof.cohort(base, tmp_path / "facts", tmp_path / name)
    kept = sorted((tmp_path / "cache" / "sql").iterdir())
    assert kept and decided(tmp_path / "compiled", "decisions") == decided(tmp_path / "kept", "decisions")
    for number, path in enumerate(kept):
        path.write_text(["{}", "no JSON", '{"": "Step"}', "[]"][number % 4], encoding="utf-8")
    medproof.cohort(base, tmp_path / "facts", tmp_path / "again")
    assert decided(tmp_path / "again", "decisions") == decided(tmp_path / "compiled", "decisions")


def test_a_generated_cohort_depends_on_its_seed_alone(tmp_path: Path) -> None:
    base = medproof.load()
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        medproof.generate(base, tmp_path / name, 50, seed)

    def facts_of(name: str) -> list[tuple[object, ...]]:
        return duckdb.execute(
            "SELECT * FROM read_parquet(?) ORDER BY ALL", [str(tmp_path / name / "therapy.parquet")]
        ).fetchall()

    assert facts_of("one") == facts_of("again") != facts_of("other")
    result = CliRunner().invoke(main, ["generate", "--cases", "5", "-o", str(tmp_path / "one")])
    assert result.exit_code == 2
    assert "is not empty; name another directory" in result.output


WEIGHT = """\
#fact operation_requested(Case: case, Item: text).
#fact pills_requested(Case: case, Item: text).
#closed operation_requested, pills_requested.
#fact mass(Case: case, Index: number, On: date).
#fact diet(Case: case, Start: date, End: date).
#fact born(Case: case, On: date).
:- mass(Case, Index, _), Index > 50.
#pred last_mass(Case: case, Index: number).
last_mass(Case, Index) :- mass(Case, Index, On), On = #max { Day : mass(Case, _, Day) }.
#pred covered(Case: case, Item: text).
#goal covered(Case, Item) for operation_requested(Case, Item).
#pred pills(Case: case, Item: text).
#goal pills(Case, Item) for pills_requested(Case, Item).
covered(Case, Item) :-
    operation_requested(Case, Item), last_mass(Case, Index), Index >= 40, diet(Case, Start, End), End - Start >= 90,
    born(Case, Born), request_date(Case, Day), Day - Born >= 6574.
"""


def test_a_generated_cohort_asks_what_its_payers_decide_and_has_values_on_either_side_of_their_limits(
    tmp_path: Path,
) -> None:
    base = small(WEIGHT)
    medproof.generate(base, tmp_path / "facts", 300, 2, Rates(unknown=0), ["x"])

    def found(query: str) -> list[tuple[object, ...]]:
        return duckdb.execute(query.replace("FACTS", str(tmp_path / "facts"))).fetchall()

    assert found("SELECT count(*) FROM 'FACTS/operation_requested.parquet'") == [(300,)]
    assert not (tmp_path / "facts" / "pills_requested.parquet").exists()
    assert found("SELECT min(Index) < 40, max(Index) > 40, max(Index) <= 50 FROM 'FACTS/mass.parquet'") == [
        (True, True, True)
    ]
    lasted = '"End" - Start'
    assert found(f"SELECT min({lasted}) >= 0, min({lasted}) < 90, max({lasted}) >= 90 FROM 'FACTS/diet.parquet'") == [
        (True, True, True)
    ]
    both = "'FACTS/born.parquet' b JOIN 'FACTS/request_date.parquet' r USING (\"Case\")"
    old = f'SELECT DISTINCT r."On" - b."On" >= 6574 FROM {both}'
    assert len(found(old)) == 2
    medproof.cohort(base, tmp_path / "facts", tmp_path / "out")
    assert ("covered", "met") in set(found(f"SELECT question, verdict FROM '{tmp_path}/out/decisions.parquet'"))


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(), ("0", "100")),
        (Limits({Decimal(40)}), ("20", "60")),
        (Limits({Decimal(35), Decimal(40)}, most=Decimal(50)), ("15", "50")),
        (Limits({Decimal(40)}, most=Decimal(10)), ("0", "10")),
        (Limits({Decimal(0)}, least=Decimal(-5)), ("0", "1")),
        (Limits(least=Decimal(2), most=Decimal(25)), ("2", "25")),
        (Limits(least=Decimal(200)), ("200", "300")),
        (Limits(least=Decimal(9), most=Decimal(2)), ("9", "9")),
    ],
)
def test_numbers_are_drawn_about_the_limits_as_far_as_they_are_possible(limits: Limits, expected: tuple[str, str]) -> None:
    assert limits.around() == tuple(map(Decimal, expected))


def test_a_key_within_a_case_need_not_name_the_case(tmp_path: Path) -> None:
    text = "#fact p(Case: case, X: text, Y: text).\n#key p(X).\n#pred g(Case: case).\ng(Case) :- p(Case, k, _).\n"
    base = small(f"{text}#goal g(Case) for payer(Case, _).")
    assert verdicts(base, tmp_path, p="Case,X,Y\na,k,1\na,k,2\n") == {("g", "", "conflicting")}


def test_a_denial_of_any_value_in_a_document_denies_each(tmp_path: Path) -> None:
    text = "#pred q(X: text, Y: text).\n-q(a, _).\n#pred g(Case: case).\ng(Case) :- payer(Case, X), -q(a, b), X = x.\n"
    base = small(f"{text}#goal g(Case) for payer(Case, _).")
    assert verdicts(base, tmp_path) == {("g", "", "met")}


def test_a_denial_that_a_rule_concludes_speaks_against_a_fact(tmp_path: Path) -> None:
    facts = "#fact f(Case: case, X: text).\n#fact h(Case: case, X: text).\n"
    rules = "-f(Case, X) :- h(Case, X).\n#pred g(Case: case).\ng(Case) :- f(Case, x).\n"
    base = small(f"{facts}{rules}#goal g(Case) for payer(Case, _).")
    stated = {"f": "Case,X\na,x\n", "denied_f": "Case,X\na,z\n", "h": "Case,X\na,x\n"}
    assert verdicts(base, tmp_path, **stated) == {("g", "", "conflicting")}


def test_a_contradiction_beneath_what_denies_an_atom_is_one_of_what_rests_on_it(tmp_path: Path) -> None:
    declared = "#fact e(Case: case, X: text).\n#fact f(Case: case).\n#pred d(Case: case).\n#pred g(Case: case).\n"
    rules = "-d(Case) :- f(Case), e(Case, _).\nd(Case) :- payer(Case, _).\ng(Case) :- payer(Case, _), d(Case).\n"
    base = small(f"{declared}{rules}#goal g(Case) for payer(Case, _).\n")
    case, cohort = alone_and_together(base, tmp_path, "e(a, one). -e(a, one).\n")
    assert case == cohort
    assert {row[3] for row in case} == {"conflicting"}


def test_a_denial_that_a_rule_tests_is_no_part_of_a_request(tmp_path: Path) -> None:
    declared = "#fact given(Case: case, Drug: text).\n#pred covered(Case: case, Drug: text).\n"
    rules = "#pred g(Case: case).\ncovered(Case, aspirin) :- given(Case, _).\n"
    rules += "g(Case) :- payer(Case, _), given(Case, Drug), -covered(Case, Drug).\n"
    base = small(f"{declared}{rules}#goal g(Case) for payer(Case, _).\n")
    case, cohort = alone_and_together(base, tmp_path, "given(a, salve).\n")
    assert case == cohort
    assert {row[3] for row in case} == {"refuted"}


def test_a_denial_follows_from_denials_to_the_end(tmp_path: Path) -> None:
    declared = (
        "#fact edge(Case: case, From: text, To: text).\n#fact bad(Case: case, At: text).\n"
        "#fact asked(Case: case, At: text).\n"
    )
    rules = (
        "#closed edge, bad, asked.\n#pred good(Case: case, At: text).\n#pred safe(Case: case, At: text).\n"
        "-good(Case, At) :- bad(Case, At).\n-good(Case, From) :- edge(Case, From, To), -good(Case, To).\n"
        "safe(Case, At) :- asked(Case, At), -good(Case, At).\n#goal safe(Case, At) for asked(Case, At).\n"
    )
    edges = "edge(a, k, l).\nedge(a, l, m).\nedge(a, m, n).\nbad(a, n).\n"
    case, cohort = alone_and_together(small(declared + rules), tmp_path, f"{edges}asked(a, k).\nasked(a, o).\n")
    assert case == cohort
    assert {row[2:4] for row in case} == {("k", "met"), ("o", "refuted")}


def test_a_denial_of_what_is_generally_known_is_no_part_of_a_request() -> None:
    declared = "#fact given(Case: case, Drug: text).\n#pred covered(Drug: text).\ncovered(aspirin).\n-covered(salve).\n"
    rules = "#pred g(Case: case).\ng(Case) :- payer(Case, _), given(Case, Drug), -covered(Drug).\n"
    base = small(f"{declared}{rules}#goal g(Case) for payer(Case, _).\n")
    stated = facts("payer(a, x).\ngiven(a, salve).\n", base.compiled("", ON).program, "a")
    assert {row[3] for row in alone(base, "", ON, {"a": stated})[0]} == {"met"}


@pytest.mark.parametrize(
    "wanted", ["N = #min { W : c(Case, W), not r(Case, W, M) }, N = 2", "#count { W : c(Case, W), not r(Case, W, M) } = 1"]
)
def test_what_a_closed_fact_denies_of_a_silent_value_is_not_sure(tmp_path: Path, wanted: str) -> None:
    """With `seen(a, m)` the answer is met: so without it, it is open, in aggregates over closed facts too."""
    declared = "#fact c(Case: case, W: number).\n#fact r(Case: case, W: number, M: text).\n#closed c, r.\n"
    rules = f"#fact seen(Case: case, M: text).\n#pred g(Case: case).\ng(Case) :- c(Case, _), seen(Case, M), {wanted}.\n"
    base = small(f"{declared}{rules}#goal g(Case) for payer(Case, _).\n")
    for more, verdict in (("", "undocumented"), ("seen(a, m).\n", "met"), ("-seen(a, _).\n", "refuted")):
        (directory := tmp_path / verdict).mkdir()
        case, cohort = alone_and_together(base, directory, f"c(a, 1).\nc(a, 2).\nr(a, 1, m).\n{more}")
        assert case == cohort
        assert {row[3] for row in case} == {verdict}


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("n(Case, N), k(N, N)", "undocumented"),
        ("n(Case, N), k(N, 3), k(3, N)", "undocumented"),
        ("f(Case, Z), k(V, V), #count { W : h(Case, Z, W) } = 0", "undocumented"),
        ("f(Case, Z), k(_, 3), #count { W : h(Case, Z, W) } = 0", "undocumented"),
        ("n(Case, N), k(N, N), N > 3", "refuted"),
    ],
)
def test_a_variable_that_stands_twice_in_a_literal_is_one_value(tmp_path: Path, rule: str, verdict: str) -> None:
    """Where the record is silent on it, and where it joins nothing but itself."""
    declared = (
        "#fact n(Case: case, N: number).\n#fact f(Case: case, Z: number).\n#fact h(Case: case, Z: number, W: number).\n"
        "#pred k(X: number, Y: number).\nk(3, 1).\nk(3, 3).\n#pred g(Case: case).\n"
    )
    base = small(f"{declared}g(Case) :- payer(Case, _), {rule}.\n#goal g(Case) for payer(Case, _).\n")
    case, cohort = alone_and_together(base, tmp_path, "")
    assert case == cohort
    assert {row[3] for row in case} == {verdict}


@pytest.mark.parametrize(
    ("stated", "verdict"),
    [("", "undocumented"), ("-f(a, s1, left, _).\n", "refuted"), ("-f(a, s1, left, seen).\n", "undocumented")],
)
def test_what_is_open_is_what_general_knowledge_joins_to_what_is_asked(tmp_path: Path, stated: str, verdict: str) -> None:
    declared = (
        "#domain root = l5 | s1 | s2.\n#domain part = hip | calf | toe.\n#domain hand = left | right.\n"
        "#domain way = seen | felt | told.\n"
        "#fact asked(Case: case, Root: root, Hand: hand).\n#closed asked.\n"
        "#fact f(Case: case, Root: root, Hand: hand, Way: way).\n#about f(Case, Root, Hand, Way).\n"
        "#pred serves(Root: root, Part: part).\nserves(s1, calf).\nserves(s2, toe).\n"
        "#pred sure(Way: way).\nsure(seen).\nsure(felt).\n"
        "#pred g(Case: case, Root: root).\n#pred weak(Case: case, Part: part, Hand: hand).\n"
    )
    rules = (
        "g(Case, Root) :- serves(Root, Part), asked(Case, Root, Hand), weak(Case, Part, Hand).\n"
        "weak(Case, Part, Hand) :- f(Case, Root, Hand, Way), serves(Root, Part), sure(Way).\n"
        "#goal g(Case, Root) for asked(Case, Root, _).\n"
    )
    case, cohort = alone_and_together(small(declared + rules), tmp_path, f"asked(a, s1, left).\n{stated}")
    assert case == cohort
    assert {row[3] for row in case} == {verdict}


def test_what_a_request_leaves_open_may_be_what_closed_facts_say(tmp_path: Path) -> None:
    declared = "#fact c(Case: case, X: text).\n#fact asked(Case: case, X: text).\n#closed c, asked.\n"
    rules = "#pred g(Case: case, X: text).\ng(Case, X) :- c(Case, X).\n#goal g(Case, X) for asked(Case, X).\n"
    case, cohort = alone_and_together(small(f"{declared}{rules}"), tmp_path, "c(a, x).\nasked(a, ?).\nasked(a, y).\n")
    assert case == cohort == {
        ("a", "g", "?", "undocumented", False, "[]", "[]"), ("a", "g", "y", "refuted", False, "[]", "[]"),
    }  # fmt: skip


def test_an_answer_may_depend_on_a_contradiction_under_one_reading_only(tmp_path: Path) -> None:
    declared = (
        "#fact f(Case: case, X: text, N: number).\n#key f(Case, X).\n#fact e(Case: case, X: text).\n#fact h(Case: case).\n"
        "#fact c(Case: case).\n#fact asked(Case: case, X: text).\n#closed c, asked.\n"
    )
    rules = (
        "#pred p(Case: case).\n#pred g(Case: case, X: text).\n#goal g(Case, X) for asked(Case, X).\n"
        "g(Case, X) :- f(Case, X, _), not p(Case).\ng(Case, X) :- e(Case, X).\n"
    )
    readings = "\n".join(
        f'```\n\n## {name}\n\n```datalog\n#reading "{name}" p(Case).\np(Case) :- {fact}(Case).'
        for name, fact in (("narrow", "h"), ("wide", "c"))
    )
    stated = "f(a, x, 1).\nf(a, x, 2).\nc(a).\nasked(a, ?).\n"
    case, cohort = alone_and_together(small(f"{declared}{rules}{readings}"), tmp_path, stated)
    each = [{"readings": "narrow", "verdict": "conflicting"}, {"readings": "wide", "verdict": "undocumented"}]
    readings = listed(each, READINGS)
    assert case == cohort == {("a", "g", "?", "disputed", False, "[]", readings)}


def test_a_denial_that_depends_on_a_reading_is_refused_where_charts_may_state_the_fact(tmp_path: Path) -> None:
    declared = "#fact q(Case: case).\n#fact h(Case: case).\n#pred p(Case: case).\n#pred g(Case: case).\n"
    rules = "-q(Case) :- payer(Case, _), not p(Case).\ng(Case) :- q(Case).\n#goal g(Case) for payer(Case, _).\n"
    readings = "".join(
        f'```\n\n## {name}\n\n```datalog\n#reading "{name}" p(Case).\np(Case) :- {body}.\n'
        for name, body in (("narrow", "h(Case)"), ("wide", "payer(Case, _)"))
    )
    with pytest.raises(CohortProblem, match="`-q` depends on the reading of a policy, and may contradict something"):
        verdicts(small(f"{declared}{rules}{readings}"), tmp_path, q="Case\na\n")


@pytest.mark.parametrize("op", ["<=", "=", "!=", ">"])
@pytest.mark.parametrize("best", ["#min", "#max"])
def test_nothing_has_no_least_element_even_beside_an_unknown_bound(tmp_path: Path, best: str, op: str) -> None:
    """The elements are closed, so that there are none is known; what they would be compared with is not."""
    text = f"""#fact n(Case: case, N: number).
#fact c(Case: case, M: number).
#closed c.
#pred g(Case: case).
#goal g(Case) for payer(Case, _).
g(Case) :- payer(Case, _), n(Case, N), {best} {{ M : c(Case, M) }} {op} N."""
    one, together = alone_and_together(small(text), tmp_path, "")
    assert one == together and [row[3] for row in one] == ["refuted"]


def test_contradictions_that_a_cohort_would_not_see_are_refused(tmp_path: Path) -> None:
    text = "#pred r(X: text).\nr(a).\n:- r(a).\n#pred g(Case: case).\ng(Case) :- payer(Case, _), r(a).\n"
    with pytest.raises(CohortProblem, match="which is not about a case: `medproof decide` decides such cases one by one"):
        verdicts(small(f"{text}#goal g(Case) for payer(Case, _)."), tmp_path)


ASKING = """
#domain finding = weak | stiff.
#domain side = left | right | bilateral(left, right).
#domain origin = note | film | phone.
#fact asked(Case: case, Item: text).
#closed asked.
#fact sign(Case: case, Finding: finding, Origin: origin, N: number).
#about sign(Case, Finding, Origin).
#fact numb(Case: case, Side: side, Origin: origin).
#about numb(Case, Side, Origin).
#fact fit(Case: case, Origin: origin).
#pred wants(Item: text, Kind: text).
wants(laminectomy, one). wants(fusion, two).
#pred clinical(Origin: origin).
clinical(note). clinical(film).
#pred seen(Case: case).
#criterion "c.seen" seen(Case).
seen(Case) :- sign(Case, weak, Origin, N), clinical(Origin), N > 2.
#pred told(Case: case).
#criterion "c.told" told(Case).
told(Case) :- numb(Case, left, _).
#pred granted(Case: case, Item: text).
#goal granted(Case, Item) for asked(Case, Item).
granted(Case, Item) :- asked(Case, Item), wants(Item, one), seen(Case).
granted(Case, Item) :- asked(Case, Item), wants(Item, two), not told(Case), not -fit(Case, note).
"""
REQUESTS = ("laminectomy",), ("fusion",), ("injection",), ("laminectomy", "fusion"), ("?",), ("?", "fusion")
SIGNS = (
    "sign(x, weak, note, 1).", "sign(x, weak, film, 3).", "sign(x, weak, phone, 5).", "sign(x, weak, ?, 3).",
    "sign(x, stiff, note, 1).", "sign(x, ?, note, 3).", "-sign(x, weak, note, _).",
    "-sign(x, weak, _, _).", "-sign(x, _, film, _).",
    "numb(x, left, phone).", "-numb(x, left, note).", "-numb(x, _, _).",
    "-numb(x, left, _).", "numb(x, ?, note).", "-fit(x, note).",
)  # fmt: skip


def charts_together(text: str, tmp_path: Path, charts: Iterable[Iterable[str]]) -> Rows:
    """The questions of some charts of the case `x`, each a case of one cohort: decided as each alone."""
    base = small(text)
    program = base.compiled("", ON).program
    stated = {}
    for number, chart in enumerate(charts):
        lines = [*chart, "payer(x, none).", 'request_date(x, "2026-01-01").']
        stated[f"case{number}"] = facts("\n".join(lines).replace("(x,", f"(case{number},"), program, f"case{number}")
    source = write_tables(tmp_path / "facts", program, (fact for each in stated.values() for fact in each))
    decide_cohort(base, source, tmp_path / "out")
    questions, criteria = alone(base, "", ON, stated)
    assert decided(tmp_path / "out", "decisions") == questions
    assert decided(tmp_path / "out", "criteria") == criteria
    return questions


@pytest.mark.parametrize("requests", [REQUESTS[:4], REQUESTS], ids=["told whole", "left open"])
def test_what_nobody_asks_and_what_nobody_tells_apart_changes_no_answer(
    tmp_path: Path, requests: tuple[tuple[str, ...], ...]
) -> None:
    """Silence is looked at where a rule speaks to the request, and as one origin where any does."""
    signs = (signs for count in range(3) for signs in combinations(SIGNS, count))
    charts = ([*told, *(f"asked(x, {item})." for item in items)] for told, items in product(signs, requests))
    questions = charts_together(ASKING, tmp_path, charts)
    assert {row[3] for row in questions} >= {"met", "undocumented", "refuted", "unaddressed"}


def test_of_values_that_nobody_tells_apart_one_is_listed() -> None:
    program = small(ASKING).compiled("", ON)
    of = CohortProgram(program, Types.of(program.program, CASE_NUMBER), {})
    alike = {name: [i for i, values in of.wanted.values(name).items() if values.alike] for name in ("sign", "numb", "fit")}
    assert alike == {"sign": [2], "numb": [2], "fit": []}


READ = """
#domain origin = note | film | phone.
#fact asked(Case: case, Item: text).
#closed asked.
#fact sign(Case: case, Origin: origin, N: number).
#about sign(Case, Origin).
#fact numb(Case: case, Origin: origin).
#fact fit(Case: case, Origin: origin).
#pred seen(Case: case).
#pred granted(Case: case, Item: text).
#goal granted(Case, Item) for asked(Case, Item).
"""


def reading(name: str, atom: str, rule: str) -> str:
    """A section with one reading of an atom."""
    return f'```\n\n## {name}\n\n```datalog\n#reading "{name}" {atom}.\n{rule}\n'


BARRED = (
    f"""{READ}
seen(Case) :- sign(Case, _, _).
#pred barred(Case: case, Item: text).
#pred unfit(Case: case, Item: text).
unfit(Case, Item) :- barred(Case, Item), fit(Case, _).
granted(Case, Item) :- asked(Case, Item), not barred(Case, Item), seen(Case).
granted(Case, Item) :- asked(Case, Item), numb(Case, _), unfit(Case, Item).
"""
    + reading("narrow", "barred(Case, Item)", "barred(Case, Item) :- asked(Case, Item), asked(Case, special).")
    + reading("wide", "barred(Case, Item)", "barred(Case, Item) :- asked(Case, Item), asked(Case, fusion).")
)
CLINICAL = (
    f"""{READ}
#pred kind(Origin: origin, Kind: text).
kind(note, a). kind(film, b). kind(phone, c).
#pred clinical(Origin: origin).
seen(Case) :- sign(Case, Origin, N), clinical(Origin), N > 2.
granted(Case, Item) :- asked(Case, Item), seen(Case).
"""
    + reading("narrow", "clinical(Origin)", "clinical(Origin) :- kind(Origin, b).")
    + reading("wide", "clinical(Origin)", "clinical(Origin) :- kind(Origin, _).")
)
EXCLUDED = (
    f"""{READ}
#pred kind(Origin: origin, Kind: text).
kind(note, a). kind(film, b).
#pred excluded(Origin: origin).
#pred clinical(Origin: origin).
clinical(Origin) :- kind(Origin, _), not excluded(Origin).
seen(Case) :- sign(Case, Origin, N), clinical(Origin), N > 2.
granted(Case, Item) :- asked(Case, Item), seen(Case).
"""
    + reading("notes", "excluded(Origin)", "excluded(Origin) :- kind(Origin, a).")
    + reading("films", "excluded(Origin)", "excluded(Origin) :- kind(Origin, b).")
)
LOOSE = f"""{READ}
#pred wants(Item: text, Kind: text).
wants(laminectomy, ?). wants(fusion, one).
seen(Case) :- sign(Case, _, _).
granted(Case, Item) :- asked(Case, Item), wants(Item, one), seen(Case).
granted(Case, Item) :- asked(Case, Item), numb(Case, _).
"""
LOOSE_BESIDE = f"""{READ}
#pred code(Item: text, N: number).
code(?, 3). code(a, 3).
granted(Case, Item) :- asked(Case, Item), sign(Case, _, M), code(Item, _), not code(Item, M).
seen(Case) :- sign(Case, _, M), code(Item, _), not code(Item, M).
#goal seen(Case) for payer(Case, _).
"""


POLICIES = {"barred": BARRED, "clinical": CLINICAL, "excluded": EXCLUDED, "loose": LOOSE, "loose beside": LOOSE_BESIDE}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_what_readings_and_open_knowledge_make_of_a_request_counts(tmp_path: Path, policy: str) -> None:
    """A rule may speak, and a value may be asked for, under one reading alone, or by a `?` of the policy itself."""
    signs = "sign(x, note, 3).", "sign(x, note, 1).", "-sign(x, _, _).", "-numb(x, _).", "fit(x, film)."
    told = (several for count in range(3) for several in combinations(signs, count))
    items = "laminectomy", "fusion", "special", "a"
    charts_together(policy, tmp_path, ([*each, f"asked(x, {item})."] for each, item in product(told, items)))
