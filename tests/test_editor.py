"""The language server, driven over standard input and output by a client as an editor has one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as t
from pygls.lsp.client import LanguageClient

from authoring.editor.code import names
from kb.language import syntax as s
from kb.library import SHIPPED, files

ROOT = Path(__file__).parent.parent

VOCABULARY = """\
---
id: fever-terms
kind: reference
---

# Terms

How hot somebody is.

```datalog
#domain heat = mild < high < extreme.
#fact heat_of(Case: case, Heat: heat, On: date) :: "the heat was {Heat} on {On}".
#about heat_of(Case).
```
"""

POLICY = """\
---
id: fever
kind: guideline
---

# Fever 🌡️

Somebody with high heat has a fever.

```datalog
#pred fever(Case: case) :: "a fever".
fever(Case) :- heat_of(Case, Heat, _), Heat >= high.
```

It is bad when it is a fever of extreme heat.

```datalog
#pred bad_fever(Case: case).
bad_fever(Case) :- fever(Case), heat_of(Case, extreme, _).
```

```datalog test "high heat is a fever"
heat_of(c, high, "2026-01-01").
?- fever(c).
```

```datalog test "mild heat is wrongly called a fever"
heat_of(c, mild, "2026-01-01").
?- fever(c).
```
"""

CHART = """\
---
case: ann
---

# Chart

```datalog
payer(ann, "none").
request_date(ann, "2026-02-01").
heat_of(ann, high, "2026-01-01").
```
"""


class Editor:
    """A folder with an editor that has it open."""

    def __init__(self, client: LanguageClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.told: dict[str, list[t.Diagnostic]] = {}
        self.messages: list[str] = []
        self.news = asyncio.Event()
        self.versions: dict[str, int] = {}

        client.feature(t.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._hear(params))
        client.feature(t.WINDOW_SHOW_MESSAGE)(lambda params: self._note(params))
        client.feature(t.WINDOW_LOG_MESSAGE)(lambda params: self._note(params))

    def _hear(self, params: t.PublishDiagnosticsParams) -> None:
        self.told[params.uri] = list(params.diagnostics)
        self.news.set()

    def _note(self, params: t.ShowMessageParams | t.LogMessageParams) -> None:
        self.messages.append(params.message)

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def file(self, name: str) -> t.TextDocumentIdentifier:
        return t.TextDocumentIdentifier(self.uri(name))

    async def open(self, name: str) -> list[t.Diagnostic]:
        text = (self.folder / name).read_text(encoding="utf-8")
        self.news.clear()
        self.client.text_document_did_open(
            t.DidOpenTextDocumentParams(t.TextDocumentItem(self.uri(name), "markdown", 1, text))
        )
        return await self.heard(name)

    async def type(self, name: str, line: int, start: int, end: int, text: str) -> list[t.Diagnostic]:
        """Replaces characters of a line (from 0, in UTF-16 units), as an editor tells of them."""
        self.versions[name] = self.versions.get(name, 1) + 1
        change = t.TextDocumentContentChangePartial(t.Range(t.Position(line, start), t.Position(line, end)), text)
        identifier = t.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name))
        self.news.clear()
        self.client.text_document_did_change(t.DidChangeTextDocumentParams(identifier, [change]))
        return await self.heard(name)

    async def heard(self, name: str) -> list[t.Diagnostic]:
        await asyncio.wait_for(self.news.wait(), 60)
        return self.told[self.uri(name)]


def place(text: str, word: str, nth: int = 0) -> t.Position:
    """Where a word stands, in the middle of it; in UTF-16 units."""
    offset = -1
    for _ in range(nth + 1):
        offset = text.index(word, offset + 1)
    offset += len(word) // 2
    before = text[:offset].split("\n")
    return t.Position(len(before) - 1, len(before[-1].encode("utf-16-le")) // 2)


async def definition(editor: Editor, name: str, at: t.Position) -> list[t.Location]:
    found = await editor.client.text_document_definition_async(t.DefinitionParams(editor.file(name), at))
    assert isinstance(found, (list, tuple))
    return [each for each in found if isinstance(each, t.Location)]


@pytest.fixture
def talk(tmp_path: Path) -> Callable[[Callable[[Editor], Awaitable[None]]], None]:
    """Runs a conversation with a server of its own."""
    (tmp_path / "terms.md").write_text(VOCABULARY, encoding="utf-8")
    (tmp_path / "fever.md").write_text(POLICY, encoding="utf-8")
    (tmp_path / "ann.md").write_text(CHART, encoding="utf-8")

    async def run(said: Callable[[Editor], Awaitable[None]]) -> None:
        client = LanguageClient("test", "1")
        await client.start_io(sys.executable, "-m", "cli", "lsp", cwd=ROOT)
        editor = Editor(client, tmp_path)
        folder = t.WorkspaceFolder(tmp_path.as_uri(), "policies")
        capabilities = t.ClientCapabilities()
        await client.initialize_async(
            t.InitializeParams(capabilities, root_uri=tmp_path.as_uri(), workspace_folders=[folder])
        )
        client.initialized(t.InitializedParams())
        try:
            await said(editor)
        finally:
            await client.shutdown_async(None)
            client.exit(None)
            await asyncio.wait_for(client.stop(), 20)  # type: ignore[no-untyped-call]

    return lambda said: asyncio.run(run(said))


def test_mistakes_are_told_as_they_are_typed_and_go_when_they_are_mended(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        assert await editor.open("fever.md") == []
        line = POLICY.split("\n").index("fever(Case) :- heat_of(Case, Heat, _), Heat >= high.")
        [mistake] = await editor.type("fever.md", line, 15, 22, "heatof")
        assert mistake.code == "unknown-predicate"
        assert "heat_of" in mistake.message
        assert mistake.range == t.Range(t.Position(line, 15), t.Position(line, 15 + len("heatof(Case, Heat, _)")))
        assert await editor.type("fever.md", line, 15, 21, "heat_of") == []
        # Half a statement is a mistake, and no more than one.
        assert len(await editor.type("fever.md", line, 30, 60, "")) == 1

    talk(said)


def test_hover_says_what_a_name_means(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        await editor.open("fever.md")
        shown = {}
        for word, nth in (("heat_of", 0), ("high", 1), ("Heat", 0), ("bad_fever", 0)):
            found = await editor.client.text_document_hover_async(
                t.HoverParams(editor.file("fever.md"), place(POLICY, word, nth))
            )
            assert found is not None
            assert isinstance(found.contents, t.MarkupContent)
            shown[word] = found.contents.value
        assert "#fact heat_of(Case: case, Heat: heat, On: date)" in shown["heat_of"]
        assert "the heat was {Heat} on {On}" in shown["heat_of"]
        assert "How hot somebody is." in shown["heat_of"]
        assert "mild < high < extreme" in shown["high"]
        assert shown["Heat"] == "`Heat`: heat"
        assert "Concluded by 1 rule" in shown["bad_fever"]
        prose = await editor.client.text_document_hover_async(
            t.HoverParams(editor.file("fever.md"), place(POLICY, "Somebody"))
        )
        assert prose is None

    talk(said)


def test_definitions_and_references_cross_documents(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        await editor.open("fever.md")
        at = place(POLICY, "heat_of")
        [found] = await definition(editor, "fever.md", at)
        assert found.uri == editor.uri("terms.md")
        assert found.range.start == t.Position(11, 6)
        everywhere = await editor.client.text_document_references_async(
            t.ReferenceParams(t.ReferenceContext(True), editor.file("fever.md"), at)
        )
        by_file = [Path(each.uri).name for each in everywhere or ()]
        assert {name: by_file.count(name) for name in by_file} == {"ann.md": 1, "fever.md": 4, "terms.md": 2}

    talk(said)


def test_renaming_reaches_every_document_and_what_is_shipped_stays(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        await editor.open("fever.md")

        async def rename(word: str, new: str, nth: int = 0) -> t.WorkspaceEdit | None:
            return await editor.client.text_document_rename_async(
                t.RenameParams(editor.file("fever.md"), place(POLICY, word, nth), new)
            )

        found = await rename("heat_of", "temperature_of")
        assert found is not None
        assert {Path(uri).name: len(edits) for uri, edits in (found.changes or {}).items()} == {
            "ann.md": 1, "fever.md": 4, "terms.md": 2,
        }  # fmt: skip
        variable = await rename("Heat", "Degree")
        assert variable is not None
        [(uri, edits)] = (variable.changes or {}).items()
        assert (Path(uri).name, len(edits)) == ("fever.md", 2)
        assert await rename("heat_of", "Heat") is None
        assert await rename("heat_of", "fever") is None
        assert await rename("bad_fever", "therapy") is None
        assert any("lower-case" in each for each in editor.messages)
        assert any("in use already" in each for each in editor.messages)

    talk(said)


def test_completion_knows_predicates_values_variables_and_types(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        await editor.open("fever.md")
        await editor.open("ann.md")

        async def at(name: str, line: int, column: int) -> list[str]:
            found = await editor.client.text_document_completion_async(
                t.CompletionParams(editor.file(name), t.Position(line, column))
            )
            assert isinstance(found, t.CompletionList)
            return [each.label for each in found.items]

        rule = POLICY.split("\n").index("fever(Case) :- heat_of(Case, Heat, _), Heat >= high.")
        inside = await at("fever.md", rule, len("fever(Case) :- heat_of(Case, "))
        assert inside[:3] == ["mild", "high", "extreme"]
        assert "Heat" in inside
        premises = await at("fever.md", rule, len("fever(Case) :- "))
        assert {"heat_of", "bad_fever", "motor_strength", "Case"} <= set(premises)
        declared = POLICY.split("\n").index('#pred fever(Case: case) :: "a fever".')
        assert {"heat", "date", "case"} <= set(await at("fever.md", declared, len("#pred fever(Case: ")))
        assert await at("fever.md", 6, 3) == []
        # An argument that is being written at the end of a block, and an expectation.
        last = POLICY.split("\n").index("bad_fever(Case) :- fever(Case), heat_of(Case, extreme, _).")
        await editor.type("fever.md", last, len("bad_fever(Case) :- fever(Case), heat_of(Case, "), 90, "")
        assert (await at("fever.md", last, len("bad_fever(Case) :- fever(Case), heat_of(Case, ")))[:2] == ["mild", "high"]
        expectation = POLICY.split("\n").index("?- fever(c).")
        assert {"not", "refuted", "fever"} <= set(await at("fever.md", expectation, len("?- ")))
        stated = CHART.split("\n").index('heat_of(ann, high, "2026-01-01").')
        assert (await at("ann.md", stated, len("heat_of(")))[0] == "ann"
        assert "bad_fever" not in await at("ann.md", stated, 3)

    talk(said)


def test_formatting_changes_lines_that_are_laid_out_otherwise_only(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        await editor.open("fever.md")
        line = POLICY.split("\n").index("bad_fever(Case) :- fever(Case), heat_of(Case, extreme, _).")
        await editor.type("fever.md", line, 15, 19, ":-   ")
        edits = await editor.client.text_document_formatting_async(
            t.DocumentFormattingParams(editor.file("fever.md"), t.FormattingOptions(4, True))
        )
        [edit] = edits or ()
        assert edit.range == t.Range(t.Position(line, 0), t.Position(line + 1, 0))
        assert edit.new_text == "bad_fever(Case) :- fever(Case), heat_of(Case, extreme, _).\n"

    talk(said)


def test_a_lens_runs_a_test_and_its_failure_is_told_at_its_place(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        await editor.open("fever.md")
        lenses = await editor.client.text_document_code_lens_async(t.CodeLensParams(editor.file("fever.md")))
        commands = [each.command for each in lenses or () if each.command]
        assert [each.title for each in commands] == ["run test", "run test"]
        for command in commands:
            editor.news.clear()
            await editor.client.workspace_execute_command_async(
                t.ExecuteCommandParams(command.command, arguments=command.arguments)
            )
            failures = await editor.heard("fever.md")
        [failure] = failures
        assert failure.range.start.line == POLICY.split("\n").index('```datalog test "mild heat is wrongly called a fever"')
        assert "the test fails" in failure.message
        after = await editor.client.text_document_code_lens_async(t.CodeLensParams(editor.file("fever.md")))
        titles = [each.command.title for each in after or () if each.command]
        assert titles[0].startswith("✓ passed")
        assert titles[1] == "✗ failed"
        assert any("wrongly called" in each for each in editor.messages)

    talk(said)


def test_the_outline_has_sections_with_what_stands_in_them(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        await editor.open("fever.md")
        found = await editor.client.text_document_document_symbol_async(t.DocumentSymbolParams(editor.file("fever.md")))
        section = next(each for each in found or () if isinstance(each, t.DocumentSymbol))
        assert section.name == "Fever 🌡️"
        assert section.selection_range.start.line == 5
        assert [each.name for each in section.children or ()] == ["fever", "fever", "bad_fever", "bad_fever"]
        assert sum(each.kind is t.SymbolKind.Method for each in found or ()) == 2

    talk(said)


def test_a_file_without_sense_does_not_stop_the_server(talk: Any) -> None:
    async def said(editor: Editor) -> None:
        (editor.folder / "odd.md").write_text(
            '---\nid: [odd\n---\n```datalog\np(X :- ((\n#domain\n"open\n```datalog\n', "utf-8"
        )
        assert await editor.open("odd.md")
        for position in (t.Position(0, 0), t.Position(4, 3), t.Position(6, 2), t.Position(900, 7)):
            await editor.client.text_document_hover_async(t.HoverParams(editor.file("odd.md"), position))
            await editor.client.text_document_completion_async(t.CompletionParams(editor.file("odd.md"), position))
        assert await editor.open("fever.md") == []

    talk(said)


@pytest.mark.parametrize("path", [each for shipped in SHIPPED for each in files(shipped)], ids=lambda path: path.stem)
def test_names_are_those_that_the_parser_finds(path: Path) -> None:
    from kb.language.documents import read

    text = path.read_text(encoding="utf-8")
    document = read(path.name, text)
    nodes = [each.node for each in (*document.statements, *(x for test in document.tests for x in test.statements))]
    parsed = sorted((atom.predicate, atom.place.line) for node in nodes for atom in _atoms(node))
    found = sorted((each.text, each.place.line) for each in names(path.name, text) if each.kind == "predicate")
    assert found == parsed


def _atoms(node: s.Statement) -> list[s.Atom]:
    if isinstance(node, s.Rule):
        return list(s.atoms(node))
    if isinstance(node, s.Expectation):
        return [each.atom for each in s.literals(node.body)]
    if isinstance(node, s.GoalDeclaration):
        return [node.atom, node.trigger]
    if isinstance(node, (s.Property, s.CriterionDeclaration, s.ReadingDeclaration)):
        return [node.atom]
    if isinstance(node, s.PredicateDeclaration):
        return [s.Atom(node.name, (), False, node.place)]
    if isinstance(node, s.Flag):
        return [s.Atom(name, (), False, where) for name, where in node.names]
    return []
