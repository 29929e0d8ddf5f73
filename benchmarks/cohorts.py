"""Whole cohorts: time, memory and growth of `medproof cohort`, and of engines that only look for the positive answers.

    python benchmarks/cohorts.py [--most 1000000] [--plot docs/pictures/cohorts.svg]

Each figure is that of a whole process, one after another in the same run. Two programs are
run: `by-hand`, whose SQL was also written by hand, and a payer's shipped policy. Positive
answers are compared before times are printed. `medproof cohort` does more than the others:
both bounds, verdicts on each criterion, contradictions, checks of every value.

Goals: compiled SQL within 1.5 times the hand translation; 1,000,000 cases of about 35 facts
decided in under 20 seconds and 2 GB; 20 times faster than clingo at 100,000, 100 times
faster than pyDatalog at 10,000; growth linear. All proofs of 100,000 cases in 120 seconds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import medproof  # noqa: E402
from cohort.generate import Rates  # noqa: E402

PAYER, BY_HAND = "aetna", "by-hand"
UP_TO = {
    f"{BY_HAND}, pydatalog": 1_000, f"{PAYER}, pydatalog": 1_000, f"{BY_HAND}, clingo": 100_000, f"{PAYER}, clingo": 10_000,
    "proofs": 10_000,
}  # fmt: skip
"""The largest cohort that an engine is given: beyond it, it takes most of the hour, or (clingo) more memory than 8 GB."""


@dataclass(frozen=True)
class Figure:
    """One process: what it did, of how many cases, and what it took."""

    program: str
    engine: str
    cases: int
    seconds: float
    megabytes: float

    @property
    def name(self) -> str:
        """What the line of the table, and of the plot, is called."""
        return f"{self.program}, {self.engine}"


class Failed(Exception):
    """A process that did not come to its end: the last thing that it said."""


def whole_process(arguments: list[str]) -> tuple[float, float, str]:
    """Seconds and megabytes of a process, and what it printed; raises Failed."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True)
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            said.seek(0)
            raise Failed((said.read().strip().splitlines() or ["it was killed"])[-1])
    return time.perf_counter() - started, usage.ru_maxrss / 1024, printed


def command(*arguments: str) -> list[str]:
    """A command of medproof as a process."""
    return ["-c", f"import cli; cli.main({list(arguments)!r})"]


def engines(program: str, cases: int) -> list[str]:
    """The engines that are run on a program of so many cases."""
    found = ["compiled", *(["hand"] if program == BY_HAND else []), "clingo", "pydatalog"]
    return [each for each in found if cases <= UP_TO.get(f"{program}, {each}", cases)]


def positive_answers(program: str, facts: Path, cases: int) -> Iterator[Figure]:
    """What each engine takes to find the positive answers; raises AssertionError when they differ."""
    script = str(ROOT / "benchmarks" / "answers.py")
    if "clingo" in engines(program, cases):
        whole_process([script, "write", program, str(facts)])
    answers = {}
    for engine in engines(program, cases):
        try:
            seconds, megabytes, printed = whole_process([script, engine, program, str(facts), "--cases", str(cases)])
        except Failed as error:
            print(f"{program}, {engine} does not decide {cases:,} cases: {error}")
            continue
        answers[engine] = json.loads(printed)
        yield Figure(program, engine, cases, seconds, megabytes)
    assert len({each["digest"] for each in answers.values()}) == 1, f"the answers differ: {answers}"


def decided(facts: Path, cases: int) -> Iterator[Figure]:
    """What `medproof cohort` takes, and all proofs."""
    decided, proofs = facts.with_name(f"decided{cases}"), facts.with_name(f"proofs{cases}.jsonl")
    seconds, megabytes, _ = whole_process(command("cohort", str(facts), "-o", str(decided), "--format", "json"))
    yield Figure(PAYER, "medproof cohort", cases, seconds, megabytes)
    if cases <= UP_TO["proofs"]:
        record = facts.with_name(f"record{cases}")
        seconds, megabytes, _ = whole_process(
            command("cohort", str(facts), "-o", str(record), "--format", "json", "--proofs")
        )
        yield Figure(PAYER, "medproof cohort --proofs", cases, seconds, megabytes)
        seconds, megabytes, _ = whole_process(command("proofs", str(record), "-o", str(proofs)))
        yield Figure(PAYER, "medproof proofs", cases, seconds, megabytes)
        proofs.unlink()


def measured(directory: Path, cases: int) -> Iterator[Figure]:
    """Every figure of one size. The cohort that is decided has what records have: `?` and contradictions."""
    base = medproof.load()
    plain, usual = directory / f"plain{cases}", directory / f"usual{cases}"
    medproof.generate(base, plain, cases, rates=Rates(unknown=0, contradictions=0), payers=[PAYER])
    for program in (BY_HAND, PAYER):
        yield from positive_answers(program, plain, cases)
    medproof.generate(base, usual, cases, payers=[PAYER])
    yield from decided(usual, cases)


def shown(figures: Iterable[Figure]) -> Iterator[str]:
    """The table; growth 1 is linear."""
    before: dict[str, Figure] = {}
    yield f"{'':34} {'cases':>9} {'seconds':>9} {'cases/s':>10} {'MB':>7} {'growth':>7}"
    for each in figures:
        former = before.get(each.name)
        growth = ""
        if former is not None:
            growth = f"{math.log(each.seconds / former.seconds) / math.log(each.cases / former.cases):.2f}"
        before[each.name] = each
        speed = each.cases / each.seconds
        yield f"{each.name:34} {each.cases:>9,} {each.seconds:9.1f} {speed:10,.0f} {each.megabytes:7.0f} {growth:>7}"


def plot(figures: list[Figure], path: Path) -> None:
    """Seconds over cases, both in powers of ten."""
    import pygal

    chart = pygal.XY(
        title="Seconds of the whole process, by cases (powers of ten)", x_title="cases", y_title="seconds",
        legend_at_bottom=True, legend_at_bottom_columns=2, width=900, height=640, js=(), stroke_style={"width": 2},
        style=pygal.style.CleanStyle,
    )  # fmt: skip
    chart.x_value_formatter = chart.y_value_formatter = lambda power: f"{10**power:,.9g}"
    sizes = sorted({math.log10(each.cases) for each in figures})
    chart.x_labels = sizes
    chart.y_labels = [{"value": power, "label": f"{10.0**power:g}"} for power in range(-1, 4)]
    for name in dict.fromkeys(each.name for each in figures):
        chart.add(name, [(math.log10(f.cases), math.log10(f.seconds)) for f in figures if f.name == name])
    path.write_bytes(chart.render())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=100_000)
    parser.add_argument("--proofs", type=int, default=UP_TO["proofs"], help="the largest cohort of which all are written")
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    UP_TO["proofs"] = asked.proofs
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as made:
        size = 1_000
        while size <= asked.most:
            figures += measured(Path(made), size)
            print("\n".join(line for line in shown(figures) if f"{size:>9,} " in line or "seconds" in line), flush=True)
            size *= 10
    if asked.plot:
        plot(figures, asked.plot)
        print(f"wrote {asked.plot}")


if __name__ == "__main__":
    main()
