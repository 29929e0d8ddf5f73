"""A fact that no chart and no test states."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s

LEVEL = "info"


def check(bench: Bench) -> Iterator[Found]:
    """Predicates of `#fact` that rules ask, and that no chart or test at hand ever states."""
    asked = {
        each.atom.predicate for program in bench.programs for rule in program.rules for each in s.literals(rule.rule.body)
    }
    for program in bench.programs:
        for name, predicate in program.predicates.items():
            document = bench.document(predicate.origin)
            if document is not None and predicate.is_fact and name in asked and predicate.local_name not in bench.stated:
                message = f"rules ask `{predicate.local_name}`, and no chart or test at hand states it"
                yield Found(
                    document, predicate.origin.line, message, "add a test that does, or see whether charts say it otherwise"
                )
