"""Charts as tables of facts, as an analyst's export would have them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from kb.language.program import Fact, Program
from kb.language.values import ANY, UNKNOWN, Value, value_text


def write_tables(directory: Path, program: Program, facts: Iterable[Fact]) -> Path:
    """One CSV file for each relation."""
    directory.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[Fact]] = {}
    for fact in facts:
        rows.setdefault(fact.relation, []).append(fact)
    for relation, each in rows.items():
        name = f"denied_{relation[1:]}" if relation.startswith("-") else relation
        with (directory / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([argument.name for argument in program.predicate(relation).arguments])
            writer.writerows([[_text(value) for value in fact.row] for fact in each])
    return directory


def _text(value: Value) -> str:
    return "?" if value is UNKNOWN else "_" if value is ANY else value_text(value)
