"""A Model: every atom that holds, and every ground instance of every rule that derives one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from kb.language import syntax as s
from kb.language.program import ProgramRule
from kb.language.values import ANY, UNKNOWN, Row, Value


class EvaluationError(Exception):
    """An evaluation that could not be finished; `rule` is the id of the rule at fault."""

    def __init__(self, message: str, rule: str) -> None:
        super().__init__(message, rule)
        self.rule = rule

    def __str__(self) -> str:
        return f"{self.args[0]} (in rule {self.rule})" if self.rule else str(self.args[0])


class EvaluationTimeout(EvaluationError):
    """The evaluation took longer than it may."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A ground instance of a rule: the rule, and the value of each of its variables."""

    rule: ProgramRule
    values: Row

    def __hash__(self) -> int:
        # A rule's id stands for it: hashing its whole syntax tree would cost more than any lookup saves.
        return hash((self.rule.id, self.values))

    @property
    def binding(self) -> dict[str, Value]:
        """The value of each variable by name."""
        return dict(zip(self.rule.variables, self.values, strict=True))

    @property
    def head(self) -> tuple[str, Row]:
        """The relation and the row that it concludes."""
        return self.rule.head.relation, self.rule.concluded(self.values)


@dataclass(frozen=True)
class Model:
    """The atoms that hold, by relation, and the instances of each rule, by its id."""

    relations: Mapping[str, frozenset[Row]]
    rules: Mapping[str, ProgramRule]
    rows_of_rules: Mapping[str, tuple[Row, ...]]

    def rows(self, relation: str) -> frozenset[Row]:
        """The rows of a relation; none if it is unknown here."""
        return self.relations.get(relation, frozenset())

    def matching(self, relation: str, pattern: Row, lenient: bool = False) -> Iterator[Row]:
        """The rows that fit a pattern, in which ANY fits everything; lenient: so does `?`."""
        for row in self.rows(relation):
            if fits(row, pattern, lenient):
                yield row

    def has(self, relation: str, pattern: Row, lenient: bool = False) -> bool:
        """Whether a row fits a pattern."""
        return next(self.matching(relation, pattern, lenient), None) is not None

    def instances(self, rule_id: str) -> tuple[Instance, ...]:
        """The ground instances of a rule, in an order that does not depend on how they were found."""
        return tuple(Instance(self.rules[rule_id], row) for row in sorted(self.rows_of_rules.get(rule_id, ()), key=str))

    @cached_property
    def _derivations(self) -> dict[tuple[str, Row], list[Instance]]:
        found: dict[tuple[str, Row], list[Instance]] = {}
        for rule_id in filter(self.rows_of_rules.__contains__, self.rules):
            for instance in self.instances(rule_id):
                found.setdefault(instance.head, []).append(instance)
        return found

    def derivations(self, relation: str, row: Row) -> tuple[Instance, ...]:
        """The rule instances that derive an atom."""
        return tuple(self._derivations.get((relation, row), ()))


def fits(row: Row, pattern: Row, lenient: bool = False) -> bool:
    """Whether a row is an instance of a pattern: ANY on either side fits everything, and so does a lenient `?`."""
    for value, wanted in zip(row, pattern, strict=True):
        if value is ANY or wanted is ANY or value == wanted:
            continue
        if not (lenient and (value is UNKNOWN or wanted is UNKNOWN)):
            return False
    return True


def unified(terms: Iterable[s.Term], row: Row) -> dict[str, Value] | None:
    """The values that make the terms of an atom a row; None if none do. ANY in the row leaves a variable free."""
    binding: dict[str, Value] = {}
    for term, value in zip(terms, row, strict=True):
        if value is ANY:
            continue
        if isinstance(term, s.Variable) and binding.setdefault(term.name, value) != value:
            return None
        if isinstance(term, s.Constant) and term.value != value:
            return None
    return binding


def demanded(atom: s.Atom, binding: Mapping[str, Value]) -> Row:
    """What a positive premise needs: `?` for a variable that has to get some value, ANY for `_`."""
    row = ground_row(atom.terms, binding)
    named = [isinstance(term, s.Variable) and not term.is_anonymous and not atom.strong for term in atom.terms]
    return tuple(UNKNOWN if value is ANY and is_named else value for value, is_named in zip(row, named, strict=True))


def ground_row(terms: Iterable[s.Term], binding: Mapping[str, Value]) -> Row:
    """The values of an atom's terms under a binding; ANY for a variable without one."""
    row = []
    for term in terms:
        if isinstance(term, s.Constant):
            row.append(term.value)
        else:
            assert isinstance(term, s.Variable), "arithmetic does not stand in an atom"
            row.append(binding.get(term.name, ANY))
    return tuple(row)
