"""Facts as tables: one file, folder or database table for each fact predicate, its columns named as declared.

`motor_strength.parquet` (or `.csv`, `.jsonl`, or a folder of such files) holds facts,
`denied_motor_strength.parquet` what is documented as absent. `?` is a value that is not
stated and, in a denial, `_` any value; both are text, and so is then their column. Text
files and databases are read once into Parquet, in order of their cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from sqlglot import exp

from facts.opening import CaseProblem
from facts.readers.texts import (
    FAULT,
    BadFile,
    check_json,
    csv_rows,
    header_of,
    json_columns,
    json_rows,
    mended_csv_rows,
    option,
    texts,
)
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.values import together
from kb.language.diagnostics import nearest
from kb.language.program import Predicate

Expr = exp.Expr

DENIED = "denied_"
SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".jsonl": "json", ".ndjson": "json"}
DATABASES = (".duckdb", ".ddb", ".db", ".sqlite", ".sqlite3")
FILE, ROW = "_file", "_row"
"""The columns in which a table that was read tells where each row stood."""
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


class BadTables(CaseProblem):
    """Tables that cannot be read as facts at all; one sentence for each thing that is wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(frozen=True)
class FactTable:
    """The rows of a relation: Parquet files, with the column that holds each argument and its type there.

    `is_staged`: they were read from another form, and columns tell where each row stood, and what is wrong with it.
    """

    predicate: Predicate
    denied: bool
    place: str
    files: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    is_staged: bool

    @property
    def relation(self) -> str:
        """The relation: `p`, or `-p` for denials."""
        return f"-{self.predicate.name}" if self.denied else self.predicate.name

    @property
    def name(self) -> str:
        """The name of a table that holds it."""
        return f"{DENIED}{self.predicate.name}" if self.denied else self.predicate.name

    def column(self, position: int, alias: str) -> exp.Column:
        """The column of an argument."""
        return exp.column(self.columns[position][0], alias, quoted=True)

    @property
    def case(self) -> str:
        """The column of the case."""
        return self.columns[self.predicate.case_position or 0][0]

    def fault(self, alias: str) -> Expr:
        """What is wrong with a row as a whole; NULL, if nothing is."""
        return exp.column(FAULT, alias) if self.is_staged else exp.cast(exp.null(), "TEXT")

    def rows(self, located: bool = False) -> Expr:
        """The rows, to be selected from; `located`: with the columns that tell where each stood."""
        options = ["hive_partitioning", "union_by_name"]
        if located and not self.is_staged:
            options += ["filename", "file_row_number"]
        return exp.Table(this=exp.func("read_parquet", texts(self.files), *map(option, options)))

    def place_of_row(self, alias: str) -> tuple[Expr, Expr]:
        """The file and the number of a row, counted from 1, in located rows."""
        if self.is_staged:
            return exp.column(FILE, alias), exp.column(ROW, alias)
        return exp.column("filename", alias), exp.column("file_row_number", alias) + 1


@dataclass(frozen=True)
class _Found:
    """A table as it was found: what messages call it, how it is read, and its columns with their types."""

    name: str
    place: str
    kind: str
    files: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    headers: Mapping[str, list[str]] = field(default_factory=dict)
    """Of text files: the names in each."""
    table: Expr | None = None
    """Of a database: the table there."""


def fact_tables(path: Path, predicates: Mapping[str, Predicate], work: Path) -> tuple[FactTable, ...]:
    """The tables of a directory or a database, each checked against the predicate that it is named after.

    What is not Parquet is read into `work`. Raises BadTables with everything that is
    wrong: a table is refused whole, and no row is looked at yet.
    """
    facts = {name: each for name, each in predicates.items() if each.is_fact and each.case_position is not None}
    problems: list[str] = []
    with duckdb.connect() as connection:
        found, others = _found(path, connection)
        tables = list[FactTable]()
        for each in found:
            try:
                tables.append(_checked(each, facts, connection, work))
            except BadTables as error:
                problems += error.problems
        problems += others
    if problems:
        raise BadTables(problems)
    names = [table.relation for table in tables]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadTables(f"`{name}` stands in two tables of `{path}`; keep one form of it" for name in twice)
    if not tables:
        hint = "`medproof vocabulary` lists the facts; each is a file named after it, such as `requested.parquet`"
        raise BadTables([f"`{path}` holds no table of facts; {hint}"])
    return tuple(tables)


# What is there


def _found(path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[list[_Found], list[str]]:
    if path.is_dir():
        return _in_directory(path, connection)
    if str(path).startswith(("postgres:", "postgresql:")) or path.suffix in DATABASES:
        return _in_database(path, connection), []
    if not path.exists():
        raise BadTables([f"there is no directory or database `{path}`"])
    raise BadTables([f"`{path}` is no directory of tables and no database ({', '.join(DATABASES)}, postgres:…)"])


def _in_directory(path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[list[_Found], list[str]]:
    found, problems = list[_Found](), list[str]()
    for entry in sorted(path.iterdir()):
        if entry.name.startswith((".", "_")):
            continue
        files = sorted(each for each in entry.rglob("*") if each.suffix in SUFFIXES) if entry.is_dir() else [entry]
        kinds = {SUFFIXES[each.suffix] for each in files if each.suffix in SUFFIXES}
        if not kinds:
            if entry.is_dir() or entry.stem.lower() not in ("readme", "license"):
                problems.append(f"`{entry}` is no table: facts stand in {', '.join(SUFFIXES)}, or in a folder of such files")
            continue
        if len(kinds) > 1:
            problems.append(f"`{entry}` holds files of several forms ({', '.join(sorted(kinds))}); keep one")
            continue
        [kind] = kinds
        try:
            name = entry.name if entry.is_dir() else entry.stem
            found.append(_read(name, str(entry), kind, tuple(map(str, files)), connection))
        except duckdb.Error as error:
            hint = "; it is no Parquet file, or a broken one: write it anew" if kind == "parquet" else ""
            problems.append(f"`{entry}` cannot be read: {_first_line(error)}{hint}")
        except (OSError, BadFile) as error:
            problems.append(f"`{entry}` cannot be read: {error}")
    return found, problems


def _read(name: str, place: str, kind: str, files: tuple[str, ...], connection: duckdb.DuckDBPyConnection) -> _Found:
    if kind == "parquet":
        source: Expr = exp.func("read_parquet", texts(files), option("hive_partitioning"), option("union_by_name"))
        single = {file: exp.Table(this=exp.func("read_parquet", texts([file]))) for file in files}
        kinds = [{name.lower(): kind for name, kind in _columns(connection, each)} for each in single.values()]
        if any(each != kinds[0] for each in kinds):
            raise BadFile("its files have different columns, or columns of different types")
        table = exp.Table(this=source)
        return _Found(name, place, kind, files, _columns(connection, table))
    if kind == "csv":
        headers = {file: header_of(file) for file in files}
        first = headers[files[0]]
        if any(sorted(map(str.lower, header)) != sorted(map(str.lower, first)) for header in headers.values()):
            raise BadFile("its files have different columns")
    else:
        first = json_columns(connection, files)
        headers = dict.fromkeys(files, first)
    return _Found(name, place, kind, files, tuple((column, "VARCHAR") for column in first), headers)


def _in_database(path: Path, connection: duckdb.DuckDBPyConnection) -> list[_Found]:
    """The tables of a database that DuckDB can attach, read-only."""
    attach = exp.Attach(
        this=exp.alias_(exp.Literal.string(str(path)), "facts"),
        expressions=[exp.AttachOption(this=exp.var("READ_ONLY"))],
    )
    try:
        connection.execute(attach.sql(DIALECT)).fetchall()
        listed = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_catalog = 'facts' ORDER BY ALL"
        ).fetchall()
    except duckdb.Error as error:
        hint = "" if "extension" not in str(error) else (
            "; reading it needs an extension of DuckDB: run `INSTALL sqlite` or `INSTALL postgres` once where the network is"
        )  # fmt: skip
        raise BadTables([f"`{path}` cannot be opened: {_first_line(error)}{hint}"]) from error
    found = []
    for schema, name in listed:
        table = exp.table_(name, schema, "facts", quoted=True)
        columns = _columns(connection, table)
        found.append(_Found(str(name), f"{path}, table {name}", "database", (), columns, table=table))
    return found


def _columns(connection: duckdb.DuckDBPyConnection, table: Expr) -> tuple[tuple[str, str], ...]:
    described = connection.execute(f"DESCRIBE {exp.select('*').from_(table.copy()).sql(DIALECT)}").fetchall()
    return tuple((str(row[0]), str(row[1])) for row in described)


# Whether it is what its name says


def _checked(found: _Found, facts: Mapping[str, Predicate], connection: duckdb.DuckDBPyConnection, work: Path) -> FactTable:
    is_denied = found.name not in facts and found.name.startswith(DENIED)
    predicate = facts.get(found.name.removeprefix(DENIED) if is_denied else found.name)
    if predicate is None:
        known = [*facts, *(f"{DENIED}{name}" for name in facts)]
        hint = nearest(found.name, known) or "`medproof vocabulary` lists the facts"
        raise BadTables([f"`{found.place}` is named after no fact of the vocabulary; {hint}"])
    named = {name.lower(): (name, kind) for name, kind in found.columns}
    wanted = [argument.name for argument in predicate.arguments]
    problems = [
        f"`{found.place}` has no column `{name}`; `{predicate.name}` has {', '.join(wanted)}"
        for name in wanted
        if name.lower() not in named
    ]
    for name, _ in found.columns:
        if name.lower() not in {each.lower() for each in wanted}:
            hint = nearest(name, wanted) or f"`{predicate.name}` has {', '.join(wanted)}"
            problems.append(f"`{found.place}` has a column `{name}` that `{predicate.name}` has no argument for; {hint}")
    for argument in predicate.arguments:
        name, kind = named.get(argument.name.lower(), ("", ""))
        if name and (problem := _type_problem(argument.type, kind)):
            problems.append(f"`{found.place}`, column `{name}`: {problem}")
    if problems:
        raise BadTables(problems)
    columns = tuple(named[name.lower()] for name in wanted)
    table = FactTable(predicate, is_denied, found.place, found.files, columns, is_staged=found.kind != "parquet")
    return table if not table.is_staged else _staged(table, found, connection, work)


def _type_problem(argument: str, column: str) -> str:
    """What is wrong with the type of a column, or nothing."""
    if column == "VARCHAR" or column.startswith("ENUM"):
        return ""
    if argument == "date":
        return "" if column == "DATE" else f"it holds {column}; days are DATE, or text such as 2026-01-31"
    if argument == "number":
        if column in _INTEGERS or column.startswith("DECIMAL"):
            return ""
        return f"it holds {column}, which is not exact; numbers are DECIMAL, whole numbers, or text such as 3.5"
    return f"it holds {column}, and text stands there; write codes and names as text"


def _staged(table: FactTable, found: _Found, connection: duckdb.DuckDBPyConnection, work: Path) -> FactTable:
    """The table as Parquet, in order of its cases, with the place and the faults of each row."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"{found.name}.parquet"
    try:
        try:
            _write(connection, table, _rows(found), path)
        except duckdb.Error:
            if found.kind != "csv":
                raise
            _write(connection, table, _rows_mended(found, table.case, work), path)
    except BadFile as error:
        raise BadTables([f"`{found.place}` cannot be read: {error}"]) from error
    except duckdb.Error as error:
        if found.kind == "json":
            _told_of_json(found)
        raise BadTables([f"`{found.place}` cannot be read: {_first_line(error)}"]) from error
    kinds = dict(_columns(connection, exp.Table(this=exp.func("read_parquet", texts([str(path)])))))
    columns = tuple((name, kinds[name]) for name, _ in table.columns)
    return FactTable(table.predicate, table.denied, table.place, (str(path),), columns, is_staged=True)


def _told_of_json(found: _Found) -> None:
    try:
        check_json(found.files)
    except BadFile as error:
        raise BadTables([f"`{found.place}` cannot be read: {error}"]) from error


def _write(
    connection: duckdb.DuckDBPyConnection, table: FactTable, rows: Iterable[tuple[str, exp.Select]], path: Path
) -> None:
    named = [exp.column(name, quoted=True) for name, _ in table.columns]
    each = [
        exp.select(*named, exp.alias_(exp.Literal.string(place), FILE), ROW, FAULT).from_(source.subquery("s"))
        for place, source in rows
    ]
    ordered = exp.select("*").from_(together(each, distinct=False).subquery("s"))
    connection.sql(ordered.order_by(exp.column(table.case, quoted=True)).sql(DIALECT)).write_parquet(str(path))


def _rows(found: _Found) -> Iterator[tuple[str, exp.Select]]:
    """The rows of each file, or of the table of a database, with the numbers that they have there."""
    if found.table is not None:
        number, whole = exp.Window(this=exp.func("ROW_NUMBER")), exp.cast(exp.null(), "TEXT")
        yield found.place, exp.select("*", exp.alias_(number, ROW), exp.alias_(whole, FAULT)).from_(found.table)
    for file, header in found.headers.items():
        yield file, csv_rows(file, header) if found.kind == "csv" else json_rows(file, header)


def _rows_mended(found: _Found, case: str, work: Path) -> Iterator[tuple[str, exp.Select]]:
    """The rows of CSV files of which some are not whole."""
    for number, (file, header) in enumerate(found.headers.items()):
        yield file, mended_csv_rows(file, header, case, work / f"{found.name}.{number}.csv")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])
