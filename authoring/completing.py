"""What may be written next in a rule, a fact or a goal: at a prompt and in an editor."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kb.language.printer import value_source
from kb.language.program import Program

_ATOM = re.compile(r'([a-z]\w*)\(((?:[^()"]|"[^"]*")*)$')


def argument_at(before: str) -> tuple[str, int] | None:
    """The predicate within whose brackets a text ends, and the position of the argument there."""
    found = _ATOM.search(before)
    if found is None:
        return None
    return found[1], re.sub(r'"[^"]*"?', "", found[2]).count(",")


def values_of(program: Program, name: str, position: int) -> Iterable[str]:
    """The values that the argument of a predicate may take, as they are written; none when they are not listed."""
    predicate = program.by_local_name.get(name)
    if predicate is None or position >= len(predicate.arguments):
        return ()
    domain = program.domains.get(predicate.arguments[position].type)
    return [value_source(value) for value in (*domain.values, *domain.parts)] if domain is not None else ()
