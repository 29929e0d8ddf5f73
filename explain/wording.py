"""Atoms in words, by the templates of their declarations."""

from __future__ import annotations

import re

from kb.language.program import Argument, Program
from kb.language.values import ANY, UNKNOWN, Row, Value, quoted, value_text


def words(program: Program, relation: str, row: Row, audience: str = "") -> str:
    """The atom as a person reads it; `audience` may be `member`. A `?` or `_` reads as its argument's name."""
    predicate = program.predicate(relation)
    denied = relation.startswith("-")
    template = predicate.wordings.get(audience) or predicate.wordings.get("")
    if denied:
        template = predicate.wordings.get("absent") or (template and f"documented as absent: {template}")
    if not template:
        return ("not " if denied else "") + atom_text(program, relation, row)
    values = {argument.name: _value(argument, value) for argument, value in zip(predicate.arguments, row, strict=True)}
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), template)


def _value(argument: Argument, value: Value) -> str:
    if value is UNKNOWN or value is ANY:
        return f"[{'date' if argument.type == 'date' else spaced(argument.name)}]"
    text = value_text(value)
    return text if argument.type in ("text", "case", "number", "date") else text.replace("_", " ")


def spaced(name: str) -> str:
    """An argument's name as words: `NanogramsPerMillilitre` reads `nanograms per millilitre`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()


def atom_text(program: Program, relation: str, row: Row) -> str:
    """The atom in the language's own notation."""
    predicate = program.predicate(relation)
    terms = ", ".join(_term(argument, value) for argument, value in zip(predicate.arguments, row, strict=True))
    sign = "-" if relation.startswith("-") else ""
    return f"{sign}{predicate.local_name}({terms})" if row else f"{sign}{predicate.local_name}"


def _term(argument: Argument, value: Value) -> str:
    if value is UNKNOWN or value is ANY:
        return value.value
    text = value_text(value)
    if argument.type == "number" or re.fullmatch(r"[a-z][A-Za-z0-9_]*", text):
        return text
    return quoted(text)
