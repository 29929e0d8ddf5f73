"""What a member reads: no codes, no jargon, one sentence for each thing that matters, as in a letter."""

from __future__ import annotations

from collections.abc import Iterator

from explain.explanations import Explanation
from explain.export.lines import Page
from explain.formats.headings import rests_on_silence
from explain.graph import Asked, ProofGraph
from explain.verdicts import Verdict

_HOLDS = "We looked at what your records say, and found that {}."
_OPEN = "From the records that we have, we could not yet see that {}."
_CONFLICT = (
    "Your records contradict themselves on whether {}. Until that is cleared up, nothing is concluded from them; please ask "
    "your doctor about it."
)
_DISPUTED = (
    "The rules can be read in more than one way, and whether {} depends on how they are read. A nurse or a physician "
    "decides how they are meant here."
)
_SILENT = (
    "Part of this is that your records say nothing that speaks against it. A record that we have not seen could change "
    "what we found."
)
_UNADDRESSED = "We have no rules of your health plan for this request. That does not mean that it is refused."
_UNANSWERED = {Verdict.CONFLICTING: _CONFLICT, Verdict.DISPUTED: _DISPUTED, Verdict.UNADDRESSED: _UNADDRESSED}
"""What is said instead of what the proof shows: it is of one side of a contradiction, or of all readings together."""
_FOUND = "This is what we found:"
_NOT_FOUND = "We did not find in your records that:"
_CLOSING = (
    "A nurse or a physician looks at this before anybody decides. If something in your records is missing or wrong, "
    "please ask your doctor to send it to us."
)


def letter(explanation: Explanation, width: int) -> Page:
    """The letter: for each goal what was found, and what was not, of all that has words for a member."""
    page = Page(width)
    page.add(f"About your request, by the rules that we have for {explanation.on}.")
    page.add()
    proof = explanation.proof
    for number, asked in enumerate(proof.asked):
        own = next((text for root in asked.roots for text in _own(proof, root)), "")
        if own:
            _goal(page, explanation, asked, own, explanation.outcomes[number].verdict if explanation.outcomes else None)
            page.add()
    page.add(_CLOSING)
    return page


def _goal(page: Page, explanation: Explanation, asked: Asked, own: str, reached: Verdict | None) -> None:
    if reached in _UNANSWERED:
        page.add(_UNANSWERED[reached].format(own))
        return
    proof = explanation.proof
    holds = proof.kind(asked.roots[0]) != "absence" and not asked.holds_for_some
    page.add((_HOLDS if holds else _OPEN).format(own))
    if reached is not None and rests_on_silence(explanation, asked, reached):
        page.add(_SILENT)
    found = _distinct(proof, asked, True, {own})
    _listed(page, _FOUND, [f"{each[0].upper()}{each[1:]}" for each in found])
    if not holds:
        _listed(page, _NOT_FOUND, _distinct(proof, asked, False, {own, *found}))


def _listed(page: Page, title: str, sentences: list[str]) -> None:
    if sentences:
        page.add(title)
    for each in sentences:
        page.add(f"- {each}.", "", 2, 2)


def _distinct(proof: ProofGraph, asked: Asked, holding: bool, without: set[str]) -> list[str]:
    sentences = dict.fromkeys(each for root in asked.roots for each in _reasons(proof, root, holding))
    return [each for each in sentences if each not in without]


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
        if (holds and kind in ("conclusion", "fact")) if holding else _is_lacking(proof, node):
            yield from _own(proof, node)
        for other in proof.below(node):
            role = proof.role(node, other)
            # What an absence in a proof rests on is no reason of its own: it says why something is not there.
            if kind != "absence" or not holding or node == root:
                pending.append((other, holds and role in ("any", "all", "counts", "miss")))


def _is_lacking(proof: ProofGraph, node: str) -> bool:
    """Whether something is absent that the record does not tell otherwise."""
    if proof.kind(node) != "absence":
        return False
    return not any(proof.role(node, other) == "instead" for other in proof.below(node))
