"""Mermaid, which GitHub shows as a picture inside Markdown."""

from __future__ import annotations

from explain.explanations import Explanation
from explain.export.lines import visible
from explain.formats import Options
from explain.formats.drawing import COLOURS, caption, label_lines, pictured, refuse_large

_SHAPES = {
    "conclusion": ("([", "])"), "rule": ("[", "]"), "fact": ("[/", "/]"), "absence": ("{{", "}}"),
    "attempt": ("[", "]"), "comparison": ("{", "}"), "aggregate": ("[(", ")]"),
}  # fmt: skip


def export(explanation: Explanation, options: Options) -> str:
    """The flowchart, from the conclusion down."""
    proof = pictured(explanation, options)
    refuse_large(proof)
    above = "<br/>".join(map(_escaped, caption(explanation, options)))
    lines = ["flowchart TD", f'    caption["{above}"]:::caption']
    for node in proof.graph:
        data = proof.attributes(node)
        before, after = _SHAPES[data["kind"]]
        text = "<br/>".join(_escaped(line) for line in label_lines(data, 40))
        lines.append(f'    {node}{before}"{text}"{after}:::{data["kind"]}')
    for source, target, data in proof.graph.edges(data=True):
        arrow = "-.->|fails|" if data["role"] == "fails" else "-->"
        lines.append(f"    {source} {arrow} {target}")
    lines.append("    classDef caption fill:#fff,stroke:#fff,color:#111")
    for kind, (fill, line) in COLOURS.items():
        dashes = ",stroke-dasharray:4" if kind in ("absence", "attempt") else ""
        lines.append(f"    classDef {kind} fill:{fill},stroke:{line},color:#111{dashes}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    """Mermaid's entities for whatever could end a label or be taken for markup."""
    return "".join(f"#{ord(char)};" if char in '"#<>&\\`*_;{}[]()|' else char for char in visible(text))
