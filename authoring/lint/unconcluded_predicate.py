"""A criterion, or a `not`, of what nothing can state or conclude: the one is never met, and the other always holds."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s

LEVEL = "error"


def check(bench: Bench) -> Iterator[Found]:
    """Those whose predicate is no `#fact` and has neither rules nor facts in any program at hand."""
    hint = "add a rule for it, or declare it with `#fact`"
    for _, rule, document in bench.rules():
        for premise in rule.rule.body:
            if isinstance(premise, s.Literal) and premise.negated and premise.atom.relation not in bench.possible:
                message = f"this always holds: nothing states or concludes `{_local(premise.atom)}`"
                yield Found(document, premise.atom.place.line, message, hint)
    for criterion in dict.fromkeys(each for program in bench.programs for each in program.criteria):
        if criterion.atom.relation not in bench.possible and (declaring := bench.document(criterion.origin)):
            message = f"this is never met: nothing states or concludes `{_local(criterion.atom)}`"
            yield Found(declaring, criterion.origin.line, message, hint)


def _local(atom: s.Atom) -> str:
    return atom.predicate.rpartition("/")[2]
