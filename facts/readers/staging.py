"""Tables that are not Parquet, read once into Parquet: in order of their cases, each row with its place and its faults."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import duckdb
from sqlglot import exp

from facts.readers.found import BadTables, Found, columns_of, first_line
from facts.readers.texts import (
    FAULT,
    FILE,
    ROW,
    BadFile,
    check_json,
    csv_rows,
    is_refused,
    json_rows,
    mended_csv_rows,
    numbered,
    parquet,
    texts,
)
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.values import disjunction, together

_TOO_LONG = "Maximum line size"
"""What DuckDB's message says of a line of CSV that is longer than it takes."""
Placed = tuple[str, exp.Select]
"""A file, or a table of a database, and its rows."""


def staged(
    found: Found,
    names: Iterable[str],
    case: str,
    of_text: Iterable[str],
    connection: duckdb.DuckDBPyConnection,
    work: Path,
    cases: Collection[str] | None = None,
) -> tuple[Path, dict[str, str]]:
    """The file into which a table was read, and the types of its columns there. Raises BadTables.

    `of_text` are the columns in which any text may stand, lines of several too. Of a
    database only `cases` are read, if any are named.
    """
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"{found.name}.parquet"
    try:
        _read_into(path, found, names, case, connection, cases)
        if found.kind == "csv":
            _refuse_lines(connection, [name for name in names if name not in of_text], path)
    except BadFile as error:
        raise BadTables([str(error)]) from error
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.InterruptException):
        # Not about the table: a full disk, memory, or Ctrl-C.
        raise
    except duckdb.Error as error:
        if _TOO_LONG in str(error):
            hint = "shorten the text that stands in it, or write the table as Parquet"
            raise BadTables(
                [f"`{found.place}` cannot be read: a line of it is longer than two million bytes; {hint}"]
            ) from error
        raise BadTables([f"`{found.place}` cannot be read: {first_line(error)}"]) from error
    finally:
        for mended in work.glob(f"{found.name}.*.csv"):
            mended.unlink()
    return path, dict(columns_of(connection, exp.Table(this=parquet(texts([str(path)])))))


def _read_into(
    path: Path,
    found: Found,
    names: Iterable[str],
    case: str,
    connection: duckdb.DuckDBPyConnection,
    cases: Collection[str] | None,
) -> None:
    """Reads a table as the database does, and a text file that it refuses with a mind for what is wrong. Raises BadFile."""
    if found.begin is not None:
        wanted = [exp.Literal.string(each) for each in cases or ()]
        of_cases = exp.In(this=exp.column(case, quoted=True), expressions=wanted) if cases is not None else None
        rows = numbered([exp.column(name, quoted=True) for name in names], found.begin(connection, of_cases), case)
        _write(connection, names, case, [(f"{found.place} (of its case, in order of the values)", rows)], path)
        return
    try:
        _write(connection, names, case, _rows(found), path)
    except duckdb.InvalidInputException:
        if found.kind == "json":
            check_json(found.files)
        if found.kind != "csv":
            raise
        _write(connection, names, case, _rows_mended(found, case, connection, path.parent), path)


def _refuse_lines(connection: duckdb.DuckDBPyConnection, names: list[str], path: Path) -> None:
    """Raises BadFile for a value of several lines where none can be: within its quotes the rows of others may stand."""
    has_lines = [exp.func("CONTAINS", exp.column(name, quoted=True), exp.Literal.string("\n")) for name in names]
    rows = exp.select(FILE, ROW, *has_lines).from_(exp.Table(this=parquet(texts([str(path)]))))
    rows = rows.where(disjunction(*(each.copy() for each in has_lines))).limit(1)
    for file, row, *found in connection.execute(rows.sql(DIALECT)).fetchall():
        hint = "a quote may be opened there and not closed; mend it"
        raise BadFile(f"row {row} of {file}: the value of `{names[found.index(True)]}` has several lines: {hint}")


def _write(
    connection: duckdb.DuckDBPyConnection,
    names: Iterable[str],
    case: str,
    rows: Iterable[Placed],
    path: Path,
) -> None:
    named = [exp.column(name, quoted=True) for name in names]
    each = [
        exp.select(*named, exp.alias_(exp.Literal.string(place), FILE), ROW, FAULT).from_(source.subquery("s"))
        for place, source in rows
    ]
    ordered = exp.select("*").from_(together(each, distinct=False).subquery("s"))
    connection.sql(ordered.order_by(exp.column(case, quoted=True)).sql(DIALECT)).write_parquet(str(path))


def _rows(found: Found) -> Iterator[Placed]:
    """The rows of each file, with the numbers that they have there."""
    for file, header in found.headers.items():
        yield file, csv_rows(file, header) if found.kind == "csv" else json_rows(file, header)


def _rows_mended(found: Found, case: str, connection: duckdb.DuckDBPyConnection, work: Path) -> Iterator[Placed]:
    """The rows of CSV files, some of which are not as they should be."""
    for number, (file, header) in enumerate(found.headers.items()):
        if is_refused(connection, file, header):
            yield file, mended_csv_rows(file, header, case, work / f"{found.name}.{number}.csv")
        else:
            yield file, csv_rows(file, header)
