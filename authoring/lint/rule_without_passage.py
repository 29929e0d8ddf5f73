"""A rule that formalises no sentence."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found

LEVEL = "warning"


def check(bench: Bench) -> Iterator[Found]:
    """Rules of a payer's policy, guideline or criteria without a sentence above them in their section."""
    for _, rule, document in bench.rules():
        if not rule.origin.passage and document.meta.kind != "reference":
            message = "no sentence stands above this rule in its section, so that a proof has nothing to quote"
            yield Found(document, rule.origin.line, message, "restate the criterion above the block, in your own words")
