"""The three models of a case: what holds, what may hold, and what holds whatever the record leaves open."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from kb.compiled import Compiled, Stated
from kb.contradictions import AtomKey, Contradiction, contradictions
from kb.engines import Engine
from kb.engines.model import Instance, Model
from kb.engines.update import updated
from kb.language.bounds import CERTAIN, CONTRADICTED, LOWER, POSSIBLE, bound_of, bounded, lower, plain, upper
from kb.language.program import Fact, Program
from kb.language.strata import needed
from kb.language.values import Row
from kb.silence import open_rows

T = TypeVar("T")


@dataclass
class Models:
    """The perfect model of a case, and its bounds, which are evaluated for a relation when first asked for.

    `used` are the relations that were evaluated, `same` those in which all three models
    agree, `definite` those in which the perfect and the certain one do.
    """

    compiled: Compiled
    case: str
    facts: tuple[Fact, ...]
    stated: Stated
    used: frozenset[str]
    perfect: Model
    same: frozenset[str]
    definite: frozenset[str]
    contradictions: tuple[Contradiction, ...]
    engine: Engine
    seconds: float | None
    _runs: dict[str, Model] = field(default_factory=dict)
    _remembered: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def program(self) -> Program:
        """The program that the models are of."""
        return self.compiled.program

    def again(
        self,
        wanted: Iterable[str],
        more: Iterable[Fact] = (),
        without: Iterable[AtomKey] = (),
    ) -> Models:
        """The case decided again, with facts added to the record or taken from it."""
        more, gone = tuple(more), set(without)
        facts = (*(fact for fact in self.facts if (fact.relation, fact.row) not in gone), *more)
        return self._updated(self.compiled, wanted, facts, {*(fact.relation for fact in more), *(name for name, _ in gone)})

    def by(self, readings: Mapping[str, str], wanted: Iterable[str]) -> Models:
        """The case decided by one reading of each of some relations, which are named."""
        chosen, wanted = tuple(sorted(readings.items())), frozenset(wanted)

        def find() -> Models:
            return self._updated(self.compiled.with_readings(chosen), sorted(wanted), self.facts, readings)

        return self.remembered((chosen, wanted), find)

    def _updated(self, compiled: Compiled, wanted: Iterable[str], facts: tuple[Fact, ...], changed: Iterable[str]) -> Models:
        """The models of other facts, or by other rules, where these are of the `changed` relations."""
        wanted = list(wanted)
        used = compiled.used(wanted)
        if not used <= self.used:
            return models(compiled, facts, self.case, self.engine, wanted, self.seconds)
        stated = _stated(compiled.program, facts)
        perfect = updated(self.perfect, compiled.program, stated, changed, used, self.engine, self.seconds)
        return _around(perfect, compiled, self.case, facts, stated, used, self.engine, self.seconds)

    def holds(self, relation: str, pattern: Row) -> bool:
        """Whether an atom of the pattern is in the perfect model."""
        return self.perfect.has(relation, pattern)

    def is_possible(self, asked: str, pattern: Row) -> bool:
        """Whether an atom of the pattern may hold, for some way in which the silences turn out, and `?` in the pattern.

        Of `recorded:p`, whether it may by what is on record.
        """
        if asked in self.same:
            return self.perfect.has(asked, pattern, lenient=True)
        return self.bound(upper(asked)).has(upper(asked), pattern, lenient=True)

    def is_certain(self, relation: str, pattern: Row) -> bool:
        """Whether an atom of the pattern holds however the silences turn out."""
        if relation in self.same or relation in self.definite:
            return self.holds(relation, pattern)
        return self.bound(bounded(relation, CERTAIN)).has(bounded(relation, CERTAIN), pattern)

    def possible_rows(self, asked: str) -> frozenset[Row]:
        """The rows of a relation in the possible model; of `recorded:p` those that may be by what is on record."""
        if asked in self.same:
            return self.perfect.rows(asked)
        return self.bound(upper(asked)).rows(upper(asked))

    def certain_rows(self, asked: str) -> frozenset[Row]:
        """The rows of a relation in the certain model; of `recorded:p` those that surely are on record."""
        if asked in self.same or plain(asked) in self.definite:
            return self.perfect.rows(plain(asked))
        return self.bound(lower(asked)).rows(lower(asked))

    def possible_derivations(self, asked: str, row: Row) -> tuple[Instance, ...]:
        """The rule instances that may derive an atom."""
        if asked in self.same:
            return self.perfect.derivations(asked, row)
        return self.bound(upper(asked)).derivations(upper(asked), row)

    def bound(self, name: str) -> Model:
        """The model that holds the rows of a relation of the rewriting (`kb.language.bounds`), under its name there."""
        if name not in self._runs:
            self._run([name])
        return self._runs[name]

    def remembered(self, what: Hashable, find: Callable[[], T]) -> T:
        """What is found of these models once: the questions of a case and their criteria share most of it."""
        if what not in self._remembered:
            self._remembered[what] = find()
        found: T = self._remembered[what]
        return found

    def is_stated(self, relation: str, row: Row) -> bool:
        """Whether the chart or a document states the atom."""
        return row in self.stated.get(relation, {})

    def open(self, name: str) -> frozenset[Row]:
        """The instances of a fact predicate that the record leaves open."""
        return open_rows(self.program, self.program.predicates[name], self.case, self.stated)

    def prepare(self, relations: Iterable[str]) -> None:
        """Evaluates the bounds of several relations in one run; asking for them one by one gives the same."""
        targets = [bounded(name, bound) for name in relations if name not in self.same for bound in (POSSIBLE, CERTAIN)]
        if not all(target in self._runs for target in targets):
            self._run(targets)

    def _run(self, targets: list[str]) -> None:
        """Evaluates relations of the rewriting, with all beneath them that was not yet."""
        rewritten = self.rewritten(plain(target) for target in targets)
        missing = needed(rewritten, targets) - set(self._runs) - self.same
        run = self.engine(rewritten.part(missing), self.given(missing), targets, self.seconds)
        self._runs.update(dict.fromkeys(missing, run))

    def rewritten(self, relations: Iterable[str]) -> Program:
        """The program of both bounds, as far as some relations depend on it."""
        disputed = frozenset(relation for relation, _ in self.disputed)
        return self.compiled.bounds(relations, self.same, self.definite, disputed)

    def given(self, missing: Iterable[str]) -> dict[str, Iterable[Row]]:
        """What a run that evaluates the missing relations starts from: facts, silences, and what other runs found."""
        given: dict[str, Iterable[Row]] = {name: self.perfect.rows(name) for name in self.same}
        for name, run in self._runs.items():
            given[name] = run.rows(name)
        for name in missing:
            rows = self._base(name)
            if rows:
                given[name] = rows
        return given

    def _base(self, name: str) -> set[Row]:
        """The rows that a relation of the rewritten program has before any rule."""
        relation = plain(name)
        bound = bound_of(name)
        if bound == CONTRADICTED:
            return {row for other, row in self.disputed if other == relation}
        stated = set(self.stated.get(relation, ()))
        if bound == POSSIBLE:
            predicate = self.program.predicates.get(relation.removeprefix("-"))
            return stated | self.open(predicate.name) if predicate is not None and predicate.can_be_open else stated
        if bound in LOWER:
            if relation in self.definite:
                return set(self.perfect.rows(relation))
            return {row for row in stated if (relation, row) not in self.disputed}
        return stated

    @cached_property
    def disputed(self) -> frozenset[AtomKey]:
        """The atoms that have a part in a contradiction."""
        return frozenset(atom for each in self.contradictions for atom in each.atoms)


def models(
    compiled: Compiled,
    facts: Iterable[Fact],
    case: str,
    engine: Engine,
    wanted: Iterable[str] | None = None,
    seconds: float | None = None,
) -> Models:
    """The models of a case, as far as the wanted relations depend on them; `seconds` bounds each evaluation."""
    facts = tuple(facts)
    stated, used = _stated(compiled.program, facts), compiled.used(wanted)
    perfect = engine(compiled.program, stated, used, seconds)
    return _around(perfect, compiled, case, facts, stated, used, engine, seconds)


def _stated(program: Program, facts: Iterable[Fact]) -> Stated:
    stated: dict[str, dict[Row, Fact]] = {}
    for fact in (*program.facts, *facts):
        stated.setdefault(fact.relation, {}).setdefault(fact.row, fact)
    return stated


def _around(
    perfect: Model,
    compiled: Compiled,
    case: str,
    facts: tuple[Fact, ...],
    stated: Stated,
    used: frozenset[str],
    engine: Engine,
    seconds: float | None,
) -> Models:
    """The models about a perfect one: its contradictions, and in which relations they all agree."""
    found = contradictions(compiled.program, perfect)
    same = compiled.same(stated, bool(found))
    definite = frozenset[str]() if found else compiled.definite(same)
    return Models(compiled, case, facts, stated, used, perfect, same, definite, found, engine, seconds)
