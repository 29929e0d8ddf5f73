"""The facts of cases that contradict themselves, as the batch that read them hands them to the one that decides them.

They were checked and have their types; read once more, the tables of a whole book would be
looked through for one case in a hundred. One file holds those of all tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
from sqlglot import exp

from cohort.files import parquet_sql
from cohort.loading import BOOK, loaded_tables, marks_query
from facts.readers.tables import FactTable
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.schema import Table, Types, data_type, made_of
from kb.engines.sql.values import together, with_rows

_HANDED = "handed"
"""The table of what was handed over: the relation of each row, its case, the values as text, and which of them are `_`."""


def handed_rows(tables: Mapping[str, Table], chosen: str) -> exp.Query:
    """The rows of the tables of relations, for the cases whose names stand in the table `chosen`."""
    return together((_rows_of(relation, table, chosen) for relation, table in tables.items()), distinct=False)


def _rows_of(relation: str, table: Table, chosen: str) -> exp.Select:
    arity = len(table.types)
    values = [exp.cast(exp.column(f"c{i}", "t"), "TEXT") for i in range(arity)]
    flags = [exp.column(f"a{i}", "t") for i in range(arity)] if table.denials else []
    rows = exp.select(
        exp.alias_(exp.Literal.string(relation), "relation"),
        exp.column("name", "b"),
        exp.alias_(exp.Array(expressions=values), "texts"),
        exp.alias_(exp.cast(exp.Array(expressions=flags), "BOOLEAN[]"), "flags"),
    ).from_(exp.alias_(exp.table_(table.name), "t"))
    case = exp.column(f"c{table.case}", "t")
    rows = with_rows(rows, exp.alias_(exp.table_(BOOK), "b"), case.eq(exp.column("id", "b")), "INNER")
    return with_rows(rows, exp.alias_(exp.table_(chosen), "x"), exp.column("name", "b").eq(exp.column("name", "x")), "SEMI")


@dataclass(frozen=True)
class Handed:
    """Loads what was handed over for the cases in the table `book` of a connection; the statements are made once."""

    files: tuple[Path, ...]
    types: Types
    _statements: dict[str, tuple[str, str]] = field(default_factory=dict)

    def load(self, connection: duckdb.DuckDBPyConnection, tables: Iterable[FactTable]) -> dict[str, Table]:
        """Makes the tables of all relations."""
        rows = f"SELECT h.relation, b.id, h.texts, h.flags FROM {parquet_sql()} h JOIN {BOOK} b USING (name)"
        connection.execute(f"CREATE TABLE {_HANDED} AS {rows}", [list(map(str, self.files))]).fetchall()
        pairs = loaded_tables(tables, self.types)
        return {table.relation: self._read(connection, table.relation, made) for table, made in pairs}

    def _read(self, connection: duckdb.DuckDBPyConnection, relation: str, made: Table) -> Table:
        if made.name not in self._statements:
            self._statements[made.name] = self._reading(relation, made)
        reading, asking = self._statements[made.name]
        connection.execute(reading).fetchall()
        [found] = connection.execute(asking).fetchall()
        return replace(made, unknown=tuple(map(bool, found)))

    @staticmethod
    def _reading(relation: str, made: Table) -> tuple[str, str]:
        """What reads the rows of a relation, and what tells which columns hold `?`."""
        values: list[exp.Expr] = [
            exp.column("id") if i == made.case else exp.cast(_item("texts", i), data_type(kind))
            for i, kind in enumerate(made.types)
        ]
        values += [_item("flags", i) for i in range(len(made.types))] if made.denials else []
        rows = exp.select(*(exp.alias_(each, column) for each, column in zip(values, made.columns, strict=True)))
        rows = rows.from_(_HANDED).where(exp.column("relation").eq(exp.Literal.string(relation)))
        return made_of(made.name, rows).sql(DIALECT), marks_query(made).sql(DIALECT)


def _item(column: str, position: int) -> exp.Expr:
    return exp.func("LIST_EXTRACT", exp.column(column), exp.Literal.number(position + 1))
