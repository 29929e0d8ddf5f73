"""What `medproof lint --fix` changes: it takes out statements that add nothing, and remarks that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable

from authoring.edits import comments, replaced
from authoring.lint import ALLOW, Violation
from kb.language.documents import read

_REMARK = re.compile(r"\s*%\s*(allow [a-z-]+|always|equivalent|never [a-z]+):")


def fixed(name: str, text: str, violations: Iterable[Violation]) -> str:
    """The text of a document without what some violations in it say can go; no answer changes by that."""
    wanted = {each.fix for each in violations if each.fix is not None}
    lines = text.split("\n")
    remarks = {line: column for line, column, said in comments(read(name, text)) if ALLOW.match(said)}
    touched: set[int] = set()
    for line, column in sorted(wanted, reverse=True):
        if column == 0:
            if line in remarks:
                lines[line - 1] = _without(lines[line - 1], remarks[line] - 1)
                touched.add(line)
            continue
        for row in range(line, line + replaced(lines, line, column).count("\n") + 1):
            # What was remarked on its premises goes with a statement that had the line for itself.
            if _REMARK.match(lines[row - 1]):
                lines[row - 1] = _without(lines[row - 1], 0)
            touched.add(row)
    kept = (row for number, row in enumerate(lines, 1) if number not in touched or row.strip())
    return "\n".join(kept)


def _without(line: str, start: int) -> str:
    """The line up to a column, with its end."""
    return line[:start].rstrip() + ("\r" if line.endswith("\r") else "")
