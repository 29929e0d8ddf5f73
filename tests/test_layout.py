"""`medproof format`: one layout, which never changes what is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authoring.layout import laid_out
from cli import main
from kb.language.documents import read
from kb.language.parser import tokens
from kb.language.printer import program_source
from kb.library import files, read_text
from tests.random_programs import RandomProgram, programs
from tests.support import program

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent / "authoring" / "layout"
SHIPPED = [*files(ROOT / "kb" / "policies"), *files(ROOT / "facts"), *files(ROOT / "tests" / "charts")]


@pytest.mark.parametrize("path", sorted(HERE.glob("*.before.*")), ids=lambda path: path.name)
def test_a_document_is_laid_out_as_the_file_beside(path: Path) -> None:
    made = laid_out(path.name, path.read_text(encoding="utf-8"))
    assert made.text == path.with_name(path.name.replace("before", "after")).read_text(encoding="utf-8")
    assert laid_out(path.name, made.text) == made


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_documents_are_in_layout(path: Path) -> None:
    text = read_text(path)
    assert laid_out(path.name, text).text == text


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(programs(), st.lists(st.sampled_from(["", " ", "\n", "  \n\n\n ", " % why\n", "\t"]), min_size=40, max_size=40))
def test_however_a_program_is_spaced_it_says_the_same_laid_out(random: RandomProgram, gaps: list[str]) -> None:
    spaced = "".join(
        gaps[number % 40] + (" " if not gaps[number % 40] or gaps[number % 40].isspace() else "") + token
        for number, token in enumerate(token for token in tokens(random.source) if not token.isspace())
    )
    made = laid_out("random.dl", spaced)
    assert not made.left_alone
    assert program_source(program(made.text)) == program_source(program(spaced)) == program_source(program(random.source))
    assert laid_out("random.dl", made.text) == made
    assert made.text.count("% why") == spaced.count("% why")


def test_prose_and_line_ends_stay() -> None:
    text = "# A\r\n\r\n  odd   prose \r\n\r\n```datalog\r\n#pred a( X :text ).\r\n```\r\n"
    assert laid_out("a.md", text).text == text.replace("a( X :text )", "a(X: text)")
    assert read("a.md", laid_out("a.md", text).text).statements[0].node == read("a.md", text).statements[0].node


def test_the_exit_code_says_that_something_was_left_alone_or_would_change(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("```datalog\n#pred b( X:text ).\n```\n", "utf-8")
    assert CliRunner().invoke(main, ["format", "--check", str(path)]).exit_code == 1
    assert CliRunner().invoke(main, ["format", str(path)]).exit_code == 0
    assert CliRunner().invoke(main, ["format", "--check", str(path)]).exit_code == 0
    path.write_text("```datalog\n#pred b( .\n```\n", "utf-8")
    assert CliRunner().invoke(main, ["format", str(path)]).exit_code == 1


def test_a_block_with_mistakes_is_left_alone_and_the_others_are_not() -> None:
    text = "```datalog\n#pred a( .\n```\n\n```datalog\n#pred b( X:text ).\n```\n"
    made = laid_out("a.md", text)
    assert made.text == text.replace("b( X:text )", "b(X: text)")
    assert made.left_alone == (2,)
