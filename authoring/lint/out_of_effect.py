"""A document of which no version is in force."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found

LEVEL = "warning"


def check(bench: Bench) -> Iterator[Found]:
    """Documents that are retired, or not yet in effect, without another version in force today."""
    in_force = {each.meta.id for each in bench.documents if each.meta.in_force(bench.today)}
    for document in bench.documents:
        meta = document.meta
        if meta.id not in in_force:
            message = f"no version of `{meta.id}` is in force on {bench.today}: this one {meta.period}"
            yield Found(document, 1, message, "add the version that is, or say until when this one holds")
