"""The search for asks: the cheapest sets of facts for an atom, read off its derivations in the possible model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from math import inf

from explain import elements, undoing
from explain.asks import NOTHING, ONE_FACT, Ask, Hole, Need, Term, Terms, Wanted, cheapest, filled, joined
from explain.needs import as_now, may_hold
from explain.patterns import is_told, pattern_of, that_may_be
from kb.contradictions import AtomKey
from kb.engines.model import Instance
from kb.language import syntax as s
from kb.language.bounds import asked_of, bound_of, plain, rule_written
from kb.language.strata import dependents
from kb.language.values import ANY, UNKNOWN, Row, Value
from kb.models import Models

_INCOMPLETE, _RARE = 2, 30
"""What it costs to complete a fact, and to ask for one that is rarely missing."""


@dataclass
class Search:
    """What is known of the asks in some models, and what is being looked for.

    Aggregates are looked into by `explain.elements`, absences by `explain.undoing`.
    """

    models: Models
    known: dict[Wanted, list[Ask]] = field(default_factory=dict)
    under_way: dict[Wanted, int] = field(default_factory=dict)
    """What is being looked for, with its depth."""
    cut: set[Wanted] = field(default_factory=set)
    """What is known of these leaves out the ways that led back to what was under way."""
    meets_cut: bool = False
    empty: dict[Wanted, int] = field(default_factory=dict)
    """Those of them of which nothing is known but that, with the least depth that their ways led back to."""
    least: float = inf
    """The least depth that what was looked at led back to."""
    being_undone: set[AtomKey] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)
    sorted_rows: dict[str, list[Row]] = field(default_factory=dict)
    sorted_open: dict[str, list[Row]] = field(default_factory=dict)

    def take_over(self, other: Search) -> None:
        """Takes over what another search found, under another choice of readings, of what does not depend on them."""
        program = other.models.program
        differing = dependents(program, [reading.relation for reading in program.readings])
        found = ((key, asks) for key, asks in other.known.items() if plain(key[0]) not in differing)
        self.known.update({key: asks for key, asks in found if key not in self.known})

    def possible(self, relation: str, pattern: Terms) -> Iterator[Row]:
        """The rows of a relation in the possible model that more telling can make the pattern, in a fixed order."""
        if relation not in self.sorted_rows:
            self.sorted_rows[relation] = sorted(self.models.possible_rows(relation), key=str)
        return that_may_be(self.sorted_rows[relation], pattern)

    def open(self, name: str, pattern: Terms) -> Iterator[Row]:
        """The open instances of a fact predicate that can be the pattern, in a fixed order."""
        if name not in self.sorted_open:
            self.sorted_open[name] = sorted(self.models.open(name), key=str)
        return that_may_be(self.sorted_open[name], pattern)

    def atom(self, relation: str, pattern: Terms) -> list[Ask]:
        """The cheapest sets for an atom of the pattern, best first; none if it is not possible."""
        order = list(dict.fromkeys(term for term in pattern if isinstance(term, Hole)))
        names = {hole: Hole(-1 - number) for number, hole in enumerate(order)}
        key = relation, tuple(names.get(term, term) if isinstance(term, Hole) else term for term in pattern)
        if key not in self.known and key not in self.under_way:
            if any(is_told(row, pattern) for row in self.models.perfect.rows(plain(relation))):
                return [NOTHING]
            self.known[key] = self._looked_for(key)
        self.meets_cut = self.meets_cut or key in self.under_way or key in self.cut
        self.least = min(self.least, self.under_way.get(key, inf), self.empty.get(key, inf))
        back = {name: hole for hole, name in names.items()}
        return [self._renamed(ask, back) for ask in self.known.get(key, [])]

    def _looked_for(self, key: Wanted) -> list[Ask]:
        """The cheapest sets for an atom that is not under way.

        What was cut short by a cycle and is empty may be so for that alone: it is looked for
        again when that to which it led back is known (as tables are completed by component
        in Chen and Warren 1996, "Tabled evaluation with delaying").
        """
        met_cut, least = self.meets_cut, self.least
        self.meets_cut, self.least = False, inf
        depth = self.under_way[key] = len(self.under_way)
        ways = (ask for way in self.ways(*key) for ask in way)
        found = cheapest([*self._to_tell(*key), *ways])
        del self.under_way[key]
        if self.meets_cut:
            self.cut.add(key)
        leads_back = self.least < depth
        if leads_back and not found:
            self.empty[key] = int(self.least)
        elif not leads_back:
            for other in [other for other, least in self.empty.items() if least >= depth]:
                del self.empty[other], self.known[other]
        self.meets_cut = self.meets_cut or met_cut
        self.least = min(least, self.least) if leads_back else least
        return found

    def end(self) -> None:
        """Forgets what depends on where the search began, so that what is asked before changes nothing of what is found."""
        for key in self.cut:
            self.known.pop(key, None)
        self.cut.clear()
        self.under_way.clear()
        self.empty.clear()
        self.meets_cut, self.least = False, inf

    def _renamed(self, ask: Ask, names: Mapping[Hole, Hole]) -> Ask:
        """The set with its own holes: those of the pattern as given, each other one new."""
        inner = ask.all_holes - names.keys()
        return filled(ask, {**names, **{hole: Hole(next(self.numbers)) for hole in sorted(inner)}})

    def ways(self, relation: str, pattern: Terms) -> list[list[Ask]]:
        """The cheapest sets of each rule that may conclude the atom, in the order of the rules."""
        by_rule: dict[str, list[Ask]] = {}
        for row in self.possible(relation, pattern):
            for instance in self.models.possible_derivations(relation, row):
                by_rule.setdefault(instance.rule.id, []).extend(self._instance(instance, pattern))
        order = list(self.models.program.rule_by_id)
        return [cheapest(by_rule[rule]) for rule in sorted(by_rule, key=lambda rule: order.index(rule_written(rule)))]

    def _to_tell(self, asked: str, pattern: Terms) -> list[Ask]:
        """Facts that the record states in part, and facts on which it is silent, where silence counts."""
        relation = plain(asked)
        predicate = self.models.program.predicate(relation)
        found = [
            Ask(_INCOMPLETE, frozenset([(relation, self._told(row, pattern, stated=True))]))
            for row in that_may_be(self.models.stated.get(relation, ()), pattern)
            if UNKNOWN in row
        ]
        if predicate.can_be_open and not bound_of(asked):
            cost = _RARE if predicate.rare else ONE_FACT
            rows = self.open(predicate.name, pattern)
            found += [Ask(cost, frozenset([(relation, self._told(row, pattern, stated=False))])) for row in rows]
        return found

    def _told(self, row: Row, pattern: Terms, stated: bool) -> Terms:
        """What a fact has to say: the pattern, and for what the pattern leaves open what is stated, or anything."""

        def told(value: Value, wanted: Term) -> Term:
            if wanted is ANY:
                return value if stated and value is not UNKNOWN else ANY
            return Hole(next(self.numbers)) if wanted is UNKNOWN else wanted

        return tuple(told(value, wanted) for value, wanted in zip(row, pattern, strict=True))

    def _instance(self, instance: Instance, pattern: Terms) -> list[Ask]:
        """The sets for a rule instance, whose unknown values are holes: those of the pattern where its head has them."""
        binding: dict[str, Term] = {
            name: Hole(next(self.numbers)) if value is UNKNOWN else value
            for name, value in instance.binding.items()
            if not name.startswith("_")
        }
        for term, wanted in zip(instance.rule.head.terms, pattern, strict=True):
            if isinstance(term, s.Variable) and isinstance(binding.get(term.name), Hole) and wanted is not ANY:
                binding[term.name] = binding[term.name] if wanted is UNKNOWN else wanted
        body, bindings = instance.rule.rule.body, list[Mapping[str, Term]]([binding])
        # What is only compared may be as it is now; of what else asks for it there may be something to be told.
        asked = {v.name for term in instance.rule.head.terms for v in s.term_variables(term)}
        asked.update(s.body_variables(s.listing(body)))
        for premise in (p for p in body if isinstance(p, s.Aggregate) and getattr(p.bound, "name", "") not in asked):
            bindings += [each for met in bindings if (each := as_now(self.models, premise, met)) is not None]
        return [ask for met in bindings for ask in self.all_of(body, met)]

    def all_of(self, body: tuple[s.Premise, ...], binding: Mapping[str, Term]) -> list[Ask]:
        """The sets with which every premise of a body holds."""
        sets = [NOTHING]
        # Comparisons first: where two facts are made one, what is compared of either is of that one.
        for premise in sorted(body, key=lambda premise: not isinstance(premise, s.Comparison)):
            sets = self.joined(sets, self._premise(premise, binding))
        return sets

    def _premise(self, premise: s.Premise, binding: Mapping[str, Term]) -> list[Ask]:
        """The sets with which a premise holds."""
        if isinstance(premise, s.Aggregate):
            return elements.asks_of(self, premise, binding)
        if isinstance(premise, s.Comparison):
            names = {v.name for v in s.premise_variables(premise)}
            terms = tuple((name, binding[name]) for name in sorted(names) if name in binding)
            need = Need(premise, terms)
            if len(terms) < len(names):
                return [NOTHING]
            if need.holes:
                return [Ask(0, frozenset(), frozenset([need]))]
            return [NOTHING] if may_hold(self.models, need) else []
        if premise.negated:
            relation, pattern = plain(premise.atom.relation), pattern_of(premise.atom, binding)
            needs = frozenset(undoing.barring(self, relation, pattern))
            return [replace(ask, needs=ask.needs | needs) for ask in undoing.undone(self, relation, pattern)]
        return self.atom(asked_of(premise.atom.relation), pattern_of(premise.atom, binding))

    def joined(self, left: list[Ask], right: list[Ask]) -> list[Ask]:
        """Each of some sets with each of others, as far as what they need together may be."""
        unions = (joined(a, b) for a in left for b in right)
        return cheapest(ask for ask in unions if all(may_hold(self.models, need) for need in ask.needs))
