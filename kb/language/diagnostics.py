"""What is wrong with a document, as data; printing it is a separate function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from kb.language.syntax import Place


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One mistake at one place: a sentence, and a hint where one helps.

    `code` is stable and names the kind of mistake; `related` are other places of
    the same mistake, each with its document and what stands there.
    """

    document: str
    line: int
    column: int
    length: int
    code: str
    message: str
    hint: str = ""
    section: str = ""
    source_line: str = ""
    related: tuple[tuple[str, str, int], ...] = ()

    def __str__(self) -> str:
        return render(self)


class DocumentErrors(Exception):
    """Documents that cannot be used, with every diagnostic, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics)))
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n\n".join(render(each) for each in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake that a check found in one statement, before it is put in its document."""

    place: Place
    code: str
    message: str
    hint: str = ""
    related: tuple[tuple[str, str, int], ...] = ()


def render(diagnostic: Diagnostic) -> str:
    """The diagnostic as text: place, sentence, the line with a caret, hint."""
    where = f"{diagnostic.document}:{diagnostic.line}:{diagnostic.column}"
    section = f"  (section {diagnostic.section})" if diagnostic.section else ""
    lines = [f"{where}: {diagnostic.message}  [{diagnostic.code}]{section}"]
    lines += _excerpt(diagnostic)
    lines += [f"   see {name}:{line}: {what}" for what, name, line in diagnostic.related]
    if diagnostic.hint:
        lines.append(f"   hint: {diagnostic.hint}")
    return "\n".join(lines)


def _excerpt(diagnostic: Diagnostic) -> list[str]:
    if not diagnostic.source_line.strip():
        return []
    text = diagnostic.source_line.rstrip("\n")
    number = str(diagnostic.line)
    # Tabs are kept, so that the caret stands under its character in any terminal.
    before = "".join("\t" if char == "\t" else " " for char in text[: diagnostic.column - 1])
    room = max(1, len(text) - diagnostic.column + 1)
    caret = "^" * max(1, min(diagnostic.length, room))
    return [f" {number} | {text}", f" {' ' * len(number)} | {before}{caret}"]


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the most similar known name, or nothing."""
    candidates = sorted(set(known))
    lowered = {candidate.lower(): candidate for candidate in candidates}
    match = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return f"did you mean `{lowered[match[0]]}`?" if match else ""
