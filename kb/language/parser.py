"""Text of a block to statements; after a mistake it goes on with the next statement."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.language.blocks import Block
from kb.language.diagnostics import Finding
from kb.language.syntax import Statement
from kb.language.values import NumberOutOfRange

if TYPE_CHECKING:
    from lark import Lark, Token


_TOKEN = re.compile(r'%[^\n]*|"(?:\\.|[^"\\\n])*"|"[^\n]*|[0-9]+\.[0-9]+|\.|\s+|[^\s."%0-9]+|[0-9]+')


def split(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the statements: each up to its period, which is not one in a number or a text."""
    start: int | None = None
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token.isspace() or token.startswith("%"):
            continue
        start = match.start() if start is None else start
        # A text that is not closed ends with its line; a period at that end still ends the statement.
        unclosed = token.startswith('"') and (len(token) < 2 or not token.endswith('"'))
        if token == "." or (unclosed and token.rstrip().endswith(".")):
            yield start, match.end()
            start = None
    if start is not None:
        yield start, len(text.rstrip())


def comments(text: str) -> Iterator[tuple[int, int]]:
    """The spans of the comments, each up to the end of its line."""
    return (match.span() for match in _TOKEN.finditer(text) if match[0].startswith("%"))


@dataclass(frozen=True)
class ParsedBlock:
    """The statements of a block that could be read, each with its span, and what could not."""

    statements: tuple[tuple[Statement, int], ...]
    findings: tuple[Finding, ...]
    broken_names: frozenset[str]
    """Names whose declaration could not be read, so that their uses are not reported as well."""


@lru_cache(maxsize=20_000)
def parse(block: Block) -> ParsedBlock:
    """Every statement of the block; a mistake in one does not hide the others."""
    statements: list[tuple[Statement, int]] = []
    findings: list[Finding] = []
    broken: set[str] = set()
    pending = list(split(block.text))[::-1]
    while pending:
        start, end = pending.pop()
        statement, finding, resume = _parse_one(block, start, end)
        if statement is not None:
            statements.append((statement, start))
        elif match := re.match(r"(?:#\w+|fact|pred)\s+([a-z]\w*)", block.text[start:end]):
            broken.add(match[1])
        if finding is not None:
            findings.append(finding)
        if resume is not None:
            pending.append((resume, end))
    return ParsedBlock(tuple(statements), tuple(findings), frozenset(broken))


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text without mistakes, spaces and comments among them."""
    yield from _grammar().lex(text, dont_ignore=True)


def _parse_one(block: Block, start: int, end: int) -> tuple[Statement | None, Finding | None, int | None]:
    from lark import Tree
    from lark.exceptions import UnexpectedInput, VisitError

    from kb.language import syntax_errors

    text = block.text[start:end]
    try:
        return _build(block, start, text), None, None
    except VisitError as error:
        if not isinstance(error.orig_exc, NumberOutOfRange) or not isinstance(error.obj, Tree):
            raise
        meta = error.obj.meta
        place = block.place(start + meta.start_pos, start + meta.end_pos)
        return None, Finding(place, "number-range", str(error.orig_exc), "shorten the number"), None
    except UnexpectedInput as error:
        at = error.pos_in_stream
        offset = len(text) if at is None or at < 0 else at
        token = getattr(error, "token", None)
        if token is not None and token.type == "$END":
            offset = len(text)
        statement = _read_before(block, start, offset)
        if statement is not None:
            end_of_code = start + _end_of_code(text, offset)
            here = block.place(end_of_code, end_of_code + 1)
            resume = start + offset if offset < len(text) else None
            hint = syntax_errors.missing_period(text[:offset])
            finding = Finding(here, "missing-period", "this statement does not end with a period", hint)
            return statement, finding, resume
        message, hint, (first, last) = syntax_errors.explain(text, offset, error)
        return None, Finding(block.place(start + first, start + last), "syntax", message, hint), None


def _read_before(block: Block, start: int, offset: int) -> Statement | None:
    """The statement that ends, without its period, just before a line that begins another one."""
    from lark.exceptions import LarkError

    text = block.text[start:]
    line = text[:offset].rfind("\n") + 1
    at_end = not text[offset:].strip()
    if not at_end and (line == 0 or text[line:offset].strip()):
        return None
    try:
        return _build(block, start, text[: _end_of_code(text, offset)] + ".")
    except LarkError:
        return None


def _end_of_code(text: str, offset: int) -> int:
    """Where the last token before an offset ends, comments not counted."""
    tokens = (m for m in _TOKEN.finditer(text[:offset]) if not m[0].isspace() and not m[0].startswith("%"))
    return max((token.end() for token in tokens), default=0)


def _build(block: Block, start: int, text: str) -> Statement:
    place = block.place(start, start)
    row = place.line - block.first_line
    return _statement(text, place.line, (place.column - 1, *block.indents[row + 1 : row + 1 + text.count("\n")]))


@lru_cache(maxsize=20_000)
def _statement(text: str, line: int, indents: tuple[int, ...]) -> Statement:
    """The statement that a text is where it stands: an editor reads thousands again and again, of which one changed."""
    from kb.language.tree import Builder

    statement: Any = Builder(Block(text, line, indents)).transform(_grammar().parse(text))
    return statement  # type: ignore[no-any-return]


@cache
def _grammar() -> Lark:
    """Lark's LALR(1) parser; made once, as it holds no state between texts."""
    from lark import Lark

    text = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", propagate_positions=True, maybe_placeholders=False)
