"""A body to one clause of pyDatalog: the query whose rows are the body's ground instances.

`?` and the `_` of a denial are ordinary rows to pyDatalog. Where a column holds
one, its argument is taken into a variable of its own and compared by a test
(`meet`), so that they match as the language says; elsewhere pyDatalog unifies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kb.engines.computed import Group, aggregate_holds, aggregate_value, compare, compute
from kb.engines.model import fits
from kb.engines.ordering import ordered
from kb.engines.session import ANY_ID, MARKS, NULL_ID, UNKNOWN_ID, Ids, Session
from kb.language import syntax as s
from kb.language.program import Domain
from kb.language.values import UNKNOWN, Row, Value
from kb.language.variables import shared_variables


@dataclass
class Relation:
    """A relation in a session: its rows, and the columns that hold a mark.

    pyDatalog is told of it when a clause first uses it: most relations of a case are
    empty or never asked, and telling a fact costs as much as finding one.
    """

    session: Session
    arity: int
    rows: set[Ids] = field(default_factory=set)
    marked: set[int] = field(default_factory=set)
    _untold: list[Ids] = field(default_factory=list)
    _predicate: Any = None

    def add(self, row: Ids) -> None:
        """Adds a row that is not there yet."""
        self.rows.add(row)
        self._untold.append(row)
        if not MARKS.isdisjoint(row):
            self.marked.update([i for i, number in enumerate(row) if number in MARKS])

    @property
    def predicate(self) -> Any:
        """PyDatalog's predicate with all rows; registered even without any, since asking an unknown one raises there."""
        if self._predicate is None:
            self._predicate = self.session.relation(self.arity)
        for row in self._untold:
            self.session.assert_fact(self._predicate, row)
        self._untold.clear()
        return self._predicate


Lookup = Callable[[str, int], Relation]
AskBody = Callable[[tuple[s.Premise, ...], tuple[str, ...], tuple[s.Premise, ...]], list[Row]]


@dataclass
class Clause:
    """Builds the clause of one body, premise by premise.

    `names` maps each variable of the rule to the engine's variable that now holds
    its value; `loose` are those whose value may be `?`.
    """

    session: Session
    lookup: Lookup
    domains: Mapping[str, Domain]
    ask: AskBody
    literals: list[Any] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)

    def add_body(self, body: tuple[s.Premise, ...], delta: tuple[s.Literal, Relation] | None = None) -> None:
        """Adds the premises in an order in which each is bound in time; `delta` replaces one literal's relation."""
        for premise in ordered(body, lambda atom: len(self.lookup(atom.relation, len(atom.terms)).rows)):
            if isinstance(premise, s.Comparison):
                self._comparison(premise)
            elif isinstance(premise, s.Aggregate):
                self._aggregate(premise, body)
            elif not premise.lists:
                self._test(premise)
            elif delta is not None and premise is delta[0]:
                self._list(premise, delta[1])
            else:
                self._list(premise, self.lookup(premise.atom.relation, len(premise.atom.terms)))

    def _list(self, literal: s.Literal, relation: Relation) -> None:
        """A literal that lists rows: binds its variables."""
        terms: list[int | str] = []
        meets: list[tuple[str, str]] = []
        told = set[str]()
        for column, term in enumerate(literal.atom.terms):
            marked = column in relation.marked and literal.lenient
            if isinstance(term, s.Constant):
                number = self.session.id(term.value)
                terms.append(self._loose_column(number, meets) if marked else number)
                continue
            assert isinstance(term, s.Variable)
            known = self.names.get(term.name)
            if known is None:
                self.names[term.name] = name = self.session.fresh()
                terms.append(name)
                if marked:
                    self.loose.add(term.name)
            elif marked or term.name in self.loose:
                name = self.session.fresh()
                terms.append(name)
                meets.append((term.name, name))
                if not marked:
                    told.add(term.name)
            else:
                terms.append(known)
        self.literals.append(self.session.literal(relation.predicate, terms))
        for variable, column_name in meets:
            self._meet(variable, column_name)
        # Not before: where the literal names a variable twice, each place meets what it was.
        self.loose -= told

    def _loose_column(self, number: int, meets: list[tuple[str, str]]) -> str:
        name, constant = self.session.fresh(), f"={number}"
        meets.append((constant, name))
        return name

    def _meet(self, variable: str, column: str) -> None:
        """`variable` becomes the meet of its value and the column's: `?` gives way to a value."""
        if variable.startswith("="):
            wanted = int(variable[1:])
            test = self.session.test(1, lambda ids: ids[0] in (wanted, UNKNOWN_ID))
            self.literals.append(self.session.literal(test, [column]))
            return
        result = self.session.fresh()
        function = self.session.function(3, _meet)
        self.literals.append(self.session.literal(function, [self.names[variable], column, result]))
        self.names[variable] = result

    def _test(self, literal: s.Literal) -> None:
        """`not p(…)` or `-p(…)`: whether a row fits, for variables that are bound already."""
        relation = self.lookup(literal.atom.relation, len(literal.atom.terms))
        outer: list[int | str] = []
        inner: list[int | str] = []
        checks: list[Any] = []
        lenient = literal.lenient
        fit = self.session.test(2, lambda ids: _fit(ids[0], ids[1], lenient))
        for column, term in enumerate(literal.atom.terms):
            if isinstance(term, s.Variable) and term.is_anonymous:
                inner.append(self.session.fresh())
                continue
            assert not isinstance(term, s.Arithmetic)
            given = self.session.id(term.value) if isinstance(term, s.Constant) else self.names[term.name]
            parameter = f"A{column}"
            outer.append(given)
            if column in relation.marked or (lenient and isinstance(term, s.Variable) and term.name in self.loose):
                inner.append(f"B{column}")
                checks.append(self.session.literal(fit, [f"B{column}", parameter]))
            else:
                inner.append(parameter)
        parameters = [
            f"A{c}" for c, t in enumerate(literal.atom.terms) if not (isinstance(t, s.Variable) and t.is_anonymous)
        ]
        found = self.session.relation(len(outer))
        self.session.assert_clause(
            self.session.literal(found, parameters), [self.session.literal(relation.predicate, inner), *checks]
        )
        self.literals.append(self.session.literal(found, outer, literal.negated))

    def _comparison(self, premise: s.Comparison) -> None:
        domain = self.domains.get(premise.type)
        target = self._assigned(premise)
        if target is not None:
            self._compute(*target)
            return
        if premise.lenient and premise.op == "=" and isinstance(premise.left, s.Variable):
            self._compute(premise.left.name, premise.right)
            return
        if premise.lenient and premise.op == "=" and isinstance(premise.right, s.Variable):
            self._compute(premise.right.name, premise.left)
            return
        left, right, op, lenient = premise.left, premise.right, premise.op, premise.lenient
        names = _names((left, right))

        def holds(ids: Ids) -> bool:
            binding = self._binding(names, ids)
            return compare(op, compute(left, binding), compute(right, binding), domain, lenient)

        test = self.session.test(len(names), holds)
        self.literals.append(self.session.literal(test, [self.names[name] for name in names]))

    def _assigned(self, premise: s.Comparison) -> tuple[str, s.Term] | None:
        if premise.op == "=":
            for side, other in ((premise.left, premise.right), (premise.right, premise.left)):
                if isinstance(side, s.Variable) and side.name not in self.names:
                    return side.name, other
        return None

    def _compute(self, variable: str, term: s.Term) -> None:
        names = _names((term,))

        def result(ids: Ids) -> int | None:
            return self.session.id(compute(term, self._binding(names, ids)))

        function = self.session.function(len(names) + 1, result)
        name = self.session.fresh()
        self.literals.append(self.session.literal(function, [*(self.names[each] for each in names), name]))
        if variable in self.names:
            self._meet(variable, name)
            return
        self.names[variable] = name
        if self.loose & set(names):
            self.loose.add(variable)

    def _aggregate(self, premise: s.Aggregate, body: tuple[s.Premise, ...]) -> None:
        """The elements of every group are asked for first; then the aggregate is a test or function of the group."""
        groups = tuple(sorted(shared_variables(premise, body)))
        upper = self._elements(premise, premise.body, groups, body)
        lower = upper if premise.lower is None else self._elements(premise, premise.lower, groups, body)
        domain = self.domains.get(premise.type)
        names = _names((premise.bound,))
        given = [self.names[name] for name in groups]

        known: dict[Ids, Group] = {}

        def group(ids: Ids) -> Group:
            if ids not in known:
                key = tuple(map(self.session.value, ids))
                members = _group(upper, key), lower.get(key, frozenset())
                known[ids] = Group(premise.function, *members, domain)
            return known[ids]

        def value(ids: Ids) -> int | None:
            found = aggregate_value(premise, group(ids[: len(groups)]))
            return None if found is None else self.session.id(found)

        def holds(ids: Ids) -> bool:
            bound = compute(premise.bound, self._binding(names, ids[len(groups) :]))
            return aggregate_holds(premise, group(ids[: len(groups)]), bound)

        if isinstance(premise.bound, s.Variable) and premise.bound.name not in self.names:
            name = self.session.fresh()
            self.literals.append(self.session.literal(self.session.function(len(groups) + 1, value), [*given, name]))
            self.names[premise.bound.name] = name
            if premise.lenient:
                self.loose.add(premise.bound.name)
        else:
            test = self.session.test(len(groups) + len(names), holds)
            self.literals.append(self.session.literal(test, [*given, *(self.names[name] for name in names)]))

    def _elements(
        self, premise: s.Aggregate, elements: tuple[s.Premise, ...], groups: tuple[str, ...], body: tuple[s.Premise, ...]
    ) -> dict[Row, frozenset[Row]]:
        terms = _names(premise.terms)
        found: dict[Row, set[Row]] = {}
        for row in self.ask(elements, (*groups, *terms), body):
            key, values = row[: len(groups)], dict(zip(terms, row[len(groups) :], strict=True))
            element = tuple(compute(term, values) for term in premise.terms)
            found.setdefault(key, set()).add(element)
        return {key: frozenset(rows) for key, rows in found.items()}

    def _binding(self, names: tuple[str, ...], ids: Ids) -> dict[str, Value]:
        return {name: self.session.value(number) for name, number in zip(names, ids, strict=True)}


def _group(elements: dict[Row, frozenset[Row]], key: Row) -> frozenset[Row]:
    """The elements of a group; a `?` in the key of some may make them its elements too."""
    if not any(UNKNOWN in other for other in (key, *elements)):
        return elements.get(key, frozenset())
    found = set(elements.get(key, ()))
    for other, rows in elements.items():
        if other != key and fits(other, key, lenient=True):
            found |= {(UNKNOWN,) * len(row) for row in rows}
    return frozenset(found)


def _names(terms: tuple[s.Term, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v.name for term in terms for v in s.term_variables(term)))


def _meet(ids: Ids) -> int | None:
    left, right = ids
    if left == right or right == UNKNOWN_ID:
        return left
    return right if left == UNKNOWN_ID else None


def _fit(stored: int, given: int, lenient: bool) -> bool:
    if stored == NULL_ID or given == NULL_ID:
        return False
    return stored in (given, ANY_ID) or (lenient and UNKNOWN_ID in (stored, given))
