"""Statements taken out of a document's text."""

from __future__ import annotations

from kb.language.parser import split


def blank(lines: list[str], line: int, column: int) -> str:
    """Blanks the statement that starts at a place, and gives its text; every other line keeps its number."""
    text = "\n".join(lines[line - 1 :])[column - 1 :]
    _, end = next(split(text))
    gone = text[:end]
    for offset, row in enumerate(gone.split("\n")):
        start = column - 1 if offset == 0 else 0
        old = lines[line - 1 + offset]
        lines[line - 1 + offset] = old[:start] + " " * len(row) + old[start + len(row) :]
    return gone
