"""Checking with a memory of former looks finds what checking afresh finds, whatever is typed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kb.language.build import check, in_force
from kb.language.documents import Document, read
from kb.language.memory import Memory

ROOT = Path(__file__).parent.parent
DAY = date(2026, 2, 1)
FILES = ("facts/vocabulary.md", "kb/policies/anatomy.md", "kb/policies/aetna-cpb-0743.md", "kb/policies/questions.md")
TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}
SHIPPED = {name: read(name, text) for name, text in TEXTS.items()}
WORDS = ("", "```", "a", ".", "not ", "S", "_, ", "(")
TYPED = ("#pred p(Case: case).", "# A heading", "p(X) :- q(X).", "#domain d = a | b.", *WORDS)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, int, int, str]:
    """A line of a document, a column, how much to delete there, and what to type."""
    name = draw(st.sampled_from(FILES))
    lines = TEXTS[name].split("\n")
    line = draw(st.integers(0, len(lines) - 1))
    column = draw(st.integers(0, len(lines[line])))
    return name, line, column, draw(st.sampled_from(("\n", *TYPED, *(f"\n{each}\n" for each in TYPED))))


def edited(text: str, edit: tuple[str, int, int, str], cut: int) -> str:
    lines = text.split("\n")
    _, line, column, typed = edit
    if line < len(lines):
        lines[line] = lines[line][:column] + typed + lines[line][column + cut :]
    return "\n".join(lines)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(edits(), st.integers(0, 6), st.booleans()), min_size=1, max_size=6))
def test_what_is_remembered_is_what_a_fresh_look_finds(steps: list[tuple[tuple[str, int, int, str], int, bool]]) -> None:
    documents, texts, memory = dict(SHIPPED), dict(TEXTS), Memory()
    for edit, cut, is_taken_back in ((None, 0, False), *steps):
        if edit is not None:
            name = edit[0]
            texts[name] = TEXTS[name] if is_taken_back else edited(texts[name], edit, cut)
            documents[name] = read(name, texts[name])
        found: tuple[Document, ...] = in_force(documents.values(), "aetna", DAY)
        remembered, fresh = check(found, "aetna", DAY, memory), check(found, "aetna", DAY)
        assert remembered == fresh
        assert [rule.origin for rule in remembered[0].rules] == [rule.origin for rule in fresh[0].rules]
        assert [rule.rule.place for rule in remembered[0].rules] == [rule.rule.place for rule in fresh[0].rules]
