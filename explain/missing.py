"""What to ask for: the smallest sets of facts that would make an atom follow from what is stated.

The sets are read off the proofs in the possible model. They are not yet re-run with
the facts added, so they are what to ask for, and no promise of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kb.engines.model import Instance, fits, ground_row
from kb.language import syntax as s
from kb.language.bounds import plain
from kb.language.values import ANY, UNKNOWN, Row, Value
from kb.models import Models

SETS_KEPT = 4
_INCOMPLETE, _OPEN, _RARE, _LOOSE = 2, 3, 30, 10
"""What it costs to complete a fact, to ask for one, for one that is rarely missing, for one more element of a set."""

Open = tuple[str, Row]
"""A fact to be told: its relation, and a row with `?` for what has to be told and `_` for what may be anything."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A set of facts, and how much it asks for."""

    cost: int
    facts: frozenset[Open]


_NOTHING = Ask(0, frozenset())


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
        if any(_is_told(row, pattern) for row in self.models.perfect.rows(relation)):
            return [_NOTHING]
        self.under_way.add(key)
        found = _best([*self._to_tell(relation, pattern), *(a for each in self.ways(relation, pattern) for a in each)])
        self.under_way.discard(key)
        # What was cut short by a cycle may be incomplete, and is looked for again from elsewhere.
        if not self.under_way or found:
            self.known[key] = found
        return found

    def ways(self, relation: str, pattern: Row) -> list[list[Ask]]:
        """The cheapest sets of each rule that may conclude the atom, in the order of the rules."""
        by_rule: dict[str, list[Ask]] = {}
        for row in sorted(self.models.possible_rows(relation), key=str):
            if fits(row, pattern, lenient=True):
                for instance in self.models.possible_derivations(relation, row):
                    by_rule.setdefault(instance.rule.id, []).extend(self._instance(instance))
        order = list(self.models.program.rule_by_id)
        return [_best(by_rule[rule]) for rule in sorted(by_rule, key=lambda rule: order.index(rule.split(":", 1)[-1]))]

    def _to_tell(self, relation: str, pattern: Row) -> list[Ask]:
        """Facts that the record states in part, and facts on which it is silent."""
        predicate = self.models.program.predicate(relation)
        found = [
            Ask(_INCOMPLETE, frozenset([(relation, _told(row, pattern, stated=True))]))
            for row in self.models.stated.get(relation, ())
            if UNKNOWN in row and fits(row, pattern, lenient=True)
        ]
        if predicate.can_be_open:
            cost = _RARE if predicate.rare else _OPEN
            rows = (row for row in sorted(self.models.open(predicate.name), key=str) if fits(row, pattern, lenient=True))
            found += [Ask(cost, frozenset([(relation, _told(row, pattern, stated=False))])) for row in rows]
        return found

    def _instance(self, instance: Instance) -> list[Ask]:
        sets = [_NOTHING]
        for premise in instance.rule.rule.body:
            sets = _joined(sets, self._premise(premise, instance.binding))
        return sets

    def _premise(self, premise: s.Premise, binding: dict[str, Value]) -> list[Ask]:
        if isinstance(premise, s.Aggregate):
            return self._aggregate(premise, binding)
        if isinstance(premise, s.Comparison) or premise.negated:
            return [_NOTHING]
        return self.atom(plain(premise.atom.relation), _pattern(premise.atom, binding))

    def _aggregate(self, premise: s.Aggregate, binding: dict[str, Value]) -> list[Ask]:
        """Another element of the set, where its literals leave one open."""
        literals = [inner for inner in premise.body if isinstance(inner, s.Literal) and not inner.negated]
        wanted: list[Ask] = []
        for literal in literals:
            relation, pattern = plain(literal.atom.relation), _pattern(literal.atom, binding)
            wanted += self._to_tell(relation, pattern)
            wanted += [ask for way in self.ways(relation, pattern) for ask in way]
        more = [Ask(_LOOSE + ask.cost, ask.facts) for ask in wanted if ask.facts]
        return _best(more)[:1] or [_NOTHING]


def minimal_asks(models: Models, relation: str, pattern: Row) -> tuple[Ask, ...]:
    """The cheapest sets of facts for an atom of the pattern: at most four, and of each rule at most two."""
    search = _Search(models)
    ways = search.ways(relation, pattern)
    if len(ways) < 2:
        return tuple(search.atom(relation, pattern))
    return tuple(_distinct(ask for way in ways for ask in way[:2]))


def _pattern(atom: s.Atom, binding: dict[str, Value]) -> Row:
    """What an instance asks of an atom: `_` asks nothing; a variable bound to `?` asks for some value."""
    named = {name: value for name, value in binding.items() if not name.startswith("_")}
    return ground_row(atom.terms, named)


def _is_told(row: Row, pattern: Row) -> bool:
    """Whether a row gives everything that a pattern asks for."""
    return all(
        wanted is ANY or value is ANY or (value == wanted and value is not UNKNOWN)
        for value, wanted in zip(row, pattern, strict=True)
    )


def _told(row: Row, pattern: Row, stated: bool) -> Row:
    """What a fact has to say: the pattern, and for what the pattern leaves open what is stated."""
    return tuple(
        (value if stated or wanted is UNKNOWN else ANY) if wanted in (ANY, UNKNOWN) else wanted
        for value, wanted in zip(row, pattern, strict=True)
    )


def _distinct(asks: Iterable[Ask]) -> list[Ask]:
    """The first sets, without those with the same predicates as one before, or that contain one."""
    kept: list[Ask] = []
    for ask in asks:
        names = sorted(relation for relation, _ in ask.facts)
        if not any(other.facts <= ask.facts or sorted(r for r, _ in other.facts) == names for other in kept):
            kept.append(ask)
    return kept[:SETS_KEPT]


def _best(found: Iterable[Ask]) -> list[Ask]:
    return _distinct(sorted(found, key=lambda ask: ask.cost))


def _joined(left: list[Ask], right: list[Ask]) -> list[Ask]:
    return _best(_union(a, b) for a in left for b in right)


def _union(left: Ask, right: Ask) -> Ask:
    """Both sets; two facts that one fact can be are asked for as one."""
    facts, cost = set(left.facts), left.cost + right.cost
    for relation, row in sorted(right.facts, key=str):
        for other in [each for each in sorted(facts, key=str) if each[0] == relation and _are_one(each[1], row)]:
            facts.discard(other)
            row = tuple(map(_sharper, other[1], row))
            cost = max(left.cost, right.cost, cost - _OPEN)
        facts.add((relation, row))
    return Ask(cost, frozenset(facts))


def _are_one(left: Row, right: Row) -> bool:
    return fits(left, right, lenient=True)


def _sharper(left: Value, right: Value) -> Value:
    """What says more: a value, then `?` (some value is needed), then `_`."""
    return min(left, right, key=lambda value: (value is ANY, value is UNKNOWN))
