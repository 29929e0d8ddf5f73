"""The pages: filled by Jinja2, which escapes every text, with our own style sheet; they need nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from markupsafe import Markup

from authoring.coverage import Coverage, CriterionCover
from authoring.impact import Impact
from authoring.running import Result
from authoring.site.index import Entry, entries, key_of, picture
from authoring.site.text import Part, covers, page_name, parts
from explain.formats.templates import environment, own
from kb.language.diagnostics import Diagnostic, render
from kb.language.documents import Document

_HERE = Path(__file__).parent
_PREDICATES = "predicates.html"
MISTAKEN = 'class="note mistake"'
"""Stands in the page of a document with mistakes."""


@dataclass(frozen=True)
class Site:
    """What a site is made of: documents, mistakes in them, and what tests showed, where they were run."""

    documents: tuple[Document, ...]
    others: tuple[Document, ...] = ()
    """Documents that they build on, which have no page."""
    diagnostics: tuple[Diagnostic, ...] = ()
    results: tuple[Result, ...] | None = None
    coverage: Coverage | None = None


def pages(site: Site) -> dict[str, str]:
    """The pages of a site, by the names of their files."""
    found = entries(site.documents, site.others)
    links = {document.name.rsplit("/", 1)[-1]: quote(page_name(document)) for document in site.documents}
    covered = covers(site.coverage)
    made = {"index.html": _filled("index.html", title="Documents", documents=[_row(site, each) for each in site.documents])}
    made[_PREDICATES] = _filled("predicates.html", title="Predicates", entries=sorted(found.values(), key=_by_name))
    for document in site.documents:
        made[page_name(document)] = _filled(
            "document.html",
            title=document.meta.title or document.id,
            document=document,
            meta=document.meta,
            versions=_versions(site, document),
            tests=_tests(site, document),
            criteria=_criteria(site, document),
            mistakes=[render(each) for each in site.diagnostics if each.document == document.name],
            parts=_parts(document, found, covered.get(document.name, {}), links),
            picture=picture(document, found, _PREDICATES),
            has_coverage=site.coverage is not None,
        )
    return made


def coverage_html(found: Coverage) -> str:
    """Coverage over the documents' own text, on one page."""
    by_file = covers(found)
    shown = [
        (document, _parts(document, {}, by_file[document.name], {}, f"d{number}-"))
        for number, document in enumerate(found.documents)
        if document.name in by_file
    ]
    return _filled("coverage.html", title="Coverage", found=found, shown=shown, criteria=found.criteria)


def impact_html(found: Impact, old: str, new: str) -> str:
    """The impact of a change, with both proofs of each answer side by side."""
    return _filled("impact.html", title=f"{old} → {new}", found=found)


def _parts(
    document: Document,
    found: dict[str, Entry],
    cover: Mapping[int, tuple[str, str]],
    links: Mapping[str, str],
    prefix: str = "",
) -> list[Part]:
    def link(kind: str, name: str) -> str:
        key = key_of(found, document, name)
        return f"{_PREDICATES}#{quote(key)}" if kind == "predicate" and key in found else ""

    return list(parts(document, link, cover, links, prefix))


def _row(site: Site, document: Document) -> dict[str, Any]:
    results = _tests(site, document)
    return {
        "document": document,
        "page": quote(page_name(document)),
        "tests": len(document.tests),
        "failed": sum(not each.passed for each in results.values()),
        "mistakes": sum(each.document == document.name for each in site.diagnostics),
    }


def _tests(site: Site, document: Document) -> dict[str, Result]:
    return {each.name: each for each in site.results or () if each.file == document.name}


def _versions(site: Site, document: Document) -> list[dict[str, Any]]:
    """The versions of a document, if it has several."""
    same = [each for each in site.documents if each.meta.id == document.meta.id]
    return [{"document": each, "page": quote(page_name(each))} for each in same] if len(same) > 1 else []


def _criteria(site: Site, document: Document) -> list[CriterionCover]:
    return [
        each for each in (site.coverage.criteria if site.coverage else ()) if each.criterion.origin.file == document.name
    ]


def _by_name(entry: Entry) -> tuple[str, str]:
    return entry.name, entry.key


def _filled(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    made = environment(_HERE)
    made.globals["style"] = own("page.css") + Markup((_HERE / "site.css").read_text(encoding="utf-8"))
    return made
