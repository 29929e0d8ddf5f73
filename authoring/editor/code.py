"""The names in the code of a document, each with what it is: also where the code has mistakes, since it is being typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb.language.blocks import Block
from kb.language.documents import blocks
from kb.language.parser import split
from kb.language.syntax import Place
from kb.language.values import unquoted

PREDICATE, DOMAIN, VALUE, VARIABLE = "predicate", "domain", "value", "variable"

_TOKEN = re.compile(
    r'(?P<comment>%[^\n]*)|(?P<text>"(?:\\.|[^"\\\n])*"?)|(?P<keyword>#[a-z]+)|(?P<name>[a-z]\w*)|(?P<variable>[A-Z]\w*)'
    r"|(?P<sign>::|:-|\?-|!=|<=|>=|[^\s\w])|(?P<other>\w+)"
)
_COMPARES = frozenset(("=", "!=", "<", "<=", ">", ">="))
STATUSES = ("refuted", "undocumented", "conflicting", "disputed", "unaddressed")
"""The words of an expectation: `?- refuted goal.`"""
_DECLARING = frozenset(("#fact", "#pred"))
_DESCRIBING = frozenset(("#key", "#about"))
_LISTING = frozenset(("#closed", "#planned", "#rare"))


@dataclass(frozen=True, slots=True)
class Name:
    """A name where it stands. `scope` tells the variables of one statement, or of one declaration, from all others."""

    kind: str
    text: str
    place: Place
    scope: str = ""
    declares: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it stands, finished or not: its text, and where it begins and ends."""

    text: str
    block: Block
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """`#fact`, `#goal` and so on; nothing for a rule, a fact or an expectation."""
        found = re.match(r"#[a-z]+", self.text)
        return found[0] if found else ""


def statements(name: str, text: str) -> Iterator[Statement]:
    """The statements in the code of a document."""
    for block in blocks(name, text):
        for start, end in split(block.text):
            yield Statement(block.text[start:end], block, start, end)


def names(name: str, text: str) -> tuple[Name, ...]:
    """Every name in the code of a document, in order."""
    return tuple(each for number, one in enumerate(statements(name, text)) for each in _names(one, str(number)))


def _names(statement: Statement, number: str) -> Iterator[Name]:
    tokens = [match for match in _TOKEN.finditer(statement.text) if match.lastgroup != "comment"]
    keyword = statement.keyword
    about = re.match(r"(?:#fact|#pred|#key|#about)\s+([a-z]\w*)", statement.text)
    scope = f"declaration of {about[1]}" if about else number
    is_first, depth, braces = True, 0, 0
    for position, token in enumerate(tokens):
        word, kind = token[0], token.lastgroup
        before = tokens[position - 1][0] if position else ""
        after = tokens[position + 1][0] if position + 1 < len(tokens) else ""
        depth += (word == "(") - (word == ")")
        braces += (word == "{") - (word == "}")

        def named(kind: str, text: str, declares: bool = False, skip: int = 0, token: re.Match[str] = token) -> Name:
            start = statement.start + token.start() + skip
            end = start + len(text) if skip else statement.start + token.end()
            return Name(kind, text, statement.block.place(start, end), scope if kind == VARIABLE else "", declares)

        if kind == "variable":
            yield named(VARIABLE, word, keyword in _DECLARING)
        elif kind == "text":
            is_template = _is_template(keyword, tokens, position)
            if is_template:
                for inner in re.finditer(r"\{([A-Z]\w*)\}", word):
                    yield named(VARIABLE, inner[1], skip=inner.start(1))
            elif keyword != "#criterion" and keyword != "#reading":
                yield named(VALUE, unquoted(word) if word.endswith('"') and len(word) > 1 else word, keyword == "#domain")
        elif kind == "name":
            is_predicate = _is_predicate(keyword, before, after, is_first, depth, braces)
            if keyword == "#domain":
                yield named(DOMAIN if is_first else VALUE, word, True)
            elif keyword in _DECLARING and before == ":":
                yield named(DOMAIN, word)
            elif is_predicate and not _is_word(keyword, word, before, after):
                yield named(PREDICATE, word, is_first and keyword in _DECLARING)
            elif before != "::" and not _is_word(keyword, word, before, after):
                yield named(VALUE, word)
            is_first = False


def _is_template(keyword: str, tokens: list[re.Match[str]], position: int) -> bool:
    """Whether a text words an atom: it stands behind `::`, or behind a label that does."""
    back = [token[0] for token in tokens[max(0, position - 2) : position]]
    return bool(keyword) and keyword != "#domain" and "::" in back


def _is_predicate(keyword: str, before: str, after: str, is_first: bool, depth: int, braces: int) -> bool:
    if after == "(" and keyword != "#domain":
        return True
    if keyword in _LISTING or (is_first and keyword in _DECLARING | _DESCRIBING):
        return True
    is_compared = before in _COMPARES or after in _COMPARES
    return depth == 0 and braces == 0 and not is_compared and before not in ("::", ":")


def _is_word(keyword: str, word: str, before: str, after: str) -> bool:
    """Whether a name is one of the language's own words here."""
    if word == "not":
        return after != "("
    if word == "for":
        return keyword == "#goal"
    return word in STATUSES and before == "?-" and re.match(r"[a-z]", after) is not None
