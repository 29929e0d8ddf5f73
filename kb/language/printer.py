"""A Program back to text: the same statements in the language's own notation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from kb.language import syntax as s
from kb.language.program import Fact, Predicate, Program
from kb.language.values import Mark, Row, Value, number_text, quoted

_NAME = re.compile(r"[a-z][A-Za-z0-9_]*")
_KEYWORDS = ("not", "for", "refuted", "undocumented", "conflicting")


def value_source(value: Value) -> str:
    """A value as the language writes it."""
    if isinstance(value, Mark):
        return value.value
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, date):
        return quoted(value.isoformat())
    return value if _NAME.fullmatch(value) and value not in _KEYWORDS else quoted(value)


def term_source(term: s.Term, values: Mapping[str, Value] | None = None) -> str:
    """A term; variables that have a value are written as it."""
    if isinstance(term, s.Constant):
        return value_source(term.value)
    if isinstance(term, s.Variable):
        if values and term.name in values:
            return value_source(values[term.name])
        return "_" if term.is_anonymous else term.name
    left, right = _operand(term.left, values), _operand(term.right, values)
    return f"{left} {term.op} {right}"


def _operand(term: s.Term, values: Mapping[str, Value] | None) -> str:
    text = term_source(term, values)
    return f"({text})" if isinstance(term, s.Arithmetic) else text


def atom_source(atom: s.Atom, values: Mapping[str, Value] | None = None) -> str:
    """An atom, with `-` if it is strong."""
    name = ("-" if atom.strong else "") + name_source(atom.predicate)
    terms = ", ".join(term_source(term, values) for term in atom.terms)
    return f"{name}({terms})" if atom.terms else name


def name_source(name: str) -> str:
    """The name of a predicate or domain: what a payer's document declares gets its document's id in front."""
    return re.sub(r"[^A-Za-z0-9_]", "_", name.replace("/", "__")) if not _NAME.fullmatch(name) else name


def premise_text(premise: s.Premise, values: Mapping[str, Value] | None = None) -> str:
    """A premise."""
    if isinstance(premise, s.Literal):
        return ("not " if premise.negated else "") + atom_source(premise.atom, values)
    if isinstance(premise, s.Comparison):
        return f"{term_source(premise.left, values)} {premise.op} {term_source(premise.right, values)}"
    terms = ", ".join(term_source(term, values) for term in premise.terms)
    body = ", ".join(premise_text(inner, values) for inner in premise.body)
    return f"#{premise.function} {{ {terms} : {body} }} {premise.op} {term_source(premise.bound, values)}"


def local_atom(atom: s.Atom) -> s.Atom:
    """The atom with the name by which its own document calls it."""
    return replace(atom, predicate=atom.predicate.rsplit("/", 1)[-1])


def local_text(premise: s.Premise) -> str:
    """A premise as its own document writes it."""
    return premise_text(_local(premise))


def _local(premise: s.Premise) -> s.Premise:
    if isinstance(premise, s.Literal):
        return replace(premise, atom=local_atom(premise.atom))
    return replace(premise, body=tuple(map(_local, premise.body))) if isinstance(premise, s.Aggregate) else premise


def rule_source(rule: s.Rule) -> str:
    """A rule, fact or constraint with its period."""
    head = "" if rule.head is None else atom_source(rule.head)
    if not rule.body:
        return f"{head}."
    body = ",\n    ".join(map(premise_text, rule.body))
    return f"{head}{' ' if head else ''}:-\n    {body}."


def fact_source(fact: Fact) -> str:
    """A fact with its period."""
    return row_source(fact.relation, fact.row)


def row_source(relation: str, row: Row) -> str:
    """The fact that a row of a relation is, with its period."""
    sign, name = ("-", relation[1:]) if relation.startswith("-") else ("", relation)
    values = ", ".join(map(value_source, row))
    return f"{sign}{name_source(name)}({values})." if row else f"{sign}{name_source(name)}."


def program_source(program: Program) -> str:
    """The whole program as one plain document: parsed again, it is the same program."""
    return "\n".join([*_domains(program), *_predicates(program), *_goals(program), *_rules(program), ""])


def _domains(program: Program) -> Iterable[str]:
    for domain in program.domains.values():
        values = [quoted(value) for value in domain.values]
        parts = [f"{quoted(name)}({', '.join(map(quoted, each))})" for name, each in domain.parts.items()]
        yield f"#domain {name_source(domain.name)} = {(' < ' if domain.ordered else ' | ').join([*values, *parts])}."


def _predicates(program: Program) -> Iterable[str]:
    for predicate in program.predicates.values():
        kind = "#fact" if predicate.is_fact else "#pred"
        arguments = ", ".join(f"{a.name}: {name_source(a.type)}" for a in predicate.arguments)
        yield f"{kind} {name_source(predicate.name)}{f'({arguments})' if arguments else ''}{_wordings(predicate.wordings)}."
        for key in predicate.keys:
            yield f"#key {_projected(predicate, key)}."
        if predicate.is_fact and predicate.arguments:
            yield f"#about {_projected(predicate, predicate.about)}."
        for flag in ("closed", "planned", "rare"):
            if getattr(predicate, flag):
                yield f"#{flag} {name_source(predicate.name)}."


def _wordings(wordings: Mapping[str, str]) -> str:
    return "".join(f" :: {label}{' ' if label else ''}{quoted(text)}" for label, text in wordings.items())


def _projected(predicate: Predicate, positions: Iterable[int]) -> str:
    names = ", ".join(predicate.arguments[i].name for i in positions)
    return f"{name_source(predicate.name)}({names})" if names else name_source(predicate.name)


def _goals(program: Program) -> Iterable[str]:
    for goal in program.goals:
        yield f"#goal {atom_source(goal.atom)} for {atom_source(goal.trigger)}{_wordings(goal.wordings)}."
    for criterion in program.criteria:
        texts = {"at": criterion.locator, "evidence": criterion.evidence}
        named = {label: text for label, text in texts.items() if text}
        yield f"#criterion {quoted(criterion.id)} {atom_source(criterion.atom)}{_wordings(named)}."


def _rules(program: Program) -> Iterable[str]:
    yield from map(fact_source, program.facts)
    for rule in program.rules:
        yield rule_source(s.Rule(None, rule.rule.body) if rule.is_constraint else rule.rule)
