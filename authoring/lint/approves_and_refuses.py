"""Two rules that approve and refuse on the same facts."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from authoring.lint.subsumption import covers, matched_heads

LEVEL = "error"


def check(bench: Bench) -> Iterator[Found]:
    """A rule for `p` and one for `-p` of which one holds whenever the other does: each such case is a contradiction."""
    everything = list(bench.rules())
    for _, one, document in everything:
        for _, other, _ in everything:
            if other.head.relation != f"-{one.head.relation}":
                continue
            for general, special in ((one, other), (other, one)):
                start = matched_heads(general, special)
                if start is not None and covers(general.rule.body, special.rule.body, start):
                    place = f"{other.origin.file}, line {other.origin.line}"
                    message = f"whenever one of them holds, this concludes what the rule in {place} denies"
                    yield Found(document, one.origin.line, message, "let the facts that decide differ")
                    break
