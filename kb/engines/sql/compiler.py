"""One body to one query, over the tables of its relations.

`instances` gives a body's ground instances, as the other engines do; `heads` only what a
rule concludes. Then a premise that binds nothing that is needed further on becomes a
semi-join, together with those that hang on it alone: a hundred matching rows count as one.
sqlglot builds the syntax trees and writes the dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from kb.engines.sql.body import Body, Held
from kb.engines.sql.schema import Table, Types, variable_types
from kb.engines.sql.values import constant
from kb.language import syntax as s
from kb.language.program import ProgramRule

_USUAL, _LAST = 1_000, 1_000_000


@dataclass(frozen=True)
class Compiler:
    """Compiles the bodies of one program, over a table for each relation."""

    tables: Mapping[str, Table]
    types: Types

    def instances(
        self, body: tuple[s.Premise, ...], variables: tuple[str, ...], delta: tuple[s.Literal, str] | None = None
    ) -> exp.Select:
        """The distinct values of some variables for which a body holds; `delta` names another table for one literal."""
        made = self._body(body)
        made.add(body, delta=delta)
        columns = [exp.alias_(made.names[name].value, f"v{i}") for i, name in enumerate(variables)]
        return made.select(columns or [exp.alias_(exp.true(), "v0")]).distinct(copy=False)

    def heads(self, rule: ProgramRule, delta: tuple[s.Literal, str] | None = None) -> Heads:
        """What a rule concludes, perhaps several times."""
        table, body = self.tables[rule.head.relation], rule.rule.body
        needed = frozenset(v.name for term in rule.head.terms for v in s.term_variables(term))
        made = self._body(body)
        made.add(body, needed, delta)
        held = [
            made.names[term.name] if isinstance(term, s.Variable) else Held(constant(term, kind), False)
            for term, kind in zip(rule.head.terms, table.types, strict=True)
        ]
        values = [each.value for each in held]
        values += [exp.true()] if not table.types else [exp.false() for _ in table.types] if table.denials else []
        columns = [exp.alias_(value, name) for value, name in zip(values, table.columns, strict=True)]
        return Heads(made.select(columns), tuple(each.unknown for each in held))

    def _body(self, body: tuple[s.Premise, ...]) -> Body:
        return Body(self, variable_types(self.types, body, self.column_types))

    @cached_property
    def column_types(self) -> dict[str, tuple[str, ...]]:
        """The types of the columns of each relation."""
        return {name: table.types for name, table in self.tables.items()}

    def size(self, atom: s.Atom) -> int:
        """How late a relation is joined: the database orders joins by itself, and the rows of cases lead."""
        return _USUAL if self.types.case in self.column_types[atom.relation] else _LAST


@dataclass(frozen=True)
class Heads:
    """What a rule concludes, as rows of its head's relation, and where `?` may stand in them."""

    query: exp.Select
    unknown: tuple[bool, ...]
