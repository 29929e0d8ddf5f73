"""Which values of an argument anybody asks for: what is open need be listed for these only.

A case that is silent on root compression leaves sixty instances open (a level, a root, a
side), and its request asks for one level. For each argument of each relation this finds
the literals over known relations from which all values come with which it is asked (the
sideways passing of magic sets, for single arguments: Beeri and Ramakrishnan 1991).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from kb.engines.sql.schema import Table
from kb.language import syntax as s
from kb.language.program import Program
from kb.language.values import Value


@dataclass(frozen=True, slots=True)
class Known:
    """The values of a variable for which literals over known relations hold, case by case."""

    literals: tuple[s.Literal, ...]
    case: str
    variable: str


Source = Known | Value
Demand = frozenset[Source] | None
"""Where the values come from with which an argument is asked; None: any value may be asked for."""

Demands = Mapping[tuple[str, int], Demand]


def demands(program: Program, asked: Demands, known: Mapping[str, Table]) -> Demands:
    """The demand on each argument of each relation, by relation and position.

    `asked` is that of the relations that are wanted; `known` are the relations in which
    all models agree.
    """
    found = dict(asked)
    pending = {relation for relation, _ in asked}
    while pending:
        head = pending.pop()
        for rule in program.rules_for.get(head, ()):
            for literal, position, demand in _uses(rule.rule, found, known):
                key = literal.atom.relation, position
                together = joined(found.get(key, frozenset()), demand)
                if key not in found or together != found[key]:
                    found[key] = together
                    pending.add(literal.atom.relation)
    return found


def joined(left: Demand, right: Demand) -> Demand:
    """What two uses ask for together."""
    return None if left is None or right is None else left | right


def _uses(rule: s.Rule, found: Demands, known: Mapping[str, Table]) -> Iterator[tuple[s.Literal, int, Demand]]:
    """How the literals of a body, those in its aggregates too, ask each argument."""
    assert rule.head is not None
    bound: dict[str, Demand] = {}
    for position, term in enumerate(rule.head.terms):
        if isinstance(term, s.Variable):
            bound.setdefault(term.name, found.get((rule.head.relation, position), frozenset()))
    bound.update(listed(s.listing(rule.body), known))
    for literal in s.literals(rule.body):
        for position, term in enumerate(literal.atom.terms):
            if isinstance(term, s.Constant):
                yield literal, position, frozenset([term.value])
            elif isinstance(term, s.Variable):
                yield literal, position, None if term.is_anonymous else bound.get(term.name)


def listed(literals: Iterable[s.Literal], known: Mapping[str, Table]) -> Iterator[tuple[str, Demand]]:
    """The variables whose values literals over known relations list for a case, none of them `?`."""
    usable = [each for each in literals if each.atom.relation in known]
    case = next((variable for each in usable if (variable := _case(each, known))), "")
    for name in sorted(set[str]().union(*map(_names, usable)) - {case}) if case else ():
        chosen = _connected(usable, name, case)
        counts = Counter(v.name for each in chosen for v in s.premise_variables(each))
        linking = {case, name, *(each for each, number in counts.items() if number > 1)}
        if case in counts and not any(_may_be_unknown(each, linking, known) for each in chosen):
            yield name, frozenset([_renamed(chosen, case, name)])


def _names(literal: s.Literal) -> set[str]:
    return {v.name for v in s.premise_variables(literal) if not v.is_anonymous}


def _case(literal: s.Literal, known: Mapping[str, Table]) -> str:
    position = known[literal.atom.relation].case
    term = literal.atom.terms[position] if position is not None else None
    return term.name if isinstance(term, s.Variable) else ""


def _may_be_unknown(literal: s.Literal, names: set[str], known: Mapping[str, Table]) -> bool:
    pairs = zip(literal.atom.terms, known[literal.atom.relation].unknown, strict=True)
    return any(missing and not (isinstance(t, s.Variable) and t.name not in names) for t, missing in pairs)


def _connected(literals: Iterable[s.Literal], variable: str, case: str) -> list[s.Literal]:
    """Literals from one of a variable to one of the case, each sharing a variable with those before."""
    names, chosen, rest = {variable}, list[s.Literal](), list(literals)
    while case not in names:
        near = [each for each in rest if not names.isdisjoint(_names(each))]
        if not near:
            break
        nearest = next((each for each in near if case in _names(each)), near[0])
        chosen.append(nearest)
        names |= _names(nearest)
        rest = [each for each in rest if each is not nearest]
    return chosen


def _renamed(literals: list[s.Literal], case: str, variable: str) -> Known:
    """The literals under names that do not depend on the rule, so that what is the same is taken once."""
    counts = Counter(v.name for each in literals for v in s.premise_variables(each))
    names: dict[str, str] = {case: "Case", variable: "Value"}

    def renamed(term: s.Term) -> s.Term:
        if not isinstance(term, s.Variable):
            return term
        if term.name not in names:
            names[term.name] = f"V{len(names)}" if counts[term.name] > 1 else f"_{len(names)}"
        return s.Variable(names[term.name])

    found = (s.Literal(s.Atom(each.atom.predicate, tuple(map(renamed, each.atom.terms)))) for each in literals)
    return Known(tuple(found), "Case", "Value")
