"""`not` over what a chart can document as absent: is silence meant, or documented absence?"""

from __future__ import annotations

from collections.abc import Iterator

from authoring.lint.bench import Bench, Found
from kb.language import syntax as s

LEVEL = "warning"


def check(bench: Bench) -> Iterator[Found]:
    """Premises `not p(…)` over a fact that charts state: they hold where the chart is silent."""
    for program, rule, document in bench.rules():
        for premise in rule.rule.body:
            if isinstance(premise, s.Literal) and premise.negated and not premise.atom.strong:
                predicate = program.predicate(premise.atom.relation)
                if predicate.can_be_open:
                    name = predicate.local_name
                    message = f"`not {name}` holds where the chart is silent on it"
                    hint = f"write `-{name}(…)`, or say why silence is enough: `% allow silence-or-absence: …`"
                    yield Found(document, premise.atom.place.line, message, hint)
