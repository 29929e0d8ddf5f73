"""The premises of a body as joins, in an order in which each is bound in time (`kb.engines.ordering`).

A literal that lists rows joins its table; `not p` and `-p` are anti- and semi-joins; an
aggregate is a query over the rows of its group. A variable is the expression that now
holds its value: where `?` may stand for any value (lenient), a further occurrence makes
it the meet of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING

from sqlglot import exp

from kb.engines.ordering import ordered
from kb.engines.sql.aggregates import Aggregated, Grouped, Key
from kb.engines.sql.schema import CASE_NUMBER, DATE, NUMBER, term_type, variable_types
from kb.engines.sql.values import (
    COMPARED,
    cast,
    conjunction,
    constant,
    disjunction,
    known,
    or_unknown,
    product_in_range,
    shifted,
    shifted_by,
    sum_in_range,
    with_rows,
)
from kb.engines.sql.values import value as value_of
from kb.language import syntax as s
from kb.language.variables import shared_variables, with_binders

if TYPE_CHECKING:
    from kb.engines.sql.compiler import Compiler

Expr = exp.Expr


@dataclass(frozen=True, slots=True)
class Held:
    """What holds the value of a variable or a term, and whether that may be `?`."""

    expression: Expr
    unknown: bool

    @property
    def value(self) -> Expr:
        """The expression, to be put into a tree."""
        return self.expression.copy()


@dataclass(frozen=True, slots=True)
class _Source:
    """Rows that are joined: how (plainly, or as a semi- or anti-join), and on what."""

    rows: Expr
    on: tuple[Expr, ...]
    kind: str = ""


@dataclass
class Body:
    """A body that is being put together; `names` holds the variables that are bound so far."""

    compiler: Compiler
    types: Mapping[str, str]
    names: dict[str, Held] = field(default_factory=dict)
    aliases: count[int] = field(default_factory=count)
    _sources: list[_Source] = field(default_factory=list)
    _conditions: list[Expr] = field(default_factory=list)

    def add(
        self,
        body: tuple[s.Premise, ...],
        needed: frozenset[str] | None = None,
        delta: tuple[s.Literal, str] | None = None,
    ) -> None:
        """Adds the premises; with `needed`, what binds none of these variables only filters."""
        pending = ordered(body, self.compiler.size)
        while pending:
            premise = pending.pop(0)
            if isinstance(premise, s.Comparison):
                self._comparison(premise)
            elif isinstance(premise, s.Aggregate):
                self._aggregate(premise, body)
            elif not premise.lists:
                self._sources.append(self._test(premise))
            else:
                together = [premise, *pending]
                filtering = self._filtering(together, needed) if needed is not None and delta is None else ()
                rest = [each for each in pending if not any(each is other for other in filtering)]
                source = self._filter(filtering, rest, needed or frozenset()) if filtering and self._sources else None
                if source is not None:
                    self._sources.append(source)
                    pending = rest
                else:
                    is_delta = delta is not None and premise is delta[0]
                    self._sources.append(self._list(premise, delta[1] if delta is not None and is_delta else ""))

    def select(self, columns: Iterable[Expr]) -> exp.Select:
        """Some expressions for each way in which the body holds."""
        select = exp.select(*columns)
        conditions = list(self._conditions)
        for number, source in enumerate(self._sources):
            if number == 0 and not source.kind:
                select = select.from_(source.rows, copy=False)
                conditions += source.on
                continue
            if number == 0:
                select = select.from_(exp.alias_(exp.select(exp.true()).subquery(), "t"))
            kind = source.kind or ("INNER" if source.on else "CROSS")
            on = conjunction(*source.on) if source.on else None if kind == "CROSS" else exp.true()
            with_rows(select, source.rows, on, kind)
        return select.where(*conditions, copy=False) if conditions else select

    # Literals

    def _list(self, literal: s.Literal, table: str = "") -> _Source:
        """A literal that lists rows: binds its variables."""
        stored, alias, on = self.compiler.tables[literal.atom.relation], f"t{next(self.aliases)}", list[Expr]()
        for number, (term, kind) in enumerate(zip(literal.atom.terms, stored.types, strict=True)):
            column = Held(exp.column(f"c{number}", alias), stored.unknown[number])
            if isinstance(term, s.Constant):
                on.append(self._equal(column, Held(constant(term, kind), False), literal.lenient))
            elif isinstance(term, s.Variable):
                on += self._bind(term, column, literal.lenient)
        return _Source(exp.alias_(exp.table_(table or stored.name), alias), tuple(on))

    def _bind(self, variable: s.Variable, column: Held, lenient: bool) -> list[Expr]:
        """The variable takes the column's value, or the meet of both; what has to hold for that."""
        former, conditions = self.names.get(variable.name), list[Expr]()
        if not lenient and not variable.is_anonymous and column.unknown:
            conditions.append(known(column.value))
            column = replace(column, unknown=False)
        if former is None:
            self.names[variable.name] = column
            return conditions
        sides = [each.value for each in ((former, column) if lenient else (former,)) if each.unknown]
        conditions.append(or_unknown(former.value.eq(column.value), *sides))
        if former.unknown:
            meet = exp.func("COALESCE", former.value, column.value)
            self.names[variable.name] = Held(meet, column.unknown)
        return conditions

    @staticmethod
    def _equal(left: Held, right: Held, lenient: bool) -> Expr:
        sides = [each.value for each in (left, right) if each.unknown and lenient]
        return or_unknown(left.value.eq(right.value), *sides)

    def _test(self, literal: s.Literal) -> _Source:
        """`not p(…)` or `-p(…)`: whether a row fits, for variables that are bound already."""
        table, alias, fits = self.compiler.tables[literal.atom.relation], f"t{next(self.aliases)}", list[Expr]()
        for number, (term, kind) in enumerate(zip(literal.atom.terms, table.types, strict=True)):
            if isinstance(term, s.Variable) and term.is_anonymous:
                continue
            given = Held(constant(term, kind), False) if isinstance(term, s.Constant) else self._term(term)
            stored = Held(exp.column(f"c{number}", alias), table.unknown[number])
            same = self._equal(stored, given, literal.lenient)
            if table.denials and kind != CASE_NUMBER:
                # The `_` of a denial fits every value; its column is NULL as that of `?` is.
                same = disjunction(
                    exp.column(f"a{number}", alias), same if literal.lenient else conjunction(known(stored.value), same)
                )
            fits.append(same)
        return _Source(exp.alias_(exp.table_(table.name), alias), tuple(fits), "ANTI" if literal.negated else "SEMI")

    # Semi-joins

    def _filtering(self, premises: list[s.Premise], needed: frozenset[str]) -> tuple[s.Premise, ...]:
        """The first premise with all that hang on what only it binds; none, if a needed variable is among that."""
        group, fresh = [premises[0]], self._fresh(premises[0])
        rest = premises[1:]
        while True:
            if fresh & needed:
                return ()
            joined = [each for each in rest if not fresh.isdisjoint(self._fresh(each))]
            if not joined:
                return tuple(group)
            group += joined
            rest = [each for each in rest if not any(each is other for other in joined)]
            fresh = fresh.union(*map(self._fresh, joined))

    def _fresh(self, premise: s.Premise) -> frozenset[str]:
        """The variables of a premise that are not bound yet."""
        names = {v.name for v in s.premise_variables(premise) if not v.is_anonymous}
        if isinstance(premise, s.Aggregate):
            names |= {v.name for term in (*premise.terms, premise.bound) for v in s.term_variables(term)}
            names |= {v.name for inner in premise.body for v in s.premise_variables(inner) if not v.is_anonymous}
        return frozenset(names - self.names.keys())

    def _filter(self, group: tuple[s.Premise, ...], rest: list[s.Premise], needed: frozenset[str]) -> _Source | None:
        """The premises as one semi-join; None where that would not be the same for the `rest` or what is `needed`."""
        if any(isinstance(each, s.Aggregate) for each in group):
            return None
        listing = s.listing(group)
        links = {v.name for each in listing for v in s.premise_variables(each)} & self.names.keys()
        is_lenient = any(each.lenient for each in group)
        loose = {name for name in links if is_lenient and self.names[name].unknown}
        further = needed.union(v.name for each in rest for v in s.premise_variables(each))
        if loose & further:
            return None  # a `?` that these premises turn into a value for others
        if len(listing) == 1 and all(isinstance(each, s.Comparison) for each in group if each is not listing[0]):
            inner = Body(self.compiler, self.types, dict(self.names), self.aliases)
            source = inner._list(listing[0])
            for comparison in group:
                if isinstance(comparison, s.Comparison):
                    inner._comparison(comparison)
            return _Source(source.rows, (*source.on, *inner._conditions), "SEMI")
        # Several are joined to one another before they are joined to this: where it has a `?`, that would not do.
        return None if loose else self._filter_of_several(group, links)

    def _filter_of_several(self, group: tuple[s.Premise, ...], links: set[str]) -> _Source | None:
        own = {v.name for each in s.listing(group) for v in s.premise_variables(each)}
        if not {v.name for each in group for v in s.premise_variables(each) if not v.is_anonymous} <= own:
            return None
        inner, alias = Body(self.compiler, self.types), f"t{next(self.aliases)}"
        inner.add(group, frozenset(links))
        if any(inner.names[name].unknown for name in links):
            return None
        names = sorted(links)
        columns = [exp.alias_(inner.names[name].value, f"k{i}") for i, name in enumerate(names)]
        on = [self.names[name].value.eq(exp.column(f"k{i}", alias)) for i, name in enumerate(names)]
        rows = inner.select(columns or [exp.alias_(exp.true(), "k0")])
        return _Source(rows.subquery(alias, copy=False), tuple(on), "SEMI")

    # Comparisons

    def _comparison(self, premise: s.Comparison) -> None:
        if premise.op == "=":
            sides = ((premise.left, premise.right), (premise.right, premise.left))
            for side, other in sides:
                if isinstance(side, s.Variable) and side.name not in self.names:
                    self.names[side.name] = self._term(other, premise.type)
                    return
            if premise.lenient:
                for side, other in sides:
                    if isinstance(side, s.Variable):
                        self._conditions += self._bind(side, self._term(other, premise.type), lenient=True)
                        return
        left, right = self._term(premise.left, premise.type), self._term(premise.right, premise.type)
        self._conditions.append(compared(premise.op, left, right, premise.lenient))

    def _term(self, term: s.Term, kind: str = "") -> Held:
        """The value of a term; NULL when any part of it is."""
        if isinstance(term, s.Constant):
            natural = term_type(term, self.types)
            return Held(value_of(term.value, self.compiler.types[kind] if kind else natural), False)
        if isinstance(term, s.Variable):
            return self.names[term.name]
        left, right = self._term(term.left), self._term(term.right)
        kinds = term_type(term.left, self.types), term_type(term.right, self.types)
        if DATE not in kinds:
            computed = _number(term.op, left.value, right.value)
        elif kinds == (DATE, DATE):
            computed = cast(exp.DateDiff(this=left.value, expression=right.value, unit=exp.var("DAY")), NUMBER)
        elif kinds[0] == DATE:
            computed = _moved(term.op, left.value, right.value, term.right)
        else:
            computed = _moved(term.op, right.value, left.value, term.left)
        return Held(computed, left.unknown or right.unknown)

    # Aggregates

    def _aggregate(self, premise: s.Aggregate, body: tuple[s.Premise, ...]) -> None:
        """The aggregate is an expression over what is known of the elements of its group."""
        groups = tuple(sorted(shared_variables(premise, body)))
        upper = self._grouped(premise, premise.body, groups, body)
        lower = self._grouped(premise, premise.lower, groups, body) if premise.lower is not None else None
        made = Aggregated(premise, upper, lower)
        if isinstance(premise.bound, s.Variable) and premise.bound.name not in self.names:
            self.names[premise.bound.name] = Held(made.value, premise.lenient)
            if not premise.lenient:
                self._conditions.append(known(made.value))
            elif premise.function in ("min", "max"):
                self._conditions.append(upper.some())
            return
        kind = premise.type if premise.function in ("min", "max") else "number"
        self._conditions.append(made.holds(self._term(premise.bound, kind).value))

    def _grouped(
        self, premise: s.Aggregate, elements: tuple[s.Premise, ...], groups: tuple[str, ...], body: tuple[s.Premise, ...]
    ) -> Grouped:
        """The elements with the variables of their groups."""
        compiler, terms = self.compiler, tuple(dict.fromkeys(v.name for t in premise.terms for v in s.term_variables(t)))
        elements = with_binders(elements, (*groups, *terms), body)
        inner = Body(compiler, variable_types(compiler.types, elements, compiler.column_types))
        inner.add(elements)
        if not any(each.lenient for each in elements):
            for name in s.body_variables(elements):
                if not name.startswith("_") and inner.names[name].unknown:
                    inner._conditions.append(known(inner.names[name].value))
                    inner.names[name] = replace(inner.names[name], unknown=False)
        keys = [exp.alias_(inner.names[name].value, f"g{i}") for i, name in enumerate(groups)]
        parts = [inner._term(term) for term in premise.terms]
        values = [exp.alias_(part.value, f"e{i}") for i, part in enumerate(parts)]
        shared = tuple(
            Key(held.value, held.unknown, inner.names[name].unknown)
            for name, held in ((name, self.names[name]) for name in groups)
        )
        rows = inner.select([*keys, *values]).distinct()
        made = Grouped(premise, rows, shared, tuple(part.unknown for part in parts), f"t{next(self.aliases)}")
        self._sources.append(_Source(made.rows, made.on, "LEFT"))
        return made


def compared(op: str, left: Held, right: Held, lenient: bool) -> Expr:
    """`left op right`. With `?` on a side: whether lenient."""
    holds: Expr = COMPARED[op](this=left.value, expression=right.value)
    sides = [each.value for each in (left, right) if each.unknown and lenient]
    return or_unknown(holds, *sides)


_FACTOR = "DECIMAL(38, 6)"
"""The type of a factor: of narrower ones DuckDB gives a product no more digits than they have."""
_TERM = "DECIMAL(24, 6)"
"""The type of what is added: wide enough for the sum of any two."""


def _number(op: str, left: Expr, right: Expr) -> Expr:
    """Arithmetic on numbers; leaving the range is an error."""
    if op == "*":
        return product_in_range(exp.Mul(this=cast(left, _FACTOR), expression=cast(right, _FACTOR)))
    return sum_in_range((exp.Add if op == "+" else exp.Sub)(this=cast(left, _TERM), expression=cast(right, _TERM)))


def _moved(op: str, day: Expr, days: Expr, number: s.Term) -> Expr:
    """A day some number of days later or earlier; leaving the calendar is an error."""
    is_plain = isinstance(day, exp.Column) or (isinstance(day, exp.Cast) and isinstance(day.this, exp.Literal))
    if is_plain and isinstance(number, s.Constant) and isinstance(number.value, Decimal):
        whole = int(number.value)
        if whole == number.value:
            return shifted_by(day, -whole if op == "-" else whole)
    return shifted(day, exp.Neg(this=exp.paren(days)) if op == "-" else days)
