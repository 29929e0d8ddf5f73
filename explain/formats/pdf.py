"""PDF, drawn by Graphviz."""

from __future__ import annotations

from explain.explanations import Explanation
from explain.formats import Options
from explain.formats.drawing import drawn


def export(explanation: Explanation, options: Options) -> bytes:
    """The picture; raises CannotExport when it would be too large to read."""
    return drawn(explanation, "pdf", options)
