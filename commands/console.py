"""What can be said at the prompt of `medproof repl`: each word with what it answers, and what completes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import medproof
from authoring.session import Session
from explain.changes import what_if as compared
from explain.determination import Determination
from explain.export.lines import DIM, TITLE, Page
from kb.language.diagnostics import nearest
from kb.language.documents import Document
from kb.language.frontmatter import read_date
from kb.language.program import Program

_EXAMPLE = 'motor_strength(_, Muscle, left, Grade, _, _), Grade < "4"'
_Found = TypeVar("_Found")
_WORD = re.compile(r"([a-z][a-z-]*)(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the prompt: what stands behind it, what it does, and the method that does it."""

    takes: str
    does: str
    answer: Callable[[Console, str], Page]


class Console:
    """Answers lines about one case; the session remembers what was assumed and retracted.

    Raises what opening and deciding the case raise.
    """

    def __init__(self, session: Session, width: Callable[[], int]) -> None:
        self.session = session
        self.width = width
        self.last = self._decided()

    def answer(self, line: str) -> Page:
        """What a line answers: a word of `help`, or else a goal to query.

        Raises what the verbs of the API raise: CaseProblem, DocumentErrors, EvaluationError, ProofError.
        """
        line = line.strip().removeprefix("?-").strip()
        found = _WORD.fullmatch(line)
        if found and found[1] in _WORDS:
            word, rest = _WORDS[found[1]], (found[2] or "").strip()
            if word.takes and not word.takes.startswith("[") and not rest:
                raise medproof.CaseProblem(f"`{found[1]}` is followed by {word.takes}; `help` shows how")
            return word.answer(self, rest)
        if found and not found[2] and (hint := nearest(found[1], _WORDS)) and found[1] not in self.program.by_local_name:
            raise medproof.CaseProblem(f"there is no `{found[1]}` here; {hint}")
        return self.query(line)

    def query(self, goal: str) -> Page:
        """The rows for which a goal holds."""
        from explain.export.tables import table_page

        return table_page(self._asked_of(medproof.query, goal), self.width())

    def decide(self, _: str) -> Page:
        """The answers to the questions of the case."""
        from explain.export.text import determination_page

        return determination_page(self._decided(), self.width())

    def explain(self, goal: str) -> Page:
        """Why a goal holds, or does not."""
        from explain.formats import Options
        from explain.formats.text import page

        found = self._asked_of(partial(medproof.explain, minimal=True), goal or None)
        return page(found, Options("reviewer", self.width()))

    def missing(self, goal: str) -> Page:
        """What would establish a goal."""
        from explain.export.findings import missing_page

        return missing_page(self._asked_of(medproof.missing, goal), self.width())

    def hinges(self, goal: str) -> Page:
        """What the verdict on a goal rests on."""
        from explain.export.findings import hinges_page

        return hinges_page(self._asked_of(medproof.hinges, goal), self.width())

    def assume(self, fact: str) -> Page:
        """The verdicts with a fact added."""
        self.session.assume(fact)
        return self._verdicts(f"assumed {fact}")

    def retract(self, fact: str) -> Page:
        """The verdicts with a fact taken away."""
        gone = self.session.retract(fact)
        return self._verdicts(*(f"retracted {' '.join(each.split())}" for each in gone))

    def undo(self, _: str) -> Page:
        """The verdicts without the last change."""
        return self._verdicts(f"taken back: {self.session.undo()}")

    def changes(self, _: str) -> Page:
        """What was assumed and retracted, and what came of it."""
        from explain.export.findings import what_if_page

        page = Page(self.width())
        for step in self.session.steps:
            page.add(step.said, "", 0, 2)
        if not self.session.steps:
            page.add("nothing was changed", DIM)
            return page
        page.lines += what_if_page(
            compared(self._decided(self.session.original), self._decided(), (), ()), self.width()
        ).lines
        return page

    def payer(self, name: str) -> Page:
        """The verdicts under another payer."""
        if name not in self.session.base.payers:
            raise medproof.CaseProblem(f"the payers are: {', '.join(self.session.base.payers)}")
        return self._asked(name, self.session.on, f"under {name}")

    def on(self, day: str) -> Page:
        """The verdicts with the documents of another day."""
        return self._asked(self.session.payer, _day(day), f"with the documents of {day}")

    def save(self, name: str) -> Page:
        """Writes the chart as it is now."""
        self.session.save(Path(name))
        page = Page(self.width())
        page.add(f"wrote {name}")
        return page

    def help(self, _: str) -> Page:
        """The words."""
        page = Page(self.width())
        for name, word in _WORDS.items():
            page.add_hung(word.does, "", f"  {f'{name} {word.takes}':22} ", " " * 25)
        page.add_hung(
            'asks it, as in `motor_strength(_, Muscle, left, Grade, _, _), Grade < "4"`', "", f"  {'any goal':22} ", " " * 25
        )
        return page

    def _asked(self, payer: str | None, on: date | None, said: str) -> Page:
        """The verdicts under another payer or day, if there are any; else these stay what they were."""
        former = self.session.payer, self.session.on
        self.session.payer, self.session.on = payer, on
        try:
            return self._verdicts(said)
        except Exception:
            self.session.payer, self.session.on = former
            raise

    def _verdicts(self, *said: str) -> Page:
        """What was done, and the answers now; those that it changed with the ones before."""
        from explain.export.findings import add_answers

        page = Page(self.width())
        for each in said:
            page.add(each, TITLE, 0, 2)
        now = self._decided()
        add_answers(page, compared(self.last, now, (), ()))
        self.last = now
        return page

    def _decided(self, chart: Document | None = None) -> Determination:
        session = self.session
        [found] = medproof.decide(session.base, chart or session.chart, session.payer, session.on, session.seconds)
        return found

    def _asked_of(self, verb: Callable[..., _Found], goal: str | None) -> _Found:
        """What a verb of the API says of a goal, for the chart as it is now."""
        session = self.session
        return verb(session.base, session.chart, goal, session.payer, session.on, session.seconds)

    # Completion

    @property
    def program(self) -> Program:
        """The program in force, for its names."""
        return self.last.models.program

    def completions(self, before: str) -> tuple[str, list[str]]:
        """The word that is being written, and what it may become: words, predicates, criteria, an argument's values."""
        start = next(match[0] for match in re.finditer(r'[\w."-]*$', before))
        names = self._candidates(before[: len(before) - len(start)])
        return start, list(dict.fromkeys(name for name in names if name.startswith(start)))

    def _candidates(self, before: str) -> Iterable[str]:
        from authoring.completing import argument_at, values_of

        inside = argument_at(before)
        if inside is not None:
            yield from values_of(self.program, *inside)
            return
        first = before.split()[:1]
        if not first:
            yield from _WORDS
        if first and first[0] == "payer":
            yield from self.session.base.payers
            return
        wanted_fact = bool(first) and first[0] in ("assume", "retract")
        for predicate in self.program.predicates.values():
            if predicate.is_fact or not wanted_fact:
                yield f"{predicate.local_name}("
        if not wanted_fact:
            yield from (criterion.label for criterion in self.program.criteria)


def _day(text: str) -> date:
    found = read_date(text)
    if found is None:
        raise medproof.CaseProblem(f"`{text}` is no day; write it as 2026-01-31")
    return found


_WORDS: dict[str, _Word] = {
    "decide": _Word("", "the verdicts, criteria and reasons", Console.decide),
    "why": _Word("[GOAL]", "why a goal holds; without GOAL, every question of the case", Console.explain),
    "why-not": _Word("GOAL", "why a goal does not hold", Console.explain),
    "missing": _Word("GOAL", "the smallest sets of facts that would establish a goal", Console.missing),
    "hinges": _Word("GOAL", "what the verdict rests on", Console.hinges),
    "assume": _Word("FACT", "adds a fact, as a chart writes it", Console.assume),
    "retract": _Word("FACT", "takes a fact away; `_` stands for any value", Console.retract),
    "undo": _Word("", "takes back the last change", Console.undo),
    "changes": _Word("", "what was assumed and retracted", Console.changes),
    "payer": _Word("NAME", "asks under another payer's documents", Console.payer),
    "on": _Word("DAY", "asks with the documents of another day", Console.on),
    "save": _Word("FILE", "writes the chart as it is now", Console.save),
    "help": _Word("", "this list", Console.help),
}
