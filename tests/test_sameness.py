"""pyDatalog and clingo give the same models of random programs, and the bounds keep what they promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

from hypothesis import HealthCheck, given, settings

from explain.verdicts import verdict
from kb.compiled import Compiled
from kb.engines import engine
from kb.engines.model import fits
from kb.language.bounds import RECORDED, SURELY_RECORDED, bound_of, plain
from kb.language.program import Fact, Program
from kb.language.strata import needed
from kb.language.values import UNKNOWN, Row, Value
from kb.models import Models, models
from tests.random_programs import RandomProgram, programs
from tests.support import clingo_model, facts, program, relations

SCALE = 100
_SETTINGS = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
_FEWER = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def concluded(of: Program) -> list[str]:
    return sorted({rule.head.relation for rule in of.rules})


@_SETTINGS
@given(programs())
def test_the_perfect_model_is_clingos(random: RandomProgram) -> None:
    of = program(random.source)
    given_rows = relations(of, facts(random.chart, of))
    ours = engine()(of, given_rows)
    theirs = clingo_model(of, given_rows, SCALE)
    assert {name: set(ours.rows(name)) for name in concluded(of)} == {
        name: theirs.get(name, set()) for name in concluded(of)
    }


@_SETTINGS
@given(programs(with_aggregates=False))
def test_the_rewritten_program_has_clingos_model(random: RandomProgram) -> None:
    of = program(random.source)
    found = case_models(of, facts(random.chart, of))
    rewritten = found.rewritten(of.rules_for)
    everything = needed(rewritten, concluded(rewritten))
    given_rows = found.given(everything - found.same)
    theirs = clingo_model(rewritten, given_rows, SCALE)
    names = sorted({plain(name) for name in concluded(rewritten)})
    assert {name: set(found.possible_rows(name)) for name in names} == {
        name: theirs.get(f"possible:{name}", set()) for name in names
    }
    assert {name: set(found.certain_rows(name)) for name in names if name not in found.definite} == {
        name: theirs.get(f"certain:{name}", set()) for name in names if name not in found.definite
    }
    for name in (each for each in concluded(rewritten) if bound_of(each) in (RECORDED, SURELY_RECORDED)):
        assert found.bound(name).rows(name) == theirs.get(name, set())


@_SETTINGS
@given(programs())
def test_what_counts_by_the_record_is_what_it_would_be_if_charts_told_every_fact_whole(random: RandomProgram) -> None:
    of = program(random.source)
    closed = [name for name, predicate in of.predicates.items() if predicate.counts_by_record]
    whole = program(f"{random.source}\n#closed f0, f1, f2, f3.\n")
    found, told = (case_models(each, facts(random.chart, each)) for each in (of, whole))
    for name in closed:
        assert found.possible_rows(name) == told.possible_rows(name)
        assert found.certain_rows(name) == told.certain_rows(name)


@_FEWER
@given(programs(unknown=False, by_record=False))
def test_what_is_possible_or_certain_bounds_every_completion_of_the_record(random: RandomProgram) -> None:
    """Refuted means: in no completion; certain means: in every one. Completions are tried with clingo, one by one."""
    of = program(random.source)
    stated = facts(random.chart, of)
    found = case_models(of, stated)
    if found.contradictions:
        return
    for completion in completions(found, of):
        rows = relations(of, stated)
        for relation, row in completion:
            rows.setdefault(relation, set()).add(row)
        complete = clingo_model(of, rows, SCALE)
        for name in concluded(of):
            for row in complete.get(name, set()):
                assert found.is_possible(name, row), f"{name}{row} follows from {completion}"
            for row in found.certain_rows(name):
                assert row in complete.get(name, set()), f"{name}{row} does not follow from {completion}"


@_SETTINGS
@given(programs())
def test_deciding_again_after_a_change_is_deciding_afresh(random: RandomProgram) -> None:
    of = program(random.source)
    stated = facts(random.chart, of)
    for fact in stated[:3]:
        rest = tuple(each for each in stated if (each.relation, each.row) != (fact.relation, fact.row))
        with_it, without_it = case_models(of, stated), case_models(of, rest)
        for ours, fresh in (
            (with_it.again(concluded(of), without=[(fact.relation, fact.row)]), without_it),
            (without_it.again(concluded(of), more=[fact]), with_it),
        ):
            assert {name: ours.perfect.rows(name) for name in concluded(of)} == {
                name: fresh.perfect.rows(name) for name in concluded(of)
            }
            assert {rule.id: ours.perfect.instances(rule.id) for rule in of.rules} == {
                rule.id: fresh.perfect.instances(rule.id) for rule in of.rules
            }


@_SETTINGS
@given(programs())
def test_deciding_by_one_reading_is_deciding_without_the_rules_of_the_others(random: RandomProgram) -> None:
    of = program(random.source)
    of = replace(of, rules=tuple(replace(rule, reading="ab"[number % 2]) for number, rule in enumerate(of.rules)))
    stated = facts(random.chart, of)
    every = models(Compiled(of), stated, "x", engine())
    for relation in concluded(of):
        rules = tuple(rule for rule in of.rules if rule.head.relation != relation or rule.reading == "a")
        fresh = models(Compiled(replace(of, rules=rules)), stated, "x", engine())
        ours = every.by({relation: "a"}, concluded(of))
        assert ours.contradictions == fresh.contradictions
        for name in concluded(of):
            assert ours.perfect.rows(name) == fresh.perfect.rows(name)
            assert ours.certain_rows(name) == fresh.certain_rows(name)
            assert ours.possible_rows(name) == fresh.possible_rows(name)
        assert ours.perfect.rows_of_rules.keys() <= ours.perfect.rules.keys()
        for rule in rules:
            assert ours.perfect.instances(rule.id) == fresh.perfect.instances(rule.id)


def case_models(of: Program, stated: tuple[Fact, ...]) -> Models:
    return models(Compiled(of), stated, "x", engine())


def completions(found: Models, of: Program, most: int = 24) -> Iterator[list[tuple[str, Row]]]:
    """Some ways in which the open facts may turn out: none of them, one, or two, with each of a few values."""
    instances: list[tuple[str, Row]] = []
    for name in (name for name, predicate in of.predicates.items() if predicate.can_be_open):
        rows = found.open(name)
        kinds = [argument.type for argument in of.predicates[name].arguments]
        values: dict[str, tuple[Value, ...]] = {"grade": ("low", "high"), "number": tuple(map(_number, ("0", "2.5", "7")))}
        for row in sorted(rows, key=str):
            choices = [values[kind] if value is UNKNOWN else (value,) for value, kind in zip(row, kinds, strict=True)]
            instances += [(name, tuple(each)) for each in product(*choices)]
    yield []
    for number, chosen in enumerate(combinations(instances, 1)):
        if number >= most:
            break
        yield list(chosen)
    step = max(1, len(instances) // 6)
    for pair in combinations(instances[::step], 2):
        yield list(pair)


def _number(text: str) -> Value:
    from decimal import Decimal

    return Decimal(text)


def test_fits_is_symmetric_for_marks() -> None:
    assert fits((UNKNOWN,), ("a",), lenient=True)
    assert fits(("a",), (UNKNOWN,), lenient=True)
    assert not fits((UNKNOWN,), ("a",))


def verdicts(source: str, chart: str, goal: str) -> str:
    of = program(source)
    found = models(Compiled(of), facts(chart, of), "x", engine(), [goal])
    return verdict(found, goal, ("x",)).value


FACTS = "#fact r(Case: case).\n#fact p(Case: case, A: text).\n#fact q(Case: case).\n#pred g(Case: case).\n"


def test_a_contradiction_is_seen_from_the_denial_alone() -> None:
    source = FACTS + "g(Case) :- r(Case), -p(Case, a)."
    assert verdicts(source, "r(x). -p(x, a).", "g") == "met"
    assert verdicts(source, "r(x). -p(x, a). p(x, a).", "g") == "conflicting"


def test_what_a_constraint_counts_conflicts_when_it_is_violated() -> None:
    source = FACTS + "g(Case) :- p(Case, a).\n:- q(Case), #count { A : p(Case, A) } > 1."
    assert verdicts(source, "q(x). p(x, a).", "g") == "met"
    assert verdicts(source, "q(x). p(x, a). p(x, b).", "g") == "conflicting"


def test_an_unstated_value_of_a_closed_fact_makes_a_negation_uncertain() -> None:
    of = program(FACTS + "#closed q, p.\ng(Case) :- q(Case), not p(Case, b).")
    found = models(Compiled(of), facts("q(x). p(x, ?).", of), "x", engine(), ["g"])
    assert found.holds("g", ("x",))
    assert not found.is_certain("g", ("x",))
