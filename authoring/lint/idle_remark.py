"""A remark `% allow` that allows nothing: no such rule, or nothing there that it finds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from authoring.edits import comments
from authoring.lint import ALLOW, NAMES, found_by
from authoring.lint.bench import Bench, Found
from kb.language.diagnostics import nearest

LEVEL = "warning"
_MEANT = re.compile(r"%\s*allow\b\s*([a-z-]*)", re.IGNORECASE)


def check(bench: Bench) -> Iterator[Found]:
    """Remarks that name no rule, and remarks without which the rule would be silent too."""
    own = __name__.rsplit(".", 1)[-1].replace("_", "-")
    for document in bench.documents:
        for number, _, comment in comments(document):
            said = ALLOW.match(comment)
            if said is None:
                meant = _MEANT.match(comment)
                if meant is not None and (not meant[1] or meant[1] in NAMES):
                    hint = "write `% allow RULE: REASON`, in lower case and with the reason"
                    yield Found(document, number, "this remark allows nothing: it is not whole", hint)
                continue
            if said[1] in (own, "out-of-effect"):  # the latter finds something from a day on
                continue
            if said[1] not in NAMES:
                hint = nearest(said[1], NAMES) or f"the rules are: {', '.join(NAMES)}"
                yield Found(document, number, f"there is no lint rule `{said[1]}`", hint)
            elif not any(
                each.document.name == document.name and each.line in (number, number + 1)
                for each in found_by(bench, said[1])
            ):
                message = f"`{said[1]}` finds nothing here that would have to be allowed"
                yield Found(document, number, message, "take the remark out", (number, 0))
