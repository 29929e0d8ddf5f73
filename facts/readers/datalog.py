"""A chart written as a document: facts in `datalog` blocks, each below the sentence of the record that it states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kb.language import syntax as s
from kb.language.diagnostics import Diagnostic, Finding, nearest
from kb.language.documents import Document
from kb.language.names import resolve_atom
from kb.language.printer import value_source
from kb.language.program import Argument, Fact, Predicate, Program
from kb.language.rules import ground
from kb.language.symbols import Report, Source, Symbols, sources
from kb.language.types import type_rule
from kb.language.values import Row


@dataclass(frozen=True)
class Chart:
    """A case's facts, each with its place in the record."""

    case: str
    title: str
    document: str
    digest: str
    facts: tuple[Fact, ...]

    def rows(self, relation: str) -> list[Row]:
        """The rows that the chart states of a relation, in order."""
        return [fact.row for fact in self.facts if fact.relation == relation]

    @property
    def payer(self) -> str:
        """The payer that the chart names, or nothing."""
        return next((str(row[1]) for row in self.rows("payer")), "")

    @property
    def request_date(self) -> date | None:
        """The day of the request, if the chart gives it."""
        return next((row[1] for row in self.rows("request_date") if isinstance(row[1], date)), None)


def read_chart(document: Document, program: Program) -> tuple[Chart, tuple[Diagnostic, ...]]:
    """The chart in the vocabulary of a program, and what is wrong with it, sorted by place."""
    report = Report()
    for finding in document.findings:
        report.add_in(document, finding)
    symbols = Symbols(dict(program.domains), dict(program.predicates))
    case, facts = document.meta.case, list[Fact]()
    for source in sources((document,)):
        rule = _stated(source, case, symbols, report)
        if rule is not None and rule.head is not None:
            facts += ground(source, rule.head, symbols)
    chart = Chart(case, document.meta.title, document.name, document.digest, tuple(facts))
    return chart, report.diagnostics


def _stated(source: Source, case: str, symbols: Symbols, report: Report) -> s.Rule | None:
    """The fact that a statement of the chart states; None, and reported, if it states none."""
    node = source.node
    if not isinstance(node, s.Rule) or node.body or node.head is None:
        hint = "rules and declarations stand in policies; a chart says what is so"
        report.add(source, Finding(node.place, "chart", "a chart states facts only", hint))
        return None
    if symbols.find_predicate(source.document, node.head.predicate) is None:
        message = f"no fact of the vocabulary is called `{node.head.predicate}`"
        names = [predicate.name for predicate in symbols.predicates.values() if predicate.is_fact]
        hint = nearest(node.head.predicate, names) or "`medproof vocabulary` lists what a chart can state"
        report.add(source, Finding(node.head.place, "unknown-predicate", message, hint))
        return None
    atom = resolve_atom(source, node.head, symbols, report)
    if atom.predicate not in symbols.predicates:
        return None
    predicate = symbols.predicates[atom.predicate]
    if not predicate.is_fact or predicate.case_position is None:
        message = f"`{predicate.local_name}` is concluded by rules, and a chart does not state it"
        hint = "state the finding that it is concluded from"
        if predicate.is_fact:
            message, hint = f"`{predicate.local_name}` says nothing about a case", "it stands in a shared document"
        report.add(source, Finding(atom.place, "chart", message, hint))
        return None
    mistakes = len(report.found)
    rule = type_rule(source, s.Rule(atom, (), node.place), symbols, report)
    _check_values(source, rule, case, predicate, symbols, report)
    return rule if len(report.found) == mistakes else None


def _check_values(source: Source, rule: s.Rule, case: str, predicate: Predicate, symbols: Symbols, report: Report) -> None:
    assert rule.head is not None and predicate.case_position is not None
    for position, (term, argument) in enumerate(zip(rule.head.terms, predicate.arguments, strict=True)):
        if isinstance(term, s.Variable):
            is_case = position == predicate.case_position
            meant = f"`{value_source(case)}`, the case of this chart" if is_case else _meant(term, argument, symbols)
            hint = f"write {meant}{'' if is_case else '`?` for a value that the record does not give'}"
            report.add(source, Finding(term.place, "chart", "a fact has no variables", hint))
    term = rule.head.terms[predicate.case_position]
    if isinstance(term, s.Constant) and term.value != case:
        message = f"this fact belongs to the case `{value_source(term.value)}`, and the chart to `{case}`"
        report.add(source, Finding(term.place, "other-case", message, f"write `{case}`, or move it to that chart"))


def _meant(term: s.Variable, argument: Argument, symbols: Symbols) -> str:
    """What a variable in a fact may be meant for, and `or`; nothing, if it is `_`."""
    if term.is_anonymous:
        return ""
    domain = symbols.domains.get(argument.type)
    if domain is None:
        forms = {"text": f'"{term.name}" for the text', "date": 'a day as "YYYY-MM-DD"', "number": "a number"}
        return f"{forms[argument.type]}, or " if argument.type in forms else ""
    known = [value for value in domain.values if value.casefold() == term.name.casefold()] or domain.values
    return f"{', '.join(f'`{value_source(value)}`' for value in known)} for the value of `{argument.type}`, or "
