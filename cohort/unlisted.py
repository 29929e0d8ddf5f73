"""Codes that no document lists, of requests that none speaks to, over a whole book (`explain.slips`: of one case)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from glob import escape
from pathlib import Path

import duckdb
from sqlglot import exp

from cohort.book import Book
from cohort.output import DECISIONS
from explain.slips import unlisted
from explain.verdicts import Verdict
from facts.readers.tables import FactTable
from facts.readers.texts import parquet
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.values import together
from kb.language.codes import Codes
from kb.language.values import UNKNOWN, many

_MOST = 5


def unlisted_codes(book: Book, tables: Iterable[FactTable], parts: Path) -> Iterator[str]:
    """A sentence for each such code, those of most requests first, and how many more there are; `parts` were decided."""
    queries = _queries(book, {table.relation: table for table in tables})
    if not queries or not any(parts.glob(f"*.{DECISIONS}")):
        return
    requested = together((query for _, query in queries), distinct=False).subquery("r")
    rows = exp.select("argument", "code", "name").distinct().from_(requested)
    counted = exp.alias_(exp.Count(this=exp.Star()), "n"), exp.alias_(exp.Min(this=exp.column("name")), "first")
    of_code = exp.select("argument", "code", *counted).from_(rows.subquery("r")).group_by("argument", "code")
    in_all = (exp.Window(this=exp.Count(this=exp.Star())), exp.Window(this=exp.Sum(this=exp.column("n"))))
    found = exp.select("*", *in_all).from_(of_code.subquery("c")).order_by("n DESC", "argument", "code").limit(_MOST)
    values: dict[str, object] = {"book": str(book.path), "decided": f"{escape(str(parts))}/*.{DECISIONS}"}
    for number, _ in queries:
        values[f"texts{number}"] = [*sorted(book.programs[number].compiled.codes.texts), UNKNOWN.value]
    with duckdb.connect() as connection:
        told = connection.execute(found.sql(DIALECT), values).fetchall()
    everything = Codes(frozenset(), frozenset(text for each in book.programs for text in each.compiled.codes.texts))
    for argument, code, count, case, *_ in told:
        yield f"{unlisted(everything, argument, code)} {many(count, 'case requests', 'cases request')} it, such as `{case}`."
    if told and (more := told[0][4] - len(told)):
        cases = many(told[0][5] - sum(row[2] for row in told), "case requests", "cases request")
        yield f"{cases} {many(more, 'other code')} that no document in force lists."


def _queries(book: Book, tables: Mapping[str, FactTable]) -> list[tuple[int, exp.Select]]:
    """By the number of a program: the codes of its cases that its documents do not list, where a question is unaddressed."""
    found = []
    for number, deciding in enumerate(book.programs):
        goals = [goal for goal in deciding.compiled.program.goals if goal.trigger.relation in tables]
        for relation, position in sorted(deciding.compiled.codes.arguments):
            questions = [goal.atom.relation for goal in goals if goal.trigger.relation == relation]
            if questions:
                found.append((number, _others(number, tables[relation], position, questions)))
    return found


def _others(number: int, table: FactTable, position: int, questions: Iterable[str]) -> exp.Select:
    code, case = exp.cast(table.column(position, "t"), "TEXT"), exp.column("name", "b")
    argument = exp.Literal.string(table.predicate.arguments[position].name)
    listed = exp.select(exp.func("UNNEST", exp.Placeholder(this=f"texts{number}")))
    unaddressed = (
        exp.select(exp.Literal.number(1))
        .from_(_parquet("decided", "d"))
        .where(exp.column("case", "d", quoted=True).eq(case.copy()))
        .where(exp.column("verdict", "d").eq(exp.Literal.string(Verdict.UNADDRESSED.value)))
        .where(exp.column("question", "d").isin(*(exp.Literal.string(each) for each in questions)))
    )
    return (
        exp.select(exp.alias_(argument, "argument"), exp.alias_(code, "code"), exp.alias_(case, "name"))
        .from_(exp.alias_(table.rows(), "t"))
        .join(_parquet("book", "b"), on=table.column(table.predicate.case_position or 0, "t").eq(case.copy()))
        .where(exp.column("program", "b").eq(exp.Literal.number(number)))
        .where(exp.not_(code.copy().isin(query=listed)))
        .where(exp.Exists(this=unaddressed))
    )


def _parquet(parameter: str, alias: str) -> exp.Expr:
    return exp.alias_(exp.Table(this=parquet(exp.Placeholder(this=parameter))), alias)
