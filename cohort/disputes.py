"""Which answers depend on a contradiction, for all contradicting records of a batch at once.

From each question and each criterion the ways to it are followed down the possible model,
to every atom that speaks for it or against it (`explain.verdicts` does so for one case).
Where one of these cannot be right together with another, the answer is *conflicting*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from cohort.clashes import CLASHING, alias, fits_literal, value_of
from cohort.program import CohortProgram, Evaluated
from cohort.searches import Addition, Search, Way
from cohort.verdicts import CONFLICT, Root
from kb.engines.sql.compiler import Compiler
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.schema import CASE_NUMBER, Table, made_of
from kb.engines.sql.values import all_of, as_text, conjunction, constant, same, star, with_rows
from kb.language import syntax as s
from kb.language.bounds import UPPER, asked_of, bound_of, plain
from kb.language.program import ProgramRule
from kb.language.strata import reachable

Expr = exp.Expr

_OF_CLASHING = "clashing:"


@dataclass(frozen=True)
class Disputes:
    """Compiles the search that begins at the `roots`, in what a program evaluates to."""

    of: CohortProgram
    model: Evaluated
    roots: tuple[Root, ...]

    @property
    def search(self) -> Search:
        """The search."""
        return Search(
            self.whether_disputed,
            {relation: tuple(sorted(names)) for relation, names in self.above.items()},
            self.beginnings,
            tuple(self.first),
            {relation: self.ways(relation) for relation in self.own},
            tuple(self.order),
            self.conflicts,
        )

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The rows that each relation may have: of what nobody asks, those that are stated.

        Of `recorded:p`, which something that counts by the record asks, those that it may have by that.
        """
        tables = self.model.tables
        found = dict(self.of.stated)
        for relation, table in tables.perfect.items():
            if relation in tables.same:
                found[relation] = table
        for name, table in tables.bounds.items():
            if bound_of(name) in UPPER:
                found[asked_of(name)] = table
        for against in [s.opposite(asked) for asked in found if bound_of(asked)]:
            if plain(against) in self.of.stated:
                found.setdefault(against, self.of.stated[plain(against)])
        return {relation: table for relation, table in found.items() if table.case is not None}

    @cached_property
    def rules(self) -> dict[str, list[ProgramRule]]:
        """The rules by which each relation may come to hold, of those that are evaluated."""
        bounds = self.model.tables.bounds
        found: dict[str, list[ProgramRule]] = {}
        of_same = (rule for rule in self.model.program.rules if rule.head.relation in self.of.same)
        for rule in (*self.model.rewritten.rules, *of_same):
            relation = asked_of(rule.head.relation)
            is_possible = bound_of(rule.head.relation) in UPPER and rule.head.relation in bounds
            if relation in self.tables and (rule.head.relation in self.of.same or is_possible):
                found.setdefault(relation, []).append(rule)
        return found

    @cached_property
    def above(self) -> dict[str, set[str]]:
        """What rests on each relation, by a rule or because the rule asks for the opposite."""
        above: dict[str, set[str]] = {}
        for relation, rules in self.rules.items():
            for literal in (literal for rule in rules for literal in s.literals(rule.rule.body)):
                for beneath in _both(literal):
                    above.setdefault(beneath, set()).add(relation)
        return above

    @cached_property
    def disputable(self) -> list[str]:
        """The relations of which something may be disputed."""
        return [relation for relation in self.tables if plain(relation) in self.of.disputed]

    @property
    def whether_disputed(self) -> dict[str, str]:
        """For each of them, the statement that tells whether something is."""
        made = {}
        for relation in self.disputable:
            disputed = self.of.disputed[plain(relation)].copy().subquery("x", copy=False)
            rows = exp.select(exp.Literal.number(1)).from_(disputed, copy=False)
            made[relation] = exp.select(exp.Exists(this=rows)).sql(DIALECT, copy=False)
        return made

    @cached_property
    def relevant(self) -> frozenset[str]:
        """The relations beneath which something may be disputed."""
        return reachable(self.above, self.disputable)

    @cached_property
    def own(self) -> dict[str, str]:
        """The table of what is reached of each relation beneath which something may be disputed."""
        return {relation: f"h{number}" for number, relation in enumerate(sorted(self.relevant & self.tables.keys()))}

    @property
    def names(self) -> Mapping[str, str]:
        """The same, with the tables of an earlier search."""
        return self.own

    @cached_property
    def order(self) -> list[str]:
        """The relations from the goals down."""
        return [relation for part in reversed(self.model.program.components) for relation in sorted(part)]

    @cached_property
    def beginnings(self) -> dict[str, str]:
        """The statements that make the empty tables of what is reached."""
        made = {}
        for relation, name in self.own.items():
            columns = [exp.column(column) for column in self.tables[relation].columns]
            kind, number = exp.cast(exp.Literal.number(0), "INTEGER"), exp.cast(exp.Literal.number(0), "BIGINT")
            rows = exp.select(exp.alias_(kind, "kind"), exp.alias_(number, "number"), *columns)
            rows = rows.from_(self.tables[relation].name).limit(0)
            made[relation] = made_of(name, rows).sql(DIALECT, copy=False)
        return made

    @cached_property
    def first(self) -> list[Addition]:
        """The statements that add the atoms that may answer a question, each with the relation of these."""
        found = []
        for root in self.roots:
            table = self.tables.get(root.atom.relation)
            if table is None or root.atom.relation not in self.names:
                continue
            on = [*root.fits(table), exp.column(root.case, "q").eq(exp.column("c0", "y"))]
            rows = exp.select(exp.Literal.number(root.kind), exp.column("number", "q"), star("x"))
            rows = rows.from_(exp.alias_(exp.table_(root.table), "q"), copy=False)
            rows = with_rows(rows, exp.alias_(exp.table_(CLASHING), "y"), exp.true())
            rows = with_rows(rows, alias(table, "x"), conjunction(*on))
            found.append((root.atom.relation, self._added(root.atom.relation, rows)))
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
        targets = list[Addition]()
        for literal in s.literals(rule.rule.body):
            for target in _both(literal):
                if target in self.names:
                    on = list(fits_literal(literal, rule, self.tables[target], lenient=True))
                    rows = exp.select(exp.column("kind", "h"), exp.column("number", "h"), star("x"))
                    rows = rows.from_(exp.alias_(exp.table_(self.names[relation]), "h"), copy=False)
                    rows = with_rows(rows, exp.alias_(exp.table_(instances), "i"), conjunction(*head))
                    rows = with_rows(rows, alias(self.tables[target], "x"), conjunction(*on))
                    targets.append((target, self._added(target, rows)))
        made = made_of(instances, self._instances(rule))
        return Way(made.sql(DIALECT, copy=False), tuple(dict.fromkeys(targets)))

    def _added(self, relation: str, rows: exp.Select) -> str:
        """The statement that adds rows that are not there yet."""
        new = exp.except_(rows, all_of(self.names[relation]), copy=False)
        return exp.insert(new, self.names[relation], copy=False).sql(DIALECT, copy=False)

    def _instances(self, rule: ProgramRule) -> exp.Select:
        """The instances of a rule for the contradicting cases."""
        table = self.tables[asked_of(rule.head.relation)]
        assert table.case is not None
        body = (s.Literal(s.Atom(_OF_CLASHING, (rule.head.terms[table.case],))), *rule.rule.body)
        return self._compiler.instances(body, rule.variables)

    @cached_property
    def _compiler(self) -> Compiler:
        """Compiles over the models, and the cases that contradict themselves."""
        tables = {**self.of.stated, **self.model.tables.perfect, **self.model.tables.bounds}
        return Compiler({**tables, _OF_CLASHING: Table(CLASHING, (CASE_NUMBER,), False, (False,))}, self.of.types)

    @cached_property
    def conflicts(self) -> dict[str, str]:
        """The statements that tell which reached atoms of a relation are disputed."""
        made = {}
        for relation, name in self.names.items():
            disputed = self.of.disputed.get(plain(relation))
            if disputed is not None:
                table = self.tables[relation]
                on = [same(exp.column(column, "h"), exp.column(column, "x")) for column in table.columns]
                text = exp.alias_(_atom_text(plain(relation), table), "atom")
                rows = exp.select(exp.column("kind", "h"), exp.column("number", "h"), text).distinct(copy=False)
                rows = rows.from_(exp.alias_(exp.table_(name), "h"), copy=False)
                rows = with_rows(rows, disputed.copy().subquery("x", copy=False), conjunction(*on), "SEMI")
                made[relation] = exp.insert(rows, CONFLICT, copy=False).sql(DIALECT, copy=False)
        return made


@dataclass(frozen=True)
class DisputesOfChoice(Disputes):
    """The search under one choice of readings, after that of all readings together.

    It is about answers that do not conflict under all readings, beneath which that search
    reached nothing disputed: what may be disputed is what the choice adds to it. What
    depends on readings leads there, in tables of its own; from there on the ways are those
    of the first search, in its tables, under kinds of their own.
    """

    first_search: Disputes
    kinds: int
    """What is added to the kinds of the questions."""

    @property
    def whether_disputed(self) -> dict[str, str]:
        """Nothing more: what depends on readings is not disputed (`clashes.undecidable`)."""
        return {}

    @cached_property
    def own(self) -> dict[str, str]:
        """The tables of what depends on readings."""
        of_readings = (each for each in self.relevant & self.tables.keys() if plain(each) in self.of.of_readings)
        return {relation: f"h{self.kinds}_{number}" for number, relation in enumerate(sorted(of_readings))}

    @cached_property
    def conflicts(self) -> dict[str, str]:
        """None of its own."""
        return {}

    @property
    def names(self) -> Mapping[str, str]:
        """The tables of both searches."""
        others = self.first_search.names.items()
        return {**{relation: name for relation, name in others if plain(relation) not in self.of.of_readings}, **self.own}

    def _added(self, relation: str, rows: exp.Select) -> str:
        if relation in self.own:
            return super()._added(relation, rows)
        name, columns = self.names[relation], [exp.column(each) for each in self.tables[relation].columns]
        kind = exp.Add(this=exp.column("kind"), expression=exp.Literal.number(self.kinds))
        before = exp.select(kind, exp.column("number"), *columns).from_(name)
        new = exp.except_(exp.except_(rows, before, copy=False), all_of(name), copy=False)
        return exp.insert(new, name, copy=False).sql(DIALECT, copy=False)


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
    relation = asked_of(literal.atom.relation)
    return relation, s.opposite(relation)
