"""Follows answers down to what is disputed, by statements that `cohort.disputes` compiles, until nothing more is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import duckdb

from kb.language.strata import reachable

Addition = tuple[str, str]
"""A statement that adds atoms which are reached, and their relation, which comes first."""


@dataclass(frozen=True, slots=True)
class Way:
    """A rule: the statement that makes its instances, and those that add what it asks for."""

    instances: str
    targets: tuple[Addition, ...]


@dataclass(frozen=True)
class Search:
    """The statements of a search, over the models and the questions of one program's contradicting cases.

    `whether_disputed` tell of relations whether something of them is in these cases: only
    what is `above` such relations is followed. `beginnings` make the empty tables of what is
    reached of a relation, `roots` add the atoms that may answer a question, `ways` lead on
    from each relation, which are taken in `order`; `conflicts` tell which of what was
    reached of a relation is disputed.
    """

    whether_disputed: Mapping[str, str]
    above: Mapping[str, tuple[str, ...]]
    beginnings: Mapping[str, str]
    roots: tuple[Addition, ...]
    ways: Mapping[str, tuple[Way, ...]]
    order: tuple[str, ...]
    conflicts: Mapping[str, str]

    def after(self, first: Search) -> Search:
        """The search, going on by the ways of another where it has none of its own."""
        above = {name: (*first.above.get(name, ()), *self.above.get(name, ())) for name in {*first.above, *self.above}}
        return replace(self, above=above, ways={**first.ways, **self.ways}, conflicts=first.conflicts)


def find_conflicts(connection: duckdb.DuckDBPyConnection, searches: Iterable[Search]) -> None:
    """Fills the tables of what conflicts, for the cases that are known to contradict themselves."""
    first, *others = searches
    tests = first.whether_disputed.items()
    disputed = [relation for relation, test in tests if connection.execute(test).fetchall()[0][0]]
    instantiated = dict[str, int]()
    _Run(first, connection, disputed, instantiated).run()
    for each in others:
        _Run(each.after(first), connection, disputed, instantiated).run()


@dataclass
class _Run:
    """One search, on a connection: what was reached of each relation stands in a table of its own."""

    search: Search
    connection: duckdb.DuckDBPyConnection
    disputed: Iterable[str]
    instantiated: dict[str, int]
    """How many rows each statement of instances made that was run already."""

    def run(self) -> None:
        """Runs it to its end."""
        for relation, statement in self.search.beginnings.items():
            if relation in self._relevant:
                self._run(statement)
        roots = (root for root in self.search.roots if root[0] in self._relevant)
        changed = {relation for relation, statement in roots if self._run(statement)[0][0]}
        reached = set(changed)
        while changed:
            relation = next((each for each in self.search.order if each in changed), None) or min(changed)
            changed.discard(relation)
            changed |= {target for way in self.search.ways[relation] for target in self._followed(way)}
            reached |= changed
        for relation in sorted(reached & self.search.conflicts.keys()):
            self._run(self.search.conflicts[relation])

    @cached_property
    def _relevant(self) -> frozenset[str]:
        """The relations beneath which something is disputed."""
        return reachable(self.search.above, self.disputed)

    def _followed(self, way: Way) -> Iterator[str]:
        """The relations of which more is reached now."""
        targets = [each for each in way.targets if each[0] in self._relevant]
        if not targets:
            return
        if way.instances not in self.instantiated:
            self.instantiated[way.instances] = self._run(way.instances)[0][0]
        for target, statement in targets if self.instantiated[way.instances] else ():
            if self._run(statement)[0][0]:
                yield target

    def _run(self, statement: str) -> list[tuple[int, ...]]:
        return self.connection.execute(statement).fetchall()
