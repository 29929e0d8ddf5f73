"""Markdown: nested lists, with hostile characters escaped so that a record cannot make headings, links or HTML."""

from __future__ import annotations

import re

from explain.explanations import Explanation
from explain.export.lines import visible
from explain.formats import Options
from explain.formats.headings import RESTATED, heading, standing_lines
from explain.formats.letter import letter
from explain.formats.outline import MARKS, Item, outlines, place, rule_line
from explain.standing import STANDINGS


def export(explanation: Explanation, options: Options) -> str:
    """The document."""
    if options.audience == "member":
        return letter(explanation, 10_000).text
    lines = [f"# {escaped(explanation.title)}", ""]
    lines += [f"Payer {escaped(explanation.payer) or 'not stated'}, by the documents in force on {explanation.on}.", ""]
    lines += [f"> {escaped(note)}" for note in explanation.notes]
    for number, proof in enumerate(explanation.proofs, 1):
        if len(explanation.proofs) > 1:
            lines += [f"## Proof {number} of {len(explanation.proofs)}", ""]
        for asked, goal in zip(proof.asked, outlines(proof), strict=True):
            lines += [f"> {escaped(line)}" for line in heading(explanation, asked)] if number == 1 else []
            lines.append("")
            for item in goal:
                _show(lines, item, 0, frozenset([explanation.case]))
            lines.append("")
    lines += [f"> {escaped(line)}" for line in standing_lines(explanation)]
    lines.append(f"\nEvery step was checked against the documents. {RESTATED}")
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """The text as Markdown shows it, on one line."""
    return re.sub(r"([\\`*_{}\[\]#+!|<>~&]|(?<=\])\()", r"\\\1", " ".join(visible(text).split()))


def _folded(item: Item) -> str:
    return (" (not looked into)" if item.is_cut else " (shown above)") if item.folded else ""


def _show(lines: list[str], item: Item, depth: int, chart: frozenset[str]) -> None:
    indent, data = "  " * depth, item.data
    if item.kind in ("rule", "attempt"):
        text = f"by {escaped(rule_line(data))}"
    else:
        text = f"**{escaped(str(data['words']))}**" if item.kind == "conclusion" else escaped(str(data["words"]))
    if item.kind == "absence":
        text += f" (not shown: {STANDINGS[str(data['standing'])]})"
    elif item.ways > 1:
        text += f" (in {item.ways} ways, any of which is enough)"
    mark = "✗" if item.fails and item.kind in ("comparison", "aggregate") else MARKS[item.kind]
    lines.append(f"{indent}- {mark} {text}{_folded(item)}")
    source = item.by if item.by is not None else data if item.kind in ("fact", "rule", "attempt") else None
    if source is not None and not item.folded:
        where = rule_line(source) if item.by is not None else place(source, chart) if item.kind == "fact" else ""
        passage = f"“{escaped(str(source['passage']))}”" if source.get("passage") else ""
        by = f"{'by ' if item.by is not None else ''}{escaped(where)}"
        lines.append(f"{indent}  {': '.join(filter(None, (by, passage)))}")
    for below in item.below:
        _show(lines, below, depth + 1, chart)
