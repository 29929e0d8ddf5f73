"""The determination of a case: every question that it asks, answered and explained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from explain.asks import Ask
from explain.assertions import aged, assertions
from explain.criteria import CriterionStatus, branches, status
from explain.denials import denied, undenied_proof
from explain.hinges import overturning
from explain.outcomes import Outcome, ReadingVerdict, outcome_of, wanted_for
from explain.proofs import Proof, is_certain
from explain.questions import Question, questions
from explain.remedies import remedies
from explain.verdicts import Verdict, contradictions_beneath
from kb.compiled import Compiled
from kb.contradictions import Contradiction
from kb.engines import Engine
from kb.language.frontmatter import Meta
from kb.language.program import Fact, Program, ProgramRule
from kb.models import Models, models


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    `certain`: met however the record's silences turn out; otherwise `silences` names
    what it rests on. `statements` are the facts that somebody asserts with no finding
    behind them and without which no proof is left; `aged` are findings of more than a year
    before the request of which the same is so; `denials` what others say against the facts
    of its proof. `asks` are what would be needed.
    """

    outcome: Outcome
    question: Question
    certain: bool
    criteria: tuple[CriterionStatus, ...]
    proof: Proof | None
    silences: tuple[Ask, ...]
    statements: tuple[Fact, ...]
    aged: tuple[Fact, ...]
    denials: tuple[Fact, ...]
    asks: tuple[Ask, ...]
    contradictions: tuple[Contradiction, ...]
    documents: tuple[Meta, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict on the question."""
        return self.outcome.verdict

    @property
    def readings(self) -> tuple[ReadingVerdict, ...]:
        """The verdict under each choice of readings."""
        return self.outcome.readings

    @property
    def unreviewed(self) -> tuple[Meta, ...]:
        """The documents behind the answer that no clinician has approved."""
        return tuple(meta for meta in self.documents if meta.review != "approved")


@dataclass(frozen=True)
class Determination:
    """All answers for a case under a payer's documents on a day."""

    case: str
    title: str
    payer: str
    on: date
    answers: tuple[Answer, ...]
    models: Models
    notes: tuple[str, ...] = ()
    """What the reader has to know about the documents: a payer that has none, or none on that day."""


def determine(
    compiled: Compiled,
    facts: Iterable[Fact],
    case: str,
    title: str,
    engine: Engine,
    seconds: float | None = None,
    whole: bool = False,
    asking: bool = True,
) -> Determination:
    """Answers every question of the case, with every criterion if `whole`; raises EvaluationError.

    What to ask for takes longer than all else; unless `asking`, the answers are without it.
    """
    program = compiled.program
    criteria = [criterion.atom.relation for criterion in program.criteria]
    goals = [goal.atom.relation for goal in program.goals]
    found = models(compiled, facts, case, engine, wanted_for(program, [*goals, *criteria]), seconds)
    answers = tuple(_answer(found, question, whole, asking) for question in questions(found))
    return Determination(case, title, program.payer, program.on, answers, found)


def _answer(found: Models, question: Question, whole: bool, asking: bool) -> Answer:
    relation, row = question.relation, question.row
    reached = outcome_of(found, question)
    decided, rules = reached.verdict, reached.rules
    is_shown = decided in (Verdict.MET, Verdict.DISPUTED)
    proof = undenied_proof(found, relation, row) if is_shown else None
    # Where readings differ, each has its own proof, and what one of them rests on the answer rests on.
    sides = reached.sides(found) if is_shown else ()
    by_side = [(side, undenied_proof(side, relation, row) if reached.readings else proof) for side in sides]
    certain = decided is Verdict.MET and all(is_certain(side, relation, row, each) for side, each in by_side)
    proofs = [(side, each) for side, each in by_side if each is not None]
    answer = Answer(
        outcome=reached,
        question=question,
        certain=certain,
        criteria=tuple(status(found, question, branch, whole, asking) for branch in branches(found.program, rules)),
        proof=proof,
        silences=tuple(_silences(found, reached, proofs)) if proof and not certain else (),
        statements=assertions(found, reached, (relation, row)),
        aged=aged(found, reached, (relation, row)),
        denials=denied(found, reached, (relation, row)) if is_shown else (),
        asks=_asks(found, question) if asking and decided is Verdict.UNDOCUMENTED else (),
        contradictions=contradictions_beneath(found, relation, row) if decided is Verdict.CONFLICTING else (),
        documents=(),
    )
    return replace(answer, documents=_documents(found.program, rules, answer))


def _asks(found: Models, question: Question) -> tuple[Ask, ...]:
    """What would establish the goal, as far as a trial confirms it."""
    return tuple(each.ask for each in remedies(found, question.relation, question.row, each_value=False))


def _silences(found: Models, reached: Outcome, proofs: list[tuple[Models, Proof]]) -> Iterator[Ask]:
    """What would overturn the answer, of what its proofs take for absent because the record is silent; each was tried."""
    goal = proofs[0][1].relation, proofs[0][1].row
    return (each.opposite for each in overturning(found, proofs, goal, reached) if each.opposite is not None)


def _documents(program: Program, rules: tuple[ProgramRule, ...], answer: Answer) -> tuple[Meta, ...]:
    """The documents whose rules the answer rests on; general references are left out."""
    names = {rule.origin.document for rule in rules}
    for node in answer.proof.walk() if answer.proof else ():
        if node.origin is not None:
            names.add(node.origin.document)
    for criterion in answer.criteria:
        names.add(criterion.criterion.origin.document)
    return tuple(meta for meta in program.documents if meta.kind != "reference" and meta.full_id in names)
