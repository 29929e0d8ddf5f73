"""When a body holds over given rows: naive joins, comparisons recomputed, aggregates recounted.

There are two ways to ask. Strictly, `?` matches nothing and a comparison with it is
false. Leniently, `?` matches everything: what holds so is possible at most.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from explain.checker.statements import Rule, Statements
from kb.language import syntax as s
from kb.language.values import ANY, UNKNOWN, Mark, Row, Value

Binding = dict[str, Value]
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class CannotCheck(Exception):
    """A term that cannot be computed under a binding."""


@dataclass
class Rows:
    """The rows of each relation, with an index for each set of columns that is asked for."""

    rows: dict[str, set[Row]]
    _indexes: dict[tuple[str, tuple[int, ...]], dict[Row, list[Row]]] = field(default_factory=dict)
    """Of the values in some columns, the rows; under `_MARKED` those with a mark among these, which may fit any."""

    def add(self, relation: str, row: Row) -> None:
        """Adds a row."""
        if row not in self.rows.setdefault(relation, set()):
            self.rows[relation].add(row)
            for (name, columns), index in self._indexes.items():
                if name == relation:
                    index.setdefault(_key(row, columns), []).append(row)

    def matching(self, relation: str, pattern: Row, lenient: bool = False) -> Iterator[Row]:
        """The rows that fit a pattern: `_` on either side fits everything; leniently, so does `?`."""
        columns = tuple(i for i, value in enumerate(pattern) if not isinstance(value, Mark))
        for row in self._near(relation, columns, pattern):
            if all(_fit(value, wanted, lenient) for value, wanted in zip(row, pattern, strict=True)):
                yield row

    def _near(self, relation: str, columns: tuple[int, ...], pattern: Row) -> Iterable[Row]:
        """The rows that may fit: those with the pattern's values in its columns, and those with a mark there."""
        rows = self.rows.get(relation, set())
        if not columns or len(rows) < 8:
            return rows
        index = self._indexes.get((relation, columns))
        if index is None:
            index = self._indexes[relation, columns] = {}
            for row in rows:
                index.setdefault(_key(row, columns), []).append(row)
        return [*index.get(_key(pattern, columns), ()), *index.get(_MARKED, ())]

    def showing(self, relation: str, demand: Row) -> Iterator[Row]:
        """The rows that give what is demanded: each value, and for `?` some value."""
        for row in self._near(relation, tuple(i for i, v in enumerate(demand) if not isinstance(v, Mark)), demand):
            pairs = zip(row, demand, strict=True)
            if all(v is ANY or d is ANY or v == d != UNKNOWN or (d is UNKNOWN and v is not UNKNOWN) for v, d in pairs):
                yield row

    def covers(self, relation: str, row: Row, lenient: bool) -> bool:
        """Whether the row is there, or a denial of all such; leniently, or one that leaves open what the row tells."""
        rows = self.rows.get(relation, set())
        if row in rows:
            return True
        loose = (ANY, UNKNOWN) if lenient else (ANY,)
        marked = (each for each in rows if any(value in loose for value in each))
        return any(all(v == w or v in loose for v, w in zip(each, row, strict=True)) for each in marked)


_MARKED: Row = ()


def _key(row: Row, columns: tuple[int, ...]) -> Row:
    """Where a row stands in the index of some columns, of which there is one at least."""
    values = tuple([row[i] for i in columns])
    return _MARKED if any(isinstance(value, Mark) for value in values) else values


def _fit(value: Value, wanted: Value, lenient: bool) -> bool:
    if ANY in (value, wanted):
        return True
    return lenient if UNKNOWN in (value, wanted) else value == wanted


@dataclass(frozen=True)
class Sides:
    """What bodies are asked over: `upper` has every row that may hold, `lower` every row that surely does.

    `lenient` asks for what is possible at most: positive premises over `upper`, `not`
    over `lower`; otherwise for what is certain: the other way round. In the perfect
    model both sides are the same rows. With `shown`, positive premises ask only what is
    shown already.
    """

    statements: Statements
    upper: Rows
    lower: Rows
    lenient: bool
    shown: Rows | None = None

    @property
    def holding(self) -> Rows:
        """The rows that positive premises ask."""
        if self.shown is not None:
            return self.shown
        return self.upper if self.lenient else self.lower


def solutions(
    sides: Sides, rule: Rule, body: Iterable[s.Premise], binding: Binding, whole: Iterable[s.Premise] = ()
) -> Iterator[Binding]:
    """Every way in which a body holds: its listing literals first, then whatever its variables allow.

    `whole` is the body that it is part of, which says what an aggregate shares with it.
    """
    body = list(body)
    lists = [p for p in body if isinstance(p, s.Literal) and not p.negated and not p.atom.strong]
    rest = [p for p in body if p not in lists]
    yield from _join(sides, rule, lists, rest, list(whole) or body, binding)


def _join(
    sides: Sides, rule: Rule, lists: list[s.Literal], rest: list[s.Premise], body: list[s.Premise], binding: Binding
) -> Iterator[Binding]:
    if lists:
        first = max(lists, key=lambda each: sum(_known(term, binding) for term in each.atom.terms))
        others = [each for each in lists if each is not first]
        for extended in listed(sides, rule, first.atom, binding):
            yield from _join(sides, rule, others, rest, body, extended)
        return
    # Equations first: leniently, one may turn a `?` into a value that the others have to meet.
    rest = sorted(rest, key=lambda each: not (isinstance(each, s.Comparison) and each.op == "="))
    ready = next((p for p in rest if _is_ready(p, body, binding)), None)
    if ready is None:
        if rest:
            raise CannotCheck("a premise has variables that no other one binds")
        yield binding
        return
    others_left = [each for each in rest if each is not ready]
    for extended in satisfied(sides, rule, ready, body, binding):
        yield from _join(sides, rule, [], others_left, body, extended)


def _known(term: s.Term, binding: Binding) -> bool:
    return not isinstance(term, s.Variable) or term.name in binding


def _is_ready(premise: s.Premise, body: list[s.Premise], binding: Binding) -> bool:
    if isinstance(premise, s.Literal):
        return all(v.name in binding or v.is_anonymous for v in s.premise_variables(premise))
    if isinstance(premise, s.Aggregate):
        return groups(premise, body) <= set(binding)
    unbound = [side for side in (premise.left, premise.right) if not all(v.name in binding for v in s.term_variables(side))]
    return not unbound or (premise.op == "=" and len(unbound) == 1 and isinstance(unbound[0], s.Variable))


def groups(premise: s.Aggregate, body: Iterable[s.Premise]) -> set[str]:
    """The variables that an aggregate shares with the rest of its body."""
    inner = {v.name for p in premise.body for v in s.premise_variables(p)}
    inner |= {v.name for term in premise.terms for v in s.term_variables(term)}
    outer: set[str] = set()
    for other in body:
        variables = s.term_variables(other.bound) if isinstance(other, s.Aggregate) else s.premise_variables(other)
        outer |= {v.name for v in variables}
    return inner & outer


def listed(sides: Sides, rule: Rule, atom: s.Atom, binding: Binding) -> Iterator[Binding]:
    """The bindings that rows of an atom give; where `?` may be a value, the value counts."""
    pattern = pattern_of(atom, binding)
    for row in sides.holding.matching(atom.relation, pattern, sides.lenient):
        extended = dict(binding)
        if all(_take(extended, term, value, sides.lenient) for term, value in zip(atom.terms, row, strict=True)):
            yield extended


def _take(binding: Binding, term: s.Term, value: Value, lenient: bool) -> bool:
    if not isinstance(term, s.Variable):
        return lenient or value is not UNKNOWN
    if value is UNKNOWN and not lenient:
        if not term.is_anonymous:
            return False
        binding.setdefault(term.name, value)
        return True
    known = binding.setdefault(term.name, value)
    if known is UNKNOWN and value is not UNKNOWN:
        binding[term.name] = value
    return known == value or UNKNOWN in (known, value)


def pattern_of(atom: s.Atom, binding: Mapping[str, Value]) -> Row:
    """What an atom asks for under a binding: `_` for what is not bound."""
    return tuple([_asked(term, binding) for term in atom.terms])


def _asked(term: s.Term, binding: Mapping[str, Value]) -> Value:
    if isinstance(term, s.Variable):
        return binding.get(term.name, ANY)
    return term.value if isinstance(term, s.Constant) else ANY


def demand_of(atom: s.Atom, binding: Mapping[str, Value]) -> Row:
    """What a premise needs of an atom under a binding: `?` for a variable that has to get a value, `_` for `_`."""
    row = pattern_of(atom, binding)
    named = [isinstance(term, s.Variable) and not term.is_anonymous and not atom.strong for term in atom.terms]
    return tuple(UNKNOWN if value is ANY and is_named else value for value, is_named in zip(row, named, strict=True))


def same_of(atom: s.Atom, binding: Mapping[str, Value]) -> tuple[tuple[int, ...], ...]:
    """The positions that one unbound variable of an atom takes together."""
    names = [t.name if isinstance(t, s.Variable) and not t.is_anonymous else "" for t in atom.terms]
    open_names = dict.fromkeys(name for name in names if name and name not in binding and names.count(name) > 1)
    return tuple(tuple(i for i, each in enumerate(names) if each == name) for name in open_names)


def satisfied(
    sides: Sides, rule: Rule, premise: s.Premise, body: Iterable[s.Premise], binding: Binding
) -> Iterator[Binding]:
    """The binding if a premise holds under it, with what the premise binds."""
    if isinstance(premise, s.Literal):
        if literal_holds(sides, premise, binding):
            yield binding
    elif isinstance(premise, s.Comparison):
        target = next(
            (
                (side.name, other)
                for side, other in ((premise.left, premise.right), (premise.right, premise.left))
                if isinstance(side, s.Variable) and side.name not in binding
            ),
            None,
        )
        if target is not None:
            yield {**binding, target[0]: compute(target[1], binding)}
        elif comparison_holds(sides.statements, rule, premise, binding, sides.lenient):
            yield _met(premise, binding)
    else:
        yield from _aggregate(sides, rule, premise, body, binding)


def _met(premise: s.Comparison, binding: Binding) -> Binding:
    """Of two sides that are equal, one may tell what the other leaves open."""
    for side, other in ((premise.left, premise.right), (premise.right, premise.left)):
        is_open = isinstance(side, s.Variable) and binding[side.name] is UNKNOWN
        if premise.op == "=" and is_open and isinstance(side, s.Variable):
            return {**binding, side.name: compute(other, binding)}
    return binding


def literal_holds(sides: Sides, literal: s.Literal, binding: Binding) -> bool:
    """Whether a test holds: `not p`, or `-p` over variables that are bound."""
    pattern = pattern_of(literal.atom, binding)
    if not literal.negated:
        return _any(sides.holding.matching(literal.atom.relation, pattern, sides.lenient))
    other, lenient = (sides.lower, False) if sides.lenient else (sides.upper, sides.upper is not sides.lower)
    return not _any(other.matching(literal.atom.relation, pattern, lenient))


def _any(rows: Iterator[Row]) -> bool:
    return next(rows, None) is not None


def kind_of(rule: Rule, *terms: s.Term) -> str:
    """The type that the sides of a comparison have."""
    for term in terms:
        if isinstance(term, s.Variable) and rule.types.get(term.name):
            return rule.types[term.name]
    return ""


def comparison_holds(statements: Statements, rule: Rule, premise: s.Comparison, binding: Binding, lenient: bool) -> bool:
    """Whether a comparison holds; with `?` on a side only leniently."""
    kind = kind_of(rule, premise.left, premise.right)
    return compare(statements, premise.op, compute(premise.left, binding), compute(premise.right, binding), kind, lenient)


def compare(statements: Statements, op: str, left: Value, right: Value, kind: str, lenient: bool) -> bool:
    """Whether `left op right` holds for two values of a type."""
    if isinstance(left, Mark) or isinstance(right, Mark):
        return lenient
    ranks = statements.rank(kind, left), statements.rank(kind, right)
    if None not in ranks:
        return _OPERATORS[op](*ranks)
    return _OPERATORS[op](left, right)


def compute(term: s.Term, binding: Mapping[str, Value]) -> Value:
    """The value of a term; `?` if any part of it is."""
    if isinstance(term, s.Constant):
        return term.value
    if isinstance(term, s.Variable):
        if term.name not in binding:
            raise CannotCheck(f"`{term.name}` has no value")
        return binding[term.name]
    left, right = compute(term.left, binding), compute(term.right, binding)
    if isinstance(left, Mark) or isinstance(right, Mark):
        return UNKNOWN
    if isinstance(left, date) and isinstance(right, date):
        return Decimal((left - right).days)
    if isinstance(left, date) and isinstance(right, Decimal):
        return left + timedelta(days=int(right if term.op == "+" else -right))
    if isinstance(right, date) and isinstance(left, Decimal):
        return right + timedelta(days=int(left))
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return {"+": left + right, "-": left - right, "*": left * right}[term.op]
    raise CannotCheck("arithmetic on what is neither number nor date")


# Aggregates


def elements(sides: Sides, rule: Rule, premise: s.Aggregate, body: Iterable[s.Premise], binding: Binding) -> set[Row]:
    """The distinct tuples that an aggregate ranges over; `body` is what it stands in."""
    found = set()
    # An aggregate within it shares variables with all that is around both.
    for each in solutions(sides, rule, premise.body, binding, [*premise.body, *body]):
        found.add(tuple(compute(term, each) for term in premise.terms))
    return found


def value_of(statements: Statements, rule: Rule, premise: s.Aggregate, found: set[Row]) -> Value | None:
    """The aggregate over known tuples; None for the smallest or largest of nothing."""
    if premise.function == "count":
        return Decimal(len(found))
    firsts: list[Any] = [each[0] for each in found]
    if premise.function == "sum":
        return sum(firsts, Decimal(0))
    kind = kind_of(rule, premise.terms[0])
    chosen: Value | None = (min if premise.function == "min" else max)(
        firsts, key=lambda value: value if (rank := statements.rank(kind, value)) is None else rank, default=None
    )
    return chosen


def shared(premise: s.Aggregate, body: Iterable[s.Premise], binding: Binding) -> Binding:
    """What an aggregate's elements know of the binding around it."""
    names = groups(premise, body)
    return {name: value for name, value in binding.items() if name in names}


def _aggregate(
    sides: Sides, rule: Rule, premise: s.Aggregate, body: Iterable[s.Premise], binding: Binding
) -> Iterator[Binding]:
    body = list(body)
    inner = shared(premise, body, binding)
    upper = Sides(sides.statements, sides.upper, sides.lower, sides.upper is not sides.lower)
    most = elements(upper, rule, premise, body, inner)
    least = elements(Sides(sides.statements, sides.upper, sides.lower, False), rule, premise, body, inner)
    is_known = most == least and not any(isinstance(value, Mark) for row in most for value in row)
    is_value = isinstance(premise.bound, s.Variable) and premise.bound.name not in binding
    if is_known:
        value = value_of(sides.statements, rule, premise, most)
        if value is None:
            return
        if is_value:
            assert isinstance(premise.bound, s.Variable)
            yield {**binding, premise.bound.name: value}
            return
        kind = kind_of(rule, premise.bound, premise.terms[0]) if premise.function in ("min", "max") else ""
        bound = compute(premise.bound, binding)
        if compare(sides.statements, premise.op, value, bound, kind, sides.lenient):
            yield binding
    elif is_value:
        # Not known: it may be anything, and is nothing for sure.
        if sides.lenient and (most or premise.function in ("count", "sum")):
            assert isinstance(premise.bound, s.Variable)
            yield {**binding, premise.bound.name: UNKNOWN}
    elif (_may if sides.lenient else _must)(sides, rule, premise, least, most, binding):
        yield binding


def _must(sides: Sides, rule: Rule, premise: s.Aggregate, least: set[Row], most: set[Row], binding: Binding) -> bool:
    has_value = bool(least) or premise.function in ("count", "sum")
    opposite = s.Aggregate(premise.function, premise.terms, premise.body, _OPPOSITE[premise.op], premise.bound)
    return has_value and not _may(sides, rule, opposite, least, most, binding)


def _may(sides: Sides, rule: Rule, premise: s.Aggregate, least: set[Row], most: set[Row], binding: Binding) -> bool:
    """Whether some set between the two satisfies the comparison; never false when one does."""
    kind = kind_of(rule, premise.bound, premise.terms[0]) if premise.function in ("min", "max") else ""
    bound = compute(premise.bound, binding)
    is_open = any(isinstance(value, Mark) for row in most for value in row)
    if isinstance(bound, Mark) or premise.function == "sum" or premise.op == "!=":
        return True
    if premise.function == "count":
        low, high = Decimal(len(least)), None if is_open else Decimal(len(most))
        if premise.op in ("<", "<="):
            return _OPERATORS[premise.op](low, bound)
        if premise.op in (">", ">="):
            return high is None or _OPERATORS[premise.op](high, bound)
        return low <= bound and (high is None or bound <= high)  # type: ignore[operator]
    if premise.op == "=":
        return True
    # More elements lower a smallest value and raise a largest one.
    grows_against = (premise.op in ("<", "<=")) is (premise.function == "max")
    if not grows_against and is_open:
        return True
    value = value_of(sides.statements, rule, premise, least if grows_against else most)
    return value is None or compare(sides.statements, premise.op, value, bound, kind, True)
