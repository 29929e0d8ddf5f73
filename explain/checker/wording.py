"""How atoms, comparisons and aggregates read: written again, so that what a proof says in words is checked too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from explain.checker import joins
from explain.checker.statements import Statements, plain_name, plain_variable
from kb.language import syntax as s
from kb.language.values import ANY, UNKNOWN, Row, Value, number_text, quoted

_READS = {"=": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_FOR_DATES = {**_READS, "<": "is before", "<=": "is no later than", ">": "is after", ">=": "is no earlier than"}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_COUNTED = {"count": "the number of distinct", "sum": "the sum of", "min": "the smallest", "max": "the largest"}
_COUNTED_DAYS = {**_COUNTED, "min": "the earliest", "max": "the latest"}


def sentence(statements: Statements, relation: str, row: Row, audience: str = "") -> str:
    """An atom in words, by the template of its declaration."""
    predicate = statements.predicates[relation.removeprefix("-")]
    template = predicate.wordings.get(audience) or predicate.wordings.get("")
    if relation.startswith("-"):
        template = predicate.wordings.get("absent") or (template and f"documented as absent: {template}")
    if not template:
        return source(statements, relation, row)
    values = {}
    for (name, kind), value in zip(predicate.arguments, row, strict=True):
        text = f"[{'date' if kind == 'date' else spaced(name)}]" if value in (ANY, UNKNOWN) else _text(value)
        is_word = value not in (ANY, UNKNOWN) and kind not in ("text", "case", "number", "date")
        values[name] = text.replace("_", " ") if is_word else text
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), template)


def spaced(name: str) -> str:
    """An argument's name as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()


def _text(value: Value) -> str:
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return {UNKNOWN: "not stated", ANY: "any"}.get(value, str(value)) if value in (UNKNOWN, ANY) else str(value)


def source(statements: Statements, relation: str, row: Row) -> str:
    """An atom in the language's own notation."""
    arguments = statements.predicates[relation.removeprefix("-")].arguments
    terms = ", ".join(_term(value, kind) for value, (_, kind) in zip(row, arguments, strict=True))
    name = ("-" if relation.startswith("-") else "") + plain_name(relation)
    return f"{name}({terms})" if row else name


def _term(value: Value, kind: str) -> str:
    if value is UNKNOWN or value is ANY:
        return "?" if value is UNKNOWN else "_"
    text = _text(value)
    return text if kind == "number" or re.fullmatch(r"[a-z][A-Za-z0-9_]*", text) else quoted(text)


def premise_source(premise: s.Premise, binding: Mapping[str, Value]) -> str:
    """A premise in the language's own notation, with the values of its variables."""
    if isinstance(premise, s.Literal):
        name = re.sub(r"[^A-Za-z0-9_]", "_", premise.atom.predicate.replace("/", "__"))
        terms = ", ".join(_term_source(term, binding) for term in premise.atom.terms)
        text = ("-" if premise.atom.strong else "") + (f"{name}({terms})" if terms else name)
        return f"not {text}" if premise.negated else text
    if isinstance(premise, s.Comparison):
        return f"{_term_source(premise.left, binding)} {premise.op} {_term_source(premise.right, binding)}"
    terms = ", ".join(_term_source(term, binding) for term in premise.terms)
    body = ", ".join(premise_source(inner, binding) for inner in premise.body)
    return f"#{premise.function} {{ {terms} : {body} }} {premise.op} {_term_source(premise.bound, binding)}"


def _term_source(term: s.Term, binding: Mapping[str, Value]) -> str:
    if isinstance(term, s.Constant):
        return _value_source(term.value)
    if isinstance(term, s.Variable):
        if term.name in binding:
            return _value_source(binding[term.name])
        return "_" if term.is_anonymous else plain_variable(term.name)
    sides = [f"({_term_source(t, binding)})" if isinstance(t, s.Arithmetic) else _term_source(t, binding)
             for t in (term.left, term.right)]  # fmt: skip
    return f"{sides[0]} {term.op} {sides[1]}"


def _value_source(value: Value) -> str:
    if value is UNKNOWN or value is ANY:
        return "?" if value is UNKNOWN else "_"
    if isinstance(value, Decimal):
        return number_text(value)
    text = _text(value)
    is_name = not isinstance(value, date) and re.fullmatch(r"[a-z][A-Za-z0-9_]*", text)
    return text if is_name and text not in ("not", "for", "refuted", "undocumented", "conflicting") else quoted(text)


def comparison_sentence(premise: s.Comparison, binding: Mapping[str, Value], holds: bool) -> str:
    """A comparison in words; one that fails is said the other way round."""
    op = premise.op if holds else _OPPOSITE[premise.op]
    left, right = (_words(term, binding) for term in (premise.left, premise.right))
    return f"{left} {_reads(op, premise.left, binding)} {right}"


def aggregate_sentence(premise: s.Aggregate, binding: Mapping[str, Value], value: Value | None, holds: bool) -> str:
    """An aggregate in words, with its value."""
    term = _words(premise.terms[0], {})
    counted = (_COUNTED_DAYS if isinstance(value, date) else _COUNTED)[premise.function]
    if isinstance(premise.bound, s.Variable) and premise.op == "=" and holds:
        return f"{counted} {term} is {'not there' if value is None else _text(value)}"
    wanted = f"{_reads(premise.op, premise.bound, binding)} {_words(premise.bound, binding)}"
    if holds:
        return f"{counted} {term} {wanted} ({'there is none' if value is None else f'it is {_text(value)}'})"
    if value is None:
        return f"there is no {counted.removeprefix('the ')} {term}"
    return f"{counted} {term} is {_text(value)}" + ("" if premise.op == "!=" else f", and not {wanted.removeprefix('is ')}")


def _reads(op: str, left: s.Term, binding: Mapping[str, Value]) -> str:
    return (_FOR_DATES if isinstance(_value(left, binding), date) else _READS)[op]


def _value(term: s.Term, binding: Mapping[str, Value]) -> Value | None:
    try:
        return joins.compute(term, binding)
    except joins.CannotCheck:
        return None


def _words(term: s.Term, binding: Mapping[str, Value]) -> str:
    value = _value(term, binding)
    if isinstance(term, s.Variable):
        name = spaced(plain_variable(term.name))
        return name if value is None else f"{name} {_value_words(value)}"
    plain = _term_source(term, binding).replace('"', "").replace(" - ", " − ").replace(" * ", " × ")
    if isinstance(term, s.Arithmetic) and value is not None:
        with_days = any(isinstance(binding.get(each.name), date) for each in s.term_variables(term))
        return f"{_text(value)}{' days' if with_days and not isinstance(value, date) else ''} ({plain})"
    return plain if value is None else _value_words(value)


def _value_words(value: Value) -> str:
    text = _text(value)
    return text.replace("_", " ") if re.fullmatch(r"[a-z][a-z_]*", text) else text
