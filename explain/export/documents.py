"""The documents that something was decided by, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from kb.language.frontmatter import Meta


def by_documents(documents: Iterable[Meta]) -> str:
    """Their names, of a payer's with its period, and which of them no clinician has approved."""
    documents = list(documents)
    # Of a payer's document the days tell which of its versions counts.
    names = (f"{each.full_id} ({each.period.removeprefix('is ')})" if each.payer else each.full_id for each in documents)
    waiting = [each.full_id for each in documents if each.review != "approved"]
    which = f": {', '.join(waiting)}" if len(waiting) < len(documents) else ""
    return f"By {', '.join(names)}" + (f"; not yet approved by a clinician{which}" if waiting else "")
