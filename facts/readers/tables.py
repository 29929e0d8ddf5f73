"""Facts as tables: one file, folder or database table for each fact predicate, its columns named as declared.

`motor_strength.parquet` (or `.csv`, `.jsonl`, or a folder of such files) holds facts,
`denied_motor_strength.parquet` what is documented as absent. `?` is a value that is not
stated and, in a denial, `_` any value; both are text, and so is then their column. Text
files and databases are read once into Parquet, in order of their cases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from sqlglot import exp

from facts.readers.addresses import is_server
from facts.readers.databases import DATABASES, is_database, tables_in
from facts.readers.found import BadTables, Found, tables_of_directory
from facts.readers.staging import staged
from facts.readers.texts import FAULT, FILE, ROW, parquet, texts
from kb.language.diagnostics import nearest
from kb.language.program import Predicate

Expr = exp.Expr

DENIED = "denied_"
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def table_name(relation: str) -> str:
    """The name of a table that holds a relation."""
    return f"{DENIED}{relation[1:]}" if relation.startswith("-") else relation


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
        return table_name(self.relation)

    def column(self, position: int, alias: str) -> exp.Column:
        """The column of an argument."""
        return exp.column(self.columns[position][0], alias, quoted=True)

    @property
    def case(self) -> str:
        """The column of the case."""
        return self.columns[self.predicate.case_position or 0][0]

    @property
    def of_text(self) -> list[str]:
        """The columns in which any text may stand."""
        pairs = zip(self.predicate.arguments, self.columns, strict=True)
        return [name for argument, (name, _) in pairs if argument.type == "text"]

    def fault(self, alias: str) -> Expr:
        """What is wrong with a row as a whole; NULL, if nothing is."""
        return exp.column(FAULT, alias) if self.is_staged else exp.cast(exp.null(), "TEXT")

    def rows(self, located: bool = False) -> Expr:
        """The rows, to be selected from; `located`: with the columns that tell where each stood."""
        options = ["union_by_name"]
        if located and not self.is_staged:
            options += ["filename", "file_row_number"]
        return exp.Table(this=parquet(texts(self.files), *options))

    def place_of_row(self, alias: str) -> tuple[Expr, Expr]:
        """The file and the number of a row, counted from 1, in located rows."""
        if self.is_staged:
            return exp.column(FILE, alias), exp.column(ROW, alias)
        return exp.column("filename", alias), exp.column("file_row_number", alias) + 1


def fact_tables(
    path: Path, predicates: Mapping[str, Predicate], work: Path, cases: Collection[str] | None = None
) -> tuple[FactTable, ...]:
    """The tables of a directory or a database, each checked against the predicate that it is named after.

    What is not Parquet is read into `work`; of a database only some `cases`, if any are named.
    Raises BadTables with everything that is wrong: a table is refused whole, and no row is
    looked at yet.
    """
    facts = {name: each for name, each in predicates.items() if each.is_fact and each.case_position is not None}
    problems: list[str] = []
    tables = list[FactTable]()
    with duckdb.connect() as connection, _found(path, connection) as (found, others):
        for each in found:
            try:
                tables.append(_checked(each, facts, connection, work, cases))
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
        form = "a table on the search path" if is_server(path) else "a table or a file"
        hint = f"`medproof vocabulary` lists the facts; each is {form} named after it, such as `requested`"
        raise BadTables([f"`{path}` holds no table of facts; {hint}"])
    return tuple(tables)


@contextmanager
def _found(path: Path, connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[list[Found], list[str]]]:
    """The tables of a directory or a database, and a sentence for each that is none. Raises BadTables."""
    if path.is_dir():
        yield tables_of_directory(path, connection)
    elif is_database(path):
        with tables_in(path, connection) as found:
            yield found, []
    elif not path.exists():
        raise BadTables([f"there is no directory or database `{path}`"])
    else:
        raise BadTables([f"`{path}` is no directory of tables and no database ({', '.join(DATABASES)}, postgres:…)"])


# Whether it is what its name says


def named_after(table: str, predicates: Mapping[str, Predicate]) -> tuple[Predicate | None, bool]:
    """The predicate that a table is named after, if any, and whether it holds its denials."""
    is_denied = table not in predicates and table.startswith(DENIED)
    return predicates.get(table.removeprefix(DENIED) if is_denied else table), is_denied


def _checked(
    found: Found,
    facts: Mapping[str, Predicate],
    connection: duckdb.DuckDBPyConnection,
    work: Path,
    cases: Collection[str] | None,
) -> FactTable:
    predicate, is_denied = named_after(found.name, facts)
    if predicate is None:
        known = [*facts, *(f"{DENIED}{name}" for name in facts)]
        hint = nearest(found.name, known) or "`medproof vocabulary` lists the facts"
        raise BadTables([f"`{found.place}` is named after no fact of the vocabulary; {hint}"])
    named = {name.lower(): (name, kind) for name, kind in found.columns}
    wanted = [argument.name for argument in predicate.arguments]
    listed = ", ".join(wanted)
    if not any(name.lower() in named for name in wanted):
        first = ", ".join(name for name, _ in found.columns)
        raise BadTables([f"`{found.place}` names none of the columns of `{predicate.name}` ({listed}): {first:.80}"])
    problems = [
        f"`{found.place}` has no column `{name}`; {_of_folders(found, name) or f'`{predicate.name}` has {listed}'}"
        for name in wanted
        if name.lower() not in named
    ]
    for name, _ in found.columns:
        if name.lower() not in {each.lower() for each in wanted}:
            hint = nearest(name, wanted) or f"`{predicate.name}` has {listed}"
            problems.append(f"`{found.place}` has a column `{name}` that `{predicate.name}` has no argument for; {hint}")
    for argument in predicate.arguments:
        name, kind = named.get(argument.name.lower(), ("", ""))
        if name and (problem := _type_problem(argument.type, kind)):
            problems.append(f"`{found.place}`, column `{name}`: {problem}")
    if problems:
        raise BadTables(problems)
    columns = tuple(named[name.lower()] for name in wanted)
    table = FactTable(predicate, is_denied, found.place, found.files, columns, is_staged=found.kind != "parquet")
    if not table.is_staged:
        return table
    path, kinds = staged(found, [name for name, _ in columns], table.case, table.of_text, connection, work, cases)
    return replace(table, files=(str(path),), columns=tuple((name, kinds[name]) for name, _ in columns))


def _of_folders(found: Found, column: str) -> str:
    """What to say of a column that stands in the names of folders alone, as `Source=examination/`."""
    folders = (part for file in found.files for part in Path(file).relative_to(found.place).parts[:-1])
    is_key = any(folder.lower().startswith(f"{column.lower()}=") for folder in folders)
    return "names of folders say nothing of the rows in them: write the column into the files" if is_key else ""


def _type_problem(argument: str, column: str) -> str:
    """What is wrong with the type of a column, or nothing."""
    if column == "VARCHAR" or column.startswith("ENUM"):
        return ""
    if argument == "date":
        return "" if column == "DATE" else f"it holds {column}; days are DATE, or text such as 2026-01-31"
    if argument == "number":
        if column in _INTEGERS or column.startswith("DECIMAL"):
            return ""
        inexact = ", which is not exact" if column in ("FLOAT", "DOUBLE") else ""
        return f"it holds {column}{inexact}; numbers are DECIMAL, whole numbers, or text such as 3.5"
    return f"it holds {column}, and text stands there; write codes and names as text"
