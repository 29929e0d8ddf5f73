"""Documents that were parsed before, by the hash of their content.

The cache is JSON and is checked like any input: what does not fit is parsed anew.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from kb.language import diagnostics, documents, frontmatter, syntax
from kb.language.documents import Document, Test
from kb.language.values import UNKNOWN

T = TypeVar("T")

_CLASSES: tuple[type, ...] = (
    syntax.Place, syntax.Constant, syntax.Variable, syntax.Arithmetic, syntax.Atom, syntax.Literal,
    syntax.Comparison, syntax.Aggregate, syntax.Rule, syntax.Wording, syntax.Member, syntax.DomainDeclaration,
    syntax.Parameter, syntax.PredicateDeclaration, syntax.Property, syntax.Flag, syntax.GoalDeclaration,
    syntax.CriterionDeclaration, syntax.ReadingDeclaration, syntax.Expectation, documents.Section,
    documents.Stated, documents.Test, documents.Document, diagnostics.Finding, frontmatter.Meta,
)  # fmt: skip
_NUMBER = {each: number for number, each in enumerate(_CLASSES)}
_MISFITS = (OSError, ValueError, TypeError, LookupError, ArithmeticError)
"""What reading a cache file raises that is not what was written."""
_FIELDS = {each: tuple(f.name for f in fields(each) if f.name != "lines") for each in _CLASSES}
_TESTS = _FIELDS[Document].index("tests")


@dataclass(frozen=True, eq=False)
class _Later(Sequence[Test]):
    """The tests of a cached document, made when somebody asks for them: deciding a case needs none."""

    data: Any
    name: str
    lines: tuple[str, ...]

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        """The tests; parsed anew when the cache does not fit."""
        try:
            found = _decode(self.data, self.lines)
            if isinstance(found, tuple) and all(isinstance(each, Test) for each in found):
                return found
        except _MISFITS:
            pass
        return tuple(documents.read(self.name, "\n".join(self.lines)).tests)

    def __len__(self) -> int:
        return len(self.tests)

    def __getitem__(self, position: Any) -> Any:
        return self.tests[position]

    def __eq__(self, other: object) -> bool:
        return self.tests == (other.tests if isinstance(other, _Later) else other)

    def __hash__(self) -> int:
        return hash(self.tests)


def read(name: str, text: str, directory: Path | None) -> Document:
    """The document; from the cache in `directory` when the same text was read before."""
    if directory is None:
        return documents.read(name, text)
    path = directory / f"{_key(name, text)}.json"
    document = _load(path, name, text)
    if document is None:
        document = documents.read(name, text)
        store(path, _encode(document))
    return document


def default_directory() -> Path | None:
    """Where parsed documents are kept; None when MEDPROOF_CACHE is empty."""
    chosen = os.environ.get("MEDPROOF_CACHE")
    if chosen is not None:
        return Path(chosen) if chosen else None
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "medproof"


@cache
def code_digest(names: tuple[str, ...]) -> str:
    """Changes with any of the Python files and grammars that these names (from the installation) are, or contain."""
    root = Path(__file__).parent.parent.parent
    paths = [root / name for name in names]
    files = [each for path in paths for each in (path.rglob("*") if path.is_dir() else [path])]
    return sha256(b"".join(each.read_bytes() for each in sorted(files) if each.suffix in (".py", ".lark"))).hexdigest()


def mistakes(of: Iterable[str], directory: Path | None, look: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    """What `look` finds wrong with what some texts name (documents by their digests, days, code).

    That it found nothing is noted, and not looked for again.
    """
    note = None if directory is None else directory / f"{sha256(chr(0).join(of).encode()).hexdigest()[:40]}.ok"
    if note is not None and note.exists():
        return ()
    found = look()
    if note is not None and not found:
        try:
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()
        except OSError:
            pass
    return found


def _key(name: str, text: str) -> str:
    return sha256(f"{code_digest(_READING_CODE)}\0{name}\0{text}".encode()).hexdigest()[:40]


_READING = (
    "blocks",
    "cache",
    "diagnostics",
    "documents",
    "frontmatter",
    "parser",
    "syntax",
    "syntax_errors",
    "tree",
    "values",
)
_READING_CODE = ("kb/language/grammar.lark", *(f"kb/language/{name}.py" for name in _READING))
"""The code on which it depends what a document says: with it an old cache is never read."""


def _load(path: Path, name: str, text: str) -> Document | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        lines = tuple(documents.normalised(text).split("\n"))
        document = _decode(data, lines)
    except _MISFITS:
        return None
    return document if isinstance(document, Document) and document.name == name else None


def store(path: Path, data: Any) -> None:
    """Writes JSON, whole or not at all; a directory that cannot be written is no reason to stop."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            try:
                json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
                file.flush()
                os.replace(file.name, path)
            except (OSError, ValueError):
                os.unlink(file.name)
    except OSError:
        return


def _encode(value: Any) -> Any:
    kind = type(value)
    if kind in _NUMBER:
        return [_NUMBER[kind], *(_encode(getattr(value, name)) for name in _FIELDS[kind])]
    if kind is tuple:
        return ["t", *map(_encode, value)]
    if kind is frozenset:
        return ["s", *sorted(value)]
    if kind is Decimal:
        return ["n", str(value)]
    if kind is date:
        return ["d", value.isoformat()]
    return ["?"] if value is UNKNOWN else value


def _decode(data: Any, lines: tuple[str, ...]) -> Any:
    if type(data) is not list:
        return data
    tag = data[0]
    if tag == 0:
        return syntax.Place(*data[1:])  # half of all nodes
    if type(tag) is int:
        kind = _CLASSES[tag]
        if kind is Document:
            return _document(data[1:], lines)
        values = [each if type(each) is not list else _decode(each, lines) for each in data[1:]]
        if len(values) != len(_FIELDS[kind]):
            raise ValueError("a cached node has a wrong number of fields")
        made: Any = kind(*values)
        return made
    if tag == "t":
        return tuple([each if type(each) is not list else _decode(each, lines) for each in data[1:]])
    if tag == "s":
        return frozenset(data[1:])
    if tag == "n":
        return Decimal(data[1])
    return date.fromisoformat(data[1]) if tag == "d" else UNKNOWN


def _document(data: list[Any], lines: tuple[str, ...]) -> Document:
    """A document, whose tests are made later."""
    tests = data[_TESTS]
    values = [_decode(each, lines) for each in (*data[:_TESTS], None, *data[_TESTS + 1 :])]
    if len(values) != len(_FIELDS[Document]):
        raise ValueError("a cached document has a wrong number of fields")
    values[_TESTS] = _Later(tests, str(values[0]), lines)
    kind: Any = Document
    made: Document = kind(*values, lines)
    return made
