"""The documents at hand, and the programs that are made of them per payer and date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import product
from pathlib import Path

from kb.compiled import Compiled
from kb.language import cache
from kb.language.build import check, in_force
from kb.language.closed import with_scopes
from kb.language.diagnostics import Diagnostic, DocumentErrors
from kb.language.documents import Document
from kb.language.memory import Memory
from kb.language.program import Program
from kb.language.symbols import Report

SHIPPED = (Path(__file__).parent.parent / "facts" / "vocabulary.md", Path(__file__).parent / "policies")
SUFFIXES = (".md", ".dl")
PAGES = ("readme", "changelog", "contributing", "license", "code_of_conduct")
"""What stands beside documents in a directory, and is none."""


class UnreadableFile(Exception):
    """A file that cannot be opened, or that is not text; the message says which and why."""


@dataclass(frozen=True)
class _Checked:
    """What the documents say that are in force together, and what is wrong with them."""

    program: Program
    diagnostics: tuple[Diagnostic, ...]

    @cached_property
    def compiled(self) -> Compiled:
        """The program that answers questions."""
        return Compiled(with_scopes(self.program))


@dataclass
class Library:
    """Documents, and the programs that were built of them. Two libraries share nothing."""

    documents: tuple[Document, ...]
    replaced: tuple[Document, ...] = ()
    """Documents of the user that stand in the place of shipped ones with the same id and version."""
    paths: tuple[Path, ...] = ()
    """The files and directories that were read beside the shipped documents."""
    _compiled: dict[tuple[str, date], Compiled] = field(default_factory=dict)
    _checked: dict[tuple[str, ...], _Checked] = field(default_factory=dict)
    """By the names of the documents: on most days, and where a payer has none, the same are in force."""
    _memories: dict[str, Memory] = field(default_factory=dict)
    """By payer: from one day to another most rules stay what they are."""

    def compiled(self, payer: str, on: date) -> Compiled:
        """The program in force for a payer on a day; raises DocumentErrors with all mistakes in its documents."""
        key = payer, on
        if key not in self._compiled:
            checked = self._check(payer, on)
            if checked.diagnostics:
                raise DocumentErrors(checked.diagnostics)
            self._compiled[key] = checked.compiled.asked(payer, on)
        return self._compiled[key]

    def _check(self, payer: str, on: date) -> _Checked:
        documents = in_force(self.documents, payer, on)
        together = tuple(document.name for document in documents)
        if together not in self._checked:
            memory = self._memories.setdefault(payer, Memory())
            self._checked[together] = _Checked(*check(documents, payer, on, memory))
        return self._checked[together]

    @property
    def payers(self) -> tuple[str, ...]:
        """The payers that have a document here."""
        return tuple(sorted({document.meta.payer for document in self.documents} - {""}))

    @property
    def days(self) -> list[date]:
        """The days on which some document takes effect or retires, and today: every program that ever is in force."""
        metas = [document.meta for document in self.documents]
        return sorted({day for meta in metas for day in (meta.effective, meta.retired, date.today()) if day is not None})

    def check(self, on: Iterable[date]) -> tuple[Diagnostic, ...]:
        """Everything that is wrong with the documents, for every payer on each of the days; each place once."""
        report = Report()
        for payer, day in product(self.payers or ("",), on):
            report.take(self._check(payer, day).diagnostics)
        # A document that is never in force is no part of any program.
        report.add_reading(self.documents)
        return report.diagnostics

    def check_always(self) -> tuple[Diagnostic, ...]:
        """The same on every day; that nothing was wrong is noted on disk, and not looked for again."""
        directory, days = cache.default_directory(), self.days
        of = [cache.code_digest(("kb",)), *(f"{each.name} {each.digest}" for each in self.documents), *map(str, days)]
        return cache.mistakes(of, directory, lambda: self.check(days))


def load(*extra: str | Path, shipped: bool = True, cached: bool = True) -> Library:
    """The shipped documents with those of files and directories; an id and version of a shipped one replaces it."""
    directory = cache.default_directory() if cached else None
    paths = tuple(map(Path, extra))
    found = library([each for path in paths for each in read_all(path, directory)], shipped, cached)
    return replace(found, paths=paths)


def library(documents: Iterable[Document], shipped: bool = True, cached: bool = True) -> Library:
    """The shipped documents with others that were read already; charts among them are left out."""
    directory = cache.default_directory() if cached else None
    own = [each for each in documents if not each.meta.case]
    known = [each for path in SHIPPED for each in read_all(path, directory)] if shipped else []
    ids = {document.id for document in own}
    kept = [document for document in known if document.id not in ids]
    digests = {each.id: each.digest for each in known}
    replaced = tuple(each for each in own if digests.get(each.id, each.digest) != each.digest)
    return Library((*kept, *own), replaced)


def read_all(path: Path, directory: Path | None) -> list[Document]:
    """The documents of a file, or of a directory and its sub-directories, in order of their names."""
    return [read_file(each, directory) for each in files(path)]


def files(path: Path) -> list[Path]:
    """The file, or the documents in a directory and its sub-directories, in order of their names.

    Pages about a directory, such as its README, are none of its documents.
    """
    if path.is_dir():
        found = (each for each in path.rglob("*") if each.suffix in SUFFIXES and each.is_file())
        return sorted(each for each in found if each.stem.lower() not in PAGES)
    return [path]


def read_file(path: Path, directory: Path | None) -> Document:
    """The document in a file; raises UnreadableFile."""
    return cache.read(shown(path), read_text(path), directory)


def read_text(path: Path) -> str:
    """What stands in a file, line ends as they are; raises UnreadableFile."""
    try:
        return decoded(str(path), path.read_bytes())
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or error}") from error


def decoded(name: str, data: bytes) -> str:
    """The text that some bytes are; raises UnreadableFile under that name."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{name}: not UTF-8 text (byte {error.start})") from error


def shown(path: Path) -> str:
    """The path as messages show it: relative to where the user stands, or to the installation."""
    for base in (Path.cwd(), Path(__file__).parent.parent):
        if path.absolute().is_relative_to(base):
            return path.absolute().relative_to(base).as_posix()
    return path.as_posix()
