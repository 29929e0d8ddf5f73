"""A rule that another one makes superfluous: it concludes the same, and asks for more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from authoring.lint.bench import Bench, Found, statement
from authoring.lint.subsumption import subsumes

LEVEL = "warning"


def check(bench: Bench) -> Iterator[Found]:
    """Rules whose every instance another rule of the same reading has too, which does not have theirs."""
    everything = list(bench.rules())
    for (_, general, _), (_, special, document) in permutations(everything, 2):
        if general.head.relation != special.head.relation or general.reading != special.reading:
            continue
        if subsumes(general, special) and not subsumes(special, general) and bench.meet(general, special):
            place = f"{general.origin.file}, line {general.origin.line}"
            message = f"this rule adds nothing: a more general one concludes the same ({place})"
            fix = statement(special) if bench.makes_superfluous(general, special) else None
            yield Found(document, special.origin.line, message, "take it out, or narrow the other", fix)
