"""Every decision of a cohort with its proof: rebuilt from the record, checked, and exported as lines that stand alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import medproof
from cli import main
from cohort.decide import decide_cohort
from cohort.running import Settings
from kb.engines import engine
from kb.engines.model import Model
from kb.engines.recorded import Recorded
from kb.language.documents import chart_of, read
from kb.language.program import Program
from kb.language.values import Row
from kb.library import Library
from tests.cohorts import COUNTY, tables

OURS = ["--policies", str(COUNTY)]
PAYERS = ["aetna", "bcbs-sc"]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decided cohort with its record, beside its facts."""
    directory = tmp_path_factory.mktemp("cohort")
    base = medproof.load()
    medproof.generate(base, directory / "facts", 40, 5, payers=PAYERS)
    medproof.cohort(base, directory / "facts", directory / "out", Settings(proofs=True))
    return directory


def test_a_relative_path_is_the_same_place(cohort: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cohort)
    base = medproof.load()
    medproof.cohort(base, "facts", "again", Settings(proofs=True))
    found = medproof.export_proofs(base, "again", "again.jsonl")
    assert found.proofs == medproof.verify_lines(base, "again.jsonl").proofs == len(met(cohort))


def test_a_document_that_decided_and_is_gone_is_told(tmp_path: Path) -> None:
    own = read(
        "own.md", '---\nid: own\nkind: reference\nversion: 1\nsource: x\n---\n\n```datalog\ndiscectomy("99999").\n```\n'
    )
    shipped = medproof.load(COUNTY)
    base = Library((*shipped.documents, own))
    decide_cohort(base, tables(tmp_path / "facts"), tmp_path / "out", Settings(proofs=True))
    assert medproof.cohort_case(base, tmp_path / "out", "a").case == "a"
    with pytest.raises(medproof.CaseProblem, match="was not decided by this text of `own@1`"):
        medproof.cohort_case(shipped, tmp_path / "out", "a")


@pytest.fixture(scope="module")
def lines(cohort: Path) -> Path:
    """All its proofs."""
    medproof.export_proofs(medproof.load(), cohort / "out", cohort / "proofs.jsonl")
    return cohort / "proofs.jsonl"


def met(cohort: Path) -> list[tuple[str, str, str]]:
    """The questions that are met."""
    query = "SELECT \"case\", question, item FROM read_parquet(?) WHERE verdict = 'met' ORDER BY ALL"
    return duckdb.execute(query, [str(cohort / "out" / "decisions.parquet")]).fetchall()


def test_what_is_on_record_is_not_looked_for_again(cohort: Path) -> None:
    base = medproof.load()
    case, goal, item = met(cohort)[0]
    opened = medproof.cohort_case(base, cohort / "out", case)
    assert isinstance(opened.engine, Recorded)

    def bounds_only(
        program: Program,
        relations: Mapping[str, Iterable[Row]],
        wanted: Iterable[str] | None = None,
        seconds: float | None = None,
    ) -> Model:
        assert program is not opened.program, "the record answers this"
        return engine()(program, relations, wanted, seconds)

    on_record = replace(opened, engine=replace(opened.engine, other=bounds_only))
    text = f"{goal}({', '.join(json.dumps(each) for each in (case, *item.split(', ')))})"
    from_record = medproof.explain(base, on_record, text, minimal=True).proof.graph
    decided_again = medproof.explain(base, opened.document, text, minimal=True).proof.graph
    assert list(from_record.nodes(data=True)) == list(decided_again.nodes(data=True))
    assert list(from_record.edges) == list(decided_again.edges)


def test_each_question_that_is_met_has_a_line_with_its_proof(cohort: Path, lines: Path) -> None:
    found = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert [(line["case"], line["question"], line["item"]) for line in found] == met(cohort)
    result = CliRunner().invoke(main, ["verify", str(lines)])
    assert (result.exit_code, result.output.splitlines()[0]) == (0, f"{lines}: {len(found):,} proofs hold")


def changed(lines: Path, path: Path, number: int, **others: object) -> Path:
    """The file with one line other than it was."""
    texts = lines.read_text(encoding="utf-8").splitlines()
    texts[number] = json.dumps(json.loads(texts[number]) | others, ensure_ascii=False)
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def assuming(proof: dict[str, Any]) -> dict[str, Any]:
    """The proof, assuming a fact beyond its chart."""
    place = {"document": "assumption", "file": "assumption", "title": "", "section": "", "passage": "", "line": 0}
    fact = {"relation": "cauda_equina", "row": [proof["graph"]["case"], "examination", "2026-01-01"], "place": place}
    return proof | {"graph": proof["graph"] | {"assumptions": json.dumps([fact])}}


def nested(proof: dict[str, Any]) -> dict[str, Any]:
    """The proof, with goals that no parser can follow."""
    return proof | {"graph": proof["graph"] | {"goals": "[" * 100_000}}


def test_a_line_that_was_altered_is_refused(tmp_path: Path, lines: Path) -> None:
    first, second = map(json.loads, lines.read_text(encoding="utf-8").splitlines()[:2])
    for name, others, problem in (
        ("question", {"item": "op-99"}, "does not show what its line names"),
        ("proof", {"proof": first["proof"]}, "it is about the case"),
        ("chart", {"chart": f"{second['chart']}\n"}, "its text differs"),
        ("facts", {"chart": second["chart"].replace("request_date(", "request_day(")}, "no fact of the vocabulary"),
        ("payer", {"payer": "medicare"}, "does not show what its line names"),
        ("assumption", {"proof": assuming(second["proof"])}, "it assumes"),
        ("form", {"proof": {"nodes": 3}}, "no graph in node-link form"),
        ("deep", {"proof": nested(second["proof"])}, "it is nested too deeply for a proof"),
        ("certain", {"certain": "x"}, "this is no line that"),
    ):
        path = changed(lines, tmp_path / f"{name}.jsonl", 1, **others)
        result = CliRunner().invoke(main, ["verify", str(path)])
        assert result.exit_code == 1, (name, result.output)
        assert "proof holds" in result.output or "proofs hold" in result.output, (name, result.output)
        assert "line 2" in result.output and problem in result.output, (name, result.output)


def test_lines_are_held_to_the_cohort_that_they_come_from(cohort: Path, lines: Path, tmp_path: Path) -> None:
    def verified(path: Path, decided: Path = cohort / "out") -> tuple[int, str]:
        result = CliRunner().invoke(main, ["verify", str(path), "--cohort", str(decided)])
        return result.exit_code, " ".join(result.output.split())

    code, said = verified(lines)
    assert code == 0 and f"all that {cohort / 'out'} has as met is shown" in said
    case, question, item = met(cohort)[0]
    fewer = tmp_path / "fewer.jsonl"
    fewer.write_text("".join(lines.read_text(encoding="utf-8").splitlines(True)[1:]), encoding="utf-8")
    code, said = verified(fewer)
    assert code == 1 and f"no line that holds shows {question}({item}) of `{case}`, which is met" in said
    twice = tmp_path / "twice.jsonl"
    twice.write_text(lines.read_text(encoding="utf-8") + lines.read_text(encoding="utf-8").splitlines(True)[0])
    code, said = verified(twice)
    assert code == 0 and f"{len(met(cohort))} proofs hold; 1 line says what another one says" in said
    certain = json.loads(lines.read_text(encoding="utf-8").splitlines()[0])["certain"]
    how = "however the silences of the record turn out" if certain else "by the record's silence"
    code, said = verified(changed(lines, tmp_path / "certain.jsonl", 0, certain=not certain))
    assert code == 1 and f"line 1, cohort: it has {question}({item}) of `{case}` as met {how}" in said


def test_a_line_whose_chart_is_not_what_the_tables_say_is_refused(tmp_path: Path) -> None:
    base = medproof.load()
    medproof.generate(base, tmp_path / "facts", 40, 5, payers=["bcbs-sc"])
    medproof.cohort(base, tmp_path / "facts", tmp_path / "out", Settings(proofs=True))
    medproof.export_proofs(base, tmp_path / "out", tmp_path / "proofs.jsonl")
    case = met(tmp_path)[0][0]
    path = tmp_path / "facts" / "request_date.parquet"
    later = 'SELECT "Case", CASE WHEN "Case" = ? THEN "On" + 1 ELSE "On" END::DATE AS "On" FROM read_parquet(?)'
    rows = duckdb.execute(f"CREATE OR REPLACE TABLE later AS {later}", [case, str(path)])
    rows.table("later").write_parquet(str(path))
    found = medproof.verify_lines(base, tmp_path / "proofs.jsonl", decided=tmp_path / "out")
    assert {each.partition(": ")[2] for each in found.failures} == {
        f"its tables say something else of `{case}` than the chart, or elsewhere"
    }
    assert {name for name, _, _ in found.unproved} == {case}


def test_what_was_read_from_text_files_is_kept_with_the_proofs(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts")
    medproof.cohort(medproof.load(COUNTY), source, tmp_path / "out", Settings(proofs=True))
    asked = ["explain", "--cohort", str(tmp_path / "out"), "a", *OURS]
    before = CliRunner().invoke(main, asked)
    shutil.rmtree(source)
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 0
    assert "The tables may have changed since the cohort was decided" in " ".join(result.output.split())
    assert before.exit_code == 0 and before.output.splitlines()[-5:] == result.output.splitlines()[-5:]
    result = CliRunner().invoke(main, ["proofs", str(tmp_path / "out"), "-o", str(tmp_path / "proofs.jsonl"), *OURS])
    assert result.exit_code == 0, result.output
    (tmp_path / "out" / "facts" / "requested.parquet").unlink()
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 2 and "decide the cohort again" in " ".join(result.output.split())


def test_a_file_without_proofs_shows_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "packed.jsonl").write_bytes(b"\x1f\x8b\x08\x00\xff")
    for name, code, problem in (("empty", 2, "it holds no proof"), ("packed", 1, "line 1: this is no UTF-8 text")):
        result = CliRunner().invoke(main, ["verify", str(tmp_path / f"{name}.jsonl")])
        assert result.exit_code == code and problem in result.output


def test_a_damaged_record_is_told(cohort: Path, tmp_path: Path) -> None:
    shutil.copytree(cohort / "out", tmp_path / "out")
    (tmp_path / "out" / "instances.parquet").write_text("no Parquet")
    result = CliRunner().invoke(main, ["proofs", str(tmp_path / "out"), "-o", str(tmp_path / "proofs.jsonl")])
    assert result.exit_code == 2 and "is damaged; decide the cohort again" in result.output


def test_the_record_of_another_cohort_is_told(cohort: Path, tmp_path: Path) -> None:
    shutil.copytree(cohort / "out", tmp_path / "out")
    strange = """COPY (SELECT "case", 'own@1#none/none' AS rule, "values" FROM read_parquet(?)) TO ? (FORMAT parquet)"""
    paths = [str(each / "out" / "instances.parquet") for each in (cohort, tmp_path)]
    duckdb.execute(strange, paths).fetchall()
    case, question, _ = met(cohort)[0]
    result = CliRunner().invoke(main, ["explain", "--cohort", str(tmp_path / "out"), case, question])
    assert result.exit_code == 2 and "is another cohort's, or damaged" in result.output


def test_a_record_whose_instances_rest_on_nothing_is_told(cohort: Path, tmp_path: Path) -> None:
    shutil.copytree(cohort / "out", tmp_path / "out")
    case = next(name for name, question, _ in met(cohort) if question == "fusion_indicated")
    without = """COPY (SELECT * FROM read_parquet(?) WHERE rule NOT LIKE '%/primary_with_trigger%') TO ? (FORMAT parquet)"""
    duckdb.execute(without, [str(each / "out" / "instances.parquet") for each in (cohort, tmp_path)]).fetchall()
    result = CliRunner().invoke(main, ["explain", "--cohort", str(tmp_path / "out"), case, "fusion_indicated"])
    assert result.exit_code == 1 and "a cohort with that on record is damaged: decide it again" in result.output


def test_the_proof_of_one_case_is_verified_against_the_cohort(cohort: Path, tmp_path: Path) -> None:
    case, question, _ = met(cohort)[0]
    proof, decided = str(tmp_path / "proof.json"), str(cohort / "out")
    explained = CliRunner().invoke(main, ["explain", "--cohort", decided, case, question, "-o", proof])
    assert explained.exit_code == 0, explained.output
    alone = CliRunner().invoke(main, ["verify", proof])
    assert alone.exit_code == 2 and "with --cohort the decided cohort" in " ".join(alone.output.split())
    held = CliRunner().invoke(main, ["verify", proof, "--cohort", decided])
    assert held.exit_code == 0 and "the proof holds" in held.output


def test_without_a_record_the_message_says_how_to_keep_one(tmp_path: Path) -> None:
    base = medproof.load(COUNTY)
    medproof.cohort(base, tables(tmp_path / "facts"), tmp_path / "out")
    result = CliRunner().invoke(main, ["proofs", str(tmp_path / "out"), "-o", str(tmp_path / "proofs.jsonl"), *OURS])
    assert result.exit_code == 2
    assert "keeps no rule instances" in result.output and "--proofs" in result.output
    assert not (tmp_path / "proofs.jsonl").exists()


def as_parquet(source: Path, directory: Path) -> Path:
    """The same tables as Parquet, which are read where they lie."""
    directory.mkdir(exist_ok=True)
    for path in source.glob("*.csv"):
        rows = duckdb.read_csv(str(path), all_varchar=True)
        rows.write_parquet(str(directory / f"{path.stem}.parquet"))
    return directory


def test_tables_that_changed_since_are_told(tmp_path: Path) -> None:
    base = medproof.load(COUNTY)
    source = as_parquet(tables(tmp_path / "csv"), tmp_path / "facts")
    medproof.cohort(base, source, tmp_path / "out", Settings(proofs=True))
    as_parquet(tables(tmp_path / "csv", requested="Case,Item,Code,Level,Laterality\na,other,63030,L4-5,left\n"), source)
    result = CliRunner().invoke(main, ["explain", "--cohort", str(tmp_path / "out"), "a", *OURS])
    assert result.exit_code == 2
    assert "was not asked" in result.output and "decide the cohort again" in result.output
    result = CliRunner().invoke(main, ["proofs", str(tmp_path / "out"), "-o", str(tmp_path / "proofs.jsonl"), *OURS])
    assert result.exit_code == 2
    assert "was changed since" in result.output


def test_a_case_is_explained_under_the_documents_that_decided_the_cohort(tmp_path: Path) -> None:
    base = medproof.load(COUNTY)
    source = tables(tmp_path / "facts")
    medproof.cohort(base, source, tmp_path / "out", Settings(payer="medicare"))
    assert medproof.cohort_case(base, tmp_path / "out", "a").payer == "medicare"
    vocabulary = next(each for each in base.documents if each.id.startswith("vocabulary"))
    other = Library(tuple(replace(each, digest="0") if each is vocabulary else each for each in base.documents))
    with pytest.raises(medproof.CaseProblem, match="was not decided by this text of `vocabulary"):
        medproof.cohort_case(other, tmp_path / "out", "a")


@pytest.mark.parametrize("command", ["explain", "why-not", "missing", "hinges"])
def test_a_criterion_is_held_to_the_cohort(tmp_path: Path, command: str) -> None:
    source = tables(tmp_path / "facts")
    medproof.cohort(medproof.load(COUNTY), source, tmp_path / "out")
    asked = [command, "--cohort", str(tmp_path / "out"), "a", "A1", *OURS]
    assert CliRunner().invoke(main, asked).exit_code == 0
    tables(source, other_sources_excluded="Case,Source,On\na,clinician_statement,1999-01-20\n")
    result = CliRunner().invoke(main, asked)
    assert result.exit_code == 2, result.output
    assert "has `undocumented` for county.A1 of medically_necessary(op)" in " ".join(result.output.split())
    assert "come to `met`" in " ".join(result.output.split())


CHANGES = {
    "payer": ("payer", "Case,Payer\na,medicare\n", "and its tables now name `medicare`"),
    "request": ("requested", "Case,Item,Code,Level,Laterality\nb,op,63030,L4-5,left\n", "no longer ask it"),
}


@pytest.mark.parametrize("goal", [[], ["medically_necessary"], ["A1"]])
@pytest.mark.parametrize("name", CHANGES)
def test_a_case_that_asks_another_thing_now_is_told(tmp_path: Path, name: str, goal: list[str]) -> None:
    table, text, problem = CHANGES[name]
    source = tables(tmp_path / "facts")
    medproof.cohort(medproof.load(COUNTY), source, tmp_path / "out")
    tables(source, **{table: text})
    for command in ("explain", "why-not") if goal else ("explain",):
        result = CliRunner().invoke(main, [command, "--cohort", str(tmp_path / "out"), "a", *goal, *OURS])
        assert result.exit_code == 2, result.output
        assert problem in result.output and "decide the cohort again" in result.output


def test_a_case_that_was_left_out_is_told_with_its_row(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", pain_score="Case,Site,Score,On\na,leg,much,1999-01-20\n")
    medproof.cohort(medproof.load(COUNTY), source, tmp_path / "out")
    result = CliRunner().invoke(main, ["explain", "--cohort", str(tmp_path / "out"), "a", "A1", *OURS])
    assert result.exit_code == 2
    assert "left the case `a` out" in result.output and "pain_score.csv, row 1, column `Score` `much`" in result.output


def test_tables_that_changed_and_come_to_the_same_are_noted(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts")
    medproof.cohort(medproof.load(COUNTY), source, tmp_path / "out")
    tables(source, pain_score="Case,Site,Score,On\nb,leg,8,1999-01-21\n")
    result = CliRunner().invoke(main, ["explain", "--cohort", str(tmp_path / "out"), "b", "medically_necessary", *OURS])
    assert result.exit_code == 0, result.output
    assert "this is what they come to now" in " ".join(result.output.split())


def test_a_value_that_no_vocabulary_has_is_told_with_its_row(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", pain_score="Case,Site,Score,On\nb,leg,7,1999-01-20\na,leg,much,1999-01-20\n")
    result = CliRunner().invoke(main, ["explain", "--cohort", str(source), "a", "A1", *OURS])
    assert result.exit_code == 2
    assert "Row 2 of" in result.output and "pain_score.csv: " in result.output and "(case `a`)" in result.output


@given(st.text(min_size=1))
def test_the_chart_of_a_case_of_any_name_is_what_reading_its_text_gives(name: str) -> None:
    chart = chart_of("cohort-case.md", name, f"{name}, as somebody states it", {"Payer": []})
    assert chart == read("cohort-case.md", chart.text)


@pytest.mark.parametrize("name", ["?", "_"])
def test_a_case_that_is_left_out_leaves_the_others_their_proofs(tmp_path: Path, name: str) -> None:
    """One has a value that no vocabulary has, another a name that stands for what is not told."""
    facts = tables(tmp_path / "facts")
    bad = {
        "requested": f"{name},op,63030,L4-5,left\nx,op,63030,L9,left\n",
        "request_date": f"{name},1999-01-10\nx,1999-01-10\n",
    }
    for table, rows in bad.items():
        path = facts / f"{table}.csv"
        path.write_text(path.read_text() + rows)
    result = CliRunner().invoke(main, ["cohort", str(facts), "-o", str(tmp_path / "out"), "--proofs", *OURS])
    assert result.exit_code == 0, result.output
    rejects = duckdb.read_parquet(str(tmp_path / "out" / "rejects.parquet")).fetchall()
    assert {row[2] for row in rejects} == {name, "x"}
    result = CliRunner().invoke(main, ["proofs", str(tmp_path / "out"), "-o", str(tmp_path / "proofs.jsonl"), *OURS])
    assert result.exit_code == 0, result.output
    recorded = duckdb.read_parquet(str(tmp_path / "out" / "instances.parquet")).fetchall()
    assert {row[0] for row in recorded} == {"a", "b", "c"}
