"""What records leave open, as rows (`kb.silence` says what is open): for each case a row for each subject left unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from kb.engines.sql.schema import Table, Types, made_of
from kb.engines.sql.values import cast, conjunction, disjunction, together, unknown, with_rows
from kb.language.program import Predicate

Expr = exp.Expr

CASES = "cases"
"""The table of the cases at hand, with a column `id`."""


def domain_table(kind: str) -> str:
    """The table that lists the values of a domain, in the column `v`."""
    return f"values_{kind}"


def domain_rows(kind: str) -> exp.Create:
    """The statement that makes the table of a domain's values."""
    # `enum_range` gives texts, which compare as texts do.
    listed = exp.func("UNNEST", exp.func("enum_range", cast(exp.null(), kind)))
    rows = exp.select(exp.alias_(cast(listed, kind), "v"))
    return made_of(domain_table(kind), rows)


def open_table(predicate: Predicate, types: Types, stated: Table) -> Table:
    """The table of what is stated or open of a predicate, or of its denials: `?` stands where no subject tells the value."""
    subject = [i in predicate.about and argument.type in types.domains for i, argument in enumerate(predicate.arguments)]
    has_value = [is_subject or i == predicate.case_position for i, is_subject in enumerate(subject)]
    unknown = tuple(a or not b for a, b in zip(stated.unknown, has_value, strict=True))
    return Table("", stated.types, stated.denials, unknown)


@dataclass(frozen=True)
class Values:
    """The values (`v`) that are asked for of an argument: in every case, and in each (`id`)."""

    of_all: tuple[exp.Query, ...]
    of_case: tuple[exp.Query, ...]


Asked = Mapping[int, Values]
"""The values of some arguments of a predicate that are asked for, where not all are."""


def stated_or_open(
    predicate: Predicate, relation: str, types: Types, stated: Mapping[str, Table], asked: Asked | None = None
) -> exp.Query:
    """The stated rows of a predicate or of its denials, and the open ones of every case: either may turn out.

    `asked` leaves out what is open for other values.
    """
    rows = _open(predicate, types, stated.get(predicate.name), stated.get(f"-{predicate.name}"), asked or {})
    if relation != predicate.name:
        rows = rows.select(*(exp.alias_(exp.false(), f"a{i}") for i in range(len(predicate.arguments))))
    table = stated.get(relation)
    return rows if table is None else together([exp.select("*").from_(table.name), rows], distinct=False)


def _open(predicate: Predicate, types: Types, facts: Table | None, denials: Table | None, asked: Asked) -> exp.Select:
    values: list[Expr] = []
    select = exp.select().from_(exp.alias_(exp.table_(CASES), "c"))
    for i, argument in enumerate(predicate.arguments):
        kind = types[argument.type]
        if i == predicate.case_position:
            values.append(exp.column("id", "c"))
        elif i in predicate.about and argument.type in types.domains:
            select = _join_values(select, kind, f"d{i}", asked.get(i))
            values.append(exp.column("v", f"d{i}"))
        else:
            values.append(cast(exp.null(), kind))
    for number, table in enumerate(each for each in (facts, denials) if each is not None):
        select = _without_spoken(select, predicate, types, table, values, f"s{number}")
    if denials is not None:
        select = _without_denied(select, predicate, denials, values)
    return select.select(*(exp.alias_(value.copy(), f"c{i}") for i, value in enumerate(values)))


def _join_values(select: exp.Select, kind: str, alias: str, asked: Values | None) -> exp.Select:
    """With each value of a domain, or with those that are asked for of the case."""
    if asked is None:
        return with_rows(select, exp.alias_(exp.table_(domain_table(kind)), alias), kind="CROSS")
    if not asked.of_all and not asked.of_case:
        return with_rows(select, exp.alias_(exp.table_(domain_table(kind)), alias), exp.false())
    if not asked.of_case:
        return with_rows(select, together(asked.of_all).subquery(alias), kind="CROSS")
    of_all = (exp.select("id", "v").from_(CASES).join(query.subquery("k"), join_type="CROSS") for query in asked.of_all)
    rows = together([*asked.of_case, *of_all])
    return with_rows(select, rows.subquery(alias), exp.column("id", alias).eq(exp.column("id", "c")))


def _without_spoken(
    select: exp.Select, predicate: Predicate, types: Types, table: Table, values: list[Expr], alias: str
) -> exp.Select:
    """Without the subjects that a row names whole; a subject that has a text or a number can always be another one."""
    kinds = [predicate.arguments[i].type for i in predicate.about]
    if not all(kind in types.domains or kind == "case" for kind in kinds):
        return select
    on = [exp.column(f"c{i}", alias).eq(values[i].copy()) for i in predicate.about]
    return with_rows(select, exp.alias_(exp.table_(table.name), alias), conjunction(*on), "ANTI")


def _without_denied(select: exp.Select, predicate: Predicate, denials: Table, values: list[Expr]) -> exp.Select:
    """Without the subjects that a denial with `_` covers."""
    alias, on = "n", list[Expr]()
    for i in predicate.about:
        column, is_any = exp.column(f"c{i}", alias), exp.column(f"a{i}", alias)
        if i == predicate.case_position:
            on.append(column.eq(values[i].copy()))
        elif isinstance(values[i], exp.Column):
            on.append(disjunction(is_any, column.eq(values[i].copy())))
        else:
            on.append(disjunction(is_any, unknown(column)))
    flags = [exp.column(f"a{i}", alias) for i in predicate.about if i != predicate.case_position]
    if not flags:
        return select
    on.append(disjunction(*flags))
    return with_rows(select, exp.alias_(exp.table_(denials.name), alias), conjunction(*on), "ANTI")
