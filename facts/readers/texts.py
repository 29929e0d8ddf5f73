"""Tables that are text files: CSV and JSON lines, each file on its own, so that every row knows where it stood.

DuckDB reads them. A CSV file that it refuses is read row by row by Python's own reader,
and written anew for it: a row with too few or too many values keeps its place and its
case, and tells what is wrong with it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb
from sqlglot import exp

from kb.engines.sql.plan import DIALECT
from kb.engines.sql.values import known
from kb.language.values import many

csv.field_size_limit(1 << 24)
Expr = exp.Expr

FILE, ROW, FAULT = "_file", "_row", "_fault"
"""The columns in which a table that was read tells where each row stood, and what is wrong with it as a whole."""
_NO_OBJECT = "json"
"""The column under which DuckDB reads lines that are JSON, but no objects."""
_TOLD = 3
"""Bad lines of one file that a message tells."""


class BadFile(Exception):
    """A file that cannot be read at all; the message says why, and what to do."""


def texts(values: Iterable[str]) -> Expr:
    """A list of texts."""
    return exp.Array(expressions=[exp.Literal.string(value) for value in values])


def option(name: str, value: str | bool = True) -> Expr:
    """A named argument of a reading function."""
    given = exp.Literal.string(value) if isinstance(value, str) else exp.true() if value else exp.false()
    return exp.EQ(this=exp.to_identifier(name), expression=given)


_AS_THEY_ARE = option("hive_partitioning", value=False)
"""Nothing is read from the names of folders."""


def parquet(files: Expr, *options: str) -> Expr:
    """What Parquet files hold, and nothing that the names of their folders say: `Side=right/` changes no row."""
    return exp.func("read_parquet", files, _AS_THEY_ARE.copy(), *map(option, options))


def numbered(columns: Iterable[Expr], table: Expr, case: str = "", fault: Expr | None = None) -> exp.Select:
    """Columns of a table with the number of each row, and what is wrong with it, if anything is known to be.

    With the column of the `case`, rows are counted within their case, in order of their values.
    """
    columns, row = list(columns), exp.Window(this=exp.func("ROW_NUMBER"))
    if case:
        row.set("partition_by", [exp.column(case, quoted=True)])
        row.set("order", exp.Order(expressions=[each.copy() for each in columns]))
    nothing = exp.cast(exp.null(), "TEXT")
    return exp.select(*columns, exp.alias_(row, ROW), exp.alias_(nothing if fault is None else fault, FAULT)).from_(table)


def _all_of(kind: str, names: Iterable[str]) -> Expr:
    """The option that says that all columns are of a kind, such as text: what they are is for the vocabulary to say."""
    of = exp.Literal.string(kind)
    shape = exp.Struct(expressions=[exp.PropertyEQ(this=exp.Literal.string(name), expression=of.copy()) for name in names])
    return exp.EQ(this=exp.to_identifier("columns"), expression=shape)


# CSV


def header_of(file: str) -> list[str]:
    """The names in the first line of a CSV file. Raises BadFile."""
    try:
        with open(file, encoding="utf-8-sig", newline="") as text:
            header = next(csv.reader(text), None)
    except (UnicodeDecodeError, csv.Error) as error:
        raise _no_utf8(file) from error
    if not header:
        raise BadFile(f"{file} is empty; its first line names the columns")
    names = [name.strip() for name in header]
    for mark, what in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(names) == 1 and mark in names[0]:
            raise BadFile(f"the columns of {file} stand between {what}; write commas")
    if twice := sorted({name for name in names if [each.lower() for each in names].count(name.lower()) > 1}):
        raise BadFile(f"{file} names the column `{twice[0]}` twice; its first line names each column once")
    return names


def csv_rows(file: str, header: list[str]) -> exp.Select:
    """The rows of a CSV file that DuckDB reads, all as text."""
    rows = numbered(_quoted(header), exp.Table(this=_read_csv(file, header)))
    # To DuckDB a line without anything is a row of a table that has one column.
    return rows.where(known(exp.column(header[0], quoted=True))) if len(header) == 1 else rows


def is_refused(connection: duckdb.DuckDBPyConnection, file: str, header: list[str]) -> bool:
    """Whether DuckDB refuses a CSV file."""
    read = [exp.func("MAX", column) for column in _quoted(header)]
    try:
        connection.execute(exp.select(*read).from_(exp.Table(this=_read_csv(file, header))).sql(DIALECT)).fetchall()
    except duckdb.InvalidInputException:
        return True
    return False


def mended_csv_rows(file: str, header: list[str], case: str, mended: Path) -> exp.Select:
    """The same of a file that DuckDB refuses: it is written anew as `mended`, each row with its fault.

    Raises BadFile if a row that is not whole does not tell its case, or the quotes do not close.
    """
    faults = exp.func("NULLIF", exp.column(FAULT), exp.Literal.string(""))
    row = exp.cast(exp.column(ROW), "BIGINT")
    with mended.open("w", encoding="utf-8", newline="") as made:
        writer = csv.writer(made, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow([*header, ROW, FAULT])
        writer.writerows(_whole_rows(file, header, case))
    rows = exp.Table(this=_read_csv(str(mended), [*header, ROW, FAULT]))
    return exp.select(*_quoted(header), exp.alias_(row, ROW), exp.alias_(faults, FAULT)).from_(rows)


def _whole_rows(file: str, header: list[str], case: str) -> Iterator[list[str]]:
    """The rows of a file with as many values as its header has names, with their numbers and faults."""
    is_case_first, wide = header[0].lower() == case.lower(), len(header)
    for number, (line, row) in enumerate(_lines(file), 1):
        while len(row) > wide and not row[-1]:
            row = row[:-1]
        fault = "" if len(row) == wide else f"it has {many(len(row), 'value')}, and there are {wide} columns"
        if fault and (not is_case_first or not row[0] or any("\n" in value or "\r" in value for value in row)):
            # Within quotes that span lines the rows of others may stand.
            raise BadFile(f"row {number} of {file}, line {line}: {fault}, so nobody knows whose row it is; mend it")
        yield [*row[:wide], *[""] * (wide - len(row)), str(number), fault]


def _lines(file: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file below its header, with the line on which each begins."""
    line = 1
    try:
        with open(file, encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            next(reader)
            line = reader.line_num + 1
            for row in reader:
                if row:
                    yield line, row
                line = reader.line_num + 1
    except csv.Error as error:
        hint = "a quote may be opened there and not closed, or stand alone"
        raise BadFile(f"the row of {file} that begins on line {line} cannot be read ({error}); {hint}") from error
    except UnicodeDecodeError as error:
        raise _no_utf8(file) from error


def _no_utf8(file: str) -> BadFile:
    return BadFile(f"{file} is no UTF-8 text; save it as CSV in UTF-8")


def _read_csv(file: str, header: list[str]) -> Expr:
    """A file whose columns stand in the order of the header, all as text."""
    options = [_all_of("VARCHAR", header), option("auto_detect", value=False), _AS_THEY_ARE.copy(), option("header")]
    options += [option("delim", ","), option("quote", '"'), option("escape", '"')]
    return exp.func("read_csv", texts([file]), *options)


# JSON lines


def json_columns(connection: duckdb.DuckDBPyConnection, files: tuple[str, ...]) -> list[str]:
    """The names that the objects of JSON-lines files have. Raises BadFile for a line that is none."""
    lines = option("format", "newline_delimited")
    rows = exp.select("*").from_(exp.Table(this=exp.func("read_json", texts(files), lines, _AS_THEY_ARE.copy())))
    try:
        found = [str(row[0]) for row in connection.execute(f"DESCRIBE {rows.sql(DIALECT)}").fetchall()]
    except duckdb.Error as error:
        check_json(files)
        raise BadFile(str(error).splitlines()[0]) from error
    if found == [_NO_OBJECT]:
        check_json(files)
    return found


def json_rows(file: str, names: Iterable[str]) -> exp.Select:
    """The rows of a JSON-lines file, all values as text."""
    names = list(names)
    lines = option("format", "newline_delimited")
    read = exp.func("read_json", texts([file]), lines, _AS_THEY_ARE.copy(), _all_of("JSON", names))
    nested = [exp.If(this=_is_nested(column), true=_told_of_nested(column.name)) for column in _quoted(names)]
    values = [exp.alias_(_json_text(column), column.name, quoted=True) for column in _quoted(names)]
    return numbered(values, exp.Table(this=read), fault=exp.Case(ifs=nested))


def _is_nested(column: Expr) -> Expr:
    """Whether a JSON value is a list or an object."""
    return exp.In(this=exp.func("JSON_TYPE", column), expressions=[exp.Literal.string(kind) for kind in ("ARRAY", "OBJECT")])


def _json_text(column: Expr) -> Expr:
    """A JSON value as text: of a string what it says, of a number its digits."""
    return exp.func("JSON_EXTRACT_STRING", column, exp.Literal.string("$"))


def _told_of_nested(name: str) -> Expr:
    return exp.Literal.string(f"its `{name}` is a list or an object; a value is one text or one number")


def check_json(files: Iterable[str]) -> None:
    """Raises BadFile with the first lines that are no JSON object."""
    for file in files:
        with open(file, "rb") as lines:
            problems = ((number, _json_problem(line)) for number, line in enumerate(lines, 1))
            bad = list(islice((f"line {number}: {problem}" for number, problem in problems if problem), _TOLD))
        if bad:
            raise BadFile(f'{file}, {"; ".join(bad)}; each line is one JSON object, such as {{"Case": "a", …}}')


def _json_problem(line: bytes) -> str:
    try:
        found = json.loads(line, object_pairs_hook=_pairs) if line.strip() else _Object()
    except UnicodeDecodeError:
        return "it is no UTF-8 text"
    except json.JSONDecodeError as error:
        return f"it is no JSON from its column {error.colno} on"
    if not isinstance(found, _Object):
        return "it is no JSON object"
    return f"it has `{found.twice}` twice" if found.twice else ""


@dataclass
class _Object:
    """A JSON object, and the key that it has twice, if there is one."""

    twice: str = ""


def _pairs(pairs: list[tuple[str, object]]) -> _Object:
    names = [name for name, _ in pairs]
    return _Object(next((name for name in names if names.count(name) > 1), ""))


def _quoted(names: Iterable[str]) -> list[exp.Column]:
    return [exp.column(name, quoted=True) for name in names]
