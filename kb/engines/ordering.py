"""The order in which the premises of a body are met: each after what binds its variables, selective ones first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from kb.language import syntax as s
from kb.language.variables import tested_variables

Size = Callable[[s.Atom], int]


@dataclass(frozen=True, slots=True)
class _Item:
    """What decides a premise's place: the variables it needs bound, those it binds, and whether it lists rows."""

    position: int
    names: frozenset[str]
    needs: frozenset[str]
    lists: bool
    computes: tuple[tuple[str, frozenset[str]], ...] = ()
    """Variables that it computes, those of `V = …`, each with what has to be bound for it."""

    @property
    def targets(self) -> frozenset[str]:
        """The variables that it can compute."""
        return frozenset(name for name, _ in self.computes)


def ordered(body: tuple[s.Premise, ...], size: Size) -> list[s.Premise]:
    """The premises so that tests follow at once what binds them, and small relations come first.

    `size` gives the number of rows of an atom's relation. An argument that is bound already
    counts as narrowing a relation tenfold (the usual guess without statistics).

    In a lenient body a later premise may turn a `?` into a value. So there a premise
    waits until nothing before it can do that: the order then does not show in the result.
    """
    if len(body) == 1:
        return list(body)
    pending, bound, result = list(_items(body)), set[str](), list[s.Premise]()
    is_lenient = any(premise.lenient for premise in body)
    while pending:
        ready = (each for each in pending if _is_ready(each, bound))
        if is_lenient:
            ready = (each for each in ready if not _may_change(each, pending))
        chosen = next(ready, None)
        if chosen is None:
            listing = [each for each in pending if each.lists]
            chosen = min(listing, key=lambda each: _estimate(body[each.position], bound, size)) if listing else pending[0]
        pending = [each for each in pending if each is not chosen]
        result.append(body[chosen.position])
        bound |= chosen.names
    return result


def as_written(body: tuple[s.Premise, ...]) -> list[s.Premise]:
    """The premises in their author's order, but for those that have to wait for what binds their variables."""
    pending, bound, result = list(_items(body)), set[str](), list[s.Premise]()
    while pending:
        chosen = next((each for each in pending if each.lists or _is_ready(each, bound)), pending[0])
        pending = [each for each in pending if each is not chosen]
        result.append(body[chosen.position])
        bound |= chosen.names
    return result


@lru_cache(maxsize=4_096)
def _items(body: tuple[s.Premise, ...]) -> tuple[_Item, ...]:
    """The items of a body: the same for every case, and for every body that says the same."""
    return tuple(_item(position, premise, body) for position, premise in enumerate(body))


def _item(position: int, premise: s.Premise, body: tuple[s.Premise, ...]) -> _Item:
    tested = tested_variables(premise, body)
    if isinstance(premise, s.Literal):
        names = frozenset(v.name for v in s.premise_variables(premise)) if premise.lists else tested
        return _Item(position, names, tested, premise.lists)
    if isinstance(premise, s.Comparison):
        sides = ((premise.left, premise.right), (premise.right, premise.left)) if premise.op == "=" else ()
        computes = tuple((side.name, _names(other)) for side, other in sides if isinstance(side, s.Variable))
        return _Item(position, tested, tested, False, computes)
    outer = _names(premise.bound)
    is_value = premise.op == "=" and isinstance(premise.bound, s.Variable)
    return _Item(position, tested | outer, tested | outer, False, tuple((n, tested) for n in outer) if is_value else ())


def _names(term: s.Term) -> frozenset[str]:
    return frozenset(v.name for v in s.term_variables(term))


def _is_ready(item: _Item, bound: set[str]) -> bool:
    if item.lists:
        return False
    return item.needs <= bound or any(name not in bound and needs <= bound for name, needs in item.computes)


def _may_change(item: _Item, pending: list[_Item]) -> bool:
    """Whether a pending literal, or a pending `V = …` for another premise, may give a variable of it a value."""
    return any(
        not item.names.isdisjoint(other.names if other.lists else other.targets)
        for other in pending
        if other is not item and (other.lists or (other.targets and not item.targets))
    )


def _estimate(premise: s.Premise, bound: set[str], size: Size) -> float:
    assert isinstance(premise, s.Literal)
    fixed = sum(not isinstance(term, s.Variable) or term.name in bound for term in premise.atom.terms)
    return float(size(premise.atom)) / float(10**fixed)
