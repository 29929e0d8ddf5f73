"""What `check` found, as a page and as data."""

from __future__ import annotations

from typing import Any

from explain.checks import CheckReport
from explain.export.data import atom_data
from explain.export.lines import BAD, DIM, GOOD, WARN, Page
from explain.wording import amiss, words
from kb.language.diagnostics import render


def check_data(report: CheckReport) -> dict[str, Any]:
    """Diagnostics by place, and the contradictions of charts."""
    return {
        "schema": "medproof/check/1",
        "documents": list(report.documents),
        "diagnostics": [
            {
                "document": each.document,
                "line": each.line,
                "column": each.column,
                "length": each.length,
                "section": each.section,
                "code": each.code,
                "message": each.message,
                "hint": each.hint,
                "related": [{"what": what, "document": name, "line": line} for what, name, line in each.related],
            }
            for each in report.diagnostics
        ],
        "contradictions": [
            {
                "case": each.case,
                "kind": each.contradiction.kind,
                "rule": each.contradiction.rule,
                "atoms": [atom_data(each.models.program, *atom) for atom in each.contradiction.atoms],
            }
            for each in report.contradictions
        ],
        "notes": list(report.notes),
    }


def check_page(report: CheckReport, width: int = 80) -> Page:
    """Each mistake with its line and caret, then each contradiction with its places, then a count."""
    page = Page(width)
    for diagnostic in report.diagnostics:
        for line in render(diagnostic).split("\n"):
            page.add_raw(line)
        page.add()
    for each in report.contradictions:
        page.add(f"{each.case}: the record {amiss(each.contradiction)}", BAD)
        for relation, row in each.contradiction.atoms:
            fact = each.models.stated.get(relation, {}).get(row)
            place = f" ({fact.origin.place})" if fact else ""
            page.add(f"- {words(each.models.program, relation, row)}{place}", "", 2, 2)
        page.add()
    for note in report.notes:
        page.add(f"note: {note}", WARN, 0, 2)
        page.add()
    count = len(report.diagnostics) + len(report.contradictions)
    checked = f"{len(report.documents)} document{'s' * (len(report.documents) != 1)} checked"
    page.add(f"{checked}: {count or 'no'} mistake{'s' * (count != 1)}", DIM if count else GOOD)
    return page
