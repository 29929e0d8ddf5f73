"""Waiting for a document to be saved (by watchfiles, which asks the operating system and does not poll)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kb.library import SHIPPED, SUFFIXES


def wait_for_change(paths: Iterable[Path]) -> None:
    """Returns when a document in one of the files and directories, or else a shipped one, was saved. Ctrl-C ends it."""
    from watchfiles import watch

    watched = list(paths) or list(SHIPPED)
    for _ in watch(*watched, watch_filter=lambda _, name: Path(name).suffix in SUFFIXES):
        return
