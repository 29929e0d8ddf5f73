"""Tables of facts that stand in PostgreSQL and SQLite: they mean what the same tables mean as files."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import duckdb
import pytest
from adbc_driver_postgresql.dbapi import connect

import medproof
from cohort.generate import Rates
from cohort.running import Settings
from facts.readers.addresses import facts_at
from facts.readers.databases import tables_in
from facts.readers.found import BadTables
from tests.cohorts import county, decided, run, tables
from tests.postgres_server import USER, server

_numbers = count()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Path]:
    with server() as directory:
        yield directory


@pytest.fixture
def address(postgres: Path) -> str:
    """A server's database, in which the tables of one schema are looked for."""
    schema = f"schema_{next(_numbers)}"
    execute(f"dbname={USER} user={USER} host={postgres}", f"CREATE SCHEMA {schema}")
    return f"dbname={USER} user={USER} host={postgres} options=-csearch_path={schema}"


def execute(address: str, *statements: str) -> None:
    with connect(address) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def to_postgres(address: str, directory: Path) -> None:
    """The Parquet files of a directory as tables, each column of the type that it has there."""
    with duckdb.connect() as files, connect(address) as connection, connection.cursor() as cursor:
        for path in sorted(directory.glob("*.parquet")):
            cursor.adbc_ingest(path.stem, files.from_parquet(str(path)))
        connection.commit()


def to_sqlite(path: Path, directory: Path) -> None:
    """The same in SQLite, which has no days and no decimals: they are text there, or numbers of its own."""
    with sqlite3.connect(path) as database:
        for file in sorted(directory.glob("*.parquet")):
            rows = duckdb.from_parquet(str(file))
            names = ", ".join(f'"{name}"' for name in rows.columns)
            database.execute(f"CREATE TABLE {file.stem}({names})")
            marks = ", ".join("?" for _ in rows.columns)
            values = [[each if isinstance(each, str) else _plain(each) for each in row] for row in rows.fetchall()]
            database.executemany(f"INSERT INTO {file.stem} VALUES ({marks})", values)
    database.close()


def _plain(value: object) -> str | float:
    try:
        return float(str(value))
    except ValueError:
        return str(value)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort with odd records in files, and what is decided of it."""
    directory = tmp_path_factory.mktemp("generated")
    rates = Rates(unknown=0.05, contradictions=0.1)
    medproof.generate(medproof.load(), directory / "facts", 60, rates=rates, payers=["bcbs-sc"])
    medproof.cohort(medproof.load(), directory / "facts", directory / "out")
    return directory


@pytest.mark.parametrize("form", ["postgres", "sqlite"])
def test_a_cohort_in_a_database_is_decided_as_it_is_from_files(
    form: str, postgres: Path, address: str, generated: Path, tmp_path: Path
) -> None:
    if form == "postgres":
        source = f"postgres:{address}"
        to_postgres(address, generated / "facts")
    else:
        source = str(tmp_path / "claims.db")
        to_sqlite(tmp_path / "claims.db", generated / "facts")
    code, said = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0, said
    for name in ("decisions", "criteria"):
        assert decided(tmp_path / "out", name) == decided(generated / "out", name)
    case = min(str(case) for case, *_ in decided(tmp_path / "out", "decisions"))
    base = medproof.load()
    for cohort in (source, tmp_path / "out"):
        opened = medproof.cohort_case(base, cohort, case)
        in_files = medproof.cohort_case(base, generated / "out", case)
        assert {(each.relation, each.row) for each in opened.facts} == {(each.relation, each.row) for each in in_files.facts}
        assert "(of its case, in order of the values)" in opened.document.text
        assert str(postgres) not in opened.document.text


def test_a_run_that_goes_on_has_the_tables_with_which_it_began(address: str, generated: Path, tmp_path: Path) -> None:
    to_postgres(address, generated / "facts")
    settings = Settings(batch=20, workers=1, proofs=True)

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        medproof.cohort(medproof.load(), f"postgres:{address}", tmp_path / "out", settings, stop)
    execute(address, "UPDATE requested SET \"Code\" = '63030'", "DELETE FROM motor_strength")
    medproof.cohort(medproof.load(), f"postgres:{address}", tmp_path / "out", settings)
    assert decided(tmp_path / "out", "decisions") == decided(generated / "out", "decisions")
    found = medproof.export_proofs(medproof.load(), tmp_path / "out", tmp_path / "proofs.jsonl")
    assert (
        found.proofs
        and not medproof.verify_lines(medproof.load(), tmp_path / "proofs.jsonl", decided=tmp_path / "out").unproved
    )


def test_a_schema_that_is_not_there_is_told(address: str, tmp_path: Path) -> None:
    code, said = run("cohort", f"postgres:{address}_other", "-o", tmp_path / "out")
    assert code == 2
    assert "has none of the schemas on its search path, which is `schema_" in " ".join(said.split())


def test_bad_values_of_a_database_are_told_with_their_table_and_case(address: str, tmp_path: Path) -> None:
    execute(
        address,
        'CREATE TABLE request_date("Case" text, "On" date)',
        "INSERT INTO request_date VALUES ('a', '2026-02-01'), ('b', '2026-02-01')",
        'CREATE TABLE pain_score("case" text, site text, score numeric, "on" date)',
        "INSERT INTO pain_score VALUES ('a', 'leg', 7.5, '2026-01-20'), ('b', 'tongue', 'NaN', '2026-01-20')",
    )
    code, said = run("cohort", f"postgres:{address}", "-o", tmp_path / "out", "--payer", "bcbs-sc")
    assert code == 0 and "1 case decided" in said, said
    rejects = duckdb.from_parquet(str(tmp_path / "out" / "rejects.parquet")).fetchall()
    assert [(row[2], row[3], row[4], row[5]) for row in rejects] == [
        ("b", "pain_score", "site", "tongue"), ("b", "pain_score", "score", "nan"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "problem"),
    [("double precision", "it holds DOUBLE, which is not exact"), ("timestamp", "it holds TIMESTAMP; numbers are DECIMAL")],
)
def test_a_column_of_a_type_that_cannot_be_taken_is_refused(address: str, kind: str, problem: str, tmp_path: Path) -> None:
    execute(address, f'CREATE TABLE pain_score("Case" text, site text, score {kind}, "On" date)')
    code, said = run("cohort", f"postgres:{address}", "-o", tmp_path / "out")
    assert code != 0 and problem in " ".join(said.split())


def test_numbers_of_sqlite_are_taken_by_their_digits(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts")
    with sqlite3.connect(tmp_path / "facts.sqlite") as database:
        for file in source.glob("*.csv"):
            header, *rows = (line.split(",") for line in file.read_text(encoding="utf-8").splitlines())
            kinds = ", ".join(f'"{name}" {"REAL" if name == "Score" else "TEXT"}' for name in header)
            database.execute(f"CREATE TABLE {file.stem}({kinds})")
            database.executemany(f"INSERT INTO {file.stem} VALUES ({', '.join('?' * len(header))})", rows)
        database.execute('CREATE TABLE oswestry(percent, "on", "case")')
    database.close()
    assert county("cohort", source, "-o", tmp_path / "files")[0] == 0
    assert county("cohort", tmp_path / "facts.sqlite", "-o", tmp_path / "out")[0] == 0
    assert decided(tmp_path / "out", "criteria") == decided(tmp_path / "files", "criteria")
    shown = county("explain", "--cohort", tmp_path / "out", "b")[1]
    assert county("explain", "--cohort", tmp_path / "files", "b")[1].count("7.5") == shown.count("7.5")


def test_bad_rows_of_a_database_are_counted_in_each_case(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "facts.sqlite") as database:
        database.executescript(
            "CREATE TABLE request_date('Case' TEXT, 'On' TEXT);"
            "INSERT INTO request_date VALUES ('a', '1999-02-01'), ('b', '1999-02-01');"
            "CREATE TABLE pain_score('Case' TEXT, Site TEXT, Score TEXT, 'On' TEXT);"
            "INSERT INTO pain_score VALUES ('a', 'lag', '7', '1999-01-20'), ('b', 'lag', '7', '1999-01-20');"
        )
    said = " ".join(county("cohort", tmp_path / "facts.sqlite", "-o", tmp_path / "out")[1].split())
    assert "In 2 rows of 2 cases, such as `a` (`lag`" in said, said


def test_bytes_of_sqlite_change_nothing_beside_them(tmp_path: Path) -> None:
    """Text that is none would move the values after it; bytes are told as what they are."""
    with sqlite3.connect(tmp_path / "facts.sqlite") as database:
        database.execute('CREATE TABLE request_date("Case", "On")')
        database.execute("INSERT INTO request_date VALUES ('a', '2026-02-01'), ('b', '2026-02-01')")
        database.execute('CREATE TABLE pain_score("Case", Site, Score, "On")')
        database.execute("INSERT INTO pain_score VALUES ('a', x'ff', 7, '2026-01-20'), ('b', 'leg', 7, '2026-01-20')")
    code, said = run("cohort", tmp_path / "facts.sqlite", "-o", tmp_path / "out", "--payer", "aetna")
    assert code == 0 and "1 case decided, 1 left out" in said, said
    rejects = 'SELECT "case", "column", value FROM read_parquet(?)'
    assert duckdb.execute(rejects, [str(tmp_path / "out" / "rejects.parquet")]).fetchall() == [("a", "Site", "X'FF'")]


def test_a_sqlite_file_with_a_log_and_columns_without_values_is_read(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "facts.db") as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute('CREATE TABLE request_date("Case", "On")')
        database.execute('CREATE TABLE pain_score("Case", "Site", "Score", "On")')
        for number in range(1_500):
            database.execute("INSERT INTO request_date VALUES (?, '2026-02-01')", [f"c{number}"])
            site = None if number < 1_200 else "leg"
            database.execute("INSERT INTO pain_score VALUES (?, ?, 7.5, '2026-01-20')", [f"c{number}", site])
    database.close()
    code, said = run("cohort", tmp_path / "facts.db", "-o", tmp_path / "out", "--payer", "bcbs-sc")
    assert code == 0 and "300 cases decided, 1,200 left out" in said, said


def test_whatever_a_name_finds_on_a_server_is_a_table(address: str, tmp_path: Path) -> None:
    execute(
        address,
        'CREATE TABLE all_days("Case" text, "On" date)',
        "INSERT INTO all_days VALUES ('a', '2026-02-01')",
        "CREATE MATERIALIZED VIEW request_date AS SELECT * FROM all_days",
        'CREATE TABLE pain_score("Case" text, site text, score numeric, "On" date) PARTITION BY LIST (site)',
        "CREATE TABLE pain_score_leg PARTITION OF pain_score FOR VALUES IN ('leg')",
    )
    code, said = run("cohort", f"postgres:{address}", "-o", tmp_path / "out", "--payer", "bcbs-sc")
    assert code != 0 and "all_days` is named after no fact" in " ".join(said.split()) and "pain_score_leg" not in said
    execute(address, "ALTER TABLE all_days SET SCHEMA public")
    assert run("cohort", f"postgres:{address}", "-o", tmp_path / "out", "--payer", "bcbs-sc")[0] == 0
    execute(address, "DROP TABLE public.all_days CASCADE")


def test_a_table_that_may_not_be_read_is_told(address: str, tmp_path: Path) -> None:
    user = f"nurse_{next(_numbers)}"
    schema = address.rpartition("=")[2]
    execute(
        address,
        'CREATE TABLE denied_pain_score("Case" text, site text, score text, "On" text)',
        f"CREATE USER {user}",
        f"GRANT USAGE ON SCHEMA {schema} TO {user}",
    )
    other = address.replace(f"user={USER}", f"user={user}")
    code, said = run("cohort", f"postgres:{other}", "-o", tmp_path / "out")
    assert code != 0 and "permission denied for table denied_pain_score" in " ".join(said.split())


def test_a_column_of_money_is_refused(address: str, tmp_path: Path) -> None:
    """The driver gives 7 as the 700 cents that the server keeps."""
    execute(address, 'CREATE TABLE pain_score("Case" text, site text, score money, "On" date)')
    code, said = run("cohort", f"postgres:{address}", "-o", tmp_path / "out")
    assert code != 0 and "table pain_score: column `score` is of money; make it numeric" in " ".join(said.split())


def test_the_blanks_that_fill_up_a_code_are_none_of_it(address: str, tmp_path: Path) -> None:
    execute(
        address,
        'CREATE TABLE request_date("Case" char(6), "On" date)',
        "INSERT INTO request_date VALUES ('a', '2026-02-01')",
        'CREATE TABLE requested("Case" char(6), item text, code char(8), level text, laterality varchar(9))',
        "INSERT INTO requested VALUES ('a', ' op ', '63030', 'L5-S1', 'left')",
    )
    code, said = run("cohort", f"postgres:{address}", "-o", tmp_path / "out", "--payer", "aetna")
    assert code == 0, said
    rows = duckdb.from_parquet(str(tmp_path / "out" / "decisions.parquet")).fetchall()
    assert ("a", "medically_necessary", " op ", "undocumented") in [row[:4] for row in rows]


def test_all_tables_of_a_server_are_read_as_they_stood_at_one_moment(address: str) -> None:
    create = 'CREATE TABLE {}("Case" text, "Payer" text)'
    execute(address, create.format("payer"), create.format("denied_payer"))
    with duckdb.connect() as connection, tables_in(facts_at(f"postgres:{address}"), connection) as found:
        for each in found:
            assert each.begin is not None
            assert not connection.execute(f"SELECT * FROM {each.begin(connection, None).sql()}").fetchall()
            execute(address, "INSERT INTO payer VALUES ('a', 'aetna')", "INSERT INTO denied_payer VALUES ('a', 'aetna')")


def test_a_server_may_be_named_by_an_address() -> None:
    assert facts_at("postgresql://reader@db.example:5433/claims?sslmode=require") == Path(
        "postgres:host=db.example port=5433 user=reader dbname=claims sslmode=require"
    )
    assert facts_at("postgresql:///claims?host=%2Fvar%2Frun") == Path("postgres:host=/var/run dbname=claims")
    assert facts_at("postgresql://one:5432,two:5433/claims") == Path("postgres:host=one,two port=5432,5433 dbname=claims")
    assert facts_at("postgresql://[::1]/claims?options=-c%20a+b") == Path("postgres:host=::1 dbname=claims options='-c a+b'")
    assert facts_at("postgres:dbname = 'it\\'s'") == Path("postgres:dbname='it\\'s'")
    assert facts_at("facts/") == Path("facts")


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("postgresql://reader:secret@db.example/claims", "PGPASSWORD"),
        ("postgres:dbname=claims password=secret", "PGPASSWORD"),
        ("postgres:dbname=claims password = secret", "PGPASSWORD"),
        ("POSTGRESQL://db.example/claims?sslpassword=secret", "PGPASSWORD"),
        ("postgresql://reader:secret@db.example:port/claims", "write postgresql://USER@HOST/DATABASE"),
        ("mysql://reader:secret@db.example/claims", "`mysql://…` is none of them"),
        ("postgresql://reader:se/cret@db.example/claims", "write postgresql://USER@HOST/DATABASE"),
        ("postgres:postgresql://reader:secret@db.example/claims", "write postgresql://USER@HOST/DATABASE"),
    ],
)
def test_an_address_that_cannot_be_taken_is_told_without_a_password(source: str, problem: str, tmp_path: Path) -> None:
    code, said = run("cohort", source, "-o", tmp_path / "out")
    assert code != 0 and problem in said and "secret" not in said


def test_a_database_that_cannot_be_opened_is_told(postgres: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = run("cohort", f"postgres:dbname=nowhere user={USER} host={postgres}", "-o", tmp_path / "out")
    assert code != 0 and 'database "nowhere" does not exist' in " ".join(said.split())
    (tmp_path / "broken.sqlite").write_bytes(b"SQLite format 3\x00" + b"none" * 100)
    code, said = run("cohort", tmp_path / "broken.sqlite", "-o", tmp_path / "out")
    assert code != 0 and "broken.sqlite` cannot be read" in said
    code, said = run("explain", "--cohort", tmp_path / "none.sqlite", "a")
    assert code != 0 and "there is no directory or database" in said
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    with pytest.raises(BadTables, match=r"pip install 'medproof\[databases\]'"):
        medproof.cohort(medproof.load(), "postgres:dbname=claims", tmp_path / "out")
