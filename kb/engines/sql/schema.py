"""Relations as tables: names that no document can choose, a type for each column, and how values stand in them.

`?` is NULL. The `_` of a denial (`-p(c, _)`) is NULL too, with a flag beside it that
tells it from `?`; only the tables of denials have such flags. Text is text, numbers are
DECIMAL(18, 6) (twelve digits before the point and six behind it: the language's range),
dates are DATE. A domain is an ENUM in the order of its declaration, so that the database
compares grades and stages by that order, and holds each as a small integer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from sqlglot import exp

from kb.language import syntax as s
from kb.language.bounds import plain
from kb.language.program import Program, ProgramRule
from kb.language.values import ANY, UNKNOWN, Row, Value

TEXT, NUMBER, DATE, FLAG = "TEXT", "DECIMAL(18, 6)", "DATE", "BOOLEAN"
CASE_NUMBER = "INTEGER"
"""The type of a case where many are decided at once: its number. No other column has it, and no denial has `_` there."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a relation: its name, the type of each argument's column, and whether it holds denials.

    `unknown` tells of each argument whether `?` may stand there.
    """

    name: str
    types: tuple[str, ...]
    denials: bool
    unknown: tuple[bool, ...]

    @property
    def case(self) -> int | None:
        """The position of the case, where cases have numbers."""
        return self.types.index(CASE_NUMBER) if CASE_NUMBER in self.types else None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the arguments, then the flags; a relation without arguments has a column that says nothing."""
        arity = len(self.types)
        if not arity:
            return ("present",)
        flags = tuple(f"a{i}" for i in range(arity)) if self.denials else ()
        return (*(f"c{i}" for i in range(arity)), *flags)

    @property
    def column_types(self) -> tuple[str, ...]:
        """The type of each column."""
        return (*self.types, *((FLAG,) * len(self.types) if self.denials else ())) or (FLAG,)

    def stored(self, row: Row) -> tuple[Value | bool | None, ...]:
        """A row as it stands in the table."""
        values = tuple(None if value is UNKNOWN or value is ANY else value for value in row)
        if not row:
            return (True,)
        return (*values, *((value is ANY for value in row) if self.denials else ()))

    def read(self, values: tuple[object, ...]) -> Row:
        """The row that stands in the table."""
        arity = len(self.types)
        flags = values[arity:] if self.denials else (False,) * arity
        pairs = zip(values[:arity], flags, strict=False)
        return tuple(ANY if is_any else UNKNOWN if value is None else value for value, is_any in pairs)  # type: ignore[misc]


@dataclass(frozen=True)
class Types:
    """The column type of each type of one program: domains have one each; `case` is text, or the number of a case."""

    domains: Mapping[str, tuple[str, tuple[str, ...]]]
    case: str = TEXT

    @staticmethod
    def of(program: Program, case: str = TEXT) -> Types:
        """Those of a program."""
        named = enumerate(sorted(program.domains.items()))
        return Types({name: (f"d{number}", domain.values) for number, (name, domain) in named if domain.values}, case)

    def __getitem__(self, name: str) -> str:
        if name in self.domains:
            return self.domains[name][0]
        return {"number": NUMBER, "date": DATE, "case": self.case}.get(name, TEXT)

    def declarations(self) -> list[exp.Expr]:
        """The statements that create the types of the domains."""
        return [
            exp.Create(this=exp.to_identifier(name), kind="TYPE", expression=exp.DataType(this="ENUM", expressions=texts))
            for name, values in self.domains.values()
            for texts in [[exp.Literal.string(value) for value in values]]
        ]


def data_type(name: str) -> exp.DataType:
    """A column type as a node of the syntax tree."""
    return _parsed(name).copy()


@cache
def _parsed(name: str) -> exp.DataType:
    return exp.DataType.build(name, udt=True) if name[0] == "d" else exp.DataType.build(name)


def made_of(name: str, rows: exp.Query) -> exp.Create:
    """The statement that makes a table of what a query gives, or makes it anew."""
    return exp.Create(this=exp.table_(name), kind="TABLE", replace=True, expression=rows)


def created(table: Table, rows: exp.Query | None = None) -> exp.Create:
    """The statement that makes a table, of some rows or empty."""
    if rows is not None:
        return made_of(table.name, rows)
    columns = [
        exp.ColumnDef(this=exp.to_identifier(name), kind=data_type(kind))
        for name, kind in zip(table.columns, table.column_types, strict=True)
    ]
    schema = exp.Schema(this=exp.table_(table.name), expressions=columns)
    return exp.Create(this=schema, kind="TABLE", replace=True)


def tables(program: Program, types: Types, relations: Mapping[str, Iterable[Row]]) -> dict[str, Table]:
    """A table for each relation that the rules of a program conclude or ask, and for those given.

    Of a relation that no rule concludes, `?` may stand where a given row has it.
    """
    found: dict[str, Table] = {}
    for number, (name, kinds) in enumerate(column_types(program, types, relations).items()):
        unknown = (True,) * len(kinds)
        if name not in program.rules_for:
            rows = relations.get(name, ())
            unknown = tuple(any(row[i] is UNKNOWN for row in rows) for i in range(len(kinds)))
        found[name] = Table(f"r{number}", kinds, name.startswith("-"), unknown)
    return found


def column_types(program: Program, types: Types, others: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """The types of the columns of each relation that rules conclude or ask, and of others that are declared.

    They are the declared ones, or those of the variables of the first rule's head.
    """
    names = dict.fromkeys([*others, *program.rules_for, *(name for uses in program.uses.values() for name in uses)])
    typed = {name: kinds for name in names if (kinds := _declared(program, types, name)) is not None}
    for component in program.components:
        for name in component:
            if name not in typed and name in program.rules_for:
                typed[name] = _concluded(types, program.rules_for[name][0], typed)
    return typed


def _declared(program: Program, types: Types, relation: str) -> tuple[str, ...] | None:
    """The types of a predicate's relation, in the program itself or in one of its bounds."""
    predicate = program.predicates.get(plain(relation).removeprefix("-"))
    return None if predicate is None else tuple(types[argument.type] for argument in predicate.arguments)


def _concluded(types: Types, rule: ProgramRule, typed: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The types of a head whose predicate nobody declares: those of its variables."""
    known = variable_types(types, rule.rule.body, typed)
    return tuple(term_type(term, known) for term in rule.head.terms)


def term_type(term: s.Term, known: Mapping[str, str]) -> str:
    """The column type of a term, by those of its variables."""
    if isinstance(term, s.Variable):
        return known[term.name]
    if isinstance(term, s.Constant):
        return DATE if isinstance(term.value, date) else NUMBER if isinstance(term.value, Decimal) else TEXT
    kinds = term_type(term.left, known), term_type(term.right, known)
    return DATE if DATE in kinds and kinds != (DATE, DATE) else NUMBER


def variable_types(types: Types, body: Iterable[s.Premise], typed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The column type of each variable of a body."""
    found: dict[str, str] = {}
    body = list(body)
    for literal in s.literals(body):
        for term, kind in zip(literal.atom.terms, typed.get(literal.atom.relation, ()), strict=False):
            if isinstance(term, s.Variable):
                found.setdefault(term.name, kind)
    for premise in body:
        if isinstance(premise, s.Comparison) and premise.op == "=":
            for side in (premise.left, premise.right):
                if isinstance(side, s.Variable):
                    found.setdefault(side.name, types[premise.type])
        elif isinstance(premise, s.Aggregate) and isinstance(premise.bound, s.Variable):
            is_number = premise.function in ("count", "sum")
            found.setdefault(premise.bound.name, NUMBER if is_number else types[premise.type])
    return found
