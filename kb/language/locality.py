"""Case-locality: a rule speaks about one case, so that cases can be decided apart, in parallel, in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kb.language import syntax as s
from kb.language.diagnostics import Finding
from kb.language.symbols import Report, Source, Symbols


def check_locality(source: Source, rule: s.Rule, symbols: Symbols, report: Report) -> None:
    """Reports a rule whose literals speak about two cases, or about none where its head does."""
    cases = list(_case_terms(rule.body, symbols))
    head = list(_case_terms([s.Literal(rule.head)], symbols)) if rule.head else []
    finding = _mixed(cases + head) or _missing(rule, cases, head) or _named(rule.body, cases + head)
    if finding is not None:
        report.add(source, finding)


def case_variables(rule: s.Rule, symbols: Symbols) -> set[str]:
    """The variables that stand for the case; more than one are a mistake that `check_locality` reports."""
    head = [s.Literal(rule.head)] if rule.head else []
    return {term.name for term in _case_terms([*head, *rule.body], symbols) if isinstance(term, s.Variable)}


def _case_terms(body: Iterable[s.Premise], symbols: Symbols) -> Iterator[s.Term]:
    for premise in body:
        if isinstance(premise, s.Aggregate):
            yield from _case_terms(premise.body, symbols)
        elif isinstance(premise, s.Literal) and premise.atom.predicate in symbols.predicates:
            position = symbols.predicates[premise.atom.predicate].case_position
            if position is not None:
                yield premise.atom.terms[position]


def _mixed(terms: list[s.Term]) -> Finding | None:
    for term in terms:
        if not isinstance(term, s.Variable) or term.is_anonymous:
            message = "a rule speaks about whatever case it is given, by one variable"
            return Finding(term.place, "case-local", message, "write `Case` in each literal that has a case")
    names = [term.name for term in terms if isinstance(term, s.Variable)]
    # The case of the head, which stands last, is the one that is meant, unless another is named more often.
    meant = max(reversed(names), key=names.count, default="")
    for term in terms:
        if isinstance(term, s.Variable) and term.name != meant:
            message = f"this rule mixes two cases, `{meant}` and `{term.name}`"
            return Finding(term.place, "case-local", message, f"use `{meant}` in every literal")
    return None


def _named(body: Iterable[s.Premise], cases: list[s.Term]) -> Finding | None:
    """A comparison with a case's name would make a rule of one case."""
    names = {term.name for term in cases if isinstance(term, s.Variable)}
    for premise in body:
        if isinstance(premise, s.Comparison) and names & {v.name for v in s.premise_variables(premise)}:
            message = "a rule speaks about whatever case it is given, and compares it with nothing"
            return Finding(premise.place, "case-local", message, "ask for a fact that tells the cases apart")
    return None


def _missing(rule: s.Rule, cases: list[s.Term], head: list[s.Term]) -> Finding | None:
    if cases and not head and rule.head is not None:
        message = "the premises speak about a case and the conclusion does not"
        return Finding(rule.head.place, "case-local", message, "give the head the case as an argument")
    return None
