"""How long one case takes: warm in one process, as a whole command, and as rules and facts grow.

    python benchmarks/decide.py

Prints medians of several runs. What is compared runs in turn within one call, since
machines drift: read the ratios, not the milliseconds. Goal for the whole `decide`: 1.5 times the imports alone.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from timing import milliseconds, whole_commands  # noqa: E402

import medproof  # noqa: E402
from explain.determination import determine  # noqa: E402
from explain.outcomes import outcome_of, wanted_for  # noqa: E402
from explain.questions import questions  # noqa: E402
from facts.readers.datalog import Chart, read_chart  # noqa: E402
from kb.compiled import Compiled  # noqa: E402
from kb.engines import engine  # noqa: E402
from kb.language.build import check  # noqa: E402
from kb.language.closed import with_scopes  # noqa: E402
from kb.language.documents import Document, read  # noqa: E402
from kb.models import models  # noqa: E402

DAY = date(2026, 1, 15)


def decision(compiled: Compiled, chart: Chart, runs: int) -> float:
    """Milliseconds for the models, with all rule instances, and the verdict on every question of a chart."""
    wanted = wanted_for(compiled.program, [goal.atom.relation for goal in compiled.program.goals])

    def decide() -> None:
        found = models(compiled, chart.facts, chart.case, engine(), wanted)
        for question in questions(found):
            outcome_of(found, question)

    return milliseconds(decide, runs)


def determination(compiled: Compiled, chart: Chart, runs: int) -> float:
    """Milliseconds for all that `decide` shows: criteria, proofs, silences, and asks, each of them tried."""
    return milliseconds(lambda: determine(compiled, chart.facts, chart.case, "", engine()), runs)


def warm(runs: int) -> None:
    print(f"\nwarm, one process ({runs} runs, median ms; goal: 30 for the decision of reference under aetna)")
    print(f"  {'case':12} {'payer':10} {'decision':>8} {'with criteria, proofs, asks':>28}")
    base = medproof.load()
    for name in ("reference", "elective", "unstable"):
        document = medproof.open_case(name)
        for payer in base.payers:
            compiled = base.compiled(payer, DAY)
            chart, _ = read_chart(document, compiled.program)
            print(
                f"  {name:12} {payer:10} {decision(compiled, chart, runs):8.1f} {determination(compiled, chart, runs):28.1f}"
            )


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
    whole_commands({"decide": ["decide", "reference"], "check": ["check"]}, runs)
    growth_with_rules(max(3, runs // 3))
    growth_with_facts(max(3, runs // 3))


if __name__ == "__main__":
    main()
