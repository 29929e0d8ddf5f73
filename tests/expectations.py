"""The charts that stand beside the tests, and those that are shipped."""

from __future__ import annotations

from pathlib import Path

from kb.language.documents import Document
from kb.library import read_file

ROOT = Path(__file__).parent.parent


def charts(*directories: str) -> list[Path]:
    return sorted(path for each in directories for path in (ROOT / each).rglob("*.md"))


def read(path: Path) -> Document:
    return read_file(path, None)
