"""Follows answers down to what is disputed, by statements that `cohort.disputes` compiles, until nothing more is reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import duckdb

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

    `beginnings` make the empty tables of what is reached, `roots` add the atoms that may
    answer a question, `ways` lead on from each relation, which are taken in `order`;
    `conflicts` tell which of what was reached of a relation is disputed.
    """

    beginnings: tuple[str, ...]
    roots: tuple[Addition, ...]
    ways: Mapping[str, tuple[Way, ...]]
    order: tuple[str, ...]
    conflicts: Mapping[str, str]

    def after(self, first: Search) -> Search:
        """The search, going on by the ways of another where it has none of its own."""
        return replace(self, ways={**first.ways, **self.ways}, conflicts=first.conflicts)


def find_conflicts(connection: duckdb.DuckDBPyConnection, searches: Iterable[Search]) -> None:
    """Fills the tables of what conflicts, for the cases that are known to contradict themselves."""
    first, *others = searches
    instantiated = dict[str, int]()
    _Run(first, connection, instantiated).run()
    for each in others:
        _Run(each.after(first), connection, instantiated).run()


@dataclass
class _Run:
    """One search, on a connection: what was reached of each relation stands in a table of its own."""

    search: Search
    connection: duckdb.DuckDBPyConnection
    instantiated: dict[str, int]
    """How many rows each statement of instances made that was run already."""

    def run(self) -> None:
        for statement in self.search.beginnings:
            self._run(statement)
        changed = {relation for relation, statement in self.search.roots if self._run(statement)[0][0]}
        reached = set(changed)
        while changed:
            relation = next((each for each in self.search.order if each in changed), None) or min(changed)
            changed.discard(relation)
            changed |= {target for way in self.search.ways[relation] for target in self._followed(way)}
            reached |= changed
        for relation in sorted(reached & self.search.conflicts.keys()):
            self._run(self.search.conflicts[relation])

    def _followed(self, way: Way) -> Iterator[str]:
        """The relations of which more is reached now."""
        if way.instances not in self.instantiated:
            self.instantiated[way.instances] = self._run(way.instances)[0][0]
        for target, statement in way.targets if self.instantiated[way.instances] else ():
            if self._run(statement)[0][0]:
                yield target

    def _run(self, statement: str) -> list[tuple[int, ...]]:
        return self.connection.execute(statement).fetchall()
