"""How long the author's tools take on the shipped policies, and as rules and tests grow.

    python benchmarks/author_tools.py

Goals: `check` of the shipped policies under 1.5 times the imports alone; 1,000 tests in
under 10 seconds on two cores; the mutants of the shipped policies in under two minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from timing import milliseconds, whole_commands  # noqa: E402

import medproof  # noqa: E402


def grown(rules: int, tests: int) -> str:
    """A guideline of many rules, ten of which rest on one another, and tests of one of them each."""
    lines = ["---", "id: grown", "---", "", "# Grown", "", "Many rules.", "", "```datalog"]
    lines.append('#fact seen(Case: case, Kind: text, On: date) :: "{Kind} on {On}".')
    for number in range(rules):
        below = f", p{number - 1}(Case)" if number % 10 else ""
        lines += [f"#pred p{number}(Case: case).", f'p{number}(Case) :- seen(Case, "k{number}", _){below}.']
    lines += ["```", ""]
    for number in range(tests):
        rule = number % rules
        needed = "\n".join(f'seen(c, "k{other}", "2026-01-01").' for other in range(rule - rule % 10, rule + 1))
        lines += [f'```datalog test "{number}"', needed, f"?- p{rule}(c).", f"?- not p{(rule + 10) % rules}(c).", "```", ""]
    return "\n".join(lines)


def growth() -> None:
    print("\ngrowth (seconds, and ms per rule or test; two processes for tests)")
    with tempfile.TemporaryDirectory() as directory:
        for size in (250, 500, 1000, 2000):
            path = Path(directory, f"grown{size}.md")
            path.write_text(grown(size, size), encoding="utf-8")
            medproof.check([path])  # parses, and fills the cache
            checked = milliseconds(lambda path=path: medproof.check([path]), 1) / 1000  # type: ignore[misc]
            started = time.perf_counter()
            results = medproof.test([path])
            tested = time.perf_counter() - started
            assert all(each.passed for each in results)
            per = f"{checked / size * 1000:6.2f} {tested / size * 1000:6.2f}"
            print(f"  {size:6} rules and tests: check {checked:6.1f}  test {tested:6.1f}   {per}")


def mutants() -> None:
    started = time.perf_counter()
    found = medproof.mutate()
    taken = time.perf_counter() - started
    print(f"\nmutants of the shipped policies: {len(found.tried)} in {taken:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    whole_commands({"check": ["check"], "lint": ["lint"], "decide": ["decide", "reference"]}, runs)
    growth()
    mutants()


if __name__ == "__main__":
    main()
