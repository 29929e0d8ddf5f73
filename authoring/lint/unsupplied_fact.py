"""A fact that no chart and no test states."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s

LEVEL = "info"


def check(bench: Bench) -> Iterator[Found]:
    """Predicates of `#fact` that rules ask, and that no chart or test at hand ever states."""
    stated = {name for document in bench.charts for name in _heads(document.statements)}
    stated |= {name for trial in bench.tests() for name in _heads(trial.test.statements)}
    asked = {
        each.atom.predicate for program in bench.programs for rule in program.rules for each in s.literals(rule.rule.body)
    }
    for program in bench.programs:
        for name, predicate in program.predicates.items():
            document = bench.document(predicate.origin)
            if document is not None and predicate.is_fact and name in asked and predicate.local_name not in stated:
                message = f"rules ask `{predicate.local_name}`, and no chart or test at hand states it"
                yield Found(
                    document, predicate.origin.line, message, "add a test that does, or see whether charts say it otherwise"
                )


def _heads(statements: tuple[object, ...]) -> Iterator[str]:
    for stated in statements:
        node = getattr(stated, "node", None)
        if isinstance(node, s.Rule) and node.head is not None:
            yield node.head.predicate
