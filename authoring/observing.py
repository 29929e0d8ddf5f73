"""What one test shows of the rules: of each premise that it holds in a proof, or alone keeps its rule from concluding."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from authoring.running import Run, verdict_of
from authoring.trials import Expected
from explain.proofs import atoms_of, positive_premises
from explain.solutions import Binding, counted, extensions, solutions
from explain.verdicts import Verdict
from kb.contradictions import AtomKey
from kb.engines.model import ground_row, unified
from kb.language import syntax as s
from kb.language.program import ProgramRule
from kb.language.values import ANY, Row
from kb.language.variables import bound_variables, tested_variables
from kb.models import Models

Key = tuple[str, int]
"""A premise: its rule's id, and its position in the body."""

_WAYS = 200
"""How many ways through the other premises are looked at for one in which this one fails."""


@dataclass
class Seen:
    """What tests have shown: premises in a proof, premises that alone fail, verdicts on criteria; each by which test."""

    true: dict[Key, str] = field(default_factory=dict)
    alone: dict[Key, str] = field(default_factory=dict)
    surely: dict[Key, str] = field(default_factory=dict)
    """Of those alone, the ones where every other premise could be looked at without it."""
    verdicts: dict[tuple[str, str, Verdict], str] = field(default_factory=dict)
    """By the document of the criterion (versions of one have criteria of the same names), its relation and the verdict."""

    def add(self, other: Seen) -> None:
        """Adds what others have shown."""
        for mine, theirs in ((self.true, other.true), (self.alone, other.alone), (self.surely, other.surely)):
            for key, test in theirs.items():
                mine.setdefault(key, test)
        for goal, test in other.verdicts.items():
            self.verdicts.setdefault(goal, test)


def observe(run: Run, seen: Seen) -> None:
    """Adds what one test shows that is as it expects."""
    _Watching(run, seen).look()


@dataclass
class _Watching:
    """Follows what a test expects down to the facts: proofs of what holds, near misses of what does not."""

    run: Run
    seen: Seen
    proved: set[AtomKey] = field(default_factory=set)
    missed: set[str] = field(default_factory=set)

    @property
    def models(self) -> Models:
        return self.run.models

    @property
    def test(self) -> str:
        return self.run.trial.id

    def look(self) -> None:
        for expectation in self.run.expected:
            for premise in expectation.body:
                if isinstance(premise, s.Literal):
                    self._expectation(expectation, premise)

    def _expectation(self, expectation: Expected, premise: s.Literal) -> None:
        goal = premise.atom.relation, ground_row(premise.atom.terms, {})
        self._criterion(expectation, goal)
        if premise.negated or expectation.verdict is not Verdict.MET:
            self._miss(*goal)
        if not premise.negated:
            for atom in atoms_of(self.models, *goal):
                self._prove(atom)

    def _criterion(self, expectation: Expected, goal: AtomKey) -> None:
        documents = {each.origin.document for each in self.models.program.criteria if each.atom.relation == goal[0]}
        if documents:
            told = Verdict.MET if not expectation.negated else verdict_of(self.models, goal)
            actual = told if expectation.verdict is Verdict.MET else expectation.verdict
            for document in documents:
                self.seen.verdicts.setdefault((document, goal[0], actual), self.test)

    def _prove(self, root: AtomKey) -> None:
        """Every derivation of an atom, and of what it rests on."""
        pending = [root]
        while pending:
            atom = pending.pop()
            if atom in self.proved:
                continue
            self.proved.add(atom)
            for instance in self.models.perfect.derivations(*atom):
                for position, premise in enumerate(instance.rule.rule.body):
                    self.seen.true.setdefault((instance.rule.id, position), self.test)
                    if isinstance(premise, s.Literal) and premise.negated:
                        self._miss(premise.atom.relation, ground_row(premise.atom.terms, instance.binding))
                    elif isinstance(premise, s.Aggregate):
                        pending += counted(self.models, premise, instance.binding)
                pending += positive_premises(self.models, instance)

    def _miss(self, relation: str, pattern: Row) -> None:
        """The rules that conclude an atom which does not hold: of each, the premises that alone keep it from concluding.

        What the premises of those rules lack is looked at too, of whichever instances.
        """
        self._rules_that_fail(relation, pattern)
        pending = [relation]
        while pending:
            relation = pending.pop()
            if relation in self.missed:
                continue
            self.missed.add(relation)
            for rule in self.models.program.rules_for.get(relation, ()):
                for literal in s.literals(rule.rule.body):
                    anything = literal.atom.relation, (ANY,) * len(literal.atom.terms)
                    if not literal.negated:
                        self._rules_that_fail(*anything)
                        pending.append(literal.atom.relation)
                        continue
                    for atom in atoms_of(self.models, *anything):
                        self._prove(atom)

    def _rules_that_fail(self, relation: str, pattern: Row) -> None:
        for rule in self.models.program.rules_for.get(relation, ()):
            binding = unified(rule.head.terms, pattern)
            for position in range(len(rule.rule.body)) if binding is not None else ():
                key = rule.id, position
                if key in self.seen.surely:
                    continue
                fails, surely = _fails_alone(self.models, rule, position, binding or {})
                if fails:
                    self.seen.alone.setdefault(key, self.test)
                if fails and surely:
                    self.seen.surely[key] = self.test


def _fails_alone(models: Models, rule: ProgramRule, position: int, binding: Binding) -> tuple[bool, bool]:
    """Whether all other premises hold, for some values, this one then does not, and so the conclusion does not.

    Premises that speak of values which only this one gives cannot be looked at without it:
    the second answer tells whether there were none.
    """
    body = rule.rule.body
    premise = body[position]
    rest = [other for number, other in enumerate(body) if number != position]
    while True:
        bound = bound_variables(rest, binding)
        possible = [other for other in rest if tested_variables(other, body) <= bound]
        if len(possible) == len(rest):
            break
        rest = possible
    surely = len(rest) == len(body) - 1
    if not tested_variables(premise, body) <= bound or any(_is_empty(models, other) for other in rest):
        return False, surely
    fails = any(
        next(extensions(models, premise, way), None) is None
        and not models.holds(rule.head.relation, ground_row(rule.head.terms, way))
        for way in islice(solutions(models, rest, binding), _WAYS)
    )
    return fails, surely


def _is_empty(models: Models, premise: s.Premise) -> bool:
    """Whether a premise lists the rows of a relation that has none."""
    return isinstance(premise, s.Literal) and not premise.negated and not models.perfect.rows(premise.atom.relation)
