"""Rule instances that were found before, as an engine: the perfect model of one case, without looking for it again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kb.engines import Engine
from kb.engines.model import Model
from kb.language.program import Program
from kb.language.strata import needed
from kb.language.values import Row

Given = Mapping[str, frozenset[Row]]


@dataclass(frozen=True)
class Recorded:
    """Answers from a record of what one program concludes from the facts of one case; all else another engine evaluates.

    `used` are the relations on record, with all that they depend on; `instances` those of
    every rule about cases that concludes one of them. `shared` is what the documents conclude of no case in particular.
    """

    program: Program
    given: Given
    used: frozenset[str]
    instances: Mapping[str, tuple[Row, ...]]
    shared: Model
    other: Engine

    def __call__(
        self,
        program: Program,
        relations: Mapping[str, Iterable[Row]],
        wanted: Iterable[str] | None = None,
        seconds: float | None = None,
    ) -> Model:
        """The model: see `kb.engines.Engine`."""
        wanted = None if wanted is None else frozenset(wanted)
        if program is not self.program or wanted is None or not self._covers(wanted) or as_given(relations) != self.given:
            return self.other(program, relations, wanted, seconds)
        rules = program.rule_by_id
        concluded: dict[str, set[Row]] = {}
        for name, values in self.instances.items():
            rule = rules[name]
            concluded.setdefault(rule.head.relation, set()).update(map(rule.concluded, values))
        given = {name: rows for name, rows in self.given.items() if name in self.used}
        # What is shared holds what the documents state of it, and nothing of a case.
        found = {**given, **{name: rows for name, rows in self.shared.relations.items() if rows}}
        for relation, rows in concluded.items():
            found[relation] = found.get(relation, frozenset()) | rows
        return Model(found, rules, {**self.shared.rows_of_rules, **self.instances})

    def _covers(self, wanted: frozenset[str]) -> bool:
        return wanted <= self.used or needed(self.program, wanted) <= self.used


def as_given(relations: Mapping[str, Iterable[Row]]) -> dict[str, frozenset[Row]]:
    """What an engine is given, in a form that can be compared."""
    return {name: frozenset(rows) for name, rows in relations.items()}
