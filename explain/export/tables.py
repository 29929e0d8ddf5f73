"""Answers to a goal as a table."""

from __future__ import annotations

from typing import Any

from explain.export.data import value_data
from explain.export.lines import DIM, TITLE, WARN, Page
from kb.goals import Table


def table_data(table: Table) -> dict[str, Any]:
    """The table as plain data."""
    return {
        "schema": "medproof/table/1",
        "columns": list(table.columns),
        "rows": [[value_data(value) for value in row] for row in table.rows],
        "notes": list(table.notes),
    }


def table_page(table: Table, width: int = 80) -> Page:
    """The table with its columns aligned; without columns, whether the goal holds."""
    page = Page(width)
    for note in table.notes:
        page.add(note, WARN, 0, 2)
    if not table.columns:
        page.add("yes" if table.rows else "no")
        return page
    rows = [[value_data(value).replace("\n", "\\n") for value in row] for row in table.rows]
    widths = [max(map(len, column)) for column in zip(table.columns, *rows, strict=True)]
    page.add_raw(_row(table.columns, widths), TITLE)
    for row in rows:
        page.add_raw(_row(row, widths))
    page.add(f"{len(rows)} answer{'s' * (len(rows) != 1)}", DIM)
    return page


def _row(cells: tuple[str, ...] | list[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
