"""Files of ours: how they are read, and those that are there whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import duckdb


def parquet_sql(parameter: str = "?") -> str:
    """How a statement reads the Parquet file that a parameter names: the names of folders above it add nothing."""
    return f"read_parquet({parameter}, hive_partitioning = false)"


def reason(error: Exception) -> str:
    """What went wrong with a file, without the database's own account of it, which numbers the system's errors."""
    numbered = re.search(r'"errno":"(\d+)"', str(error))
    return os.strerror(int(numbered[1])) if numbered else str(error).splitlines()[0]


def insert_all(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Adds rows to a table, if there are any: `executemany` refuses none."""
    rows = list(rows)
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


@contextmanager
def finished_file(path: Path, shared: bool = False) -> Iterator[Path]:
    """A file to write, which gets its name when everything is written, and is gone if that fails.

    A `shared` one may be written by several processes at once, by each apart: the last that ends counts.
    """
    building = beside(path)
    if shared:
        building = building.with_suffix(f".{uuid4().hex}")
    try:
        yield building
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)


def beside(path: Path) -> Path:
    """Where something is made that is to be called so, in the same directory; raises FileExistsError for the one at hand."""
    if not path.name:
        raise FileExistsError(f"`{path}` is the directory that you are in; name one to make, such as `{path / 'decided'}`")
    return path.with_name(f".{path.name}.unfinished")


@contextmanager
def finished_directory(directory: Path) -> Iterator[Path]:
    """A directory to build in, which gets its name when everything is written; raises FileExistsError if there is one."""
    if directory.exists() and any(directory.iterdir()):
        raise FileExistsError(f"`{directory}` is not empty; name another directory, or remove it first")
    building = beside(directory)
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        yield building
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if directory.exists():
        directory.rmdir()
    building.rename(directory)
