"""A cohort on a real Spark cluster, whose workers may die, comes out as on one machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

import medproof
from cli import main
from cohort.decide import decide_cohort
from cohort.running import Settings
from tests.cohorts import ON, alone, cohorts, decided, random_cohort, tables
from tests.spark_cluster import Cluster, cluster
from tests.tables import write_tables


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A master and two workers on this machine."""
    options = "--driver-memory 512m --conf spark.executor.memory=512m --conf spark.ui.enabled=false"
    hosts = "--conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1"
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", f"{options} {hosts} --conf spark.cores.max=2 pyspark-shell")
    with cluster(workers=2) as made:
        yield made


def test_a_worker_dies_and_the_answers_are_those_of_one_machine(tmp_path: Path, three: Cluster) -> None:
    base = medproof.load()
    medproof.generate(base, tmp_path / "facts", 80, payers=["bcbs-sc"])
    parts = tmp_path / ".spark.unfinished" / "parts"
    killed: list[str] = []

    def kill_one_when_something_is_done() -> None:
        while not list(parts.glob("*.json")):
            time.sleep(0.05)
        killed.extend(path.stem for path in parts.glob("*.json"))
        three.kill("worker0")

    killer = threading.Thread(target=kill_one_when_something_is_done, daemon=True)
    killer.start()
    decide_cohort(base, tmp_path / "facts", tmp_path / "spark", Settings(batch=10, master=three.url))
    killer.join(10)
    assert killed and len(killed) < 8, "a worker dies in the middle of the work"
    decide_cohort(base, tmp_path / "facts", tmp_path / "here")
    for name in ("decisions", "criteria"):
        assert decided(tmp_path / "spark", name) == decided(tmp_path / "here", name)


@pytest.mark.parametrize(
    ("master", "told"),
    [
        ("spark://127.0.0.1:1", "there is no Spark at `spark://127.0.0.1:1`: nothing answers at 127.0.0.1:1"),
        ("spark://127.0.0.1", "`127.0.0.1` is no place of a master, as in spark://host:7077"),
    ],
)
def test_where_no_master_answers_the_message_says_so(tmp_path: Path, master: str, told: str) -> None:
    arguments = ["cohort", str(tables(tmp_path / "facts")), "-o", str(tmp_path / "out"), "--engine", "spark"]
    result = CliRunner().invoke(main, [*arguments, "--master", master])
    assert (result.exit_code, told in result.output) == (2, True), result.output


def test_a_master_without_the_engine_asks_for_it(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts")
    result = CliRunner().invoke(
        main, ["cohort", str(source), "-o", str(tmp_path / "out"), "--master", "spark://127.0.0.1:1"]
    )
    assert result.exit_code == 2
    assert "say --engine spark too" in result.output


@settings(deadline=None, max_examples=2, suppress_health_check=[HealthCheck.too_slow])
@given(cohorts())
def test_random_programs_have_the_same_answers_and_rule_instances(drawn: tuple[str, list[str]]) -> None:
    base, stated = random_cohort(*drawn, unknown=True)
    with TemporaryDirectory() as directory:
        facts = (fact for each in stated.values() for fact in each)
        source = write_tables(Path(directory) / "facts", base.compiled("", ON).program, facts)
        for name, master in (("spark", "local[2]"), ("here", "")):
            decide_cohort(base, source, Path(directory) / name, Settings(batch=2, proofs=True, master=master))
        for table in ("decisions", "criteria", "instances"):
            files = [str(Path(directory) / name / f"{table}.parquet") for name in ("spark", "here")]
            ours, theirs = (
                duckdb.execute("SELECT * FROM read_parquet(?) ORDER BY ALL", [file]).fetchall() for file in files
            )
            assert ours == theirs
        assert decided(Path(directory) / "spark", "decisions") == alone(base, "", ON, stated)[0]
