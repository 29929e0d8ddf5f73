"""A checked program with what is worked out of it once, for whichever cases: cones, bounds, readings, what is closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from hashlib import sha256

from kb.language import syntax as s
from kb.language.bounds import beneath_record, bounds
from kb.language.closed import agreed, relations_of, settled
from kb.language.codes import Codes, codes_of
from kb.language.program import Fact, Program
from kb.language.strata import needed
from kb.language.values import UNKNOWN, Row

Stated = Mapping[str, Mapping[Row, Fact]]
"""What the chart and the documents state: for each relation, its rows with where they stand."""


@dataclass
class Compiled:
    """A Program with its rewritings, each made once and used for every case."""

    program: Program
    _bounds: dict[tuple[frozenset[str], ...], Program] = field(default_factory=dict)
    _cones: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    _readings: dict[tuple[tuple[str, str], ...], Compiled] = field(default_factory=dict)
    _same: dict[tuple[frozenset[str], bool], frozenset[str]] = field(default_factory=dict)
    _recorded: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    _definite: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    _used: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """Tells this program from every other one: a hash of all that it says, whoever asks for whom on which day."""
        of = self.program
        kinds = [(meta.full_id, meta.kind) for meta in of.documents]
        said = (kinds, of.domains, of.predicates, of.rules, of.facts, of.goals, of.criteria, of.readings)
        return sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def codes(self) -> Codes:
        """Which codes of a request the documents list."""
        return codes_of(self.program)

    def asked(self, payer: str, on: date) -> Compiled:
        """The same documents asked for a payer on a day, with the same rewritings."""
        return replace(self, program=self.program.asked(payer, on))

    def used(self, wanted: Iterable[str] | None) -> frozenset[str]:
        """What the wanted relations (all, if none are named) depend on, or their denials, and the constraints over it."""
        program = self.program
        key = frozenset([*program.predicates, *program.rules_for] if wanted is None else wanted)
        if key not in self._used:
            used = needed(program, key)
            # What a denial rests on may be denied in its turn.
            while not used.issuperset(denials := {s.opposite(name) for name in used}):
                used = needed(program, used | denials)
            constraints = [rule.head.relation for rule in program.constraints if _touches(rule.rule, used)]
            self._used[key] = needed(program, [*used, *constraints])
        return self._used[key]

    def bounds(
        self, wanted: Iterable[str], same: frozenset[str], definite: frozenset[str], contradicted: frozenset[str]
    ) -> Program:
        """The program of both bounds, as far as the wanted relations depend on it."""
        cone = self._cone(frozenset(wanted))
        if same not in self._recorded:
            self._recorded[same] = beneath_record(self.program, same)
        recorded = self._recorded[same]
        key = cone, same & cone, definite & cone, recorded & cone, contradicted & cone
        if key not in self._bounds:
            self._bounds[key] = bounds(self.program.part(cone), *key[1:])
        return self._bounds[key]

    def _cone(self, wanted: frozenset[str]) -> frozenset[str]:
        if wanted not in self._cones:
            self._cones[wanted] = needed(self.program, wanted)
        return self._cones[wanted]

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
        return self._readings[choice].asked(self.program.payer, self.program.on)

    def same(self, stated: Stated, contradicted: bool) -> frozenset[str]:
        """The relations in which the three models agree: those over closed facts only, which are told whole."""
        loose = frozenset(name for name, rows in stated.items() if any(UNKNOWN in row for row in rows))
        key = loose, contradicted
        if key not in self._same:
            self._same[key] = agreed(self.program, *key)
        return self._same[key]

    def definite(self, closed: frozenset[str]) -> frozenset[str]:
        """The relations without negation or aggregate over what is not closed: what holds there holds certainly."""
        if closed not in self._definite:
            self._definite[closed] = self._definite_over(closed)
        return self._definite[closed]

    def _definite_over(self, closed: frozenset[str]) -> frozenset[str]:
        program = self.program

        def is_definite(premise: s.Premise, found: set[str]) -> bool:
            if isinstance(premise, s.Literal) and not premise.negated:
                return premise.atom.relation in found
            return closed.issuperset(relations_of(premise))

        return settled(program, (r for name in program.predicates for r in (name, f"-{name}")), is_definite)


def _touches(rule: s.Rule, used: frozenset[str]) -> bool:
    return any(relation in used for premise in rule.body for relation in relations_of(premise))
