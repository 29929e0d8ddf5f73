"""What is wrong with the tables of a cohort is told with its place, and no case is decided by half of its record."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

import medproof
from cohort.decide import decide_cohort
from tests.cohorts import (
    COUNTY,
    STRENGTH,
    county,
    decided,
    run,
    tables,
)

ROWS = {
    "an unknown value": (
        "motor_strength",
        STRENGTH + "a,tongue,left,4,examination,1999-01-20\n",
        "Muscle",
        "`tongue`: it is no muscle",
    ),
    "no value": ("motor_strength", STRENGTH + "a,quadriceps,,4,examination,1999-01-20\n", "Side", "it is empty; write `?`"),
    "no day": ("motor_strength", STRENGTH + "a,quadriceps,left,4,examination,1999-1-2\n", "On", "`1999-1-2`: it is no day"),
    "too few values": ("pain_score", "Case,Site,Score,On\na,leg,7\n", "", "row 1: it has 3 values, and there are 4 columns"),
    "too many values": (
        "motor_strength",
        STRENGTH + "b,quadriceps,left,4,examination,1999-01-20\n\na,quadriceps,left,4,by examination, at rest,1999-01-20\n",
        "",
        "row 2: it has 7 values, and there are 6 columns",
    ),
    "a request with too few values": (
        "request_date",
        "Case,On\na\nb,1999-02-01\nc,1999-02-01\n",
        "",
        "row 1: it has 1 value,",
    ),
    "a day that no calendar has": ("pain_score", "Case,Site,Score,On\na,leg,7,1999-02-30\n", "On", "no such day"),
    "no number": ("pain_score", "Case,Site,Score,On\na,leg,7.1234567,1999-01-20\n", "Score", "`7.1234567`: it is no number"),
    "any value": ("pain_score", "Case,Site,Score,On\na,_,7,1999-01-20\n", "Site", "`_`: it is no site"),
    "a denial of a value that is not told": (
        "denied_motor_strength",
        "Case,Muscle,Side,Grade,Source,On\na,quadriceps,left,?,_,_\n",
        "Grade",
        "`?`: a denial is of a value, or of any: write `_`",
    ),
    "two payers": (
        "payer",
        "Case,Payer\na,county\na,medicare\nb,county\nc,county\n",
        "Payer",
        "`county, medicare`: duplicate key",
    ),
    "a day of request that is none": (
        "request_date",
        "Case,On\na,1999-02-31\nb,1999-02-01\nc,1999-02-01\n",
        "On",
        "`1999-02-31`: the calendar, from the year 1 to 9999, has no such day",
    ),
    "no request": ("request_date", "Case,On\na,?\nb,1999-02-01\nc,1999-02-01\n", "", "gives no day of the request"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_that_cannot_be_taken_is_told_and_its_case_left_out(tmp_path: Path, name: str) -> None:
    table, text, column, problem = ROWS[name]
    source = tables(tmp_path / "facts", **{table: text})
    code, output = county("cohort", source, "-o", tmp_path / "stopped", "--on-error", "stop")
    assert code == 2
    assert f"{table}.csv" in output and problem in output and "(case `a`)" in output
    assert not (tmp_path / "stopped").exists()
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    assert "2 cases decided, 1 left out" in output
    assert {row[0] for row in decided(tmp_path / "out", "decisions")} == {"b", "c"}
    [reject] = duckdb.execute("SELECT * FROM read_parquet(?)", [str(tmp_path / "out" / "rejects.parquet")]).fetchall()
    assert reject[2:5] == ("a", table, column)


def test_a_row_tells_what_is_wrong_in_each_of_its_columns(tmp_path: Path) -> None:
    rows = "a,op,63030,L4/5,Left\na,op,,L6-S1,left\nb,op,63030,L4-5,left\n,,,,\n"
    source = tables(tmp_path / "facts", requested=f"Case,Item,Code,Level,Laterality\n{rows}")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "2 cases decided, 1 left out" in output, output
    rows = 'SELECT row, "column", value, problem, hint FROM read_parquet(?)'
    rejects = duckdb.execute(f"{rows} WHERE \"case\" = 'a'", [str(tmp_path / "out" / "rejects.parquet")]).fetchall()
    assert [(*each[:3], each[4] or each[3].rsplit(";")[-1].strip()) for each in rejects] == [
        (1, "Level", "L4/5", "did you mean `L4-5`?"),
        (1, "Laterality", "Left", "did you mean `left`?"),
        (2, "Code", "", "write `?` for a value that the record does not give"),
        (2, "Level", "L6-S1", "it is no level: L1-2, L2-3, L3-4, L4-5, L5-S1"),
    ]
    assert "1 row names no case" in " ".join(output.split())


BROKEN = {
    "a row that may be anybody's": (
        "csv",
        "Case,Site,Score,On\nb,leg,7,1999-01-20\n,leg,7\n",
        "row 2 of",
        "nobody knows whose",
    ),
    "a row that begins with the name of no case": (
        "csv",
        "Case,Site,Score,On\nb;leg;7;1999-01-20\n",
        "row 1 of",
        "no case is called `b;leg;7;1999-01-20`, so nobody knows whose",
    ),
    "a quote that does not close": (
        "csv",
        'Case,Site,Score,On\nb,"leg,7,1999-01-20\n',
        "line 2",
        "may be opened there and not closed",
    ),
    "a line that is no JSON": (
        "jsonl",
        '{"Case": "a", "Site": "leg", "Score": "7", "On": "1999-01-20"}\n{"Case": "b", "Site": leg}\n',
        "line 2: it is no JSON",
        "each line is one JSON object",
    ),
    "a line with a key twice": (
        "jsonl",
        '{"Case": "a", "Case": "b", "Site": "leg", "Score": "7", "On": "1999-01-20"}\n',
        "line 1: it has `Case` twice",
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
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 2
    assert f"pain_score.{suffix}" in output and place in output and problem in output


def test_parquet_that_breaks_off_is_told_with_its_file(tmp_path: Path) -> None:
    facts = tmp_path / "facts"
    medproof.generate(medproof.load(), facts, 100, payers=["medicare"])
    path = facts / "motor_strength.parquet"
    data = bytearray(path.read_bytes())
    data[100 : len(data) // 2] = bytes(each ^ 0x5A for each in data[100 : len(data) // 2])
    path.write_bytes(data)
    code, output = county("cohort", facts, "-o", tmp_path / "out")
    assert code == 2
    assert "motor_strength.parquet" in output and "or a broken one: write it anew" in output


def test_no_case_is_decided_by_half_of_its_record_however_many_rows_are_bad(tmp_path: Path) -> None:
    names = [f"c{number:04d}" for number in range(1_200)]
    source = tables(
        tmp_path / "facts", payer="Case,Payer\n" + "".join(f"{name},county\n" for name in [*names, "whole"]),
        request_date="Case,On\n" + "".join(f"{name},1999-02-01\n" for name in [*names, "whole"]),
        pain_score="Case,Site,Score,On\n" + "".join(f"{name},leg,7\n" for name in names),
        motor_strength=STRENGTH, requested="Case,Item,Code,Level,Laterality\nwhole,op,63030,L4-5,left\n",
    )  # fmt: skip
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "1 case decided, 1,200 left out" in output, output
    rejects = duckdb.execute("SELECT count(*) FROM read_parquet(?)", [str(tmp_path / "out" / "rejects.parquet")]).fetchall()
    assert rejects == [(1_200,)]


@pytest.mark.parametrize("value", ['["x"]', '{"a": 1}', "[]"])
def test_a_list_or_an_object_in_json_is_no_value(tmp_path: Path, value: str) -> None:
    source = tables(tmp_path / "facts")
    lines = [f'{{"Case": "a", "Drug": {value}, "Kind": "opioid", "On": "1999-01-20"}}',
             '{"Case": "b", "Drug": "[x", "Kind": "opioid", "On": "1999-01-20"}',
             json.dumps({"Case": "c", "Drug": value, "Kind": "opioid", "On": "1999-01-20"})]  # fmt: skip
    (source / "uncontrolled_pain.jsonl").write_text("\n".join(lines), encoding="utf-8")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "2 cases decided, 1 left out" in output, output
    [reject] = duckdb.from_parquet(str(tmp_path / "out" / "rejects.parquet")).fetchall()
    assert reject[2:4] == ("a", "uncontrolled_pain")
    assert reject[6] == "its `Drug` is a list or an object; a value is one text or one number"


def test_an_empty_text_is_no_value_whatever_the_file(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts")
    (source / "requested.csv").unlink()
    rows = """SELECT * FROM (VALUES ('a', '', '63030', 'L4-5', 'left'), ('b', 'op', '63030', 'L4-5', 'left'))
              t("Case", "Item", "Code", "Level", "Laterality")"""
    with duckdb.connect() as connection:
        connection.sql(rows).write_parquet(str(source / "requested.parquet"))
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "2 cases decided, 1 left out" in output, output
    assert "`Item`: it is empty; write `?`" in " ".join(output.split())


def test_a_link_that_leads_nowhere_and_a_line_that_is_too_long_are_told(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts")
    (source / "herniation.csv").symlink_to(tmp_path / "nowhere.csv")
    (source / "therapy").mkdir()
    (source / "therapy" / "part-1.csv").symlink_to(tmp_path / "nowhere.csv")
    (source / "therapy" / ".#part-1.csv").symlink_to("somebody@host.1")
    (source / "uncontrolled_pain.csv").write_text(
        f"Case,Drug,Kind,On\na,{'x' * 3_000_000},opioid,1999-01-20\n", encoding="utf-8"
    )
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code != 0 and "herniation.csv` is a link that leads nowhere" in " ".join(output.split()), output
    assert "part-1.csv` is a link that leads nowhere" in " ".join(output.split()) and ".#part" not in output
    assert "a line of it is longer than two million bytes; shorten the text" in " ".join(output.split())


def test_a_decided_cohort_is_not_taken_for_facts(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts")
    assert county("cohort", source, "-o", tmp_path / "out")[0] == 0
    code, output = county("cohort", tmp_path / "out", "-o", tmp_path / "again")
    assert code == 2 and "is a decided cohort; name the facts that it was decided from" in " ".join(output.split())


@pytest.mark.parametrize("place", ["payer=medicare/facts", "Side=right/facts", "On=1999-01-01/facts", "year=2025/facts"])
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_names_of_folders_say_nothing_of_the_rows_in_them(tmp_path: Path, place: str, form: str) -> None:
    """What other tools write so (`Side=right/part-0.parquet`) is no part of a row, nor is it above what a run writes."""
    source = tables(tmp_path / "plain", motor_strength=f"{STRENGTH}a,tibialis_anterior,left,4,examination,1999-01-20\n")
    other = tmp_path / place
    other.mkdir(parents=True)
    for path in source.glob("*.csv"):
        rows = f"(SELECT * FROM read_csv('{path}', all_varchar = true))"
        options = {"csv": "FORMAT csv", "jsonl": "FORMAT json", "parquet": "FORMAT parquet"}[form]
        duckdb.execute(f"COPY {rows} TO '{other / path.stem}.{form}' ({options})")
    assert county("cohort", source, "-o", tmp_path / "out")[0] == 0
    code, output = county("cohort", other, "-o", tmp_path / place.split("/")[0] / "verdict=met" / "out")
    assert code == 0, output
    for name in ("decisions", "criteria"):
        assert decided(tmp_path / place.split("/")[0] / "verdict=met" / "out", name) == decided(tmp_path / "out", name)


def test_a_column_in_the_names_of_folders_alone_is_told(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", motor_strength=f"{STRENGTH}a,tibialis_anterior,left,4,examination,1999-01-20\n")
    rows = f"(SELECT * FROM read_csv('{source / 'motor_strength.csv'}', all_varchar = true))"
    duckdb.execute(f"COPY {rows} TO '{source / 'motor_strength'}' (FORMAT parquet, PARTITION_BY (Side))")
    (source / "motor_strength.csv").unlink()
    code, output = county("cohort", source, "-o", tmp_path / "out")
    said = " ".join(output.split())
    assert code == 2 and "has no column `Side`; names of folders say nothing of the rows in them" in said, output


def test_zeros_at_the_end_of_a_number_do_not_count(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", pain_score="Case,Site,Score,On\na,leg,7.5000000000,1999-01-20\n")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "left out" not in output


def test_a_run_that_leaves_every_case_out_fails(tmp_path: Path) -> None:
    source = tables(
        tmp_path / "facts", pain_score="Case,Site,Score,On\na,leg,11x,1999-01-20\nb,toe,7,1999-01-20\nc,leg,,1999-01-20\n"
    )
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 1 and "every case was left out" in output and "rejects.parquet" in output, output


QUOTED = {
    "a short row": 'a,"leg,7,1999-01-20\nb,leg,7.5,1999-01-20"\n',
    "the last value": 'a,leg,7,"1999-01-20\nb,leg,7.5,1999-01-20"\n',
    "a value of a domain": 'a,"leg\nb,leg",7.5,1999-01-20\n',
}


@pytest.mark.parametrize("name", QUOTED)
def test_quotes_that_pair_up_across_rows_hide_nobody(tmp_path: Path, name: str) -> None:
    source = tables(tmp_path / "facts", pain_score=f"Case,Site,Score,On\n{QUOTED[name]}c,leg,1,1999-01-20\n")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 2, output
    assert "row 1 of" in output and "pain_score.csv" in output and "mend it" in output
    assert not (tmp_path / ".out.unfinished").exists()


def test_a_short_row_changes_nothing_about_others(tmp_path: Path) -> None:
    rows = "a,leg,7,1999-01-20,\n\nb,leg,7\n"
    source = tables(
        tmp_path / "facts", pain_score=f"Case,Site,Score,On\n{rows}", payer="Case,Payer\na,county\nb\nc,county\n"
    )
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "2 cases decided, 1 left out" in output
    assert "name no payer" not in output


def test_rows_that_name_no_case_are_told_apart(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", pain_score="Case,Site,Score,On\n,leg,7,1999-01-20\n")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "3 cases decided\n" in output, output
    assert "1 row names no case, so some case may be decided without" in " ".join(output.split())


def test_a_row_that_is_not_whole_keeps_others_where_they_stand(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", requested="Case,Item,Code,Level,Laterality\na,op\nb,op,63030,L4-5,left\n")
    code, output = county("explain", "--cohort", source, "b", "medically_necessary")
    assert "Row 2 of" in output and "requested.csv" in output, output
    code, output = county("explain", "--cohort", source, "a", "medically_necessary")
    assert code == 2
    assert "requested.csv, row 1: it has 2 values, and there are 5 columns (case `a`)" in output


def test_rows_of_a_folder_are_told_with_their_own_file(tmp_path: Path, source: Path) -> None:
    (source / "pain_score.csv").unlink()
    (source / "pain_score").mkdir()
    for month, row in (("01", "b,leg,7.5,1999-01-20"), ("02", "a,leg,many,1999-01-20")):
        (source / "pain_score" / f"{month}.csv").write_text(f"Case,Site,Score,On\n{row}\n", encoding="utf-8")
    code, output = county("cohort", source, "-o", tmp_path / "out", "--on-error", "stop")
    assert code == 2
    assert "02.csv, row 1, column `Score` `many`" in output


def test_a_table_in_another_encoding_is_refused_with_a_way_out(tmp_path: Path, source: Path) -> None:
    for encoding in ("latin-1", "utf-16"):
        (source / "pain_score.csv").write_bytes("Case,Sité,Score,On\n".encode(encoding))
        code, output = county("cohort", source, "-o", tmp_path / "out")
        assert code == 2
        assert "is no UTF-8 text; save it as CSV in UTF-8" in output


def test_facts_of_a_case_that_nobody_requests_are_told(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", pain_score="Case,Site,Score,On\nzz,leg,7,1999-01-20\n")
    code, output = county("cohort", source, "-o", tmp_path / "out", "--on-error", "stop")
    assert code == 2
    assert "`zz`: the case has no `request_date`" in output


FILES = {
    "a misspelt table": (
        {"motor_strenght": STRENGTH},
        "named after no fact of the vocabulary; did you mean `motor_strength`?",
    ),
    "a misspelt column": ({"pain_score": "Case,Site,Scor,On\n"}, "column `Scor` that `pain_score` has no argument for"),
    "a missing column": ({"pain_score": "Case,Site,On\n"}, "has no column `Score`; `pain_score` has Case, Site, Score, On"),
    "semicolons": ({"pain_score": "Case;Site;Score;On\na;leg;7;1999-01-20\n"}, "stand between semicolons; write commas"),
    "tabs": ({"pain_score": "Case\tSite\tScore\tOn\n"}, "stand between tabs; write commas"),
    "a column named twice": ({"pain_score": "Case,Site,Score,score,On\n"}, "names the column `Score` twice"),
    "an empty file": ({"pain_score": ""}, "is empty; its first line names the columns"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_table_that_is_none_is_refused_with_a_way_out(tmp_path: Path, name: str) -> None:
    others, problem = FILES[name]
    code, output = county("cohort", tables(tmp_path / "facts", **others), "-o", tmp_path / "out")
    assert code == 2
    assert problem in output
    assert not (tmp_path / "out").exists()


def parquet(path: Path, query: str) -> None:
    """Writes what a query gives."""
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)").fetchall()


SCORE = 'SELECT \'a\' AS "Case", {site} AS Site, {score} AS Score, {day} AS "On"'

TYPES = {
    "a float": (("'leg'", "7.5::DOUBLE", "DATE '1999-01-20'"), "it holds DOUBLE, which is not exact"),
    "a time": (("'leg'", "7", "TIMESTAMP '1999-01-20'"), "it holds TIMESTAMP; days are DATE"),
    "a number for a text": (("5", "7", "DATE '1999-01-20'"), "text stands there"),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_column_of_another_type_is_refused(tmp_path: Path, source: Path, name: str) -> None:
    (site, score, day), problem = TYPES[name]
    (source / "pain_score.csv").unlink()
    parquet(source / "pain_score.parquet", SCORE.format(site=site, score=score, day=day))
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 2
    assert problem in output


def test_files_of_one_folder_may_order_their_columns_each_in_its_way(tmp_path: Path, source: Path) -> None:
    decide_cohort(medproof.load(COUNTY), source, tmp_path / "one")
    (source / "requested.csv").unlink()
    (source / "requested").mkdir()
    (source / "requested" / "1.csv").write_text("Case,Item,Code,Level,Laterality\na,op,63030,L4-5,left\n")
    rest = "Item,Code,Laterality,Case,Level\nop,63030,left,b,L4-5\nop,63030,left,c,L4-5\n"
    (source / "requested" / "2.csv").write_text(rest)
    decide_cohort(medproof.load(COUNTY), source, tmp_path / "two")
    assert decided(tmp_path / "one", "decisions") == decided(tmp_path / "two", "decisions")


def test_tables_may_be_folders_json_lines_or_a_database(tmp_path: Path, source: Path) -> None:
    county("cohort", source, "-o", tmp_path / "csv")
    (source / "payer.csv").unlink()
    (source / "payer").mkdir()
    parquet(source / "payer" / "one.parquet", "SELECT 'a' AS \"Case\", 'county' AS Payer")
    parquet(source / "payer" / "two.parquet", "SELECT unnest(['b', 'c']) AS \"case\", 'county' AS payer")
    (source / "pain_score.csv").unlink()
    (source / "pain_score.jsonl").write_text(
        '{"Case": "b", "Site": "leg", "Score": 7.5, "On": "1999-01-20"}\n', encoding="utf-8"
    )
    assert county("cohort", source, "-o", tmp_path / "mixed")[0] == 0
    with duckdb.connect(str(tmp_path / "facts.duckdb")) as database:
        for name in ("request_date", "requested", "motor_strength"):
            rows = f"CREATE TABLE {name} AS SELECT * FROM read_csv(?, all_varchar = true)"
            database.execute(rows, [str(source / f"{name}.csv")]).fetchall()
        database.execute('CREATE TABLE payer AS SELECT "Case", \'county\' AS "Payer" FROM request_date').fetchall()
    assert county("cohort", tmp_path / "facts.duckdb", "-o", tmp_path / "database")[0] == 0
    for name in ("mixed", "database"):
        assert decided(tmp_path / name, "decisions") == decided(tmp_path / "csv", "decisions")


@pytest.mark.parametrize("day", ["infinity", "10000-01-01", "0044-03-15 (BC)"])
def test_days_that_the_language_does_not_have_are_rejected(tmp_path: Path, day: str) -> None:
    source = tables(tmp_path / "facts", pain_score=f"Case,Site,Score,On\na,leg,7,{day}\n", request_date=(
        f"Case,On\na,1999-02-01\nb,{day}\nc,1999-02-01\n"))  # fmt: skip
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    assert "1 case decided, 2 left out" in output


def test_files_of_one_folder_have_columns_of_one_type(tmp_path: Path, source: Path) -> None:
    (source / "pain_score.csv").unlink()
    (source / "pain_score").mkdir()
    for name, score in (("one", "7"), ("two", "7.4::DECIMAL(3, 1)")):
        query = SCORE.format(site="'leg'", score=score, day="DATE '1999-01-20'")
        parquet(source / "pain_score" / f"{name}.parquet", query)
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 2
    assert "two.parquet`, column `score`: it holds DECIMAL(3,1), and in `" in output and "write both alike" in output


STRAYS = {
    "b.csv.gz": "decompress it first",
    "b.tsv": "take it away, or give it its suffix",
    "part-1": "take it away, or give it its suffix",
    "b.csv~": "take this copy away",
    ".b.csv": "",
    "._b.csv": "",
    "_SUCCESS": "",
    "README.md": "",
}


@pytest.mark.parametrize("name", STRAYS)
def test_a_file_of_a_folder_that_is_no_table_is_refused_and_not_passed_over(tmp_path: Path, source: Path, name: str) -> None:
    (source / "pain_score").mkdir()
    (source / "pain_score.csv").rename(source / "pain_score" / "a.CSV")
    (source / "pain_score" / name).write_text("no table", encoding="utf-8")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    if STRAYS[name]:
        assert code == 2 and f"{name}` is no table" in output and STRAYS[name] in output
    else:
        assert code == 0 and "3 cases decided\n" in output


def test_a_column_that_one_file_of_a_folder_lacks_is_named(tmp_path: Path, source: Path) -> None:
    (source / "pain_score").mkdir()
    (source / "pain_score.csv").rename(source / "pain_score" / "a.csv")
    (source / "pain_score" / "b.csv").write_text("Case,Site,Score\na,leg,7\n", encoding="utf-8")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 2 and "b.csv` has no column `on`, which `" in output


@pytest.mark.parametrize("stray", ["A", "a ", "\u00a0a", "a\u200b", "'a", "00a"])
def test_a_case_whose_name_is_nearly_another_s_is_told(tmp_path: Path, stray: str) -> None:
    source = tables(tmp_path / "facts", pain_score=f"Case,Site,Score,On\n{stray},leg,7,1999-01-20\n")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "that one is decided without what is said there" in " ".join(output.split()), output


def test_a_name_that_is_no_case_s_is_none_that_was_left_out(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", pain_score="Case,Site,Score,On\nnobody,leg,7,1999-01-20\n")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    said = " ".join(output.split())
    assert code == 0 and said.startswith("3 cases decided what cannot be taken"), output
    assert "which documents decide it. In 1 row of 1 case, such as `nobody`" in said, output


def test_without_days_of_request_nothing_is_decided_unless_one_is_given(tmp_path: Path, source: Path) -> None:
    (source / "request_date.csv").unlink()
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 2 and "no table `request_date` says when each case was requested" in " ".join(output.split())
    assert county("cohort", source, "-o", tmp_path / "out", "--on", "1999-02-01")[0] == 0


def test_a_payer_that_is_not_told_is_none(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", payer="Case,Payer\na,county\nb,?\nc,county\n")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0 and "1 case names no payer, such as `b`" in " ".join(output.split()), output


def test_a_listing_that_cannot_be_written_is_told_before_anything_is_decided(tmp_path: Path, source: Path) -> None:
    code, output = run("diff", COUNTY, COUNTY, "--cohort", source, "--list", tmp_path / "nowhere" / "changed.csv")
    assert code == 2 and "there is no directory" in output and "unfinished" not in output
