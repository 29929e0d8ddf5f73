"""How long whole cohorts take, in time and memory, side by side with deciding the same cases one by one.

    python benchmarks/cohorts.py [--most 1000000]

Each figure is that of a whole process. pyDatalog decides a few hundred of the cases as
`medproof decide` does. Answers are compared before times.

Goals: 1,000,000 cases of about 35 facts in under 20 seconds and 2 GB; growth linear.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402

import medproof  # noqa: E402

ONE_BY_ONE = 300
PAYER = "bcbs-sc"


def whole_process(arguments: list[str]) -> tuple[float, float, str]:
    """Seconds and megabytes of a process, and what it printed."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert not status, f"{arguments} failed"
    return time.perf_counter() - started, usage.ru_maxrss / 1024, printed


def line(name: str, cases: int, seconds: float, megabytes: float) -> None:
    print(f"  {name:28} {cases:>9,} {seconds:9.1f} s {cases / seconds:10,.0f} cases/s {megabytes:8.0f} MB", flush=True)


def met(decisions: Path, cases: int) -> set[tuple[str, str, str]]:
    """The questions of the first cases that are met."""
    rows = "SELECT \"case\", question, item FROM read_parquet(?) WHERE verdict = 'met'"
    found = duckdb.execute(rows, [str(decisions / "decisions.parquet")]).fetchall()
    width = max((len(case) for case, _, _ in found), default=0)
    return {row for row in found if row[0] < f"case-{cases:0{width - 5}}"}


def cohort(directory: Path, cases: int) -> Path:
    facts, output = directory / f"facts{cases}", directory / f"out{cases}"
    medproof.generate(medproof.load(), facts, cases, payers=[PAYER])
    command = f"import cli; cli.main(['cohort', {str(facts)!r}, '-o', {str(output)!r}, '--format', 'json'])"
    seconds, megabytes, _ = whole_process(["-c", command])
    line("medproof cohort", cases, seconds, megabytes)
    return output


def one_by_one(facts: Path, cases: int) -> set[tuple[str, str, str]]:
    seconds, megabytes, printed = whole_process([__file__, "--one-by-one", str(facts), str(cases)])
    line("pyDatalog, one by one", cases, seconds, megabytes)
    return {tuple(row) for row in json.loads(printed)}


def decide_one_by_one(facts: Path, cases: int) -> None:
    from cohort.alone import decide_case
    from cohort.program import CohortProgram
    from kb.engines.sql.schema import Types

    base = medproof.load()
    found: list[Any] = []
    for (name,) in duckdb.execute(_NAMES, [str(facts / "payer.parquet"), cases]).fetchall():
        case = medproof.cohort_case(base, facts, name)
        of = CohortProgram(case.compiled, Types.of(case.program), {})
        found += [row[:3] for row in decide_case(of, name, case.facts).decisions if row[3] == "met"]
    print(json.dumps(found))


_NAMES = 'SELECT "Case" FROM read_parquet(?) ORDER BY 1 LIMIT ?'


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--one-by-one", nargs=2)
    asked = parser.parse_args()
    if asked.one_by_one:
        return decide_one_by_one(Path(asked.one_by_one[0]), int(asked.one_by_one[1]))
    with tempfile.TemporaryDirectory() as made:
        directory, size = Path(made), 1_000
        while size <= asked.most:
            output = cohort(directory, size)
            if size == 1_000:
                ours = met(output, ONE_BY_ONE)
                assert one_by_one(directory / "facts1000", ONE_BY_ONE) == ours, "the answers differ"
                print(f"    the {len(ours)} met answers of {ONE_BY_ONE} cases are the same")
            size *= 10
    return None


if __name__ == "__main__":
    main()
