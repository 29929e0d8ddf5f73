"""Which values of an argument anybody asks for: what is open need be listed for these only.

A case that is silent on root compression leaves sixty instances open (a level, a root, a
side), and its request asks for one level. For each argument of each relation this finds
the literals over known relations from which all values come with which it is asked (the
sideways passing of magic sets, for single arguments: Beeri and Ramakrishnan 1991).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from kb.engines.sql.schema import Table
from kb.language import syntax as s
from kb.language.bounds import plain
from kb.language.program import Program, ProgramRule
from kb.language.values import Value


@dataclass(frozen=True, slots=True)
class Known:
    """The values of a variable for which literals over known relations hold: case by case, or without `case` for all."""

    literals: tuple[s.Literal, ...]
    case: str
    variable: str

    @staticmethod
    def of(literals: Iterable[s.Literal], case: str, variable: str) -> Known:
        """With names that do not depend on the rule, so that what is the same is taken once."""
        literals = tuple(literals)
        counts = Counter(v.name for each in literals for v in s.premise_variables(each))
        names: dict[str, str] = {case: "Case", variable: "Value"} if case else {variable: "Value"}

        def renamed(term: s.Term) -> s.Term:
            if not isinstance(term, s.Variable):
                return term
            if term.name not in names:
                names[term.name] = f"V{len(names)}" if counts[term.name] > 1 else f"_{len(names)}"
            return s.Variable(names[term.name])

        return Known(tuple(_with_terms(each, renamed) for each in literals), "Case" if case else "", "Value")


Source = Known | Value
Demand = frozenset[Source] | None
"""Where the values come from with which an argument is asked; None: any value may be asked for."""

Demands = Mapping[tuple[str, int], Demand]


def demands(program: Program, asked: Demands, known: Mapping[str, Table]) -> Demands:
    """The demand on each argument of each relation, by relation and position.

    `asked` is that of the relations that are wanted; `known` are the relations in which
    all models agree.
    """
    found, offered = dict(asked), _offers(program, known)
    pending = {relation for relation, _ in asked}
    while pending:
        head = pending.pop()
        for rule in program.rules_for.get(head, ()):
            for literal, position, demand in _uses(rule.rule, found, offered, known):
                key = literal.atom.relation, position
                together = joined(found.get(key, frozenset()), demand)
                if key not in found or together != found[key]:
                    found[key] = together
                    pending.add(literal.atom.relation)
    return found


Filter = tuple[s.Literal, ...]
"""What a rule asks of a value by itself: literals over known relations of no case, with the value as `Value`."""


def filters(rules: Iterable[ProgramRule], known: Mapping[str, Table]) -> dict[tuple[str, int], set[Filter | None]]:
    """By which filters rules ask each argument of each relation; None: one does more with the value than that.

    Where all ask by one filter, no rule tells values apart that pass it.
    """
    found: dict[tuple[str, int], set[Filter | None]] = {}
    for rule in rules:
        occurrences = Counter(variable.name for variable in s.rule_variables(rule.rule))
        outermost = {id(premise) for premise in rule.rule.body}
        for literal in s.literals(rule.rule.body):
            for position, term in enumerate(literal.atom.terms):
                one = _filter(rule.rule, literal, term, occurrences, known) if id(literal) in outermost else None
                found.setdefault((literal.atom.relation, position), set()).add(one)
    return found


def _filter(
    rule: s.Rule, literal: s.Literal, term: s.Term, occurrences: Mapping[str, int], known: Mapping[str, Table]
) -> Filter | None:
    """How a literal asks an argument."""
    if not isinstance(term, s.Variable) or literal.atom.strong:
        return None
    if term.is_anonymous:
        return ()
    if not literal.lists:
        return None
    others = [each for each in s.listing(rule.body) if each is not literal and term.name in _names(each)]
    usable = all(each.atom.relation in known and not _case(each, known) for each in others)
    by_itself = all(_names(each) == {term.name} for each in others)
    if not usable or not by_itself or occurrences[term.name] != 1 + len(others):
        return None
    return Known.of(others, "", term.name).literals


def joined(left: Demand, right: Demand) -> Demand:
    """What two uses ask for together."""
    return None if left is None or right is None else left | right


def _offers(program: Program, known: Mapping[str, Table]) -> Demands:
    """The values that rules can give an argument of what they conclude: what is joined to it can have no others."""
    found: dict[tuple[str, int], Demand] = {}
    concluded = (relation for component in program.components for relation in component if relation in program.rules_for)
    for relation in concluded:
        if program.predicates[plain(relation).removeprefix("-")].is_fact or relation in program.recursive:
            continue
        for rule in program.rules_for[relation]:
            bound = _bound(s.listing(rule.rule.body), {}, found, known)
            for position, term in enumerate(rule.head.terms):
                offer = bound.get(term.name) if isinstance(term, s.Variable) else None
                if isinstance(term, s.Constant):
                    offer = frozenset([term.value])
                key = relation, position
                found[key] = joined(found.get(key, frozenset()), offer)
    return found


def _uses(
    rule: s.Rule, found: Demands, offered: Demands, known: Mapping[str, Table]
) -> Iterator[tuple[s.Literal, int, Demand]]:
    """How the literals of a body, those in its aggregates too, ask each argument."""
    assert rule.head is not None
    asked: dict[str, Demand] = {}
    for position, term in enumerate(rule.head.terms):
        if isinstance(term, s.Variable):
            asked.setdefault(term.name, found.get((rule.head.relation, position), frozenset()))
    bound = {**asked, **_bound(s.listing(rule.body), asked, offered, known)}
    for literal in s.literals(rule.body):
        for position, term in enumerate(literal.atom.terms):
            if isinstance(term, s.Constant):
                yield literal, position, frozenset([term.value])
            elif isinstance(term, s.Variable):
                yield literal, position, None if term.is_anonymous else bound.get(term.name)


def listed(literals: Iterable[s.Literal], known: Mapping[str, Table]) -> Iterator[tuple[str, Demand]]:
    """The variables whose values literals over known relations list for a case, none of them `?`."""
    yield from _Listing.of(literals, known).of_case()


def _bound(
    literals: Iterable[s.Literal], asked: Mapping[str, Demand], offered: Demands, known: Mapping[str, Table]
) -> dict[str, Demand]:
    """The values that variables of a rule can have, where that can be told.

    They are listed for the case; or the head is `asked` for them, or for those of a variable
    that literals join to them; or they are all that is `offered`, or known of no case.
    """
    literals = list(literals)
    listing = _Listing.of(literals, known)
    found = dict(listing.of_case())
    for name in sorted(listing.names - found.keys()):
        if asked.get(name) is None:
            joins = (listing.joined_to(name, other, demand) for other, demand in asked.items() if demand and other != name)
            found[name] = next(filter(None, joins), None) or listing.of_all(name)
    for literal in literals:
        for position, term in enumerate(literal.atom.terms):
            if isinstance(term, s.Variable) and found.get(term.name) is None and asked.get(term.name) is None:
                found[term.name] = offered.get((literal.atom.relation, position))
    return {name: demand for name, demand in found.items() if demand is not None}


@dataclass(frozen=True)
class _Listing:
    """The literals of a body over known relations, and the variable that is its case (nothing, if they name none)."""

    literals: tuple[s.Literal, ...]
    known: Mapping[str, Table]
    case: str

    @staticmethod
    def of(literals: Iterable[s.Literal], known: Mapping[str, Table]) -> _Listing:
        usable = tuple(each for each in literals if each.atom.relation in known)
        return _Listing(usable, known, next((variable for each in usable if (variable := _case(each, known))), ""))

    @property
    def names(self) -> set[str]:
        """The variables whose values may be listed."""
        return set[str]().union(*map(_names, self.literals)) - {self.case}

    def of_case(self) -> Iterator[tuple[str, Demand]]:
        """The variables that are listed for the case."""
        for name in sorted(self.names) if self.case else ():
            if chosen := self._connected(name, self.case):
                yield name, frozenset([Known.of(chosen, self.case, name)])

    def joined_to(self, name: str, other: str, demand: frozenset[Source]) -> Demand:
        """The values of a variable that are joined to those for which another is asked; None if they lie far off."""
        chosen = self._connected(name, other)
        found = frozenset(_joined(chosen, name, other, source) for source in demand) if chosen else frozenset()
        return found if found and all(len(each.literals) <= _FARTHEST for each in found) else None

    def of_all(self, name: str) -> Demand:
        """The values that general knowledge lists."""
        without = [each for each in self.literals if not _case(each, self.known) and name in _names(each)]
        return frozenset([Known.of(without, "", name)]) if without and not self._may_be_unknown(without, {name}) else None

    def _connected(self, name: str, end: str) -> list[s.Literal]:
        """Literals from one of a variable to one of another, each joined to those before; none, if `?` may join them."""
        names, chosen, rest = {name}, list[s.Literal](), list(self.literals)
        while end not in names:
            near = [each for each in rest if not names.isdisjoint(_names(each))]
            if not near:
                return []
            nearest = next((each for each in near if end in _names(each)), near[0])
            chosen.append(nearest)
            names |= _names(nearest)
            rest = [each for each in rest if each is not nearest]
        counts = Counter(v.name for each in chosen for v in s.premise_variables(each))
        linking = {end, name, *(each for each, number in counts.items() if number > 1)}
        return [] if self._may_be_unknown(chosen, linking) else chosen

    def _may_be_unknown(self, literals: Iterable[s.Literal], names: set[str]) -> bool:
        return any(
            missing and not (isinstance(term, s.Variable) and term.name not in names)
            for each in literals
            for term, missing in zip(each.atom.terms, self.known[each.atom.relation].unknown, strict=True)
        )


_FARTHEST = 6
"""Literals through which values are followed: those of a recursive rule lead on without end."""


def _names(literal: s.Literal) -> set[str]:
    return {v.name for v in s.premise_variables(literal) if not v.is_anonymous}


def _case(literal: s.Literal, known: Mapping[str, Table]) -> str:
    position = known[literal.atom.relation].case
    term = literal.atom.terms[position] if position is not None else None
    return term.name if isinstance(term, s.Variable) else ""


def _joined(literals: list[s.Literal], name: str, other: str, source: Source) -> Known:
    """The values of a variable that literals join to those of a source, which another variable has."""
    before = source if isinstance(source, Known) else Known((), "", "")
    link: s.Term = s.Variable("link") if isinstance(source, Known) else s.Constant(source)

    def linked(term: s.Term) -> s.Term:
        if not isinstance(term, s.Variable):
            return term
        return link if term.name == other else s.Variable(f"{term.name} here")

    def there(term: s.Term) -> s.Term:
        return link if isinstance(term, s.Variable) and term.name == before.variable else term

    chosen = [*(_with_terms(each, there) for each in before.literals), *(_with_terms(each, linked) for each in literals)]
    return Known.of(chosen, before.case, f"{name} here")


def _with_terms(literal: s.Literal, changed: Callable[[s.Term], s.Term]) -> s.Literal:
    return s.Literal(s.Atom(literal.atom.predicate, tuple(map(changed, literal.atom.terms))))
