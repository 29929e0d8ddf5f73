"""What the benchmarks share: medians of work in this process, and whole commands in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOOR = "import click, networkx; from pyDatalog import pyDatalog"


def milliseconds(work: Callable[[], object], runs: int) -> float:
    """The median of several runs."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def whole_commands(commands: Mapping[str, Sequence[str]], runs: int) -> None:
    """Prints how long each command takes against a process that only imports click, networkx and pyDatalog.

    They run in turn, since machines drift. As in an installed package, the modules are
    compiled and the documents are cached: the first turn does both and is not counted.
    """
    print(f"\nwhole commands against a process that only imports click, networkx, pyDatalog ({runs} turns)")
    called = {name: f"import cli; cli.main({list(arguments)!r})" for name, arguments in commands.items()}
    times: dict[str, list[float]] = {name: [] for name in ("imports", *called)}
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"MEDPROOF_CACHE": cache, "PYTHONPYCACHEPREFIX": f"{cache}/bytecode"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for turn in range(runs + 1):
            for name, code in {"imports": FLOOR, **called}.items():
                started = time.perf_counter()
                subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
                if turn:
                    times[name].append(time.perf_counter() - started)
    for name, taken in times.items():
        ratios = [each / floor for each, floor in zip(taken, times["imports"], strict=True)]
        spread = f"(min {min(ratios):.2f}, max {max(ratios):.2f})"
        print(f"  {name:12} {statistics.median(taken) * 1000:8.0f} ms {statistics.median(ratios):8.2f}   {spread}")
