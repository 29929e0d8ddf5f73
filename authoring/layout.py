"""The canonical layout of rules and facts: spaces, indentation and empty lines; prose and comments stay as they are.

Line breaks within a statement are the author's, who groups premises by what belongs
together; a line that is too long is broken after a comma. What is laid out parses to
the same statements, which is checked each time; a block with mistakes is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lark import Token

from kb.language.blocks import Block
from kb.language.documents import blocks
from kb.language.parser import parse, tokens

WIDTH = 125
_INDENT = "    "
_BEFORE_A_SIGN = frozenset({"", "(", ",", ".", ":-", "?-", "not", ":", "{", "=", "!=", "<", "<=", ">", ">=", "+", "-", "*"})
"""What stands before a `-` that is a sign, and not the difference of two terms."""


@dataclass(frozen=True)
class LaidOut:
    """A document in canonical layout, and the first lines of the blocks that were left alone."""

    text: str
    left_alone: tuple[int, ...]


def laid_out(name: str, text: str) -> LaidOut:
    """A Markdown document, or a `.dl` file, with its statements laid out; its line ends stay what they are."""
    for line_end in ("\r\n", "\r"):
        if line_end in text:
            made = laid_out(name, text.replace(line_end, "\n"))
            return LaidOut(made.text.replace("\n", line_end), made.left_alone)
    if name.endswith(".dl"):
        block = _block(text)
        return LaidOut(text if block is None else f"{block}\n", () if block is not None else (1,))
    lines = text.split("\n")
    left: list[int] = []
    for each in reversed(list(blocks(name, text))):
        first, end = each.first_line - 1, each.first_line - 1 + each.text.count("\n")
        opening = lines[first - 1]
        indent = opening[: len(opening) - len(opening.lstrip(" "))]
        block = _block("\n".join(line.removeprefix(indent) for line in lines[first:end]))
        if block is None:
            left.append(first + 1)
        else:
            lines[first:end] = [indent + line if line else "" for line in block.split("\n")] if block else []
    return LaidOut("\n".join(lines), tuple(reversed(left)))


def _block(text: str) -> str | None:
    """A run of statements laid out; None if it has mistakes."""
    if parse(Block(text)).findings:
        return None
    made = "\n".join(_lines(text))
    return made if _said(made) == _said(text) else None


def _said(text: str) -> list[str]:
    """What a layout has to leave as it is: every token, and every comment."""
    return [token.rstrip() for token in tokens(text) if not token.isspace()]


@dataclass
class _Writer:
    """Lines of a block as they are made; a statement may go on over several."""

    lines: list[str] = field(default_factory=list)
    before: Token | None = None
    """The last token that is no comment."""
    is_sign: bool = False
    """Whether that token is the sign of a denial or a number."""
    braces: int = 0

    @property
    def is_within(self) -> bool:
        """Whether a statement has begun and not ended."""
        return self.before is not None and self.before != "."

    def row(self, some: list[Token]) -> None:
        """Adds one line of the author's; of several statements in it only facts share a line."""
        while some:
            end = next((number + 1 for number, token in enumerate(some) if token == "."), len(some))
            while end < len(some) and _is_fact(some[:end]) and not self.is_within and _is_fact(some[end:]):
                end = next((number + 1 for number, token in enumerate(some) if number >= end and token == "."), len(some))
            if end < len(some) and some[end].type == "COMMENT":
                end += 1
            self.line(some[:end])
            some = some[end:]

    def line(self, some: list[Token]) -> None:
        """Adds one line."""
        text = _INDENT if self.is_within else ""
        for number, token in enumerate(some):
            if token.type == "COMMENT":
                text += ("  " if number else "") + token.rstrip()
            else:
                text += (self._gap(token) if number else "") + token
                self._follow(token)
        self._add(text, is_comment=some[-1].type == "COMMENT")

    def _gap(self, token: Token) -> str:
        """What stands between a token and the one before it."""
        former = self.before
        if former is None or self.is_sign or former == "(" or token in (",", ".", ")"):
            return ""
        if token == "(":
            return "" if former.type == "NAME" else " "
        if token == ":" and not self.braces:
            return ""
        return " "

    def _follow(self, token: Token) -> None:
        former = self.before
        self.is_sign = token == "-" and (former is None or former in _BEFORE_A_SIGN or former.type == "STATUS")
        self.braces += (token == "{") - (token == "}")
        self.before = token

    def _add(self, text: str, is_comment: bool) -> None:
        head = text.find(" :- ") + 3
        if len(text) > WIDTH and head > 3 and '"' not in text[:head]:
            self.lines.append(text[:head])
            text = _INDENT + text[head:].lstrip()
        while len(text) > WIDTH and not is_comment and (at := _last_comma(text, WIDTH)) >= 0:
            self.lines.append(text[: at + 1])
            text = _INDENT + text[at + 1 :].lstrip()
        self.lines.append(text)


def _lines(text: str) -> list[str]:
    writer, row, is_apart = _Writer(), list[Token](), False
    for token in tokens(text):
        if token.isspace():
            if "\n" in token and row:
                writer.row(row)
                row = []
            is_apart = is_apart or token.count("\n") > 1
            continue
        if is_apart and not row and writer.lines and not writer.is_within:
            writer.lines.append("")
        is_apart = False
        row.append(token)
    writer.row(row)
    return writer.lines


def _is_fact(some: list[Token]) -> bool:
    """Whether the first statement is a whole fact."""
    end = next((number for number, token in enumerate(some) if token == "."), -1)
    return end > 0 and (some[0].type == "NAME" or some[0] == "-") and ":-" not in some[:end]


def _last_comma(text: str, before: int) -> int:
    """The last comma before a column that stands in no text and in no parenthesis of an atom; -1 if there is none."""
    depth, quoted, found = 0, False, -1
    for position, char in enumerate(text[:before]):
        if char == '"' and text[position - 1] != "\\":
            quoted = not quoted
        elif not quoted:
            depth += (char in "({") - (char in ")}")
            if char == "," and depth == 0:
                found = position
    return found


def differences(name: str, before: str, after: str) -> Iterable[str]:
    """What the layout changes, as a unified diff."""
    from difflib import unified_diff

    return unified_diff(before.split("\n"), after.split("\n"), name, name, lineterm="")
