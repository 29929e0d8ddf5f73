"""One body to one query: its rows are the body's ground instances, as in the other engines.

Premises are taken in the order in which each is bound in time (`kb.engines.ordering`).
A literal that lists rows joins its table; `not p` and `-p` become semi- and anti-joins
(EXISTS); an aggregate is a join with its groups. A variable is the expression that now
holds its value: where `?` may stand for any value (lenient), a further occurrence makes
it the meet of both. sqlglot builds the syntax trees and writes the dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import count

from sqlglot import exp

from kb.engines.computed import OPPOSITE
from kb.engines.ordering import ordered
from kb.engines.sql.schema import DATE, NUMBER, Table, term_type, variable_types
from kb.language import syntax as s
from kb.language.program import Domain
from kb.language.values import DIGITS_AFTER, DIGITS_BEFORE, Value
from kb.language.variables import shared_variables, with_binders

Expr = exp.Expr

_COMPARED: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip
_Holds = Callable[[exp.Expr], exp.Expr]
OUT_OF_RANGE = "medproof: a number leaves its range"


@dataclass
class Compiler:
    """Compiles the bodies of one program. `sizes` estimates how many rows a relation has."""

    tables: Mapping[str, Table]
    domains: Mapping[str, Domain]
    sizes: Mapping[str, int] = field(default_factory=dict)

    def query(
        self, body: tuple[s.Premise, ...], variables: tuple[str, ...], delta: tuple[s.Literal, str] | None = None
    ) -> exp.Select:
        """The distinct values of some variables for which a body holds; `delta` names another table for one literal."""
        made = _Body(self, variable_types(body, self.types))
        made.add(body, delta)
        columns = [exp.alias_(made.names[name], f"v{i}") for i, name in enumerate(variables)]
        return made.select(columns or [exp.alias_(exp.true(), "v0")])

    @cached_property
    def types(self) -> dict[str, tuple[str, ...]]:
        """The types of the columns of each relation."""
        return {name: table.types for name, table in self.tables.items()}

    def size(self, atom: s.Atom) -> int:
        """How many rows a relation has, as far as anybody knows."""
        return self.sizes.get(atom.relation, 1_000)


@dataclass
class _Body:
    compiler: Compiler
    types: Mapping[str, str]
    sources: list[Expr] = field(default_factory=list)
    conditions: list[Expr] = field(default_factory=list)
    names: dict[str, Expr] = field(default_factory=dict)
    _aliases: count[int] = field(default_factory=count)

    def add(self, body: tuple[s.Premise, ...], delta: tuple[s.Literal, str] | None = None) -> None:
        for premise in ordered(body, self.compiler.size):
            if isinstance(premise, s.Comparison):
                self._comparison(premise)
            elif isinstance(premise, s.Aggregate):
                self._aggregate(premise, body)
            elif not premise.lists:
                self._test(premise)
            else:
                self._list(premise, delta[1] if delta is not None and premise is delta[0] else "")

    def select(self, columns: list[Expr]) -> exp.Select:
        """The distinct values of some expressions for which the body holds."""
        select = exp.select(*columns).distinct()
        for number, source in enumerate(self.sources):
            select = select.from_(source) if number == 0 else select.join(source, join_type="cross")
        return select.where(*self.conditions) if self.conditions else select

    def _alias(self) -> str:
        return f"t{next(self._aliases)}"

    # Literals

    def _list(self, literal: s.Literal, table: str) -> None:
        """A literal that lists rows: binds its variables."""
        known, alias = self.compiler.tables[literal.atom.relation], self._alias()
        self.sources.append(exp.alias_(exp.to_table(table or known.name), alias))
        for number, term in enumerate(literal.atom.terms):
            column = exp.column(f"c{number}", alias)
            if isinstance(term, s.Constant):
                same = column.eq(_value(term.value))
                self.conditions.append(_or_unknown(same, column) if literal.lenient else same)
            elif isinstance(term, s.Variable):
                self._bind(term, column, literal.lenient)

    def _bind(self, variable: s.Variable, column: Expr, lenient: bool) -> None:
        """The variable takes the column's value, or the meet of both."""
        former = self.names.get(variable.name)
        if not lenient and not variable.is_anonymous:
            self.conditions.append(_known(column))
        if former is None:
            self.names[variable.name] = column
            return
        same = former.copy().eq(column.copy())
        self.conditions.append(_or_unknown(same, former, column) if lenient else _or_unknown(same, former))
        self.names[variable.name] = exp.func("COALESCE", former.copy(), column.copy())

    def _test(self, literal: s.Literal) -> None:
        """`not p(…)` or `-p(…)`: whether a row fits, for variables that are bound already."""
        table, alias = self.compiler.tables[literal.atom.relation], self._alias()
        fits: list[Expr] = []
        for number, term in enumerate(literal.atom.terms):
            if isinstance(term, s.Variable) and term.is_anonymous:
                continue
            given = _value(term.value) if isinstance(term, s.Constant) else self.names[getattr(term, "name", "")].copy()
            stored = exp.column(f"c{number}", alias)
            same: Expr = stored.eq(given)
            if literal.lenient:
                same = _or_unknown(same, stored, given)
            if table.denials:
                flag = exp.column(f"a{number}", alias)
                # The `_` of a denial fits every value; its column is NULL as that of `?` is.
                same = exp.or_(flag, same if literal.lenient else exp.and_(_known(stored), same))
            fits.append(same)
        row = exp.select(exp.Literal.number(1)).from_(exp.alias_(exp.to_table(table.name), alias))
        found: Expr = exp.Exists(this=row.where(*fits) if fits else row)
        self.conditions.append(exp.not_(found) if literal.negated else found)

    # Comparisons

    def _comparison(self, premise: s.Comparison) -> None:
        if premise.op == "=":
            for side, other in ((premise.left, premise.right), (premise.right, premise.left)):
                if isinstance(side, s.Variable) and side.name not in self.names:
                    self.names[side.name] = self.term(other)
                    return
            if premise.lenient:
                for side, other in ((premise.left, premise.right), (premise.right, premise.left)):
                    if isinstance(side, s.Variable):
                        self._bind(side, self.term(other), lenient=True)
                        return
        left, right = self.term(premise.left), self.term(premise.right)
        self.conditions.append(self._compared(premise.op, left, right, premise.type, premise.lenient))

    def _compared(self, op: str, left: Expr, right: Expr, kind: str, lenient: bool) -> Expr:
        """`left op right`; of an ordered domain by rank. With `?` on a side: whether lenient."""
        domain = self.compiler.domains.get(kind)
        if domain is not None and domain.ordered and op not in ("=", "!="):
            left, right = _rank(domain, left), _rank(domain, right)
        holds: Expr = _COMPARED[op](this=left.copy(), expression=right.copy())
        return _or_unknown(holds, left, right) if lenient else holds

    def term(self, term: s.Term) -> Expr:
        """The value of a term; NULL when any part of it is."""
        if isinstance(term, s.Constant):
            return _value(term.value)
        if isinstance(term, s.Variable):
            return self.names[term.name].copy()
        left, right = self.term(term.left), self.term(term.right)
        kinds = term_type(term.left, self.types), term_type(term.right, self.types)
        if kinds == (DATE, DATE):
            return exp.cast(exp.DateDiff(this=left, expression=right, unit=exp.var("DAY")), NUMBER)
        if DATE in kinds:
            day, days = (left, right) if kinds[0] == DATE else (right, left)
            return _shifted(day, exp.Neg(this=exp.paren(days)) if term.op == "-" else days)
        kind = {"+": exp.Add, "-": exp.Sub, "*": exp.Mul}[term.op]
        wide = "DECIMAL(38, 12)" if term.op == "*" else "DECIMAL(24, 6)"
        if term.op == "*":
            left, right = exp.cast(left, NUMBER), exp.cast(right, NUMBER)
        return _in_range(exp.cast(exp.paren(kind(this=left, expression=right)), wide))

    # Aggregates

    def _aggregate(self, premise: s.Aggregate, body: tuple[s.Premise, ...]) -> None:
        """The groups with what is known of their elements are joined; the aggregate is an expression over that."""
        groups = tuple(sorted(shared_variables(premise, body)))
        upper = self._grouped(premise, premise.body, groups, body)
        is_bound = premise.lower is not None
        lower = self._grouped(premise, premise.lower, groups, body) if premise.lower is not None else upper
        value, holds = _Aggregate(self, premise, upper, lower, is_bound).made()
        if isinstance(premise.bound, s.Variable) and premise.bound.name not in self.names:
            self.names[premise.bound.name] = value
            if not premise.lenient:
                self.conditions.append(_known(value))
            elif premise.function in ("min", "max"):
                self.conditions.append(upper.some())
            return
        self.conditions.append(holds(self.term(premise.bound)))

    def _grouped(
        self, premise: s.Aggregate, elements: tuple[s.Premise, ...], groups: tuple[str, ...], body: tuple[s.Premise, ...]
    ) -> _Group:
        """The join with the groups of some elements."""
        compiler, terms = self.compiler, tuple(dict.fromkeys(v.name for t in premise.terms for v in s.term_variables(t)))
        elements = with_binders(elements, (*groups, *terms), body)
        inner = _Body(compiler, variable_types(elements, compiler.types))
        inner.add(elements)
        for name in s.body_variables(elements):
            if not name.startswith("_") and not any(p.lenient for p in elements):
                inner.conditions.append(_known(inner.names[name]))
        keys = [exp.alias_(inner.names[name], f"g{i}") for i, name in enumerate(groups)]
        values = [exp.alias_(inner.term(term), f"e{i}") for i, term in enumerate(premise.terms)]
        return _Group(
            premise, inner.select([*keys, *values]), [self.names[name] for name in groups], len(premise.terms), self._alias()
        )


@dataclass
class _Group:
    """The elements of an aggregate by group: correlated queries over them, for the group of the row at hand."""

    premise: s.Aggregate
    elements: exp.Select
    given: list[Expr]
    arity: int
    alias: str

    def of(self, *columns: Expr, fuzzy: bool = False) -> exp.Select:
        """Something of the elements of the group; `fuzzy`: of those of other groups that `?` may make this one's."""
        source = self.elements.copy().subquery(self.alias)
        keys = [exp.column(f"g{i}", self.alias) for i in range(len(self.given))]
        pairs = list(zip(keys, self.given, strict=True))
        exact = [exp.NullSafeEQ(this=key.copy(), expression=given.copy()) for key, given in pairs]
        select = exp.select(*columns).from_(source)
        if not fuzzy:
            return select.where(*exact) if exact else select
        near = [_or_unknown(key.copy().eq(given.copy()), key, given) for key, given in pairs]
        return select.where(*near, exp.not_(exp.and_(*exact))) if exact else select.where(exp.false())

    def element(self, number: int = 0) -> Expr:
        """A part of an element."""
        return exp.column(f"e{number}", self.alias)

    def number(self) -> Expr:
        """How many elements the group has."""
        return self.of(exp.cast(exp.Count(this=exp.Star()), NUMBER)).subquery()

    def some(self) -> Expr:
        """Whether there is an element, or may be one."""
        one = exp.Literal.number(1)
        return exp.or_(exp.Exists(this=self.of(one)), exp.Exists(this=self.of(one.copy(), fuzzy=True)))

    def is_open(self) -> Expr:
        """Whether some element has a value that is not stated."""
        unknown = exp.or_(*(_unknown(self.element(number)) for number in range(self.arity)))
        one = exp.Literal.number(1)
        return exp.or_(exp.Exists(this=self.of(one).where(unknown)), exp.Exists(this=self.of(one.copy(), fuzzy=True)))


@dataclass
class _Aggregate:
    """What an aggregate is, and whether it compares, for a true set between two (`kb.engines.computed`)."""

    body: _Body
    premise: s.Aggregate
    upper: _Group
    lower: _Group
    is_bound: bool

    def made(self) -> tuple[Expr, _Holds]:
        """The value (NULL where there is none, or none is known), and the test against a bound."""
        value = self.value(self.upper)
        if self.is_bound:
            value = exp.Case(ifs=[exp.If(this=self.is_exact(), true=value)])
        return value, self.holds

    def is_exact(self) -> Expr:
        """Whether the set is known: the certain elements are among the possible ones."""
        same = self.upper.number().eq(self.lower.number())
        return exp.and_(same, exp.not_(self.upper.is_open()))

    def value(self, group: _Group) -> Expr:
        """The aggregate over a known set; NULL for the smallest or largest of nothing."""
        function, first = self.premise.function, group.element()
        if function == "count":
            return group.number()
        if function == "sum":
            total = exp.func("COALESCE", exp.Sum(this=first), exp.Literal.number(0))
            return group.of(_in_range(exp.cast(total, "DECIMAL(38, 6)"))).subquery()
        domain = self.body.compiler.domains.get(self.premise.type)
        best = exp.Min if function == "min" else exp.Max
        if domain is None or not domain.ordered:
            return group.of(best(this=first)).subquery()
        return _at(domain, group.of(best(this=_rank(domain, first))).subquery())

    def holds(self, bound: Expr) -> Expr:
        """Whether `#f {…} op bound`: lenient for some set between the two, strict for all."""
        node = self.premise
        exactly = self._compared(self.value(self.upper), bound, node.op, lenient=False)
        if not self.is_bound:
            return exactly
        if node.lenient:
            open_ = self.some_set_satisfies(node.op, bound)
            return _case(self.is_exact(), _or_unknown(exactly, bound), exp.or_(_unknown(bound), open_))
        sure = exp.true() if node.function in ("count", "sum") else exp.Exists(this=self.lower.of(exp.Literal.number(1)))
        never = exp.not_(self.some_set_satisfies(OPPOSITE[node.op], bound))
        return _case(self.is_exact(), exactly, exp.and_(_known(bound), sure, never))

    def _compared(self, left: Expr, right: Expr, op: str, lenient: bool) -> Expr:
        return self.body._compared(op, left, right, self.premise.type, lenient)

    def some_set_satisfies(self, op: str, bound: Expr) -> Expr:
        """Whether it may hold for a set between the two; never false when it can."""
        function = self.premise.function
        if function == "sum" or op == "!=" or (op == "=" and function != "count"):
            return exp.true()
        if function == "count":
            least: Expr = _COMPARED[{"=": "<="}.get(op, op)](this=self.lower.number(), expression=bound.copy())
            most: Expr = _COMPARED[{"=": ">="}.get(op, op)](this=self.upper.number(), expression=bound.copy())
            most = exp.or_(self.upper.is_open(), most)
            return least if op in ("<", "<=") else most if op in (">", ">=") else exp.and_(least, most)
        # More elements can only lower a minimum and raise a maximum.
        falling = op in ("<", "<=")
        known = self.lower if falling is (function == "max") else self.upper
        value = self.value(known)
        holds = exp.or_(_unknown(value), self._compared(value, bound, op, lenient=True))
        return exp.or_(self.upper.is_open(), holds) if known is self.upper else holds


def constant(term: s.Term) -> Expr:
    """The value of a constant."""
    assert isinstance(term, s.Constant), "arithmetic does not stand in an atom"
    return _value(term.value)


def _value(value: Value) -> Expr:
    """A constant of the language; `?` is NULL."""
    if isinstance(value, Decimal):
        return exp.cast(exp.Literal.number(format(value, "f")), NUMBER)
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), DATE)
    return exp.Literal.string(value) if isinstance(value, str) else exp.null()


def _known(what: Expr) -> Expr:
    return exp.not_(exp.Is(this=what.copy(), expression=exp.null()))


def _unknown(what: Expr) -> Expr:
    return exp.Is(this=what.copy(), expression=exp.null())


def _or_unknown(holds: Expr, *sides: Expr) -> Expr:
    return exp.or_(*(_unknown(side) for side in sides), holds)


def _case(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


def _rank(domain: Domain, what: Expr) -> Expr:
    """The position of a value in its ordered domain."""
    ranks = [exp.If(this=exp.Literal.string(value), true=exp.Literal.number(rank)) for value, rank in domain.rank.items()]
    return exp.Case(this=what.copy(), ifs=ranks)


def _at(domain: Domain, rank: Expr) -> Expr:
    """The value at a position of an ordered domain."""
    values = [exp.If(this=exp.Literal.number(n), true=exp.Literal.string(v)) for v, n in domain.rank.items()]
    return exp.Case(this=rank, ifs=values)


def _in_range(number: Expr) -> Expr:
    """The number, or an error when it has more digits than the language's numbers have."""
    limit = exp.Literal.number("1" + "0" * DIGITS_BEFORE)
    too_large = exp.GTE(this=exp.Abs(this=number.copy()), expression=limit)
    too_fine = exp.NEQ(this=exp.cast(number.copy(), "DECIMAL(38, 6)"), expression=number.copy())
    assert DIGITS_AFTER == 6
    failed = exp.cast(exp.func("ERROR", exp.Literal.string(OUT_OF_RANGE)), NUMBER)
    return _case(exp.or_(too_large, too_fine), failed, exp.cast(number, NUMBER))


def _shifted(day: Expr, days: Expr) -> Expr:
    """A day some days later, or an error when these are not whole, or the day leaves the calendar (years 1 to 9999)."""
    whole = exp.cast(days.copy(), "INTEGER")
    span = exp.DateDiff(this=exp.cast(exp.Literal.string("0001-01-01"), DATE), expression=day.copy(), unit=exp.var("DAY"))
    last = exp.DateDiff(this=exp.cast(exp.Literal.string("9999-12-31"), DATE), expression=day.copy(), unit=exp.var("DAY"))
    outside = exp.or_(
        exp.LT(this=days.copy(), expression=span), exp.GT(this=days.copy(), expression=last),
        exp.NEQ(this=exp.cast(exp.Round(this=days.copy()), NUMBER), expression=days.copy()),
    )  # fmt: skip
    failed = exp.cast(exp.func("ERROR", exp.Literal.string(OUT_OF_RANGE)), DATE)
    shifted = exp.cast(exp.DateAdd(this=day.copy(), expression=whole, unit=exp.var("DAY")), DATE)
    return _case(outside, failed, shifted)
