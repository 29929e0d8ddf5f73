"""What records leave open, as rows (`kb.silence` says what is open): for each case a row for each subject left unsaid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from kb.engines.sql.schema import Table, Types, made_of
from kb.engines.sql.values import cast, conjunction, disjunction, star, together, unknown, with_rows
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
    has_value = [is_listed(predicate, types, i) or i == predicate.case_position for i in range(len(predicate.arguments))]
    unknown = tuple(a or not b for a, b in zip(stated.unknown, has_value, strict=True))
    return Table("", stated.types, stated.denials, unknown)


def is_listed(predicate: Predicate, types: Types, position: int) -> bool:
    """Whether the values of an argument are listed: it is of the subject, and of a domain."""
    return position in predicate.about and predicate.arguments[position].type in types.domains


@dataclass(frozen=True)
class Values:
    """The values (`v`) that are asked for of an argument: in every case, and in each (`id`).

    `alike`: no rule tells them apart, so where several are open, one of them is enough.
    """

    of_all: tuple[exp.Query, ...]
    of_case: tuple[exp.Query, ...]
    alike: bool = False


Asked = Mapping[int, Values]
"""The values of some arguments of a predicate that are asked for, where not all are."""


def stated_or_open(
    predicate: Predicate,
    relation: str,
    types: Types,
    stated: Mapping[str, Table],
    asked: Asked | None = None,
    cases: str = CASES,
) -> exp.Query:
    """The stated rows of a predicate or of its denials, and the open ones: either may turn out.

    `asked` leaves out what is open for other values; with a table of fewer `cases`, both are those of these cases.
    """
    open_ = _Open(predicate, types, stated.get(predicate.name), stated.get(f"-{predicate.name}"), asked or {}, cases)
    parts = list(open_.rows())
    if relation != predicate.name:
        flags = [exp.alias_(exp.false(), f"a{i}") for i in range(len(predicate.arguments))]
        parts = [part.select(*flags) for part in parts]
    table = stated.get(relation)
    if table is not None:
        known = exp.select(star("t")).from_(exp.alias_(exp.table_(table.name), "t"), copy=False)
        if cases != CASES:
            asking = exp.column("id", "a").eq(exp.column(f"c{predicate.case_position}", "t"))
            known = with_rows(known, exp.alias_(exp.table_(cases), "a"), asking, "SEMI")
        parts = [known, *parts]
    return together(parts, distinct=False)


def lists_subjects(predicate: Predicate, types: Types) -> bool:
    """Whether the subjects of a predicate can be listed: values of domains. A text can always be another one."""
    return all(i == predicate.case_position or is_listed(predicate, types, i) for i in predicate.about)


@dataclass(frozen=True)
class _Open:
    """What is open of one predicate."""

    predicate: Predicate
    types: Types
    facts: Table | None
    denials: Table | None
    asked: Asked
    cases: str

    def rows(self) -> Iterator[exp.Select]:
        """The open rows; where values are alike, some of them.

        Of a subject of which nothing is said whatever the values that are alike, one of them
        stands for all. Of another all that are open are listed, twice if a fact and a denial
        mention it.
        """
        if not self._alike:
            yield self._unspoken(self._subjects())
            return
        silent = self._subjects()
        for i in self._alike:
            one = together(self.asked[i].of_all).order_by("v").limit(1)
            silent = with_rows(silent, one.subquery(f"d{i}"), kind="CROSS")
        for number, table in enumerate(self._said):
            silent = self._mentioned(silent, table, f"m{number}", "ANTI")
        yield self._selected(silent)
        for table in self._said:
            yield self._unspoken(self._mentioned(self._subjects(), table, "m", "SEMI"))

    @property
    def _said(self) -> list[Table]:
        return [table for table in (self.facts, self.denials) if table is not None]

    @property
    def _alike(self) -> list[int]:
        return [i for i, values in self.asked.items() if values.alike]

    @cached_property
    def _values(self) -> list[Expr]:
        """What stands in each column."""
        values: list[Expr] = []
        for i, argument in enumerate(self.predicate.arguments):
            if i == self.predicate.case_position:
                values.append(exp.column("id", "c"))
            elif self._is_listed(i):
                values.append(exp.column("v", f"d{i}"))
            else:
                values.append(cast(exp.null(), self.types[argument.type]))
        return values

    def _is_listed(self, position: int) -> bool:
        return is_listed(self.predicate, self.types, position)

    def _subjects(self) -> exp.Select:
        """Each case with each subject that is asked for, but for the values that are alike."""
        select = exp.select().from_(exp.alias_(exp.table_(self.cases), "c"))
        for i in range(len(self._values)):
            if self._is_listed(i) and i not in self._alike:
                select = self._join_values(select, i)
        return select

    def _unspoken(self, select: exp.Select) -> exp.Select:
        """Those subjects, with the values that are alike, of which nothing is said."""
        for i in self._alike:
            select = self._join_values(select, i)
        for number, table in enumerate(self._said):
            select = self._without_spoken(select, table, f"s{number}")
        return self._selected(self._without_denied(select) if self.denials is not None else select)

    def _selected(self, select: exp.Select) -> exp.Select:
        return select.select(*(exp.alias_(value.copy(), f"c{i}") for i, value in enumerate(self._values)))

    def _join_values(self, select: exp.Select, i: int) -> exp.Select:
        """With each value of a domain, or with those that are asked for of the case."""
        asked, alias = self.asked.get(i), f"d{i}"
        domain = exp.alias_(exp.table_(domain_table(self.types[self.predicate.arguments[i].type])), alias)
        if asked is None:
            return with_rows(select, domain, kind="CROSS")
        if not asked.of_all and not asked.of_case:
            return with_rows(select, domain, exp.false())
        if not asked.of_case:
            return with_rows(select, together(asked.of_all).subquery(alias), kind="CROSS")
        of_all = (
            exp.select("id", "v").from_(self.cases).join(query.subquery("k"), join_type="CROSS") for query in asked.of_all
        )
        rows = together([*asked.of_case, *of_all])
        return with_rows(select, rows.subquery(alias), exp.column("id", alias).eq(exp.column("id", "c")))

    def _mentioned(self, select: exp.Select, table: Table, alias: str, kind: str) -> exp.Select:
        """Those subjects (SEMI) or the others (ANTI) that a row mentions, whatever stands for the values that are alike."""
        on = list[Expr]()
        for i in self.predicate.about:
            if i not in self._alike:
                fits: Expr = exp.column(f"c{i}", alias).eq(self._values[i].copy())
                is_case = i == self.predicate.case_position
                on.append(disjunction(exp.column(f"a{i}", alias), fits) if table.denials and not is_case else fits)
        return with_rows(select, exp.alias_(exp.table_(table.name), alias), conjunction(*on), kind)

    def _without_spoken(self, select: exp.Select, table: Table, alias: str) -> exp.Select:
        """Without the subjects that a row names whole; a subject that has a text or a number can always be another one."""
        if not lists_subjects(self.predicate, self.types):
            return select
        on = [exp.column(f"c{i}", alias).eq(self._values[i].copy()) for i in self.predicate.about]
        return with_rows(select, exp.alias_(exp.table_(table.name), alias), conjunction(*on), "ANTI")

    def _without_denied(self, select: exp.Select) -> exp.Select:
        """Without the subjects that a denial with `_` covers."""
        assert self.denials is not None
        alias, on = "n", list[Expr]()
        for i in self.predicate.about:
            value, column, is_any = self._values[i], exp.column(f"c{i}", alias), exp.column(f"a{i}", alias)
            if i == self.predicate.case_position:
                on.append(column.eq(value.copy()))
            elif self._is_listed(i):
                on.append(disjunction(is_any, column.eq(value.copy())))
            else:
                on.append(disjunction(is_any, unknown(column)))
        flags = [exp.column(f"a{i}", alias) for i in self.predicate.about if i != self.predicate.case_position]
        if not flags:
            return select
        on.append(disjunction(*flags))
        return with_rows(select, exp.alias_(exp.table_(self.denials.name), alias), conjunction(*on), "ANTI")
