"""Documents to a checked Program, pass by pass; every mistake is found before any is raised."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kb.language.diagnostics import Diagnostic, Finding
from kb.language.documents import Document
from kb.language.memory import Memory
from kb.language.program import Program
from kb.language.rules import checked_rules, ground, named
from kb.language.strata import check_strata, components, dependencies, recursive_relations
from kb.language.symbols import Report, sources
from kb.language.syntax import Place


def in_force(documents: Iterable[Document], payer: str, on: date) -> tuple[Document, ...]:
    """The shared documents and those of the payer that are in force on the day; charts are left out.

    Of several versions of one document that are in force, the one that took effect last counts.
    """
    found = [each for each in documents if not each.meta.case and each.meta.payer in ("", payer) and each.meta.in_force(on)]
    latest: dict[str, date] = {}
    for meta in (each.meta for each in found):
        latest[meta.id] = max(latest.get(meta.id, date.min), meta.effective or date.min)
    return tuple(each for each in found if (each.meta.effective or date.min) == latest[each.meta.id])


def check(
    documents: tuple[Document, ...], payer: str, on: date, memory: Memory | None = None
) -> tuple[Program, tuple[Diagnostic, ...]]:
    """The Program as far as the documents are right, and what is wrong with them, sorted by place.

    The passes, in order: reading (already done, its findings are in the documents),
    declarations, goals and criteria, then names, types, variables and case-locality
    of each rule, then strata over all rules. What a memory knows of former looks at the
    documents is taken from there.
    """
    memory = memory or Memory()
    report = Report()
    report.add_reading(documents)
    _check_ids(documents, report)
    everything = tuple(sources(documents))
    declared = memory.declared(documents, everything)
    report.take(declared.diagnostics)
    checked = checked_rules(everything, memory, declared, report)
    rules = named(checked)
    graph = dependencies(rule for _, rule in rules.values())
    parts = components(graph)
    for rule, finding in check_strata(graph, parts):
        report.add(rules[rule.id][0], finding)
    program = Program(
        payer=payer,
        on=on,
        documents=tuple(document.meta for document in documents),
        domains=declared.symbols.domains,
        predicates=declared.symbols.predicates,
        rules=tuple(rule for _, rule in rules.values()),
        facts=tuple(
            fact
            for each in checked
            if each.is_fact and each.rule.head
            for fact in ground(each.source, each.rule.head, declared.symbols)
        ),
        goals=declared.goals,
        criteria=declared.criteria,
        readings=declared.readings,
        components=parts,
        recursive=recursive_relations(graph, parts),
    )
    return program, report.diagnostics


def _check_ids(documents: tuple[Document, ...], report: Report) -> None:
    seen: dict[str, Document] = {}
    for document in documents:
        other = seen.setdefault(document.meta.id, document)
        if other is not document:
            message = f"the id `{document.meta.id}` belongs to two documents in force on the same day"
            hint = "choose another id, or let the older one retire on the day the newer takes effect"
            finding = Finding(Place(1, 1, 3), "duplicate", message, hint, ((f"`{other.id}` is here", other.name, 1),))
            report.add_in(document, finding)
