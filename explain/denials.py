"""What in the record speaks against a fact without contradicting it: somebody else, another study, another day denies it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kb.contradictions import AtomKey
from kb.engines.model import fits
from kb.language.program import Fact
from kb.language.syntax import opposite
from kb.language.values import ANY
from kb.models import Models

DENIED = "Elsewhere the record denies what this rests on, by another source, study or day. The rules do not weigh the two:"
"""Stands above the denials."""
WITNESS = ("source", "study", "date")
"""The types of arguments that say who or what tells of a finding, and when, and not what is found."""


def denials(found: Models, facts: Iterable[AtomKey]) -> Iterator[Fact]:
    """The stated facts that say of what some facts find that it is not so, by another witness; each once."""
    told = dict[AtomKey, Fact]()
    for relation, row in facts:
        arguments = found.program.predicate(relation).arguments
        finding = tuple(ANY if each.type in WITNESS else value for each, value in zip(arguments, row, strict=True))
        for other, fact in found.stated.get(opposite(relation), {}).items():
            if fits(finding, other, lenient=True) and not fits(row, other):
                told.setdefault((fact.relation, other), fact)
    yield from told.values()
