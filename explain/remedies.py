"""Asks tried out: an ask is filled with values that satisfy it, and the case is decided again with the facts added."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from explain.asks import Ask, Hole, Need, OneOf, Term
from explain.criteria import branches
from explain.missing import minimal_asks
from explain.outcomes import Outcome, is_met, outcome, wanted_for
from explain.symmetry import classes
from explain.verdicts import Verdict, verdict
from facts.opening import ASSUMED
from kb.contradictions import AtomKey
from kb.engines.computed import compare, compute
from kb.engines.model import fits, ground_row, unified
from kb.language import syntax as s
from kb.language.program import Fact
from kb.language.values import ANY, UNKNOWN, NumberOutOfRange, Row, Value
from kb.models import Models

_TRIED_PER_ASK = 3
_CRITERIA_TRIED = 8
_FILLINGS_LOOKED_AT = 5_000
_DAYS_BEFORE = (0, 1, 7, 14, 30, 41, 42, 60, 90, 120, 180, 200, 364, 365, 366, 400, 730)
_NUMBERS = tuple(Decimal(number) for number in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 20, 30, 40, 41, 50, 51, 100))

Filling = Mapping[Hole, Value]
"""A value for each hole of an ask."""


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


def remedies(found: Models, relation: str, pattern: Row, limit: int = 6, each_value: bool = True) -> tuple[Remedy, ...]:
    """The smallest sets of facts that would make the goal met, each tried out, the easiest first.

    A set that a second look does not confirm (a negated premise elsewhere may break
    it, the facts would contradict the record, or be enough by one reading of several) is
    left out. Where that leaves none, what the criteria beneath the goal ask for is tried.
    """

    def does(facts: tuple[Fact, ...]) -> bool:
        return is_met(found.again(wanted_for(found.program, [relation]), facts), (relation, pattern))

    def confirmed(asks: Iterable[Ask]) -> list[Remedy]:
        found_out = (tried(found, pattern, ask, does, each_value) for ask in asks if ask.wanted)
        return [each for each in found_out if each is not None]

    works = confirmed(minimal_asks(found, relation, pattern)) or confirmed(_of_criteria(found, relation, pattern))
    return tuple(sorted(works, key=lambda each: (each.ask.cost, len(each.ask.wanted)))[:limit])


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
    fillings = list(islice(_fillings(found, ask), _TRIED_PER_ASK))
    if ask.remarks or widely:
        # What values come to together is no comparison of two: the widest spans are tried as well.
        fillings += [filling for hole in sorted(ask.holes) for filling in islice(_fillings(found, ask, hole), 1)]
    loose = _loose(found, ask) if widely else []
    compared = [(each, value) for each in _open_places(ask) for value in _compared_with(found, *each)] if widely else []
    places = _places(ask) if each_value else []
    alike = [_alike(found, ask, place, pattern, fillings) for place in places]
    examples: dict[Chosen, tuple[Fact, ...] | None] = {}

    def works(chosen: Chosen) -> bool:
        # What works with one of several interchangeable values works with each.
        if chosen not in examples:
            values = [values[0] for values in chosen]
            placed = _placed(ask, places, values)
            facts = [_facts(found, placed, filling) for filling in fillings]
            facts += [_facts(found, placed, filling, kind) for filling in fillings[:1] for kind in loose]
            facts += [_facts(found, _with_value(placed, *each), filling) for filling in fillings[:1] for each in compared]
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


def _loose(found: Models, ask: Ask) -> list[str]:
    """The types of which an ask has values that may be any."""
    pairs = (
        (argument.type, term)
        for relation, row in ask.wanted
        for argument, term in zip(found.program.predicate(relation).arguments, row, strict=True)
    )
    return sorted({kind for kind, term in pairs if term is ANY})


Position = tuple[str, int]
"""An argument of a relation, by its position."""


def _open_places(ask: Ask) -> list[Position]:
    """The arguments of an ask's facts that may be anything."""
    return sorted({(relation, i) for relation, row in ask.wanted for i, term in enumerate(row) if term is ANY})


def _with_value(ask: Ask, place: Position, value: Value) -> Ask:
    """The ask with a value for an argument that may be anything."""
    relation, position = place
    rows = (
        (name, (*row[:position], value, *row[position + 1 :]) if name == relation and row[position] is ANY else row)
        for name, row in ask.wanted
    )
    return replace(ask, wanted=frozenset(rows))


def _compared_with(found: Models, relation: str, position: int) -> list[Value]:
    """The numbers and days about those that rules compare an argument with."""
    compared = found.remembered(_compared_with, lambda: _comparisons(found))
    kind = found.program.predicate(relation).arguments[position].type
    return _about(kind, compared.get((relation.removeprefix("-"), position), ()))


def _comparisons(found: Models) -> dict[Position, list[Need]]:
    """The comparisons of rules that name an argument's variable."""
    bodies = [rule.rule.body for rule in found.program.rules]
    for body in bodies:
        bodies += [premise.body for premise in body if isinstance(premise, s.Aggregate)]
    places: dict[Position, list[Need]] = {}
    for body in bodies:
        needs = [Need(premise, ()) for premise in body if isinstance(premise, s.Comparison)]
        for literal in (premise for premise in body if isinstance(premise, s.Literal)):
            for position, term in enumerate(literal.atom.terms):
                if isinstance(term, s.Variable):
                    named = (need for need in needs if term in s.premise_variables(need.premise))
                    places.setdefault((literal.atom.relation.removeprefix("-"), position), []).extend(named)
    return places


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
    named = (value for filling in tried for fact in _facts(found, other, filling) for value in fact.row)
    return list(map(tuple, classes(found, told, place.values, (*pattern, *named))))


def _fillings(found: Models, ask: Ask, turned: Hole | None = None) -> Iterator[Filling]:
    """Values for the holes of an ask with which every comparison holds; of the hole that is `turned` the last first."""
    kinds = {
        term: argument.type
        for relation, row in ask.wanted
        for term, argument in zip(row, found.program.predicate(relation).arguments, strict=True)
        if isinstance(term, Hole)
    }
    holes = sorted(kinds)
    # A comparison is looked at when the last of its holes is filled.
    at_last: dict[Hole, list[Need]] = {hole: [] for hole in holes}
    for need in ask.needs:
        if need.holes and need.holes <= set(kinds):
            at_last[max(need.holes)].append(need)
    needs = [need for each in at_last.values() for need in each]
    candidates = {hole: _candidates(found, kinds[hole], needs)[:: -1 if hole == turned else 1] for hole in holes}
    yield from islice(_assignments(found, holes, candidates, at_last, {}), _FILLINGS_LOOKED_AT)


def _facts(found: Models, ask: Ask, filling: Filling, turned: str = "") -> tuple[Fact, ...]:
    return tuple(_fact(found, relation, row, filling, turned) for relation, row in sorted(ask.wanted, key=str))


def _assignments(
    found: Models,
    holes: list[Hole],
    candidates: Mapping[Hole, list[Value]],
    at_last: Mapping[Hole, list[Need]],
    filling: Filling,
) -> Iterator[Filling]:
    """Backtracking over the holes, in order."""
    if not holes:
        yield filling
        return
    first, rest = holes[0], holes[1:]
    for value in candidates[first]:
        extended = {**filling, first: value}
        if all(_holds(found, need, extended) for need in at_last[first]):
            yield from _assignments(found, rest, candidates, at_last, extended)


def _filled(term: Term, filling: Filling) -> Value:
    """The value that is tried for a term: of several the first."""
    return filling.get(term, ANY) if isinstance(term, Hole) else term.values[0] if isinstance(term, OneOf) else term


def _holds(found: Models, need: Need, filling: Filling) -> bool:
    binding = {name: _filled(term, filling) for name, term in need.terms}
    try:
        left, right = compute(need.premise.left, binding), compute(need.premise.right, binding)
    except (NumberOutOfRange, KeyError):
        return False
    return compare(need.premise.op, left, right, found.program.domains.get(need.premise.type), lenient=False)


def _candidates(found: Models, kind: str, needs: Iterable[Need]) -> list[Value]:
    """Values of a type worth trying: a domain's, days about the request, what lies about the values in comparisons."""
    if kind in found.program.domains:
        return list(found.program.domains[kind].values)
    if kind == "date":
        request = next((row[1] for row in found.perfect.rows("request_date") if isinstance(row[1], date)), date.today())
        return [*dict.fromkeys([*(request - timedelta(days=days) for days in _DAYS_BEFORE), *_about(kind, needs)])]
    if kind == "number":
        return [*dict.fromkeys([*_about(kind, needs), *_NUMBERS])]
    return [found.case] if kind == "case" else ["any"]


def _about(kind: str, needs: Iterable[Need]) -> list[Value]:
    """The numbers, or the days, that comparisons name, and what lies a step beside them."""
    constants = [value for need in needs for term in (need.premise.left, need.premise.right) for value in _constants(term)]
    numbers = list(dict.fromkeys(value for value in constants if isinstance(value, Decimal)))
    if kind == "number":
        return [*numbers, *(number + step for number in numbers for step in (Decimal(1), Decimal(-1)))]
    if kind != "date":
        return []
    days = dict.fromkeys(value for value in constants if isinstance(value, date))
    steps = dict.fromkeys(step for number in (Decimal(0), *numbers) for step in (number, -number))
    return [moved for day in days for step in steps for by in (0, 1, -1) if (moved := _moved(day, step + by)) is not None]


def _constants(term: s.Term) -> list[Value]:
    """The values that a term names, computed from or not."""
    if isinstance(term, s.Arithmetic):
        return [*_constants(term.left), *_constants(term.right)]
    return [term.value] if isinstance(term, s.Constant) else []


def _moved(day: date, days: Decimal) -> date | None:
    """A day some days on; None where the calendar ends."""
    try:
        return day + timedelta(days=int(days))
    except OverflowError:
        return None


def _fact(found: Models, relation: str, row: tuple[Term, ...], filling: Filling, turned: str) -> Fact:
    """The fact with values for what may be anything: such that the record does not deny it, if there are any.

    They are the first of their types, and of the type that is `turned` the last.
    """
    arguments = found.program.predicate(relation).arguments
    candidates = [_candidates(found, each.type, ())[:: -1 if each.type == turned else 1] for each in arguments]
    filled = [_filled(term, filling) for term in row]
    values = tuple(choices[0] if value is ANY else value for value, choices in zip(filled, candidates, strict=True))
    denied = found.stated.get(s.opposite(relation), {})
    for position, choices in enumerate(candidates):
        if filled[position] is ANY and any(fits(values, other) for other in denied):
            tried = ((*values[:position], value, *values[position + 1 :]) for value in choices)
            values = next((row for row in tried if not any(fits(row, other) for other in denied)), values)
    return Fact(relation, values, ASSUMED)
