"""The documents that an editor works on: those of its folders, as they are typed, over the shipped ones."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from authoring.editor.code import DOMAIN, PREDICATE, VALUE, VARIABLE, Name, names
from authoring.trials import Trial, in_force_on, mistakes_in_tests, trials
from facts.opening import CaseProblem, asked
from facts.readers.datalog import read_chart
from kb.language import cache
from kb.language.build import check, in_force
from kb.language.diagnostics import Diagnostic, Finding
from kb.language.documents import Document, read
from kb.language.memory import Memory
from kb.language.program import Program
from kb.language.syntax import Place
from kb.library import SHIPPED, Library, UnreadableFile, files, read_text

Entity = tuple[str, str, str]
"""What a name means: its kind, where it is known (nothing: everywhere), and the name there."""


@dataclass
class Desk:
    """Documents by the path of their file; what is typed goes before what is saved."""

    documents: dict[str, Document] = field(default_factory=dict)
    _programs: dict[tuple[str, date], tuple[Program, tuple[Diagnostic, ...]]] = field(default_factory=dict)
    _memories: dict[tuple[str, date], Memory] = field(default_factory=dict)
    _names: dict[str, tuple[Name, ...]] = field(default_factory=dict)
    _shipped: set[str] = field(default_factory=set)

    @staticmethod
    def of(folders: Iterable[Path]) -> Desk:
        """The documents in folders, with the shipped ones that they do not replace."""
        desk = Desk()
        for path in (each for shipped in SHIPPED for each in files(shipped)):
            desk.save(path)
            desk._shipped.add(str(path))
        for path in (each for folder in folders for each in files(folder.resolve())):
            desk._shipped.discard(str(path))
            desk.save(path)
        return desk

    def put(self, path: str, text: str) -> Document:
        """The document in a file is now this text."""
        self._shipped.discard(path)
        document = read(path, text)
        self._changed(document)
        return document

    def save(self, path: Path) -> None:
        """The document in a file is what is saved there; a file that is no document, or gone, is none."""
        try:
            document = cache.read(str(path), read_text(path), cache.default_directory())
        except UnreadableFile:
            document = read(str(path), "")
        self._changed(document)

    def _changed(self, document: Document) -> None:
        if _is_document(document):
            self.documents[document.name] = document
        else:
            self.documents.pop(document.name, None)
        self._programs.clear()
        self._names.pop(document.name, None)

    @property
    def in_use(self) -> tuple[Document, ...]:
        """The documents that count: a shipped one gives way to one of the same id and version."""
        ids = {document.id for name, document in self.documents.items() if name not in self._shipped}
        return tuple(
            document
            for name, document in self.documents.items()
            if not document.meta.case and (name not in self._shipped or document.id not in ids)
        )

    def is_shipped(self, path: str) -> bool:
        """Whether a document comes with medproof, and is not one of the editor's folders."""
        return path in self._shipped

    @property
    def library(self) -> Library:
        """The documents that count, for whatever works on a library."""
        return Library(self.in_use)

    def program(self, document: Document) -> Program:
        """The program that a document is part of, as far as it is right; for a chart the one that decides it."""
        return self._checked(document)[0]

    def _checked(self, document: Document) -> tuple[Program, tuple[Diagnostic, ...]]:
        key = _under(document)
        if key not in self._programs:
            memory = self._memories.setdefault(key, Memory())
            self._programs[key] = check(in_force(self.in_use, *key), *key, memory)
        return self._programs[key]

    def diagnostics(self, path: str) -> tuple[Diagnostic, ...]:
        """What is wrong with a document under its own payer: quick enough for every keystroke."""
        document = self.documents[path]
        program, found = self._checked(document)
        if not document.meta.case:
            return tuple(each for each in found if each.document == path)
        try:
            asked(document)
        except CaseProblem as problem:
            return (document.diagnostic(Finding(Place(1, 1, 3), "chart", str(problem))),)
        return read_chart(document, program)[1]

    def thorough(self, path: str) -> tuple[Diagnostic, ...]:
        """The same with its tests, and for every payer on every day on which something changes."""
        document = self.documents[path]
        found = set(self.diagnostics(path))
        base = self.library
        if not document.meta.case:
            found.update(each for each in base.check(base.days) if each.document == path)
        with suppress(CaseProblem):  # a test that states two payers; running it says so
            found.update(mistakes_in_tests(document, base))
        return tuple(sorted(each for each in found if each.document == path))

    def trial(self, path: str, name: str) -> Trial | None:
        """The test of that name."""
        return next((each for each in trials(self.documents[path]) if each.test.name == name), None)

    # Names

    def names(self, path: str) -> tuple[Name, ...]:
        """The names in the code of a document."""
        if path not in self._names:
            self._names[path] = names(path, self.documents[path].text)
        return self._names[path]

    def name_at(self, path: str, line: int, column: int) -> Name | None:
        """The name that stands at a line and a column (from 1), or ends there."""
        for each in self.names(path):
            place = each.place
            if place.line == line and place.column <= column <= place.column + place.length:
                return each
        return None

    def entity(self, path: str, name: Name) -> Entity:
        """What a name means: a payer's own predicate is told from a shared one of the same name."""
        if name.kind == VARIABLE:
            return VARIABLE, f"{path} {name.scope}", name.text
        if name.kind == VALUE:
            return VALUE, "", name.text
        return name.kind, next((at for at in self._homes(path) if (name.kind, name.text) in self._own(at)), ""), name.text

    def _homes(self, path: str) -> list[str]:
        """The documents whose own names are known in one: itself, and in a chart those of its payer."""
        document = self.documents[path]
        if not document.meta.case:
            return [path]
        try:
            payer = asked(document).payer
        except CaseProblem:
            return []
        return [at for at, each in self.documents.items() if payer and each.meta.payer == payer]

    def _own(self, path: str) -> set[tuple[str, str]]:
        """What a payer's document declares for itself."""
        if not self.documents[path].meta.payer:
            return set()
        return {(each.kind, each.text) for each in self.names(path) if each.declares and each.kind in (PREDICATE, DOMAIN)}

    def occurrences(self, entity: Entity) -> list[tuple[str, Name]]:
        """Everywhere that something is named, document by document."""
        return [
            (path, name)
            for path in sorted(self.documents)
            for name in self.names(path)
            if (name.kind, name.text) == (entity[0], entity[2]) and self.entity(path, name) == entity
        ]

    def declaration(self, entity: Entity) -> list[tuple[str, Name]]:
        """Where something is declared; of a variable that nothing declares, the first place."""
        found = self.occurrences(entity)
        return [each for each in found if each[1].declares] or (found[:1] if entity[0] == VARIABLE else [])


def _is_document(document: Document) -> bool:
    """Whether a file is a policy or a chart, and not a page that stands beside them."""
    return bool(document.meta.case or document.statements or document.findings or document.lines[0].strip() == "---")


def _under(document: Document) -> tuple[str, date]:
    """The payer and the day under which a document is looked at: today, if it is in force then."""
    meta, today = document.meta, date.today()
    if meta.case:
        try:
            request = asked(document)
        except CaseProblem:
            return "", today
        return request.payer, request.on or today
    return meta.payer, today if meta.in_force(today) else in_force_on(document)
