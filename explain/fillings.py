"""Facts as they might be told: an ask with values for its holes, with which every comparison holds, and for all else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice, product

import networkx as nx

from explain.asks import Ask, Hole, Need, OneOf, Term
from explain.questions import requested_on
from facts.opening import ASSUMED
from kb.engines.computed import compare, compute
from kb.engines.model import fits
from kb.language import syntax as s
from kb.language.program import Fact
from kb.language.values import ANY, NumberOutOfRange, Value
from kb.models import Models

STAND_IN = "any"
"""Is tried for a text of which nothing is asked."""
_LOOKED_AT = 5_000
"""Values that are looked at for holes that comparisons join."""
_TRIED = 3
_DAYS_BEFORE = (0, 1, 7, 14, 30, 41, 42, 60, 90, 120, 180, 200, 364, 365, 366, 400, 730)
_NUMBERS = tuple(Decimal(number) for number in (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 20, 30, 40, 41, 50, 51, 100))

Filling = Mapping[Hole, Value]
"""A value for each hole of an ask."""


def fillings(found: Models, ask: Ask, widely: bool = False) -> list[Filling]:
    """The first values for the holes of an ask with which every comparison holds.

    `widely`: those too that begin with the last value of one hole, since what values come to
    together is no comparison of two.
    """
    first = list(islice(_fillings(found, ask), _TRIED))
    turned = (filling for hole in sorted(ask.holes) for filling in islice(_fillings(found, ask, hole), 1))
    return [*first, *turned] if widely else first


def facts_of(found: Models, ask: Ask, filling: Filling) -> tuple[Fact, ...]:
    """The facts of an ask, filled."""
    return tuple(_fact(found, relation, row, filling) for relation, row in sorted(ask.wanted, key=str))


def otherwise(found: Models, ask: Ask) -> Iterator[Ask]:
    """The ask with another value for one argument that may be anything: the last, and those about what rules name."""
    for relation, row in sorted(ask.wanted, key=str):
        for position, argument in enumerate(found.program.predicate(relation).arguments):
            if row[position] is ANY:
                compared = found.remembered(_comparisons, lambda: _comparisons(found))
                named = _about(argument.type, compared.get((relation.removeprefix("-"), position), ()))
                for value in dict.fromkeys([_candidates(found, argument.type, ())[-1], *named]):
                    told = (*row[:position], value, *row[position + 1 :])
                    yield replace(ask, wanted=(ask.wanted - {(relation, row)}) | {(relation, told)})


def _fillings(found: Models, ask: Ask, turned: Hole | None = None) -> Iterator[Filling]:
    """Values for the holes of an ask with which every comparison holds; of the hole that is `turned` the last first."""
    kinds = {
        term: argument.type
        for relation, row in ask.wanted
        for term, argument in zip(row, found.program.predicate(relation).arguments, strict=True)
        if isinstance(term, Hole)
    }
    needs = sorted((need for need in ask.needs if need.holes and need.holes <= kinds.keys()), key=str)
    # A comparison is looked at when the last of its holes is filled.
    at_last: dict[Hole, list[Need]] = {hole: [] for hole in kinds}
    for need in needs:
        at_last[max(need.holes)].append(need)
    # Holes that no comparison joins are filled by themselves: where one group cannot be, no other is gone through for it.
    joined: nx.Graph[Hole] = nx.Graph()
    joined.add_nodes_from(kinds)
    joined.add_edges_from((max(need.holes), hole) for need in needs for hole in need.holes)
    groups = sorted(map(sorted, nx.connected_components(joined)))
    candidates = dict[Hole, list[Value]]()
    for holes in groups:
        # What is compared with other values is no value to try.
        own = [need for need in needs if not need.holes.isdisjoint(holes)]
        candidates |= {hole: _candidates(found, kinds[hole], own)[:: -1 if hole == turned else 1] for hole in holes}
    begun = (_assignments(found, holes, candidates, at_last, {}, iter(range(_LOOKED_AT))) for holes in groups)
    for parts in product(*(list(islice(each, _TRIED)) for each in begun)):
        yield {hole: value for part in parts for hole, value in part.items()}


def _assignments(
    found: Models,
    holes: list[Hole],
    candidates: Mapping[Hole, list[Value]],
    at_last: Mapping[Hole, list[Need]],
    filling: Filling,
    looks: Iterator[int],
) -> Iterator[Filling]:
    """Backtracking over the holes, in order, as long as there are `looks` to take."""
    if not holes:
        yield filling
        return
    first, rest = holes[0], holes[1:]
    for value in candidates[first]:
        if next(looks, None) is None:
            return
        extended = {**filling, first: value}
        if all(_holds(found, need, extended) for need in at_last[first]):
            yield from _assignments(found, rest, candidates, at_last, extended, looks)


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
        request = requested_on(found) or date.today()
        return [*dict.fromkeys([*(request - timedelta(days=days) for days in _DAYS_BEFORE), *_about(kind, needs)])]
    if kind == "number":
        return [*dict.fromkeys([*_about(kind, needs), *_NUMBERS])]
    return [found.case] if kind == "case" else [STAND_IN]


def _about(kind: str, needs: Iterable[Need]) -> list[Value]:
    """The numbers, or the days, that comparisons name, and what lies a step beside them."""
    needs = list(needs)
    constants = [
        value for need in needs for term in (need.premise.left, need.premise.right) for value in s.term_values(term)
    ]
    constants += [value for need in needs for _, value in need.terms if not isinstance(value, (Hole, OneOf))]
    numbers = list(dict.fromkeys(value for value in constants if isinstance(value, Decimal)))
    if kind == "number":
        return [*numbers, *(number + step for number in numbers for step in (Decimal(1), Decimal(-1)))]
    if kind != "date":
        return []
    days = dict.fromkeys(value for value in constants if isinstance(value, date))
    steps = dict.fromkeys(step for number in (Decimal(0), *numbers) for step in (number, -number))
    return [moved for day in days for step in steps for by in (0, 1, -1) if (moved := _moved(day, step + by)) is not None]


def _moved(day: date, days: Decimal) -> date | None:
    """A day some days on; None where the calendar ends."""
    try:
        return day + timedelta(days=int(days))
    except OverflowError:
        return None


def _fact(found: Models, relation: str, row: tuple[Term, ...], filling: Filling) -> Fact:
    """The fact, with the first values for what may be anything with which the record does not deny it, if there are any."""
    candidates = [_candidates(found, each.type, ()) for each in found.program.predicate(relation).arguments]
    filled = [_filled(term, filling) for term in row]
    values = tuple(choices[0] if value is ANY else value for value, choices in zip(filled, candidates, strict=True))
    denied = found.stated.get(s.opposite(relation), {})
    for position, choices in enumerate(candidates):
        if filled[position] is ANY and any(fits(values, other) for other in denied):
            tried = ((*values[:position], value, *values[position + 1 :]) for value in choices)
            values = next((row for row in tried if not any(fits(row, other) for other in denied)), values)
    return Fact(relation, values, ASSUMED)


def _comparisons(found: Models) -> dict[tuple[str, int], list[Need]]:
    """The comparisons of rules that name an argument's variable, or an aggregate of it, by relation and position."""
    bodies = [(rule.rule.body, list[s.Comparison]()) for rule in found.program.rules]
    for body, _ in bodies:
        bodies += [(premise.body, [s.of_one_element(premise)]) for premise in body if isinstance(premise, s.Aggregate)]
    places: dict[tuple[str, int], list[Need]] = {}
    for body, around in bodies:
        needs = [Need(premise, ()) for premise in (*body, *around) if isinstance(premise, s.Comparison)]
        for literal in (premise for premise in body if isinstance(premise, s.Literal)):
            for position, term in enumerate(literal.atom.terms):
                if isinstance(term, s.Variable):
                    named = (need for need in needs if term in s.premise_variables(need.premise))
                    places.setdefault((literal.atom.relation.removeprefix("-"), position), []).extend(named)
    return places
