"""What would make an atom that holds not hold: the facts that break each way to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from explain.asks import NOTHING, Ask, Hole, Need, OneOf, Term, Terms, cheapest, opened
from explain.patterns import asked_of_head, pattern_of
from explain.record import Counting, asked, counting
from explain.solutions import solutions
from kb.engines.computed import OPPOSITE
from kb.engines.model import Instance, fits
from kb.language import syntax as s
from kb.language.values import NumberOutOfRange

if TYPE_CHECKING:
    from explain.search import Search


def undone(search: Search, relation: str, pattern: Terms, around: Counting = Counting.OPENLY) -> list[Ask]:
    """The sets with which no atom of the pattern holds that holds now: what each derivation wants not to be told."""
    told = opened(pattern)
    sets = [NOTHING]
    for row in sorted(search.models.perfect.rows(relation), key=str):
        if not fits(told, row) or (relation, row) in search.being_undone:
            continue
        if search.models.is_stated(relation, row):
            return []
        search.being_undone.add((relation, row))
        for instance in search.models.perfect.derivations(relation, row):
            sets = search.joined(sets, _broken(search, instance, counting(search.models, relation, around)))
        search.being_undone.discard((relation, row))
    return sets


def _broken(search: Search, instance: Instance, around: Counting) -> list[Ask]:
    """The sets with which one of the premises of an instance fails; nothing, if it rests on what is being undone."""
    found = list[Ask]()
    for premise in instance.rule.rule.body:
        if isinstance(premise, s.Literal):
            relation, pattern = premise.atom.relation, pattern_of(premise.atom, instance.binding)
            if not premise.negated:
                sets = undone(search, relation, pattern, around)
            else:
                sets = _unless_settled(search, relation, pattern, around)
            if NOTHING in sets and not premise.negated:
                return [NOTHING]
            found += sets
    return cheapest(found)


def _unless_settled(search: Search, relation: str, pattern: Terms, around: Counting) -> list[Ask]:
    """The sets for an atom of the pattern; none, where the record tells all of it whole."""
    return search.atom(asked(search.models, relation, around), pattern) if around is not Counting.SETTLED else []


def barring(search: Search, relation: str, pattern: Terms) -> Iterator[Need]:
    """What the holes of a pattern have to be, for rules not to conclude it.

    Where one comparison of a rule speaks of holes, beside literals that telling more may
    bring, it is turned round for each way through the rest that holds; else nothing is said.
    """
    rules = search.models.program.rules_for.get(relation, ())
    for rule in rules if any(isinstance(term, Hole) for term in pattern) else ():
        asked = asked_of_head(rule.head.terms, pattern)
        holes = {name for name, term in asked.items() if isinstance(term, Hole)}
        touching = [p for p in rule.rule.body if not holes.isdisjoint(v.name for v in s.premise_variables(p))]
        literals = [p.atom for p in touching if isinstance(p, s.Literal) and not p.negated]
        tests = [p for p in touching if isinstance(p, s.Comparison)]
        if len(tests) != 1 or len(literals) + 1 < len(touching):
            continue
        turned = replace(tests[0], op=OPPOSITE[tests[0].op])
        names = sorted({v.name for v in s.premise_variables(turned)})
        for way in _ways(search, [p for p in rule.rule.body if p not in touching], asked):
            may_be = all(next(search.possible(each.relation, pattern_of(each, way)), None) for each in literals)
            if may_be and way.keys() >= set(names):
                yield Need(turned, tuple((name, way[name]) for name in names))


def _ways(search: Search, body: list[s.Premise], asked: Mapping[str, Term]) -> Iterator[dict[str, Term]]:
    """The ways through a part of a body that hold; none, where it computes with what another part gives."""
    told = {name: term for name, term in asked.items() if not isinstance(term, (Hole, OneOf))}
    try:
        yield from ({**asked, **way} for way in list(solutions(search.models, body, told)))
    except (KeyError, NumberOutOfRange):
        return
