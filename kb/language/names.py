"""Names to predicates: every atom of a rule gets the qualified name of what it means here."""

from __future__ import annotations

from dataclasses import replace

from kb.language import syntax as s
from kb.language.diagnostics import Finding
from kb.language.symbols import Report, Source, Symbols, unknown_predicate


def resolve_rule(source: Source, rule: s.Rule, symbols: Symbols, report: Report) -> s.Rule | None:
    """The rule with qualified names; None when its head is not known.

    A premise whose predicate is not known is reported, and stays with the name
    that it has: later checks pass over it, and its variables count as bound.
    """
    body = tuple(resolve_premise(source, premise, symbols, report) for premise in rule.body)
    if rule.head is None:
        return replace(rule, body=body)
    head = resolve_atom(source, rule.head, symbols, report)
    if head.predicate not in symbols.predicates:
        return None
    return replace(rule, head=head, body=body)


def resolve_premise(source: Source, premise: s.Premise, symbols: Symbols, report: Report) -> s.Premise:
    """The premise with qualified names."""
    if isinstance(premise, s.Literal):
        return replace(premise, atom=resolve_atom(source, premise.atom, symbols, report))
    if isinstance(premise, s.Aggregate):
        body = tuple(resolve_premise(source, inner, symbols, report) for inner in premise.body)
        return replace(premise, body=body)
    return premise


def resolve_atom(source: Source, atom: s.Atom, symbols: Symbols, report: Report) -> s.Atom:
    """The atom with its qualified name; reported when unknown or of another arity."""
    predicate = symbols.find_predicate(source.document, atom.predicate)
    if predicate is None:
        if not symbols.is_broken(source.document, atom.predicate):
            report.add(source, unknown_predicate(source, atom, symbols))
        return replace(atom, predicate=f"?{atom.predicate}")
    wanted, given = len(predicate.arguments), len(atom.terms)
    if wanted != given:
        names = ", ".join(argument.name for argument in predicate.arguments)
        message = f"`{atom.predicate}` has {wanted} argument{'s' * (wanted != 1)}, not {given}"
        hint = f"it is declared as `{atom.predicate}({names})`"
        related = ((f"`{atom.predicate}` is declared here", predicate.origin.file, predicate.origin.line),)
        report.add(source, Finding(atom.place, "arity", message, hint, related))
        return replace(atom, predicate=f"?{atom.predicate}")
    return atom if predicate.name == atom.predicate else replace(atom, predicate=predicate.name)


def is_unresolved(atom: s.Atom) -> bool:
    """Whether the atom's predicate was not found (and that was reported)."""
    return atom.predicate.startswith("?")
