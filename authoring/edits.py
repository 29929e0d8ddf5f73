"""Statements and remarks in a document's text: found, replaced, taken out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kb.language.documents import Document, blocks
from kb.language.parser import split

_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"?|(%[^\n]*)')


def comments(document: Document) -> Iterator[tuple[int, int, str]]:
    """The comments in the code of a document, each with its line and column (from 1)."""
    for block in blocks(document.name, "\n".join(document.lines)):
        for match in _COMMENT.finditer(block.text):
            if match[1]:
                place = block.place(match.start(1), match.end(1))
                yield place.line, place.column, match[1]


def replaced(lines: list[str], line: int, column: int, text: str = "") -> str:
    """Puts a text (of one line) in the place of the statement that begins there, and gives what it said.

    Every other line keeps its number, and each line its end.
    """
    rest = "\n".join(lines[line - 1 :])[column - 1 :]
    start, end = next(split(rest))
    if start:
        raise ValueError(f"no statement begins on line {line}, column {column}")
    gone = rest[:end]
    for offset, row in enumerate(gone.split("\n")):
        at, old = (column - 1 if offset == 0 else 0), lines[line - 1 + offset]
        code = row.rstrip("\r")
        lines[line - 1 + offset] = (
            old[:at]
            + (text if offset == 0 else "")
            + " " * (len(code) if not (text and offset == 0) else 0)
            + old[at + len(code) :]
        )
    return gone
