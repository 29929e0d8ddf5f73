"""What the printer writes parses to the same program, and clingo's translation of shipped policies agrees."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import medproof
from facts.opening import asked
from facts.readers.datalog import read_chart
from kb.engines import engine
from kb.language.build import check, in_force
from kb.language.documents import read
from kb.language.printer import program_source
from kb.language.program import Program
from kb.library import read_file
from tests.expectations import charts
from tests.random_programs import RandomProgram, programs
from tests.support import DAY, clingo_model, program, relations

PAYERS = medproof.load().payers


def reparsed(source: str) -> Program:
    found, mistakes = check((read("printed.dl", source),), "", DAY)
    assert not mistakes, "\n".join(map(str, mistakes))
    return found


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_a_random_program_printed_is_the_same_program(random: RandomProgram) -> None:
    of = program(random.source)
    again = reparsed(program_source(of))
    assert [rule.rule for rule in again.rules] == [rule.rule for rule in of.rules]
    assert [(fact.relation, fact.row) for fact in again.facts] == [(fact.relation, fact.row) for fact in of.facts]


def test_every_construct_printed_is_the_same_program() -> None:
    path = Path(__file__).parent / "language" / "good" / "everything.md"
    of = program(path.read_text(encoding="utf-8"), path.name)
    again = reparsed(program_source(of))
    assert [rule.rule.body for rule in again.rules] == [rule.rule.body for rule in of.rules]
    assert {n: (p.arguments, p.about, p.keys, p.closed, p.rare) for n, p in again.predicates.items()} == {
        n: (p.arguments, p.about, p.keys, p.closed, p.rare) for n, p in of.predicates.items()
    }
    assert again.domains == of.domains
    assert program_source(again) == program_source(of)


@pytest.mark.parametrize("payer", PAYERS)
def test_a_shipped_program_printed_prints_the_same_again(payer: str) -> None:
    day = date(2026, 1, 15)
    of, _ = check(in_force(medproof.load().documents, payer, day), payer, day)
    assert program_source(reparsed(program_source(of))) == program_source(of)


@pytest.mark.parametrize("payer", PAYERS)
@pytest.mark.parametrize("path", charts("facts/cases"), ids=lambda path: path.stem)
def test_clingo_agrees_on_shipped_policies_and_cases(payer: str, path: Path) -> None:
    document = read_file(path, None)
    of = medproof.load().compiled(payer, asked(document).on or DAY).program
    chart, _ = read_chart(document, of)
    given_rows = relations(of, chart.facts)
    ours, theirs = engine()(of, given_rows), clingo_model(of, given_rows)
    names = sorted({rule.head.relation for rule in of.rules if rule.head.predicate in of.predicates})
    assert {name: set(ours.rows(name)) for name in names} == {name: theirs.get(name, set()) for name in names}
