"""What `medproof lint --fix` changes: it takes out statements that add nothing, and remarks that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from authoring.edits import blank
from authoring.lint import Violation

_REMARK = re.compile(r"\s*%\s*(allow [a-z-]+|always|equivalent|never [a-z]+):[^\n\r]*")


def fixed(text: str, violations: Iterable[Violation]) -> str:
    """The text of a document without what some violations in it say can go; no answer changes by that."""
    lines = text.split("\n")
    touched: set[int] = set()
    for each in sorted(violations, key=lambda each: each.line, reverse=True):
        if each.fix is None:
            continue
        line, column = each.fix
        if column == 0:
            lines[line - 1] = _REMARK.sub("", lines[line - 1])
            touched.add(line)
            continue
        rows = blank(lines, line, column).count("\n") + 1
        for row in range(line, line + rows):
            # What was remarked on a premise goes with it.
            lines[row - 1] = _REMARK.sub("", lines[row - 1])
            touched.add(row)
    kept = (row for number, row in enumerate(lines, 1) if number not in touched or row.strip())
    return "\n".join(row.rstrip(" ") if row.strip() else row for row in kept)
