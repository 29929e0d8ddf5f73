"""Relations as tables: names that no document can choose, a type for each column, and how values stand in them.

`?` is NULL. The `_` of a denial (`-p(c, _)`) is NULL too, with a flag beside it that
tells it from `?`; only the tables of denials have such flags. Text is text, numbers are
DECIMAL(18, 6) (twelve digits before the point and six behind it: the language's range),
dates are DATE.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from kb.language import syntax as s
from kb.language.bounds import plain
from kb.language.program import Program, ProgramRule
from kb.language.values import ANY, UNKNOWN, Row, Value

TEXT, NUMBER, DATE, FLAG = "TEXT", "DECIMAL(18, 6)", "DATE", "BOOLEAN"


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a relation: its name, the type of each argument's column, and whether it holds denials."""

    name: str
    types: tuple[str, ...]
    denials: bool

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


def tables(program: Program, relations: Iterable[str]) -> dict[str, Table]:
    """A table for each relation that the rules of a program conclude or ask, and for those named."""
    found: dict[str, Table] = {}
    names = dict.fromkeys([*relations, *program.rules_for, *(name for uses in program.uses.values() for name in uses)])
    typed = {name: types for name in names if (types := _declared(program, name)) is not None}
    for component in program.components:
        for name in component:
            if name not in typed:
                rule = program.rules_for[name][0]
                typed[name] = _concluded(program, rule, typed)
    for number, name in enumerate(names):
        found[name] = Table(f"r{number}", typed[name], name.startswith("-"))
    return found


def _declared(program: Program, relation: str) -> tuple[str, ...] | None:
    """The types of a predicate's relation, in the program itself or in one of its bounds."""
    predicate = program.predicates.get(plain(relation).removeprefix("-"))
    return None if predicate is None else tuple(sql_type(argument.type) for argument in predicate.arguments)


def sql_type(name: str) -> str:
    """The column type of a type of the language."""
    return {"number": NUMBER, "date": DATE}.get(name, TEXT)


def _concluded(program: Program, rule: ProgramRule, typed: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The types of a head whose predicate nobody declares: those of its variables."""
    types = variable_types(rule.rule.body, typed)
    return tuple(term_type(term, types) for term in rule.head.terms)


def term_type(term: s.Term, types: Mapping[str, str]) -> str:
    """The column type of a term, by those of its variables."""
    if isinstance(term, s.Variable):
        return types[term.name]
    if isinstance(term, s.Constant):
        return DATE if isinstance(term.value, date) else NUMBER if isinstance(term.value, Decimal) else TEXT
    kinds = term_type(term.left, types), term_type(term.right, types)
    return DATE if DATE in kinds and kinds != (DATE, DATE) else NUMBER


def variable_types(body: Iterable[s.Premise], typed: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
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
                    found.setdefault(side.name, sql_type(premise.type))
        elif isinstance(premise, s.Aggregate) and isinstance(premise.bound, s.Variable):
            is_number = premise.function in ("count", "sum")
            found.setdefault(premise.bound.name, NUMBER if is_number else sql_type(premise.type))
    return found
