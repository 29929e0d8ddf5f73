"""What a member reads: no codes, no jargon, one sentence for each thing that matters, as in a letter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from explain.asks import Ask, opened
from explain.explanations import Explanation
from explain.export.lines import Page
from explain.formats.headings import denials_of, holds, rests_on_silence, takes_together
from explain.graph import Asked, ProofGraph
from explain.questions import item_text, request_relations
from explain.standing import DOCUMENTED
from explain.verdicts import Verdict, verdict
from explain.wording import words
from kb.engines.model import ground_row, unified
from kb.language.program import Program, ProgramRule
from kb.language.syntax import Literal
from kb.language.values import ANY, Row
from kb.models import Models

if TYPE_CHECKING:
    from explain.remedies import Missing

_HOLDS = "We looked at what your records say, and found that {}. This is not a decision yet."
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
    "Part of this is that there are things of which your records say nothing. A record that we have not seen could change "
    "what we found."
)
_SAID_OTHERWISE = (
    "Elsewhere your records say something else about a part of this. A nurse or a physician looks at that before anybody "
    "decides."
)
_UNADDRESSED = "We have no rules of your health plan for this request. That does not mean that it is refused."
_UNANSWERED = {Verdict.CONFLICTING: _CONFLICT, Verdict.DISPUTED: _DISPUTED, Verdict.UNADDRESSED: _UNADDRESSED}
"""What is said instead of what the proof shows: it is of one side of a contradiction, or of all readings together."""
_LEFT_OPEN = "Your doctor's request does not say which {1} is meant. Until we know that, we cannot tell whether {0}."
_MAY_HELP = "Records about this may help us to see more; please ask your doctor for them:"
_NO_HELP = "We have no plain words for what is missing, if anything is; the nurse who has your request can tell you."
_NO_WORDS = "What was asked has no words for a member."
_FOUND = "This is what we found:"
_NOT_FOUND = "The rules ask for this too, and your records do not show yet that it is so:"
_NOT_FOUND_OF_SEVERAL = (
    "There is more than one way to meet the rules. Of what they ask for, your records do not show yet that this is so:"
)
_NOT_SO = "The rules ask for this too, and by what your records say it is not so, or not in the way that they ask:"
_EXCLUDED = "The rules ask that this is not so, and your records say that it is:"
_NOT_RULED_OUT = "The rules ask that this is not so, and your records do not say enough to rule it out:"
_OTHERWISE = "{} (your records say so, and not in the way that the rules ask for)"
"""As by the patient's own word, where a rule asks for what a clinician found."""
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
    worded = [(asked, own) for asked in proof.asked if (own := _of_goal(proof, asked))]
    for asked, own in worded:
        if len(worded) > 1 and (item := _item(explanation, asked)):
            page.add(f"{_capitalised(item)}:")
        _goal(page, explanation, asked, own)
        page.add()
    if not worded:
        page.add(_NO_WORDS)
        page.add()
    page.add(_CLOSING)
    return page


def _of_goal(proof: ProofGraph, asked: Asked) -> str:
    """The sentence of a goal; nothing, if it has no words for a member."""
    return next((text for root in asked.roots for text in _own(proof, root)), "")


def _item(explanation: Explanation, asked: Asked) -> str:
    """What a goal is about, as the request names it."""
    return item_text(asked.row, explanation.models.program.predicate(asked.relation).case_position)


def _goal(page: Page, explanation: Explanation, asked: Asked, own: str) -> None:
    proof, reached = explanation.proof, explanation.outcome(asked)
    is_found = holds(explanation, asked)
    left_open = reached.question.left_open if reached is not None and reached.question is not None and not is_found else []
    if reached is not None and reached.verdict in _UNANSWERED:
        page.add(_UNANSWERED[reached.verdict].format(own))
        return
    apart = reached if reached is not None and takes_together(explanation, asked, reached) else None
    is_met = is_found if apart is None else apart.verdict is Verdict.MET
    opening = _LEFT_OPEN if left_open else _HOLDS if is_met else _OPEN
    page.add(opening.format(own, " and which ".join(left_open)))
    if apart is not None:
        return
    if rests_on_silence(explanation, asked):
        page.add(_SILENT)
    if denials_of(explanation, asked):
        page.add(_SAID_OTHERWISE)
    request = request_relations(explanation.models.program)
    holding = [list(_holding(proof, root, request)) for root in asked.roots]
    if is_found or left_open:
        _listed(page, _FOUND, _distinct(holding, {own}))
        return
    rules = reached.rules if reached is not None else ()
    told = list(_asked_for(explanation.models, asked, rules))
    found = _distinct(([text for text, now in told if now is Verdict.MET], *holding), {own})
    _listed(page, _FOUND, found)
    named = frozenset(rule.id for rule in rules)
    known = [*told, *(each for root in asked.roots for each in _lacking(proof, root, named, request))]
    lacking = dict.fromkeys(text for text, now in known if now is not Verdict.MET and text not in {own, *found})
    may_be_so = {text for text, now in known if now is not Verdict.REFUTED}
    stated = set(_stated(explanation.models))
    title = _NOT_FOUND_OF_SEVERAL if len(rules) > 1 else _NOT_FOUND
    _listed(page, title, [_OTHERWISE.format(each) if each in stated else each for each in lacking if each in may_be_so])
    _listed(page, _NOT_SO, [each for each in lacking if each not in may_be_so])
    beneath = (_excluding(explanation, root, named, request) for root in asked.roots)
    excluding = dict(chain(*beneath, _forbidden(explanation.models, asked, rules)))
    _listed(page, _EXCLUDED, [text for text, is_certain in excluding.items() if is_certain])
    _listed(page, _NOT_RULED_OUT, [text for text, is_certain in excluding.items() if not is_certain])
    if not lacking and not excluding:
        page.add(_NO_HELP)


def _asked_for(models: Models, asked: Asked, rules: Iterable[ProgramRule]) -> Iterator[tuple[str, Verdict]]:
    """What the rules for a goal ask for, in a member's words, and how it stands: a graph ends at the first that fails."""
    for literal, relation, row in _worded(models.program, asked, rules):
        if literal.lists:
            yield words(models.program, relation, row, "member"), verdict(models, relation, row)


def _forbidden(models: Models, asked: Asked, rules: Iterable[ProgramRule]) -> Iterator[tuple[str, bool]]:
    """What holds, and the rules for a goal ask to be absent, in a member's words; and whether it holds for certain."""
    for literal, relation, row in _worded(models.program, asked, rules):
        if literal.negated and models.holds(relation, row):
            yield words(models.program, relation, row, "member"), models.is_certain(relation, row)


def _worded(program: Program, asked: Asked, rules: Iterable[ProgramRule]) -> Iterator[tuple[Literal, str, Row]]:
    """The literals of the rules for a goal that have words for a member, as far as the goal says what they ask for."""
    for rule in rules:
        binding = unified(rule.head.terms, asked.row) or {}
        for literal in (premise for premise in rule.rule.body if isinstance(premise, Literal)):
            relation, row = literal.atom.relation, ground_row(literal.atom.terms, binding)
            if ANY not in row and program.predicate(relation).wordings.get("member"):
                yield literal, relation, row


def _stated(models: Models) -> Iterator[str]:
    """What the records state, in words for a member."""
    for relation, rows in models.stated.items():
        if not relation.startswith("-") and models.program.predicate(relation).wordings.get("member"):
            yield from (words(models.program, relation, row, "member") for row in rows)


def missing_letter(found: Iterable[Missing], width: int) -> Page:
    """Of which things a record may help, as far as they have words for a member; not what has to stand in it."""
    page = Page(width)
    told = _distinct((_told(each.models.program, remedy.ask) for each in found for remedy in each.remedies), set())
    _listed(page, _MAY_HELP, told)
    if not told:
        page.add(_NO_HELP)
    return page


def _told(program: Program, ask: Ask) -> Iterator[str]:
    """The facts of an ask that a record could state."""
    for relation, row in sorted(ask.wanted, key=str):
        predicate = program.predicate(relation)
        if predicate.can_be_open and predicate.wordings.get("member") and not relation.startswith("-"):
            yield words(program, relation, opened(row), "member")


def _listed(page: Page, title: str, sentences: list[str]) -> None:
    if sentences:
        page.add(title)
    for each in sentences:
        page.add(f"- {_capitalised(each)}.", "", 2, 2)


def _capitalised(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _distinct(told: Iterable[Iterable[str]], without: set[str]) -> list[str]:
    return [each for each in dict.fromkeys(chain.from_iterable(told)) if each not in without]


def _own(proof: ProofGraph, node: str) -> list[str]:
    text = str(proof.attributes(node).get("member", ""))
    return [text] if text else []


def _holding(proof: ProofGraph, root: str, request: frozenset[str]) -> Iterator[str]:
    """The sentences for a member of what holds beneath a node; the request itself is no finding."""
    seen: set[str] = set()
    pending = [(root, True)]
    while pending:
        node, is_found = pending.pop(0)
        if node in seen:
            continue
        seen.add(node)
        kind = proof.kind(node)
        is_request = node in proof.atoms and proof.atoms[node][0] in request
        if is_found and kind in ("conclusion", "fact") and not is_request:
            yield from _own(proof, node)
        for other in proof.below(node):
            # What an absence in a proof rests on is no reason of its own: it says why something is not there.
            if kind != "absence" or node == root:
                pending.append((other, is_found and proof.role(node, other) in ("any", "all", "counts", "miss")))


def _lacking(proof: ProofGraph, root: str, rules: frozenset[str], request: frozenset[str]) -> Iterator[tuple[str, Verdict]]:
    """The sentences for a member of what does not hold beneath a node, and how that stands: the outermost of them.

    Only what the `rules` lack that speak to the question, if any do; what else might have been requested is no finding.
    """
    for node in _failing(proof, root, rules, request):
        if _is_lacking(proof, node):
            is_ruled_out = proof.attributes(node).get("standing") == DOCUMENTED
            yield from ((text, Verdict.REFUTED if is_ruled_out else Verdict.UNDOCUMENTED) for text in _own(proof, node))


def _excluding(
    explanation: Explanation, root: str, rules: frozenset[str], request: frozenset[str]
) -> Iterator[tuple[str, bool]]:
    """The sentences for a member of what holds, and would have to be absent; and whether it holds for certain."""
    proof = explanation.proof
    for node in _failing(proof, root, rules, request):
        if proof.kind(node) in ("conclusion", "fact"):
            yield from ((text, explanation.models.is_certain(*proof.atoms[node])) for text in _own(proof, node))


def _failing(proof: ProofGraph, root: str, rules: frozenset[str], request: frozenset[str]) -> Iterator[str]:
    """The root, and the premises that fail beneath it, down to those that have words for a member; not what is requested."""
    seen: set[str] = set()
    pending = [root]
    while pending:
        node = pending.pop(0)
        if node in seen:
            continue
        seen.add(node)
        is_request = node in proof.atoms and proof.atoms[node][0] in request
        is_told = proof.kind(node) != "attempt" and not is_request
        if is_told:
            yield node
        # What a premise rests on that holds, or that would have to be absent, is no reason of its own.
        if (is_told and node != root and _own(proof, node)) or proof.kind(node) in ("conclusion", "fact"):
            continue
        failing = (other for other in proof.below(node) if proof.role(node, other) in ("miss", "fails"))
        pending += [each for each in failing if node != root or not rules or proof.attributes(each)["rule"] in rules]


def _is_lacking(proof: ProofGraph, node: str) -> bool:
    """Whether something is absent that the record does not tell otherwise."""
    if proof.kind(node) != "absence":
        return False
    return not any(proof.role(node, other) == "instead" for other in proof.below(node))
