"""A document: prose and statements, each statement with the place that states it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING

from kb.language import frontmatter
from kb.language.blocks import Block
from kb.language.diagnostics import Diagnostic, Finding
from kb.language.frontmatter import Meta
from kb.language.parser import ParsedBlock, parse
from kb.language.syntax import CriterionDeclaration, Expectation, Place, Statement

if TYPE_CHECKING:
    from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Section:
    """A heading: its text, its anchor within the document, and the headings above it."""

    title: str
    anchor: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement with where it stands: its section, and the passage that it formalises."""

    node: Statement
    section: int
    passage: str


@dataclass(frozen=True, slots=True)
class Test:
    """A `datalog test` block: facts and expectations, kept for the test runner."""

    name: str
    statements: tuple[Stated, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says. `findings` are the mistakes that reading it brought to light."""

    name: str
    digest: str
    meta: Meta
    sections: tuple[Section, ...]
    statements: tuple[Stated, ...]
    tests: Sequence[Test] = ()
    findings: tuple[Finding, ...] = ()
    broken_names: frozenset[str] = frozenset()
    lines: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def id(self) -> str:
        """The id with its version: `aetna-cpb-0743@2026-01`."""
        return self.meta.full_id

    @property
    def text(self) -> str:
        """What it says, line ends as `\\n`."""
        return "\n".join(self.lines)

    def diagnostic(self, finding: Finding, section: int | None = None) -> Diagnostic:
        """The finding, put in its place in this document."""
        place = finding.place
        line = self.lines[place.line - 1] if 0 < place.line <= len(self.lines) else ""
        title = self.sections[section].title if section is not None else self._section_title(place.line)
        return Diagnostic(
            self.name, place.line, place.column, place.length, finding.code,
            finding.message, finding.hint, title, line, finding.related,
        )  # fmt: skip

    def _section_title(self, line: int) -> str:
        titles = [m[1].strip() for row in self.lines[:line] if (m := re.match(r"#{1,6}\s+(.*)", row))]
        return titles[-1] if titles and not self.name.endswith(".dl") else ""


def digest(text: str) -> str:
    """The content hash by which a document is known to caches and proofs (SHA-256, hexadecimal)."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def normalised(text: str) -> str:
    """The text with `\\n` for every line end, and without a byte order mark."""
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def read(name: str, text: str) -> Document:
    """The document that a text is: Markdown, or plain statements when the name ends in `.dl`."""
    text = normalised(text)
    meta, findings, body_start = frontmatter.read(name, text)
    gathered = _Gathered(list(findings))
    if name.endswith(".dl"):
        _read_plain(text, body_start, gathered)
    else:
        _read_markdown(text, body_start, gathered)
    return Document(
        name, digest(text), meta, _anchored(gathered), tuple(gathered.statements), tuple(gathered.tests),
        tuple(gathered.findings), frozenset(gathered.broken), tuple(text.split("\n")),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A statement that is to be written: the prose above it, its text on one line, and the statement at a place."""

    prose: str
    source: str
    node: Callable[[Place], Statement]


def chart_of(name: str, case: str, title: str, sections: Mapping[str, Sequence[Line]]) -> Document:
    """A chart that is made rather than read: the document that `read` finds in its text, without parsing it.

    `sections` holds the statements below each heading.
    """
    meta, front = frontmatter.of_case(case, title)
    lines, gathered = [*front, ""], _Gathered([])
    for heading, each in sections.items():
        lines += [f"## {heading}", ""]
        gathered.sections.append((_plain(heading), ()))
        for line in each:
            lines += [line.prose, "", "```datalog", line.source, "```", ""]
            place = Place(len(lines) - 2, 1, len(line.source))
            gathered.statements.append(Stated(line.node(place), len(gathered.sections) - 1, _plain(line.prose)))
    text = "\n".join(lines)
    statements = tuple(gathered.statements)
    return Document(name, digest(text), meta, _anchored(gathered), statements, lines=tuple(lines))


@dataclass
class _Gathered:
    findings: list[Finding]
    sections: list[tuple[str, tuple[str, ...]]] = field(default_factory=lambda: [("", ())])
    statements: list[Stated] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)

    def add(self, block: Block, passage: str, test: str | None) -> None:
        parsed = parse(block)
        section = len(self.sections) - 1
        stated = tuple(Stated(node, section, passage) for node, _ in parsed.statements)
        self.findings += parsed.findings
        self.broken |= parsed.broken_names
        if test is None:
            self.statements += [each for each in stated if not self._misplaced(each)]
        else:
            place = Place(block.first_line - 1, 1)
            if any(each.name == test for each in self.tests):
                hint = "a test is known by its name"
                self.findings.append(Finding(place, "duplicate", f"two tests are called `{test}`", hint))
            self.tests.append(Test(test, stated, place))

    def _misplaced(self, stated: Stated) -> bool:
        if not isinstance(stated.node, Expectation):
            return False
        hint = 'put it in a block that starts with ```datalog test "name"'
        self.findings.append(Finding(stated.node.place, "misplaced", "an expectation stands in a test", hint))
        return True


def blocks(name: str, text: str) -> Iterator[Block]:
    """The runs of statements of a document, whatever stands in them; the line ends of its text are `\\n`."""
    _, _, start = frontmatter.read(name, text)
    lines = text.split("\n")
    if name.endswith(".dl"):
        yield Block("\n".join(lines[start:]), start + 1)
        return
    for token in markdown(lines, start):
        if token.type == "fence" and token.map and token.info.split()[:1] == ["datalog"]:
            yield _fenced(token.content, token.map[0], lines)


def markdown(lines: list[str], start: int) -> list[Token]:
    """The Markdown below the front matter; its lines keep their numbers."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").parse("\n".join([""] * start + lines[start:]))


def _fenced(content: str, row: int, lines: list[str]) -> Block:
    """What stands in the fence that opens in a row, with how far each line is indented there."""
    indents = []
    for offset, line in enumerate(content.split("\n")):
        source = lines[row + 1 + offset] if row + 1 + offset < len(lines) else ""
        indents.append(len(source) - len(line) if source.endswith(line) else 0)
    return Block(content, row + 2, tuple(indents))


def _read_markdown(text: str, start: int, gathered: _Gathered) -> None:
    lines = text.split("\n")
    path: list[tuple[int, str]] = []
    passage = ""
    tokens = markdown(lines, start)
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            level, title = int(token.tag[1]), _plain(tokens[index + 1].content)
            path = [each for each in path if each[0] < level] + [(level, title)]
            gathered.sections.append((title, tuple(title for _, title in path[:-1])))
            passage = ""
        elif token.type == "inline" and tokens[index - 1].type != "heading_open":
            passage = _plain(token.content)
            _check_meant(token, lines, gathered)
        elif token.type == "code_block":
            _check_meant(token, lines, gathered)
        elif token.type == "fence":
            first, end = token.map or [0, 0]
            word = (token.info.split() or [""])[0]
            if word == "datalog":
                content = _check_closed(token.content, first, end, token.markup, lines, gathered)
                _read_fence(content, token.info, first, lines, passage, gathered)
            elif get_close_matches(word.lower(), ["datalog"], cutoff=0.75):
                place = Place(first + 1, lines[first].index(word) + 1, len(word))
                message = f"this block is taken for prose, since `{word}` is not `datalog`"
                gathered.findings.append(Finding(place, "fence", message, "write ```datalog"))


_MEANT = re.compile(r"\s*(`+|'{2,}|~{1,2}|´+|‘+|’+)\s*datalog(\s+test\b.*)?\s*")
"""The first line of what was meant to be a block of statements."""


def _check_meant(token: Token, lines: list[str], gathered: _Gathered) -> None:
    """Reports the first line of a block in prose: it is indented, or begins with other marks than three backticks."""
    first, end = token.map or [0, 0]
    for row in range(first, end):
        if _MEANT.fullmatch(lines[row]):
            place = Place(row + 1, 1, len(lines[row]))
            message = "what follows is taken for prose: a block begins with ```datalog, at the beginning of its line"
            gathered.findings.append(Finding(place, "fence", message, "write ```datalog before it, and ``` after it"))


def _check_closed(content: str, first: int, end: int, fence: str, lines: list[str], gathered: _Gathered) -> str:
    """What stands in a block, as far as it is closed: else it runs on, over prose, to the next one or to the end."""
    rows = content.split("\n")
    another = next((row for row, line in enumerate(rows) if re.match(r"\s*```+\s*\w", line)), None)
    last = lines[end - 1].lstrip("> \t").rstrip() if end <= len(lines) else ""
    if another is not None or end - first < 2 or last.strip(fence[0]) or len(last) < len(fence):
        place = Place(first + 1, 1, len(lines[first]))
        where = f" before the one on line {first + another + 2} begins" if another is not None else ""
        gathered.findings.append(Finding(place, "fence", f"this block is not closed{where}", f"close it with {fence}"))
    if another is None:
        return content
    # Its statements end where the prose begins, which an empty line is taken for.
    blank = next((row for row in range(another) if not rows[row].strip()), another)
    return "\n".join(rows[:blank]) + "\n"


def _read_fence(content: str, info: str, row: int, lines: list[str], passage: str, gathered: _Gathered) -> None:
    match = re.fullmatch(r'datalog(?:\s+test\s+"([^"]+)")?\s*', info)
    if match is None:
        hint = 'write ```datalog, or ```datalog test "name" for a test'
        place = Place(row + 1, 1, len(lines[row]))
        gathered.findings.append(Finding(place, "fence", "this block's first line is not understood", hint))
        return
    gathered.add(_fenced(content, row, lines), passage, match[1])


def _read_plain(text: str, start: int, gathered: _Gathered) -> None:
    lines = text.split("\n")
    block = Block("\n".join(lines[start:]), start + 1)
    parsed: ParsedBlock = parse(block)
    gathered.findings += parsed.findings
    gathered.broken |= parsed.broken_names
    for node, offset in parsed.statements:
        row = block.text.count("\n", 0, offset) + start
        stated = Stated(node, 0, _comment_above(lines, row))
        if not gathered._misplaced(stated):
            gathered.statements.append(stated)


def _comment_above(lines: list[str], row: int) -> str:
    comment: list[str] = []
    while row > 0 and lines[row - 1].lstrip().startswith("%"):
        row -= 1
        comment.insert(0, lines[row].lstrip().lstrip("%").strip())
    return " ".join(comment)


_MARKED = re.compile(r"\]\(|\*\*|__|`|(?<!\w)[*_]")
"""Where Markdown may say more than its text."""


def _plain(markdown: str) -> str:
    """Inline Markdown as one line of prose: without emphasis, code marks and link targets."""
    if not _MARKED.search(markdown):
        return " ".join(markdown.split())
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", markdown)
    text = re.sub(r"(\*\*|__|`)(.+?)\1", r"\2", text)
    text = re.sub(r"(?<!\w)[*_](?=\S)(.+?)(?<=\S)[*_](?!\w)", r"\1", text)
    return " ".join(text.split())


def _anchored(gathered: _Gathered) -> tuple[Section, ...]:
    """The sections with unique anchors: the label of the section's criterion, or a slug of its title."""
    labels = {
        stated.section: stated.node.label
        for stated in reversed(gathered.statements)
        if isinstance(stated.node, CriterionDeclaration)
    }
    seen: set[str] = set()
    sections = []
    for index, (title, path) in enumerate(gathered.sections):
        anchor = labels.get(index) or re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "top"
        names = (anchor if number == 1 else f"{anchor}-{number}" for number in count(1))
        unused = next(name for name in names if name not in seen)
        seen.add(unused)
        sections.append(Section(title, unused, path))
    return tuple(sections)
