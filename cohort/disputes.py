"""Which answers depend on a contradiction, for all contradicting records of a batch at once.

From each question and each criterion the ways to it are followed down the possible model,
to every atom that speaks for it or against it (`explain.verdicts` does so for one case).
Where one of these cannot be right together with another, the answer is *conflicting*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import duckdb
from sqlglot import exp

from cohort.clashes import CLASHING, alias, fits_literal, value_of
from cohort.program import CohortProgram
from cohort.verdicts import Judge
from kb.engines.sql.compiler import Compiler
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.schema import CASE_NUMBER, Table, made_of
from kb.engines.sql.values import as_text, conjunction, constant, same, with_rows
from kb.language import syntax as s
from kb.language.bounds import POSSIBLE, plain
from kb.language.program import ProgramRule

Expr = exp.Expr

CONFLICT = "conflict"
"""The table of what conflicts: kind and number of a question or criterion, and a disputed atom beneath it."""
_OF_CLASHING = "clashing:"


Addition = tuple[str, str]
"""A statement that adds atoms which are reached, and their relation, which comes first."""


@dataclass(frozen=True, slots=True)
class Way:
    """A rule: the statement that makes its instances, and those that add what it asks for."""

    instances: str
    targets: tuple[Addition, ...]


@dataclass(frozen=True)
class Search:
    """The statements of a search, over the models and the questions of one program's contradicting cases.

    `beginnings` make the empty tables of what is reached, `roots` add the atoms that may
    answer a question, `ways` lead on from each relation, which are taken in `order`;
    `conflicts` tell which of what was reached is disputed.
    """

    beginnings: tuple[str, ...]
    roots: tuple[Addition, ...]
    ways: Mapping[str, tuple[Way, ...]]
    order: tuple[str, ...]
    conflicts: tuple[str, ...]


def find_conflicts(connection: duckdb.DuckDBPyConnection, search: Search) -> None:
    """Fills the table of what conflicts, for the cases that are known to contradict themselves."""
    _Run(search, connection).run()


@dataclass(frozen=True)
class Disputes:
    """Compiles the search for one program; its models and questions stand in tables."""

    of: CohortProgram
    judge: Judge

    @property
    def search(self) -> Search:
        """The search."""
        return Search(
            tuple(self.beginnings), tuple(self.roots), {relation: self.ways(relation) for relation in self.names},
            tuple(self.order), tuple(self.conflicts),
        )  # fmt: skip

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The rows that each relation may have: of what nobody asks, those that are stated."""
        tables = self.of.bounds[1]
        found = dict(self.of.stated)
        for relation, table in tables.perfect.items():
            if relation in tables.same:
                found[relation] = table
        for name, table in tables.bounds.items():
            if POSSIBLE in name:
                found[plain(name)] = table
        return {relation: table for relation, table in found.items() if table.case is not None}

    @cached_property
    def rules(self) -> dict[str, list[ProgramRule]]:
        """The rules by which each relation may come to hold, of those that are evaluated."""
        bounds = self.of.bounds[1].bounds
        found: dict[str, list[ProgramRule]] = {}
        for rule in (*self.of.rewritten.rules, *(r for r in self.of.program.rules if r.head.relation in self.of.same)):
            relation = plain(rule.head.relation)
            is_possible = POSSIBLE in rule.head.relation and rule.head.relation in bounds
            if relation in self.tables and (rule.head.relation in self.of.same or is_possible):
                found.setdefault(relation, []).append(rule)
        return found

    @cached_property
    def relevant(self) -> frozenset[str]:
        """The relations beneath which something may be disputed."""
        above: dict[str, set[str]] = {}
        for relation, rules in self.rules.items():
            for literal in (literal for rule in rules for literal in s.literals(rule.rule.body)):
                for beneath in _both(literal):
                    above.setdefault(beneath, set()).add(relation)
        found, pending = set(self.of.disputed), list(self.of.disputed)
        while pending:
            for relation in above.get(pending.pop(), ()):
                if relation not in found:
                    found.add(relation)
                    pending.append(relation)
        return frozenset(found)

    @cached_property
    def names(self) -> dict[str, str]:
        """The table of what is reached of each relation beneath which something may be disputed."""
        return {relation: f"h{number}" for number, relation in enumerate(sorted(self.relevant & self.tables.keys()))}

    @cached_property
    def order(self) -> list[str]:
        """The relations from the goals down."""
        return [relation for part in reversed(self.of.program.components) for relation in sorted(part)]

    @cached_property
    def beginnings(self) -> list[str]:
        """The statements that make the empty tables of what is reached."""
        made = []
        for relation, name in self.names.items():
            columns = [exp.column(column) for column in self.tables[relation].columns]
            kind, number = exp.cast(exp.Literal.number(0), "INTEGER"), exp.cast(exp.Literal.number(0), "BIGINT")
            rows = exp.select(exp.alias_(kind, "kind"), exp.alias_(number, "number"), *columns)
            rows = rows.from_(self.tables[relation].name).limit(0)
            made.append(made_of(name, rows).sql(DIALECT, copy=False))
        return made

    @cached_property
    def roots(self) -> list[tuple[str, str]]:
        """The statements that add the atoms that may answer a question, each with the relation of these."""
        found = []
        for root in self.judge.roots:
            table = self.tables.get(root.atom.relation)
            if table is None or root.atom.relation not in self.names:
                continue
            on = [*root.fits(table), exp.column(root.case, "q").eq(exp.column("c0", "y"))]
            rows = exp.select(exp.Literal.number(root.kind), "q.number", "x.*").from_(
                exp.alias_(exp.table_(root.table), "q")
            )
            rows = with_rows(rows, exp.alias_(exp.table_(CLASHING), "y"), exp.true())
            rows = with_rows(rows, alias(table, "x"), conjunction(*on))
            found.append((root.atom.relation, _added(self.names[root.atom.relation], rows)))
        return found

    def ways(self, relation: str) -> tuple[Way, ...]:
        """The rules by which a relation may come to hold."""
        rules = enumerate(self.rules.get(relation, ()))
        found = (self._way(relation, rule, f"j_{self.names[relation]}_{number}") for number, rule in rules)
        return tuple(way for way in found if way.targets)

    def _way(self, relation: str, rule: ProgramRule, instances: str) -> Way:
        table = self.tables[relation]
        head = [
            same(exp.column(f"c{i}", "h"), constant(term, kind) if isinstance(term, s.Constant) else value_of(term, rule))
            for i, (term, kind) in enumerate(zip(rule.head.terms, table.types, strict=True))
        ]
        reached, targets = exp.alias_(exp.table_(self.names[relation]), "h"), list[tuple[str, str]]()
        for literal in s.literals(rule.rule.body):
            for target in _both(literal):
                if target in self.names:
                    on = list(fits_literal(literal, rule, self.tables[target], lenient=True))
                    rows = exp.select("h.kind", "h.number", "x.*").from_(reached.copy())
                    rows = with_rows(rows, exp.alias_(exp.table_(instances), "i"), conjunction(*head))
                    rows = with_rows(rows, alias(self.tables[target], "x"), conjunction(*on))
                    targets.append((target, _added(self.names[target], rows)))
        made = made_of(instances, self._instances(rule))
        return Way(made.sql(DIALECT, copy=False), tuple(dict.fromkeys(targets)))

    def _instances(self, rule: ProgramRule) -> exp.Select:
        """The instances of a rule for the contradicting cases."""
        tables = {**self.of.stated, **self.of.perfect[1], **self.of.bounds[1].bounds}
        known = {**tables, _OF_CLASHING: Table(CLASHING, (CASE_NUMBER,), False, (False,))}
        table = self.tables[plain(rule.head.relation)]
        assert table.case is not None
        body = (s.Literal(s.Atom(_OF_CLASHING, (rule.head.terms[table.case],))), *rule.rule.body)
        return Compiler(known, self.of.types).instances(body, rule.variables)

    @cached_property
    def conflicts(self) -> list[str]:
        """The statements that tell which reached atoms are disputed."""
        made = []
        for relation, name in self.names.items():
            disputed = self.of.disputed.get(relation)
            if disputed is not None:
                table = self.tables[relation]
                on = [same(exp.column(column, "h"), exp.column(column, "x")) for column in table.columns]
                text = exp.alias_(_atom_text(relation, table), "atom")
                rows = exp.select("h.kind", "h.number", text).distinct().from_(exp.alias_(exp.table_(name), "h"))
                rows = with_rows(rows, disputed.copy().subquery("x"), conjunction(*on), "SEMI")
                made.append(exp.insert(rows, CONFLICT, copy=False).sql(DIALECT, copy=False))
        return made


def _added(name: str, rows: exp.Select) -> str:
    """The statement that adds rows that are not there yet."""
    return exp.insert(exp.except_(rows, exp.select("*").from_(name)), name).sql(DIALECT, copy=False)


@dataclass
class _Run:
    """One search, on a connection: what was reached of each relation stands in a table of its own."""

    search: Search
    connection: duckdb.DuckDBPyConnection
    instantiated: set[str] = field(default_factory=set)

    def run(self) -> None:
        for statement in self.search.beginnings:
            self._run(statement)
        changed = {relation for relation, statement in self.search.roots if self._run(statement)[0][0]}
        while changed:
            relation = next((each for each in self.search.order if each in changed), None) or min(changed)
            changed.discard(relation)
            changed |= {target for way in self.search.ways[relation] for target in self._followed(way)}
        for statement in self.search.conflicts:
            self._run(statement)

    def _followed(self, way: Way) -> Iterator[str]:
        """The relations of which more is reached now."""
        if way.instances not in self.instantiated:
            self.instantiated.add(way.instances)
            self._run(way.instances)
        for target, statement in way.targets:
            if self._run(statement)[0][0]:
                yield target

    def _run(self, statement: str) -> list[tuple[int, ...]]:
        return self.connection.execute(statement).fetchall()


def _atom_text(relation: str, table: Table) -> Expr:
    """An atom without its case, as text."""
    parts: list[Expr] = []
    for i, kind in enumerate(table.types):
        if i == table.case:
            continue
        text = as_text(exp.column(f"c{i}", "h"), kind)
        if table.denials:
            text = exp.Case(ifs=[exp.If(this=exp.column(f"a{i}", "h"), true=exp.Literal.string("_"))], default=text)
        parts.append(text)
    inside = exp.func("CONCAT_WS", exp.Literal.string(", "), *parts) if parts else exp.Literal.string("")
    return exp.func("CONCAT", exp.Literal.string(f"{relation}("), inside, exp.Literal.string(")"))


def _both(literal: s.Literal) -> tuple[str, str]:
    """What a literal asks for, and what speaks against it."""
    relation = plain(literal.atom.relation)
    return relation, s.opposite(relation)
