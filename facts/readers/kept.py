"""Tables that were read from other forms than Parquet, kept whole: they are not read again, and say what they said then."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from facts.readers.found import BadTables
from facts.readers.tables import FactTable, named_after
from kb.language.program import Predicate

_LIST = "tables.json"
"""The list of the tables in a directory, which is written when all of them are there."""


def keep(directory: Path, tables: Iterable[FactTable]) -> None:
    """Notes that tables were read into a directory, if all of them were."""
    tables = list(tables)
    if all(table.is_staged for table in tables):
        data = [{"name": each.name, "columns": each.columns} for each in tables]
        building = directory / f"{_LIST}.unfinished"
        building.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        building.rename(directory / _LIST)


def are_kept(directory: Path) -> bool:
    """Whether a directory has all tables of a cohort."""
    return (directory / _LIST).exists()


def kept_tables(directory: Path, predicates: Mapping[str, Predicate]) -> tuple[FactTable, ...]:
    """The tables in a directory where all were kept; raises BadTables when they are damaged, or of another version."""
    try:
        data = json.loads((directory / _LIST).read_text(encoding="utf-8"))
        return tuple(_table(directory, predicates, **each) for each in data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        problem = f"the tables in `{directory}` are damaged, or were kept by another version of medproof"
        raise BadTables([f"{problem}: decide the cohort again"]) from error


def _table(directory: Path, predicates: Mapping[str, Predicate], name: str, columns: list[list[str]]) -> FactTable:
    path = directory / f"{name}.parquet"
    predicate, is_denied = named_after(name, predicates)
    wanted = [each.name.lower() for each in predicate.arguments] if predicate is not None else []
    if predicate is None or not path.exists() or [each.lower() for each, _ in columns] != wanted:
        raise KeyError(name)
    found = tuple((column, kind) for column, kind in columns)
    return FactTable(predicate, is_denied, str(path), (str(path),), found, is_staged=True)
