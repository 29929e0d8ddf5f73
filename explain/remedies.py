"""Asks tried out: the case is decided again with the facts of each added (`explain.fillings`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from itertools import islice, product

from explain.asks import Ask, Hole, OneOf, Term, asks_for_less, filled, joined
from explain.criteria import branches
from explain.fillings import Filling, facts_of, fillings, otherwise
from explain.missing import minimal_asks
from explain.outcomes import Outcome, is_met, outcome, under_readings, wanted_for
from explain.symmetry import classes
from explain.verdicts import Verdict, verdict
from kb.contradictions import AtomKey
from kb.engines.model import ground_row, unified
from kb.language.program import Fact
from kb.language.values import UNKNOWN, Row
from kb.models import Models

_CRITERIA_TRIED = 8
_READINGS_JOINED = 4


@dataclass(frozen=True, slots=True)
class Remedy:
    """A set of facts that, added to the record, makes a goal met; `example` is the filling that was tried."""

    ask: Ask
    example: tuple[Fact, ...]


@dataclass(frozen=True)
class Missing:
    """What would establish a goal: its outcome now, and the remedies, easiest first (none if it is refuted)."""

    models: Models
    goal: AtomKey
    outcome: Outcome
    remedies: tuple[Remedy, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict of the goal."""
        return self.outcome.verdict


def remedies(found: Models, relation: str, pattern: Row, limit: int = 6, each_value: bool = True) -> tuple[Remedy, ...]:
    """The smallest sets of facts that would make the goal met, each tried out, the easiest first.

    A set that a second look does not confirm (a negated premise elsewhere may break
    it, the facts would contradict the record, or be enough by one reading of several) is
    left out. Where that leaves none, what the criteria beneath the goal ask for is tried. What
    several readings ask for is put together, so that it is enough by each.
    """

    def does(facts: tuple[Fact, ...]) -> bool:
        return is_met(found.again(wanted_for(found.program, [relation]), facts), (relation, pattern))

    def confirmed(asks: Iterable[Ask]) -> list[Remedy]:
        found_out = (tried(found, pattern, ask, does, each_value) for ask in asks if ask.wanted)
        return [each for each in found_out if each is not None]

    works = confirmed(minimal_asks(found, relation, pattern)) or confirmed(_of_criteria(found, relation, pattern))
    works += confirmed(dict.fromkeys(_of_readings(found, relation, pattern)))
    least = (each for each in works if not any(asks_for_less(other.ask.facts, each.ask.facts) for other in works))
    return tuple(sorted(least, key=lambda each: (each.ask.cost, len(each.ask.wanted)))[:limit])


def _of_readings(found: Models, relation: str, pattern: Row) -> Iterator[Ask]:
    """What would do by every reading of a policy: sets, of each of which every reading asks for a part."""
    wanted = wanted_for(found.program, [relation])
    by_reading = [minimal_asks(again, relation, pattern, found) for _, again in under_readings(found, [relation], wanted)]
    if not by_reading:
        return
    shared = set.intersection(*({ask.facts for ask in asks} for asks in by_reading))
    own = [[ask for ask in asks if ask.facts not in shared] for asks in by_reading]
    for parts in islice(product(*own), _READINGS_JOINED):
        yield reduce(lambda left, right: joined(left, _apart(right, left)), parts)


def _apart(ask: Ask, other: Ask) -> Ask:
    """The set with holes that the other does not have."""
    used = max((hole.number for hole in other.all_holes), default=-1) + 1
    return filled(ask, {hole: Hole(used + hole.number) for hole in ask.all_holes})


def _of_criteria(found: Models, relation: str, pattern: Row) -> list[Ask]:
    """What would meet one of the open criteria right beneath a goal: of each the cheapest first."""
    asks: dict[Ask, tuple[int, int]] = {}
    top = branches(found.program, found.program.rules_for.get(relation, ()))
    for goal in (goal for goal in found.program.goals if goal.atom.relation == relation):
        binding = unified(goal.atom.terms, pattern) or {}
        for criterion in (branch.criterion for branch in top if not branch.excludes):
            wanted = criterion.atom.relation, ground_row(criterion.atom.terms, binding)
            if verdict(found, *wanted) is Verdict.UNDOCUMENTED:
                for number, ask in enumerate(minimal_asks(found, *wanted)):
                    asks.setdefault(ask, (number, ask.cost))
    return sorted(asks, key=lambda ask: asks[ask])[:_CRITERIA_TRIED]


def lacking(found: Models, goal: AtomKey, limit: int = 6) -> Missing:
    """What would establish a goal that does not hold."""
    now = outcome(found, goal)
    is_open = now.verdict is Verdict.UNDOCUMENTED
    return Missing(found, goal, now, remedies(found, *goal, limit) if is_open else ())


def tried(
    found: Models,
    pattern: Row,
    ask: Ask,
    does: Callable[[tuple[Fact, ...]], bool],
    each_value: bool = True,
    widely: bool = False,
) -> Remedy | None:
    """The ask with an example that `does`; of values any of which should do, those that do with one another.

    `widely`: each value that is still to be told, or may be any, is tried with its last choice too.
    """
    filled = fillings(found, ask, widely=widely or bool(ask.remarks))
    places = _places(ask) if each_value else []
    alike = [_alike(found, ask, place, pattern, filled) for place in places]
    examples: dict[Chosen, tuple[Fact, ...] | None] = {}

    def works(chosen: Chosen) -> bool:
        # What works with one of several interchangeable values works with each.
        if chosen not in examples:
            values = [values[0] for values in chosen]
            placed = _placed(ask, places, values)
            facts = [facts_of(found, placed, filling) for filling in filled]
            if widely:
                facts += [facts_of(found, other, filling) for filling in filled[:1] for other in otherwise(found, placed)]
            examples[chosen] = next(filter(does, dict.fromkeys(facts)), None)
        return examples[chosen] is not None

    first = next(filter(works, _together(alike)), None)
    if first is None:
        return None
    kept = []
    for place, taken in zip(places, _compatible(alike, first, works), strict=True):
        known = {value for values in taken for value in values}
        kept.append(OneOf(tuple(filter(known.__contains__, place.values))))
    example = examples[first]
    assert example is not None
    return Remedy(_placed(ask, places, [each.values[0] if len(each.values) == 1 else each for each in kept]), example)


Alike = tuple[str, ...]
"""Values that may be exchanged for one another."""
Chosen = tuple[Alike, ...]
"""A class of values for each place that any of several values may take."""


def _together(alike: list[list[Alike]]) -> Iterator[Chosen]:
    """First choices: a class in each place, each class in one of them."""
    for number in range(max(map(len, alike), default=1)):
        yield tuple(each[number % len(each)] for each in alike)


def _compatible(alike: list[list[Alike]], first: Chosen, works: Callable[[Chosen], bool]) -> list[list[Alike]]:
    """For each place the classes that work where the first choice does, with each that was taken in another place too."""

    def changed(*changes: tuple[int, Alike]) -> Chosen:
        chosen = list(first)
        for place, values in changes:
            chosen[place] = values
        return tuple(chosen)

    taken = [[values] for values in first]
    for number, each in enumerate(alike):
        for values in each:
            others = ((place, other) for place, kept in enumerate(taken) if place != number for other in kept[1:])
            alone = values != first[number] and works(changed((number, values)))
            if alone and all(works(changed((number, values), other)) for other in others):
                taken[number].append(values)
    return taken


def _places(ask: Ask) -> list[OneOf]:
    """The places that any of several values may take, in a fixed order."""
    terms = (term for _, row in sorted(ask.wanted, key=str) for term in row if isinstance(term, OneOf))
    return list({id(term): term for term in terms}.values())


def _placed(ask: Ask, places: list[OneOf], values: Iterable[Term]) -> Ask:
    """The ask with these values in its places for several."""
    chosen = {id(place): value for place, value in zip(places, values, strict=True)}
    rows = ((relation, tuple(chosen.get(id(term), term) for term in row)) for relation, row in ask.wanted)
    return replace(ask, wanted=frozenset(rows))


def _alike(found: Models, ask: Ask, place: OneOf, pattern: Row, tried: list[Filling]) -> list[Alike]:
    """The values that may take a place, like with like."""
    told = [relation for relation, _ in ask.wanted]
    # What else is tried with the value is held fixed: what fills the other places is not exchanged.
    other = _placed(ask, [place], [UNKNOWN])
    named = (value for filling in tried for fact in facts_of(found, other, filling) for value in fact.row)
    return list(map(tuple, classes(found, told, place.values, (*pattern, *named))))
