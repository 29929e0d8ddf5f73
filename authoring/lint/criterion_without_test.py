"""A criterion that no test expects anything of."""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found

LEVEL = "warning"


def check(bench: Bench) -> Iterator[Found]:
    """Criteria whose predicate no expectation of a test at hand names."""
    for program in bench.programs:
        for criterion in program.criteria:
            document = bench.document(criterion.origin)
            name = program.predicate(criterion.atom.relation).local_name
            if document is not None and name not in bench.expected:
                message = f"no test expects anything of `{criterion.id}`"
                yield Found(
                    document, criterion.origin.line, message, f"add a case that meets it, and a near miss: `?- {name}(…).`"
                )
