"""What may be written next in a rule, a fact or a goal: at a prompt and in an editor."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kb.language.printer import value_source
from kb.language.program import Domain, Predicate, Program

_ATOM = re.compile(r'([a-z]\w*)\(((?:[^()"]|"[^"]*")*)$')


def argument_at(before: str) -> tuple[str, int] | None:
    """The predicate within whose brackets a text ends, and the position of the argument there."""
    found = _ATOM.search(before)
    if found is None:
        return None
    return found[1], re.sub(r'"[^"]*"?', "", found[2]).count(",")


def values_of(program: Program, name: str, position: int) -> Iterable[str]:
    """The values that the argument of a predicate may take, as they are written; none when they are not listed."""
    predicate = named(program, name)
    if predicate is None or position >= len(predicate.arguments):
        return ()
    domain = program.domains.get(predicate.arguments[position].type)
    return values_written(domain) if domain is not None else ()


def values_written(domain: Domain) -> list[str]:
    """A domain's values, in their order, as rules write them."""
    return [value_source(value) for value in (*domain.values, *domain.parts)]


def named(program: Program, name: str) -> Predicate | None:
    """The predicate that somebody calls by its short name."""
    own = (each for each in program.predicates.values() if each.local_name == name)
    return program.predicates.get(name) or next(own, None)
