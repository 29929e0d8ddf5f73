"""The checked Program: what the documents in force for a payer on a date say, ready to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from kb.language.frontmatter import Meta
from kb.language.syntax import Atom, Constant, Rule, Variable, body_variables, literals
from kb.language.values import ANY, Row, Value

BUILT_IN_TYPES = ("case", "text", "number", "date")
SCOPE = "scope:"
"""Begins the names of relations that tell to which requests a rule speaks: see `kb.language.closed`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a statement stands: document, section, the passage that it formalises, line."""

    document: str
    file: str
    title: str
    section: str
    anchor: str
    passage: str
    line: int

    @property
    def place(self) -> str:
        """The file, the section, if it stands in one, and the line."""
        return self._within(self.file)

    @property
    def short_place(self) -> str:
        """The same with the file's name alone."""
        return self._within(self.file.rsplit("/", 1)[-1])

    @property
    def heading(self) -> str:
        """The title of the document, and the section, if it stands in one."""
        return ", ".join(filter(None, (self.title, self.section)))

    @property
    def quotation(self) -> str:
        """What stands there, quoted after a colon; nothing, if a rule has no words of its own."""
        return f": “{self.passage}”" if self.passage else ""

    @property
    def citation(self) -> str:
        """The document, the section, if it stands in one, and what stands there."""
        return f"{', '.join(filter(None, (self.document, self.section)))}{self.quotation}"

    def _within(self, file: str) -> str:
        return ", ".join(each for each in (file, self.section, f"line {self.line}") if each)


@dataclass(frozen=True)
class Domain:
    """A declared set of values; `rank` orders them when the domain is ordered."""

    name: str
    values: tuple[str, ...]
    ordered: bool
    parts: Mapping[str, tuple[str, ...]]
    """Collective values, each with the values that it stands for in a fact."""

    @cached_property
    def rank(self) -> dict[str, int]:
        """Each value's position in the order of declaration."""
        return {value: position for position, value in enumerate(self.values)}


@dataclass(frozen=True, slots=True)
class Argument:
    """A declared argument: its name, and `case`, `text`, `number`, `date` or a domain's name."""

    name: str
    type: str


@dataclass(frozen=True)
class Predicate:
    """A declared predicate. Positions of its arguments are counted from 0."""

    name: str
    arguments: tuple[Argument, ...]
    is_fact: bool
    wordings: Mapping[str, str]
    origin: Origin = field(compare=False)
    closed: bool = False
    planned: bool = False
    """Whether its dates may well lie after the request."""
    rare: bool = False
    about: tuple[int, ...] = ()
    """The subject of a fact: a chart that states anything about it is not silent on it."""
    keys: tuple[tuple[int, ...], ...] = ()

    @cached_property
    def case_position(self) -> int | None:
        """Where the case stands, if the predicate speaks about cases."""
        return next((i for i, argument in enumerate(self.arguments) if argument.type == "case"), None)

    @property
    def local_name(self) -> str:
        """The name as its own document writes it."""
        return self.name.rsplit("/", 1)[-1]

    @property
    def can_be_open(self) -> bool:
        """Whether a chart can be silent on it."""
        return self.is_fact and not self.closed and self.case_position is not None

    @property
    def counts_by_record(self) -> bool:
        """Whether rules conclude it, and by the record alone: its silences are absences there."""
        return self.closed and not self.is_fact


@dataclass(frozen=True)
class ProgramRule:
    """A rule with its id and origin. A constraint's head is a relation of its own over all its variables."""

    id: str
    rule: Rule
    origin: Origin
    reading: str = ""
    is_constraint: bool = False

    @property
    def head(self) -> Atom:
        """The atom that an instance concludes."""
        assert self.rule.head is not None
        return self.rule.head

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The variables that an instance gives values, in order."""
        return body_variables(self.rule.body)

    def concluded(self, values: Row) -> Row:
        """The row that the instance with these values concludes; ANY where the head has a variable without one."""
        return tuple([constant if place is None else values[place] for place, constant in self._head])

    @cached_property
    def _head(self) -> tuple[tuple[int | None, Value], ...]:
        """For each argument of the head the place of its variable's value, or else its constant."""
        places = {name: place for place, name in enumerate(self.variables)}
        names = (term.name if isinstance(term, Variable) else "" for term in self.head.terms)
        constants = (term.value if isinstance(term, Constant) else ANY for term in self.head.terms)
        return tuple((places.get(name), constant) for name, constant in zip(names, constants, strict=True))


@dataclass(frozen=True, slots=True)
class Fact:
    """A ground atom that a document states, and where."""

    relation: str
    row: Row
    origin: Origin


def stated_rows(facts: Iterable[Fact]) -> dict[str, list[Row]]:
    """The rows that facts state, by relation, each once."""
    found: dict[str, dict[Row, None]] = {}
    for fact in facts:
        found.setdefault(fact.relation, {})[fact.row] = None
    return {relation: list(rows) for relation, rows in found.items()}


@dataclass(frozen=True, slots=True)
class Goal:
    """A question: `atom` for each instance of `trigger`."""

    atom: Atom
    trigger: Atom
    wordings: Mapping[str, str]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of an issuer: its id, the predicate that concludes it, the locator and the evidence tag."""

    id: str
    label: str
    atom: Atom
    locator: str
    evidence: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Reading:
    """One of several readings of the same item; its rules are those of its section for the predicate."""

    name: str
    relation: str
    locator: str
    evidence: str
    origin: Origin


@dataclass(frozen=True)
class Program:
    """Everything that is in force, checked and stratified.

    `components` lists the strongly connected components of the dependency graph,
    each after what it depends on.
    """

    payer: str
    on: date
    documents: tuple[Meta, ...]
    domains: Mapping[str, Domain]
    predicates: Mapping[str, Predicate]
    rules: tuple[ProgramRule, ...]
    facts: tuple[Fact, ...] = ()
    goals: tuple[Goal, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    readings: tuple[Reading, ...] = ()
    components: tuple[frozenset[str], ...] = ()
    recursive: frozenset[str] = field(default=frozenset())

    def asked(self, payer: str, on: date) -> Program:
        """The same documents asked for a payer on a day; what was found of their rules, and their parts, stay known.

        (A part is evaluated, and whoever evaluates asks neither for the payer nor for the day.)
        """
        same = replace(self, payer=payer, on=on)
        known = {name: value for name, value in vars(self).items() if name not in self.__dataclass_fields__}
        vars(same).update(known)
        return same

    def part(self, relations: frozenset[str]) -> Program:
        """The program with the rules of some relations alone; made once for each choice of them."""
        if relations not in self._parts:
            rules = tuple(rule for rule in self.rules if rule.head.relation in relations)
            self._parts[relations] = replace(self, rules=rules)
        return self._parts[relations]

    @cached_property
    def _parts(self) -> dict[frozenset[str], Program]:
        return {}

    @cached_property
    def rules_for(self) -> dict[str, tuple[ProgramRule, ...]]:
        """The rules by the relation that they conclude."""
        found: dict[str, list[ProgramRule]] = {}
        for rule in self.rules:
            found.setdefault(rule.head.relation, []).append(rule)
        return {relation: tuple(rules) for relation, rules in found.items()}

    @cached_property
    def uses(self) -> dict[str, tuple[str, ...]]:
        """The relations that the rules of each relation ask, inside aggregates too."""
        return {
            relation: tuple(dict.fromkeys(each.atom.relation for rule in rules for each in literals(rule.rule.body)))
            for relation, rules in self.rules_for.items()
        }

    @cached_property
    def rule_by_id(self) -> dict[str, ProgramRule]:
        """The rules by id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def criterion_of(self) -> dict[str, Criterion]:
        """The criterion that each relation concludes; the first, where it concludes several."""
        return {each.atom.relation: each for each in reversed(self.criteria)}

    @cached_property
    def reading_named(self) -> dict[str, Reading]:
        """The readings by name; the first, where several have one."""
        return {each.name: each for each in reversed(self.readings)}

    @cached_property
    def constraints(self) -> tuple[ProgramRule, ...]:
        """The rules that nothing may satisfy."""
        return tuple(rule for rule in self.rules if rule.is_constraint)

    @cached_property
    def scopes(self) -> tuple[str, ...]:
        """The relations that tell to which requests rules speak."""
        return tuple(name for name in self.rules_for if name.startswith(SCOPE))

    @cached_property
    def decided(self) -> tuple[str, ...]:
        """What is requested for goals that some rule concludes; others nothing decides."""
        return tuple(dict.fromkeys(g.trigger.relation for g in self.goals if g.atom.relation in self.rules_for))

    @cached_property
    def keyed(self) -> tuple[Predicate, ...]:
        """The predicates with a key."""
        return tuple(predicate for predicate in self.predicates.values() if predicate.keys)

    @cached_property
    def lenient(self) -> frozenset[str]:
        """The relations in which `?` may stand for any value; in the others only `_` matches it."""
        return frozenset(each.atom.relation for rule in self.rules for each in literals(rule.rule.body) if each.lenient)

    @cached_property
    def by_local_name(self) -> dict[str, Predicate]:
        """The predicates by their names, a payer's own also by their short names."""
        return {**{each.local_name: each for each in self.predicates.values()}, **self.predicates}

    def predicate(self, relation: str) -> Predicate:
        """The predicate of a relation (`p` and `-p` have the same)."""
        return self.predicates[relation.removeprefix("-")]
