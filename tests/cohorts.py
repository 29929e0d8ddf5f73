"""Small cohorts for tests, drawn and written, decided together and each case alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
from click.testing import CliRunner
from hypothesis import strategies as st

from cli import main
from cohort.cases import vocabulary
from cohort.decide import decide_cohort
from cohort.files import parquet_sql
from cohort.generate import Rates, generate
from cohort.output import READINGS
from cohort.program import CohortProgram
from explain.outcomes import wanted_for
from facts.opening import Opened
from kb.engines import Engine
from kb.engines.sql.schema import Types
from kb.language.documents import read
from kb.language.program import Fact
from kb.language.values import Row
from kb.library import Library, library, load
from kb.models import models
from tests.alone import decide_case
from tests.random_programs import DECLARATIONS, charts, closings, rules
from tests.support import facts as facts_of
from tests.tables import write_tables

Rows = set[tuple[object, ...]]

REQUEST = """
#fact payer(Case: case, Payer: text).
#fact request_date(Case: case, On: date).
#fact asked(Case: case, G: grade, H: grade, N: number).
#closed payer, request_date, asked.
#goal p0(Case, G) for asked(Case, G, H, N).
#goal p1(Case, G, N) for asked(Case, G, H, N).
#goal p2(Case, G, H) for asked(Case, G, H, N).
#goal p3(Case, N) for asked(Case, G, H, N).
#goal p4(Case, G) for asked(Case, G, H, N).
"""
HEAD = "---\nid: random\ntitle: Random\nkind: reference\nversion: 1\nsource: drawn\n---\n\n```datalog\n"


def decided(directory: Path, name: str) -> Rows:
    """The rows that a cohort's output has of questions (`decisions`) or of criteria."""
    columns = "verdict, certain, contradictions::TEXT, readings::TEXT" if name == "decisions" else "criterion, status"
    path = str(directory / f"{name}.parquet")
    return set(duckdb.execute(f'SELECT "case", question, item, {columns} FROM {parquet_sql()}', [path]).fetchall())


def alone(base: Library, payer: str, on: date, stated: dict[str, tuple[Fact, ...]]) -> tuple[Rows, Rows]:
    """The same rows, each case decided by pyDatalog."""
    compiled = base.compiled(payer, on)
    of = CohortProgram(compiled, Types.of(compiled.program), {})
    found = [decide_case(of, case, each) for case, each in stated.items()]
    questions = {(*row[:5], listed(row[5]), listed(row[6], READINGS)) for each in found for row in each.decisions}
    return questions, {row for each in found for row in each.criteria}


def listed(values: object, kind: str = "TEXT[]") -> str:
    """A list as DuckDB shows it."""
    [(text,)] = duckdb.execute(f"SELECT ?::{kind}::TEXT", [values]).fetchall()
    return str(text)


CONTRADICTIONS = (
    "#key f1(Case, A).", "#key f2(Case).", "#key p1(Case, A).", ":- f0(Case, G), f3(Case, G, _).",
    ":- f1(Case, G, N), not f0(Case, G), N > 1.", ":- p3(Case, 2).", "-f0(Case, G) :- f3(Case, G, high).",
    "-p4(Case, G) :- f0(Case, G), G > low.\n-p4(Case, G) :- f3(Case, G, H), -p4(Case, H).\n"
    "p1(Case, G, 1) :- f3(Case, G, _), -p4(Case, G).",
)  # fmt: skip
CRITERIA = ('#criterion "c.p0" p0(Case, G).', '#criterion "c.p3" p3(Case, N).', '#criterion "c.f0" f0(Case, G).')


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A program, and the charts of some cases: perhaps with keys, constraints and criteria, or with two readings of p0."""
    heads = draw(st.lists(st.sampled_from(["p0", "p1", "p2", "p3", "p4"]), min_size=3, max_size=8))
    has_readings = draw(st.booleans())
    texts = [draw(closings())]
    texts += [draw(rules(head, with_aggregates=True)) for head in sorted(heads) if head != "p0" or not has_readings]
    texts += draw(st.lists(st.sampled_from(CONTRADICTIONS[:2] if has_readings else CONTRADICTIONS), max_size=2, unique=True))
    texts += draw(st.lists(st.sampled_from(CRITERIA), max_size=3, unique=True))
    for name in ("narrow", "wide") if has_readings else ():
        section = f'```\n\n## {name}\n\n```datalog\n#reading "{name}" p0(Case, G).'
        texts += [section, *(draw(rules("p0", with_aggregates=False)) for _ in range(draw(st.integers(1, 2))))]
    return "\n".join(texts), draw(st.lists(charts(), min_size=2, max_size=4))


ON = date(2026, 1, 1)


def random_cohort(text: str, written: list[str], unknown: bool) -> tuple[Library, dict[str, tuple[Fact, ...]]]:
    """A library of a random program, and the facts of its cases."""
    base = library([read("random.md", f"{HEAD}{DECLARATIONS}{REQUEST}{text}\n```\n")], shipped=False)
    program = base.compiled("", ON).program
    asked = [f"asked(x, {g}, {h}, {n})." for g, h, n in (("low", "mid", "2"), ("?" if unknown else "high", "high", "2.5"))]
    stated = {}
    for number, chart in enumerate(written):
        case = f"case{number}"
        lines = "\n".join([*chart.splitlines(), *asked, 'payer(x, "none").', 'request_date(x, "2026-01-01").'])
        stated[case] = facts_of(lines.replace("(x,", f"({case},"), program, case)
    return base, stated


def recorded(case: Opened, by: Engine) -> tuple[dict[str, set[Row]], dict[str, set[Row]]]:
    """The atoms and the rule instances of a case that an engine finds of what its questions depend on."""
    goals = [goal.atom.relation for goal in case.program.goals]
    found = models(case.compiled, case.facts, case.case, by, wanted_for(case.program, goals))
    rules = (rule for rule in case.program.rules if rule.head.relation in found.used)
    instances = {rule.id: {each.values for each in found.perfect.instances(rule.id)} for rule in rules}
    return {name: set(found.perfect.rows(name)) for name in found.used}, instances


def tables(directory: Path, **others: str) -> Path:
    """Tables of three cases of the county's, some of them other than usual."""
    texts = {
        "payer": "Case,Payer\na,county\nb,county\nc,county\n",
        "request_date": "Case,On\na,1999-02-01\nb,1999-02-01\nc,1999-02-01\n",
        "requested": "Case,Item,Code,Level,Laterality\n" + "".join(f"{c},op,63030,L4-5,left\n" for c in "abc"),
        "motor_strength": "Case,Muscle,Side,Grade,Source,On\na,quadriceps,left,4,examination,1999-01-20\n",
        "pain_score": "Case,Site,Score,On\nb,leg,7.5,1999-01-20\n",
        **others,
    }
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (directory / f"{name}.csv").write_text(text, encoding="utf-8")
    return directory


def run(*arguments: str | Path) -> tuple[int, str]:
    """The exit code and the output of a command."""
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    return result.exit_code, result.output


COUNTY = Path(__file__).parent / "policies" / "county.md"
"""A small policy: what is not about a policy is told of its cases in a third of the time."""


def county(*arguments: str | Path) -> tuple[int, str]:
    """The exit code and the output of a command that has the county's policy beside the shipped ones."""
    return run(*arguments, "--policies", COUNTY)


def drawn(directory: Path, cases: int) -> Path:
    """Tables of cases of the county's that are drawn, none with a `?`."""
    base, until = load(COUNTY), date(1999, 12, 31)
    payers = {"county": base.compiled("county", until).program}
    generate(vocabulary(base), payers, directory, cases, 1, Rates(unknown=0), until=until)
    return directory


STRENGTH = "Case,Muscle,Side,Grade,Source,On\n"


def small(text: str) -> Library:
    """A library of one document with a request of its own."""
    request = (
        "#fact payer(Case: case, Payer: text).\n#fact request_date(Case: case, On: date).\n#closed payer, request_date.\n"
    )
    return library([read("small.md", f"{HEAD}{request}{text}\n```\n")], shipped=False)


def verdicts(base: Library, directory: Path, **others: str) -> Rows:
    """The decisions of a cohort of one case, whose other tables are given."""
    source = directory / "facts"
    source.mkdir()
    given = {"payer": "Case,Payer\na,x\n", "request_date": "Case,On\na,2026-01-01\n", **others}
    for name, text in given.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    decide_cohort(base, source, directory / "out")
    return {row[1:4] for row in decided(directory / "out", "decisions")}


def alone_and_together(base: Library, tmp_path: Path, facts: str) -> tuple[Rows, Rows]:
    """What is decided of the case `a` by itself, and in a cohort of one."""
    program = base.compiled("", date(2026, 1, 1)).program
    stated = facts_of(f'payer(a, x).\nrequest_date(a, "2026-01-01").\n{facts}', program, "a")
    write_tables(tmp_path / "facts", program, stated)
    decide_cohort(base, tmp_path / "facts", tmp_path / "out")
    return alone(base, "", date(2026, 1, 1), {"a": stated})[0], decided(tmp_path / "out", "decisions")
