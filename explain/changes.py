"""What if: the answers before and after a change of the record, and which rule instances came and went."""

from __future__ import annotations

from dataclasses import dataclass

from explain.determination import Answer, Determination
from explain.wording import words
from kb.contradictions import AtomKey
from kb.engines.model import Instance, Model
from kb.language.program import SCOPE, Fact


@dataclass(frozen=True, slots=True)
class InstanceChange:
    """A rule instance that holds after the change only (`gained`), or before it only."""

    gained: bool
    rule: str
    section: str
    concludes: str


@dataclass(frozen=True)
class WhatIf:
    """A case decided twice: as it is, and with facts assumed and retracted."""

    before: Determination
    after: Determination
    assumed: tuple[Fact, ...]
    retracted: tuple[Fact, ...]
    instances: tuple[InstanceChange, ...]

    @property
    def answers(self) -> list[tuple[Answer | None, Answer | None]]:
        """The answers to each question, before and after; None where the question is not asked."""
        before, after = _by_goal(self.before), _by_goal(self.after)
        return [(before.get(goal), after.get(goal)) for goal in dict.fromkeys([*before, *after])]


def what_if(before: Determination, after: Determination, assumed: tuple[Fact, ...], retracted: tuple[Fact, ...]) -> WhatIf:
    """The comparison of two determinations of one case."""
    old, new = _instances(before.models.perfect), _instances(after.models.perfect)
    lost = [_change(before, each, gained=False) for key, each in old.items() if key not in new]
    gained = [_change(after, each, gained=True) for key, each in new.items() if key not in old]
    return WhatIf(before, after, assumed, retracted, (*lost, *gained))


def _by_goal(determination: Determination) -> dict[AtomKey, Answer]:
    return {(each.question.relation, each.question.row): each for each in determination.answers}


def _instances(model: Model) -> dict[tuple[str, object], Instance]:
    found: dict[tuple[str, object], Instance] = {}
    for rule_id in model.rules:
        if not rule_id.startswith(SCOPE):
            for instance in model.instances(rule_id):
                found[rule_id, instance.values] = instance
    return found


def _change(determination: Determination, instance: Instance, gained: bool) -> InstanceChange:
    relation, row = instance.head
    rule, program = instance.rule, determination.models.program
    concludes = "a contradiction" if rule.is_constraint else words(program, relation, row)
    return InstanceChange(gained, rule.id, f"{rule.origin.heading}{rule.origin.quotation}", concludes)
