"""Tables of databases: DuckDB attaches its own; those of SQLite and PostgreSQL are read through Arrow's drivers.

DuckDB would attach these too, by extensions that it loads from the network; the drivers
(ADBC, https://arrow.apache.org/adbc) are packages like others. All tables are read in one
transaction: no record is half of before and half of after a change.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from facts.readers.addresses import called, is_server, words_of
from facts.readers.found import BadTables, Begin, Found, columns_of, first_line
from kb.engines.sql.plan import DIALECT

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

DATABASES = (".duckdb", ".ddb", ".db", ".sqlite", ".sqlite3")
_SQLITE = b"SQLite format 3\x00"
_READ = "read_rows"
"""The name under which the rows of a driver are read."""
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_OF_SERVER = """SELECT n.nspname::text, c.relname::text
                FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
                  AND n.nspname = ANY(current_schemas(false)) ORDER BY 1, 2"""
"""Those that a name alone finds; one that may not be read is an error, and not a silence."""
_NO_SCHEMA = """SELECT pg_catalog.current_setting('search_path')
                WHERE pg_catalog.cardinality(pg_catalog.current_schemas(false)) = 0"""
_OF_TYPE = """SELECT c.relname::text, a.attname::text
               FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE a.atttypid = 'pg_catalog.{}'::regtype AND NOT a.attisdropped
                 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
                 AND n.nspname = ANY(current_schemas(false)) ORDER BY 1, 2"""
_OF_SQLITE = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


def is_database(path: Path) -> bool:
    """Whether a place is a database."""
    return is_server(path) or (path.suffix in DATABASES and path.exists())


@contextmanager
def tables_in(path: Path, connection: duckdb.DuckDBPyConnection) -> Iterator[list[Found]]:
    """The tables of a database, which can be read until it is closed. Raises BadTables."""
    if is_server(path):
        with _through_driver("postgresql", path, words_of(path)) as opened, opened.cursor() as cursor:
            cursor.execute(_SNAPSHOT)
            yield list(_of_server(path, cursor, connection))
    elif _begins_as_sqlite(path):
        address = f"{path.absolute().as_uri()}?mode=ro"
        with _through_driver("sqlite", path, address) as opened, opened.cursor() as cursor:
            yield list(_of_sqlite(path, cursor, connection))
    else:
        yield _of_duckdb(path, connection)


def _begins_as_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


@contextmanager
def _through_driver(driver: str, path: Path, address: str) -> Iterator[Connection]:
    """A connection of one of the drivers; what it raises is told as BadTables."""
    try:
        from adbc_driver_manager.dbapi import Error

        connect = import_module(f"adbc_driver_{driver}.dbapi").connect
    except ImportError as error:
        raise BadTables([f"`{path}` is read with `pip install 'medproof[databases]'`; install that first"]) from error
    try:
        with connect(address) as opened:
            yield opened
    except Error as error:
        problem, _, _ = str(error).partition("Query was")
        raise BadTables([f"`{path}` cannot be read: {' '.join(problem.split())}"]) from error


def _of_server(path: Path, cursor: Cursor, connection: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """The tables of a PostgreSQL server that are found by their names alone. Raises BadTables where none can be."""
    for (searched,) in _fetched(cursor, _NO_SCHEMA, connection):
        hint = "correct the name, or let the account that reads it use that schema"
        raise BadTables([f"`{path}` has none of the schemas on its search path, which is `{searched}`; {hint}"])
    _refuse_money(path, cursor, connection)
    padded = set(_fetched(cursor, _OF_TYPE.format("bpchar"), connection))
    for schema, name in _fetched(cursor, _OF_SERVER, connection):
        rows: exp.Expr = exp.table_(name, schema, quoted=True)
        columns = columns_of(connection, _begin_rows(cursor, rows, connection, exp.false()))
        if any((name, column) in padded for column, _ in columns):
            rows = _without_padding(rows, [column for column, _ in columns], {of for table, of in padded if table == name})
        yield _found(path, name, columns, partial(_begin_rows, cursor, rows))


def _without_padding(rows: exp.Expr, columns: list[str], padded: set[str]) -> exp.Expr:
    """The rows without the blanks that fill up a `char(n)`, which say nothing there."""
    named = [exp.column(each, quoted=True) for each in columns]
    texts = [exp.cast(each, "TEXT") if each.name in padded else each for each in named]
    selected = (exp.alias_(text, name, quoted=True) for text, name in zip(texts, columns, strict=True))
    return exp.select(*selected).from_(rows).subquery("p")


def _refuse_money(path: Path, cursor: Cursor, connection: duckdb.DuckDBPyConnection) -> None:
    """Raises BadTables for columns of money, which the driver gives in whole cents and nobody measures in."""
    for table, column in _fetched(cursor, _OF_TYPE.format("money"), connection):
        raise BadTables([f"{called(path)}, table {table}: column `{column}` is of money; make it numeric"])


def _of_sqlite(path: Path, cursor: Cursor, connection: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """The tables of a SQLite file, whose values have types of their own: all are read as text."""
    for (name,) in _fetched(cursor, _OF_SQLITE, connection):
        listed = exp.select("name").from_(exp.Table(this=exp.func("pragma_table_info", exp.Literal.string(name))))
        names = [str(column) for (column,) in _fetched(cursor, listed.sql("sqlite"), connection)]
        texts = [exp.alias_(_as_text(exp.column(each, quoted=True)), each, quoted=True) for each in names]
        rows = exp.select(*texts).from_(exp.table_(name, quoted=True)).subquery("r")
        columns = tuple((column, "VARCHAR") for column in names)
        yield _found(path, name, columns, partial(_begin_texts, cursor, rows, names))


def _as_text(column: exp.Expr) -> exp.Expr:
    """A value as text; bytes, which may be none, as the literal of SQLite that stands for them."""
    is_bytes = exp.func("TYPEOF", column).eq(exp.Literal.string("blob"))
    return exp.Case(
        ifs=[exp.If(this=is_bytes, true=exp.func("QUOTE", column.copy()))], default=exp.cast(column.copy(), "TEXT")
    )


def _of_duckdb(path: Path, connection: duckdb.DuckDBPyConnection) -> list[Found]:
    attach = exp.Attach(
        this=exp.alias_(exp.Literal.string(str(path)), "facts"),
        expressions=[exp.AttachOption(this=exp.var("READ_ONLY"))],
    )
    listed = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'facts' ORDER BY ALL"
    try:
        connection.execute(attach.sql(DIALECT)).fetchall()
        tables = [exp.table_(name, schema, "facts", quoted=True) for schema, name in connection.execute(listed).fetchall()]
        return [_found(path, each.name, columns_of(connection, each), partial(_within, each)) for each in tables]
    except duckdb.Error as error:
        if "lock on file" in str(error):
            hint = "another program has it open for writing; close it there, or name a copy"
            raise BadTables([f"`{path}` cannot be read: {hint}"]) from error
        raise BadTables([f"`{path}` cannot be read as a database of DuckDB or SQLite: {first_line(error)}"]) from error


def _found(path: Path, name: str, columns: tuple[tuple[str, str], ...], begin: Begin) -> Found:
    return Found(name, f"{called(path)}, table {name}", "database", (), columns, begin=begin)


def _where(rows: exp.Expr, condition: exp.Expr | None) -> exp.Select:
    found = exp.select("*").from_(rows)
    return found if condition is None else found.where(condition)


def _within(table: exp.Expr, connection: duckdb.DuckDBPyConnection, condition: exp.Expr | None) -> exp.Expr:
    """Rows of an attached table."""
    return _where(table, condition).subquery("r")


def _begin_rows(
    cursor: Cursor, rows: exp.Expr, connection: duckdb.DuckDBPyConnection, condition: exp.Expr | None
) -> exp.Expr:
    """Rows of a table on a server."""
    return _begun(cursor, _where(rows, condition).sql("postgres"), connection)


_MARK = "="
"""Before a text that was read: the driver takes a column for one of numbers while it has no value."""


def _begin_texts(
    cursor: Cursor, rows: exp.Expr, names: list[str], connection: duckdb.DuckDBPyConnection, condition: exp.Expr | None
) -> exp.Expr:
    """Rows of texts of a SQLite table."""
    marked = exp.select(*(exp.alias_(_marked(name), name, quoted=True) for name in names))
    marked = marked.from_(_where(rows, condition).subquery("r"))
    texts = exp.select(*(exp.alias_(_unmarked(name), name, quoted=True) for name in names))
    return texts.from_(_begun(cursor, marked.sql("sqlite"), connection)).subquery("r")


def _marked(name: str) -> exp.Expr:
    """A text with the mark before it; nothing but an empty text, if there is none."""
    text = exp.DPipe(this=exp.Literal.string(_MARK), expression=exp.column(name, quoted=True))
    return exp.func("COALESCE", text, exp.Literal.string(""))


def _unmarked(name: str) -> exp.Expr:
    """The text again."""
    text = exp.func("NULLIF", exp.cast(exp.column(name, quoted=True), "TEXT"), exp.Literal.string(""))
    return exp.func("SUBSTRING", text, exp.Literal.number(len(_MARK) + 1))


def _begun(cursor: Cursor, statement: str, connection: duckdb.DuckDBPyConnection) -> exp.Expr:
    """The rows of a statement, to be selected from once."""
    cursor.execute(statement)
    connection.register(_READ, cursor.fetch_arrow())
    return exp.table_(_READ)


def _fetched(cursor: Cursor, statement: str, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    rows = exp.select("*").from_(_begun(cursor, statement, connection))
    return connection.execute(rows.sql(DIALECT)).fetchall()
