"""The impact of a change of policy: which rules differ, and whose answer changes, by which criterion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from authoring.trials import in_force_on
from explain.criteria import CriterionStatus
from explain.determination import Answer, Determination, determine
from explain.explanations import Explanation, explained
from explain.formats import Options
from explain.formats.text import tree
from explain.outcomes import outcome
from explain.verdicts import Verdict
from facts.opening import CaseProblem, Opened, opened, opened_for_all
from kb.contradictions import AtomKey
from kb.engines import engine
from kb.engines.model import EvaluationError
from kb.language.closed import written
from kb.language.diagnostics import DocumentErrors
from kb.language.documents import Document
from kb.language.printer import atom_source, local_atom, local_text
from kb.language.program import ProgramRule
from kb.library import Library


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule that one side has and the other has not, or that they have with other premises."""

    rule: str
    before: str
    after: str

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return "added" if not self.before else "removed" if not self.after else "changed"


@dataclass(frozen=True, slots=True)
class Moved:
    """A criterion whose status changed: None where the side does not have it."""

    criterion: str
    before: Verdict | None
    after: Verdict | None


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A question of a case that is answered in another way, or for other reasons, with both proofs as text."""

    case: str
    payer: str
    question: str
    before: Verdict | None
    after: Verdict | None
    moved: tuple[Moved, ...]
    proof_before: str
    proof_after: str


@dataclass(frozen=True)
class Impact:
    """What a change does: to the rules, and to the answers of some cases; `failed` could not be decided on a side."""

    rules: tuple[RuleChange, ...]
    answers: tuple[AnswerChange, ...]
    same: int
    """Questions that are answered alike, for the same reasons."""
    failed: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What has to be known of the documents of a side: that they have mistakes, or none is in force on a day."""


def impact(
    old: Library,
    new: Library,
    cases: Iterable[Document],
    payer: str | None = None,
    on: date | None = None,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> Impact:
    """The rules and the answers of cases under two libraries; `payer` and `on` as for `decide`."""
    cases = list(cases)
    answers: list[AnswerChange] = []
    same, failed, notes = 0, list[str](), dict[str, None]()
    for number, case in enumerate(cases):
        try:
            for one in opened_for_all(new, case, payer, on):
                other = opened(old, case, one.payer, one.on)
                notes |= {f"{side}: {note}": None for side, each in (("old", other), ("new", one)) for note in each.notes}
                changed, alike = _compared(other, one)
                answers += changed
                same += alike
        except (DocumentErrors, CaseProblem, EvaluationError) as error:
            failed.append(f"{case.name}: {str(error).splitlines()[0]}")
        heard(number + 1, len(cases))
    before, wrong_before = _rules(old, new)
    after, wrong_after = _rules(new, old)
    notes |= {f"old: {each}": None for each in wrong_before} | {f"new: {each}": None for each in wrong_after}
    names = sorted({*before, *after})
    rules = (RuleChange(name, before.get(name, ""), after.get(name, "")) for name in names)
    changes = tuple(each for each in rules if each.before != each.after)
    return Impact(changes, tuple(answers), same, tuple(failed), tuple(notes))


def _rules(base: Library, other: Library) -> tuple[dict[str, str], list[str]]:
    """Every rule of a side, for whichever payer on whichever day, as text by its id; and the mistakes in its documents.

    Where the other side has another version of a document, its rules go by ids without version.
    """
    both = {document.id for document in base.documents} & {document.id for document in other.documents}
    found: dict[str, str] = {}
    wrong: dict[str, None] = {}
    days = {in_force_on(document) for document in base.documents}
    for payer in ("", *base.payers):
        for day in sorted(days):
            try:
                program = base.compiled(payer, day).program
            except DocumentErrors as errors:
                wrong |= {f"{each.document}:{each.line}: {each.message}": None for each in errors.diagnostics}
                continue
            for rule in written(program.rules):
                found[rule.id if rule.origin.document in both else _plain_id(rule.id)] = _text(rule)
    return found, list(wrong)


def _plain_id(rule_id: str) -> str:
    """The id of a rule without its document's version."""
    document, _, rest = rule_id.partition("#")
    return f"{document.split('@')[0]}#{rest}"


def _text(rule: ProgramRule) -> str:
    head = "" if rule.is_constraint else atom_source(local_atom(rule.head))
    body = ", ".join(local_text(premise) for premise in rule.rule.body)
    return f"{head} :- {body}." if body else f"{head}."


def _compared(old: Opened, new: Opened) -> tuple[list[AnswerChange], int]:
    before, after = _decided(old), _decided(new)
    answers, others = _by_goal(before), _by_goal(after)
    changed, same = list[AnswerChange](), 0
    for goal in dict.fromkeys([*answers, *others]):
        one, other = answers.get(goal), others.get(goal)
        moved = tuple(_moved(one, other))
        verdicts = (one.verdict if one else None, other.verdict if other else None)
        is_as_certain = one is not None and other is not None and one.certain is other.certain
        if verdicts[0] is verdicts[1] and not moved and is_as_certain and _reasons(one) == _reasons(other):
            same += 1
            continue
        asked = other or one
        assert asked is not None
        question = asked.question.text
        names = {each.criterion for each in moved}
        proofs = _proof(old, before, goal, names), _proof(new, after, goal, names)
        changed.append(AnswerChange(new.case, new.payer, question, *verdicts, moved, *proofs))
    return changed, same


def _decided(case: Opened) -> Determination:
    return determine(case.compiled, case.facts, case.case, case.chart.title, engine(), None, whole=True, asking=False)


def _by_goal(determination: Determination) -> dict[AtomKey, Answer]:
    return {(each.question.relation, each.question.row): each for each in determination.answers}


def _moved(before: Answer | None, after: Answer | None) -> Iterator[Moved]:
    old, new = ({s.criterion.id: s.verdict for s in _statuses(each.criteria)} if each else {} for each in (before, after))
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) is not new.get(name):
            yield Moved(name, old.get(name), new.get(name))


def _statuses(criteria: Iterable[CriterionStatus]) -> Iterator[CriterionStatus]:
    """The criteria of an answer, those beneath others among them."""
    for each in criteria:
        yield each
        yield from _statuses(each.below)


def _reasons(answer: Answer | None) -> frozenset[str]:
    """The rules of the cheapest proof."""
    nodes = answer.proof.walk() if answer is not None and answer.proof is not None else ()
    return frozenset(_plain_id(node.rule) for node in nodes if node.rule)


def _proof(case: Opened, decided: Determination, goal: AtomKey, criteria: set[str]) -> str:
    """Why the goal and some criteria hold on a side, or why they do not, as text."""
    answer = _by_goal(decided).get(goal)
    if answer is None:
        return ""
    atoms = {(s.criterion.atom.relation, s.row): None for s in _statuses(answer.criteria) if s.criterion.id in criteria}
    goals = [goal, *(atom for atom in atoms if atom != goal)]
    proof = explained(decided.models, goals, case.policies, case.document, minimal=True)
    outcomes = tuple(outcome(decided.models, each) for each in goals)
    shown = Explanation("", case.case, case.payer, case.on, (), decided.models, (proof,), outcomes)
    return tree(shown, Options(width=100))
