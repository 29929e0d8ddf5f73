"""A predicate that rules conclude, and that nothing asks."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s

LEVEL = "warning"


def check(bench: Bench) -> Iterator[Found]:
    """Predicates of `#pred` that are in no body, no goal, no criterion and no expectation of any program at hand."""
    used: set[str] = set()
    for program in bench.programs:
        used |= {each.atom.predicate for rule in program.rules for each in s.literals(rule.rule.body)}
        used |= {goal.atom.predicate for goal in program.goals} | {goal.trigger.predicate for goal in program.goals}
        used |= {criterion.atom.predicate for criterion in program.criteria}
    for program in bench.programs:
        for name, predicate in program.predicates.items():
            document = bench.document(predicate.origin)
            if (
                document is not None
                and not predicate.is_fact
                and name not in used
                and predicate.local_name not in bench.expected
            ):
                message = f"nothing asks `{predicate.local_name}`"
                yield Found(document, predicate.origin.line, message, "use it, test it, or take it out")
