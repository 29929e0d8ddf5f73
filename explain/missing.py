"""What to ask for: the smallest sets of documentable facts that would make an atom follow.

The sets are read off the proofs in the possible model (abduction over what the record
leaves open). A value that is still to be told is a labelled null, a `Hole`; the
comparisons that it has to satisfy travel with it, so that an ask can say *4-minus or
less*, and so that `explain.remedies` can try it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations, count
from math import inf

from explain.asks import (
    ONE_FACT,
    SETS_KEPT,
    Ask,
    Hole,
    Need,
    OneOf,
    Term,
    Terms,
    Wanted,
    cheapest,
    distinct,
    filled,
    joined,
    opened,
)
from explain.needs import as_now, beyond, holds_already, may_hold, together, wanted_number
from explain.patterns import asked_of_head, is_told, pattern_of, that_may_be
from explain.record import Counting, asked, counting
from explain.solutions import solutions
from kb.engines.computed import OPPOSITE
from kb.engines.model import Instance, fits
from kb.language import syntax as s
from kb.language.bounds import asked_of, bound_of, plain, rule_written
from kb.language.strata import dependents
from kb.language.values import ANY, UNKNOWN, NumberOutOfRange, Row, Value
from kb.models import Models

_INCOMPLETE, _RARE, _LOOSE = 2, 30, 10
"""What it costs to complete a fact, to ask for one that is rarely missing, and for one more element of a set."""

_SETS_TOLD = 6
"""Sets for an atom that several rules conclude."""
_NOTHING = Ask(0, frozenset())


def minimal_asks(models: Models, relation: str, pattern: Row, of_all_readings: Models | None = None) -> tuple[Ask, ...]:
    """The cheapest sets of facts for an atom of the pattern: one of each rule, and a few more.

    Under one choice of readings, what no reading has a part in is taken over from where it
    was found `of_all_readings`.
    """
    search = _search(models)
    if of_all_readings is not None:
        search.take_over(_search(of_all_readings))
    try:
        ways = search.ways(relation, pattern)
        by_rank = (way[rank] for rank in range(SETS_KEPT) for way in ways if rank < len(way))
        found = search.atom(relation, pattern) if len(ways) < 2 else distinct(by_rank, max(_SETS_TOLD, len(ways)))
    finally:
        search.end()
    return _numbered(found)


def _numbered(asks: Iterable[Ask]) -> tuple[Ask, ...]:
    """The asks with holes numbered from 0: how many were made before does not matter to who asks."""
    return tuple(filled(ask, {hole: Hole(number) for number, hole in enumerate(sorted(ask.all_holes))}) for ask in asks)


def undoing(models: Models, relation: str, row: Row) -> tuple[Ask, ...]:
    """The cheapest sets of facts with which an atom that holds would not: they break each way to it."""
    search = _search(models)
    try:
        return _numbered(search.undone(relation, row))
    finally:
        search.end()


def more_elements(models: Models, instance: Instance) -> tuple[Ask, ...]:
    """What the aggregates of a rule instance might count besides: sets of facts, each for one more element."""
    search = _Search(models)
    aggregates = (premise for premise in instance.rule.rule.body if isinstance(premise, s.Aggregate))
    return tuple(ask for premise in aggregates for ask in search.more(premise, instance.binding) if ask.wanted)


def _unlike(names: list[str], elements: list[Terms]) -> Iterator[Need]:
    """That an element of one value, which is to be told, is none of the others."""
    values = [element[0] for element in elements] if len(names) == 1 else []
    for hole in (value for value in values if isinstance(value, Hole)):
        for other in (value for value in values if not isinstance(value, (Hole, OneOf))):
            yield Need(s.Comparison(s.Variable(names[0]), "!=", s.Constant(other)), ((names[0], hole),))


def _search(models: Models) -> _Search:
    """The search in some models: the criteria of a case share most of what is beneath them."""
    return models.remembered(_Search, lambda: _Search(models))


@dataclass
class _Search:
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
    undoing: set[tuple[str, Row]] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)
    sorted_rows: dict[str, list[Row]] = field(default_factory=dict)
    sorted_open: dict[str, list[Row]] = field(default_factory=dict)

    def take_over(self, other: _Search) -> None:
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
                return [_NOTHING]
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
        return [ask for met in bindings for ask in self._all_of(body, met)]

    def _all_of(self, body: tuple[s.Premise, ...], binding: Mapping[str, Term]) -> list[Ask]:
        """The sets with which every premise of a body holds."""
        sets = [_NOTHING]
        for premise in body:
            sets = self._joined(sets, self._premise(premise, binding))
        return sets

    def _premise(self, premise: s.Premise, binding: Mapping[str, Term]) -> list[Ask]:
        if isinstance(premise, s.Aggregate):
            return self._aggregate(premise, binding)
        if isinstance(premise, s.Comparison):
            names = {v.name for v in s.premise_variables(premise)}
            terms = tuple((name, binding[name]) for name in sorted(names) if name in binding)
            need = Need(premise, terms)
            if len(terms) < len(names):
                return [_NOTHING]
            if need.holes:
                return [Ask(0, frozenset(), frozenset([need]))]
            return [_NOTHING] if may_hold(self.models, need) else []
        if premise.negated:
            relation, pattern = plain(premise.atom.relation), pattern_of(premise.atom, binding)
            needs = frozenset(self._barring(relation, pattern))
            return [replace(ask, needs=ask.needs | needs) for ask in self.undone(relation, pattern)]
        return self.atom(asked_of(premise.atom.relation), pattern_of(premise.atom, binding))

    def _barring(self, relation: str, pattern: Terms) -> Iterator[Need]:
        """What the holes of a pattern have to be, for rules not to conclude it.

        Where one comparison of a rule speaks of holes, beside literals that telling more may
        bring, it is turned round for each way through the rest that holds; else nothing is said.
        """
        rules = self.models.program.rules_for.get(relation, ())
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
            for way in self._ways([p for p in rule.rule.body if p not in touching], asked):
                may_be = all(next(self.possible(each.relation, pattern_of(each, way)), None) for each in literals)
                if may_be and way.keys() >= set(names):
                    yield Need(turned, tuple((name, way[name]) for name in names))

    def _ways(self, body: list[s.Premise], asked: Mapping[str, Term]) -> Iterator[dict[str, Term]]:
        """The ways through a part of a body that hold; none, where it computes with what another part gives."""
        told = {name: term for name, term in asked.items() if not isinstance(term, (Hole, OneOf))}
        try:
            yield from ({**asked, **way} for way in list(solutions(self.models, body, told)))
        except (KeyError, NumberOutOfRange):
            return

    def undone(self, relation: str, pattern: Terms, around: Counting = Counting.OPENLY) -> list[Ask]:
        """The sets with which no atom of the pattern holds that holds now: what each derivation wants not to be told."""
        told = opened(pattern)
        sets = [_NOTHING]
        for row in sorted(self.models.perfect.rows(relation), key=str):
            if not fits(told, row) or (relation, row) in self.undoing:
                continue
            if self.models.is_stated(relation, row):
                return []
            self.undoing.add((relation, row))
            for instance in self.models.perfect.derivations(relation, row):
                sets = self._joined(sets, self._broken(instance, counting(self.models, relation, around)))
            self.undoing.discard((relation, row))
        return sets

    def _broken(self, instance: Instance, around: Counting) -> list[Ask]:
        """The sets with which one of the premises of an instance fails; nothing, if it rests on what is being undone."""
        found = list[Ask]()
        for premise in instance.rule.rule.body:
            if isinstance(premise, s.Literal):
                relation, pattern = premise.atom.relation, pattern_of(premise.atom, instance.binding)
                if not premise.negated:
                    sets = self.undone(relation, pattern, around)
                else:
                    sets = self._unless_settled(relation, pattern, around)
                if _NOTHING in sets and not premise.negated:
                    return [_NOTHING]
                found += sets
        return cheapest(found)

    def _unless_settled(self, relation: str, pattern: Terms, around: Counting) -> list[Ask]:
        """The sets for an atom of the pattern; none, where the record tells all of it whole."""
        return self.atom(asked(self.models, relation, around), pattern) if around is not Counting.SETTLED else []

    def _aggregate(self, premise: s.Aggregate, binding: Mapping[str, Term]) -> list[Ask]:
        """More elements of the set, where its literals leave some open: for a count as many as it wants."""
        if holds_already(self.models, premise, binding):
            return [_NOTHING]
        if number := wanted_number(premise):
            return self._elements(premise, number, binding)
        said = frozenset(together(premise))
        wanted = (self._extreme if premise.function in ("min", "max") else self.more)(premise, binding)
        more = [replace(ask, cost=_LOOSE + ask.cost, remarks=ask.remarks | said) for ask in wanted if ask.wanted]
        limits = frozenset(beyond(self.models, premise, binding))
        return [replace(ask, needs=ask.needs | limits) for ask in cheapest(more)[:1] or [_NOTHING]]

    def more(self, premise: s.Aggregate, binding: Mapping[str, Term]) -> list[Ask]:
        """The cheapest sets for one more element of an aggregate."""
        return [ask for _, sets in self._element_ways(premise.body, binding) for ask in sets if ask.wanted]

    def _extreme(self, premise: s.Aggregate, binding: Mapping[str, Term]) -> list[Ask]:
        """The cheapest sets for an element that is the least or largest, and as it is wanted."""
        term, bound, body = premise.terms[0], premise.bound, premise.body
        sought = binding.get(bound.name) if isinstance(bound, s.Variable) else None
        if premise.op == "=" and isinstance(sought, Hole) and isinstance(term, s.Variable):
            binding = {**binding, term.name: sought}
        else:
            body = (*body, s.Comparison(term, premise.op, bound, premise.place, type=premise.type))
        return self.more(replace(premise, body=body), binding)

    def _element_ways(
        self, body: tuple[s.Premise, ...], binding: Mapping[str, Term]
    ) -> Iterator[tuple[Mapping[str, Term], list[Ask]]]:
        """The possible ways through the body of an aggregate, with the cheapest sets for each."""
        for each in self._possible_ways(s.listing(body), binding, {}):
            if sets := self._all_of(body, each):
                yield each, sets

    def _possible_ways(
        self, literals: list[s.Literal], given: Mapping[str, Term], met: Mapping[str, Term]
    ) -> Iterator[Mapping[str, Term]]:
        """The bindings under which all of some literals may hold, a hole for each value that none of them tells.

        They hold what is given, and what literals before were met with.
        """
        if not literals:
            yield {**met, **given}
            return
        atom, told = literals[0].atom, {name: term for name, term in met.items() if not isinstance(term, Hole)}
        for row in self.possible(asked_of(atom.relation), pattern_of(atom, {**told, **given})):
            here = dict(met)
            for term, value in zip(atom.terms, row, strict=True):
                if not isinstance(term, s.Variable) or term.is_anonymous or value is ANY:
                    continue
                if value is not UNKNOWN:
                    here[term.name] = value
                elif term.name not in here:
                    here[term.name] = Hole(next(self.numbers))
            yield from self._possible_ways(literals[1:], given, here)

    def _elements(self, premise: s.Aggregate, number: int, binding: Mapping[str, Term]) -> list[Ask]:
        """The cheapest sets for that many distinct elements, one of which may be of a value that is to be told."""
        names = list(dict.fromkeys(v.name for term in premise.terms for v in s.term_variables(term)))
        by_element: dict[Row, tuple[Terms, list[Ask]]] = {}
        for way, asks in self._element_ways(premise.body, binding):
            element = tuple(way.get(name, ANY) for name in names)
            first, found = by_element.setdefault(opened(element), (element, []))
            found += asks if first == element else []
        known = [(element, cheapest(asks)) for element, asks in by_element.values()]
        nearest = sorted(known, key=lambda each: each[1][0].cost)[: number + 3]
        sets: list[Ask] = []
        for chosen in combinations(nearest, number):
            union = [_NOTHING]
            for _, each in chosen:
                union = self._joined(union, each)
            elements = frozenset(opened(element) for element, asks in chosen if asks[0].wanted)
            unlike = frozenset(_unlike(names, [element for element, _ in chosen]))
            sets += [replace(ask, counted=ask.counted | elements, needs=ask.needs | unlike) for ask in union]
        return sorted(sets, key=lambda ask: ask.cost)[:SETS_KEPT]

    def _joined(self, left: list[Ask], right: list[Ask]) -> list[Ask]:
        unions = (joined(a, b) for a in left for b in right)
        return cheapest(ask for ask in unions if all(may_hold(self.models, need) for need in ask.needs))
