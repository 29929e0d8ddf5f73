"""Violations for a reader, as JSON, as SARIF 2.1.0 (OASIS), and as annotations of GitHub's workflows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from authoring.lint import Violation, rules
from explain.export.lines import BAD, DIM, GOOD, WARN, Page

FORMS = ("text", "json", "sarif", "github")
_STYLES = {"error": BAD, "warning": WARN, "info": DIM}


def lint_page(found: Iterable[Violation], documents: int, width: int = 80) -> Page:
    """Each violation with its line and its hint, then a count."""
    page, found = Page(width), list(found)
    for each in found:
        page.add(f"{each.file}:{each.line}: {each.message}  [{each.rule}]", _STYLES[each.level], 0, 2)
        if each.source_line.strip():
            page.add_raw(f" {each.line} | {each.source_line}")
        page.add(f"   hint: {each.hint}", DIM, 0, 3)
        page.add()
    levels = {level: sum(each.level == level for each in found) for level in ("error", "warning", "info")}
    said = ", ".join(
        f"{number} {level}{'s' * (number != 1 and level != 'info')}" for level, number in levels.items() if number
    )
    many = f"{documents} document{'s' * (documents != 1)}"
    page.add(f"{many}: {said or 'nothing to say'}", BAD if levels["error"] else DIM if found else GOOD)
    return page


def reported(found: Iterable[Violation], form: str) -> str:
    """Violations in one of the forms that programs read."""
    if form == "github":
        return "".join(_annotation(each) for each in found)
    data = _sarif(found) if form == "sarif" else {"schema": "medproof/lint/1", "violations": [_data(each) for each in found]}
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def _data(each: Violation) -> dict[str, Any]:
    return {
        "file": each.file, "line": each.line, "rule": each.rule, "level": each.level,
        "message": each.message, "hint": each.hint,
    }  # fmt: skip


def _annotation(each: Violation) -> str:
    kind = {"error": "error", "warning": "warning"}.get(each.level, "notice")
    said = _escaped(f"{each.message}; {each.hint}")
    return f"::{kind} file={_escaped(each.file, True)},line={each.line},title={each.rule}::{said}\n"


def _escaped(text: str, is_property: bool = False) -> str:
    """As GitHub's toolkit writes workflow commands."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if is_property else text


def _region(each: Violation) -> dict[str, int]:
    """The code of the line, in columns from 1; SARIF counts UTF-16 units unless told otherwise, as here."""
    code = each.source_line.strip()
    if not code:
        return {"startLine": each.line}
    start = len(each.source_line) - len(each.source_line.lstrip()) + 1
    return {"startLine": each.line, "startColumn": start, "endColumn": start + len(code.encode("utf-16-le")) // 2}


def _sarif(found: Iterable[Violation]) -> dict[str, Any]:
    known = [{"id": each.name, "shortDescription": {"text": each.summary}} for each in rules()]
    results = [
        {
            "ruleId": each.rule,
            "level": {"info": "note"}.get(each.level, each.level),
            "message": {"text": f"{each.message}; {each.hint}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": each.file},
                        "region": _region(each),
                    }
                }
            ],
        }
        for each in found
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "medproof", "rules": known}}, "results": results}],
    }
