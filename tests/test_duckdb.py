"""DuckDB gives pyDatalog's atoms and rule instances: of random programs, of their bounds, and of the shipped policies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import medproof
from kb.engines import engine
from kb.engines.model import EvaluationError, EvaluationTimeout
from kb.language.program import Program
from kb.language.strata import needed
from kb.language.values import Row
from tests.random_programs import RandomProgram, programs
from tests.support import facts, program, relations
from tests.test_sameness import case_models, concluded

_SETTINGS = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])


def agree(of: Program, rows: Mapping[str, Iterable[Row]], wanted: Iterable[str] | None = None) -> None:
    """The engines give the same atoms and the same rule instances."""
    given_rows = {name: frozenset(each) for name, each in rows.items()}
    wanted = None if wanted is None else list(wanted)
    ours, theirs = engine()(of, given_rows, wanted), engine("duckdb")(of, given_rows, wanted)
    names = concluded(of) if wanted is None else wanted
    assert {name: theirs.rows(name) for name in names} == {name: ours.rows(name) for name in names}
    assert {rule.id: theirs.instances(rule.id) for rule in of.rules} == {
        rule.id: ours.instances(rule.id) for rule in of.rules
    }


@_SETTINGS
@given(programs())
def test_random_programs_have_the_same_atoms_and_rule_instances(random: RandomProgram) -> None:
    of = program(random.source)
    agree(of, relations(of, facts(random.chart, of)))


@_SETTINGS
@given(programs())
def test_their_bounds_too(random: RandomProgram) -> None:
    of = program(random.source)
    found = case_models(of, facts(random.chart, of))
    rewritten = found.rewritten(of.rules_for)
    everything = needed(rewritten, concluded(rewritten))
    agree(rewritten, found.given(everything - found.same), concluded(rewritten))


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "engine").glob("*.dl")), ids=lambda path: path.stem)
def test_each_construct_means_the_same(path: Path) -> None:
    of = program(path.read_text(encoding="utf-8"))
    agree(of, relations(of, ()))


@pytest.mark.parametrize("name", ["reference", "unstated", "two-grades-one-day"])
def test_the_shipped_policies_have_the_same_atoms_and_rule_instances(name: str) -> None:
    case = medproof.opened(medproof.load(), medproof.open_case(name))
    agree(case.program, relations(case.program, case.facts))


def test_many_cases_in_one_run_are_each_what_they_are_alone() -> None:
    """The rules are case-local: a cohort is the union of its cases."""
    of = program(
        "#fact seen(Case: case, N: number).\n#pred most(Case: case, N: number).\n"
        "#pred many(Case: case).\n#pred few(Case: case).\n"
        "most(Case, N) :- seen(Case, _), N = #max { M : seen(Case, M) }.\n"
        "many(Case) :- seen(Case, _), #count { N : seen(Case, N) } >= 3.\nfew(Case) :- seen(Case, _), not many(Case).\n"
    )
    stated = [
        fact for case in "abcdef" for n in range(ord(case) - ord("a")) for fact in facts(f"seen({case}, {n}).", of, case)
    ]
    together = engine("duckdb")(of, relations(of, stated))
    for case in "abcdef":
        alone = engine()(of, relations(of, [fact for fact in stated if fact.row[0] == case]))
        for name in concluded(of):
            assert {row for row in together.rows(name) if row[0] == case} == alone.rows(name)


def test_a_number_out_of_range_names_the_rule() -> None:
    of = program("#pred n(N: number).\n#pred big(N: number).\nn(999999).\nbig(N) :- n(M), N = M * M * M.\n")
    with pytest.raises(EvaluationError) as caught:
        engine("duckdb")(of, relations(of, ()))
    assert caught.value.rule.endswith("/big")


def test_an_evaluation_that_takes_too_long_stops_and_names_the_rule() -> None:
    values = "".join(f"n(v{number}).\n" for number in range(400))
    head = "big(A, B, C, D) :- n(A), n(B), n(C), n(D).\n"
    of = program(f"#pred n(X: text).\n#pred big(A: text, B: text, C: text, D: text).\n{values}{head}")
    with pytest.raises(EvaluationTimeout) as caught:
        engine("duckdb")(of, relations(of, ()), seconds=2)
    assert caught.value.rule.endswith("/big")


@pytest.mark.parametrize("seconds", [0.0001, 0.01, 0.2])
def test_an_evaluation_of_many_short_statements_stops_too(seconds: float) -> None:
    chain = "".join(f"#pred p{n}(X: text).\np{n}(X) :- p{n - 1}(X), n(X).\n" for n in range(1, 400))
    of = program(f"#pred n(X: text).\nn(a).\n#pred p0(X: text).\np0(X) :- n(X).\n{chain}")
    with pytest.raises(EvaluationTimeout) as caught:
        engine("duckdb")(of, relations(of, ()), seconds=seconds)
    assert "the limit of" in str(caught.value) and "(in rule )" not in str(caught.value)


def test_values_are_data_and_never_code() -> None:
    of = program(
        "#fact told(Case: case, Text: text).\n#pred heard(Case: case).\n"
        'heard(Case) :- told(Case, "\'; DROP TABLE r0; --").\n'
    )
    stated = facts('told(x, "\'; DROP TABLE r0; --"). told(x, "a\\\\b\\"c").', of)
    agree(of, relations(of, stated))


def test_products_up_to_the_end_of_the_range_are_exact() -> None:
    rule = "product(N) :- n(M), N = M * 499999999999.999998."
    of = program(f"#pred n(N: number).\n#pred product(N: number).\nn(0.5).\nn(2).\n{rule}\n")
    agree(of, relations(of, ()))
    found = engine("duckdb")(of, relations(of, ())).rows("product")
    assert found == {(Decimal("249999999999.999999"),), (Decimal("999999999999.999996"),)}
