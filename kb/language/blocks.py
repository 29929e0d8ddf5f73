"""A run of statements in a document, and the places of its characters there."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from kb.language.syntax import Place


@dataclass(frozen=True)
class Block:
    """A run of statements in a document: its text, and where each of its lines stands there."""

    text: str
    first_line: int = 1
    indents: tuple[int, ...] = ()

    def place(self, start: int, end: int) -> Place:
        """The place in the document of the characters from start to end."""
        starts = _line_starts(self.text)
        row = bisect_right(starts, start) - 1
        indent = self.indents[row] if row < len(self.indents) else 0
        return Place(self.first_line + row, start - starts[row] + 1 + indent, max(1, end - start))


@lru_cache(maxsize=1_024)
def _line_starts(text: str) -> list[int]:
    return [0] + [match.end() for match in re.finditer("\n", text)]
