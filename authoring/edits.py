"""Statements and remarks in a document's text: found, replaced, taken out."""

from __future__ import annotations

from collections.abc import Iterator

from kb.language import parser
from kb.language.documents import Document, blocks


def comments(document: Document) -> Iterator[tuple[int, int, str]]:
    """The comments in the code of a document, each with its line and column (from 1)."""
    for block in blocks(document.name, document.text):
        for start, end in parser.comments(block.text):
            place = block.place(start, end)
            yield place.line, place.column, block.text[start:end]


def replaced(lines: list[str], line: int, column: int, text: str = "") -> str:
    """Puts a text (of one line) in the place of the statement that begins there, and gives what it said.

    Every other line keeps its number, and each line its end.
    """
    rest = "\n".join(lines[line - 1 :])[column - 1 :]
    start, end = next(parser.split(rest))
    if start:
        raise ValueError(f"no statement begins on line {line}, column {column}")
    gone = rest[:end]
    for offset, row in enumerate(gone.split("\n")):
        at, old, code = column - 1 if offset == 0 else 0, lines[line - 1 + offset], row.rstrip("\r")
        instead = text if text and offset == 0 else " " * len(code)
        lines[line - 1 + offset] = old[:at] + instead + old[at + len(code) :]
    return gone
