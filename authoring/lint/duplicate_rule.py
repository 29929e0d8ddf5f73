"""A rule that stands there twice, if in other words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from authoring.lint.bench import Bench, Found, statement
from authoring.lint.subsumption import subsumes

LEVEL = "error"


def check(bench: Bench) -> Iterator[Found]:
    """Rules each of which says all that the other says."""
    everything = list(bench.rules())
    for (_, one, _), (_, other, document) in combinations(everything, 2):
        if one.reading == other.reading and subsumes(one, other) and subsumes(other, one) and bench.meet(one, other):
            place = f"{one.origin.file}, line {one.origin.line}"
            message = f"this rule stands there already ({place})"
            yield Found(
                document,
                other.origin.line,
                message,
                "take one out",
                statement(other) if bench.makes_superfluous(one, other) else None,
            )
