"""A criterion, or a `not`, of what nothing can state or conclude: the one is never met, and the other always holds."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s

LEVEL = "error"


def check(bench: Bench) -> Iterator[Found]:
    """Those whose predicate is no `#fact` and has neither rules nor facts in any program at hand."""
    hint = "add a rule for it, or declare it with `#fact`"
    for program, rule, document in bench.rules():
        for premise in rule.rule.body:
            if isinstance(premise, s.Literal) and premise.negated and premise.atom.relation not in bench.possible:
                message = (
                    f"this always holds: nothing states or concludes `{program.predicate(premise.atom.relation).local_name}`"
                )
                yield Found(document, premise.atom.place.line, message, hint)
    criteria = {each: program for program in bench.programs for each in program.criteria}
    for criterion, program in criteria.items():
        if criterion.atom.relation not in bench.possible and (declaring := bench.document(criterion.origin)):
            message = (
                f"this is never met: nothing states or concludes `{program.predicate(criterion.atom.relation).local_name}`"
            )
            yield Found(declaring, criterion.origin.line, message, hint)
