"""What to ask for: the smallest sets of documentable facts that would make an atom follow.

The sets are read off the proofs in the possible model (abduction over what the record
leaves open). A value that is still to be told is a labelled null, a `Hole`; the
comparisons that it has to satisfy travel with it, so that an ask can say *4-minus or
less*, and so that `explain.remedies` can try it.
"""

from __future__ import annotations

from collections.abc import Iterable

from explain import elements, undoing
from explain.asks import SETS_KEPT, Ask, Hole, distinct, filled
from explain.search import Search
from kb.engines.model import Instance
from kb.language import syntax as s
from kb.language.values import Row
from kb.models import Models

_SETS_TOLD = 6
"""Sets for an atom that several rules conclude."""


def minimal_asks(models: Models, relation: str, pattern: Row, of_all_readings: Models | None = None) -> tuple[Ask, ...]:
    """The cheapest sets of facts for an atom of the pattern: one of each rule, and a few more.

    Under one choice of readings, what no reading has a part in is taken over from where it
    was found `of_all_readings`.
    """
    search = _search(models)
    if of_all_readings is not None:
        search.take_over(_search(of_all_readings))
    try:
        ways = search.ways(relation, pattern)
        by_rank = (way[rank] for rank in range(SETS_KEPT) for way in ways if rank < len(way))
        found = search.atom(relation, pattern) if len(ways) < 2 else distinct(by_rank, max(_SETS_TOLD, len(ways)))
    finally:
        search.end()
    return _numbered(found)


def _numbered(asks: Iterable[Ask]) -> tuple[Ask, ...]:
    """The asks with holes numbered from 0: how many were made before does not matter to who asks."""
    return tuple(filled(ask, {hole: Hole(number) for number, hole in enumerate(sorted(ask.all_holes))}) for ask in asks)


def overturning_asks(models: Models, relation: str, row: Row) -> tuple[Ask, ...]:
    """The cheapest sets of facts with which an atom that holds would not: they break each way to it."""
    search = _search(models)
    try:
        return _numbered(undoing.undone(search, relation, row))
    finally:
        search.end()


def more_elements(models: Models, instance: Instance) -> tuple[Ask, ...]:
    """What the aggregates of a rule instance might count besides: sets of facts, each for one more element."""
    search = Search(models)
    aggregates = (premise for premise in instance.rule.rule.body if isinstance(premise, s.Aggregate))
    return tuple(ask for premise in aggregates for ask in elements.more(search, premise, instance.binding))


def _search(models: Models) -> Search:
    """The search in some models: the criteria of a case share most of what is beneath them."""
    return models.remembered(Search, lambda: Search(models))
