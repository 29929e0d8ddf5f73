"""What the cases of a batch ask: the requests that give each goal's questions, as rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from cohort.clashes import CLASHING
from cohort.program import CohortProgram
from kb.engines.sql.schema import Table
from kb.engines.sql.values import as_text, conjunction, constant, same, with_rows
from kb.language import syntax as s
from kb.language.program import Goal

Expr = exp.Expr

KINDS = 10_000
"""More than a goal has criteria."""


@dataclass(frozen=True, slots=True)
class Question:
    """A goal as rows: the variable that is the case, the table of the requests, and the columns of the variables.

    Each variable of the trigger has its column in the table of the questions, and whether `?` may stand there.
    """

    number: int
    goal: Goal
    case: str
    trigger: Table
    columns: Mapping[str, tuple[str, bool]]

    def kind(self, criterion: int | None = None) -> int:
        """The number of the question, or of one of its criteria, among all."""
        return KINDS * self.number + (0 if criterion is None else criterion + 1)

    @property
    def table(self) -> str:
        """The table of the questions."""
        return f"q{self.number}"

    @property
    def name(self) -> Expr:
        """What is asked, as text."""
        return exp.Literal.string(self.goal.atom.relation)

    @property
    def arguments(self) -> list[str]:
        """The variables of the goal."""
        return [term.name for term in self.goal.atom.terms if isinstance(term, s.Variable)]

    def held(self, name: str) -> Expr:
        """The value of a variable in the table of the questions, `q`."""
        return exp.column(self.columns[name][0], "q")

    def requested(self, name: str) -> Expr:
        """The value of a variable in the table of the requests, `t`."""
        return exp.column(f"c{self.position(name)}", "t")

    def position(self, name: str) -> int:
        """Where a variable first stands in the trigger."""
        return int(self.columns[name][0][1:])

    @property
    def item(self) -> Expr:
        """The arguments of the goal without the case, as text."""
        names = [name for name in self.arguments if name != self.case]
        texts = [as_text(self.held(name), self.trigger.types[self.position(name)]) for name in names]
        return exp.func("CONCAT_WS", exp.Literal.string(", "), *texts) if texts else exp.Literal.string("")


def asked_questions(of: CohortProgram) -> tuple[Question, ...]:
    """The goals of a program in the order in which a case is asked them."""
    found = []
    for number, goal in enumerate(of.goals):
        trigger = of.perfect[1][goal.trigger.relation]
        columns = {
            term.name: (f"v{i}", trigger.unknown[i])
            for i, term in reversed(list(enumerate(goal.trigger.terms)))
            if isinstance(term, s.Variable) and not term.is_anonymous
        }
        case = goal.trigger.terms[of.program.predicate(goal.trigger.relation).case_position or 0]
        assert isinstance(case, s.Variable), "a goal asks about any case"
        found.append(Question(number, goal, case.name, trigger, columns))
    return tuple(found)


def requests(of: CohortProgram, question: Question, earlier: Iterable[Question]) -> exp.Select:
    """The questions of one goal, each once: of several requests that ask it, the first in the order of their values.

    What `earlier` goals ask already is left out. `number` tells the questions apart, `item` is what they ask of.
    """
    columns = [exp.alias_(question.requested(name), column) for name, (column, _) in question.columns.items()]
    select = exp.select(*columns).from_(exp.alias_(exp.table_(question.trigger.name), "t"))
    fits = _fits(question)
    select = select.where(*fits) if fits else select
    others = sorted((name for name in question.columns if name not in question.arguments), key=question.position)
    if others:
        order = exp.Order(expressions=[exp.Ordered(this=question.requested(name), nulls_first=False) for name in others])
        groups = [question.requested(name) for name in question.arguments]
        nth = exp.Window(this=exp.func("ROW_NUMBER"), partition_by=groups, order=order)
        select = select.qualify(nth.eq(1))
    else:
        select = select.distinct()
    case = question.requested(question.case).eq(exp.column("c0", "y"))
    kind = "SEMI" if of.contradicting else "ANTI"
    select = with_rows(select, exp.alias_(exp.table_(CLASHING), "y"), case, kind)
    for other in earlier:
        alias = f"e{other.number}"
        pairs = zip(question.arguments, other.arguments, strict=True)
        on = [same(question.requested(a), exp.column(other.columns[b][0], alias)) for a, b in pairs]
        select = with_rows(select, exp.alias_(exp.table_(other.table), alias), conjunction(*on), "ANTI")
    number = exp.Window(this=exp.func("ROW_NUMBER"))
    return exp.select("*", exp.alias_(number, "number"), exp.alias_(question.item, "item")).from_(select.subquery("q"))


def _fits(question: Question) -> list[Expr]:
    """A row of the requests has the constants of the trigger, and one value for each of its variables."""
    found: list[Expr] = []
    for i, term in enumerate(question.goal.trigger.terms):
        stored = exp.column(f"c{i}", "t")
        if isinstance(term, s.Constant):
            found.append(stored.eq(constant(term, question.trigger.types[i])))
        elif isinstance(term, s.Variable) and term.name in question.columns and question.position(term.name) != i:
            found.append(same(stored, question.requested(term.name)))
    return found
