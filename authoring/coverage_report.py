"""Coverage, as a page and as data."""

from __future__ import annotations

from typing import Any

from authoring.coverage import WANTED, Coverage, CriterionCover, PremiseCover, State
from explain.export.lines import BAD, DIM, GOOD, TITLE, WARN, Page

_MARKS = {State.COVERED: "✓", State.EXCUSED: "✓", State.HALF: "◐", State.UNREACHED: "✗"}


def coverage_page(found: Coverage, width: int = 80, verbose: bool = False) -> Page:
    """By document: the criteria and premises of which something was not seen (`verbose`: all), then the share covered."""
    page = Page(width)
    for test in found.failed:
        page.add(f"left out, as it fails by itself: {test}", BAD, 0, 2)
    for remark in found.mistaken:
        page.add(remark, BAD, 0, 2)
    named = [*(each.criterion.origin.file for each in found.criteria), *(each.file for each in found.premises)]
    for file in dict.fromkeys(named):
        criteria = [each for each in found.criteria if each.criterion.origin.file == file]
        premises = [each for each in found.premises if each.file == file]
        open_criteria = [each for each in criteria if each.missing]
        open_premises = [each for each in premises if each.state in (State.HALF, State.UNREACHED)]
        page.add(
            f"{file}: {len(criteria) - len(open_criteria)} of {len(criteria)} criteria, "
            f"{len(premises) - len(open_premises)} of {len(premises)} premises",
            DIM if not open_criteria and not open_premises else TITLE,
        )
        for criterion in criteria if verbose else open_criteria:
            _add_criterion(page, criterion)
        for premise in premises if verbose else open_premises:
            _add_premise(page, premise)
    page.add()
    page.add(f"{found.percent:.1f} % covered", GOOD if found.percent == 100 else WARN)
    return page


def _add_criterion(page: Page, cover: CriterionCover) -> None:
    text = f"{_MARKS[cover.state]} {cover.criterion.label}, line {cover.criterion.origin.line}"
    page.add(f"{text}: {cover.lack}" if cover.lack else text, "" if cover.lack else DIM, 2, 4)


def _add_premise(page: Page, cover: PremiseCover) -> None:
    rule, lacks = cover.rule.split("#", 1)[-1], cover.lacks
    said = f": {'; '.join(lacks)}" if lacks else f" (always true: {cover.reason})" if cover.reason else ""
    page.add(f"{_MARKS[cover.state]} line {cover.line}, {rule}, {cover.text}{said}", "" if lacks else DIM, 2, 4)


def coverage_data(found: Coverage) -> dict[str, Any]:
    """Every premise and criterion, with the tests that show it."""
    return {
        "schema": "medproof/coverage/1",
        "percent": round(found.percent, 2),
        "premises": [
            {
                "rule": each.rule,
                "file": each.file,
                "line": each.line,
                "premise": each.text,
                "state": each.state.value,
                "true_in": each.true_in,
                "alone_false_in": each.alone_in,
                "reason": each.reason,
            }
            for each in found.premises
        ],
        "criteria": [
            {
                "id": each.criterion.id,
                "file": each.criterion.origin.file,
                "line": each.criterion.origin.line,
                **{verdict.value: each.seen.get(verdict, "") for verdict in WANTED},
            }
            for each in found.criteria
        ],
        "failed": list(found.failed),
        "mistaken": list(found.mistaken),
    }
