"""Directories that are there whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def finished_directory(directory: Path) -> Iterator[Path]:
    """A directory to build in, which gets its name when everything is written; raises FileExistsError if there is one."""
    if directory.exists() and any(directory.iterdir()):
        raise FileExistsError(f"`{directory}` is not empty; name another directory, or remove it first")
    building = directory.with_name(f".{directory.name}.unfinished")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        yield building
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if directory.exists():
        directory.rmdir()
    building.rename(directory)
