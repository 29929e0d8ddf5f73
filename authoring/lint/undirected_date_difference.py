"""A difference of dates with an upper bound only: it holds for any day on the wrong side too."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s
from kb.language.program import Program, ProgramRule

LEVEL = "error"


def check(bench: Bench) -> Iterator[Found]:
    """`A - B < n` on dates where nothing says that A is not before B."""
    for program, rule, document in bench.rules():
        days = _dates(program, rule)
        comparisons = [premise for premise in rule.rule.body if isinstance(premise, s.Comparison)]
        for premise in comparisons:
            pair = _difference(premise)
            if pair is None or not set(pair) <= days:
                continue
            others = [other for other in comparisons if other is not premise]
            if not any(set(pair) <= {v.name for v in s.premise_variables(other)} for other in others):
                later, earlier = pair
                message = f"`{later} - {earlier}` is below zero when `{later}` is earlier, and this holds then too"
                yield Found(document, premise.place.line, message, f"add `{later} >= {earlier}`")


def _difference(premise: s.Comparison) -> tuple[str, str] | None:
    """The two variables of `A - B < n`, or of `n > A - B`."""
    term = {"<": premise.left, "<=": premise.left, ">": premise.right, ">=": premise.right}.get(premise.op)
    if isinstance(term, s.Arithmetic) and term.op == "-":
        later, earlier = term.left, term.right
        if isinstance(later, s.Variable) and isinstance(earlier, s.Variable):
            return later.name, earlier.name
    return None


def _dates(program: Program, rule: ProgramRule) -> set[str]:
    return {
        term.name
        for each in s.literals(rule.rule.body)
        for term, argument in zip(each.atom.terms, program.predicate(each.atom.relation).arguments, strict=True)
        if isinstance(term, s.Variable) and argument.type == "date"
    }
