"""Small helpers: programs from text, and clingo as a second opinion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import clingo

from facts.readers.datalog import read_chart
from kb.language.build import check
from kb.language.clingo import clingo_source, decoded
from kb.language.documents import read
from kb.language.program import Fact, Program
from kb.language.values import Row

DAY = date(2026, 1, 1)


def program(source: str, name: str = "example.dl") -> Program:
    """The program of one document, which must be without mistakes."""
    found, mistakes = check((read(name, source),), "", DAY)
    assert not mistakes, "\n".join(map(str, mistakes))
    return found


def facts(source: str, of: Program, case: str = "x") -> tuple[Fact, ...]:
    """The facts of a chart's statements."""
    document = read("chart.md", f"---\ncase: {case}\n---\n\n```datalog\n{source}\n```\n")
    chart, mistakes = read_chart(document, of)
    assert not mistakes, "\n".join(map(str, mistakes))
    return chart.facts


def relations(of: Program, stated: Iterable[Fact]) -> dict[str, set[Row]]:
    """The rows that the program and a chart state."""
    found: dict[str, set[Row]] = {}
    for fact in (*of.facts, *stated):
        found.setdefault(fact.relation, set()).add(fact.row)
    return found


def clingo_model(of: Program, given: Mapping[str, Iterable[Row]], scale: int = 1) -> dict[str, set[Row]]:
    """The one answer set that clingo finds for a stratified program."""
    control = clingo.Control(["--warn=none"])
    control.add("base", [], clingo_source(of, given, scale))
    control.ground([("base", [])])
    models: list[list[Any]] = []
    with control.solve(yield_=True) as handle:
        models.extend(model.symbols(atoms=True) for model in handle)
    assert len(models) == 1, f"a stratified program has one answer set, not {len(models)}"
    atoms = [(symbol.name, tuple(map(str, symbol.arguments))) for symbol in models[0]]
    return decoded(of, atoms, scale)
