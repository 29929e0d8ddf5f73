"""The embedded engine: pyDatalog, asked stratum by stratum for the ground instances of each rule.

pyDatalog proves top-down and stops at the first proof of a bound goal, and it does
not return on some recursive programs. So it never sees a recursive clause: each
rule is a query over all of its variables, and a recursive component is evaluated
by semi-naive rounds of such queries (Ullman 1989, section 3.5), in which one
recursive premise ranges over what the round before found.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kb.engines.clauses import Clause, Relation
from kb.engines.model import EvaluationError, EvaluationTimeout, Model
from kb.engines.session import NULL_ID, UNKNOWN_ID, Ids, OutOfTime, Session
from kb.language import syntax as s
from kb.language.program import Program, ProgramRule
from kb.language.strata import needed
from kb.language.values import UNKNOWN, NumberOutOfRange, Row
from kb.language.variables import with_binders


def evaluate(
    program: Program,
    relations: Mapping[str, Iterable[Row]],
    wanted: Iterable[str] | None = None,
    seconds: float | None = None,
) -> Model:
    """The perfect model of the program over the relations: see `kb.engines.Engine`."""
    deadline = None if seconds is None else time.monotonic() + seconds
    used = needed(program, wanted) if wanted is not None else None
    with Session.isolated(deadline) as session:
        run = _Run(program, session, program.lenient)
        for relation, rows in relations.items():
            if used is None or relation in used:
                run.load(relation, rows)
        for component in program.components:
            if used is None or not component.isdisjoint(used):
                run.component(component, seconds)
        return run.model()


@dataclass
class _Run:
    program: Program
    session: Session
    lenient: frozenset[str]
    relations: dict[str, Relation] = field(default_factory=dict)
    found: dict[str, dict[Ids, None]] = field(default_factory=dict)
    given: dict[str, frozenset[Row]] = field(default_factory=dict)

    def load(self, name: str, rows: Iterable[Row]) -> None:
        """Adds given rows to a relation."""
        self.given[name] = rows = frozenset(rows)
        unknown = UNKNOWN_ID if name in self.lenient else NULL_ID
        to_id = self.session.id
        for row in rows:
            self.add(name, tuple([unknown if value is UNKNOWN else to_id(value) for value in row]))

    def relation(self, name: str, arity: int) -> Relation:
        """The relation; made when it is first met."""
        found = self.relations.get(name)
        if found is None:
            found = self.relations[name] = Relation(self.session, arity)
        return found

    def add(self, name: str, row: Ids) -> bool:
        """Adds a row; False if it was there."""
        relation = self.relation(name, len(row))
        if row in relation.rows:
            return False
        relation.add(row)
        return True

    def component(self, names: frozenset[str], seconds: float | None) -> None:
        """Evaluates the rules of one component, to their fixpoint if it is recursive."""
        rules = [rule for name in sorted(names) for rule in self.program.rules_for.get(name, ())]
        delta = self._round(rules, seconds)
        while delta and not names.isdisjoint(self.program.recursive):
            delta = self._delta_round(rules, names, delta, seconds)

    def _round(self, rules: list[ProgramRule], seconds: float | None) -> dict[str, set[Ids]]:
        new: dict[str, set[Ids]] = {}
        for rule in rules:
            self._instances(rule, None, new, seconds)
        return self._commit(new)

    def _delta_round(
        self, rules: list[ProgramRule], names: frozenset[str], delta: dict[str, set[Ids]], seconds: float | None
    ) -> dict[str, set[Ids]]:
        new: dict[str, set[Ids]] = {}
        deltas = {name: self._delta(rows, name) for name, rows in delta.items()}
        for rule in rules:
            for premise in rule.rule.body:
                if isinstance(premise, s.Literal) and not premise.negated and premise.atom.relation in deltas:
                    self._instances(rule, (premise, deltas[premise.atom.relation]), new, seconds)
        return self._commit(new)

    def _delta(self, rows: set[Ids], name: str) -> Relation:
        relation = Relation(self.session, len(next(iter(rows))))
        for row in rows:
            relation.add(row)
        relation.marked = self.relations[name].marked
        return relation

    def _commit(self, new: dict[str, set[Ids]]) -> dict[str, set[Ids]]:
        added: dict[str, set[Ids]] = {}
        for name, rows in new.items():
            fresh = {row for row in rows if self.add(name, row)}
            if fresh:
                added[name] = fresh
        return added

    def _instances(
        self, rule: ProgramRule, delta: tuple[s.Literal, Relation] | None, new: dict[str, set[Ids]], seconds: float | None
    ) -> None:
        """The ground instances of a rule; their conclusions are added to `new`, to be committed after the round."""
        if any(not self._rows(p) for p in rule.rule.body if isinstance(p, s.Literal) and not p.negated):
            return
        try:
            variables = rule.variables
            rows = self._ask(rule.rule.body, variables, delta)
        except OutOfTime as error:
            raise EvaluationTimeout(f"the limit of {seconds:g} seconds is used up", rule.id) from error
        except NumberOutOfRange as error:
            raise EvaluationError(str(error), rule.id) from error
        known = self.found.setdefault(rule.id, {})
        head = self._head(rule, variables)
        heads = new.setdefault(rule.head.relation, set())
        for row in rows:
            if row not in known:
                known[row] = None
                heads.add(tuple([row[term] if term >= 0 else -term - 1 for term in head]))

    def _head(self, rule: ProgramRule, variables: tuple[str, ...]) -> list[int]:
        """For each argument of the head: the position of its variable, or the complement of a constant's id."""
        return [
            -self.session.id(term.value) - 1 if isinstance(term, s.Constant) else variables.index(term.name)
            for term in rule.head.terms
            if not isinstance(term, s.Arithmetic)
        ]

    def _ask(
        self, body: tuple[s.Premise, ...], variables: tuple[str, ...], delta: tuple[s.Literal, Relation] | None = None
    ) -> list[Ids]:
        """The rows of the variables for which the body holds; those with a `?` under a name are dropped if strict."""
        clause = Clause(self.session, self.relation, self.program.domains, self._ask_values)
        clause.add_body(body, delta)
        query = self.session.relation(len(variables))
        head = self.session.literal(query, [clause.names[name] for name in variables])
        self.session.assert_clause(head, clause.literals)
        columns = [f"Q{number}" for number in range(len(variables))]
        rows = self.session.ask(self.session.literal(query, columns))
        named = [i for i, name in enumerate(variables) if not name.startswith("_")]
        return [row for row in rows if all(row[i] != NULL_ID for i in named)]

    def _ask_values(
        self, body: tuple[s.Premise, ...], variables: tuple[str, ...], around: tuple[s.Premise, ...]
    ) -> list[Row]:
        """The rows of an aggregate's body; what it does not bind itself is bound by the literals around it."""
        body = with_binders(body, variables, around)
        # All named variables are asked for, so that a join over `?` is dropped here as it is in rules.
        named = [name for name in s.body_variables(body) if not name.startswith("_") and name not in variables]
        rows = {row[: len(variables)] for row in self._ask(body, (*variables, *named))}
        return [tuple(map(self.session.value, row)) for row in sorted(rows)]

    def _rows(self, literal: s.Literal) -> set[Ids]:
        return self.relation(literal.atom.relation, len(literal.atom.terms)).rows

    def model(self) -> Model:
        """What was found, in the values of the language."""
        value = self.session.value
        relations = {}
        for name, relation in self.relations.items():
            given = self.given.get(name, frozenset())
            is_as_given = len(given) == len(relation.rows)  # rows are only ever added
            relations[name] = given if is_as_given else frozenset([tuple(map(value, row)) for row in relation.rows])
        instances = {
            rule_id: tuple([tuple(map(value, row)) for row in rows]) for rule_id, rows in self.found.items() if rows
        }
        return Model(relations, self.program.rule_by_id, instances)
