"""Which cases ask for a relation: those to whose questions a rule speaks that rests on it.

Most requests of a book are for something else: what only the rules of a fusion rest on
is left open in thousands of records whose request is for none. What is open is listed
for the cases that ask, and so is what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sqlglot import exp

from kb.engines.sql.open import CASES
from kb.engines.sql.plan import DIALECT, Step
from kb.engines.sql.schema import Table, made_of
from kb.engines.sql.values import disjunction, together, unknown
from kb.language.bounds import CERTAIN, POSSIBLE, bounded
from kb.language.closed import relations_of
from kb.language.program import SCOPE, Criterion, Goal, Program, ProgramRule
from kb.language.strata import needed


class Speaking(NamedTuple):
    """A rule of a goal, which speaks to some of its questions, and the criteria that it rests on."""

    goal: Goal
    rule: ProgramRule
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class Asking:
    """The cases that ask for what is open, of records without contradictions.

    `perfect` are the tables of the perfect model, and `rewritten` is the program of the bounds.
    """

    program: Program
    rewritten: Program
    speaking: tuple[Speaking, ...]
    perfect: Mapping[str, Table]

    def cases(self, relation: str) -> str:
        """The table of the cases that ask for a fact or its denial, with a column `id`."""
        return self._tables.get(self._rules(relation), CASES)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The statements that make these tables, once the perfect model is there."""
        found = []
        for rules, name in self._tables.items():
            rows = [query for number in sorted(rules) for query in self._asking(number)]
            found.append(Step(made_of(name, together(rows)).sql(DIALECT, copy=False)))
        return tuple(found)

    @cached_property
    def _tables(self) -> dict[frozenset[int], str]:
        """Their names, by the rules that speak."""
        facts = (predicate.name for predicate in self.program.predicates.values() if predicate.can_be_open)
        distinct = dict.fromkeys(rules for name in facts if (rules := self._rules(name)))
        return {rules: f"a{number}" for number, rules in enumerate(distinct)}

    def _rules(self, relation: str) -> frozenset[int]:
        """The rules that rest on what is open of a predicate: a fact and its denial are open together."""
        name = relation.removeprefix("-")
        both = {bounded(name, POSSIBLE), bounded(f"-{name}", POSSIBLE)}
        return frozenset(number for number, reached in enumerate(self._reached) if not both.isdisjoint(reached))

    @cached_property
    def _reached(self) -> list[frozenset[str]]:
        """What each rule of a goal rests on, in the bounds."""
        found = []
        for _, rule, criteria in self.speaking:
            names = {each.atom.relation for each in criteria}.union(*map(relations_of, rule.rule.body))
            found.append(needed(self.rewritten, [bounded(name, bound) for name in names for bound in (POSSIBLE, CERTAIN)]))
        return found

    def _asking(self, number: int) -> Iterator[exp.Query]:
        """The cases to which a rule speaks, and those to which it may, by a value that the request leaves open."""
        goal, rule, _ = self.speaking[number]
        scope = self.perfect.get(SCOPE + rule.id)
        speaks = self.perfect[goal.trigger.relation] if scope is None else scope
        yield _cases_of(speaks)
        names = needed(self.program, [goal.trigger.relation, *([] if scope is None else [SCOPE + rule.id])])
        for table in (self.perfect[name] for name in sorted(names) if name in self.perfect):
            missing = [unknown(exp.column(f"c{i}")) for i, may_be in enumerate(table.unknown) if may_be]
            if missing and table.case is not None:
                yield _cases_of(table).where(disjunction(*missing))


def _cases_of(table: Table) -> exp.Select:
    return exp.select(exp.alias_(exp.column(f"c{table.case}"), "id")).from_(exp.table_(table.name))
