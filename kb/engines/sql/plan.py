"""A program as a list of statements: made once, run for each batch of cases.

One statement makes the table of one relation, after those that it depends on. A
recursive component is a fixpoint of semi-naive rounds. Only what the rules conclude is
made, not their instances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import count

from sqlglot import exp

from kb.engines.sql.compiler import Compiler
from kb.engines.sql.schema import Table, Types, column_types, created
from kb.engines.sql.values import all_of, together
from kb.language import syntax as s
from kb.language.program import Program, ProgramRule
from kb.language.strata import needed

DIALECT = "duckdb"


@dataclass(frozen=True, slots=True)
class Step:
    """One statement; `rule` is the one whose conclusions it makes (nothing, if it is about no single rule).

    With `rounds` the statement begins a fixpoint: they are repeated until `new` counts no more rows.
    """

    sql: str
    rule: str = ""
    rounds: tuple[Step, ...] = ()
    new: str = ""


@dataclass(frozen=True)
class Plan:
    """The statements in their order, and the table in which each relation then stands."""

    steps: tuple[Step, ...]
    tables: Mapping[str, Table]


def plan(
    program: Program, types: Types, given: Mapping[str, Table], wanted: Iterable[str], prefix: str, by_rule: bool = False
) -> Plan:
    """The statements for what the wanted relations depend on, over tables that are given.

    A relation that is given and that rules conclude too holds both. `prefix` begins the
    names of the tables; `by_rule`: each rule is a statement of its own, so that its
    conclusions are counted.
    """
    made = _Plan(program, types, dict(given), prefix, by_rule)
    used = needed(program, wanted)
    missing = used - made.tables.keys() - program.rules_for.keys()
    kinds = column_types(program, types, used)
    for name in sorted(missing & kinds.keys()):
        made.begin(name, kinds[name], unknown=False)
    for component in program.components:
        if not component.isdisjoint(used) and any(name in program.rules_for for name in component):
            made.component(component, kinds)
    return Plan(tuple(made.steps), made.tables)


@dataclass
class _Plan:
    program: Program
    types: Types
    tables: dict[str, Table]
    prefix: str
    by_rule: bool
    steps: list[Step] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def begin(self, name: str, kinds: tuple[str, ...], unknown: bool) -> Table:
        """An empty table for a relation."""
        table = Table(self._name(), kinds, name.startswith("-"), (unknown,) * len(kinds))
        self._add(created(table))
        self.tables[name] = table
        return table

    def component(self, names: frozenset[str], kinds: Mapping[str, tuple[str, ...]]) -> None:
        """The statements of one component of the dependency graph."""
        if names.isdisjoint(self.program.recursive):
            for name in names:
                self._relation(name, kinds[name])
        else:
            self._recursive(sorted(names), kinds)

    def _relation(self, name: str, kinds: tuple[str, ...]) -> None:
        rules, given = self.program.rules_for[name], self.tables.get(name)
        table = Table(self._name(), kinds, name.startswith("-"), given.unknown if given else (False,) * len(kinds))
        compiler = Compiler({**self.tables, name: table}, self.types)
        parts: list[exp.Select] = [] if given is None else [all_of(given.name)]
        for rule in rules:
            heads = compiler.heads(rule)
            table = replace(table, unknown=_either(table.unknown, heads.unknown))
            if self.by_rule and (len(rules) > 1 or given is not None):
                part = replace(table, name=self._name())
                self._add(created(part, heads.query.distinct(copy=False)), rule)
                parts.append(all_of(part.name))
            else:
                parts.append(heads.query)
        self.tables[name] = table
        self._add(created(table, _distinct(parts)), rules[0] if len(parts) == 1 else None)

    def _recursive(self, names: list[str], kinds: Mapping[str, tuple[str, ...]]) -> None:
        """Each relation has a table of what is known, one of what the last round found, and one that the next fills."""
        rules = [rule for name in names for rule in self.program.rules_for[name]]
        unknown = {name: self.tables[name].unknown if name in self.tables else (False,) * len(kinds[name]) for name in names}
        given = {name: self.tables.pop(name) for name in names if name in self.tables}
        while True:
            tables = {name: Table(f"{self.prefix}_{name_}", kinds[name], name.startswith("-"), unknown[name])
                      for name, name_ in zip(names, (self._name() for _ in names), strict=True)}  # fmt: skip
            compiler = Compiler({**self.tables, **tables}, self.types)
            found = dict(unknown)
            for rule in rules:
                found[rule.head.relation] = _either(found[rule.head.relation], compiler.heads(rule).unknown)
            if found == unknown:
                break
            unknown = found
        self._fixpoint(rules, tables, given, compiler)
        self.tables |= tables

    def _fixpoint(
        self, rules: list[ProgramRule], tables: dict[str, Table], given: Mapping[str, Table], compiler: Compiler
    ) -> None:
        new = {name: replace(table, name=f"{table.name}_new") for name, table in tables.items()}
        next_ = {name: replace(table, name=f"{table.name}_next") for name, table in tables.items()}
        for name, table in tables.items():
            self._add(created(table, all_of(given[name].name) if name in given else None))
        for each in next_.values():
            self._add(created(each))
        for rule in rules:
            heads = compiler.heads(rule).query.distinct(copy=False)
            self._add(exp.insert(heads, next_[rule.head.relation].name), rule)
        for name, table in tables.items():
            self._add(created(new[name], exp.except_(all_of(next_[name].name), all_of(table.name))))
        rounds = [_step(exp.insert(all_of(new[name].name), table.name)) for name, table in tables.items()]
        rounds += [_step(created(each)) for each in next_.values()]
        for rule in rules:
            for premise in rule.rule.body:
                if isinstance(premise, s.Literal) and not premise.negated and premise.atom.relation in new:
                    heads = compiler.heads(rule, (premise, new[premise.atom.relation].name)).query.distinct(copy=False)
                    rounds.append(_step(exp.insert(heads, next_[rule.head.relation].name), rule))
        for name, table in tables.items():
            rounds.append(_step(created(new[name], exp.except_(all_of(next_[name].name), all_of(table.name)))))
        counts: list[exp.Expr] = [
            exp.select(exp.Count(this=exp.Star())).from_(each.name).subquery() for each in new.values()
        ]
        total = reduce(lambda left, right: exp.Add(this=left, expression=right), counts)
        self.steps.append(Step("", rounds=tuple(rounds), new=exp.select(total).sql(DIALECT, copy=False)))

    def _name(self) -> str:
        return f"{self.prefix}{next(self._numbers)}"

    def _add(self, statement: exp.Expr, rule: ProgramRule | None = None) -> None:
        self.steps.append(_step(statement, rule))


def _step(statement: exp.Expr, rule: ProgramRule | None = None) -> Step:
    return Step(statement.sql(DIALECT, copy=False), rule.id if rule is not None else "")


def _distinct(parts: list[exp.Select]) -> exp.Query:
    """The rows of several queries, each once."""
    if len(parts) == 1:
        return parts[0].distinct(copy=False)
    rows = together(parts, distinct=False).subquery("u", copy=False)
    return exp.select(exp.Star()).distinct(copy=False).from_(rows, copy=False)


def _either(left: tuple[bool, ...], right: tuple[bool, ...]) -> tuple[bool, ...]:
    return tuple(a or b for a, b in zip(left, right, strict=True))
