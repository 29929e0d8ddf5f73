"""A determination for reading: the answer first, then the criteria, then the reasons with both places."""

from __future__ import annotations

from collections.abc import Iterable

from explain.asking import ask_words
from explain.asks import Ask, Open
from explain.assertions import AGED, HINGES
from explain.attempts import Step
from explain.criteria import CriterionStatus, criterion_mark, criterion_words, speaks
from explain.denials import DENIED, words_against
from explain.determination import Answer, Determination
from explain.export.documents import by_documents
from explain.export.lines import BAD, DIM, GOOD, TITLE, WARN, Page
from explain.export.reasons import chart_place, show_proof, show_reason
from explain.verdicts import Verdict
from explain.wording import amiss, remarked, words
from kb.language.values import Row
from kb.models import Models

_STYLES = {Verdict.MET: GOOD, Verdict.REFUTED: BAD, Verdict.CONFLICTING: BAD}
_WHY = {
    "refuted": "ruled out by what is stated",
    "silent": "the record is silent",
    "incomplete": "the record does not give all of it",
}


def determination_page(determination: Determination, width: int = 80, verbose: int = 0) -> Page:
    """The page for a determination. `verbose` adds criteria that do not decide, passages and whole proofs."""
    page = Page(width)
    title = f"{determination.case}: {determination.title}" if determination.title else determination.case
    page.add(title, TITLE)
    page.add(f"payer {determination.payer or 'not stated'}, by the documents in force on {determination.on}", DIM)
    for note in determination.notes:
        page.add(note, WARN)
    if not determination.answers:
        page.add("The chart asks nothing: it has no `requested` fact.", WARN)
    page.add()
    for answer in determination.answers:
        _show_verdict(page, answer)
    for answer in determination.answers:
        page.add()
        _Section(page, determination.models, answer, verbose).show()
    page.add()
    page.add(_LEGEND, DIM, 0, 2)
    return page


_UNSURE = "It rests on the record's silence. Nothing that was tried overturns it by itself; several things together may."
_LEGEND = (
    "How a criterion was read: [P] in the issuer's text, [T] in a transcription, [S] in somebody's summary, "
    "[ref] in the reference determination, [U] unverified."
)


def _show_verdict(page: Page, answer: Answer) -> None:
    is_silent = answer.verdict is Verdict.MET and not answer.certain
    remarks = remarked(bool(answer.statements), bool(answer.aged), is_silent, bool(answer.denials))
    reads = " ".join([answer.question.reads(answer.verdict).upper(), *remarks])
    page.add(f"{reads}: {answer.question.text}", _STYLES.get(answer.verdict, WARN), 2, 4)


_NOT_ENOUGH = "No set of facts that was tried is enough by itself; the open criteria ask for"


def _is_part(asks: Iterable[Ask], facts: frozenset[Open]) -> bool:
    """Whether some facts hold all that one of some sets asks for."""
    return any(ask.facts and ask.facts <= facts for ask in asks)


class _Section:
    """The section of one answer."""

    def __init__(self, page: Page, models: Models, answer: Answer, verbose: int) -> None:
        self.page = page
        self.models = models
        self.answer = answer
        self.verbose = verbose

    def show(self) -> None:
        """The parts, in the order in which a reviewer needs them."""
        answer = self.answer
        self.page.add(answer.question.text, TITLE)
        self.page.add(answer.question.reads(answer.verdict).upper(), _STYLES.get(answer.verdict, WARN), 2)
        self._standing()
        self._contradictions()
        self._readings()
        self._asks()
        if answer.criteria:
            self.page.add("Criteria", TITLE, 2)
        for each in answer.criteria:
            self._criterion(each, 4)
        self._reasons()

    def _words(self, relation: str, row: Row) -> str:
        return words(self.models.program, relation, row)

    def _standing(self) -> None:
        """What the answer rests on, and whether anybody has reviewed the documents behind it."""
        answer = self.answer
        for title, facts in ((HINGES, answer.statements), (AGED, answer.aged)):
            if facts:
                self.page.add(title, WARN, 2, 2)
            for fact in facts:
                self.page.add(f"- {self._words(fact.relation, fact.row)}", "", 4, 2)
        if answer.denials:
            self.page.add(DENIED, WARN, 2, 2)
        for fact in answer.denials:
            self.page.add(f"- {words_against(self.models.program, fact)} {chart_place(fact.origin)}", "", 4, 2)
        if answer.verdict is Verdict.MET and not answer.certain:
            if answer.silences:
                self.page.add("It rests on the record's silence. It may fall if the record were to say:", WARN, 2)
            else:
                self.page.add(_UNSURE, WARN, 2, 2)
            for ask in answer.silences:
                self.page.add(f"- {self._ask(ask)}", "", 4, 2)
        if answer.documents:
            self.page.add(by_documents(answer.documents), DIM, 2, 2)

    def _contradictions(self) -> None:
        for each in self.answer.contradictions:
            self.page.add(f"The record {amiss(each)}:", BAD, 2)
            for relation, row in each.atoms:
                fact = self.models.stated.get(relation, {}).get(row)
                place = f" ({fact.origin.place})" if fact else ""
                self.page.add(f"- {self._words(relation, row)}{place}", "", 4, 2)
            if each.rule:
                origin = self.models.program.rule_by_id[each.rule].origin
                self.page.add(f"by {origin.citation}", DIM, 4, 2)

    def _readings(self) -> None:
        """Which reading decides, where those who quote the policy read it differently."""
        if told := self.answer.outcome.by_reading:
            self.page.add("The readings of the policy differ, and the answer with them:", WARN, 2)
        for each in told:
            self.page.add(f"- {each}", "", 4, 2)

    def _asks(self) -> None:
        """What to ask for, criterion by criterion where the goal has criteria."""
        answer = self.answer
        if answer.verdict is not Verdict.UNDOCUMENTED:
            return
        needed = [ask.facts for ask in answer.asks]
        asking = [(each.criterion.label, each.asks) for each in answer.criteria if not each.excludes and each.asks]
        by_criterion = [(label, asks) for label, asks in asking if any(_is_part(asks, facts) for facts in needed)]
        title = "Ask for any one line under each criterion"
        if not needed:
            by_criterion, title = asking, _NOT_ENOUGH
        elif not by_criterion or not all(_is_part(asks, facts) for _, asks in by_criterion for facts in needed):
            # Criteria of which one would do are no list of what each of them needs.
            by_criterion, title = [("", answer.asks)], "Ask for any one of these"
        first = answer.question.ask_first
        self.page.add(f"The record does not say. {first}{title}{':' if by_criterion else '.'}", WARN, 2, 2)
        for label, asks in by_criterion:
            lead = f"{label}  " if label else ""
            for number, ask in enumerate(asks):
                start = f"- {lead}" if number == 0 else f"  {' ' * len(lead)}or: "
                self.page.add(f"{start}{self._ask(ask)}", "", 4, 2 + len(lead))

    def _ask(self, ask: Ask) -> str:
        return ask_words(self.models.program, ask)

    def _criterion(self, status: CriterionStatus, indent: int) -> None:
        style = _STYLES.get(speaks(status), WARN)
        lead = f"{criterion_mark(status):11} {status.criterion.label:3}  "
        text = f"{criterion_words(self.models, status)} [{status.criterion.evidence}]"
        self.page.add(f"{lead}{text}", style, indent, len(lead))
        tells_why = self.verbose or indent == 4 or not status.below
        if status.verdict is not Verdict.MET and not status.excludes and tells_why:
            self._attempts(status, indent + 12)
        for each in status.below:
            self._criterion(each, indent + 2)

    def _attempts(self, status: CriterionStatus, indent: int) -> None:
        """For each rule, the first thing that it lacked; with `verbose`, all that it had."""
        seen: set[str] = set()
        for attempt in status.attempts if self.verbose else status.attempts[:4]:
            failing = [step for step in attempt.steps if step.status in _WHY]
            failing.sort(key=lambda step: step.status != "refuted")
            if not failing:
                continue
            text = self._lack(failing[0])
            if text not in seen:
                seen.add(text)
                self.page.add(text, DIM, indent, 2)
            for step in attempt.steps if self.verbose else ():
                self.page.add(f"{step.status}: {self._step(step)}", DIM, indent + 2, 2)

    def _lack(self, step: Step) -> str:
        """What a rule lacks: a premise; or what is so, and ought not to be, or instead of what it compares."""
        if not step.relation and step.status == "refuted":
            return f"but {step.text}"
        if step.negated:
            return f"but {self._words(step.relation, step.row)}"
        return f"lacks: {self._step(step)} ({self._why(step)})"

    def _why(self, step: Step) -> str:
        """Why a premise does not hold; for what the record, the request or general knowledge decides, that it is not so."""
        if step.status == "refuted" and step.relation and self.models.program.predicate(step.relation).counts_by_record:
            return "it is not so"
        return "it is not so" if step.relation in self.models.same else _WHY[step.status]

    def _step(self, step: Step) -> str:
        if not step.relation:
            return step.text
        text = self._words(step.relation, step.row)
        return f"not shown: {text}" if step.negated else text

    def _reasons(self) -> None:
        """For each criterion that is met and each exclusion that applies, or else for the goal, what shows it."""
        proof = self.answer.proof
        met = [each for each in self.answer.criteria if each.proof is not None]
        if proof is None and not met:
            return
        self.page.add("Reasons", TITLE, 2)
        if self.verbose and proof is not None:
            show_proof(self.page, self.models, proof, 4)
            return
        for each in met:
            if each.proof is not None:
                show_reason(self.page, self.models, each.criterion.label, each.proof, self.verbose)
        if not met and proof is not None:
            show_reason(self.page, self.models, "", proof, self.verbose)
