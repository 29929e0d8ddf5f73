"""Compiled statements on disk: what was compiled before is read, and what cannot be read is compiled anew."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

from kb.language.cache import store

T = TypeVar("T")
_KEPT = 64
"""Files in a directory; beyond it the oldest go."""


def kept(path: Path | None, kind: type[T], parts: Iterable[type], make: Callable[[], T]) -> T:
    """What was made before and is kept under the path; else it is made, and kept.

    It is a dataclass and consists of such `parts`, of tuples, of mappings from text, and of text.
    """
    known = {each.__name__: each for each in (kind, *parts)}
    if path is not None:
        try:
            found = _decoded(json.loads(path.read_text(encoding="utf-8")), known)
            os.utime(path)
            if isinstance(found, kind):
                return found
        except (OSError, ValueError, TypeError, LookupError):
            pass
    made = make()
    if path is not None:
        store(path, _encoded(made))
        _remove_oldest(path.parent)
    return made


def _remove_oldest(directory: Path) -> None:
    try:
        oldest_first = sorted(directory.glob("*.json"), key=lambda each: each.stat().st_mtime)
        for each in oldest_first[:-_KEPT]:
            each.unlink(missing_ok=True)
    except OSError:
        return


def _encoded(value: Any) -> Any:
    if is_dataclass(value):
        return {"": type(value).__name__, **{each.name: _encoded(getattr(value, each.name)) for each in fields(value)}}
    if isinstance(value, tuple):
        return [_encoded(each) for each in value]
    if isinstance(value, dict):
        return {"": "mapping", "of": [[name, _encoded(each)] for name, each in value.items()]}
    return value


def _decoded(data: Any, known: dict[str, type]) -> Any:
    if isinstance(data, list):
        return tuple(_decoded(each, known) for each in data)
    if not isinstance(data, dict):
        return data
    if data[""] == "mapping":
        return {name: _decoded(each, known) for name, each in data["of"]}
    return known[data[""]](**{name: _decoded(each, known) for name, each in data.items() if name})
