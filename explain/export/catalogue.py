"""What is at hand: the vocabulary and the documents, as pages and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from explain.export.lines import DIM, TITLE, Page
from kb.language.documents import Document
from kb.language.program import Predicate, Program


def vocabulary_data(program: Program, word: str = "") -> dict[str, Any]:
    """The facts that a chart can state, and the domains of their arguments."""
    return {
        "schema": "medproof/vocabulary/1",
        "facts": [
            {
                "name": predicate.name,
                "arguments": [{"name": a.name, "type": a.type} for a in predicate.arguments],
                "wording": predicate.wordings.get("", ""),
                "denial": predicate.wordings.get("absent", ""),
                "subject": [predicate.arguments[i].name for i in predicate.about],
                "keys": [[predicate.arguments[i].name for i in key] for key in predicate.keys],
                "closed": predicate.closed,
                "planned": predicate.planned,
                "rare": predicate.rare,
                "section": predicate.origin.section,
                "meaning": predicate.origin.passage,
            }
            for predicate in _facts(program, word)
        ],
        "domains": {
            domain.name: {
                "values": list(domain.values),
                "ordered": domain.ordered,
                "collective": {name: list(parts) for name, parts in domain.parts.items()},
            }
            for domain in program.domains.values()
        },
    }  # fmt: skip


def vocabulary_page(program: Program, word: str = "", width: int = 80) -> Page:
    """The facts under the headings of the vocabulary, then the values of their arguments."""
    page = Page(width)
    section, used = "", dict[str, None]()
    for predicate in _facts(program, word):
        if predicate.origin.section != section:
            section = predicate.origin.section
            page.add()
            page.add(section, TITLE)
        arguments = ", ".join(f"{a.name}: {a.type}" for a in predicate.arguments)
        page.add(f"{predicate.name}({arguments})", "", 2, 4)
        page.add(predicate.wordings.get("", ""), DIM, 4)
        if denied := predicate.wordings.get("absent"):
            page.add(f"denied: {denied}", DIM, 4, 2)
        if said := list(_said(predicate)):
            page.add("; ".join(said), DIM, 4, 2)
        used.update((a.type, None) for a in predicate.arguments if a.type in program.domains)
    if not used and section == "":
        page.add(f"no fact has `{word}` in its name or wording")
        return page
    if used:
        page.add()
        page.add("Values", TITLE)
    for name in used:
        domain = program.domains[name]
        mark = " < " if domain.ordered else ", "
        both = "".join(f", {value} (each of {', '.join(parts)})" for value, parts in domain.parts.items())
        page.add(f"{name}: {mark.join(domain.values)}{both}", "", 2, 4)
    return page


def _said(predicate: Predicate) -> Iterator[str]:
    """What is declared of a fact beside its words: when a chart is silent on it, what contradicts, when it is asked for."""

    def named(positions: Iterable[int]) -> str:
        return ", ".join(predicate.arguments[i].name for i in positions)

    if predicate.can_be_open:
        yield f"silent unless a chart says something of {named(predicate.about)}"
    elif predicate.case_position is not None:
        yield "what a chart does not state is not so"
    yield from (f"one for each {named(key)}" for key in predicate.keys)
    if predicate.planned:
        yield "may be dated after the request"
    if predicate.rare:
        yield "asked for last"


def _facts(program: Program, word: str) -> Iterable[Predicate]:
    for predicate in program.predicates.values():
        text = f"{predicate.name} {predicate.wordings.get('', '')}".lower()
        if predicate.is_fact and word.lower() in text:
            yield predicate


def documents_data(documents: Iterable[Document]) -> dict[str, Any]:
    """What identifies each document."""
    return {
        "schema": "medproof/documents/1",
        "documents": [
            {
                "id": document.id,
                "title": document.meta.title,
                "kind": document.meta.kind,
                "issuer": document.meta.issuer,
                "payer": document.meta.payer,
                "effective": document.meta.effective.isoformat() if document.meta.effective else None,
                "retired": document.meta.retired.isoformat() if document.meta.retired else None,
                "source": document.meta.source,
                "review": document.meta.review,
                "digest": document.digest,
            }
            for document in documents
        ],
    }


def documents_page(documents: Iterable[Document], width: int = 80) -> Page:
    """The documents by kind, each with its dates, source and review."""
    page = Page(width)
    kind = ""
    for document in sorted(documents, key=lambda each: (each.meta.kind, each.id)):
        meta = document.meta
        if meta.kind != kind:
            kind = meta.kind
            page.add()
            page.add(kind, TITLE)
        page.add(f"{document.id}  {meta.title}", "", 2, 4)
        payer = f"payer {meta.payer}; " if meta.payer else ""
        page.add(f"{payer}{meta.period}; review: {meta.review}", DIM, 4)
        if meta.source:
            page.add(meta.source, DIM, 4, 2)
    return page
