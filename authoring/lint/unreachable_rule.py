"""A rule that can never conclude anything: a premise asks what nothing can state or conclude."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s

LEVEL = "error"


def check(bench: Bench) -> Iterator[Found]:
    """Rules with a premise whose predicate is no `#fact` and has neither rules nor facts in any program at hand."""
    for program, rule, document in bench.rules():
        for premise in rule.rule.body:
            if isinstance(premise, s.Literal) and not premise.negated and premise.atom.relation not in bench.possible:
                name = program.predicate(premise.atom.relation).local_name
                message = f"this can never hold: nothing states or concludes `{name}`"
                yield Found(document, premise.atom.place.line, message, "add a rule for it, or declare it with `#fact`")
