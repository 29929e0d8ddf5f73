"""How long explanations take: warm, as a whole command, and as the number of rule instances grows.

    python benchmarks/explanations.py

Prints medians of several runs; read the ratios, since machines drift. Nothing is drawn.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from timing import milliseconds, whole_commands  # noqa: E402

import medproof  # noqa: E402
from explain.building import proof_graph  # noqa: E402
from explain.checker import verify  # noqa: E402
from explain.explanations import explained  # noqa: E402
from explain.proofs import atoms_of, cheapest_choice  # noqa: E402
from explain.remedies import lacking  # noqa: E402
from facts.readers.datalog import read_chart  # noqa: E402
from kb.compiled import Compiled  # noqa: E402
from kb.engines import engine  # noqa: E402
from kb.language.build import check  # noqa: E402
from kb.language.documents import read  # noqa: E402
from kb.models import models  # noqa: E402

DAY = date(2026, 1, 15)


def warm(runs: int) -> None:
    print(f"\nwarm, models at hand ({runs} runs, median ms)")
    print("  goals: 30 for the explanation of the reference case, 200 for why-not and missing on every case")
    print(f"  {'case':20} {'verdict':13} {'graph':>8} {'minimal':>8} {'checked':>8} {'missing':>8}")
    base = medproof.load()
    for name in medproof.shipped_cases():
        one_case(base, name, runs)


def one_case(base: medproof.Library, name: str, runs: int) -> None:
    """The first question of a case: graph of all derivations, choice of the cheapest, graph with its check, asks."""
    document = medproof.open_case(name)
    case = medproof.opened(base, document)
    [determination] = medproof.decide(base, document)
    found, answer = determination.models, determination.answers[0]
    goal = answer.question.relation, answer.question.row
    taken = [
        milliseconds(lambda: proof_graph(found, [goal]), runs),
        milliseconds(lambda: cheapest_choice(found, atoms_of(found, *goal)), runs),
        milliseconds(lambda: explained(found, [goal], case.policies, document), runs),
        milliseconds(lambda: lacking(found, goal), runs),
    ]
    print(f"  {name:20} {answer.verdict.value:13} {' '.join(f'{each:8.1f}' for each in taken)}")


GROWN = """\
#fact seen(Case: case, N: number).
#pred noted(Case: case, N: number).
noted(Case, N) :- seen(Case, N).
#pred all(Case: case).
all(Case) :- noted(Case, _).
"""


def growth(runs: int) -> None:
    print("\ngrowth with rule instances (ms in all, and per instance): all derivations; minimal; check of the minimal")
    for conclusions in (500, 5_000, 50_000):
        grown(conclusions, runs)


def grown(conclusions: int, runs: int) -> None:
    policy = read("grown.dl", GROWN)
    program, mistakes = check((policy,), "", DAY)
    assert not mistakes
    stated = "\n".join(f"seen(c, {number})." for number in range(conclusions))
    chart = read("chart.md", f"---\ncase: c\n---\n\n```datalog\n{stated}\n```\n")
    facts = read_chart(chart, program)[0].facts
    found = models(Compiled(program), facts, "c", engine(), ["all"])
    goal = [("all", ("c",))]
    proof = explained(found, goal, [policy], chart, minimal=True)
    taken = [
        milliseconds(lambda: proof_graph(found, goal, limit=10**7), runs),
        milliseconds(lambda: explained(found, goal, [policy], chart, minimal=True), runs),
        milliseconds(lambda: verify(proof.graph, [policy], chart), runs),
    ]
    instances = 2 * conclusions
    print(f"  {instances:7} instances {' '.join(f'{each:10.1f} {each / instances:8.4f}' for each in taken)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    warm(runs)
    whole_commands({"explain": ["explain", "reference", "A4"], "why-not": ["why-not", "two-weeks", "A4"]}, runs)
    growth(max(1, runs // 3))


if __name__ == "__main__":
    main()
