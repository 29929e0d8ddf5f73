"""Which codes of a request the documents list: of another one, nothing that they say can speak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from kb.language import syntax as s
from kb.language.program import Program

T = TypeVar("T")
Argument = tuple[str, int]
"""A relation, and the position of one of its arguments."""


@dataclass(frozen=True)
class Listed:
    """The texts that documents state or compare with, and the arguments of requests that rules look up among these.

    `requested(Case, Item, Code, …), discectomy(Code)` looks up the code of a request, and not its item.
    """

    arguments: frozenset[Argument]
    texts: frozenset[str]

    def lists(self, argument: Argument, value: object) -> bool:
        """Whether the value can matter there: it is listed, or the argument takes any."""
        return argument not in self.arguments or not isinstance(value, str) or value in self.texts


def listed(program: Program) -> Listed:
    """What the documents in force list."""
    requests = {goal.trigger.relation for goal in program.goals}
    arguments = set[Argument]()
    texts = {value for fact in program.facts for _, value in _texts(program, fact.relation, fact.row)}
    for rule in program.rules:
        literals = list(s.literals(rule.rule.body))
        general = {v.name for each in literals if _is_general(program, each) for v in s.premise_variables(each)}
        for literal in literals:
            for i, term in _texts(program, literal.atom.relation, literal.atom.terms):
                if isinstance(term, s.Constant):
                    texts.add(term.value)
                is_looked_up = isinstance(term, s.Constant) or (isinstance(term, s.Variable) and term.name in general)
                if literal.atom.relation in requests and is_looked_up:
                    arguments.add((literal.atom.relation, i))
    return Listed(frozenset(arguments), frozenset(each for each in texts if isinstance(each, str)))


def _texts(program: Program, relation: str, row: Iterable[T]) -> Iterator[tuple[int, T]]:
    """What stands where any text may, of the arguments of an atom."""
    predicate = program.predicates.get(relation.removeprefix("-"))
    for i, (argument, each) in enumerate(zip(predicate.arguments, row, strict=True) if predicate is not None else ()):
        if argument.type == "text":
            yield i, each


def _is_general(program: Program, literal: s.Literal) -> bool:
    """Whether it is about no case in particular."""
    predicate = program.predicates.get(literal.atom.predicate)
    return predicate is not None and predicate.case_position is None
