"""The language server: what the editor asks, in the terms of the Language Server Protocol 3.17."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from importlib.metadata import version
from pathlib import Path

from lsprotocol import types as t
from pygls import uris
from pygls.lsp.server import LanguageServer
from pygls.workspace import ServerTextPosition, ServerTextRange

from authoring.editor import answers
from authoring.editor.code import DOMAIN, PREDICATE, VALUE, VARIABLE, Name
from authoring.editor.desk import Desk
from authoring.layout import laid_out
from authoring.reports import results_page
from authoring.running import Result, run
from kb.language.diagnostics import Diagnostic
from kb.language.syntax import Place

RUN_TEST = "medproof.runTest"

_COMPLETION_KINDS = {
    PREDICATE: t.CompletionItemKind.Function,
    VARIABLE: t.CompletionItemKind.Variable,
    VALUE: t.CompletionItemKind.EnumMember,
    DOMAIN: t.CompletionItemKind.Enum,
    "keyword": t.CompletionItemKind.Keyword,
}
_SYMBOL_KINDS = {
    "section": t.SymbolKind.Namespace, "rule": t.SymbolKind.Function, PREDICATE: t.SymbolKind.Interface,
    DOMAIN: t.SymbolKind.Enum, "criterion": t.SymbolKind.Key, "goal": t.SymbolKind.Event, "test": t.SymbolKind.Method,
}  # fmt: skip


class Server(LanguageServer):
    """The server of one editor: its documents, and the tests that were run."""

    def __init__(self) -> None:
        super().__init__("medproof", version("medproof"))
        self.desk = Desk()
        self.results: dict[tuple[str, str], Result] = {}

    # What is wrong

    def publish(self, path: str, thorough: bool) -> None:
        """Tells the editor what is wrong with a document; `thorough`: with its tests, and under every payer."""
        if path not in self.desk.documents:  # a page, and no document
            self.text_document_publish_diagnostics(t.PublishDiagnosticsParams(_uri(path), []))
            return
        found = self.desk.thorough(path) if thorough else self.desk.diagnostics(path)
        lines = self.desk.documents[path].lines
        items = [self._diagnostic(each, lines) for each in found]
        failures = [self._failure(result, lines) for (file, _), result in self.results.items() if file == path]
        items += [each for each in failures if each is not None]
        self.text_document_publish_diagnostics(t.PublishDiagnosticsParams(_uri(path), items))

    def _diagnostic(self, each: Diagnostic, lines: Sequence[str]) -> t.Diagnostic:
        message = f"{each.message}\n{each.hint}" if each.hint else each.message
        related = [
            t.DiagnosticRelatedInformation(t.Location(_uri(file), _whole_line(self.desk.documents[file].lines, line)), said)
            for said, file, line in each.related
            if file in self.desk.documents
        ]
        return t.Diagnostic(
            self.range(Place(each.line, each.column, each.length), lines),
            message,
            severity=t.DiagnosticSeverity.Error,
            code=each.code,
            source="medproof",
            related_information=related or None,
        )

    def _failure(self, result: Result, lines: Sequence[str]) -> t.Diagnostic | None:
        if result.passed or result.line > len(lines):
            return None
        said = [f"{each.expectation} {each.found}" for each in result.failures]
        return t.Diagnostic(
            _whole_line(lines, result.line),
            "\n".join(["the test fails", *said, *result.mistakes]),
            severity=t.DiagnosticSeverity.Warning,
            code="test",
            source="medproof",
        )

    # Places

    def range(self, place: Place, lines: Sequence[str]) -> t.Range:
        """A place in the editor's terms."""
        line = max(0, place.line - 1)
        start, end = ServerTextPosition(line, place.column - 1), ServerTextPosition(line, place.column - 1 + place.length)
        width = len(lines[line]) if line < len(lines) else 0
        if end.character > max(width, start.character):
            end = ServerTextPosition(line, max(width, start.character))
        return self.workspace.position_codec.range_to_client_units(lines, ServerTextRange(start, end))

    def location(self, path: str, name: Name) -> t.Location:
        """Where a name stands."""
        return t.Location(_uri(path), self.range(name.place, self.desk.documents[path].lines))

    def position(self, path: str, position: t.Position) -> tuple[int, int]:
        """The line and the column, from 1, of a place that the editor tells."""
        found = self.workspace.position_codec.position_from_client_units(self.desk.documents[path].lines, position)
        return found.line + 1, found.character + 1

    def at(self, file: t.TextDocumentIdentifier, position: t.Position) -> tuple[str, Name | None]:
        """The document and the name at the place that a request is about."""
        path = _path(file.uri)
        if path not in self.desk.documents:
            return path, None
        return path, self.desk.name_at(path, *self.position(path, position))


def server() -> Server:
    """A server that speaks over whatever it is started on."""
    made = Server()

    @made.feature(t.INITIALIZED)
    def initialized(ls: Server, _: t.InitializedParams) -> None:
        folders = [folder.uri for folder in ls.workspace.folders.values()] or [ls.workspace.root_uri or ""]
        ls.desk = Desk.of(Path(path) for uri in folders if (path := uris.to_fs_path(uri)))
        for document in ls.workspace.text_documents.values():
            ls.desk.put(_path(document.uri), document.source)
            ls.publish(_path(document.uri), thorough=True)
        # What was read stays: the collector need not look at it between keystrokes.
        gc.collect()
        gc.freeze()

    @made.feature(t.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: Server, params: t.DidOpenTextDocumentParams) -> None:
        ls.desk.put(_path(params.text_document.uri), params.text_document.text)
        ls.publish(_path(params.text_document.uri), thorough=True)

    @made.feature(t.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: Server, params: t.DidChangeTextDocumentParams) -> None:
        path = _path(params.text_document.uri)
        ls.desk.put(path, ls.workspace.get_text_document(params.text_document.uri).source)
        ls.results = {key: result for key, result in ls.results.items() if key[0] != path}
        ls.publish(path, thorough=False)

    @made.feature(t.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: Server, _: t.DidSaveTextDocumentParams) -> None:
        for document in ls.workspace.text_documents.values():
            if _path(document.uri) in ls.desk.documents:
                ls.publish(_path(document.uri), thorough=True)

    @made.feature(t.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: t.DidCloseTextDocumentParams) -> None:
        ls.desk.save(Path(_path(params.text_document.uri)))
        ls.text_document_publish_diagnostics(t.PublishDiagnosticsParams(params.text_document.uri, []))

    @made.feature(t.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(ls: Server, params: t.DidChangeWatchedFilesParams) -> None:
        open_now = set(ls.workspace.text_documents)
        for change in params.changes:
            if change.uri not in open_now:
                ls.desk.save(Path(_path(change.uri)))

    @made.feature(t.TEXT_DOCUMENT_HOVER)
    def hover(ls: Server, params: t.HoverParams) -> t.Hover | None:
        path, name = ls.at(params.text_document, params.position)
        said = answers.hover(ls.desk, path, name) if name is not None else ""
        if name is None or not said:
            return None
        return t.Hover(t.MarkupContent(t.MarkupKind.Markdown, said), ls.location(path, name).range)

    @made.feature(t.TEXT_DOCUMENT_DEFINITION)
    def definition(ls: Server, params: t.DefinitionParams) -> list[t.Location]:
        path, name = ls.at(params.text_document, params.position)
        found = ls.desk.declaration(ls.desk.entity(path, name)) if name is not None else []
        return [ls.location(*each) for each in found]

    @made.feature(t.TEXT_DOCUMENT_REFERENCES)
    def references(ls: Server, params: t.ReferenceParams) -> list[t.Location]:
        path, name = ls.at(params.text_document, params.position)
        found = ls.desk.occurrences(ls.desk.entity(path, name)) if name is not None else []
        with_declaration = params.context.include_declaration
        return [ls.location(*each) for each in found if with_declaration or not each[1].declares]

    @made.feature(t.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def highlights(ls: Server, params: t.DocumentHighlightParams) -> list[t.DocumentHighlight]:
        path, name = ls.at(params.text_document, params.position)
        found = ls.desk.occurrences(ls.desk.entity(path, name)) if name is not None else []
        return [t.DocumentHighlight(ls.location(*each).range) for each in found if each[0] == path]

    @made.feature(t.TEXT_DOCUMENT_PREPARE_RENAME)
    def may_be_renamed(ls: Server, params: t.PrepareRenameParams) -> t.Range | None:
        path, name = ls.at(params.text_document, params.position)
        return None if name is None or name.kind == VALUE else ls.location(path, name).range

    @made.feature(t.TEXT_DOCUMENT_RENAME)
    def rename(ls: Server, params: t.RenameParams) -> t.WorkspaceEdit | None:
        path, name = ls.at(params.text_document, params.position)
        if name is None:
            return None
        try:
            found = answers.renamed(ls.desk, path, name, params.new_name)
        except answers.NotRenamed as problem:
            ls.window_show_message(t.ShowMessageParams(t.MessageType.Warning, str(problem)))
            return None
        return t.WorkspaceEdit(
            {
                _uri(where): [t.TextEdit(ls.location(where, each).range, params.new_name) for each in names]
                for where, names in found.items()
            }
        )

    @made.feature(t.TEXT_DOCUMENT_COMPLETION, t.CompletionOptions(trigger_characters=["(", ",", "#", ":"]))
    def complete(ls: Server, params: t.CompletionParams) -> t.CompletionList:
        path = _path(params.text_document.uri)
        if path not in ls.desk.documents:
            return t.CompletionList(False, [])
        found = answers.completions(ls.desk, path, *ls.position(path, params.position))
        items = [
            t.CompletionItem(each.text, kind=_COMPLETION_KINDS[each.kind], detail=each.about or None, sort_text=f"{n:05}")
            for n, each in enumerate(found)
        ]
        return t.CompletionList(False, items)

    @made.feature(t.TEXT_DOCUMENT_FORMATTING)
    def lay_out(ls: Server, params: t.DocumentFormattingParams) -> list[t.TextEdit]:
        document = ls.workspace.get_text_document(params.text_document.uri)
        path = _path(params.text_document.uri)
        if path not in ls.desk.documents:
            return []
        return list(_edits(document.source, laid_out(path, document.source).text))

    @made.feature(t.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(ls: Server, params: t.DocumentSymbolParams) -> list[t.DocumentSymbol]:
        path = _path(params.text_document.uri)
        if path not in ls.desk.documents:
            return []
        document = ls.desk.documents[path]
        return [_symbol(each, document.lines) for each in answers.symbols(document)]

    @made.feature(t.TEXT_DOCUMENT_CODE_LENS)
    def lenses(ls: Server, params: t.CodeLensParams) -> list[t.CodeLens]:
        path = _path(params.text_document.uri)
        if path not in ls.desk.documents:
            return []
        document, found = ls.desk.documents[path], []
        for test in document.tests:
            result = ls.results.get((path, test.name))
            title = (
                "run test"
                if result is None
                else f"✓ passed, {result.seconds * 1000:.0f} ms"
                if result.passed
                else "✗ failed"
            )
            command = t.Command(title, RUN_TEST, arguments=[params.text_document.uri, test.name])
            found.append(t.CodeLens(_whole_line(document.lines, test.place.line), command))
        return found

    @made.command(RUN_TEST)
    def run_test(ls: Server, uri: str, name: str) -> str:
        path = _path(uri)
        trial = ls.desk.trial(path, name) if path in ls.desk.documents else None
        if trial is None:
            return f"there is no test `{name}` in {path}"
        result = run(ls.desk.library, trial)
        ls.results[path, name] = result
        said = results_page([result], 100).text
        kind = t.MessageType.Info if result.passed else t.MessageType.Warning
        ls.window_log_message(t.LogMessageParams(kind, said))
        ls.publish(path, thorough=False)
        refresh = ls.client_capabilities.workspace and ls.client_capabilities.workspace.code_lens
        if refresh and refresh.refresh_support:
            ls.workspace_code_lens_refresh(None)
        return said

    return made


def _path(uri: str) -> str:
    return uris.to_fs_path(uri) or uri


def _uri(path: str) -> str:
    return uris.from_fs_path(path) or path


def _whole_line(lines: Sequence[str], line: int) -> t.Range:
    """A line, from 1; its end is its end in any encoding of positions, since what lies beyond counts as the end."""
    return t.Range(t.Position(line - 1, 0), t.Position(line - 1, len(lines[line - 1].encode("utf-16-le")) // 2))


def _symbol(symbol: answers.Symbol, lines: Sequence[str]) -> t.DocumentSymbol:
    chosen = _whole_line(lines, symbol.line)
    whole = t.Range(chosen.start, _whole_line(lines, symbol.last).end)
    children = [_symbol(each, lines) for each in symbol.children]
    return t.DocumentSymbol(symbol.name, _SYMBOL_KINDS[symbol.kind], whole, chosen, children=children)


def _edits(before: str, after: str) -> Iterable[t.TextEdit]:
    """What makes one text the other, line by line: what stays keeps its cursor and its folds."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for kind, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            yield t.TextEdit(t.Range(t.Position(start, 0), t.Position(end, 0)), "".join(new[first:last]))
