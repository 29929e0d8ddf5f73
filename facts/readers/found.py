"""What tables of facts there are in a directory: how each is read, and its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from sqlglot import exp

from facts.opening import CaseProblem
from facts.readers.texts import BadFile, header_of, json_columns, parquet, texts
from kb.engines.sql.plan import DIALECT

Expr = exp.Expr

BROKEN = "it is no Parquet file, or a broken one: write it anew"
SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".jsonl": "json", ".ndjson": "json"}


_TOLD = 12
"""Problems that are told one by one."""
_LONGEST = 300


class BadTables(CaseProblem):
    """Tables that cannot be read as facts at all; one sentence for each thing that is wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        more = [f"and {len(self.problems) - _TOLD} more"] if len(self.problems) > _TOLD else []
        return "\n".join([*self.problems[:_TOLD], *more])


Begin = Callable[[duckdb.DuckDBPyConnection, Expr | None], Expr]
"""Begins to read the rows for which a condition holds (all, if there is none)."""


@dataclass(frozen=True)
class Found:
    """A table as it was found: what messages call it, how it is read, and its columns with their types."""

    name: str
    place: str
    kind: str
    files: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    headers: Mapping[str, list[str]] = field(default_factory=dict)
    """Of text files: the names in each."""
    begin: Begin | None = None
    """Of a database: begins to read the table, and gives what is then selected from, once."""


def tables_of_directory(path: Path, connection: duckdb.DuckDBPyConnection) -> tuple[list[Found], list[str]]:
    """The tables of a directory, and a sentence for each that is none."""
    found, problems = list[Found](), list[str]()
    for entry in sorted(path.iterdir()):
        if entry.name.startswith((".", "_")):
            continue
        files = list(_files_of(entry))
        if broken := [each for each in files if not each.exists()]:
            problems += [f"`{each}` is a link that leads nowhere; mend it, or take it away" for each in broken]
            continue
        kinds = {SUFFIXES[each.suffix.lower()] for each in files if each.suffix.lower() in SUFFIXES}
        if others := [each for each in files if each.suffix.lower() not in SUFFIXES]:
            problems += [f"`{each}` is no table: {_unpacked(each)}" for each in others]
            continue
        if not files and entry.is_file():
            continue  # A README.
        if not kinds:
            problems.append(f"`{entry}` is no table: {_FORMS}")
            continue
        if len(kinds) > 1:
            problems.append(f"`{entry}` holds files of several forms ({', '.join(sorted(kinds))}); keep one")
            continue
        [kind] = kinds
        try:
            name = entry.name if entry.is_dir() else entry.stem
            found.append(_read(name, str(entry), kind, tuple(map(str, files)), connection))
        except duckdb.Error as error:
            problems.append(f"`{entry}` cannot be read: {BROKEN if kind == 'parquet' else first_line(error)}")
        except BadFile as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"`{entry}` cannot be read: {error}")
    return found, problems


_FORMS = f"facts stand in {', '.join(SUFFIXES)}, or in a folder of such files alone"
_PACKED = (".gz", ".zst", ".zip", ".bz2", ".xz", ".7z")
_FORMER = ("~", ".bak", ".orig", ".old", ".tmp")


def _unpacked(file: Path) -> str:
    """What to do about a file that is no table."""
    if file.name.lower().endswith(_FORMER):
        return f"{_FORMS}; take this copy away"
    return "decompress it first" if file.suffix.lower() in _PACKED else f"{_FORMS}; take it away, or give it its suffix"


def _files_of(entry: Path) -> Iterator[Path]:
    """The files of a table, or the only one; hidden ones, and what describes the directory, are none."""
    for each in sorted(entry.rglob("*")) if entry.is_dir() else [entry]:
        parts = each.relative_to(entry).parts
        is_text = each.stem.lower() in ("readme", "license") and each.suffix.lower() in ("", ".md", ".txt", ".rst")
        is_broken = each.is_symlink() and not each.exists()
        if (each.is_file() or is_broken) and not is_text and not any(part.startswith((".", "_")) for part in parts):
            yield each


def _read(name: str, place: str, kind: str, files: tuple[str, ...], connection: duckdb.DuckDBPyConnection) -> Found:
    if kind == "parquet":
        if len(files) > 1:
            single = (exp.Table(this=parquet(texts([file]))) for file in files)
            kinds = [{name.lower(): kind for name, kind in columns_of(connection, each)} for each in single]
            for file, each in zip(files, kinds, strict=True):
                if each != kinds[0]:
                    raise BadFile(_differing(files[0], kinds[0], file, each))
        source = parquet(texts(files), "union_by_name")
        return Found(name, place, kind, files, columns_of(connection, exp.Table(this=source)))
    if kind == "csv":
        headers = {file: header_of(file) for file in files}
        first = headers[files[0]]
        for file, header in headers.items():
            if sorted(map(str.lower, header)) != sorted(map(str.lower, first)):
                before, here = (dict.fromkeys(map(str.lower, each), "") for each in (first, header))
                raise BadFile(_differing(files[0], before, file, here))
    else:
        first = json_columns(connection, files)
        headers = dict.fromkeys(files, first)
    return Found(name, place, kind, files, tuple((column, "VARCHAR") for column in first), headers)


def _differing(first: str, before: Mapping[str, str], file: str, here: Mapping[str, str]) -> str:
    """How the columns of a file differ from those of the first of its folder."""
    for name in dict.fromkeys([*before, *here]):
        if name not in here or name not in before:
            one, other = (file, first) if name in before else (first, file)
            return f"`{one}` has no column `{name}`, which `{other}` has; the files of a folder have the same columns"
        if before[name] != here[name]:
            return f"`{file}`, column `{name}`: it holds {here[name]}, and in `{first}` {before[name]}; write both alike"
    return f"`{file}` has a column twice; the files of a folder have the same columns"


def columns_of(connection: duckdb.DuckDBPyConnection, table: Expr) -> tuple[tuple[str, str], ...]:
    """The columns of a table, with their types."""
    described = connection.execute(f"DESCRIBE {exp.select('*').from_(table.copy()).sql(DIALECT)}").fetchall()
    return tuple((str(row[0]), str(row[1])) for row in described)


def first_line(error: Exception) -> str:
    """What an error says, without the lines that show where in a statement, and not a whole cell that it shows."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = " ".join(lines[:3])
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
