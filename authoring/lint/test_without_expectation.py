"""A test that expects nothing, and so cannot fail."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s

LEVEL = "error"


def check(bench: Bench) -> Iterator[Found]:
    """Tests without an expectation."""
    for document in bench.documents:
        for test in document.tests:
            if not any(isinstance(stated.node, s.Expectation) for stated in test.statements):
                yield Found(document, test.place.line, f"the test `{test.name}` expects nothing", "add `?- goal.`")
