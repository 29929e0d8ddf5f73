"""Finds what the records of a batch state that is hardly meant.

These are the notes that one case is opened with (`facts.plausibility`), and what cannot all
be right of its record (`kb.contradictions`), whether an answer depends on it or not. What
contradicts only what rules conclude shows in the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import duckdb
from sqlglot import exp

from cohort.clashes import RECORDED, Clash, alias, clashes_of_facts, violations
from cohort.doubts import Doubt, all_together
from cohort.loading import BOOK
from facts.plausibility import LIFETIME
from facts.readers.tables import table_name
from kb.engines.duckdb import run
from kb.engines.sql.plan import DIALECT, Plan, Step, plan
from kb.engines.sql.schema import CASE_NUMBER, DATE, Table, Types, made_of
from kb.engines.sql.values import choose, disjunction, together, with_rows
from kb.language.program import Program

Expr = exp.Expr

_AFTER = "dated after the request"
_LONG_BEFORE = "dated longer before the request than anybody lives"


@dataclass(frozen=True)
class Doubting:
    """Finds the doubts of the cases of a batch, whose facts stand in `tables`, by statements that are made once."""

    vocabulary: Program
    types: Types
    tables: Mapping[str, Table]

    def doubts(self, connection: duckdb.DuckDBPyConnection) -> tuple[Doubt, ...]:
        """The doubts of the cases in the table `book` of a connection; what contradicts itself is kept as `recorded`."""
        steps, counting = self._statements
        run(connection, steps)
        counted = connection.execute(counting).fetchall()
        found = ((*self._labels[name], int(cases), str(example)) for name, cases, example in counted)
        return all_together(Doubt(*each) for each in found)

    @cached_property
    def recorded(self) -> frozenset[str]:
        """The names of what is looked for in facts alone."""
        return frozenset(each.name for each in self._of_facts)

    @cached_property
    def _of_facts(self) -> tuple[Clash, ...]:
        return tuple(clashes_of_facts(self.vocabulary, self.tables))

    @cached_property
    def _violations(self) -> Plan:
        """What violates the constraints of the vocabulary."""
        heads = [each.head.relation for each in self.vocabulary.constraints]
        return plan(self.vocabulary, self.types, self.tables, heads, "d")

    @cached_property
    def _labels(self) -> dict[str, tuple[str, str]]:
        """The tables and the problem of each doubt, by its name."""
        clashes = (*self._of_facts, *violations(self.vocabulary, self._violations.tables))
        labels = {each.name: (", ".join(map(table_name, each.relations)), each.problem) for each in clashes}
        odd = {_odd(word, name): (table_name(name), word) for name in self.tables for word in (_AFTER, _LONG_BEFORE)}
        return labels | odd

    @cached_property
    def _statements(self) -> tuple[tuple[Step, ...], str]:
        """What finds the doubts, and what counts them: the name of each, how many cases, and one of them."""
        none = exp.select(
            exp.alias_(exp.cast(exp.null(), "TEXT"), "clash"), exp.alias_(exp.cast(exp.null(), CASE_NUMBER), "c0")
        )
        found = [none.where(exp.false()), *(each.named for each in self._of_facts)]
        recorded = made_of(RECORDED, together(found, distinct=False))
        violated = (each.named for each in violations(self.vocabulary, self._violations.tables))
        doubts = together([exp.select("clash", "c0").from_(RECORDED), *violated, *self._odd_days()], distinct=False)
        counted = exp.select("clash", exp.func("COUNT", exp.Distinct(expressions=[exp.column("c0", "n")])), "MIN(b.name)")
        counted = _with_book(counted.from_(doubts.subquery("n")), exp.column("c0", "n")).group_by("clash")
        return (*self._violations.steps, Step(recorded.sql(DIALECT))), counted.sql(DIALECT)

    def _odd_days(self) -> Iterator[exp.Query]:
        """The cases with facts of days that a request cannot have behind it (`facts.plausibility`)."""
        for relation, table in self.tables.items():
            days: list[Expr] = [exp.column(f"c{i}", "t") for i, kind in enumerate(table.types) if kind == DATE]
            if not days or table.case is None:
                continue
            requested, case = exp.column("day", "b"), exp.column(f"c{table.case}", "t")
            lifetime = exp.Sub(this=requested.copy(), expression=exp.Literal.number(LIFETIME.days))
            before: Expr = exp.LT(this=exp.func("LEAST", *days), expression=lifetime)
            after: Expr = exp.GT(this=exp.func("GREATEST", *(day.copy() for day in days)), expression=requested)
            if self.vocabulary.predicate(relation).planned:
                after = exp.false()
            words = (exp.Literal.string(_odd(word, relation)) for word in (_AFTER, _LONG_BEFORE))
            name = exp.alias_(choose(after, *words), "clash")
            rows = exp.select(name, exp.alias_(case, "c0")).from_(alias(table, "t"))
            yield _with_book(rows, case.copy()).where(disjunction(after.copy(), before))


def _odd(problem: str, relation: str) -> str:
    """The name of what is wrong with the days of a relation."""
    return f"{problem}: {relation}"


def _with_book(rows: exp.Select, case: Expr) -> exp.Select:
    """Rows with what the book says of their case, in `b`."""
    return with_rows(rows, exp.alias_(exp.table_(BOOK), "b"), exp.column("id", "b").eq(case), "INNER")
