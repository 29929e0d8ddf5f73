"""What to ask for: the smallest sets of open facts with which an atom would be possible by what is stated.

The sets are read off the proofs in the possible model. They are not yet re-run with
the facts added, so they are what to ask for, and no promise of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.engines.model import Instance, fits, ground_row
from kb.language import syntax as s
from kb.language.bounds import POSSIBLE
from kb.language.values import ANY, UNKNOWN, Row, Value
from kb.models import Models

SETS_KEPT = 4
_RARE, _LOOSE = 20, 10
"""What asking for a rarely missing fact costs, and for one behind an aggregate, next to 1 for others."""

Open = tuple[str, Row]
"""An open fact: its relation, and a row with `?` for what is to be told."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A set of open facts, and how much it asks for."""

    cost: int
    facts: frozenset[Open]


@dataclass
class _Search:
    models: Models
    known: dict[Open, list[Ask]] = field(default_factory=dict)
    under_way: set[Open] = field(default_factory=set)

    def atom(self, relation: str, pattern: Row) -> list[Ask]:
        """The cheapest sets for an atom of the pattern, best first; none if it is not possible."""
        key = relation, pattern
        if key in self.known or key in self.under_way:
            return self.known.get(key, [])
        if self.models.holds(relation, pattern):
            return [Ask(0, frozenset())]
        self.under_way.add(key)
        found = self._open(relation, pattern)
        for row in sorted(self.models.possible_rows(relation), key=str):
            if fits(row, pattern, lenient=True):
                for instance in self.models.possible_derivations(relation, row):
                    found += self._instance(instance)
        self.under_way.discard(key)
        if not self.under_way or found:
            self.known[key] = _best(found)
        return _best(found)

    def _open(self, relation: str, pattern: Row) -> list[Ask]:
        predicate = self.models.program.predicate(relation)
        cost = _RARE if predicate.rare else 1
        rows = self.models.open.get(predicate.name, frozenset())
        return [Ask(cost, frozenset([(relation, _told(row, pattern))])) for row in rows if fits(row, pattern, lenient=True)]

    def _instance(self, instance: Instance) -> list[Ask]:
        sets = [Ask(0, frozenset())]
        for premise in instance.rule.rule.body:
            sets = _joined(sets, self._premise(premise, instance.binding))
        return sets

    def _premise(self, premise: s.Premise, binding: dict[str, Value]) -> list[Ask]:
        if isinstance(premise, s.Aggregate):
            return self._aggregate(premise, binding)
        if isinstance(premise, s.Comparison) or premise.negated:
            return [Ask(0, frozenset())]
        row = ground_row(premise.atom.terms, binding)
        return self.atom(premise.atom.relation.replace(POSSIBLE, "", 1), row)

    def _aggregate(self, premise: s.Aggregate, binding: dict[str, Value]) -> list[Ask]:
        """Another element of the set, where its literals leave one open."""
        for inner in premise.body:
            if isinstance(inner, s.Literal) and not inner.negated:
                relation = inner.atom.relation.replace(POSSIBLE, "", 1)
                opened = self.models.open.get(relation.removeprefix("-"), frozenset())
                pattern = ground_row(inner.atom.terms, binding)
                if any(fits(row, pattern, lenient=True) for row in opened):
                    return [Ask(_LOOSE, frozenset([(relation, pattern)]))]
        return [Ask(0, frozenset())]


def minimal_asks(models: Models, relation: str, pattern: Row) -> tuple[Ask, ...]:
    """The cheapest sets of open facts for an atom of the pattern, cheapest first, at most four."""
    return tuple(_Search(models).atom(relation, pattern))


def _told(row: Row, pattern: Row) -> Row:
    """What an open row has to say to fit the pattern."""
    return tuple(value if wanted in (ANY, UNKNOWN) else wanted for value, wanted in zip(row, pattern, strict=True))


def _best(found: Iterable[Ask]) -> list[Ask]:
    """The cheapest sets, of those with the same predicates the first only, and none that contains another."""
    kept: list[Ask] = []
    for ask in sorted(found, key=lambda ask: (ask.cost, sorted(map(str, ask.facts)))):
        names = sorted(relation for relation, _ in ask.facts)
        if any(other.facts <= ask.facts or sorted(r for r, _ in other.facts) == names for other in kept):
            continue
        kept.append(ask)
    return kept[:SETS_KEPT]


def _joined(left: list[Ask], right: list[Ask]) -> list[Ask]:
    unions = [a.facts | b.facts for a in left for b in right]
    costs = [a.cost + b.cost for a in left for b in right]
    return _best(Ask(cost, facts) for cost, facts in zip(costs, unions, strict=True))
