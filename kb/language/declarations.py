"""Goals, criteria and readings: what a case asks, and which predicates answer it for an issuer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from kb.language import syntax as s
from kb.language.diagnostics import Finding, nearest
from kb.language.names import is_unresolved, resolve_atom
from kb.language.program import Criterion, Goal, Reading
from kb.language.symbols import Report, Source, Symbols, check_template
from kb.language.types import type_atoms

GOAL_LABELS = ("question", "met", "refuted", "undocumented", "conflicting", "unaddressed", "disputed")
CRITERION_LABELS = ("at", "evidence")

_Declaration = TypeVar("_Declaration", s.GoalDeclaration, s.CriterionDeclaration, s.ReadingDeclaration)


def _each(everything: Iterable[Source], kind: type[_Declaration]) -> Iterator[tuple[Source, _Declaration]]:
    for source in everything:
        if isinstance(source.node, kind):
            yield source, source.node


def goals(everything: Iterable[Source], symbols: Symbols, report: Report) -> tuple[Goal, ...]:
    """The goals whose predicate and trigger are declared; each asks one question per instance of its trigger."""
    found = []
    for source, node in _each(everything, s.GoalDeclaration):
        atom = resolve_atom(source, node.atom, symbols, report)
        trigger = resolve_atom(source, node.trigger, symbols, report)
        if is_unresolved(atom) or is_unresolved(trigger):
            continue
        if source.document.meta.payer and "/" not in atom.predicate:
            message = f"a payer's document asks no shared goal: `{atom.predicate}` is not its own"
            report.add(source, Finding(atom.place, "goal", message, "ask it in a shared document"))
        type_atoms(source, (trigger, atom), symbols, report)
        names = {variable.name for term in trigger.terms for variable in s.term_variables(term)}
        for term in atom.terms:
            if not isinstance(term, s.Variable) or term.name not in names:
                message = "this argument of the goal does not occur in its `for` part"
                report.add(source, Finding(term.place, "goal", message, nearest(getattr(term, "name", ""), names)))
        if symbols.predicates[trigger.predicate].case_position is None:
            message = "the `for` part of a goal speaks about a case"
            report.add(source, Finding(trigger.place, "goal", message, "use a predicate that has a `case`"))
        wordings = _labelled(source, node.wordings, GOAL_LABELS, names, report)
        found.append(Goal(atom, trigger, wordings, source.origin))
    return tuple(found)


def criteria(everything: Iterable[Source], symbols: Symbols, report: Report) -> tuple[Criterion, ...]:
    """The criteria, each with the predicate that concludes it; ids are unique."""
    found: dict[str, Criterion] = {}
    for source, node in _each(everything, s.CriterionDeclaration):
        atom = resolve_atom(source, node.atom, symbols, report)
        if is_unresolved(atom):
            continue
        type_atoms(source, (atom,), symbols, report)
        texts = _labelled(source, node.wordings, CRITERION_LABELS, (), report)
        if node.id in found:
            other = found[node.id].origin
            related = ((f"`{node.id}` is declared here", other.file, other.line),)
            report.add(source, Finding(node.place, "duplicate", f"the criterion `{node.id}` is declared twice", "", related))
            continue
        found[node.id] = Criterion(node.id, node.label, atom, texts.get("at", ""), texts.get("evidence", ""), source.origin)
    return tuple(found.values())


def readings(everything: Iterable[Source], symbols: Symbols, report: Report) -> tuple[Reading, ...]:
    """The readings, by the relation whose rules they give."""
    found = []
    for source, node in _each(everything, s.ReadingDeclaration):
        atom = resolve_atom(source, node.atom, symbols, report)
        if not is_unresolved(atom):
            texts = _labelled(source, node.wordings, CRITERION_LABELS, (), report)
            found.append(Reading(node.name, atom.relation, texts.get("at", ""), texts.get("evidence", ""), source.origin))
    return tuple(found)


def _labelled(
    source: Source, wordings: tuple[s.Wording, ...], labels: tuple[str, ...], names: Iterable[str], report: Report
) -> dict[str, str]:
    found: dict[str, str] = {}
    for wording in wordings:
        if wording.label not in labels:
            hint = nearest(wording.label, labels) or f"the labels are {', '.join(labels)}"
            message = f"`{wording.label}` is not a label here" if wording.label else "this wording has no label"
            report.add(source, Finding(wording.place, "template", message, hint))
        check_template(source, wording, names, report)
        found[wording.label] = wording.text
    return found
