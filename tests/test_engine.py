"""pyDatalog evaluates the programs in tests/engine to the atoms and rule instances that their comments expect."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import pytest

from kb.engines import engine
from kb.engines.model import EvaluationError, EvaluationTimeout, Model
from kb.language.program import Program
from kb.language.values import value_text
from tests.support import clingo_model, program, relations

PROGRAMS = sorted((Path(__file__).parent / "engine").glob("*.dl"))
SCALE = 100


def evaluated(source: str) -> tuple[Program, Model]:
    of = program(source)
    return of, engine()(of, relations(of, ()))


def shown(model: Model, relation: str) -> str:
    return " ".join(sorted(f"({', '.join(map(value_text, row))})" for row in model.rows(relation)))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_has_the_atoms_that_it_expects(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    _, model = evaluated(source)
    expected = dict(re.findall(r"^% expect (\w+): (.*)$", source, re.MULTILINE))
    assert {name: shown(model, name) for name in expected} == expected


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_has_the_rule_instances_that_it_expects(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    _, model = evaluated(source)
    expected = dict(re.findall(r"^% instances ([\w.]+): (\d+)$", source, re.MULTILINE))
    found = {rule_id.rsplit("/", 1)[-1]: str(len(rows)) for rule_id, rows in model.rows_of_rules.items()}
    assert {name: found.get(name, "0") for name in expected} == expected


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_clingo_has_the_same_atoms(path: Path) -> None:
    of, model = evaluated(path.read_text(encoding="utf-8"))
    theirs = clingo_model(of, relations(of, ()), SCALE)
    names = {rule.head.relation for rule in of.rules}
    assert {name: set(model.rows(name)) for name in names} == {name: theirs.get(name, set()) for name in names}


RUNAWAY = "#pred n(X: text).\n#pred big(A: text, B: text, C: text, D: text).\n" + "".join(
    f"n(v{number}).\n" for number in range(60)
)


def test_a_runaway_join_is_stopped_and_named() -> None:
    of = program(RUNAWAY + "big(A, B, C, D) :- n(A), n(B), n(C), n(D).")
    started = time.monotonic()
    with pytest.raises(EvaluationTimeout, match="#top/big"):
        engine()(of, relations(of, ()), None, 0.3)
    assert time.monotonic() - started < 5


def test_a_number_out_of_range_stops_with_its_rule() -> None:
    of = program("#pred n(N: number).\n#pred m(N: number).\nn(999999999999).\nm(N) :- n(M), N = M * M.")
    with pytest.raises(EvaluationError, match=r"12 digits.*#top/m"):
        engine()(of, relations(of, ()))


def test_after_an_error_the_same_thread_evaluates_on() -> None:
    test_a_runaway_join_is_stopped_and_named()
    assert shown(evaluated("#pred a(X: text).\na(x).\n#pred b(X: text).\nb(X) :- a(X).")[1], "b") == "(x)"


def test_evaluations_in_threads_do_not_meet() -> None:
    found: dict[int, str] = {}

    def run(number: int) -> None:
        source = f"#pred a(X: text).\n#pred b(X: text).\na(v{number}).\nb(X) :- a(X)."
        found[number] = shown(evaluated(source)[1], "b")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"(v{number})" for number in range(8)}


def test_only_what_is_wanted_is_evaluated() -> None:
    of = program("#pred a(X: text).\na(x).\n#pred b(X: text).\nb(X) :- a(X).\n#pred c(X: text).\nc(X) :- a(X).")
    model = engine()(of, relations(of, ()), ["b"])
    assert shown(model, "b") == "(x)"
    assert shown(model, "c") == ""


def test_hostile_texts_are_data() -> None:
    texts = ['__import__(\\"os\\")', "X", "_", "?", "p1", "~p1", "a.b[X]==Y", "'; drop table x", "‮"]
    facts = "".join(f'a("{text}").\n' for text in texts)
    _, model = evaluated(f"#pred a(X: text).\n#pred b(X: text).\n{facts}b(Text) :- a(Text).")
    assert len(model.rows("b")) == len(texts)
