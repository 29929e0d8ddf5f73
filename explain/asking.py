"""Asks in words: each fact as its template reads, with what is needed of each value in its place."""

from __future__ import annotations

from collections.abc import Iterator

from explain.missing import Ask, Hole, Need, Wanted, opened
from explain.wording import comparison_words, demand_words, words
from kb.engines.computed import compute
from kb.language import syntax as s
from kb.language.program import Program
from kb.language.values import NumberOutOfRange, Value

_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def ask_words(program: Program, ask: Ask, audience: str = "") -> str:
    """The facts that an ask wants, and the comparisons between its values that no single one can show."""
    shown = {hole: _demand(ask, hole) for hole in ask.holes}
    facts = [_fact_words(program, ask, wanted, audience) for wanted in sorted(ask.wanted, key=str)]
    several = [need for need in sorted(ask.needs, key=str) if len(need.holes) > 1 and need.holes <= set(shown)]
    text = ", and ".join(facts)
    between = dict.fromkeys(comparison_words(need.premise, _known(need)) for need in several)
    return f"{text}, so that {' and '.join(between)}" if between and not audience else text


def _fact_words(program: Program, ask: Ask, wanted: Wanted, audience: str) -> str:
    relation, row = wanted
    demands = {i: _demand(ask, term) for i, term in enumerate(row) if isinstance(term, Hole)}
    return words(program, relation, opened(row), audience, {i: f"[{text}]" for i, text in demands.items() if text})


def _demand(ask: Ask, hole: Hole) -> str:
    """What the comparisons ask of one value: `at most 4-`; nothing when any will do."""
    found = (text for need in sorted(ask.needs, key=str) for text in _demands(need, hole))
    return " and ".join(dict.fromkeys(found))


def _demands(need: Need, hole: Hole) -> Iterator[str]:
    if need.holes != {hole}:
        return
    names = {name for name, term in need.terms if term == hole}
    sides = ((need.premise.left, need.premise.op, need.premise.right),
             (need.premise.right, _TURNED[need.premise.op], need.premise.left))  # fmt: skip
    for side, op, other in sides:
        if isinstance(side, s.Variable) and side.name in names:
            try:
                yield demand_words(op, compute(other, _known(need)))
            except (KeyError, NumberOutOfRange):
                continue


def _known(need: Need) -> dict[str, Value]:
    return {name: term for name, term in need.terms if not isinstance(term, Hole)}
