"""A run over a cohort: it may be stopped and opened case by case, its report, what changes with a policy, what it notes."""

from __future__ import annotations

import re
import shlex
import shutil
from datetime import date
from pathlib import Path

import pytest

import medproof
from cohort.compare import compare
from cohort.decide import decide_cohort
from cohort.output import told
from cohort.report import summary_page
from cohort.running import Settings
from explain.slips import unlisted
from kb.language.codes import Codes
from kb.language.documents import read
from kb.library import library
from tests.cohorts import COUNTY, HEAD, STRENGTH, alone, county, decided, drawn, run, small, tables, verdicts


def test_a_run_that_is_stopped_leaves_no_output_and_goes_on(tmp_path: Path) -> None:
    base = medproof.load(COUNTY)
    drawn(tmp_path / "facts", 50)
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
        base, tmp_path / "facts", tmp_path / "out", in_pieces, lambda done, total: heard(done, total) if done < 50 else None
    )
    assert told[0] >= 20
    decide_cohort(base, tmp_path / "facts", tmp_path / "whole")
    for name in ("decisions", "criteria"):
        assert decided(tmp_path / "out", name) == decided(tmp_path / "whole", name)
    assert not (tmp_path / ".out.unfinished").exists()


def test_two_runs_do_not_write_to_one_place(tmp_path: Path, source: Path) -> None:
    base = medproof.load(COUNTY)
    second: list[tuple[int, str]] = []

    def another(done: int, total: int) -> None:
        if not second:
            second.append(county("cohort", source, "-o", tmp_path / "out"))

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


def test_where_a_rule_can_be_computed_for_no_case_each_is_told(tmp_path: Path) -> None:
    request = "#fact payer(Case: case, Payer: text).\n#fact request_date(Case: case, On: date).\n"
    text = (
        f"{HEAD}{request}#fact size(Case: case, N: number).\n#closed payer, request_date, size.\n#pred huge(Case: case).\n"
    )
    text += "huge(Case) :- size(Case, N), N * N * N > 8.\n#goal huge(Case) for size(Case, N).\n```\n"
    (tmp_path / "facts").mkdir()
    for name, lines in {"payer": "Payer\na,x", "request_date": "On\na,2026-01-01", "size": "N\na,999999"}.items():
        (tmp_path / "facts" / f"{name}.csv").write_text(f"Case,{lines}\n", encoding="utf-8")
    account = decide_cohort(library([read("sizes.md", text)], shipped=False), tmp_path / "facts", tmp_path / "out")
    assert [each.case for each in account.rejects] == ["a"] and account.cases == 0


def test_what_rules_conclude_is_counted(tmp_path: Path, source: Path) -> None:
    found = medproof.cohort(medproof.load(COUNTY), source, tmp_path / "out")
    fired = dict(found.fired)
    assert fired["anatomy@1#signs-in-a-root-s-territory/motor_deficit"] == 2
    assert fired["county@1#A2/county_weakness"] == 1
    assert "county@1#A1/county_sources_excluded" not in fired
    assert any("county_sources_excluded" in rule for rule in found.never)


def test_what_blocks_is_counted_as_the_criteria_stand(tmp_path: Path) -> None:
    """Weakness is told of `a` twice, of `b` once and of `c` not at all."""
    found = medproof.cohort(
        medproof.load(COUNTY),
        tables(
            tmp_path / "facts",
            motor_strength="Case,Muscle,Side,Grade,Source,On\na,tibialis_anterior,left,4,examination,1999-01-20\n"
            "a,tibialis_anterior,left,5,examination,1999-01-20\nb,tibialis_anterior,left,4,examination,1999-01-20\n",
        ),
        tmp_path / "out",
    )
    [weakness] = [each for each in found.blocking if each.criterion.id == "county.A2"]
    assert (weakness.undocumented, weakness.refuted, weakness.conflicting, weakness.of) == (1, 0, 1, 3)


def test_a_payer_that_has_no_document_is_refused_where_it_is_asked_for(tmp_path: Path, source: Path) -> None:
    for payer in ("nobody", "all"):
        code, output = run("cohort", source, "-o", tmp_path / "out", "--payer", payer)
        assert code == 2 and f"no document is of the payer `{payer}`; the payers are: aetna" in output


def test_a_document_with_a_mistake_is_refused_whoever_it_is_for(tmp_path: Path, source: Path) -> None:
    front = (
        "---\nid: other\nkind: payer-policy\npayer: somebody\nversion: 1\neffective: 2031-01-01\n---\n\n# Other\n\nText.\n\n"
    )
    (tmp_path / "other.md").write_text(f"{front}```datalog\n#pred p(Case: case).\np(Case) :- q(Case).\n```\n", "utf-8")
    code, output = run("cohort", source, "-o", tmp_path / "out", "--policies", tmp_path / "other.md")
    assert code == 1 and "nothing declares `q`" in output and not (tmp_path / "out").exists()


def test_a_case_of_a_cohort_opens_as_a_proof(tmp_path: Path, source: Path) -> None:
    county("cohort", source, "-o", tmp_path / "out")
    for place in (source, tmp_path / "out"):
        code, output = county("explain", "--cohort", place, "a", "motor_deficit(Case, Root, Side)", "--minimal")
        assert code == 0, output
        assert "Row 1 of" in output and "motor_strength.csv" in output
    code, output = run("explain", "--cohort", source, "nobody", "A1")
    assert code == 2
    assert "says anything of a case `nobody`" in output


def test_the_printed_command_opens_a_case_under_the_documents_that_decided_it(tmp_path: Path, source: Path) -> None:
    policies = tmp_path / "my policies"
    policies.mkdir()
    shutil.copy(COUNTY, policies)
    code, output = run("cohort", source, "-o", tmp_path / "out", "--policies", policies)
    assert code == 0, output
    [command] = [line for line in output.splitlines() if "medproof explain" in line]
    arguments = shlex.split(command)[1:]
    assert arguments[-2:] == ["--policies", str(policies)]
    assert run(*arguments)[0] == 0
    code, output = run(*arguments[:-2])
    assert code == 2 and "was not decided by this text of `county@1`" in output, output


def test_the_report_escapes_what_the_tables_say(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    source = tables(tmp_path / "facts", **{
        name: text.replace("a,", f"{hostile},")
        for name, text in {
            "payer": "Case,Payer\na,county\n", "request_date": "Case,On\na,1999-02-01\n",
            "requested": "Case,Item,Code,Level,Laterality\na,op,63030,L4-5,left\n",
            "motor_strength": STRENGTH, "pain_score": "Case,Site,Score,On\n",
        }.items()
    })  # fmt: skip
    assert county("cohort", source, "-o", tmp_path / "out")[0] == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert hostile not in page
    assert "&lt;script&gt;" in page


def test_a_change_of_policy_is_counted_over_a_cohort(tmp_path: Path) -> None:
    strict = "other_sources_excluded(Case, Source, _), clinician(Source)."
    text = COUNTY.read_text(encoding="utf-8")
    assert strict in text
    (tmp_path / "new.md").write_text(text.replace(strict, "other_sources_excluded(Case, reviewer_statement, _)."), "utf-8")
    source = tables(
        tmp_path / "facts",
        other_sources_excluded="Case,Source,On\na,clinician_statement,1999-01-20\nb,reviewer_statement,1999-01-20\n",
        motor_strength=STRENGTH + "".join(f"{case},tibialis_anterior,left,4,examination,1999-01-20\n" for case in "ab"),
        pain_score="Case,Site,Score,On\na,leg,8,1999-01-20\nb,leg,7,1999-01-20\n",
        denied_uncontrolled_pain="Case,Drug,Kind,On\na,_,_,_\nb,_,_,_\n",
    )
    listing = tmp_path / "changed.csv"
    code, output = run("diff", COUNTY, tmp_path / "new.md", "--cohort", source, "--list", listing)
    assert code == 0, output
    assert listing.read_text(encoding="utf-8").splitlines() == [
        "case,question,item,payer,before,after,criteria",
        "a,medically_necessary,op,county,met,undocumented,county.A1: met → undocumented",
    ]  # fmt: skip
    code, told = run("diff", COUNTY, tmp_path / "new.md", "--cohort", source, "--list", tmp_path / "changed.xlsx")
    assert code == 2 and "is to be a .parquet or a .csv file" in told
    assert f"3 cases of {source}: 1 answer changes" in " ".join(output.split())
    assert "1  medically_necessary: met → undocumented" in output and "as a" in output
    said = " ".join(output.split())
    assert "before after change 2 1 -1 met 1 2 +1 undocumented" in said
    assert "1 0 county.A1: met → undocumented" in said


def test_what_a_reading_makes_of_disputed_answers_moves_too(tmp_path: Path) -> None:
    source = moving(tmp_path / "facts")
    old, new = (small(readings_of(least)) for least in ("4", "4.5"))
    found = compare(old, new, source, Settings(), lambda done, total: None)
    assert not found.changes and found.same == 3
    [moved] = found.moves
    assert (moved.criterion, moved.before, moved.after) == ("read as other", "met", "refuted")
    assert (moved.count, moved.where_same) == (0, 1)


def test_an_impact_is_told_payer_by_payer_and_with_what_moved_idly(tmp_path: Path) -> None:
    text = COUNTY.read_text(encoding="utf-8")
    (tmp_path / "new.md").write_text(text.replace("Score >= 7", "Score >= 8"), "utf-8")
    source = tables(
        tmp_path / "facts", payer="Case,Payer\na,county\nb,county\nc,<other>\n",
        pain_score="Case,Site,Score,On\nb,leg,7.5,1999-01-20\n", denied_uncontrolled_pain="Case,Drug,Kind,On\nb,_,_,_\n",
        denied_other_sources_excluded="Case,Source,On\nb,_,_\n",
    )  # fmt: skip
    code, output = run("diff", COUNTY, tmp_path / "new.md", "--cohort", source)
    assert code == 0, output
    assert run("diff", COUNTY, tmp_path / "new.md", "--cohort", source, "-o", tmp_path / "impact.html")[0] == 0
    code, told_at_once = run(
        "diff", COUNTY, tmp_path / "new.md", "--cohort", tmp_path / "nowhere", "-o", tmp_path / "impact.xlsx"
    )
    assert code == 2 and "a report is no .xlsx" in told_at_once
    page = (tmp_path / "impact.html").read_text(encoding="utf-8")
    shown = " ".join(re.sub("<[^>]*>", " ", page.partition("<body>")[2]).split())
    assert f"3 cases of {source}: 0 answers change" in shown and "county: as before" in shown
    assert "county.A3 met refuted 0 1" in shown and "&lt;other&gt;: as before" in shown and "<other>" not in page
    said = " ".join(output.split())
    assert f"3 cases of {source}: 0 answers change" in said and "<other>: as before county: as before" in said
    assert "0 1 county.A3: met → refuted" in said


@pytest.mark.parametrize("options", [("--cases", "reference"), ("-v",)])
def test_what_is_for_single_charts_is_refused_of_a_cohort(source: Path, options: tuple[str, ...]) -> None:
    code, output = run("diff", "jns-part-8@2005", "@2014", "--cohort", source, *options)
    assert code == 2 and "for charts compared one by one" in output


def test_cases_that_ask_nothing_and_payers_without_documents_are_told(tmp_path: Path) -> None:
    source = tables(
        tmp_path / "facts", payer="\ufeffCase,Payer\na,COUNTY\nb,county\n",
        requested="Case,Item,Code,Level,Laterality\na,op,63030,L4-5,left\n",
    )  # fmt: skip
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    said = " ".join(output.split())
    assert "2 cases ask nothing, such as `b`" in said
    assert "No document is of the payer `COUNTY`, whom 1 case names, such as `a`" in said
    assert "did you mean `county`?" in said
    assert "1 case names no payer, such as `c`" in said


def test_answers_are_told_payer_by_payer(tmp_path: Path) -> None:
    source = tables(tmp_path / "facts", payer="Case,Payer\na,county\nb,county\nc,<other>\n")
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    silent, open_ = "1 no document of this payer speaks to this request", "2 request information"
    assert f"<other> (1 asked): {silent} county (2 asked): {open_}" in " ".join(output.split())
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "100.0% request information" in page and "&lt;other&gt;" in page and "<other>" not in page
    one = county("cohort", tables(tmp_path / "one"), "-o", tmp_path / "of-one")[1]
    assert "county (" not in one


def readings_of(least: str) -> str:
    """Rules of a policy that two readings make differ on who moves by more than 3 mm."""
    rules = "#fact seen(Case: case, Mm: number).\n#pred g(Case: case).\n#goal g(Case) for payer(Case, _).\n"
    rules += "#closed seen.\n#pred moves(Case: case).\ng(Case) :- moves(Case).\n"
    return rules + "\n".join(
        f'```\n\n## {name}\n\n```datalog\n#reading "{name}" moves(Case).\nmoves(Case) :- seen(Case, Mm), Mm > {over}.'
        for name, over in (("narrow", "5"), ("other", least), ("wide", "4"))
    )


def moving(directory: Path) -> Path:
    """Tables of three cases that move by so much."""
    directory.mkdir()
    for name, text in {
        "payer": "Case,Payer\na,x\nb,x\nc,x\n", "seen": "Case,Mm\na,4.5\nb,5\nc,6\n",
        "request_date": "Case,On\n" + "".join(f"{case},2026-01-01\n" for case in "abc"),
    }.items():  # fmt: skip
        (directory / f"{name}.csv").write_text(text, encoding="utf-8")
    return directory


def test_each_reading_s_part_in_disputed_answers_is_counted(tmp_path: Path) -> None:
    found = medproof.cohort(small(readings_of("4")), moving(tmp_path / "facts"), tmp_path / "out")
    [disputed] = [each for each in found.verdicts if each.verdict == "disputed"]
    assert [(each.readings, each.verdict, each.count) for each in disputed.readings] == [
        ("narrow", "refuted", 2), ("other", "met", 2), ("wide", "met", 2),
    ]  # fmt: skip
    assert all(not each.readings for each in found.verdicts if each is not disputed)
    assert "read as wide: 2 met" in summary_page(found, 120).text
    assert "read as narrow: 2 refuted" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_what_is_implausible_is_counted_though_its_cases_are_decided(tmp_path: Path) -> None:
    cases = "abcdefg"
    source = tables(
        tmp_path / "facts", payer="Case,Payer\n" + "".join(f"{case},county\n" for case in cases) + "h,county\nh,other\n",
        request_date="Case,On\n" + "".join(f"{case},1999-02-01\n" for case in cases),
        requested="Case,Item,Code,Level,Laterality\n" + "".join(f"{case},op,63030,L4-5,left\n" for case in cases),
        motor_strength="Case,Muscle,Side,Grade,Source,On\n"
        "a,quadriceps,left,4,examination,1999-02-02\nb,quadriceps,left,4,examination,1999-02-01\n"
        "c,quadriceps,left,4,examination,0199-01-20\nd,quadriceps,left,4,examination,?\n"
        "e,quadriceps,left,3,examination,1999-01-20\ne,quadriceps,left,2,examination,1999-01-20\n"
        "f,quadriceps,lft,3,examination,1999-03-20\nh,quadriceps,left,3,examination,1999-03-20\n",
        pain_score="Case,Site,Score,On\na,leg,75,1999-01-20\na,back,-1,1999-01-20\nb,leg,75,1999-01-20\ng,leg,8,1999-01-20\n",
        denied_pain_score="Case,Site,Score,On\ng,leg,_,1999-01-20\n",
        planned_operation="Case,On\na,1999-05-01\n",
    )  # fmt: skip
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    implausible = told(tmp_path / "out").implausible
    assert [(each.tables, each.problem, each.cases, each.example) for each in implausible] == [
        ("pain_score", "what cannot be", 2, "a"),
        ("motor_strength", "dated after the request", 1, "a"),
        ("motor_strength", "dated longer before the request than anybody lives", 1, "c"),
        ("motor_strength", "two values where one can be right", 1, "e"),
        ("pain_score, denied_pain_score", "stated and denied", 1, "g"),
    ]
    assert "`motor_strength`: dated after the request, in 1 case, such as `a`" in " ".join(output.split())
    assert "what cannot be, in 2 cases" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_what_is_implausible_is_the_same_in_any_batches_and_of_each_program(tmp_path: Path) -> None:
    source = tables(
        tmp_path / "facts", payer="Case,Payer\na,other\nb,county\nc,county\n",
        motor_strength="Case,Muscle,Side,Grade,Source,On\n"
        + "".join(f"{case},quadriceps,left,4,examination,1999-02-02\n" for case in "abc")
        + "b,quadriceps,left,3,examination,1999-02-02\n",
    )  # fmt: skip
    for name, options in (("together", ()), ("apart", ("--batch", "1"))):
        assert county("cohort", source, "-o", tmp_path / name, *options)[0] == 0
    assert told(tmp_path / "together").implausible == told(tmp_path / "apart").implausible
    assert [(each.problem, each.cases, each.example) for each in told(tmp_path / "apart").implausible] == [
        ("dated after the request", 3, "a"), ("two values where one can be right", 1, "b"),
    ]  # fmt: skip
    found = decided(tmp_path / "together", "decisions")
    assert found == decided(tmp_path / "apart", "decisions")
    assert {row[0] for row in found if row[3] == "conflicting"} == {"b"}


def test_what_is_wrong_with_the_cases_left_out_is_summed_up(tmp_path: Path) -> None:
    source = tables(
        tmp_path / "facts", motor_strength="Case,Muscle,Side,Grade,Source,On\n"
        "a,quadriceps,lft,4,examination,1999-01-20\na,quadriceps,lft,4,examination,1999-01-21\n"
        "b,quadriceps,lft,4,examination,1999-01-20\nb,quadriceps,left,4,examination,\n",
    )  # fmt: skip
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    said = " ".join(output.split())
    assert (
        "`Side`: it is no side: left, right, bilateral. In 3 rows of 2 cases, such as `a` (`lft`; did you mean `left`?)"
        in said
    )
    assert "`On`: it is empty; write `?` for a value that the record does not give. In 1 row of 1 case, such as `b`" in said


def test_what_is_told_of_payers_and_days_is_of_the_cases_that_are_decided(tmp_path: Path) -> None:
    source = tables(
        tmp_path / "facts", payer="Case,Payer\na,zorg\nb,zorg\nc,county\n",
        request_date="Case,On\na,1999-02-01\nb,1999-02-01\nc,1789-02-01\n",
        pain_score="Case,Site,Score,On\na,lag,7.5,1999-01-20\nc,lag,7.5,1999-01-20\n",
    )  # fmt: skip
    code, output = county("cohort", source, "-o", tmp_path / "out")
    said = " ".join(output.split())
    assert code == 0 and "1 case decided, 2 left out" in said, output
    assert "No document is of the payer `zorg`, whom 1 case names, such as `b`" in said
    assert "on the day of" not in said


def test_who_decides_by_another_payer_or_day_is_told_so(tmp_path: Path, source: Path) -> None:
    code, output = county("cohort", source, "-o", tmp_path / "out", "--payer", "county", "--on", "1999-03-01")
    told = "Every case was decided by the documents of the payer `county` as of 1999-03-01, as was asked"
    assert code == 0 and told in " ".join(output.split()), output
    assert "as of 1999-03-01, as was asked" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_small_cohort_has_the_memory_of_all_workers(tmp_path: Path, source: Path) -> None:
    code, output = county("cohort", source, "-o", tmp_path / "out", "-j", "64", "--memory-limit", "0.3")
    assert code == 0 and "3 cases decided" in output, output


def test_the_directory_at_hand_is_no_output(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for command in (("cohort", source), ("generate", "--cases", "3")):
        code, output = run(*command, "-o", ".")
        assert code == 2 and "`.` is the directory that you are in; name one to make" in " ".join(output.split())


def test_a_document_without_questions_decides_nothing(tmp_path: Path) -> None:
    assert verdicts(small("#pred g(Case: case).\ng(Case) :- payer(Case, _)."), tmp_path) == set()


def test_days_on_which_no_document_of_the_payer_is_in_force_are_told(tmp_path: Path) -> None:
    source = tables(
        tmp_path / "facts", payer="Case,Payer\na,aetna\nb,aetna\nc,aetna\n",
        request_date="Case,On\na,1999-01-01\nb,2019-06-01\nc,2026-02-01\n",
    )  # fmt: skip
    code, output = run("cohort", source, "-o", tmp_path / "out")
    said = " ".join(output.split())
    assert code == 0 and "No document of aetna is in force on the day of 2 cases" in said, output
    assert "aetna-cpb-0743@2016-11 is in force from 2016-11-01 until" in said, output


def test_codes_that_no_document_lists_are_counted(tmp_path: Path) -> None:
    codes = ["63O30", "63O30", "63030", "?", "1", "2", "3", "4", "5x", "6"]
    rows = "".join(f"{case},op,{code},L4-5,left\n" for case, code in zip("abcdefghij", codes, strict=True))
    days = "".join(f"{case},1999-02-01\n" for case in "abcdefghij")
    payers = "".join(f"{case},county\n" for case in "abcdefghij")
    source = tables(
        tmp_path / "facts", requested=f"Case,Item,Code,Level,Laterality\n{rows}", request_date=f"Case,On\n{days}",
        payer=f"Case,Payer\n{payers}", pain_score="Case,Site,Score,On\n",
    )  # fmt: skip
    code, output = county("cohort", source, "-o", tmp_path / "out")
    assert code == 0, output
    said = " ".join(output.split())
    listed = "is listed by no document that decides the request"
    assert f"The Code `63O30` {listed}; did you mean `63030`? 2 cases request it, such as `a`." in said
    assert f"The Code `1` {listed}. 1 case requests it, such as `e`." in said
    assert "2 cases request 2 other codes that no document in force lists." in said
    assert "`63030`. " not in said and "`?`" not in said


def test_a_code_of_another_payer_is_told_as_that() -> None:
    told = unlisted(Codes(frozenset(), frozenset(["63650"])), "Code", "63650")
    assert (
        told
        == "The Code `63650` is listed by no document that decides the request, but by another payer's, or of another time."
    )


def test_two_requests_that_ask_one_question_are_taken_alike(tmp_path: Path) -> None:
    base = medproof.load(COUNTY)
    head = "Case,Item,Code,Level,Laterality\n"
    for name, rows in (
        ("one", "a,op,63042,L5-S1,right\na,op,63030,L4-5,left\nb,op,?,L4-5,left\nb,op,63030,L4-5,?\n"),
        ("two", "a,op,63030,L4-5,left\na,op,63042,L5-S1,right\nb,op,63030,L4-5,?\nb,op,?,L4-5,left\n"),
    ):
        source = tables(tmp_path / name / "facts", requested=head + rows)
        decide_cohort(base, source, tmp_path / name / "out")
        for case in ("a", "b"):
            opened_case = medproof.cohort_case(base, source, case)
            ours = alone(base, "county", date(1999, 2, 1), {case: opened_case.facts})
            assert {row for row in decided(tmp_path / name / "out", "decisions") if row[0] == case} == ours[0]
            assert {row for row in decided(tmp_path / name / "out", "criteria") if row[0] == case} == ours[1]
    assert decided(tmp_path / "one" / "out", "criteria") == decided(tmp_path / "two" / "out", "criteria")


def test_an_answer_that_comes_to_rest_on_silence_has_changed(tmp_path: Path) -> None:
    facts = "#fact n(Case: case, N: number).\n#fact m(Case: case, N: number).\n#pred g(Case: case).\n"
    old, new = (
        small(f"{facts}#goal g(Case) for payer(Case, _).\ng(Case) :- n(Case, _){premise}.")
        for premise in ("", ", not m(Case, 3)")
    )
    source = tmp_path / "facts"
    source.mkdir()
    given = {"payer": "Case,Payer\na,x\nb,x\n", "request_date": "Case,On\na,2026-01-01\nb,2026-01-01\n"}
    for name, text in {**given, "n": "Case,N\na,1\nb,2\n", "denied_m": "Case,N\nb,_\n"}.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    found = compare(old, new, source, Settings(), lambda done, total: None)
    [change] = found.changes
    assert (change.before, change.after, change.examples, found.same) == ("met", "met, on silence", ("a",), 1)


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
    given["payer"] += ",x\n"  # a row of nobody's
    for name, text in {**given, "n": "Case,N\na,1\nb,2\n"}.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    found = compare(bases["old"], bases["new"], source, Settings(), lambda done, total: None)
    assert (found.cases, found.left_out, found.same) == (1, 1, 0)
    assert any(note.startswith("1 row names no case") for note in found.notes)
    assert [(each.before, each.after, each.examples) for each in found.changes] == [("refuted", "met", ("a",))]
