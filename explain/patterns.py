"""Patterns with holes: what an instance asks of an atom, and which rows may come to be it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from explain.asks import Hole, Term, Terms, opened
from kb.engines.model import fits
from kb.language import syntax as s
from kb.language.values import ANY, UNKNOWN, Row


def asked_of_head(heads: tuple[s.Term, ...], pattern: Terms) -> dict[str, Term]:
    """What a pattern asks of a head's variables; nothing, if the head cannot be the pattern, or a hole not stand alone."""
    asked: dict[str, Term] = {}
    for term, wanted in zip(heads, pattern, strict=True):
        if isinstance(term, s.Constant) and wanted not in (term.value, ANY):
            return {}
        if isinstance(term, s.Variable) and wanted is not ANY and asked.setdefault(term.name, wanted) != wanted:
            return {}
    return asked


def pattern_of(atom: s.Atom, binding: Mapping[str, Term]) -> Terms:
    """What an instance asks of an atom: `_` asks nothing."""
    return tuple(
        term.value if isinstance(term, s.Constant) else binding.get(getattr(term, "name", ""), ANY) for term in atom.terms
    )


def that_may_be(rows: Iterable[Row], pattern: Terms) -> Iterator[Row]:
    """The rows of which telling more can make them the pattern: a hole wants a value that is not told yet."""
    told = opened(pattern)
    holes = [position for position, term in enumerate(pattern) if isinstance(term, Hole)]
    for row in rows:
        if all(row[position] is UNKNOWN for position in holes) and fits(row, told, lenient=True):
            yield row


def is_told(row: Row, pattern: Terms) -> bool:
    """Whether a row gives everything that a pattern asks for."""
    return all(
        wanted is ANY or value is ANY or (value == wanted and value is not UNKNOWN)
        for value, wanted in zip(row, pattern, strict=True)
    )
