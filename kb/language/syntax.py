"""The syntax tree: frozen data, one class per construct.

Places are left out of comparisons, so two trees are equal when they say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from kb.language.values import Value


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in its document: line and column from 1, length in characters."""

    line: int
    column: int
    length: int = 1


NOWHERE = Place(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that is written out: text, number, date (after typing) or `?`."""

    value: Value
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable; anonymous ones are numbered `_1`, `_2` within their statement."""

    name: str
    place: Place = field(default=NOWHERE, compare=False)

    @property
    def is_anonymous(self) -> bool:
        """Whether it was written `_`."""
        return self.name.startswith("_")


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left op right`, with op one of `+ - *`; on dates `-` counts days."""

    op: str
    left: Term
    right: Term
    place: Place = field(default=NOWHERE, compare=False)


Term = Constant | Variable | Arithmetic


@dataclass(frozen=True, slots=True)
class Atom:
    """A predicate with its arguments; `strong` marks `-p(...)`: documented as absent."""

    predicate: str
    terms: tuple[Term, ...]
    strong: bool = False
    place: Place = field(default=NOWHERE, compare=False)

    @property
    def relation(self) -> str:
        """The name of the relation that holds its instances: `p`, or `-p` when strong."""
        return "-" + self.predicate if self.strong else self.predicate


@dataclass(frozen=True, slots=True)
class Literal:
    """An atom in a body, or `not` one. Lenient (never written by authors): `?` matches any value."""

    atom: Atom
    negated: bool = False
    lenient: bool = False

    @property
    def lists(self) -> bool:
        """Whether it lists rows, and so binds its variables; `not p` and `-p` test what others bind."""
        return not self.negated and not self.atom.strong


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left op right`; `=` may bind a variable. Lenient: true when either side is `?`.

    `type` is that of both sides, once they are typed.
    """

    left: Term
    op: str
    right: Term
    place: Place = field(default=NOWHERE, compare=False)
    lenient: bool = False
    type: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`#f { terms : body } op bound`, over the distinct tuples that satisfy the body.

    `lower` is given only in a rewritten program: the same body with its certain
    instances, so that the value lies between what `lower` and `body` give.
    """

    function: str
    terms: tuple[Term, ...]
    body: tuple[Premise, ...]
    op: str
    bound: Term
    place: Place = field(default=NOWHERE, compare=False)
    lower: tuple[Premise, ...] | None = None
    lenient: bool = False
    type: str = field(default="", compare=False)


Premise = Literal | Comparison | Aggregate


@dataclass(frozen=True, slots=True)
class Rule:
    """`head :- body.`; a fact when the body is empty, a constraint when the head is None."""

    head: Atom | None
    body: tuple[Premise, ...]
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Wording:
    """A labelled text of a declaration: `:: label "text"`; the unlabelled one is label ``""``."""

    label: str
    text: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Member:
    """A value of a domain; a collective one (`bilateral(left, right)`) stands for its parts."""

    name: str
    parts: tuple[str, ...] = ()
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class DomainDeclaration:
    """`#domain name = a | b.` or, ordered, `a < b.`"""

    name: str
    members: tuple[Member, ...]
    ordered: bool
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`Name: type` in a declaration."""

    name: str
    type: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class PredicateDeclaration:
    """`#fact` (what a chart may state) or `#pred` (what rules conclude)."""

    kind: str
    name: str
    parameters: tuple[Parameter, ...]
    wordings: tuple[Wording, ...]
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Property:
    """`#key p(...)` or `#about p(...)`: some of p's arguments, by name."""

    kind: str
    atom: Atom
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Flag:
    """`#closed p, q.` (a chart tells it whole), `#planned p.` (it may lie ahead) or `#rare p.` (to be asked for last)."""

    kind: str
    names: tuple[tuple[str, Place], ...]
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class GoalDeclaration:
    """`#goal G for T`: one question G for each T that holds."""

    atom: Atom
    trigger: Atom
    wordings: tuple[Wording, ...]
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class CriterionDeclaration:
    """`#criterion "id" atom`: the section states a criterion, which this predicate concludes."""

    id: str
    atom: Atom
    wordings: tuple[Wording, ...]
    place: Place = field(default=NOWHERE, compare=False)

    @property
    def label(self) -> str:
        """The last part of the id, `A4` of `cpb0743.lumbar-lami.A4`; the whole id where that is only a number."""
        last = self.id.rsplit(".", 1)[-1]
        return self.id if last.isdigit() else last


@dataclass(frozen=True, slots=True)
class ReadingDeclaration:
    """`#reading "name" atom`: the section's rules for this predicate are one reading among several."""

    name: str
    atom: Atom
    wordings: tuple[Wording, ...]
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Expectation:
    """`?- status goal.` in a test; status is `holds`, `not`, or a verdict."""

    status: str
    body: tuple[Premise, ...]
    place: Place = field(default=NOWHERE, compare=False)


Statement = (
    DomainDeclaration
    | PredicateDeclaration
    | Property
    | Flag
    | GoalDeclaration
    | CriterionDeclaration
    | ReadingDeclaration
    | Rule
    | Expectation
)


def term_variables(term: Term) -> Iterator[Variable]:
    """The variables of a term, from left to right, with repetitions."""
    if isinstance(term, Variable):
        yield term
    elif isinstance(term, Arithmetic):
        yield from term_variables(term.left)
        yield from term_variables(term.right)


def term_values(term: Term) -> Iterator[Value]:
    """The values that a term names, from left to right, computed from or not."""
    if isinstance(term, Constant):
        yield term.value
    elif isinstance(term, Arithmetic):
        yield from term_values(term.left)
        yield from term_values(term.right)


def of_one_element(aggregate: Aggregate) -> Comparison:
    """The comparison of an aggregate's value, as if it had one element."""
    return Comparison(aggregate.terms[0], aggregate.op, aggregate.bound, aggregate.place, type=aggregate.type)


def premise_variables(premise: Premise) -> Iterator[Variable]:
    """The variables of a premise, an aggregate's inner ones included."""
    if isinstance(premise, Literal):
        for term in premise.atom.terms:
            yield from term_variables(term)
    elif isinstance(premise, Comparison):
        yield from term_variables(premise.left)
        yield from term_variables(premise.right)
    else:
        for inner in premise.body:
            yield from premise_variables(inner)
        for term in (*premise.terms, premise.bound):
            yield from term_variables(term)


def aggregated_variables(aggregate: Aggregate) -> set[str]:
    """The names of the variables of an aggregate's elements: of what it ranges over, and of its terms."""
    inner = (v for premise in aggregate.body for v in premise_variables(premise))
    return {v.name for v in inner} | {v.name for term in aggregate.terms for v in term_variables(term)}


def place_of(premise: Premise) -> Place:
    """Where a premise stands."""
    return premise.atom.place if isinstance(premise, Literal) else premise.place


def literals(body: Iterable[Premise]) -> Iterator[Literal]:
    """The literals of a body, those that aggregates range over among them."""
    for premise in body:
        if isinstance(premise, Literal):
            yield premise
        elif isinstance(premise, Aggregate):
            yield from literals(premise.body)
            yield from literals(premise.lower or ())


def listing(body: Iterable[Premise]) -> list[Literal]:
    """The literals of a body that list rows, those within aggregates left out."""
    return [premise for premise in body if isinstance(premise, Literal) and premise.lists]


def atoms(rule: Rule) -> Iterator[Atom]:
    """The atoms of a rule: its head, and those of its body, inside aggregates too."""
    if rule.head is not None:
        yield rule.head
    yield from (literal.atom for literal in literals(rule.body))


def rule_variables(rule: Rule) -> list[Variable]:
    """Each occurrence of a named variable in a rule."""
    head = [v for term in rule.head.terms for v in term_variables(term)] if rule.head else []
    body = [v for premise in rule.body for v in premise_variables(premise)]
    return [variable for variable in head + body if not variable.is_anonymous]


def body_variables(body: Iterable[Premise]) -> tuple[str, ...]:
    """The variables that an instance of a body gives values: those its premises bind, in order of occurrence.

    Those inside aggregates and the anonymous ones of a test (`not`, `-`) are left out.
    """
    names: dict[str, None] = {}
    for premise in body:
        if isinstance(premise, Aggregate):
            variables = list(term_variables(premise.bound))
        else:
            variables = list(premise_variables(premise))
        is_test = isinstance(premise, Literal) and not premise.lists
        names.update((v.name, None) for v in variables if not (is_test and v.is_anonymous))
    return tuple(names)


def substituted(rule: Rule, terms: Mapping[str, Term]) -> Rule:
    """The rule with terms in the place of variables."""
    head = None if rule.head is None else _atom(rule.head, terms)
    return replace(rule, head=head, body=tuple(_premise(premise, terms) for premise in rule.body))


def term_with(term: Term, terms: Mapping[str, Term]) -> Term:
    """The term with terms in the place of variables."""
    if isinstance(term, Variable):
        return terms.get(term.name, term)
    if isinstance(term, Arithmetic):
        return replace(term, left=term_with(term.left, terms), right=term_with(term.right, terms))
    return term


def _atom(atom: Atom, terms: Mapping[str, Term]) -> Atom:
    return replace(atom, terms=tuple(term_with(term, terms) for term in atom.terms))


def _premise(premise: Premise, terms: Mapping[str, Term]) -> Premise:
    if isinstance(premise, Literal):
        return replace(premise, atom=_atom(premise.atom, terms))
    if isinstance(premise, Comparison):
        return replace(premise, left=term_with(premise.left, terms), right=term_with(premise.right, terms))
    return replace(
        premise,
        terms=tuple(term_with(term, terms) for term in premise.terms),
        body=tuple(_premise(inner, terms) for inner in premise.body),
        bound=term_with(premise.bound, terms),
    )


def opposite(relation: str) -> str:
    """The relation of the denials of a relation, or the one that denials deny."""
    return relation[1:] if relation.startswith("-") else f"-{relation}"
