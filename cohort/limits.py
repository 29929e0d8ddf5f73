"""What rules compare the values of facts with: near these limits lie the values that decide something.

The columns among which rules hand a value on (`last_index(Case, Value) :- body_mass_index(Case, Value, _)`)
are one, and so have their limits together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from networkx.utils import UnionFind

from kb.language import syntax as s
from kb.language.program import Program, ProgramRule

Column = tuple[str, int]
"""A predicate, and the position of one of its arguments."""


@dataclass
class Limits:
    """The numbers that a column is compared with; of a column of days, how many days off another day.

    What constraints leave possible lies from `least` to `most`.
    """

    numbers: set[Decimal] = field(default_factory=set)
    least: Decimal | None = None
    most: Decimal | None = None

    def around(self) -> tuple[Decimal, Decimal]:
        """A range with values on either side of each number, and above 0 if they are, as far as it is possible.

        Without numbers, or where none near them is possible, all that is; from 0 to 100, where nothing says what is.
        """
        least = Decimal(0) if self.least is None else self.least
        most = least + 100 if self.most is None else self.most
        if not self.numbers:
            return least, max(least, most)
        low, high = min(self.numbers), max(self.numbers)
        margin = max(high - low, abs(high) / 2, Decimal(1))
        bottom, top = min(low, max(Decimal(0), low - margin)), high + margin
        bottom = bottom if self.least is None else max(bottom, least)
        top = top if self.most is None else min(top, most)
        return (bottom, top) if bottom <= top else (least, max(least, most))


def limits(programs: Iterable[Program]) -> Mapping[Column, Limits]:
    """The limits of the columns of all predicates, over all rules of some programs."""
    columns: UnionFind = UnionFind()  # type: ignore[type-arg]
    compared: list[tuple[object, ProgramRule, s.Comparison]] = []
    for program in programs:
        for rule in program.rules:
            for one, other in _handed_on(rule):
                columns.union(one, other)
            compared += [((rule.id, v.name), rule, each) for each in _comparisons(rule.rule.body)
                         for v in s.premise_variables(each)]  # fmt: skip
    found: dict[object, Limits] = {}
    for variable, rule, comparison in compared:
        _note(found.setdefault(columns[variable], Limits()), rule, comparison)
    every = [column for column in columns if isinstance(column[1], int)]
    return {column: found[columns[column]] for column in every if columns[column] in found}


def _handed_on(rule: ProgramRule) -> Iterator[tuple[object, object]]:
    """The pairs of a variable of the rule and a column, or another of its variables, that have one value."""
    for atom in s.atoms(rule.rule):
        for position, term in enumerate(atom.terms):
            if isinstance(term, s.Variable):
                yield (rule.id, term.name), (atom.predicate, position)
    for each in _comparisons(rule.rule.body):
        names = [side.name for side in (each.left, each.right) if isinstance(side, s.Variable)]
        if each.op == "=" and len(names) == 2:
            yield (rule.id, names[0]), (rule.id, names[1])


def _comparisons(body: Iterable[s.Premise]) -> Iterator[s.Comparison]:
    """The comparisons of a body, those within aggregates, and that of an aggregate as if it had one element."""
    for premise in body:
        if isinstance(premise, s.Comparison):
            yield premise
        elif isinstance(premise, s.Aggregate):
            yield from _comparisons(premise.body)
            if premise.function != "count":
                yield s.of_one_element(premise)


def _note(limits: Limits, rule: ProgramRule, comparison: s.Comparison) -> None:
    named = (*s.term_values(comparison.left), *s.term_values(comparison.right))
    numbers = [value for value in named if isinstance(value, Decimal)]
    if not rule.is_constraint:
        limits.numbers.update(numbers)
    elif isinstance(comparison.left, s.Variable) and isinstance(comparison.right, s.Constant) and numbers:
        if comparison.op in ("<", "<="):
            limits.least = max(numbers) if limits.least is None else max(limits.least, *numbers)
        elif comparison.op in (">", ">="):
            limits.most = min(numbers) if limits.most is None else min(limits.most, *numbers)
