"""What a member reads: no codes, no jargon, one sentence for each thing that matters, as in a letter."""

from __future__ import annotations

from collections.abc import Iterator

from explain.explanations import Explanation
from explain.export.lines import Page
from explain.graph import ProofGraph

_HOLDS = "We looked at what your records say, and found that {}. These are the reasons:"
_OPEN = "From the records that we have, we could not yet see that {}. This is what we found:"
_MISSING = "These things would have to be in your records, or they speak against it:"
_CLOSING = (
    "A nurse or a physician looks at this before anybody decides. If something in your records is missing or wrong, "
    "please ask your doctor to send it to us."
)


def letter(explanation: Explanation, width: int) -> Page:
    """The letter, a paragraph for each goal and a line for each reason that has words for a member."""
    page = Page(width)
    proof = explanation.proof
    for asked in proof.asked:
        sentences = [sentence for root in asked.roots for sentence in _own(proof, root)]
        if not sentences:
            continue
        holds = proof.kind(asked.roots[0]) != "absence"
        page.add((_HOLDS if holds else _OPEN).format(sentences[0]))
        found = list(dict.fromkeys(each for root in asked.roots for each in _reasons(proof, root, True)))
        for reason in [each for each in found if each != sentences[0]]:
            page.add(f"- {reason[0].upper()}{reason[1:]}.", "", 2, 2)
        lacking = list(dict.fromkeys(each for root in asked.roots for each in _reasons(proof, root, False)))
        lacking = [each for each in lacking if each not in (*found, sentences[0])]
        if lacking and not holds:
            page.add()
            page.add(_MISSING)
            for reason in lacking:
                page.add(f"- {reason[0].upper()}{reason[1:]}.", "", 2, 2)
        page.add()
    page.add(_CLOSING)
    return page


def _own(proof: ProofGraph, node: str) -> Iterator[str]:
    text = str(proof.attributes(node).get("member", ""))
    if text:
        yield text


def _reasons(proof: ProofGraph, root: str, holding: bool) -> Iterator[str]:
    """The sentences for a member beneath a node: of what holds, or of what does not."""
    seen: set[str] = set()
    pending = [(root, True)]
    while pending:
        node, holds = pending.pop(0)
        if node in seen:
            continue
        seen.add(node)
        kind = proof.kind(node)
        here = holds and kind in ("conclusion", "fact")
        if here if holding else kind == "absence":
            yield from _own(proof, node)
        for other in proof.below(node):
            role = proof.role(node, other)
            # What an absence in a proof rests on is no reason of its own: it says why something is not there.
            if kind != "absence" or not holding or node == root:
                pending.append((other, holds and role in ("any", "all", "counts", "miss")))
