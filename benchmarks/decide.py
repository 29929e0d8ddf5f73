"""How long one case takes: warm in one process, as a whole command, and as rules and facts grow.

    python benchmarks/decide.py

Prints medians of several runs. What is compared runs in turn within one call, since
machines drift: read the ratios, not the milliseconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import medproof  # noqa: E402
from explain.determination import determine  # noqa: E402
from facts.readers.datalog import Chart, read_chart  # noqa: E402
from kb.engines import engine  # noqa: E402
from kb.language.build import check  # noqa: E402
from kb.language.closed import with_scopes  # noqa: E402
from kb.language.documents import Document, read  # noqa: E402
from kb.models import Compiled  # noqa: E402

DAY = date(2026, 1, 15)
FLOOR = "import click, networkx; from pyDatalog import pyDatalog"


def decision(compiled: Compiled, chart: Chart, runs: int) -> float:
    """Milliseconds for all answers of a chart."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        determine(compiled, chart.facts, chart.case, "", engine())
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def warm(runs: int) -> None:
    print(f"\nwarm, one process: a decision with all rule instances ({runs} runs, median ms; goal 30 for reference/aetna)")
    base = medproof.load()
    for name in ("reference", "elective", "unstable"):
        document = medproof.open_case(name)
        for payer in base.payers:
            compiled = base.compiled(payer, DAY)
            chart, _ = read_chart(document, compiled.program)
            taken = decision(compiled, chart, runs)
            print(f"  {name:12} {payer:10} {taken:8.1f}")


def whole_command(runs: int) -> None:
    print(f"\nwhole command against a process that only imports click, networkx, pyDatalog ({runs} pairs; goal 1.5)")
    commands = {
        "imports": [sys.executable, "-c", FLOOR],
        "decide": [sys.executable, "-c", "import cli; cli.main(['decide', 'reference'])"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"MEDPROOF_CACHE": cache}
        for number in range(runs + 1):
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
                if number:  # the first run fills the cache
                    times[name].append(time.perf_counter() - started)
    ratios = [decide / imports for decide, imports in zip(times["decide"], times["imports"], strict=True)]
    for name, taken in times.items():
        print(f"  {name:12} {statistics.median(taken) * 1000:8.0f} ms")
    print(f"  ratio        {statistics.median(ratios):8.2f}   (min {min(ratios):.2f}, max {max(ratios):.2f})")


def grown_program(rules: int) -> Document:
    lines = ["#fact seen(Case: case, Kind: text, On: date).", "#fact asked(Case: case, Item: text).", "#closed asked."]
    for number in range(rules):
        below = f", p{number - 1}(Case)" if number % 10 else ""
        lines.append(f"#pred p{number}(Case: case).")
        lines.append(f'p{number}(Case) :- seen(Case, "k{number % 50}", _){below}.')
    lines += ["#pred ok(Case: case, Item: text).", "#goal ok(Case, Item) for asked(Case, Item)."]
    lines += [f"ok(Case, Item) :- asked(Case, Item), p{number}(Case)." for number in range(9, rules, 10)]
    return read("grown.dl", "\n".join(lines))


def growth_with_rules(runs: int) -> None:
    print("\ngrowth with rules (ms per decision, and per rule)")
    for rules in (125, 250, 500, 1000, 2000):
        program, mistakes = check((grown_program(rules),), "", DAY)
        assert not mistakes
        compiled = Compiled(with_scopes(program))
        facts = [f'seen(c, "k{number}", "2026-01-01").' for number in range(50)] + ["asked(c, item)."]
        chart, _ = read_chart(_chart(facts), compiled.program)
        taken = decision(compiled, chart, runs)
        print(f"  {rules:6} rules {taken:10.1f} {taken / rules:10.3f}")


def growth_with_facts(runs: int) -> None:
    print("\ngrowth with facts, shipped policies (ms per decision, and per fact; goal: no worse than linear)")
    base = medproof.load()
    compiled = base.compiled("aetna", DAY)
    for facts in (100, 300, 1000, 3000, 10000):
        chart, mistakes = read_chart(_chart(grown_facts(facts)), compiled.program)
        assert not mistakes, mistakes[0]
        taken = decision(compiled, chart, runs)
        print(f"  {facts:6} facts {taken:10.1f} {taken / facts:10.3f}")


def grown_facts(number: int) -> list[str]:
    """A long record: the same few subjects observed on more and more days."""
    lines = ['payer(c, "aetna").', 'request_date(c, "2026-01-15").', 'requested(c, item, "63030", "L5-S1", left).']
    for index in range((number - 3) // 5):
        day = (DAY - timedelta(days=index + 1)).isoformat()
        lines += [
            f'motor_strength(c, gastrocnemius, left, "4", examination, "{day}").',
            f'pain_score(c, leg, {index % 10}, "{day}").',
            f'radicular_pain(c, left, examination, "{day}").',
            f'straight_leg_raise(c, left, positive, "{day}").',
            f'sensory_loss(c, "S1", left, examination, "{day}").',
        ]
    return lines


def _chart(facts: list[str]) -> Document:
    return read("chart.md", "---\ncase: c\n---\n\n```datalog\n" + "\n".join(facts) + "\n```\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    warm(runs)
    whole_command(runs)
    growth_with_rules(max(3, runs // 3))
    growth_with_facts(max(3, runs // 3))


if __name__ == "__main__":
    main()
