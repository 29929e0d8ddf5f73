"""Mutants that no test notices, as a page and as data."""

from __future__ import annotations

from typing import Any

from authoring.mutation import Mutation
from explain.export.lines import BAD, DIM, GOOD, Page

_DONE = {
    "dropped": "the premise is gone", "boundary": "the boundary belongs to the other side", "turned": "turned round",
    "shifted": "the threshold is one step off", "not removed": "`not` is gone", "swapped": "another value",
    "left open": "any value will do",
}  # fmt: skip


def mutation_page(found: Mutation, width: int = 80, verbose: bool = False) -> Page:
    """Each survivor as a diff with its place (`verbose`: those that a comment justifies too), then a count."""
    page, tried = Page(width), found.tried
    for test in found.failed:
        page.add(f"left out, as it fails by itself: {test}", BAD, 0, 2)
    for each in tried:
        if each.survives or (verbose and each.reason):
            page.add(f"{each.file}, line {each.line}, {each.rule}: {_DONE[each.operator]}", DIM, 0, 2)
            page.add(f"- {each.before}", BAD, 2, 4)
            if each.after:
                page.add(f"+ {each.after}", GOOD, 2, 4)
            if each.reason:
                page.add(f"no test can notice it: {each.reason}", DIM, 2, 4)
            page.add()
    survivors, justified = sum(each.survives for each in tried), sum(bool(each.reason) for each in tried)
    said = f", {justified} that none can, as a comment says" if justified else ""
    style = BAD if survivors else GOOD
    page.add(f"{len(tried)} mutants: {survivors or 'none'} that no test notices{said}", style, 0, 2)
    return page


def mutation_data(found: Mutation) -> dict[str, Any]:
    """Every mutant, with the test that noticed it."""
    return {
        "schema": "medproof/mutation/1",
        "mutants": [
            {
                "id": each.id,
                "file": each.file,
                "line": each.line,
                "rule": each.rule,
                "operator": each.operator,
                "before": each.before,
                "after": each.after,
                "noticed_by": each.noticed_by,
                "reason": each.reason,
            }
            for each in found.tried
        ],
        "failed": list(found.failed),
    }
