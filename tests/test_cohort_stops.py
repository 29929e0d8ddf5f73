"""A run that is stopped in the middle loses nothing: a full disk, a killed process, and the same command given again."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import medproof
from cohort.decide import decide_cohort
from cohort.output import state_of
from cohort.running import Settings
from tests.cohorts import COUNTY, decided, drawn

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Facts of some cases, and beside them what deciding them in one go gives."""
    directory = tmp_path_factory.mktemp("stops")
    decide_cohort(medproof.load(COUNTY), drawn(directory / "facts", 40), directory / "out")
    return directory


def started(cohort: Path, output: Path, before: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """The command, deciding ten cases at a time, in a process of its own."""
    policies = ["--policies", str(COUNTY)]
    return process_of(["cohort", str(cohort / "facts"), "-o", str(output), "--batch", "10", "-j", "1", *policies], before)


def process_of(arguments: list[str], before: Callable[[], None] | None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", f"import cli; cli.main({arguments!r})"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, preexec_fn=before)


def same(cohort: Path, output: Path) -> bool:
    return all(decided(output, name) == decided(cohort / "out", name) for name in ("decisions", "criteria"))


def test_a_directory_has_one_state_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("Case\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert state_of(Path(".")) == state_of(tmp_path) == state_of(Path("..") / tmp_path.name)


def test_a_killed_process_leaves_what_is_done(tmp_path: Path, cohort: Path) -> None:
    parts = tmp_path / ".out.unfinished" / "parts"
    process = started(cohort, tmp_path / "out")
    while not list(parts.glob("*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = {path.name for path in parts.glob("*.json")}
    assert done and len(done) < 4 and not (tmp_path / "out").exists()
    process = started(cohort, tmp_path / "out")
    _, told = process.communicate()
    assert process.returncode == 0, told
    assert f"going on: {10 * len(done)} of 40 cases were decided by a run before this one" in told
    assert same(cohort, tmp_path / "out")
    assert not (tmp_path / ".out.unfinished").exists()


def small_files() -> None:
    """No file may grow beyond a kilobyte: writing one fails as it does on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))


def test_a_full_disk_is_told_and_the_same_command_goes_on(tmp_path: Path, cohort: Path) -> None:
    process = started(cohort, tmp_path / "out", small_files)
    _, told = process.communicate()
    assert process.returncode == 2, told
    assert "what is done is kept in" in told and "make room or mend it, and the same command goes on" in told
    assert "Traceback" not in told and not (tmp_path / "out").exists()
    process = started(cohort, tmp_path / "out")
    _, told = process.communicate()
    assert process.returncode == 0, told
    assert same(cohort, tmp_path / "out")


def test_a_full_disk_leaves_no_half_of_the_proofs(tmp_path: Path, cohort: Path) -> None:
    decide_cohort(medproof.load(COUNTY), cohort / "facts", tmp_path / "out", Settings(proofs=True))
    arguments = ["proofs", str(tmp_path / "out"), "-o", str(tmp_path / "proofs.jsonl"), "--policies", str(COUNTY)]
    process = process_of(arguments, small_files)
    _, told = process.communicate()
    assert process.returncode == 2 and "nothing is written" in told and "Traceback" not in told, told
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_other_settings_begin_anew(tmp_path: Path, cohort: Path) -> None:
    base = medproof.load(COUNTY)
    work = tmp_path / ".out.unfinished"
    process = started(cohort, tmp_path / "out")
    while not list((work / "parts").glob("*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    heard: list[int] = []
    decide_cohort(base, cohort / "facts", tmp_path / "out", Settings(batch=30), lambda done, total: heard.append(done))
    assert heard[0] == 0
    assert same(cohort, tmp_path / "out")


def heeding_ctrl_c() -> None:
    """As a shell starts what stands in the foreground."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def not_heeding_ctrl_c() -> None:
    """As a script starts what stands in its background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_ctrl_c_is_answered_at_once_and_the_same_command_goes_on(tmp_path: Path, cohort: Path) -> None:
    parts = tmp_path / ".out.unfinished" / "parts"
    process = started(cohort, tmp_path / "out", heeding_ctrl_c)
    while not list(parts.glob("*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 1, told
    assert "stopping; Ctrl-C again does not wait" in told
    assert "stopped; what is done is kept, and the same command goes on from there" in told
    assert not (tmp_path / "out").exists()
    process = started(cohort, tmp_path / "out")
    _, told = process.communicate()
    assert process.returncode == 0 and "going on: " in told, told
    assert same(cohort, tmp_path / "out")


def test_ctrl_c_while_tables_are_read_is_no_error(tmp_path: Path) -> None:
    facts = tmp_path / "facts"
    facts.mkdir()
    rows = "".join(f"case-{number},leg,7,2026-01-20\n" for number in range(400_000))
    for part in range(4):
        (facts / "pain_score").mkdir(exist_ok=True)
        (facts / "pain_score" / f"{part}.csv").write_text("Case,Site,Score,On\n" + rows, encoding="utf-8")
    process = process_of(["cohort", str(facts), "-o", str(tmp_path / "out")], heeding_ctrl_c)
    while not (tmp_path / ".out.unfinished" / "facts").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 1, told
    assert "Traceback" not in told and "stopped; what is done is kept" in told, told


def test_ctrl_c_is_ignored_where_the_shell_says_so(tmp_path: Path, cohort: Path) -> None:
    process = started(cohort, tmp_path / "out", not_heeding_ctrl_c)
    while not (tmp_path / ".out.unfinished").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert process.returncode == 0, told
    assert same(cohort, tmp_path / "out")
