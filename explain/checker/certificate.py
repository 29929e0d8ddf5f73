"""What is absent, certified: the rows that the proof claims are all there are.

A certificate gives, for the relations that absences and aggregates depend on, a
derivation of each row of the perfect model, and beyond them the rows that are possible
and the derivations of those that are certain, whatever the record's silences hide. Each claimed
derivation must be one, and no rule may lead to a row that is not claimed: then no atom
is missing. (Both follow from the rules being stratified, by induction on the strata.)

What counts by the record alone, and all beneath it, is checked first, without silences:
there, what is not claimed to differ is what it is in the perfect model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from explain.checker.joins import Binding, Rows, Sides, pattern_of, solutions
from explain.checker.statements import Predicate, Rule, Statements
from explain.refusals import ProofError
from kb.language import syntax as s
from kb.language.values import ANY, UNKNOWN, Mark, Row, Value, read_number


@dataclass(frozen=True)
class Certified:
    """The models that a certificate vouches for."""

    perfect: Sides
    possible: Sides

    def has(self, relation: str, pattern: Row, same: Same = ()) -> bool:
        """Whether an atom of the pattern holds, with one value at the positions that have to be the same."""
        rows = self.perfect.upper.showing(relation, pattern)
        return any(all(len({row[i] for i in positions}) == 1 for positions in same) for row in rows)

    def standing(self, relation: str, pattern: Row, same: Same = ()) -> str:
        """Whether the record rules an absent atom out, tells it in part, or is silent."""
        if not any(_may_be_same(row, same) for row in self.possible.upper.matching(relation, pattern, lenient=True)):
            return "unrecorded" if _counts_by_record(self.perfect.statements, relation) else "documented"
        if _counts_by_record(self.perfect.statements, relation):
            return "incomplete"
        stated = Rows({relation: set(self.perfect.statements.stated(relation))})
        rows = stated.matching(relation, pattern, lenient=True)
        if any(UNKNOWN in row and _may_be_same(row, same) for row in rows):
            return "incomplete"
        return "silence" if self.perfect.statements.predicates[relation.removeprefix("-")].is_fact else "open"


Same = tuple[tuple[int, ...], ...]
"""Positions of a pattern that want one and the same value."""


def _may_be_same(row: Row, same: Same) -> bool:
    return all(len({row[i] for i in positions} - {UNKNOWN, ANY}) <= 1 for positions in same)


def certified(statements: Statements, case: str, claims: Mapping[str, Any], wanted: Iterable[str]) -> Certified:
    """The models, after every claim about the wanted relations is checked; raises ProofError."""
    cone = _cone(statements, wanted)
    stated = _copied(statements.facts)
    perfect = Sides(statements, stated, stated, lenient=False)
    _add_claimed(statements, claims.get("perfect", []), stated)
    given = _copied(statements.facts)
    _check_derivations(statements, claims.get("perfect", []), perfect, given)
    _check_complete(perfect, cone, "the perfect model")

    closed = {relation for relation in cone if _counts_by_record(statements, relation)}
    on_record = _on_record(statements, closed, claims, stated)
    lower = _copied(statements.facts)
    upper = _copied(statements.facts)
    for name in {relation.removeprefix("-") for relation in cone}:
        for row in open_rows(statements, statements.predicates[name], case):
            upper.add(name, row)
            upper.add(f"-{name}", row)
    for relation, rows in claims.get("possible", {}).items():
        for values in rows if relation not in closed else ():
            upper.add(relation, _row(statements, relation, values))
    for relation in closed:
        for row in on_record.upper.rows.get(relation, ()):
            upper.add(relation, row)
        for row in on_record.lower.rows.get(relation, ()):
            lower.add(relation, row)
            given.add(relation, row)
    steps = [step for step in claims.get("certain", []) if _concludes(statements, step) not in closed]
    _add_claimed(statements, steps, lower)
    _check_derivations(statements, steps, Sides(statements, upper, lower, lenient=False), given)
    possible = Sides(statements, upper, lower, lenient=True)
    _check_complete(possible, cone - closed, "the possible model")
    return Certified(perfect, possible)


def _on_record(statements: Statements, closed: set[str], claims: Mapping[str, Any], perfect: Rows) -> Sides:
    """What may be and what surely is by the record alone, of what counts by it and of all beneath; raises ProofError."""
    beneath = _cone(statements, closed)
    upper, lower = _copied(statements.facts), _copied(statements.facts)
    given = _copied(statements.facts)
    claimed = claims.get("recorded", {})
    may_be = {each: claims.get("possible", {}).get(each) if each in closed else claimed.get(each) for each in beneath}
    differing = {each for each, rows in may_be.items() if rows is not None}
    for relation, rows in may_be.items():
        found = perfect.rows.get(relation, ()) if rows is None else [_row(statements, relation, row) for row in rows]
        for row in found:
            upper.add(relation, row)
    steps = [each for each in claims.get("perfect", []) if _concludes(statements, each) in beneath - differing]
    steps += [each for each in claims.get("certain", []) if _concludes(statements, each) in closed & differing]
    steps += [each for each in claims.get("surely_recorded", []) if _concludes(statements, each) in differing - closed]
    _add_claimed(statements, steps, lower)
    _check_derivations(statements, steps, Sides(statements, upper, lower, lenient=False), given)
    on_record = Sides(statements, upper, lower, lenient=True)
    _check_complete(on_record, beneath, "the record")
    return on_record


def _concludes(statements: Statements, step: Mapping[str, Any]) -> str:
    """The relation of the row that a step claims; nothing, if no document has its rule."""
    rule = statements.rules.get(step["rule"])
    return rule.head.relation if rule is not None else ""


def _copied(relations: Mapping[str, Iterable[Row]]) -> Rows:
    return Rows({relation: set(rows) for relation, rows in relations.items()})


def _counts_by_record(statements: Statements, relation: str) -> bool:
    """Whether rules conclude a relation, and it counts by the record alone: silence counts for nothing beneath it."""
    predicate = statements.predicates[relation.removeprefix("-")]
    return predicate.closed and not predicate.is_fact


def _cone(statements: Statements, wanted: Iterable[str]) -> set[str]:
    """The relations that the wanted ones depend on."""
    found: set[str] = set()
    pending = list(wanted)
    while pending:
        relation = pending.pop()
        if relation not in found:
            found.add(relation)
            rules = statements.rules_for.get(relation, ())
            pending += [literal.atom.relation for rule in rules for literal in s.literals(rule.body)]
    return found


def _claimed(statements: Statements, step: Mapping[str, Any]) -> tuple[Rule, Row]:
    rule = statements.rules.get(step["rule"])
    if rule is None:
        raise ProofError("certificate", f"no document has the rule {step['rule']}")
    row = _row(statements, rule.head.relation, step["row"])
    if any(isinstance(value, Mark) for value in row):
        raise ProofError("certificate", f"the claimed instance of {rule.id} leaves a value open")
    return rule, row


def _add_claimed(statements: Statements, steps: Iterable[Mapping[str, Any]], rows: Rows) -> None:
    for step in steps:
        rule, row = _claimed(statements, step)
        rows.add(rule.head.relation, row)


def _row(statements: Statements, relation: str, values: list[Any]) -> Row:
    arguments = statements.predicates[relation.removeprefix("-")].arguments
    return tuple(read_value(statements, value, kind) for value, (_, kind) in zip(values, arguments, strict=True))


def read_value(statements: Statements, value: Any, kind: str) -> Value:
    """A value of a proof: a text of a type; null is `?`, false is `_`."""
    if value is None or value is False:
        return UNKNOWN if value is None else ANY
    try:
        found = read_number(str(value)) if kind == "number" else statements.value(str(value), kind)
    except ValueError as error:
        raise ProofError("value", f"`{value}` is not a {kind}") from error
    domain = statements.domains.get(kind)
    if domain is not None and found not in domain.ranks:
        raise ProofError("value", f"`{value}` is not a value of `{kind}`")
    return found


def _check_derivations(statements: Statements, steps: list[Mapping[str, Any]], sides: Sides, given: Rows) -> None:
    """Each claimed row follows from what is given and from rows that follow before it: none supports itself."""
    shown = _copied(given.rows)
    local = replace(sides, shown=shown)
    pending = list(steps)
    while pending:
        left = []
        for step in pending:
            rule, row = _claimed(statements, step)
            if _follows(local, rule, row):
                shown.add(rule.head.relation, row)
            else:
                left.append(step)
        if len(left) == len(pending):
            raise ProofError("certificate", f"the claimed instance of {left[0]['rule']} is none, or supports itself")
        pending = left


def _follows(sides: Sides, rule: Rule, row: Row) -> bool:
    """Whether an instance of the rule concludes the row from what is shown.

    Its positive premises come from there; `not` and aggregates ask the sides, which are complete beneath.
    """
    binding = unify(sides.statements, rule.head, row)
    return binding is not None and next(solutions(sides, rule, rule.body, binding), None) is not None


def unify(statements: Statements, head: s.Atom, row: Row) -> Binding | None:
    """The values that make a head this row; None if none do."""
    binding: Binding = {}
    arguments = statements.predicates[head.predicate].arguments
    for term, value, (_, kind) in zip(head.terms, row, arguments, strict=True):
        if value is ANY or value is UNKNOWN:
            continue
        if isinstance(term, s.Variable):
            if binding.setdefault(term.name, value) != value:
                return None
        elif not isinstance(term, s.Constant) or statements.value(term.value, kind) != value:
            return None
    return binding


def _check_complete(sides: Sides, cone: set[str], model: str) -> None:
    """No rule leads from what is claimed to an atom that is not."""
    for rule in (each for relation in cone for each in sides.statements.rules_for.get(relation, ())):
        for binding in solutions(sides, rule, rule.body, {}):
            row = pattern_of(rule.head, binding)
            if not sides.upper.covers(rule.head.relation, row, sides.lenient):
                raise ProofError("certificate", f"the rule {rule.id} leads to an atom that {model} is said not to have")


def open_rows(statements: Statements, predicate: Predicate, case: str) -> set[Row]:
    """The instances of a fact on whose subject the chart is silent."""
    if not predicate.is_fact or predicate.closed or all(kind != "case" for _, kind in predicate.arguments):
        return set()
    choices: list[tuple[Value, ...]] = []
    for position, (_, kind) in enumerate(predicate.arguments):
        domain = statements.domains.get(kind)
        if kind == "case":
            choices.append((case,))
        elif position in predicate.about and domain is not None:
            choices.append(tuple(domain.ranks))
        else:
            choices.append((UNKNOWN,))
    stated = [*statements.stated(predicate.name), *statements.stated(f"-{predicate.name}")]
    spoken = [tuple(row[i] for i in predicate.about) for row in stated]
    return {row for row in product(*choices) if not any(_speaks(subject, row, predicate.about) for subject in spoken)}


def _speaks(subject: Row, row: Row, about: tuple[int, ...]) -> bool:
    """Whether a statement is on the subject of a row; one whose subject is not told whole is on none."""
    return all(said is not UNKNOWN and said in (ANY, row[i]) for said, i in zip(subject, about, strict=True))
