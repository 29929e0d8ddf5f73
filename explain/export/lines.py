"""Lines of text with a style, wrapped to a width: what a terminal shows and a file holds."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

TITLE, GOOD, BAD, WARN, DIM, PLAIN = "title", "good", "bad", "warn", "dim", ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line and how it is shown where there is colour."""

    text: str
    style: str = PLAIN


@dataclass
class Page:
    """Collects lines of at most `width` characters."""

    width: int = 80
    lines: list[Line] = field(default_factory=list)

    def add(self, text: str = "", style: str = PLAIN, indent: int = 0, hang: int = 0) -> None:
        """Adds a paragraph, indented; its further lines are indented by `hang` more."""
        if not text:
            self.lines.append(Line(""))
            return
        self.add_hung(text, style, " " * indent, " " * (indent + hang))

    def add_hung(self, text: str, style: str, first: str, rest: str) -> None:
        """Adds a paragraph with what stands before its first line, and before the others."""
        # A width below what any terminal has would make one word a line.
        wrapped = textwrap.wrap(
            visible(text), max(self.width, 40), initial_indent=first, subsequent_indent=rest,
            break_on_hyphens=False, break_long_words=True,
        )  # fmt: skip
        self.lines += [Line(each, style) for each in wrapped]

    def add_more(self, more: int, indent: int) -> None:
        """Says how many of a list were left out, if any."""
        if more > 0:
            self.add(f"and {more} more: --format json lists them", DIM, indent)

    def add_raw(self, text: str, style: str = PLAIN) -> None:
        """Adds one line as it is, however long: for what is aligned."""
        self.lines.append(Line(visible(text), style))

    @property
    def text(self) -> str:
        """The page without styles."""
        return "\n".join(line.text for line in self.lines) + "\n"


_DIRECTIONS = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)}
_LONE = {code: f"\\x{code - 0xDC00:02x}" for code in range(0xDC80, 0xDD00)}
"""Bytes that are no text, as Python hands them on (PEP 383)."""
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_ALL = _DIRECTIONS | _CONTROLS | _LONE


def visible(text: str) -> str:
    """The text with control and direction characters made visible, so that a record cannot steer a terminal."""
    return text.translate(_ALL)
