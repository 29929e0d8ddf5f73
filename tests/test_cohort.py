"""A cohort is decided as each of its cases is alone: random programs, the shipped charts, invented cases."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import medproof
from cli import main
from cohort.alone import decide_case
from cohort.cases import open_cohort
from cohort.compare import compare
from cohort.decide import decide_cohort
from cohort.generate import Rates
from cohort.output import CohortProblem
from cohort.program import CohortProgram
from cohort.running import Settings
from explain.outcomes import wanted_for
from facts.opening import Opened, opened
from kb.engines import Engine, engine
from kb.engines.sql.schema import Types
from kb.language.documents import read
from kb.language.program import Fact
from kb.language.values import Row
from kb.library import Library, library, read_all
from kb.models import models
from tests.random_programs import DECLARATIONS, charts, rules
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
    columns = "verdict, certain, contradictions::TEXT" if name == "decisions" else "criterion, status"
    path = str(directory / f"{name}.parquet")
    return set(duckdb.execute(f'SELECT "case", question, item, {columns} FROM read_parquet(?)', [path]).fetchall())


def alone(base: Library, payer: str, on: date, stated: dict[str, tuple[Fact, ...]]) -> tuple[Rows, Rows]:
    """The same rows, each case decided by pyDatalog."""
    compiled = base.compiled(payer, on)
    of = CohortProgram(compiled, Types.of(compiled.program), {})
    found = [decide_case(of, case, each) for case, each in stated.items()]
    questions = {(*row[:5], listed(row[5])) for each in found for row in each.decisions}
    return questions, {row for each in found for row in each.criteria}


def listed(atoms: object) -> str:
    """A list as DuckDB shows it."""
    [(text,)] = duckdb.execute("SELECT ?::TEXT[]::TEXT", [atoms]).fetchall()
    return str(text)


CONTRADICTIONS = (
    "#key f1(Case, A).", "#key f2(Case).", "#key p1(Case, A).", ":- f0(Case, G), f3(Case, G, _).",
    ":- f1(Case, G, N), not f0(Case, G), N > 1.", ":- p3(Case, 2).", "-f0(Case, G) :- f3(Case, G, high).",
)  # fmt: skip
CRITERIA = ('#criterion "c.p0" p0(Case, G).', '#criterion "c.p3" p3(Case, N).', '#criterion "c.f0" f0(Case, G).')


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A program, and the charts of some cases: perhaps with keys, constraints and criteria, or with two readings of p0."""
    heads = draw(st.lists(st.sampled_from(["p0", "p1", "p2", "p3", "p4"]), min_size=3, max_size=8))
    has_readings = draw(st.booleans())
    texts = [draw(rules(head, with_aggregates=True)) for head in sorted(heads) if head != "p0" or not has_readings]
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


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(cohorts(), st.booleans())
def test_random_programs_decide_a_cohort_as_its_cases(drawn: tuple[str, list[str]], unknown: bool) -> None:
    base, stated = random_cohort(*drawn, unknown)
    program = base.compiled("", ON).program
    with TemporaryDirectory() as directory:
        source = write_tables(Path(directory) / "facts", program, (fact for each in stated.values() for fact in each))
        decide_cohort(base, source, Path(directory) / "out", Settings(proofs=True))
        questions, criteria = alone(base, "", ON, stated)
        assert decided(Path(directory) / "out", "decisions") == questions
        assert decided(Path(directory) / "out", "criteria") == criteria
        with open_cohort(base, Path(directory) / "out") as cohort:
            for opened_case in cohort.open(stated):
                assert recorded(opened_case, opened_case.engine) == recorded(opened_case, engine())


def recorded(case: Opened, by: Engine) -> tuple[dict[str, set[Row]], dict[str, set[Row]]]:
    """The atoms and the rule instances of a case that an engine finds of what its questions depend on."""
    goals = [goal.atom.relation for goal in case.program.goals]
    found = models(case.compiled, case.facts, case.case, by, wanted_for(case.program, goals))
    rules = (rule for rule in case.program.rules if rule.head.relation in found.used)
    instances = {rule.id: {each.values for each in found.perfect.instances(rule.id)} for rule in rules}
    return {name: set(found.perfect.rows(name)) for name in found.used}, instances


def test_the_shipped_charts_as_a_cohort(tmp_path: Path) -> None:
    base = medproof.load()
    root = Path(__file__).parent.parent
    documents = [*read_all(root / "facts" / "cases", None), *read_all(root / "tests" / "charts", None)]
    cases = [opened(base, document) for document in documents if document.meta.case]
    vocabulary = base.compiled("", date(2026, 1, 1)).program
    source = write_tables(tmp_path / "facts", vocabulary, (fact for case in cases for fact in case.facts))
    decide_cohort(base, source, tmp_path / "out")
    questions, criteria = set[tuple[object, ...]](), set[tuple[object, ...]]()
    for case in cases:
        ours = alone(base, case.payer, case.on, {case.case: case.facts})
        questions |= ours[0]
        criteria |= ours[1]
    assert decided(tmp_path / "out", "decisions") == questions
    assert decided(tmp_path / "out", "criteria") == criteria


def test_a_generated_cohort(tmp_path: Path) -> None:
    base = medproof.load()
    rates = Rates(contradictions=0.3, unknown=0.05)
    medproof.generate(base, tmp_path / "facts", 40, 3, rates, ["aetna", "bcbs-sc"])
    medproof.cohort(base, tmp_path / "facts", tmp_path / "out")
    found = decided(tmp_path / "out", "decisions")
    assert len({row[0] for row in found}) == 40
    for name in sorted({str(row[0]) for row in found})[::2]:
        case = medproof.cohort_case(base, tmp_path / "out", name)
        assert {row for row in found if row[0] == name} == alone(base, case.payer, case.on, {name: case.facts})[0]


def test_statements_that_were_kept_decide_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDPROOF_CACHE", str(tmp_path / "cache"))
    base = medproof.load()
    medproof.generate(base, tmp_path / "facts", 30, 4, Rates(contradictions=0.3), ["medicare"])
    for name in ("compiled", "kept"):
        medproof.cohort(base, tmp_path / "facts", tmp_path / name)
    kept = sorted((tmp_path / "cache" / "sql").iterdir())
    assert kept and decided(tmp_path / "compiled", "decisions") == decided(tmp_path / "kept", "decisions")
    for number, path in enumerate(kept):
        path.write_text(["{}", "no JSON", '{"": "Step"}', "[]"][number % 4], encoding="utf-8")
    medproof.cohort(base, tmp_path / "facts", tmp_path / "again")
    assert decided(tmp_path / "again", "decisions") == decided(tmp_path / "compiled", "decisions")


def test_a_generated_cohort_depends_on_its_seed_alone(tmp_path: Path) -> None:
    base = medproof.load()
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        medproof.generate(base, tmp_path / name, 50, seed)

    def facts_of(name: str) -> list[tuple[object, ...]]:
        return duckdb.execute(
            "SELECT * FROM read_parquet(?) ORDER BY ALL", [str(tmp_path / name / "therapy.parquet")]
        ).fetchall()

    assert facts_of("one") == facts_of("again") != facts_of("other")
    result = CliRunner().invoke(main, ["generate", "--cases", "5", "-o", str(tmp_path / "one")])
    assert result.exit_code == 2
    assert "is not empty; name another directory" in result.output


# What an analyst meets


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three small cases of Aetna's."""
    return tables(tmp_path / "facts")


def tables(directory: Path, **others: str) -> Path:
    """Tables of three cases, some of them other than usual."""
    texts = {
        "payer": "Case,Payer\na,aetna\nb,aetna\nc,aetna\n",
        "request_date": "Case,On\na,2026-02-01\nb,2026-02-01\nc,2026-02-01\n",
        "requested": "Case,Item,Code,Level,Laterality\n" + "".join(f"{c},op,63030,L4-5,left\n" for c in "abc"),
        "motor_strength": "Case,Muscle,Side,Grade,Source,On\na,quadriceps,left,4,examination,2026-01-20\n",
        "pain_score": "Case,Site,Score,On\nb,leg,7.5,2026-01-20\n",
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


STRENGTH = "Case,Muscle,Side,Grade,Source,On\n"
ROWS = {
    "an unknown value": (
        "motor_strength",
        STRENGTH + "a,tongue,left,4,examination,2026-01-20\n",
        "Muscle",
        "`tongue`: it is no muscle",
    ),
    "no value": ("motor_strength", STRENGTH + "a,quadriceps,,4,examination,2026-01-20\n", "Side", "it is empty; write `?`"),
    "no day": ("motor_strength", STRENGTH + "a,quadriceps,left,4,examination,2026-1-2\n", "On", "`2026-1-2`: it is no day"),
    "too few values": ("pain_score", "Case,Site,Score,On\na,leg,7\n", "", "row 1: it has 3 values, and there are 4 columns"),
    "too many values": (
        "motor_strength",
        STRENGTH + "b,quadriceps,left,4,examination,2026-01-20\n\na,quadriceps,left,4,by examination, at rest,2026-01-20\n",
        "",
        "row 2: it has 7 values, and there are 6 columns",
    ),
    "a request with too few values": (
        "request_date",
        "Case,On\na\nb,2026-02-01\nc,2026-02-01\n",
        "",
        "row 1: it has 1 value,",
    ),
    "a day that no calendar has": ("pain_score", "Case,Site,Score,On\na,leg,7,2026-02-30\n", "On", "no such day"),
    "no number": ("pain_score", "Case,Site,Score,On\na,leg,7.1234567,2026-01-20\n", "Score", "`7.1234567`: it is no number"),
    "any value": ("pain_score", "Case,Site,Score,On\na,_,7,2026-01-20\n", "Site", "`_`: it is no site"),
    "two payers": ("payer", "Case,Payer\na,aetna\na,medicare\nb,aetna\nc,aetna\n", "Payer", "the case states two payers"),
    "a day of request that is none": (
        "request_date",
        "Case,On\na,2026-02-31\nb,2026-02-01\nc,2026-02-01\n",
        "On",
        "`2026-02-31`: the calendar, from the year 1 to 9999, has no such day",
    ),
    "no request": ("request_date", "Case,On\na,?\nb,2026-02-01\nc,2026-02-01\n", "", "gives no day of the request"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_cannot_be_taken_is_told_and_its_case_left_out(tmp_path: Path, name: str) -> None:
    table, text, column, problem = ROWS[name]
    source = tables(tmp_path / "facts", **{table: text})
    code, output = run("cohort", source, "-o", tmp_path / "stopped", "--on-error", "stop")
    assert code == 2
    assert f"{table}.csv" in output and problem in output and "(case `a`)" in output
    assert not (tmp_path / "stopped").exists()
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    assert "2 cases decided, 1 left out" in output
    assert {row[0] for row in decided(tmp_path / "out", "decisions")} == {"b", "c"}
    [reject] = duckdb.execute("SELECT * FROM read_parquet(?)", [str(tmp_path / "out" / "rejects.parquet")]).fetchall()
    assert reject[2:5] == ("a", table, column)


def test_a_row_tells_what_is_wrong_in_each_of_its_columns(tmp_path: Path) -> None:
    rows = "a,op,63030,L4/5,Left\na,op,,L6-S1,left\nb,op,63030,L4-5,left\n,,,,\n"
    source = tables(tmp_path / "facts", requested=f"Case,Item,Code,Level,Laterality\n{rows}")
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "2 cases decided, 1 left out" in output, output
    rows = 'SELECT row, "column", value, problem FROM read_parquet(?)'
    rejects = duckdb.execute(f"{rows} WHERE \"case\" = 'a'", [str(tmp_path / "out" / "rejects.parquet")]).fetchall()
    assert [(*each[:3], each[3].rsplit(";")[-1].strip()) for each in rejects] == [
        (1, "Level", "L4/5", "did you mean `L4-5`?"),
        (1, "Laterality", "Left", "did you mean `left`?"),
        (2, "Code", "", "write `?` for a value that the record does not give"),
        (2, "Level", "L6-S1", "it is no level: L1-2, L2-3, L3-4, L4-5, L5-S1"),
    ]
    assert "1 row names no case" in " ".join(output.split())


BROKEN = {
    "a row that may be anybody's": (
        "csv",
        "Case,Site,Score,On\nb,leg,7,2026-01-20\n,leg,7\n",
        "row 2 of",
        "nobody knows whose",
    ),
    "a quote that does not close": (
        "csv",
        'Case,Site,Score,On\nb,"leg,7,2026-01-20\n',
        "line 2",
        "may be opened there and not closed",
    ),
    "a line that is no JSON": (
        "jsonl",
        '{"Case": "a", "Site": "leg", "Score": "7", "On": "2026-01-20"}\n{"Case": "b", "Site": leg}\n',
        "line 2: it is no JSON",
        "each line is one JSON object",
    ),
    "a line that is another JSON value": ("jsonl", '["a", "leg", 7]\n', "line 1: it is no JSON object", "each line"),
    "no Parquet": ("parquet", "PAR1 and nothing else", "is no Parquet file, or a broken one", "write it anew"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_table_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path, source: Path, name: str) -> None:
    suffix, text, place, problem = BROKEN[name]
    (source / "pain_score.csv").unlink()
    (source / f"pain_score.{suffix}").write_text(text, encoding="utf-8")
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 2
    assert f"pain_score.{suffix}" in output and place in output and problem in output


def test_parquet_that_breaks_off_is_told_with_its_file(tmp_path: Path) -> None:
    facts = tmp_path / "facts"
    medproof.generate(medproof.load(), facts, 100, payers=["medicare"])
    path = facts / "motor_strength.parquet"
    data = bytearray(path.read_bytes())
    data[100 : len(data) // 2] = bytes(each ^ 0x5A for each in data[100 : len(data) // 2])
    path.write_bytes(data)
    code, output = run("cohort", facts, "-o", tmp_path / "out")
    assert code == 2
    assert "motor_strength.parquet" in output and "or a broken one: write it anew" in output


def test_no_case_is_decided_by_half_of_its_record_however_many_rows_are_bad(tmp_path: Path) -> None:
    names = [f"c{number:04d}" for number in range(1_200)]
    source = tables(
        tmp_path / "facts", payer="Case,Payer\n" + "".join(f"{name},medicare\n" for name in [*names, "whole"]),
        request_date="Case,On\n" + "".join(f"{name},2026-02-01\n" for name in [*names, "whole"]),
        pain_score="Case,Site,Score,On\n" + "".join(f"{name},leg,7\n" for name in names),
        motor_strength=STRENGTH, requested="Case,Item,Code,Level,Laterality\nwhole,op,63030,L4-5,left\n",
    )  # fmt: skip
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "1 case decided, 1,200 left out" in output, output
    rejects = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(tmp_path / "out" / "rejects.parquet")]).fetchall()
    assert rejects == [(1_200,)]


QUOTED = {
    "a short row": 'a,"leg,7,2026-01-20\nb,leg,7.5,2026-01-20"\n',
    "the last value": 'a,leg,7,"2026-01-20\nb,leg,7.5,2026-01-20"\n',
    "a value of a domain": 'a,"leg\nb,leg",7.5,2026-01-20\n',
}


@pytest.mark.parametrize("name", QUOTED)
def test_quotes_that_pair_up_across_rows_hide_nobody(tmp_path: Path, name: str) -> None:
    source = tables(tmp_path / "facts", pain_score=f"Case,Site,Score,On\n{QUOTED[name]}c,leg,1,2026-01-20\n")
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 2, output
    assert "row 1 of" in output and "pain_score.csv" in output and "mend it" in output
    assert not (tmp_path / ".out.unfinished").exists()


def test_a_short_row_changes_nothing_about_others(tmp_path: Path) -> None:
    rows = "a,leg,7,2026-01-20,\n\nb,leg,7\n"
    source = tables(tmp_path / "facts", pain_score=f"Case,Site,Score,On\n{rows}", payer="Case,Payer\na,aetna\nb\nc,aetna\n")
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "2 cases decided, 1 left out" in output
    assert "name no payer" not in output


def test_rows_that_name_no_case_are_told_apart(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", pain_score="Case,Site,Score,On\n,leg,7,2026-01-20\n")
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "3 cases decided\n" in output, output
    assert "1 row names no case, so some case may be decided without" in " ".join(output.split())


def test_a_row_that_is_not_whole_keeps_others_where_they_stand(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", requested="Case,Item,Code,Level,Laterality\na,op\nb,op,63030,L4-5,left\n")
    code, output = run("explain", "--cohort", source, "b", "medically_necessary")
    assert "Row 2 of" in output and "requested.csv" in output, output
    code, output = run("explain", "--cohort", source, "a", "medically_necessary")
    assert code == 2
    assert "requested.csv, row 1: it has 2 values, and there are 5 columns (case `a`)" in output


def test_rows_of_a_folder_are_told_with_their_own_file(tmp_path: Path, source: Path) -> None:
    (source / "pain_score.csv").unlink()
    (source / "pain_score").mkdir()
    for month, row in (("01", "b,leg,7.5,2026-01-20"), ("02", "a,leg,many,2026-01-20")):
        (source / "pain_score" / f"{month}.csv").write_text(f"Case,Site,Score,On\n{row}\n", encoding="utf-8")
    code, output = run("cohort", source, "-o", tmp_path / "out", "--on-error", "stop")
    assert code == 2
    assert "02.csv, row 1, column `Score` `many`" in output


def test_a_table_in_another_encoding_is_refused_with_a_way_out(tmp_path: Path, source: Path) -> None:
    for encoding in ("latin-1", "utf-16"):
        (source / "pain_score.csv").write_bytes("Case,Sité,Score,On\n".encode(encoding))
        code, output = run("cohort", source, "-o", tmp_path / "out")
        assert code == 2
        assert "is no UTF-8 text; save it as CSV in UTF-8" in output


def test_facts_of_a_case_that_nobody_requests_are_told(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", pain_score="Case,Site,Score,On\nzz,leg,7,2026-01-20\n")
    code, output = run("cohort", source, "-o", tmp_path / "out", "--on-error", "stop")
    assert code == 2
    assert "`zz`: the case has no `request_date`" in output


FILES = {
    "a misspelt table": (
        {"motor_strenght": STRENGTH},
        "named after no fact of the vocabulary; did you mean `motor_strength`?",
    ),
    "a misspelt column": ({"pain_score": "Case,Site,Scor,On\n"}, "column `Scor` that `pain_score` has no argument for"),
    "a missing column": ({"pain_score": "Case,Site,On\n"}, "has no column `Score`; `pain_score` has Case, Site, Score, On"),
    "semicolons": ({"pain_score": "Case;Site;Score;On\na;leg;7;2026-01-20\n"}, "stand between semicolons; write commas"),
    "tabs": ({"pain_score": "Case\tSite\tScore\tOn\n"}, "stand between tabs; write commas"),
    "a column named twice": ({"pain_score": "Case,Site,Score,score,On\n"}, "names the column `Score` twice"),
    "an empty file": ({"pain_score": ""}, "is empty; its first line names the columns"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_table_that_is_none_is_refused_with_a_way_out(tmp_path: Path, name: str) -> None:
    others, problem = FILES[name]
    code, output = run("cohort", tables(tmp_path / "facts", **others), "-o", tmp_path / "out")
    assert code == 2
    assert problem in output
    assert not (tmp_path / "out").exists()


def parquet(path: Path, query: str) -> None:
    """Writes what a query gives."""
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)").fetchall()


SCORE = 'SELECT \'a\' AS "Case", {site} AS Site, {score} AS Score, {day} AS "On"'
TYPES = {
    "a float": (("'leg'", "7.5::DOUBLE", "DATE '2026-01-20'"), "it holds DOUBLE, which is not exact"),
    "a time": (("'leg'", "7", "TIMESTAMP '2026-01-20'"), "it holds TIMESTAMP; days are DATE"),
    "a number for a text": (("5", "7", "DATE '2026-01-20'"), "text stands there"),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_column_of_another_type_is_refused(tmp_path: Path, source: Path, name: str) -> None:
    (site, score, day), problem = TYPES[name]
    (source / "pain_score.csv").unlink()
    parquet(source / "pain_score.parquet", SCORE.format(site=site, score=score, day=day))
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 2
    assert problem in output


def test_files_of_one_folder_may_order_their_columns_each_in_its_way(tmp_path: Path, source: Path) -> None:
    decide_cohort(medproof.load(), source, tmp_path / "one")
    (source / "requested.csv").unlink()
    (source / "requested").mkdir()
    (source / "requested" / "1.csv").write_text("Case,Item,Code,Level,Laterality\na,op,63030,L4-5,left\n")
    rest = "Item,Code,Laterality,Case,Level\nop,63030,left,b,L4-5\nop,63030,left,c,L4-5\n"
    (source / "requested" / "2.csv").write_text(rest)
    decide_cohort(medproof.load(), source, tmp_path / "two")
    assert decided(tmp_path / "one", "decisions") == decided(tmp_path / "two", "decisions")


def test_tables_may_be_folders_json_lines_or_a_database(tmp_path: Path, source: Path) -> None:
    run("cohort", source, "-o", tmp_path / "csv")
    (source / "payer.csv").unlink()
    (source / "payer").mkdir()
    parquet(source / "payer" / "one.parquet", "SELECT 'a' AS \"Case\", 'aetna' AS Payer")
    parquet(source / "payer" / "two.parquet", "SELECT unnest(['b', 'c']) AS \"case\", 'aetna' AS payer")
    (source / "pain_score.csv").unlink()
    (source / "pain_score.jsonl").write_text(
        '{"Case": "b", "Site": "leg", "Score": 7.5, "On": "2026-01-20"}\n', encoding="utf-8"
    )
    assert run("cohort", source, "-o", tmp_path / "mixed")[0] == 0
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as database:
        for name in ("request_date", "requested", "motor_strength"):
            rows = f"CREATE TABLE {name} AS SELECT * FROM read_csv(?, all_varchar = true)"
            database.execute(rows, [str(source / f"{name}.csv")]).fetchall()
        database.execute('CREATE TABLE payer AS SELECT "Case", \'aetna\' AS "Payer" FROM request_date').fetchall()
    assert run("cohort", tmp_path / "facts.duckdb", "-o", tmp_path / "database")[0] == 0
    for name in ("mixed", "database"):
        assert decided(tmp_path / name, "decisions") == decided(tmp_path / "csv", "decisions")


def test_a_run_that_is_stopped_leaves_no_output_and_goes_on(tmp_path: Path) -> None:
    base = medproof.load()
    medproof.generate(base, tmp_path / "facts", 60, payers=["bcbs-sc"])
    in_pieces = Settings(batch=10, workers=1)

    def stop(done: int, total: int) -> None:
        if done >= 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decide_cohort(base, tmp_path / "facts", tmp_path / "out", in_pieces, stop)
    assert not (tmp_path / "out").exists()
    kept = sorted((tmp_path / ".out.unfinished" / "parts").glob("*.json"))
    assert len(kept) >= 2
    before = [each.stat().st_mtime_ns for each in kept]
    told: list[int] = []

    def heard(done: int, total: int) -> None:
        told.append(done)
        assert [each.stat().st_mtime_ns for each in kept] == before

    decide_cohort(
        base, tmp_path / "facts", tmp_path / "out", in_pieces, lambda done, total: heard(done, total) if done < 60 else None
    )
    assert told[0] >= 20
    decide_cohort(base, tmp_path / "facts", tmp_path / "whole")
    for name in ("decisions", "criteria"):
        assert decided(tmp_path / "out", name) == decided(tmp_path / "whole", name)
    assert not (tmp_path / ".out.unfinished").exists()


def test_two_runs_do_not_write_to_one_place(tmp_path: Path, source: Path) -> None:
    base = medproof.load()
    second: list[tuple[int, str]] = []

    def another(done: int, total: int) -> None:
        if not second:
            second.append(run("cohort", source, "-o", tmp_path / "out"))

    decide_cohort(base, source, tmp_path / "out", heard=another)
    assert second[0][0] == 2 and "another run is at work" in second[0][1]
    assert {row[0] for row in decided(tmp_path / "out", "decisions")} == {"a", "b", "c"}


def test_a_case_for_which_a_rule_cannot_be_computed_is_left_out_alone(tmp_path: Path) -> None:
    text = f"{HEAD}#fact payer(Case: case, Payer: text).\n#fact request_date(Case: case, On: date).\n"
    text += "#fact size(Case: case, N: number).\n#closed payer, request_date, size.\n#pred huge(Case: case).\n"
    text += "huge(Case) :- size(Case, N), N * N * N > 8.\n#goal huge(Case) for size(Case, N).\n```\n"
    base = library([read("sizes.md", text)], shipped=False)
    names = [f"c{number}" for number in range(9)]
    (tmp_path / "facts").mkdir()
    lines = {
        "payer": ["Case,Payer", *(f"{name},x" for name in names)],
        "request_date": ["Case,On", *(f"{name},2026-01-01" for name in names)],
        "size": ["Case,N", *(f"{name},{999999 if name == 'c4' else 3}" for name in names)],
    }
    for name, each in lines.items():
        (tmp_path / "facts" / f"{name}.csv").write_text("\n".join(each) + "\n", encoding="utf-8")
    account = decide_cohort(base, tmp_path / "facts", tmp_path / "out")
    assert [(each.case, "range of 12 digits" in each.problem) for each in account.rejects] == [("c4", True)]
    assert {row[0] for row in decided(tmp_path / "out", "decisions")} == set(names) - {"c4"}


def test_what_rules_conclude_is_counted(tmp_path: Path, source: Path) -> None:
    base = medproof.load()
    found = medproof.cohort(base, source, tmp_path / "out")
    fired = dict(found.fired)
    assert fired["aetna-cpb-0743@2026-01#decompression/decompression_requested"] == 3
    assert fired["anatomy@1#signs-in-a-root-s-territory/motor_deficit"] == 2
    assert "aetna-cpb-0743@2026-01#gates-for-fusion/nicotine_found" not in fired
    assert any("nicotine_found" in rule for rule in found.never)


def test_a_case_of_a_cohort_opens_as_a_proof(tmp_path: Path, source: Path) -> None:
    run("cohort", source, "-o", tmp_path / "out")
    for place in (source, tmp_path / "out"):
        code, output = run("explain", "--cohort", place, "a", "motor_deficit(Case, Root, Side)", "--minimal")
        assert code == 0, output
        assert "Row 1 of" in output and "motor_strength.csv" in output
    code, output = run("explain", "--cohort", source, "nobody", "A1")
    assert code == 2
    assert "says anything of a case `nobody`" in output


def test_the_printed_command_opens_a_case_under_the_documents_that_decided_it(tmp_path: Path, source: Path) -> None:
    policies = tmp_path / "my policies"
    policies.mkdir()
    shipped = Path(__file__).parent.parent / "kb" / "policies" / "aetna-cpb-0743.md"
    (policies / shipped.name).write_text(shipped.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    code, output = run("cohort", source, "-o", tmp_path / "out", "--policies", policies)
    assert code == 0, output
    [command] = [line for line in output.splitlines() if "medproof explain" in line]
    arguments = shlex.split(command)[1:]
    assert arguments[-2:] == ["--policies", str(policies)]
    assert run(*arguments)[0] == 0
    code, output = run(*arguments[:-2])
    assert code == 2 and "aetna-cpb-0743" in output


def test_the_report_escapes_what_the_tables_say(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    source = tables(tmp_path / "facts", **{
        name: text.replace("a,", f"{hostile},")
        for name, text in {
            "payer": "Case,Payer\na,aetna\n", "request_date": "Case,On\na,2026-02-01\n",
            "requested": "Case,Item,Code,Level,Laterality\na,op,63030,L4-5,left\n",
            "motor_strength": STRENGTH, "pain_score": "Case,Site,Score,On\n",
        }.items()
    })  # fmt: skip
    assert run("cohort", source, "-o", tmp_path / "out")[0] == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert hostile not in page
    assert "&lt;script&gt;" in page


def test_a_change_of_policy_is_counted_over_a_cohort(tmp_path: Path) -> None:
    policy = Path(__file__).parent.parent / "kb" / "policies" / "aetna-cpb-0743.md"
    strict = "other_sources_excluded(Case, Source, _), Source != patient_report."
    text = policy.read_text(encoding="utf-8")
    assert strict in text
    (tmp_path / "new.md").write_text(text.replace(strict, "other_sources_excluded(Case, reviewer_statement, _)."), "utf-8")
    source = tables(
        tmp_path / "facts",
        other_sources_excluded="Case,Source,On\na,clinician_statement,2026-01-20\nb,reviewer_statement,2026-01-20\n",
        activities_limited="Case,Source,On\na,examination,2026-01-20\nb,examination,2026-01-20\n",
        radicular_pain="Case,Side,Source,On\na,left,examination,2026-01-20\nb,left,examination,2026-01-20\n",
        root_compression="Case,Level,Root,Side,Study,On\na,L4-5,L5,left,mri,2026-01-20\nb,L4-5,L5,left,mri,2026-01-20\n",
        cauda_equina="Case,Source,On\na,examination,2026-01-20\nb,examination,2026-01-20\n",
    )
    code, output = run("diff", policy, tmp_path / "new.md", "--cohort", source)
    assert code == 0, output
    assert "3 cases: 1 answer changes" in output
    assert "1  medically_necessary: met → undocumented" in output and "as a" in output
    assert "1  cpb0743.lumbar-lami.A1: met → undocumented" in output


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


def test_a_key_within_a_case_need_not_name_the_case(tmp_path: Path) -> None:
    text = "#fact p(Case: case, X: text, Y: text).\n#key p(X).\n#pred g(Case: case).\ng(Case) :- p(Case, k, _).\n"
    base = small(f"{text}#goal g(Case) for payer(Case, _).")
    assert verdicts(base, tmp_path, p="Case,X,Y\na,k,1\na,k,2\n") == {("g", "", "conflicting")}


def test_a_denial_of_any_value_in_a_document_denies_each(tmp_path: Path) -> None:
    text = "#pred q(X: text, Y: text).\n-q(a, _).\n#pred g(Case: case).\ng(Case) :- payer(Case, X), -q(a, b), X = x.\n"
    base = small(f"{text}#goal g(Case) for payer(Case, _).")
    assert verdicts(base, tmp_path) == {("g", "", "met")}


def test_a_denial_that_a_rule_concludes_speaks_against_a_fact(tmp_path: Path) -> None:
    facts = "#fact f(Case: case, X: text).\n#fact h(Case: case, X: text).\n"
    rules = "-f(Case, X) :- h(Case, X).\n#pred g(Case: case).\ng(Case) :- f(Case, x).\n"
    base = small(f"{facts}{rules}#goal g(Case) for payer(Case, _).")
    stated = {"f": "Case,X\na,x\n", "denied_f": "Case,X\na,z\n", "h": "Case,X\na,x\n"}
    assert verdicts(base, tmp_path, **stated) == {("g", "", "conflicting")}


def alone_and_together(base: Library, tmp_path: Path, facts: str) -> tuple[Rows, Rows]:
    """What is decided of the case `a` by itself, and in a cohort of one."""
    program = base.compiled("", date(2026, 1, 1)).program
    stated = facts_of(f'payer(a, x).\nrequest_date(a, "2026-01-01").\n{facts}', program, "a")
    write_tables(tmp_path / "facts", program, stated)
    decide_cohort(base, tmp_path / "facts", tmp_path / "out")
    return alone(base, "", date(2026, 1, 1), {"a": stated})[0], decided(tmp_path / "out", "decisions")


def test_what_a_request_leaves_open_may_be_what_closed_facts_say(tmp_path: Path) -> None:
    declared = "#fact c(Case: case, X: text).\n#fact asked(Case: case, X: text).\n#closed c, asked.\n"
    rules = "#pred g(Case: case, X: text).\ng(Case, X) :- c(Case, X).\n#goal g(Case, X) for asked(Case, X).\n"
    case, cohort = alone_and_together(small(f"{declared}{rules}"), tmp_path, "c(a, x).\nasked(a, ?).\nasked(a, y).\n")
    assert case == cohort == {
        ("a", "g", "?", "undocumented", False, "[]"), ("a", "g", "y", "refuted", False, "[]"),
    }  # fmt: skip


def test_an_answer_may_depend_on_a_contradiction_under_one_reading_only(tmp_path: Path) -> None:
    declared = (
        "#fact f(Case: case, X: text, N: number).\n#key f(Case, X).\n#fact e(Case: case, X: text).\n#fact h(Case: case).\n"
        "#fact c(Case: case).\n#fact asked(Case: case, X: text).\n#closed c, asked.\n"
    )
    rules = (
        "#pred p(Case: case).\n#pred g(Case: case, X: text).\n#goal g(Case, X) for asked(Case, X).\n"
        "g(Case, X) :- f(Case, X, _), not p(Case).\ng(Case, X) :- e(Case, X).\n"
    )
    readings = "\n".join(
        f'```\n\n## {name}\n\n```datalog\n#reading "{name}" p(Case).\np(Case) :- {fact}(Case).'
        for name, fact in (("narrow", "h"), ("wide", "c"))
    )
    stated = "f(a, x, 1).\nf(a, x, 2).\nc(a).\nasked(a, ?).\n"
    case, cohort = alone_and_together(small(f"{declared}{rules}{readings}"), tmp_path, stated)
    assert case == cohort == {("a", "g", "?", "disputed", False, "[]")}


def test_a_denial_that_depends_on_a_reading_is_refused_where_charts_may_state_the_fact(tmp_path: Path) -> None:
    declared = "#fact q(Case: case).\n#fact h(Case: case).\n#pred p(Case: case).\n#pred g(Case: case).\n"
    rules = "-q(Case) :- payer(Case, _), not p(Case).\ng(Case) :- q(Case).\n#goal g(Case) for payer(Case, _).\n"
    readings = "".join(
        f'```\n\n## {name}\n\n```datalog\n#reading "{name}" p(Case).\np(Case) :- {body}.\n'
        for name, body in (("narrow", "h(Case)"), ("wide", "payer(Case, _)"))
    )
    with pytest.raises(CohortProblem, match="`-q` depends on the reading of a policy, and may contradict something"):
        verdicts(small(f"{declared}{rules}{readings}"), tmp_path, q="Case\na\n")


def test_contradictions_that_a_cohort_would_not_see_are_refused(tmp_path: Path) -> None:
    text = "#pred r(X: text).\nr(a).\n:- r(a).\n#pred g(Case: case).\ng(Case) :- payer(Case, _), r(a).\n"
    with pytest.raises(CohortProblem, match="which is not about a case: `medproof decide` decides such cases one by one"):
        verdicts(small(f"{text}#goal g(Case) for payer(Case, _)."), tmp_path)


@pytest.mark.parametrize("day", ["infinity", "10000-01-01", "0044-03-15 (BC)"])
def test_days_that_the_language_does_not_have_are_rejected(tmp_path: Path, day: str) -> None:
    source = tables(tmp_path / "facts", pain_score=f"Case,Site,Score,On\na,leg,7,{day}\n", request_date=(
        f"Case,On\na,2026-02-01\nb,{day}\nc,2026-02-01\n"))  # fmt: skip
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    assert "1 case decided, 2 left out" in output


def test_files_of_one_folder_have_columns_of_one_type(tmp_path: Path, source: Path) -> None:
    (source / "pain_score.csv").unlink()
    (source / "pain_score").mkdir()
    for name, score in (("one", "7"), ("two", "7.4::DECIMAL(3, 1)")):
        query = SCORE.format(site="'leg'", score=score, day="DATE '2026-01-20'")
        parquet(source / "pain_score" / f"{name}.parquet", query)
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 2
    assert "columns of different types" in output


def test_cases_that_ask_nothing_and_payers_without_documents_are_told(tmp_path: Path) -> None:
    source = tables(
        tmp_path / "facts", payer="\ufeffCase,Payer\na,AETNA\nb,aetna\n",
        requested="Case,Item,Code,Level,Laterality\na,op,63030,L4-5,left\n",
    )  # fmt: skip
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    said = " ".join(output.split())
    assert "2 of them ask nothing" in said
    assert "No document is of the payer `AETNA`" in said and "did you mean `aetna`?" in said
    assert "Some cases name no payer" in said


def test_codes_that_no_document_lists_are_counted(tmp_path: Path) -> None:
    codes = ["63O30", "63O30", "63030", "?", "1", "2", "3", "4", "5x", "6"]
    rows = "".join(f"{case},op,{code},L4-5,left\n" for case, code in zip("abcdefghij", codes, strict=True))
    days = "".join(f"{case},2026-02-01\n" for case in "abcdefghij")
    payers = "".join(f"{case},{'aetna' if case < 'b' else 'medicare'}\n" for case in "abcdefghij")
    source = tables(
        tmp_path / "facts", requested=f"Case,Item,Code,Level,Laterality\n{rows}", request_date=f"Case,On\n{days}",
        payer=f"Case,Payer\n{payers}", pain_score="Case,Site,Score,On\n",
    )  # fmt: skip
    code, output = run("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    said = " ".join(output.split())
    listed = "is listed by no document that decides the request"
    assert f"The Code `63O30` {listed}; did you mean `63030`? 2 cases request it, such as `a`." in said
    assert f"The Code `1` {listed}. 1 case requests it, such as `e`." in said
    assert "2 cases request 2 other codes that no document in force lists." in said
    assert "`63030`. " not in said and "`?`" not in said


def test_two_requests_that_ask_one_question_are_taken_alike(tmp_path: Path) -> None:
    base = medproof.load()
    head = "Case,Item,Code,Level,Laterality\n"
    for name, rows in (
        ("one", "a,op,63042,L5-S1,right\na,op,63030,L4-5,left\nb,op,?,L4-5,left\nb,op,63030,L4-5,?\n"),
        ("two", "a,op,63030,L4-5,left\na,op,63042,L5-S1,right\nb,op,63030,L4-5,?\nb,op,?,L4-5,left\n"),
    ):
        source = tables(tmp_path / name / "facts", requested=head + rows)
        decide_cohort(base, source, tmp_path / name / "out")
        for case in ("a", "b"):
            opened_case = medproof.cohort_case(base, source, case)
            ours = alone(base, "aetna", date(2026, 2, 1), {case: opened_case.facts})
            assert {row for row in decided(tmp_path / name / "out", "decisions") if row[0] == case} == ours[0]
            assert {row for row in decided(tmp_path / name / "out", "criteria") if row[0] == case} == ours[1]
    assert decided(tmp_path / "one" / "out", "criteria") == decided(tmp_path / "two" / "out", "criteria")


def test_a_case_that_one_side_leaves_out_is_compared_with_nothing(tmp_path: Path) -> None:
    request = (
        "#fact payer(Case: case, Payer: text).\n#fact request_date(Case: case, On: date).\n#closed payer, request_date.\n"
    )
    rule = "#fact n(Case: case, N: number).\n#pred g(Case: case).\n#goal g(Case) for payer(Case, _).\n"
    bodies = {"old": "g(Case) :- n(Case, N), N > 1.", "new": "g(Case) :- n(Case, N), N * 999999999999 > 1."}
    bases = {
        name: library([read(f"{name}.md", f"{HEAD}{request}{rule}{body}\n```\n")], shipped=False)
        for name, body in bodies.items()
    }
    source = tmp_path / "facts"
    source.mkdir()
    given = {"payer": "Case,Payer\na,x\nb,x\n", "request_date": "Case,On\na,2026-01-01\nb,2026-01-01\n"}
    for name, text in {**given, "n": "Case,N\na,1\nb,2\n"}.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    found = compare(bases["old"], bases["new"], source, Settings(), lambda done, total: None)
    assert (found.cases, found.left_out, found.same) == (1, 1, 0)
    assert [(each.before, each.after, each.examples) for each in found.changes] == [("refuted", "met", ("a",))]
