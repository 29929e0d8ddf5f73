"""Contradictions in many records at once: which cases have any. What they are is told case by case (`kb.contradictions`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from sqlglot import exp

from kb.engines.sql.schema import CASE_NUMBER, Table
from kb.engines.sql.values import same
from kb.language.program import Predicate, Program

Expr = exp.Expr


def clashing_cases(program: Program, tables: Mapping[str, Table]) -> exp.Query:
    """The numbers of the cases whose record, with what follows from it, contradicts itself."""
    found: Iterator[exp.Query] = chain(_denials(program, tables), _keys(program, tables), _constraints(program, tables))
    union: exp.Query = exp.select(exp.alias_(exp.cast(exp.null(), CASE_NUMBER), "id")).where(exp.false())
    for query in found:
        union = exp.union(union, query, distinct=True)
    return union


def _denials(program: Program, tables: Mapping[str, Table]) -> Iterator[exp.Query]:
    """An atom together with its denial."""
    for name, predicate in program.predicates.items():
        stated, denied, position = tables.get(name), tables.get(f"-{name}"), predicate.case_position
        if stated is None or denied is None or position is None:
            continue
        fits = [
            exp.or_(exp.column(f"a{i}", "d"), same(exp.column(f"c{i}", "p"), exp.column(f"c{i}", "d")))
            for i in range(len(stated.types))
            if i != position
        ]
        on = exp.and_(exp.column(f"c{position}", "p").eq(exp.column(f"c{position}", "d")), *fits)
        rows = exp.select(exp.alias_(exp.column(f"c{position}", "p"), "id")).from_(_alias(stated, "p"))
        yield rows.join(_alias(denied, "d"), on=on, join_type="SEMI")


def _keys(program: Program, tables: Mapping[str, Table]) -> Iterator[exp.Query]:
    """Two values for one key; one that is not stated contradicts none."""
    for predicate in program.keyed:
        table, position = tables.get(predicate.name), predicate.case_position
        for key in predicate.keys if table is not None and position in _always(predicate) else ():
            assert table is not None
            values = [exp.column(f"c{i}") for i in range(len(table.types)) if i not in key]
            keys = [exp.column(f"c{i}") for i in key]
            known = [exp.not_(exp.Is(this=exp.column(f"c{i}"), expression=exp.null())) for i in key if table.unknown[i]]
            differ = [exp.NEQ(this=exp.Min(this=value), expression=exp.Max(this=value.copy())) for value in values]
            if differ:
                rows = exp.select(exp.alias_(exp.column(f"c{position}"), "id")).from_(table.name).group_by(*keys)
                yield (rows.where(*known) if known else rows).having(exp.or_(*differ))


def _always(predicate: Predicate) -> frozenset[int | None]:
    """The positions that every key of a predicate has."""
    return frozenset(predicate.keys[0]).intersection(*predicate.keys)


def _constraints(program: Program, tables: Mapping[str, Table]) -> Iterator[exp.Query]:
    """A constraint that is violated; its relation holds what it is violated by."""
    for rule in program.constraints:
        table = tables.get(rule.head.relation)
        if table is not None and table.case is not None:
            yield exp.select(exp.alias_(exp.column(f"c{table.case}"), "id")).from_(table.name)


def _alias(table: Table, name: str) -> Expr:
    return exp.alias_(exp.to_table(table.name), name)
