"""A threshold on a number whose unit no template says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s
from kb.language.program import Program, ProgramRule

LEVEL = "warning"
_NO_UNIT = {"on", "by", "at", "from", "to", "and", "in", "of", "for", "with", "or"}


def check(bench: Bench) -> Iterator[Found]:
    """Comparisons of a stated number with a constant, where the fact's template says nothing behind the number."""
    for program, rule, document in bench.rules():
        unclear = dict(_unclear(program, rule))
        for premise in rule.rule.body:
            if not isinstance(premise, s.Comparison):
                continue
            for term, other in ((premise.left, premise.right), (premise.right, premise.left)):
                is_threshold = isinstance(other, s.Constant) and isinstance(other.value, Decimal)
                if is_threshold and isinstance(term, s.Variable) and term.name in unclear:
                    message = (
                        f"nobody reads what `{term.name}` is counted in: the template of `{unclear[term.name]}` has no unit"
                    )
                    yield Found(document, premise.place.line, message, "say the unit behind the number: `{Millimetres} mm`")


def _unclear(program: Program, rule: ProgramRule) -> Iterator[tuple[str, str]]:
    for each in s.literals(rule.rule.body):
        predicate = program.predicate(each.atom.relation)
        template = predicate.wordings.get("", "")
        for term, argument in zip(each.atom.terms, predicate.arguments, strict=True):
            if predicate.is_fact and argument.type == "number" and isinstance(term, s.Variable) and template:
                behind = re.search(rf"\{{{argument.name}\}}(.*)", template)
                if behind is not None and not _has_unit(behind[1]):
                    yield term.name, predicate.local_name


def _has_unit(text: str) -> bool:
    if re.match(r"\s+(out )?of \d", text):
        return True  # A score on a scale: 7 of 10.
    word = re.match(r"(/|%|\s+[^\s,.;:()]+|-\w+)", text)
    return word is not None and word[1].strip() not in _NO_UNIT and not word[1].strip().startswith("{")
