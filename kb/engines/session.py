"""One isolated state of pyDatalog: predicates, facts and clauses as its own objects, and asks that can be stopped.

Values are handed to pyDatalog as small integers. So nothing of a document is ever
read as code, a name or a Python object there, and equality is that of integers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pyDatalog import pyEngine
from pyDatalog.Logic import Logic

from kb.language.values import ANY, UNKNOWN, Value

UNKNOWN_ID, ANY_ID, NULL_ID = 0, 1, 2
"""`?` where it may stand for any value, `_` of a denial, and `?` where only `_` matches it."""
MARKS = frozenset((UNKNOWN_ID, ANY_ID, NULL_ID))

Ids = tuple[int, ...]
Test = Callable[[Ids], bool]
Function = Callable[[Ids], int | None]
_STEPS_BETWEEN_CLOCK_READINGS = 128


class OutOfTime(Exception):
    """An ask ran past its deadline."""


class Session:
    """Predicates are numbered relations; a term is an integer (a value) or a string (a variable)."""

    def __init__(self, deadline: float | None = None) -> None:
        self._values: list[Value] = [UNKNOWN, ANY, UNKNOWN]
        self._ids: dict[Value, int] = {UNKNOWN: UNKNOWN_ID, ANY: ANY_ID}
        self._deadline = deadline
        self._count = 0
        self._terms: dict[int | str, Any] = {}

    @staticmethod
    @contextmanager
    def isolated(deadline: float | None = None) -> Iterator[Session]:
        """A session with a state of its own; the thread's former state comes back after it, errors or not."""
        former = getattr(Logic.tl, "logic", None)
        counter = getattr(pyEngine.Fresh_var.tl, "counter", 0)
        Logic()
        try:
            yield Session(deadline)
        finally:
            if former is not None:
                Logic.tl.logic = former
            pyEngine.Fresh_var.tl.counter = counter

    # Values

    def id(self, value: Value) -> int:
        """The integer that stands for a value."""
        known = self._ids.get(value)
        if known is None:
            known = self._ids[value] = len(self._values)
            self._values.append(value)
        return known

    def value(self, number: int) -> Value:
        """The value that an integer stands for."""
        return self._values[number]

    # Predicates

    def fresh(self) -> str:
        """A variable that no clause has yet."""
        self._count += 1
        return f"V{self._count}"

    def relation(self, arity: int) -> Any:
        """A new predicate for facts and clauses; registered, so that asking it without any is no error."""
        self._count += 1
        predicate = pyEngine.Pred(f"p{self._count}", arity)
        predicate.prearity = arity  # all arguments are the key: a relation, not one of pyDatalog's functions
        return pyEngine.insert(predicate)

    def test(self, arity: int, holds: Test) -> Any:
        """A new predicate that holds for the bound arguments that a function accepts."""

        def resolve(literal: Any, subgoal: Any) -> None:
            if holds(tuple([term.id for term in literal.terms])):
                subgoal.fact(True)

        predicate = self.relation(arity)
        predicate.prim = resolve
        return predicate

    def function(self, arity: int, result: Function) -> Any:
        """A new predicate whose last argument is computed from the others, which are bound."""

        def resolve(literal: Any, subgoal: Any) -> None:
            *given, target = literal.terms
            found = result(tuple([term.id for term in given]))
            if found is None:
                return
            if not target.is_const():
                subgoal.fact(pyEngine.Literal(literal.pred, [*given, pyEngine.Const(found)]))
            elif target.id == found:
                subgoal.fact(True)

        predicate = self.relation(arity)
        predicate.prim = resolve
        return predicate

    # Facts, clauses, asks

    def literal(self, predicate: Any, terms: Iterable[int | str], negated: bool = False) -> Any:
        """A literal of pyDatalog over a predicate made here."""
        return pyEngine.Literal(f"~{predicate.name}" if negated else predicate, [self._term(term) for term in terms])

    def _term(self, term: int | str) -> Any:
        """PyDatalog's object for a value or a variable; each is made once."""
        found = self._terms.get(term)
        if found is None:
            found = self._terms[term] = pyEngine.Const(term) if isinstance(term, int) else pyEngine.Var(term)
        return found

    def assert_fact(self, predicate: Any, row: Ids) -> None:
        """Adds a row to a predicate."""
        head = pyEngine.Literal(predicate, [self._term(number) for number in row])
        pyEngine.assert_(pyEngine.Clause(head, []))

    @staticmethod
    def assert_clause(head: Any, body: list[Any]) -> None:
        """Adds a clause; its literals are proved from left to right."""
        pyEngine.assert_(pyEngine.Clause(head, body))

    def ask(self, literal: Any) -> list[Ids]:
        """Every row of a literal; raises OutOfTime. Drives pyDatalog's own steps, so that it can stop."""
        state = Logic.tl.logic
        saved = state.Tasks, state.Recursive_Tasks, state.Recursive, state.Subgoals, state.Goal
        goal = pyEngine.Subgoal(literal)
        state.Tasks, state.Recursive_Tasks = pyEngine.TaskList(), pyEngine.TaskDeque()
        state.Subgoals, state.Goal, state.Recursive = {}, goal, False
        try:
            self._drive(goal)
        finally:
            state.Tasks, state.Recursive_Tasks, state.Recursive, state.Subgoals, state.Goal = saved
        if goal.facts is True:
            return [()]
        return [tuple([term.id for term in found.terms]) for found in goal.facts.values()]

    def _drive(self, goal: Any) -> None:
        step, arguments = pyEngine.SEARCH, (goal,)
        steps = 0
        while step is not None:
            following = step(*arguments)
            if following is None:
                return
            step, arguments = following
            steps += 1
            if steps % _STEPS_BETWEEN_CLOCK_READINGS == 0:
                self.check_time()

    def check_time(self) -> None:
        """Raises OutOfTime when the deadline has passed."""
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise OutOfTime
