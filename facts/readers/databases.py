"""Tables of databases: DuckDB attaches its own; those of SQLite and PostgreSQL are read through Arrow's drivers.

DuckDB would attach these too, by extensions that it loads from the network; the drivers
(ADBC, https://arrow.apache.org/adbc) are packages like others. All tables are read in one
transaction: no record is half of before and half of after a change.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

import duckdb
from sqlglot import exp

from facts.readers.found import BadTables, Begin, Found, columns_of, first_line
from kb.engines.sql.plan import DIALECT

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

DATABASES = (".duckdb", ".ddb", ".db", ".sqlite", ".sqlite3")
_SERVER = "postgres:"
_SCHEMES = ("postgres", "postgresql")
_SQLITE = b"SQLite format 3\x00"
_READ = "read_rows"
"""The name under which the rows of a driver are read."""
_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
_OF_SERVER = """SELECT table_schema, table_name FROM information_schema.tables
                WHERE table_schema = ANY(current_schemas(false)) ORDER BY 1, 2"""
_OF_SQLITE = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


def facts_at(source: str | Path) -> Path:
    """Where tables of facts are, as somebody names it; the address of a server in words that a path keeps.

    `postgresql://reader@db.example/claims` is `postgres:host=db.example user=reader
    dbname=claims`. Raises BadTables for a password, which would stand in reports.
    """
    text = str(source)
    scheme, _, rest = text.partition(":")
    if scheme not in _SCHEMES:
        return Path(source)
    words = _words_of(text) if rest.startswith("//") else rest
    if "password=" in words:
        hint = "the password would stand in the report; give it in PGPASSWORD or ~/.pgpass"
        raise BadTables([f"`{_SERVER}…` names a password, and {hint}"])
    return Path(f"{_SERVER}{words}")


def _words_of(address: str) -> str:
    """The parts of a URL as libpq's keywords and values."""
    try:
        url = urlsplit(address)
        parts = {"host": url.hostname, "port": str(url.port or ""), "user": url.username, "password": url.password}
    except ValueError as error:
        hint = "write postgresql://USER@HOST/DATABASE"
        raise BadTables([f"the address of the server is none ({error}); {hint}"]) from error
    parts["dbname"] = url.path.strip("/")
    given = {name: unquote(value) for name, value in parts.items() if value} | dict(parse_qsl(url.query))
    return " ".join(f"{name}={_quoted(value)}" for name, value in given.items())


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'" if " " in value or escaped != value else value


def is_database(path: Path) -> bool:
    """Whether a place is a database."""
    return str(path).startswith(_SERVER) or (path.suffix in DATABASES and path.exists())


@contextmanager
def tables_in(path: Path, connection: duckdb.DuckDBPyConnection) -> Iterator[list[Found]]:
    """The tables of a database, which can be read until it is closed. Raises BadTables."""
    if str(path).startswith(_SERVER):
        with _through_driver("postgresql", path, str(path).removeprefix(_SERVER)) as opened, opened.cursor() as cursor:
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
        raise BadTables([f"`{path}` cannot be read: {first_line(error)}"]) from error


def _of_server(path: Path, cursor: Cursor, connection: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """The tables of a PostgreSQL server that are found by their names alone."""
    for schema, name in _fetched(cursor, _OF_SERVER, connection):
        rows = exp.table_(name, schema, quoted=True)
        columns = columns_of(connection, _begin(cursor, rows, "postgres", connection, exp.false()))
        yield _found(path, name, columns, partial(_begin, cursor, rows, "postgres"))


def _of_sqlite(path: Path, cursor: Cursor, connection: duckdb.DuckDBPyConnection) -> Iterator[Found]:
    """The tables of a SQLite file, whose values have types of their own: all are read as text."""
    for (name,) in _fetched(cursor, _OF_SQLITE, connection):
        listed = exp.select("name").from_(exp.Table(this=exp.func("pragma_table_info", exp.Literal.string(name))))
        names = [str(column) for (column,) in _fetched(cursor, listed.sql("sqlite"), connection)]
        rows = _as_texts(exp.table_(name, quoted=True), names)
        columns = tuple((column, "VARCHAR") for column in names)
        yield _found(path, name, columns, partial(_begin_texts, cursor, rows, names))


def _as_texts(rows: exp.Expr, names: Iterable[str]) -> exp.Subquery:
    texts = [exp.alias_(exp.cast(exp.column(name, quoted=True), "TEXT"), name, quoted=True) for name in names]
    return exp.select(*texts).from_(rows).subquery("r")


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
        raise BadTables([f"`{path}` cannot be read: {first_line(error)}"]) from error


def _found(path: Path, name: str, columns: tuple[tuple[str, str], ...], begin: Begin) -> Found:
    return Found(name, f"{_called(path)}, table {name}", "database", (), columns, begin=begin)


def _called(path: Path) -> str:
    """What proofs and rejects call a database; a letter need not tell who reads a server, and where it stands."""
    if not str(path).startswith(_SERVER):
        return str(path)
    words = dict(word.partition("=")[::2] for word in shlex.split(str(path).removeprefix(_SERVER)))
    return f"PostgreSQL database {words.get('dbname', '')}".rstrip()


def _where(rows: exp.Expr, condition: exp.Expr | None) -> exp.Select:
    found = exp.select("*").from_(rows)
    return found if condition is None else found.where(condition)


def _within(table: exp.Expr, connection: duckdb.DuckDBPyConnection, condition: exp.Expr | None) -> exp.Expr:
    """Rows of an attached table."""
    return _where(table, condition).subquery("r")


def _begin(
    cursor: Cursor, rows: exp.Expr, dialect: str, connection: duckdb.DuckDBPyConnection, condition: exp.Expr | None
) -> exp.Expr:
    """Rows of a driver's table."""
    return _begun(cursor, _where(rows, condition).sql(dialect), connection)


def _begin_texts(
    cursor: Cursor, rows: exp.Expr, names: list[str], connection: duckdb.DuckDBPyConnection, condition: exp.Expr | None
) -> exp.Expr:
    """Rows of a SQLite table; what has no value at all comes as a number to the driver, and is made text again."""
    return _as_texts(_begin(cursor, rows, "sqlite", connection, condition), names)


def _begun(cursor: Cursor, statement: str, connection: duckdb.DuckDBPyConnection) -> exp.Expr:
    """The rows of a statement, to be selected from once."""
    cursor.execute(statement)
    connection.register(_READ, cursor.fetch_arrow())
    return exp.table_(_READ)


def _fetched(cursor: Cursor, statement: str, connection: duckdb.DuckDBPyConnection) -> list[tuple[str, ...]]:
    rows = exp.select("*").from_(_begun(cursor, statement, connection))
    return connection.execute(rows.sql(DIALECT)).fetchall()
