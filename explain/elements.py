"""What an aggregate wants beside the elements that it has: more of them, as many, or as large, as it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from explain.asks import NOTHING, SETS_KEPT, Ask, Hole, Need, OneOf, Term, Terms, cheapest, opened
from explain.needs import beyond, holds_already, together, wanted_number
from explain.patterns import pattern_of
from kb.language import syntax as s
from kb.language.bounds import asked_of
from kb.language.values import ANY, UNKNOWN, Row

if TYPE_CHECKING:
    from explain.search import Search

_LOOSE = 10
"""What it costs to ask for one more element of a set."""


def asks_of(search: Search, premise: s.Aggregate, binding: Mapping[str, Term]) -> list[Ask]:
    """The sets with which an aggregate is as it is wanted, where what it ranges over leaves something open.

    More elements: for a count as many as it wants.
    """
    if holds_already(search.models, premise, binding):
        return [NOTHING]
    if number := wanted_number(premise):
        return _elements(search, premise, number, binding)
    said = frozenset(together(premise))
    wanted = (_extreme if premise.function in ("min", "max") else more)(search, premise, binding)
    found = cheapest(replace(ask, cost=_LOOSE + ask.cost, remarks=ask.remarks | said) for ask in wanted)
    limits = frozenset(beyond(search.models, premise, binding))
    return [replace(ask, needs=ask.needs | limits) for ask in found[:1] or [NOTHING]]


def more(search: Search, premise: s.Aggregate, binding: Mapping[str, Term]) -> list[Ask]:
    """The cheapest sets for one more element of an aggregate."""
    return [ask for _, sets in _element_ways(search, premise.body, binding) for ask in sets if ask.wanted]


def _extreme(search: Search, premise: s.Aggregate, binding: Mapping[str, Term]) -> list[Ask]:
    """The cheapest sets for an element that is the least or largest, and as it is wanted."""
    term, bound, body = premise.terms[0], premise.bound, premise.body
    sought = binding.get(bound.name) if isinstance(bound, s.Variable) else None
    if premise.op == "=" and isinstance(sought, Hole) and isinstance(term, s.Variable):
        binding = {**binding, term.name: sought}
    else:
        body = (*body, s.of_one_element(premise))
    return more(search, replace(premise, body=body), binding)


def _element_ways(
    search: Search, body: tuple[s.Premise, ...], binding: Mapping[str, Term]
) -> Iterator[tuple[Mapping[str, Term], list[Ask]]]:
    """The possible ways through the body of an aggregate, with the cheapest sets for each."""
    for each in _possible_ways(search, s.listing(body), binding, {}):
        if sets := search.all_of(body, each):
            yield each, sets


def _possible_ways(
    search: Search, literals: list[s.Literal], given: Mapping[str, Term], met: Mapping[str, Term]
) -> Iterator[Mapping[str, Term]]:
    """The bindings under which all of some literals may hold, a hole for each value that none of them tells.

    They hold what is given, and what literals before were met with.
    """
    if not literals:
        yield {**met, **given}
        return
    atom, told = literals[0].atom, {name: term for name, term in met.items() if not isinstance(term, Hole)}
    for row in search.possible(asked_of(atom.relation), pattern_of(atom, {**told, **given})):
        here = dict(met)
        for term, value in zip(atom.terms, row, strict=True):
            if not isinstance(term, s.Variable) or term.is_anonymous or value is ANY:
                continue
            if value is not UNKNOWN:
                here[term.name] = value
            elif term.name not in here:
                here[term.name] = Hole(next(search.numbers))
        yield from _possible_ways(search, literals[1:], given, here)


def _elements(search: Search, premise: s.Aggregate, number: int, binding: Mapping[str, Term]) -> list[Ask]:
    """The cheapest sets for that many distinct elements, one of which may be of a value that is to be told."""
    names = list(dict.fromkeys(v.name for term in premise.terms for v in s.term_variables(term)))
    by_element: dict[Row, tuple[Terms, list[Ask]]] = {}
    for way, asks in _element_ways(search, premise.body, binding):
        element = tuple(way.get(name, ANY) for name in names)
        first, found = by_element.setdefault(opened(element), (element, []))
        found += asks if first == element else []
    known = [(element, cheapest(asks)) for element, asks in by_element.values()]
    nearest = sorted(known, key=lambda each: each[1][0].cost)[: number + 3]
    sets: list[Ask] = []
    for chosen in combinations(nearest, number):
        union = [NOTHING]
        for _, each in chosen:
            union = search.joined(union, each)
        elements = frozenset(opened(element) for element, asks in chosen if asks[0].wanted)
        unlike = frozenset(_unlike(names, [element for element, _ in chosen]))
        sets += [replace(ask, counted=ask.counted | elements, needs=ask.needs | unlike) for ask in union]
    return sorted(sets, key=lambda ask: ask.cost)[:SETS_KEPT]


def _unlike(names: list[str], elements: list[Terms]) -> Iterator[Need]:
    """That an element of one value, which is to be told, is none of the others."""
    values = [element[0] for element in elements] if len(names) == 1 else []
    for hole in (value for value in values if isinstance(value, Hole)):
        for other in (value for value in values if not isinstance(value, (Hole, OneOf))):
            yield Need(s.Comparison(s.Variable(names[0]), "!=", s.Constant(other)), ((names[0], hole),))
