"""What every form says beside the proof: the outcome, contradictions, what was cut, and who has reviewed the documents."""

from __future__ import annotations

from explain.assertions import AGED, HINGES, aged, assertions
from explain.denials import DENIED, denied, words_against
from explain.explanations import Explanation
from explain.graph import Asked
from explain.outcomes import Outcome
from explain.proofs import shown_of
from explain.verdicts import Verdict
from explain.wording import amiss, remarked, together, words
from kb.language.program import Fact

RESTATED = "Quoted criteria are restated from the sources that each document names, and not the issuer's own words."
"""Stands below what quotes a document."""


def decided_by(explanation: Explanation) -> str:
    """By whose documents, and of which day, an explanation is."""
    return f"payer {explanation.payer or 'not stated'}, by the documents in force on {explanation.on}"


def remarks(explanation: Explanation, asked: Asked) -> list[str]:
    """What whoever reads only the answer to a question has to know of it."""
    (_, stated), (_, old) = to_weigh(explanation, asked)
    against = denials_of(explanation, asked)
    return remarked(bool(stated), bool(old), rests_on_silence(explanation, asked), bool(against))


def heading(explanation: Explanation, asked: Asked) -> list[str]:
    """The outcome of a goal, whose word it hinges on, what the record denies of it, and the contradictions beneath."""
    reached = explanation.outcome(asked)
    lines = []
    if reached is not None and reached.question is not None:
        lines.append(" ".join([reached.question.text, reached.reads.upper(), *remarks(explanation, asked)]))
        if told := reached.by_reading:
            lines.append("The readings of the policy differ, and the answer with them:")
            lines += [f"- {each}" for each in told]
    if reached is not None and takes_together(explanation, asked, reached):
        lines.append("The proof takes all readings together: by itself it is no answer.")
    for title, facts in to_weigh(explanation, asked):
        lines += [title] if facts else []
        lines += [f"- {words(explanation.models.program, fact.relation, fact.row)}" for fact in facts]
    if against := denials_of(explanation, asked):
        lines.append(DENIED)
        lines += [f"- {words_against(explanation.models.program, fact)}" for fact in against]
    if reached is not None and reached.verdict is Verdict.UNADDRESSED:
        has_rules = asked.relation in explanation.models.program.rules_for
        follows = "What follows says why the rules for other requests do not apply." if has_rules else "No rule was applied."
        lines.append(f"This is no refusal. {follows}")
    for each in explanation.contradictions(asked.goal):
        atoms = together(explanation.models.program, each.atoms)
        lines.append(f"The record {amiss(each)}: {atoms}. Until that is resolved, nothing is concluded from it.")
    if reached is not None and reached.verdict is Verdict.CONFLICTING:
        disputed = {atom for each in explanation.contradictions(asked.goal) for atom in each.atoms}
        is_used = not disputed.isdisjoint(explanation.proof.part(asked).atoms.values())
        sides = "The proof takes that as it stands" if is_used else "The proof uses none of that; other ways do"
        lines.append(f"{sides}: by itself it is no answer.")
    return lines


def denials_of(explanation: Explanation, asked: Asked) -> tuple[Fact, ...]:
    """What somebody else, another study or another day says against the facts that a goal which holds cannot do without."""
    found, reached = explanation.models, explanation.outcome(asked)
    if reached is None or not holds(explanation, asked):
        return ()
    return denied(found, reached, (asked.relation, shown_of(found, *asked.goal)))


_Weighed = tuple[str, tuple[Fact, ...]]


def to_weigh(explanation: Explanation, asked: Asked) -> tuple[_Weighed, _Weighed]:
    """What the answer to a question hinges on that a reader has to weigh, each under what is said of it."""
    reached, found = explanation.outcome(asked), explanation.models
    if reached is None or reached.question is None:
        return (HINGES, ()), (AGED, ())
    return (HINGES, assertions(found, reached, asked.goal)), (AGED, aged(found, reached, asked.goal))


def takes_together(explanation: Explanation, asked: Asked, reached: Outcome) -> bool:
    """Whether a proof, which takes all readings of a policy together, shows something else than each of them does."""
    if not reached.readings:
        return False
    return reached.verdict is Verdict.DISPUTED or (reached.verdict is Verdict.MET) != holds(explanation, asked)


def holds(explanation: Explanation, asked: Asked) -> bool:
    """Whether what is shown of a goal is that it holds."""
    return explanation.proof.kind(asked.roots[0]) != "absence" and not asked.holds_for_some


def rests_on_silence(explanation: Explanation, asked: Asked) -> bool:
    """Whether a goal is met only as long as nothing else comes to be documented."""
    reached = explanation.outcome(asked)
    if reached is None or reached.verdict is not Verdict.MET:
        return False
    return not reached.is_certain(explanation.models, asked.goal)


def standing_lines(explanation: Explanation) -> list[str]:
    """What has to be known of the whole: what was cut short, and that nobody has approved the documents."""
    lines = []
    if cut := sum(proof.cut for proof in explanation.proofs):
        lines.append(f"Cut: {cut} nodes were not looked into. Ask for --minimal, or for one atom further down.")
    if explanation.unreviewed:
        lines.append(f"By {', '.join(explanation.unreviewed)}; not yet approved by a clinician.")
    return lines
