"""Contradictions in many records at once (`kb.contradictions` says what one is): the cases that have any, and the atoms."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from sqlglot import exp

from kb.engines.sql.compiler import Compiler
from kb.engines.sql.open import CASES
from kb.engines.sql.schema import CASE_NUMBER, Table, Types
from kb.engines.sql.values import conjunction, constant, disjunction, negation, or_unknown, same, together, with_rows
from kb.language import syntax as s
from kb.language.program import Predicate, Program, ProgramRule
from kb.language.strata import dependents

Expr = exp.Expr

CLASHING = "clashing"
"""The table of the cases whose record contradicts itself: their numbers, in `c0`."""
OF_FACTS = "clashes_of_facts"
"""The table of what cannot all be right of the facts of a batch: the name of a clash, and the number of a case, in `c0`."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Something that cannot all be right of some relations, and the numbers of the cases of which it is so, in `c0`."""

    name: str
    relations: tuple[str, ...]
    problem: str
    rows: exp.Query

    @property
    def named(self) -> exp.Query:
        """The rows with the name."""
        return exp.select(exp.alias_(exp.Literal.string(self.name), "clash"), "c0").from_(self.rows.subquery("n"))


def clashes_of_facts(program: Program, tables: Mapping[str, Table]) -> Iterator[Clash]:
    """What may contradict itself in the tables alone, one by one, apart from the constraints."""
    return chain(_denials(program, tables), _keys(program, tables))


def said_by_documents(program: Program) -> frozenset[str]:
    """The relations of which documents say something: by rules, or facts of their own."""
    return frozenset([*program.rules_for, *(fact.relation for fact in program.facts)])


def clashing_cases(program: Program, tables: Mapping[str, Table], searched: Container[str] = ()) -> exp.Query:
    """The numbers of the cases whose record, with what follows from it, contradicts itself.

    Clashes that were `searched` for stand in the table `OF_FACTS`, which is there then; they
    are taken from it, if no rule and no document says more of their relations.
    """
    said = said_by_documents(program)
    names, found = list[str](), list[exp.Query]()
    for clash in chain(clashes_of_facts(program, tables), violations(program, tables)):
        if clash.name in searched and said.isdisjoint(clash.relations):
            names.append(clash.name)
        else:
            found.append(clash.rows)
    none = exp.select(exp.alias_(exp.cast(exp.null(), CASE_NUMBER), "c0")).where(exp.false())
    if names:
        rows = exp.select(exp.column("c0", "k")).from_(exp.alias_(exp.table_(OF_FACTS), "k"))
        rows = with_rows(rows, exp.table_(CASES), exp.column("c0", "k").eq(exp.column("id", CASES)), "SEMI")
        found.append(rows.where(exp.column("clash", "k").isin(*names)))
    return together([none, *found])


def _denials(program: Program, tables: Mapping[str, Table]) -> Iterator[Clash]:
    """An atom together with its denial."""
    for name, predicate in program.predicates.items():
        stated, denied, position = tables.get(name), tables.get(f"-{name}"), predicate.case_position
        if stated is None or denied is None or position is None:
            continue
        on = conjunction(*_denied(stated, denied))
        rows = exp.select(exp.alias_(exp.column(f"c{position}", "l"), "c0")).from_(alias(stated, "l"))
        yield Clash(
            f"denial {name}", (name, f"-{name}"), "stated and denied", with_rows(rows, alias(denied, "r"), on, "SEMI")
        )


def _keys(program: Program, tables: Mapping[str, Table]) -> Iterator[Clash]:
    """Two values for one key of a case; one that is not stated contradicts none."""
    for predicate in program.keyed:
        table = tables.get(predicate.name)
        if table is None or table.case is None:
            continue
        for key in _with_case(predicate, table.case):
            values = [exp.column(f"c{i}") for i in range(len(table.types)) if i not in key]
            keys = [exp.column(f"c{i}") for i in key]
            known = [negation(exp.Is(this=exp.column(f"c{i}"), expression=exp.null())) for i in key if table.unknown[i]]
            differ = [exp.NEQ(this=exp.Min(this=value), expression=exp.Max(this=value.copy())) for value in values]
            if differ:
                rows = exp.select(exp.alias_(exp.column(f"c{table.case}"), "c0")).from_(table.name).group_by(*keys)
                rows = (rows.where(*known) if known else rows).having(disjunction(*differ))
                yield Clash(f"key {predicate.name} {key}", (predicate.name,), "two values where one can be right", rows)


def _with_case(predicate: Predicate, case: int) -> list[tuple[int, ...]]:
    """The keys of a predicate: each is one within a case, whether it names the case or not."""
    return [tuple(sorted({*key, case})) for key in predicate.keys]


def violations(program: Program, tables: Mapping[str, Table]) -> Iterator[Clash]:
    """A constraint that is violated; its relation holds what it is violated by."""
    for rule in program.constraints:
        table = tables.get(rule.head.relation)
        if table is not None and table.case is not None:
            asked = [literal.atom.relation for literal in s.literals(rule.rule.body) if not literal.negated]
            problem = "what cannot be" if len(asked) == 1 else "what cannot be true together"
            rows = exp.select(exp.alias_(exp.column(f"c{table.case}"), "c0")).from_(table.name)
            yield Clash(rule.id, tuple(dict.fromkeys(asked)), problem, rows)


# What is not decided many at a time


def undecidable(program: Program) -> str:
    """Why the cases of a program have to be decided one by one; nothing, if they need not.

    A contradiction among atoms without a case, or one that only some reading brings
    about, would not be seen here.
    """
    caseless = {name for name, predicate in program.predicates.items() if predicate.case_position is None}
    said = said_by_documents(program)
    for name in sorted(caseless):
        if program.predicates[name].keys or (name in said and f"-{name}" in said):
            return f"`{name}`, which is not about a case, has a key or is denied"
    for rule in program.constraints:
        asked = {literal.atom.predicate for literal in s.literals(rule.rule.body)}
        if asked & caseless:
            return f"the constraint {rule.id} asks `{min(asked & caseless)}`, which is not about a case"
    cone = dependents(program, [reading.relation for reading in program.readings]) if program.readings else frozenset()
    for name in sorted(cone):
        predicate = program.predicates.get(name.removeprefix("-"))
        may_clash = predicate is not None and (predicate.is_fact or bool(predicate.keys))
        if name.startswith("!") or s.opposite(name) in said or may_clash:
            return f"`{name}` depends on the reading of a policy, and may contradict something"
    return ""


# Which atoms have a part in a contradiction


def disputed_atoms(program: Program, types: Types, tables: Mapping[str, Table]) -> dict[str, exp.Query]:
    """The atoms that cannot be right together with others, by relation, of the cases that contradict themselves."""
    found: dict[str, list[exp.Select]] = {}
    for name in program.predicates:
        stated, denied = tables.get(name), tables.get(f"-{name}")
        if stated is not None and denied is not None and stated.case is not None:
            found.setdefault(name, []).append(_joined(stated, denied, _denied(stated, denied)))
            found.setdefault(f"-{name}", []).append(_joined(denied, stated, _denied(denied, stated)))
    for predicate in program.keyed:
        table = tables.get(predicate.name)
        if table is not None and table.case is not None:
            found.setdefault(predicate.name, []).extend(_of_keys(predicate, table))
    for rule in program.constraints:
        for literal in s.literals(rule.rule.body):
            table = tables.get(literal.atom.relation)
            if not literal.negated and table is not None and table.case is not None:
                found.setdefault(literal.atom.relation, []).append(_of_constraint(rule, literal, table, types, tables))
    return {relation: together(queries) for relation, queries in found.items() if queries}


def _of_constraint(
    rule: ProgramRule, literal: s.Literal, table: Table, types: Types, tables: Mapping[str, Table]
) -> exp.Select:
    """The rows that a violated constraint rests on."""
    rows = Compiler(tables, types).instances(rule.rule.body, rule.variables).subquery("i")
    on = list(fits_literal(literal, rule, table, lenient=False))
    return with_rows(exp.select("x.*").distinct().from_(rows), alias(table, "x"), conjunction(*on))


def value_of(term: s.Term, rule: ProgramRule) -> Expr:
    """The value that a variable has in the instance `i` of a rule."""
    assert isinstance(term, s.Variable), "arithmetic does not stand in an atom"
    return exp.column(f"v{rule.variables.index(term.name)}", "i")


def fits_literal(literal: s.Literal, rule: ProgramRule, table: Table, lenient: bool) -> Iterator[Expr]:
    """The row `x` fits a literal whose variables have the values of the instance `i`; what has none is left open."""
    for number, (term, kind) in enumerate(zip(literal.atom.terms, table.types, strict=True)):
        column = exp.column(f"c{number}", "x")
        if isinstance(term, s.Variable) and term.name in rule.variables:
            given = value_of(term, rule)
        elif isinstance(term, s.Constant):
            given = constant(term, kind)
        else:
            continue
        if kind == CASE_NUMBER:
            yield column.eq(given)
            continue
        fit = or_unknown(column.eq(given), column, given) if lenient else same(column, given)
        yield disjunction(exp.column(f"a{number}", "x"), fit) if table.denials else fit


def _denied(left: Table, right: Table) -> list[Expr]:
    """A row of one fits a row of the other, one of which is a denial."""
    denials = "l" if left.denials else "r"
    pairs = [(exp.column(f"c{i}", "l"), exp.column(f"c{i}", "r"), i) for i in range(len(left.types))]
    return [
        one.eq(other) if i == left.case else disjunction(exp.column(f"a{i}", denials), same(one, other))
        for one, other, i in pairs
    ]


def _of_keys(predicate: Predicate, table: Table) -> Iterator[exp.Select]:
    """The rows that have the key of another row, and another value."""
    assert table.case is not None
    for key in _with_case(predicate, table.case):
        others = [i for i in range(len(table.types)) if i not in key]
        on = [exp.column(f"c{i}", "l").eq(exp.column(f"c{i}", "r")) for i in key]
        differ = [exp.NEQ(this=exp.column(f"c{i}", "l"), expression=exp.column(f"c{i}", "r")) for i in others]
        if differ:
            yield _joined(table, table, [*on, disjunction(*differ)])


def _joined(left: Table, right: Table, on: list[Expr]) -> exp.Select:
    """The rows of a table that have a partner in another."""
    rows = exp.select("l.*").from_(alias(left, "l"))
    case = exp.column(f"c{left.case}", "l").eq(exp.column("c0", "y"))
    rows = with_rows(rows, exp.alias_(exp.table_(CLASHING), "y"), case, "SEMI")
    return with_rows(rows, alias(right, "r"), conjunction(*on), "SEMI")


def alias(table: Table, name: str) -> Expr:
    """A table under a name."""
    return exp.alias_(exp.table_(table.name), name)
