"""`medproof test`: what runs, what fails and why, in each form."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

from click.testing import CliRunner

import medproof
from authoring.reports import results_data, results_junit, results_page
from cli import main
from kb.language import cache

HERE = Path(__file__).parent / "authoring"


def test_the_report_of_failing_tests_is_the_file_beside() -> None:
    results = medproof.test([HERE / "smoking.md"])
    assert results_page(results, 100).text == (HERE / "smoking.txt").read_text(encoding="utf-8")


def test_a_name_selects_tests_and_json_and_junit_say_the_same() -> None:
    results = medproof.test([HERE / "smoking.md"], pattern="ELEVEN")
    [one] = results_data(results)["tests"]
    assert (one["id"], one["line"], one["passed"]) == ("smoking@1: eleven is too much", 20, False)
    [case] = ElementTree.fromstring(results_junit(results)).iter("testcase")
    assert case.get("name") == "eleven is too much"
    assert [each.text for each in case.iter("failure")] == [each["why"] for each in one["failures"]]
    json.dumps(one)


def test_processes_give_what_one_gives(tmp_path: Path) -> None:
    text = (HERE / "smoking.md").read_text(encoding="utf-8")
    many = "\n".join(
        f'```datalog test "number {number}"\ncotinine(c, {number}, "2025-12-01").\n?- smoker(c).\n```'
        for number in range(60)
    )
    path = tmp_path / "many.md"
    path.write_text(text.partition("```datalog test")[0] + many, encoding="utf-8")
    alone, shared = (medproof.test([path], processes=number) for number in (1, 2))
    assert [each.passed for each in alone] == [number > 10 for number in range(60)]
    assert [(each.id, each.failures) for each in shared] == [(each.id, each.failures) for each in alone]


def test_every_test_in_the_shipped_documents_passes() -> None:
    assert [each.id for each in medproof.test() if not each.passed] == []


def test_the_exit_code_says_whether_all_passed() -> None:
    passing, failing = [str(Path("facts") / "cases" / "two-weeks.md"), str(HERE / "smoking.md")]
    assert CliRunner().invoke(main, ["test", passing]).exit_code == 0
    assert CliRunner().invoke(main, ["test", failing]).exit_code == 1
    assert CliRunner().invoke(main, ["test", str(HERE)]).exit_code == 1


def test_a_cache_whose_tests_do_not_fit_is_read_past(tmp_path: Path) -> None:
    text = (HERE / "smoking.md").read_text(encoding="utf-8")
    fresh = cache.read("smoking.md", text, tmp_path)
    [stored] = tmp_path.glob("*.json")
    assert cache.read("smoking.md", text, tmp_path) == fresh
    data = json.loads(stored.read_text(encoding="utf-8"))
    position = next(at for at, each in enumerate(data) if isinstance(each, list) and "eleven is too much" in str(each))
    data[position] = ["t", ["n", "no number"]]
    stored.write_text(json.dumps(data), encoding="utf-8")
    assert [each.name for each in cache.read("smoking.md", text, tmp_path).tests] == [each.name for each in fresh.tests]


def test_a_test_of_a_day_on_which_its_document_is_not_in_force_is_a_mistake(tmp_path: Path) -> None:
    rules = "---\n\n# P\n\nSomething.\n\n```datalog\n#pred some(Case: case).\nsome(Case) :- payer(Case, _).\n```\n"
    test = '\n```datalog test "dated"\npayer(c, "x").\nrequest_date(c, "2025-06-01").\n?- some(c).\n```\n'
    for version, days in (("1", "effective: 2025-01-01\nretired: 2026-01-01\n"), ("2", "effective: 2026-01-01\n")):
        head = f"---\nid: p\nkind: guideline\nversion: {version}\n{days}"
        (tmp_path / f"p{version}.md").write_text(head + rules + test, encoding="utf-8")
    results = {result.id: result for result in medproof.test([tmp_path])}
    assert results["p@1: dated"].passed
    assert "`p@1` decides it" in results["p@2: dated"].mistakes[0]


def test_libraries_in_several_threads_are_tested_apart(tmp_path: Path) -> None:
    def tested(name: str) -> bool:
        lines = ["---", f"id: {name}", "kind: guideline", "---", "", "# T", "", "Some.", "", "```datalog"]
        lines += [f"#pred {name}(Case: case).", f'{name}(Case) :- payer(Case, "{name}").', "```", ""]
        for number in range(45):
            lines += [f'```datalog test "{number}"', f'payer(c, "{name}").', f"?- {name}(c).", "```", ""]
        path = tmp_path / f"{name}.md"
        path.write_text("\n".join(lines), encoding="utf-8")
        return all(result.passed for result in medproof.test([path], processes=2))

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(tested, ["one", "two", "three"]))
