"""The parts of an output that is being made: each counts once its account is there; put together they get their names."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import duckdb

from cohort.batch import Outcome
from cohort.files import finished_file, insert_all
from cohort.implausible import Implausible
from cohort.output import COLUMNS, CRITERIA, DECISIONS, INSTANCES, REJECTS
from cohort.rejects import Reject


def note_done(part: Path, outcome: Outcome) -> None:
    """Writes the account of a part, whose tables are there."""
    data = {
        "cases": outcome.cases,
        "contradicting": outcome.contradicting,
        "fired": dict(outcome.fired),
        "rejects": [asdict(each) for each in outcome.rejects],
        "implausible": [asdict(each) for each in outcome.implausible],
    }
    with finished_file(part.with_suffix(".json"), shared=True) as building:
        building.write_text(json.dumps(data), encoding="utf-8")


def is_done(part: Path) -> bool:
    """Whether a part is whole."""
    return part.with_suffix(".json").exists()


def outcome_of(part: Path) -> Outcome:
    """What a part that is whole came to."""
    data = json.loads(part.with_suffix(".json").read_text(encoding="utf-8"))
    rejects = tuple(Reject(**each) for each in data["rejects"])
    implausible = tuple(Implausible(**each) for each in data["implausible"])
    return Outcome(data["cases"], data["contradicting"], rejects, data["fired"], implausible)


def remove(part: Path) -> None:
    """Takes away what was written of a part that failed."""
    for path in part.parent.glob(f"{part.name}.*"):
        path.unlink()


def put_together(parts: Path, rejects: Iterable[Reject], result: Path) -> None:
    """Makes the tables of an output from all parts in a directory; `rejects` are all cases that are left out."""
    rejects = list(rejects)
    with duckdb.connect() as connection:
        _write_rejects(connection, rejects, result / REJECTS)
        for name in (DECISIONS, CRITERIA, INSTANCES):
            found = sorted(map(str, parts.glob(f"*.{name}")))
            if found:
                rows = connection.read_parquet(found, hive_partitioning=False)
                if rejects and name == INSTANCES:
                    # What a case rests on is recorded before it turns out that a rule cannot be computed for it.
                    left_out = connection.table("rejects").set_alias("l")
                    rows = rows.set_alias("r").join(left_out, 'r."case" = l."case"', how="anti")
                rows.write_parquet(str(result / name))
            elif name in COLUMNS:
                # Of nothing but rejects too there is a table to read.
                connection.execute(f"CREATE OR REPLACE TABLE nothing({COLUMNS[name]})").fetchall()
                connection.table("nothing").write_parquet(str(result / name))


def _write_rejects(connection: duckdb.DuckDBPyConnection, rejects: Iterable[Reject], path: Path) -> None:
    names = [*Reject.__dataclass_fields__]
    columns = ", ".join(f'"{name}" {"BIGINT" if name == "row" else "TEXT"}' for name in names)
    connection.execute(f"CREATE TABLE rejects({columns})").fetchall()
    insert_all(connection, "rejects", ([getattr(each, name) for name in names] for each in rejects))
    connection.sql("SELECT * FROM rejects").write_parquet(str(path))
