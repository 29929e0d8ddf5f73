"""Documents with mistakes give exactly the diagnostics beside them; documents without give none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import medproof
from facts.readers.datalog import read_chart
from kb.language import cache
from kb.language.build import check
from kb.language.diagnostics import Diagnostic, render
from kb.language.documents import Document, read
from kb.library import library

HERE = Path(__file__).parent / "language"
DAY = date(2026, 1, 1)
DOCUMENTS = sorted(path for path in HERE.rglob("*") if path.suffix in (".md", ".dl"))
NAMES = [path.relative_to(HERE).as_posix() for path in DOCUMENTS]


def document(path: Path) -> Document:
    return read(path.name, path.read_text(encoding="utf-8"))


def diagnostics(of: Document) -> tuple[Diagnostic, ...]:
    if of.meta.case:
        return read_chart(of, medproof.program(medproof.load(), "aetna", DAY))[1]
    return check((of,), "", DAY)[1]


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_a_document_gives_the_diagnostics_beside_it(path: Path) -> None:
    beside = path.with_suffix(path.suffix + ".expected")
    expected = beside.read_text(encoding="utf-8") if beside.exists() else ""
    assert "".join(f"{render(each)}\n\n" for each in diagnostics(document(path))) == expected


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_a_document_from_the_cache_is_the_document(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    fresh = cache.read(path.name, text, tmp_path)
    cached = cache.read(path.name, text, tmp_path)
    assert list(tmp_path.iterdir())
    assert cached == fresh == read(path.name, text)
    assert diagnostics(cached) == diagnostics(fresh)


@pytest.mark.parametrize("damage", ["", "[]", "[23, 1]", '["x"]', "{", '{"a": 1}'])
def test_a_damaged_cache_is_parsed_anew(damage: str, tmp_path: Path) -> None:
    text = (HERE / "good" / "everything.md").read_text(encoding="utf-8")
    fresh = cache.read("everything.md", text, tmp_path)
    [file] = tmp_path.iterdir()
    file.write_text(damage, encoding="utf-8")
    assert cache.read("everything.md", text, tmp_path) == fresh


def test_the_shipped_documents_are_right_on_every_day_on_which_one_takes_effect() -> None:
    assert medproof.check().diagnostics == ()


def test_fifteen_mistakes_are_fifteen_diagnostics() -> None:
    found = diagnostics(document(HERE / "bad" / "fifteen.md"))
    assert len(found) == 15
    assert len({each.line for each in found}) == 15


def test_a_block_that_is_not_closed_before_the_next_is_told_where_it_begins() -> None:
    blocks = "```datalog\n#pred p(Case: case).\n\nProse.\n\n```datalog\np(Case) :- payer(Case, _).\n```\n"
    text = f"---\nid: p\n---\n\nOne.\n\n{blocks}"
    [finding] = read("p.md", text).findings
    assert (finding.place.line, finding.code) == (7, "fence")
    assert "before the one on line 12 begins" in finding.message


@pytest.mark.parametrize("line_end", ["\r", "\r\n"])
def test_other_line_ends_are_line_ends(line_end: str) -> None:
    text = "---\nid: p\n---\n\nOne.\n\n```datalog\n#pred p(Case: case).\n```\n"
    assert read("p.md", text.replace("\n", line_end)).statements == read("p.md", text).statements


def test_an_unknown_predicate_beside_an_aggregate_is_a_mistake_and_no_crash() -> None:
    rule = "g(Case) :- hott(Case, _), #count { M : hot(Case, M) } > 1."
    text = f"#fact hot(Case: case, M: number).\n#pred g(Case: case).\n{rule}\n"
    _, mistakes = check((read("p.dl", text),), "", date(2026, 1, 1))
    assert [each.code for each in mistakes] == ["unknown-predicate"]


@pytest.mark.parametrize("opening", ["``datalog", "    ```datalog", "'''datalog", '~~datalog test "x"', "‘‘‘datalog"])
def test_a_block_that_is_taken_for_prose_is_told(opening: str) -> None:
    document = read("policy.md", f"---\nid: p\n---\n\nSome words.\n\n{opening}\nmarked(a).\n{opening[:7].strip('datlog')}\n")
    assert [(finding.place.line, finding.code) for finding in document.findings] == [(7, "fence")]


def test_prose_may_speak_of_blocks() -> None:
    document = read("policy.md", "---\nid: p\n---\n\nA `datalog` block.\n`datalog` blocks hold statements.\n")
    assert not document.findings


@pytest.mark.parametrize("begin", ["> ", ">", "> > ", "- > "])
def test_a_block_may_stand_in_a_quotation(begin: str) -> None:
    rest = begin.replace("-", " ")
    block = "".join(
        f"{mark}{line}\n" for mark, line in zip([begin, rest, rest], ["```datalog", "p(a).", "```"], strict=True)
    )
    document = read("policy.md", f"---\nid: p\n---\n\nSome words.\n\n{block}")
    assert not document.findings and len(document.statements) == 1


def test_a_document_that_is_never_in_force_is_told_of() -> None:
    text = "---\nid: p\neffective: 2026-02-01\nretired: 2025-01-01\n---\n\n```datalog\n#pred p(Case: case).\n```\n"
    found = library([read("p.md", text)])
    assert [each.line for each in found.check(found.days)] == [4]


def test_a_chart_has_to_ask_for_what_the_documents_decide(tmp_path: Path) -> None:
    policy, chart = tmp_path / "policy.md", tmp_path / "chart.md"
    declared = "#fact drug_requested(Case: case, Drug: text).\n#closed drug_requested.\n"
    declared += "#pred covered(Case: case, Drug: text)."
    goal = "#goal covered(Case, Drug) for drug_requested(Case, Drug).\ncovered(Case, Drug) :- drug_requested(Case, Drug)."
    policy.write_text(f"---\nid: drugs\nkind: reference\n---\n\n```datalog\n{declared}\n{goal}\n```\n", encoding="utf-8")
    asked = 'payer(c, meadow).\nrequest_date(c, "2026-01-01").\n'
    for facts, notes in ((asked, 1), (f"{asked}drug_requested(c, aspirin).\n", 0)):
        chart.write_text(f"---\ncase: c\n---\n\n```datalog\n{facts}```\n", encoding="utf-8")
        found = medproof.check([chart], [policy])
        assert len(found.notes) == notes
        assert all("it states no `drug_requested`" in note for note in found.notes)
