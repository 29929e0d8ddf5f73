"""DOT, Graphviz's own notation, of a proof of any size."""

from __future__ import annotations

from explain.explanations import Explanation
from explain.formats import Options
from explain.formats.drawing import agraph, caption, pictured


def export(explanation: Explanation, options: Options) -> str:
    """The graph with its labels and shapes."""
    text: str = agraph(pictured(explanation, options), caption(explanation, options)).to_string()
    return text
