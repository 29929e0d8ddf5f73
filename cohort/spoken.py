"""To which cases the rules speak that rest on what a record leaves open.

Most requests of a book are for something else: what only the rules of a fusion rest on
is open in thousands of records whose request is for none. What is open is listed for the
cases to whose requests such a rule speaks, and so is what follows from it.

To which requests a rule speaks its scope tells (`kb.language.closed`). Where a record
does not contradict itself, a scope that the perfect model lacks may hold by a `?` beneath
it, or under one choice of readings, and by nothing else: those cases count too.
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
from kb.language import syntax as s
from kb.language.bounds import CERTAIN, POSSIBLE, bounded
from kb.language.closed import relations_of
from kb.language.program import SCOPE, Criterion, Goal, Program, ProgramRule
from kb.language.strata import needed


class GoalRule(NamedTuple):
    """A rule of a goal, which speaks to some of its questions, and the criteria that it rests on."""

    goal: Goal
    rule: ProgramRule
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True)
class SpokenTo:
    """The cases to which rules of goals speak, of records without contradictions.

    `perfect` are the tables of the perfect model, `rewritten` is the program of the bounds,
    and `of_readings` is what depends on how a policy is read.
    """

    program: Program
    rewritten: Program
    rules: tuple[GoalRule, ...]
    perfect: Mapping[str, Table]
    of_readings: frozenset[str]

    def cases(self, relation: str) -> str:
        """The table (of a column `id`) of the cases to which a rule speaks that rests on a fact or its denial."""
        # On what no rule of a goal rests nothing is asked: then all cases do.
        return self._tables.get(self._resting_on(relation), CASES)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The statements that make these tables, once the perfect model is there."""
        found = []
        for rules, name in self._tables.items():
            rows = [query for number in sorted(rules) for query in self._spoken_to(self.rules[number])]
            found.append(Step(made_of(name, together(rows)).sql(DIALECT, copy=False)))
        return tuple(found)

    @cached_property
    def _tables(self) -> dict[frozenset[int], str]:
        """Their names, by the rules that speak to the cases in them."""
        facts = (predicate.name for predicate in self.program.predicates.values() if predicate.can_be_open)
        distinct = dict.fromkeys(rules for name in facts if (rules := self._resting_on(name)))
        return {rules: f"a{number}" for number, rules in enumerate(distinct)}

    def _resting_on(self, relation: str) -> frozenset[int]:
        """The rules that rest on what is open of a predicate: a fact and its denial are open together."""
        both = {bounded(each, POSSIBLE) for each in (relation, s.opposite(relation))}
        return frozenset(number for number, beneath in enumerate(self._beneath) if not both.isdisjoint(beneath))

    @cached_property
    def _beneath(self) -> list[frozenset[str]]:
        """What each rule rests on, in the bounds."""
        found = []
        for _, rule, criteria in self.rules:
            names = {each.atom.relation for each in criteria}.union(*map(relations_of, rule.rule.body))
            found.append(needed(self.rewritten, [bounded(name, bound) for name in names for bound in (POSSIBLE, CERTAIN)]))
        return found

    def _spoken_to(self, of: GoalRule) -> Iterator[exp.Query]:
        """The cases to which a rule speaks, and those to which it may."""
        asked, scope = of.goal.trigger.relation, SCOPE + of.rule.id
        names = needed(self.program, [asked, *([scope] if scope in self.perfect else [])])
        loose = [table for name in sorted(names & self.perfect.keys()) if any((table := self.perfect[name]).unknown)]
        is_told = scope in self.perfect and scope not in self.of_readings and all(each.case is not None for each in loose)
        yield _cases_of(self.perfect[scope if is_told else asked])
        for table in (each for each in loose if each.case is not None):
            missing = (unknown(exp.column(f"c{i}")) for i, may_be in enumerate(table.unknown) if may_be)
            yield _cases_of(table).where(disjunction(*missing))


def _cases_of(table: Table) -> exp.Select:
    return exp.select(exp.alias_(exp.column(f"c{table.case}"), "id")).from_(exp.table_(table.name))
