"""What a change of policies does to a cohort, for a reader: on a terminal, as data, and as a page that stands by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from cohort.compare import NOT_THERE, CohortImpact, Tally
from cohort.report import filled
from cohort.summary import payer_name
from explain.export.lines import DIM, GOOD, TITLE, WARN, Page
from kb.language.values import many

_MOST = 12


def cohort_impact_page(found: CohortImpact, width: int = 80) -> Page:
    """The answers that changed, most first, then the criteria that moved them."""
    page = Page(width)
    page.add(_lead(found), WARN if found.changes else GOOD)
    for note in _notes(found):
        page.add(note, WARN)
    for question in _questions(found):
        page.add()
        page.add(question.name, TITLE)
        page.add_raw(f"  {'before':>10}  {'after':>10}  {'change':>10}", DIM)
        for each in question.answers:
            page.add_raw(f"  {each.before:>10,}  {each.after:>10,}  {each.change:>10}  {each.answer}")
        for payer, moved in question.payers:
            page.add_hung(f"{payer}: {moved or 'as before'}", "", "    ", "        ")
    if found.changes:
        page.add()
        page.add("Answers that change", TITLE)
    for change in found.changes:
        page.add_raw(f"  {change.count:>10,}  {change.question}: {_said(change.before)} → {_said(change.after)}")
        page.add(f"as {', '.join(change.examples)}", DIM, 14, 2)
    if found.moves:
        page.add()
        page.add("Criteria that moved: of answers that change, and of those that do not", TITLE)
    for move in found.moves[:_MOST]:
        counts = f"  {move.count:>10,}  {move.where_same:>10,}  "
        said = f"{move.criterion}: {_said(move.before)} → {_said(move.after)}"
        page.add_hung(said, "", counts, " " * len(counts))
    page.add_more(len(found.moves) - _MOST, 2)
    return page


@dataclass(frozen=True, slots=True)
class _Answered:
    """How often an answer was given, before and after."""

    answer: str
    before: int
    after: int

    @property
    def verdict(self) -> str:
        """The verdict, without what is added where it rests on silence."""
        return self.answer.partition(",")[0]

    @property
    def change(self) -> str:
        """By how many it differs; nothing, if by none."""
        return f"{self.after - self.before:+,}" if self.after != self.before else ""


@dataclass(frozen=True, slots=True)
class _Question:
    """How a question was answered, most frequent answers first; where there are several payers, what moved under each."""

    name: str
    answers: tuple[_Answered, ...]
    payers: tuple[tuple[str, str], ...]

    @property
    def asked(self) -> int:
        """How often it was asked by the side that asks it more often."""
        return max(sum(each.before for each in self.answers), sum(each.after for each in self.answers))


def _lead(found: CohortImpact) -> str:
    changing = many(sum(each.count for each in found.changes), "answer changes", "answers change")
    return f"{many(found.cases, 'case')} of {found.source}: {changing}, {found.same:,} do not"


def _notes(found: CohortImpact) -> list[str]:
    """What has to be known of what was compared."""
    if not found.left_out:
        return list(found.notes)
    cases = many(found.left_out, "case was", "cases were")
    left_out = f"{cases} left out, for what is wrong in their tables; `medproof cohort` writes what and where"
    return [left_out, *found.notes]


def _questions(found: CohortImpact) -> list[_Question]:
    """How often each answer was given to each question."""
    several = len({each.payer for each in found.tallies}) > 1
    questions = []
    for question in dict.fromkeys(each.question for each in found.tallies):
        here = [each for each in found.tallies if each.question == question]
        answers = [_together(here, answer) for answer in sorted({each.answer for each in here})]
        payers = list[tuple[str, str]]()
        for payer in dict.fromkeys(each.payer for each in here) if several else ():
            moved = (each for each in here if each.payer == payer and each.before != each.after)
            counts = ", ".join(f"{each.answer} {each.before:,} → {each.after:,}" for each in moved)
            payers.append((payer_name(payer), counts))
        most_first = sorted(answers, key=lambda each: -each.before)
        questions.append(_Question(question.replace("_", " "), tuple(most_first), tuple(payers)))
    return questions


def _together(tallies: Iterable[Tally], answer: str) -> _Answered:
    """An answer under all payers."""
    those = [each for each in tallies if each.answer == answer]
    return _Answered(answer, sum(each.before for each in those), sum(each.after for each in those))


def _said(verdict: str) -> str:
    return verdict or NOT_THERE


def cohort_impact_data(found: CohortImpact) -> dict[str, Any]:
    """Everything that changed."""
    return {
        "schema": "medproof/cohort-impact/1",
        "source": found.source,
        "cases": found.cases,
        "left_out": found.left_out,
        "same": found.same,
        "notes": list(found.notes),
        "answers": [asdict(each) for each in found.tallies],
        "changes": [{**asdict(each), "examples": list(each.examples)} for each in found.changes],
        "criteria": [asdict(each) for each in found.moves],
    }


def cohort_impact_html(found: CohortImpact, title: str) -> str:
    """The page; every text is escaped."""
    changes = [(each, _said(each.before), _said(each.after)) for each in found.changes]
    moves = [(each, _said(each.before), _said(each.after)) for each in found.moves]
    return filled(
        "impact.html",
        title=title,
        lead=_lead(found),
        notes=_notes(found),
        questions=_questions(found),
        changes=changes,
        moves=moves,
    )
