"""Goals, criteria and readings: what a case asks, and which predicates answer it for an issuer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from kb.language import syntax as s
from kb.language.diagnostics import Finding, nearest
from kb.language.names import is_unresolved, resolve_atom
from kb.language.program import Criterion, Goal, Reading
from kb.language.symbols import Report, Source, Symbols, texts_by_label
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
    found: list[Goal] = []
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
        same = next((goal for goal in found if (goal.atom, goal.trigger) == (atom, trigger)), None)
        if same is not None:
            related = (("it is asked here", same.origin.file, same.origin.line),)
            report.add(
                source, Finding(node.place, "duplicate", "this goal is asked twice", "remove one of the two", related)
            )
        found.append(Goal(atom, trigger, wordings, source.origin))
    return tuple(found)


def criteria(everything: Iterable[Source], goals: Iterable[Goal], symbols: Symbols, report: Report) -> tuple[Criterion, ...]:
    """The criteria, each with the predicate that concludes it; ids are unique, variables are those of a goal."""
    found: dict[str, Criterion] = {}
    asked = [_names(goal.trigger) for goal in goals]
    for source, node in _each(everything, s.CriterionDeclaration):
        atom = resolve_atom(source, node.atom, symbols, report)
        if is_unresolved(atom):
            continue
        type_atoms(source, (atom,), symbols, report)
        if asked and not any(_names(atom) <= names for names in asked):
            report.add(source, _unasked(atom, sorted(set[str]().union(*asked))))
        texts = _labelled(source, node.wordings, CRITERION_LABELS, (), report)
        if not node.id.strip():
            hint = 'give it the policy\'s, such as `"policy.A1"`: answers and reports name it so'
            report.add(source, Finding(node.place, "criterion", "this criterion has no id", hint))
            continue
        if node.id in found:
            other = found[node.id].origin
            related = ((f"`{node.id}` is declared here", other.file, other.line),)
            report.add(source, Finding(node.place, "duplicate", f"the criterion `{node.id}` is declared twice", "", related))
            continue
        found[node.id] = Criterion(node.id, node.label, atom, texts.get("at", ""), texts.get("evidence", ""), source.origin)
    return tuple(found.values())


def readings(everything: Iterable[Source], symbols: Symbols, report: Report) -> tuple[Reading, ...]:
    """The readings, by the relation whose rules they give."""
    found: dict[tuple[str, str], Reading] = {}
    for source, node in _each(everything, s.ReadingDeclaration):
        atom = resolve_atom(source, node.atom, symbols, report)
        if is_unresolved(atom):
            continue
        texts = _labelled(source, node.wordings, CRITERION_LABELS, (), report)
        same = found.get((node.name, atom.relation))
        if same is not None:
            related = ((f"`{node.name}` is declared here", same.origin.file, same.origin.line),)
            message = f"the reading `{node.name}` is declared twice"
            report.add(source, Finding(node.place, "duplicate", message, "choose another name", related))
            continue
        reading = Reading(node.name, atom.relation, texts.get("at", ""), texts.get("evidence", ""), source.origin)
        found[node.name, atom.relation] = reading
    return tuple(found.values())


def _names(atom: s.Atom) -> frozenset[str]:
    """The named variables of an atom."""
    return frozenset(v.name for term in atom.terms for v in s.term_variables(term) if not v.is_anonymous)


def _unasked(atom: s.Atom, known: list[str]) -> Finding:
    """A criterion is decided for the variables of a goal, so a misspelt one would stand for any value."""
    term = next((t for t in atom.terms if isinstance(t, s.Variable) and t.name not in {*known, "_"}), atom.terms[0])
    name = getattr(term, "name", "")
    hint = nearest(name, known) or f"the variables of goals are {', '.join(known)}; write `_` where any value will do"
    message = f"no goal asks for `{name}`" if name not in known else "no goal asks for these variables together"
    return Finding(term.place, "criterion", message, hint)


def _labelled(
    source: Source, wordings: tuple[s.Wording, ...], labels: tuple[str, ...], names: Iterable[str], report: Report
) -> dict[str, str]:
    def strange(wording: s.Wording) -> tuple[str, str] | None:
        if wording.label in labels:
            return None
        hint = nearest(wording.label, labels) or f"the labels are {', '.join(labels)}"
        return f"`{wording.label}` is not a label here" if wording.label else "this wording has no label", hint

    return texts_by_label(source, wordings, names, report, strange)
