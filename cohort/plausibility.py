"""Finds what the facts of a batch of cases say that is implausible, though it can be read.

These are the notes that one case is opened with (`facts.plausibility`), and what cannot all
be right of its facts (`kb.contradictions`) by the vocabulary that all payers share, whether
an answer depends on it or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import duckdb
from sqlglot import exp

from cohort.clashes import OF_FACTS, Clash, alias, clashes_of_facts, said_by_documents, violations
from cohort.implausible import Implausible
from cohort.loading import BOOK
from facts.plausibility import LIFETIME
from facts.readers.tables import table_name
from kb.engines.duckdb import run
from kb.engines.sql.plan import DIALECT, Plan, Step, plan
from kb.engines.sql.schema import CASE_NUMBER, DATE, Table, Types, made_of
from kb.engines.sql.values import choose, conjunction, disjunction, known, together, with_rows
from kb.language import syntax as s
from kb.language.program import Program, ProgramRule

Expr = exp.Expr

_AFTER = "dated after the request"
_LONG_BEFORE = "dated longer before the request than anybody lives"


@dataclass(frozen=True)
class Plausibility:
    """Looks through the facts of a batch, which stand in `tables`, by statements that are made once."""

    vocabulary: Program
    types: Types
    tables: Mapping[str, Table]

    def implausible(self, connection: duckdb.DuckDBPyConnection) -> tuple[Implausible, ...]:
        """What is implausible of the cases in the table `book`; the clashes of facts are kept in the table `OF_FACTS`."""
        steps, counting = self._statements
        run(connection, steps)
        return tuple(Implausible(*row) for row in connection.execute(counting).fetchall())

    @cached_property
    def clashes(self) -> frozenset[str]:
        """The names of the clashes of facts that are looked for."""
        return frozenset(each.name for each in self._of_facts)

    @cached_property
    def _of_facts(self) -> tuple[Clash, ...]:
        return tuple(clashes_of_facts(self.vocabulary, self.tables))

    @cached_property
    def _violations(self) -> tuple[Plan, tuple[Clash, ...]]:
        """What violates constraints that ask for nothing but facts of charts."""
        said = said_by_documents(self.vocabulary)

        def is_of_facts(rule: ProgramRule) -> bool:
            asked = {literal.atom.relation for literal in s.literals(rule.rule.body)}
            return asked <= self.tables.keys() and said.isdisjoint(asked)

        heads = [rule.head.relation for rule in self.vocabulary.constraints if is_of_facts(rule)]
        found = plan(self.vocabulary, self.types, self.tables, heads, "d")
        return found, tuple(violations(self.vocabulary, found.tables))

    @cached_property
    def _labels(self) -> dict[str, tuple[str, str]]:
        """The tables and the problem of whatever is looked for, by its name."""
        clashes = (*self._of_facts, *self._violations[1])
        labels = {each.name: (", ".join(map(table_name, each.relations)), each.problem) for each in clashes}
        odd = {_odd(word, name): (table_name(name), word) for name in self.tables for word in (_AFTER, _LONG_BEFORE)}
        return labels | odd

    @cached_property
    def _statements(self) -> tuple[tuple[Step, ...], str]:
        """What finds it, and what counts it: tables and problem, how many cases, and one of them."""
        none = exp.select(
            exp.alias_(exp.cast(exp.null(), "TEXT"), "clash"), exp.alias_(exp.cast(exp.null(), CASE_NUMBER), "c0")
        ).where(exp.false())
        of_facts = made_of(OF_FACTS, together([none, *(each.named for each in self._of_facts)], distinct=False))
        planned, violated = self._violations
        rows = [exp.select("clash", "c0").from_(OF_FACTS), *(each.named for each in violated), *self._odd_days()]
        named = [(name, *label) for name, label in self._labels.items()] or [("", "", "")]
        labels = exp.values(named, alias="l", columns=["clash", "tables", "problem"])
        case = exp.column("c0", "n")
        counted = exp.select("l.tables", "l.problem", exp.func("COUNT", exp.Distinct(expressions=[case])), "MIN(b.name)")
        counted = counted.from_(together(rows, distinct=False).subquery("n")).join(labels, using="clash")
        counted = _with_book(counted, case.copy()).group_by("l.tables", "l.problem")
        return (*planned.steps, Step(of_facts.sql(DIALECT))), counted.sql(DIALECT)

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
    """Rows of cases that are decided, with what the book says of them, in `b`."""
    on = conjunction(exp.column("id", "b").eq(case), known(exp.column("program", "b")))
    return with_rows(rows, exp.alias_(exp.table_(BOOK), "b"), on, "INNER")
