"""Text: a tree as in `tree`, from the conclusion down; for a member a letter."""

from __future__ import annotations

from explain.explanations import Explanation
from explain.export.lines import BAD, DIM, GOOD, TITLE, WARN, Page
from explain.formats import Options
from explain.formats.headings import RESTATED, decided_by, heading, standing_lines
from explain.formats.letter import letter
from explain.formats.outline import MARKS, Item, outlines, place, rule_line
from explain.graph import ProofGraph
from explain.standing import STANDINGS

_STYLES = {"conclusion": GOOD, "absence": WARN, "attempt": DIM, "rule": DIM, "comparison": DIM, "aggregate": DIM}


def export(explanation: Explanation, options: Options) -> str:
    """The page as plain text."""
    return page(explanation, options).text


def page(explanation: Explanation, options: Options) -> Page:
    """The page, with styles for a terminal."""
    if options.audience == "member":
        return letter(explanation, options.width)
    made = Page(options.width)
    made.add(explanation.title, TITLE)
    made.add(decided_by(explanation), DIM)
    for note in explanation.notes:
        made.add(note, WARN)
    for number, proof in enumerate(explanation.proofs, 1):
        if len(explanation.proofs) > 1:
            made.add()
            made.add(f"Proof {number} of {len(explanation.proofs)}", TITLE)
        _add_trees(made, explanation, proof, number == 1)
    made.add()
    for line in standing_lines(explanation):
        made.add(line, WARN, 0, 2)
    made.add(_LEGEND, DIM, 0, 2)
    return made


def tree(explanation: Explanation, options: Options) -> str:
    """Only the best proof and its outcome, for a report that has a title and a legend of its own."""
    made = Page(options.width)
    _add_trees(made, explanation, explanation.proof, with_heading=True)
    return made.text.strip("\n")


def _add_trees(made: Page, explanation: Explanation, proof: ProofGraph, with_heading: bool) -> None:
    for asked, goal in zip(proof.asked, outlines(proof), strict=True):
        made.add()
        for line in heading(explanation, asked) if with_heading else ():
            made.add(line, WARN, 0, 2)
        for item in goal:
            _show(made, item, "", "", frozenset([explanation.case]))


_LEGEND = (
    "✓ concluded  • stated  ∅ absent  = compared  # counted  ✗ a rule that fails, and why; "
    f"every step was checked against the documents. {RESTATED}"
)


def _show(page: Page, item: Item, first: str, rest: str, chart: frozenset[str]) -> None:
    inner = rest + ("│  " if item.below else "   ")
    for number, (text, style) in enumerate(_lines(item, chart)):
        lead = first if number == 0 else inner
        page.add_hung(text, style, lead, inner + ("  " if number == 0 else ""))
    for number, below in enumerate(item.below):
        is_last = number == len(item.below) - 1
        _show(page, below, rest + ("└─ " if is_last else "├─ "), rest + ("   " if is_last else "│  "), chart)


def _lines(item: Item, chart: frozenset[str]) -> list[tuple[str, str]]:
    """What is said of a node: its sentence, then its place and passage."""
    data, kind = item.data, item.kind
    mark = "✗" if item.fails and kind in ("comparison", "aggregate") else MARKS[kind]
    style = BAD if item.fails else _STYLES.get(kind, "")
    if kind in ("rule", "attempt"):
        lines = [(f"{mark} by {rule_line(data)}", style)]
    else:
        lines = [(f"{mark} {data['words']}{_remark(item)}", style)]
    if item.folded:
        return [(f"{lines[0][0]} ({'not looked into' if item.is_cut else 'shown above'})", DIM)]
    if item.by is not None:
        lines.append((f"by {rule_line(item.by)}", DIM))
        lines += [(f"“{item.by['passage']}”", DIM)] if item.by.get("passage") else []
    elif kind in ("rule", "attempt", "fact"):
        where = place(data, chart) if kind == "fact" else ""
        passage = f"“{data['passage']}”" if data.get("passage") else ""
        lines += [(" ".join(filter(None, (passage, f"[{where}]" if where else ""))), DIM)] if passage or where else []
    return lines


def _remark(item: Item) -> str:
    if item.kind == "absence":
        return f": not shown, {STANDINGS[str(item.data['standing'])]}"
    if item.ways > 1:
        return f", in {item.ways} ways, any of which is enough"
    return ""
