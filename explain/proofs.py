"""The cheapest proof of an atom in the perfect model.

Costs follow Knuth (1977), "A generalization of Dijkstra's algorithm": a proof costs
more than each of its parts, so the cheapest one never supports itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kb.contradictions import AtomKey
from kb.engines.model import Instance, ground_row
from kb.language import syntax as s
from kb.language.printer import premise_text
from kb.language.program import Origin
from kb.language.values import Row
from kb.models import Models


@dataclass(frozen=True, slots=True)
class Proof:
    """A node of a proof tree.

    `kind` is `conclusion` (with the rule instance that derives it and its premises),
    `fact`, `absence` (`silent` when only the record's silence speaks for it),
    `comparison`, or `aggregate`.
    """

    kind: str
    relation: str = ""
    row: Row = ()
    rule: str = ""
    origin: Origin | None = None
    premises: tuple[Proof, ...] = ()
    silent: bool = False
    text: str = ""

    def walk(self) -> Iterator[Proof]:
        """This node and all beneath it."""
        yield self
        for premise in self.premises:
            yield from premise.walk()


def cheapest_proof(models: Models, relation: str, pattern: Row, without: frozenset[AtomKey] = frozenset()) -> Proof | None:
    """The cheapest proof of an atom of the pattern, `without` the stated facts named; None if there is none."""
    roots = sorted(((relation, row) for row in models.perfect.matching(relation, pattern)), key=str)
    instances = _reachable(models, roots)
    costs, best = _costs(models, instances, without)
    proved = [atom for atom in roots if atom in costs]
    return _tree(models, min(proved, key=lambda atom: costs[atom]), best) if proved else None


def is_certain(models: Models, relation: str, pattern: Row, proof: Proof | None) -> bool:
    """Whether an atom of the pattern holds however the silences turn out, given its cheapest proof.

    A proof without contradicted facts, silent absences and aggregates shows it by itself.
    """
    if proof is None:
        return False
    shaky = (node for node in proof.walk() if node.kind == "aggregate" or (node.kind == "absence" and node.silent))
    return (not models.contradictions and not any(shaky)) or models.is_certain(relation, pattern)


def positive_premises(instance: Instance) -> list[AtomKey]:
    """The atoms that an instance's premises assert."""
    binding = instance.binding
    return [
        (premise.atom.relation, ground_row(premise.atom.terms, binding))
        for premise in instance.rule.rule.body
        if isinstance(premise, s.Literal) and not premise.negated and not premise.atom.strong
    ]


def _reachable(models: Models, roots: list[AtomKey]) -> dict[AtomKey, tuple[Instance, ...]]:
    found: dict[AtomKey, tuple[Instance, ...]] = {}
    pending = list(roots)
    while pending:
        atom = pending.pop()
        if atom not in found:
            found[atom] = models.perfect.derivations(*atom)
            for instance in found[atom]:
                pending += positive_premises(instance)
    return found


def _costs(
    models: Models, instances: dict[AtomKey, tuple[Instance, ...]], without: frozenset[AtomKey]
) -> tuple[dict[AtomKey, float], dict[AtomKey, Instance]]:
    costs: dict[AtomKey, float] = {atom: 1.0 for atom in instances if models.is_stated(*atom) and atom not in without}
    best: dict[AtomKey, Instance] = {}
    users: dict[AtomKey, list[tuple[AtomKey, Instance]]] = {}
    for atom, derivations in instances.items():
        for instance in derivations:
            for premise in positive_premises(instance):
                users.setdefault(premise, []).append((atom, instance))
    pending = [(atom, instance) for atom, derivations in instances.items() for instance in derivations]
    while pending:
        atom, instance = pending.pop()
        parts = [costs.get(premise) for premise in positive_premises(instance)]
        if any(part is None for part in parts):
            continue
        cost = 1.0 + len(instance.rule.rule.body) / 100 + sum(part for part in parts if part is not None)
        if cost < costs.get(atom, float("inf")):
            costs[atom], best[atom] = cost, instance
            pending += users.get(atom, [])
    return costs, best


def _tree(models: Models, atom: AtomKey, best: dict[AtomKey, Instance]) -> Proof:
    relation, row = atom
    fact = models.stated.get(relation, {}).get(row)
    if fact is not None:
        return Proof("fact", relation, row, origin=fact.origin)
    instance = best[atom]
    premises = tuple(_premise(models, premise, instance, best) for premise in instance.rule.rule.body)
    return Proof("conclusion", relation, row, instance.rule.id, instance.rule.origin, premises)


def _premise(models: Models, premise: s.Premise, instance: Instance, best: dict[AtomKey, Instance]) -> Proof:
    binding = instance.binding
    if not isinstance(premise, s.Literal):
        kind = "comparison" if isinstance(premise, s.Comparison) else "aggregate"
        return Proof(kind, text=premise_text(premise, binding))
    relation, row = premise.atom.relation, ground_row(premise.atom.terms, binding)
    if premise.negated:
        return Proof("absence", relation, row, silent=models.is_possible(relation, row))
    if premise.atom.strong:
        row = next(iter(sorted(models.perfect.matching(relation, row), key=str)))
    return _tree(models, (relation, row), best)
