"""What a reviewer asks of a case: the answers, why, why not, what is missing, what would change them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from explain.caveats import caveats, idle_contradictions, open_questions
from explain.determination import Determination, determine
from explain.slips import slips
from facts.opening import CaseProblem, Opened, opened_for_all, opened_for_one, with_changes
from kb.goals import Table
from kb.language.documents import Document
from kb.language.program import Program
from kb.language.syntax import literals
from kb.library import Library
from kb.models import Models, models

if TYPE_CHECKING:
    import networkx as nx

    from explain.changes import WhatIf
    from explain.explanations import Explanation
    from explain.hinges import Hinged
    from explain.remedies import Missing
    from kb.contradictions import AtomKey


def decide(
    base: Library,
    case: Document | Opened,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
    whole: bool = False,
) -> list[Determination]:
    """The determinations of a case: one, or one per payer with `payer="all"`.

    Beneath a criterion that is met only those that its proof uses are decided, unless `whole`.
    `payer` and `on` (the day whose documents count) default to what the chart says.
    Raises CaseProblem, DocumentErrors (in the chart or in the documents in force),
    EvaluationError.
    """
    return [_decided(each, seconds, whole) for each in opened_for_all(base, case, payer, on)]


def _decided(case: Opened, seconds: float | None, whole: bool, asking: bool = True) -> Determination:
    found = determine(case.compiled, case.facts, case.case, case.chart.title, case.engine, seconds, whole, asking)
    outcomes = (answer.outcome for answer in found.answers)
    notes = (*case.notes, *slips(case.compiled, outcomes), *open_questions(found), *idle_contradictions(found))
    return replace(found, notes=notes)


def query(
    base: Library,
    case: Document | Opened,
    goal: str,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
) -> Table:
    """The answers to a conjunction of goals in the perfect model of a case, as a table.

    Raises BadGoal, with a diagnostic in the goal's text, and what `decide` raises.
    """
    from kb.goals import ask, resolve_goal

    at_hand = opened_for_one(base, case, payer, on)
    table = ask(at_hand.program, at_hand.facts, goal, at_hand.engine, seconds)
    asked = [literal.atom.relation for literal in literals(resolve_goal(at_hand.program, goal))]
    found = models(at_hand.compiled, at_hand.facts, at_hand.case, at_hand.engine, asked, seconds)
    return replace(table, notes=tuple(caveats(found, asked)))


def explain(
    base: Library,
    case: Document | Opened,
    goal: str | None = None,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
    minimal: bool = False,
    best: int = 0,
    limit: int = 20_000,
) -> Explanation:
    """Why a goal holds, or why it does not, as a proof graph; without a goal, of every question of the case.

    All derivations are shown; with `minimal` the cheapest of each atom, with `best` that
    many proofs, the best first. A graph that would have more than `limit` nodes is cut.
    The proof was checked against the documents. Raises BadGoal, and what `decide` raises.
    """
    from explain.explanations import LEFT_OPEN, Explanation, best_explained, explained
    from explain.outcomes import outcome
    from explain.wording import words

    if best and goal is None:
        raise CaseProblem("the best proofs are those of one goal; name it")
    at_hand = opened_for_one(base, case, payer, on)
    determination = None
    if goal is None:
        determination = _decided(at_hand, seconds, whole=True, asking=False)
        found = determination.models
        goals = [(each.question.relation, each.question.row) for each in determination.answers]
        _hold_to_cohort(at_hand, found, goals)
        if not goals:
            raise CaseProblem(f"`{at_hand.document.name}` asks nothing: it has no `requested` fact; name a goal to explain")
        title = f"{at_hand.case}: {at_hand.chart.title or 'every question of the case'}"
    else:
        found, goals = _found(at_hand, goal, seconds)
        what = words(at_hand.program, *goals[0])
        title = f"{at_hand.case}: whether {'it is ' if what.startswith('documented as absent') else ''}{what}"
    chart, is_open = at_hand.document, False
    if best and goal is not None and found.holds(*goals[0]):
        proofs = tuple(best_explained(found, goals[0], at_hand.policies, chart, best, limit))
    else:
        proofs = (explained(found, goals, at_hand.policies, chart, minimal or bool(best), limit),)
        is_open = any(each.holds_for_some for each in proofs[0].asked)
    answers = determination.answers if determination is not None else ()
    outcomes = tuple(each.outcome for each in answers) or tuple(outcome(found, each) for each in goals)
    notes = determination.notes if determination else (*at_hand.notes, *slips(at_hand.compiled, outcomes))
    notes = (*notes, LEFT_OPEN) if is_open else notes
    return Explanation(title, at_hand.case, at_hand.payer, at_hand.on, notes, found, proofs, outcomes, determination)


def missing(
    base: Library,
    case: Document | Opened,
    goal: str,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
    limit: int = 4,
) -> list[Missing]:
    """The smallest sets of documentable facts that would establish a goal, each tried out, the easiest first.

    A list, as a goal may ask about several items. Raises BadGoal, and what `decide` raises.
    """
    from explain.remedies import lacking

    at_hand = opened_for_one(base, case, payer, on)
    found, goals = _found(at_hand, goal, seconds)
    return [lacking(found, each, limit) for each in goals]


def what_if(
    base: Library,
    case: Document | Opened,
    assume: Iterable[str] = (),
    retract: Iterable[str] = (),
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
) -> WhatIf:
    """The case decided as it is, and again with facts assumed and retracted.

    Raises DocumentErrors (in a fact to assume), CaseProblem (a fact to retract that the
    chart does not state), and what `decide` raises.
    """
    from explain.changes import what_if as compared

    at_hand = opened_for_one(base, case, payer, on)
    changed, assumed, retracted = with_changes(at_hand, assume, retract)
    before, after = _decided(at_hand, seconds, whole=False), _decided(changed, seconds, whole=False)
    _hold_to_cohort(at_hand, before.models, ((each.question.relation, each.question.row) for each in before.answers))
    return compared(before, after, assumed, retracted)


def hinges(
    base: Library,
    case: Document | Opened,
    goal: str,
    payer: str | None = None,
    on: date | None = None,
    seconds: float | None = None,
) -> list[Hinged]:
    """What the verdict on a goal rests on: facts and silences, singly and in pairs, each tried out.

    A list, as a goal may ask about several items. Raises BadGoal, and what `decide` raises.
    """
    from explain.hinges import hinged

    at_hand = opened_for_one(base, case, payer, on)
    found, goals = _found(at_hand, goal, seconds)
    return [hinged(found, each) for each in goals]


def verify(base: Library, proof: nx.DiGraph[str], case: Document) -> None:
    """Checks a proof against the documents and the chart that it rests on.

    Raises ProofError with the step that fails, DocumentErrors when a document or the chart has mistakes.
    """
    from explain.verifying import verify

    verify(base, proof, case)


def program(base: Library, payer: str = "", on: date | None = None) -> Program:
    """The program in force for a payer on a day (today, if none is given); raises DocumentErrors."""
    return base.compiled(payer, on or date.today()).program


def _found(case: Opened, goal: str, seconds: float | None) -> tuple[Models, list[AtomKey]]:
    """The models as far as a goal needs them, and the goal for each item that it asks about, held to the case's cohort."""
    from explain.goals import for_each_question, goal_pattern
    from explain.outcomes import wanted_for

    pattern = goal_pattern(case.program, case.case, goal)
    wanted = wanted_for(case.program, [pattern[0]])
    found = models(case.compiled, case.facts, case.case, case.engine, wanted, seconds)
    goals = for_each_question(found, pattern)
    _hold_to_cohort(case, found, goals)
    return found, goals


def _hold_to_cohort(case: Opened, found: Models, goals: Iterable[AtomKey]) -> None:
    """Raises CaseProblem when the verdict on a goal is not the one that the case's cohort has."""
    if case.decided:
        from cohort.cases import disagreement

        if said := disagreement(case, found, goals):
            raise CaseProblem(said)
