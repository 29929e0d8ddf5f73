"""Facts that would have to be told, with the values that would do: what is asked for, and how asks are put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kb.language import syntax as s
from kb.language.values import ANY, UNKNOWN, Row, Value

SETS_KEPT = 4
ONE_FACT = 3
"""What it costs to ask for a fact."""


@dataclass(frozen=True, slots=True, order=True)
class Hole:
    """A value that exists and is still to be told (a labelled null)."""

    number: int

    def __repr__(self) -> str:
        # Rows are put in order by their texts, and holes among them in the order in which they were made.
        return f"?{self.number:+012d}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """Values any of which will do, in the place of one: several sets that differ there only are said as one."""

    values: tuple[str, ...]


Term = Value | Hole | OneOf
Terms = tuple[Term, ...]

Wanted = tuple[str, Terms]
"""A fact to be told: a hole for each value that it has to give, `_` for what may be anything."""

Open = tuple[str, Row]
"""The same with `?` for each hole."""


def opened(row: Terms) -> Row:
    """The row with `?` for its holes, and the first of several values."""
    return tuple(UNKNOWN if isinstance(term, Hole) else term.values[0] if isinstance(term, OneOf) else term for term in row)


@dataclass(frozen=True, slots=True)
class Need:
    """A comparison that holes have to satisfy; `terms` gives each of its variables a value or a hole."""

    premise: s.Comparison
    terms: tuple[tuple[str, Term], ...]

    @property
    def holes(self) -> frozenset[Hole]:
        """The holes that it speaks of."""
        return frozenset(term for _, term in self.terms if isinstance(term, Hole))


@dataclass(frozen=True, slots=True)
class Ask:
    """A set of facts, with what their values have to satisfy, and how much it asks for.

    `counted`: what the facts are to be, as a count of distinct things asks for them; `remarks`:
    what they have to come to together, in words.
    """

    cost: int
    wanted: frozenset[Wanted]
    needs: frozenset[Need] = frozenset()
    counted: frozenset[Row] = frozenset()
    remarks: frozenset[str] = frozenset()

    @property
    def facts(self) -> frozenset[Open]:
        """The facts, `?` for what has to be told."""
        return frozenset((relation, opened(row)) for relation, row in self.wanted)

    @property
    def holes(self) -> frozenset[Hole]:
        """What has to be told."""
        return frozenset(term for _, row in self.wanted for term in row if isinstance(term, Hole))

    @property
    def all_holes(self) -> frozenset[Hole]:
        """What has to be told, and what comparisons speak of besides."""
        return self.holes.union(*(need.holes for need in self.needs))


def asks_for_less(facts: frozenset[Open], others: frozenset[Open]) -> bool:
    """Whether others ask for all that some facts ask for, and for more."""
    return _has_all(others, facts) and not _has_all(facts, others)


def _has_all(facts: frozenset[Open], others: frozenset[Open]) -> bool:
    """Whether for each of the others one of the facts says as much: what may be anything any value says."""
    return all(
        any(name == other and all(b in (ANY, a) for a, b in zip(row, wanted, strict=True)) for name, row in facts)
        for other, wanted in others
    )


NOTHING = Ask(0, frozenset())
"""The set of what holds without anything more."""


def filled(ask: Ask, terms: Mapping[Hole, Term]) -> Ask:
    """The set with values, or other holes, for some of its holes."""

    def of(term: Term) -> Term:
        return terms.get(term, term) if isinstance(term, Hole) else term

    wanted = frozenset((relation, tuple(map(of, row))) for relation, row in ask.wanted)
    needs = frozenset(Need(need.premise, tuple((name, of(term)) for name, term in need.terms)) for need in ask.needs)
    return replace(ask, wanted=wanted, needs=needs)


def distinct(asks: Iterable[Ask], kept_at_most: int = SETS_KEPT) -> list[Ask]:
    """The first sets, without those with the same predicates as one before that count the same, or that contain another."""
    kept: dict[object, Ask] = {}
    for ask in asks:
        names = tuple(sorted(relation for relation, _ in ask.wanted)), ask.counted
        if names in kept:
            kept[names] = _either(kept[names], ask)
        else:
            kept[names] = ask
    found = [(ask, ask.facts) for ask in kept.values()]
    return [ask for ask, facts in found if not any(asks_for_less(others, facts) for _, others in found)][:kept_at_most]


def _either(kept: Ask, ask: Ask) -> Ask:
    """Two sets that differ in one value of one fact, and need the same of all others, are one set with either value there.

    Else the first of them.
    """
    pairs = list(zip(sorted(kept.wanted, key=shape), sorted(ask.wanted, key=shape), strict=True))
    aligned = [terms for one, other in pairs for terms in zip(other[1], one[1], strict=True)]
    same = {hole: term for hole, term in aligned if isinstance(hole, Hole) and isinstance(term, Hole)}
    if kept.cost != ask.cost or kept.needs != filled(ask, same).needs:
        return kept
    differing = [
        (one, position, first, second)
        for one, other in pairs
        for position, (first, second) in enumerate(zip(one[1], other[1], strict=True))
        if not _is_same(first, second)
    ]
    if len(differing) != 1:
        return kept
    (relation, row), position, first, second = differing[0]
    values = (*values_of(first), *values_of(second))
    if len(values) < 2:
        return kept
    changed = (*row[:position], OneOf(tuple(dict.fromkeys(values))), *row[position + 1 :])
    return replace(kept, wanted=(kept.wanted - {(relation, row)}) | {(relation, changed)})


def shape(wanted: Wanted) -> str:
    """What two facts have alike that differ in values to be told at most, for putting them in order."""
    return f"{wanted[0]} {[term if isinstance(term, str) else '' for term in opened(wanted[1])]}"


def _is_same(first: Term, second: Term) -> bool:
    if isinstance(first, Hole) or isinstance(second, Hole):
        return isinstance(first, Hole) and isinstance(second, Hole)
    return first == second or (isinstance(first, OneOf) and second in first.values)


def values_of(term: Term) -> tuple[str, ...]:
    """The texts any of which will do."""
    if isinstance(term, OneOf):
        return term.values
    return (term,) if isinstance(term, str) else ()


def cheapest(found: Iterable[Ask]) -> list[Ask]:
    """The distinct ones among some sets, the cheapest first."""
    return distinct(sorted(found, key=lambda ask: ask.cost))


def joined(left: Ask, right: Ask) -> Ask:
    """Both sets; two facts that one fact can be are asked for as one."""
    ask = Ask(
        left.cost + right.cost, left.wanted | right.wanted, left.needs | right.needs,
        left.counted | right.counted, left.remarks | right.remarks,
    )  # fmt: skip
    for one in sorted(right.wanted, key=str):
        for other in sorted(left.wanted, key=str):
            if one != other and one[0] == other[0]:
                ask = _merged(ask, one, other, max(left.cost, right.cost))
    return ask


def _merged(ask: Ask, one: Wanted, other: Wanted, least: int) -> Ask:
    """The set with two facts made one, if one can be both: a hole takes what the other has in its place."""
    row = [_both(a, b) for a, b in zip(one[1], other[1], strict=True)]
    both = tuple(term for term in row if term is not None)
    if len(both) < len(row) or one not in ask.wanted or other not in ask.wanted:
        return ask
    pairs = [pair for terms in (one[1], other[1]) for pair in zip(terms, both, strict=True)]
    holes = {hole: term for hole, term in pairs if isinstance(hole, Hole) and hole != term}
    kept = (ask.wanted - {one, other}) | {(one[0], both)}
    return filled(replace(ask, cost=max(least, ask.cost - ONE_FACT), wanted=kept), holes)


def _both(one: Term, other: Term) -> Term | None:
    """What two terms are when they are one; None if they cannot be. A value says more than a hole, a hole more than `_`."""
    for loose in (ANY, UNKNOWN):
        if loose in (one, other):
            return other if one is loose else one
    if isinstance(one, Hole) or isinstance(other, Hole):
        return other if isinstance(one, Hole) else one
    if isinstance(one, OneOf) or isinstance(other, OneOf):
        values = tuple(value for value in values_of(one) if value in values_of(other))
        return None if not values else values[0] if len(values) == 1 else OneOf(values)
    return one if one == other else None
