"""Comparisons that no value satisfies."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.engines.computed import compare
from kb.language import syntax as s
from kb.language.program import Program, ProgramRule

LEVEL = "error"
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def check(bench: Bench) -> Iterator[Found]:
    """Comparisons of a variable with constants that exclude one another, or that no value of its domain satisfies."""
    for program, rule, document in bench.rules():
        for line, message in _impossible(program, rule):
            yield Found(document, line, message, "no case can meet this; check the values and the directions")


def _impossible(program: Program, rule: ProgramRule) -> Iterator[tuple[int, str]]:
    bounds: dict[str, list[tuple[str, s.Constant, s.Comparison]]] = {}
    for premise in rule.rule.body:
        if not isinstance(premise, s.Comparison):
            continue
        sides = ((premise.left, premise.op, premise.right), (premise.right, _TURNED[premise.op], premise.left))
        for term, op, other in sides:
            if isinstance(term, s.Variable) and isinstance(other, s.Constant):
                bounds.setdefault(term.name, []).append((op, other, premise))
    for name, limits in bounds.items():
        kind = limits[0][2].type
        domain = program.domains.get(kind)
        if domain is not None and domain.ordered:
            values = [
                value for value in domain.values if all(compare(o, value, c.value, domain, False) for o, c, _ in limits)
            ]
            if not values:
                yield limits[-1][2].place.line, f"no value of `{kind}` satisfies what is asked of `{name}` here"
        elif _is_empty_range(limits):
            yield limits[-1][2].place.line, f"no value satisfies what is asked of `{name}` here"


def _is_empty_range(limits: list[tuple[str, s.Constant, s.Comparison]]) -> bool:
    """Whether two bounds exclude one another; of numbers and dates, which are dense enough for that."""
    for op, low, _ in limits:
        for other, high, _ in limits:
            if op in (">", ">=") and other in ("<", "<=", "=") and compare(">", low.value, high.value, None, False):
                return True
            if op in (">", "<") and other in ("<", ">", "=") and op != other and low.value == high.value:
                return True
            if op == other == "=" and low.value != high.value:
                return True
            if op == "=" and other in ("<", "<=") and compare(">", low.value, high.value, None, False):
                return True
    return False
