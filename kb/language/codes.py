"""Which codes of a request the documents list: a request that no rule speaks to may have a slip in its code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from kb.language import syntax as s
from kb.language.program import Program

T = TypeVar("T")
Argument = tuple[str, int]
"""A relation, and the position of one of its arguments."""
_LIKE_DIGITS = str.maketrans("OIL", "011")


@dataclass(frozen=True)
class Codes:
    """The texts that documents state or compare with, and the arguments of requests that rules look up among these.

    `requested(Case, Item, Code, …), discectomy(Code)` looks up the code of a request, and not
    its item. A code that reaches such a rule by way of another predicate is not seen.
    """

    arguments: frozenset[Argument]
    texts: frozenset[str]

    def lists(self, argument: Argument, value: object) -> bool:
        """Whether the value is listed, or the argument takes any."""
        return argument not in self.arguments or not isinstance(value, str) or value in self.texts

    def meant(self, code: str) -> str:
        """The listed code that another one would be if it were written as codes are, or nothing.

        Another digit is another procedure, so none is guessed at: only letters that look like
        digits, marks and spaces between, and what a spreadsheet appends (`63030.0`).
        """
        return self._without_slips.get(_without_slips(code), "")

    @cached_property
    def _without_slips(self) -> dict[str, str]:
        return {plain: text for text in sorted(self.texts, reverse=True) if (plain := _without_slips(text))}


def _without_slips(code: str) -> str:
    plain = "".join(filter(str.isalnum, code.strip().removesuffix(".0")))
    return plain.upper().translate(_LIKE_DIGITS)


def codes_of(program: Program) -> Codes:
    """What the documents in force list."""
    requests = {goal.trigger.relation for goal in program.goals}
    arguments = set[Argument]()
    texts: set[object] = {value for fact in program.facts for _, value in _texts(program, fact.relation, fact.row)}
    for rule in program.rules:
        for atom in s.atoms(rule.rule):
            texts |= {term.value for _, term in _texts(program, atom.relation, atom.terms) if isinstance(term, s.Constant)}
        compared = [each for each in rule.rule.body if isinstance(each, s.Comparison) and each.op in ("=", "!=")]
        texts |= {side.value for each in compared for side in (each.left, each.right) if isinstance(side, s.Constant)}
        listing = s.listing(rule.rule.body)
        general = {v.name for each in listing if _is_general(program, each) for v in s.premise_variables(each)}
        general |= {v.name for each in compared for v in s.premise_variables(each)}
        for literal in listing:
            for i, term in _texts(program, literal.atom.relation, literal.atom.terms):
                is_looked_up = isinstance(term, s.Constant) or (isinstance(term, s.Variable) and term.name in general)
                if literal.atom.relation in requests and is_looked_up:
                    arguments.add((literal.atom.relation, i))
    return Codes(frozenset(arguments), frozenset(each for each in texts if isinstance(each, str)))


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
