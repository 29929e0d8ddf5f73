"""The three models of a case: what holds, what may hold, and what holds whatever the record leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kb.contradictions import AtomKey, Contradiction, contradictions
from kb.engines import Engine
from kb.engines.model import Instance, Model
from kb.language import syntax as s
from kb.language.bounds import CERTAIN, CONTRADICTED, POSSIBLE, bounded, bounds
from kb.language.closed import closed_relations, relations_of, settled
from kb.language.program import Fact, Program
from kb.language.strata import needed
from kb.language.values import UNKNOWN, Row
from kb.silence import open_rows


@dataclass
class Compiled:
    """A Program with its rewritings, each made once and used for every case."""

    program: Program
    _bounds: dict[tuple[frozenset[str], frozenset[str], frozenset[str]], Program] = field(default_factory=dict)
    _readings: dict[tuple[tuple[str, str], ...], Compiled] = field(default_factory=dict)

    def bounds(self, same: frozenset[str], definite: frozenset[str], contradicted: frozenset[str]) -> Program:
        """The program of both bounds for these relations."""
        key = same, definite, contradicted
        if key not in self._bounds:
            self._bounds[key] = bounds(self.program, same, definite, contradicted)
        return self._bounds[key]

    def with_readings(self, choice: tuple[tuple[str, str], ...]) -> Compiled:
        """The program in which, for each relation of the choice, only the rules of the named reading count."""
        if choice not in self._readings:
            names = dict(choice)
            rules = tuple(
                rule
                for rule in self.program.rules
                if not rule.reading or names.get(rule.head.relation, rule.reading) == rule.reading
            )
            self._readings[choice] = Compiled(replace(self.program, rules=rules))
        return self._readings[choice]


@dataclass(frozen=True)
class Models:
    """The perfect model of a case and its bounds, with the facts and the contradictions behind them."""

    program: Program
    case: str
    stated: Mapping[str, Mapping[Row, Fact]]
    perfect: Model
    both: Model
    same: frozenset[str]
    definite: frozenset[str]
    open: Mapping[str, frozenset[Row]]
    contradictions: tuple[Contradiction, ...]

    def holds(self, relation: str, pattern: Row) -> bool:
        """Whether an atom of the pattern is in the perfect model."""
        return any(self.perfect.matching(relation, pattern))

    def is_possible(self, relation: str, pattern: Row) -> bool:
        """Whether an atom of the pattern may hold, for some way in which the silences turn out."""
        if relation in self.same:
            return self.holds(relation, pattern)
        return any(self.both.matching(bounded(relation, POSSIBLE), pattern, lenient=True))

    def is_certain(self, relation: str, pattern: Row) -> bool:
        """Whether an atom of the pattern holds however the silences turn out."""
        if relation in self.same or relation in self.definite:
            return self.holds(relation, pattern)
        return any(self.both.matching(bounded(relation, CERTAIN), pattern))

    def possible_rows(self, relation: str) -> frozenset[Row]:
        """The rows of a relation in the possible model."""
        return self.perfect.rows(relation) if relation in self.same else self.both.rows(bounded(relation, POSSIBLE))

    def possible_derivations(self, relation: str, row: Row) -> tuple[Instance, ...]:
        """The rule instances that may derive an atom."""
        if relation in self.same:
            return self.perfect.derivations(relation, row)
        return self.both.derivations(bounded(relation, POSSIBLE), row)

    def is_stated(self, relation: str, row: Row) -> bool:
        """Whether the chart or a document states the atom."""
        return row in self.stated.get(relation, {})


def models(
    compiled: Compiled,
    facts: Iterable[Fact],
    case: str,
    engine: Engine,
    wanted: Iterable[str] | None = None,
    seconds: float | None = None,
) -> Models:
    """The three models of a case, as far as the wanted relations depend on them."""
    program = compiled.program
    stated: dict[str, dict[Row, Fact]] = {}
    for fact in (*program.facts, *facts):
        stated.setdefault(fact.relation, {}).setdefault(fact.row, fact)
    used = _used(program, wanted)
    perfect = engine(program, stated, used, seconds)
    found = contradictions(program, perfect)
    same = _same(program, stated, bool(found))
    definite = _definite(program, same, bool(found))
    opened = {
        name: open_rows(program, predicate, case, stated)
        for name, predicate in program.predicates.items()
        if predicate.can_be_open and not {name, f"-{name}"}.isdisjoint(used)
    }
    disputed = frozenset(atom for each in found for atom in each.atoms)
    rewritten = compiled.bounds(same, definite, frozenset(relation for relation, _ in disputed))
    given = _given(program, stated, perfect, same, definite, opened, disputed)
    targets = [bounded(name, bound) for name in used if name not in same for bound in (POSSIBLE, CERTAIN)]
    both = engine(rewritten, given, targets, seconds)
    return Models(program, case, stated, perfect, both, same, definite, opened, found)


def _used(program: Program, wanted: Iterable[str] | None) -> frozenset[str]:
    """What the wanted relations depend on, with the denials and the constraints over it."""
    if wanted is None:
        wanted = [*program.predicates, *program.rules_for]
    used = needed(program.rules_for, wanted)
    denials = [f"-{name}" for name in used if not name.startswith("-")]
    constraints = [rule.head.relation for rule in program.rules if rule.is_constraint and _touches(rule.rule, used)]
    return needed(program.rules_for, [*used, *denials, *constraints])


def _touches(rule: s.Rule, used: frozenset[str]) -> bool:
    return any(isinstance(p, s.Literal) and p.atom.relation in used for p in rule.body)


def _same(program: Program, stated: Mapping[str, Mapping[Row, Fact]], contradicted: bool) -> frozenset[str]:
    """The relations in which the three models agree: those without a case, and those over closed facts only."""
    names = program.predicates
    if contradicted:
        caseless = [name for name, predicate in names.items() if predicate.case_position is None]
        return frozenset(relation for name in caseless for relation in (name, f"-{name}"))
    return closed_relations(program, [name for name in names if _has_unknown(stated.get(name, ()))])


def _definite(program: Program, same: frozenset[str], contradicted: bool) -> frozenset[str]:
    """The relations without negation or aggregate beneath: what holds there holds certainly."""
    if contradicted:
        return frozenset()

    def is_definite(premise: s.Premise, found: set[str]) -> bool:
        if isinstance(premise, s.Literal) and not premise.negated:
            return premise.atom.relation in found
        return same.issuperset(relations_of(premise))

    return settled(program, (r for name in program.predicates for r in (name, f"-{name}")), is_definite)


def _has_unknown(rows: Iterable[Row]) -> bool:
    return any(UNKNOWN in row for row in rows)


def _given(
    program: Program,
    stated: Mapping[str, Mapping[Row, Fact]],
    perfect: Model,
    same: frozenset[str],
    definite: frozenset[str],
    opened: Mapping[str, frozenset[Row]],
    disputed: frozenset[AtomKey],
) -> dict[str, Iterable[Row]]:
    """The relations that the bounds start from."""
    given: dict[str, Iterable[Row]] = {name: perfect.rows(name) for name in same}
    for name, facts in stated.items():
        if name not in same:
            given[bounded(name, POSSIBLE)] = set(facts)
            given[bounded(name, CERTAIN)] = {row for row in facts if (name, row) not in disputed}
    for name, rows in opened.items():
        for relation in (name, f"-{name}"):
            possible = bounded(relation, POSSIBLE)
            given[possible] = {*given.get(possible, ()), *rows}
    for name in definite - same:
        given[bounded(name, CERTAIN)] = perfect.rows(name)
    for relation, row in disputed:
        key = bounded(relation, CONTRADICTED)
        given[key] = {*given.get(key, ()), row}
    return given
