"""Which derivation to show of each atom: the cheapest proof, and the next best ones.

Costs follow Knuth (1977), "A generalization of Dijkstra's algorithm": a proof costs
more than each of its parts, so the cheapest one never supports itself, on recursive
programs too. Further proofs are found by Lawler's (1972) partition of what is left.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from explain.record import Counting, asked, counting, is_silent
from explain.solutions import aggregate_of, counted
from explain.wording import aggregate_words, comparison_words
from kb.contradictions import AtomKey
from kb.engines.model import Instance, ground_row
from kb.language import syntax as s
from kb.language.program import Origin
from kb.language.values import ANY, UNKNOWN, Mark, Row
from kb.models import Models

Choice = dict[AtomKey, Instance]
"""One derivation for each derived atom of a proof. A stated atom without one is taken as stated."""

_TRIES_PER_PROOF = 25
_COST_OF_STEP = 100
"""What a fact or a rule instance costs in a proof; each premise of an instance costs 1 besides."""

Cost = tuple[int, int]
"""How many absences rest on silence, and the steps: of the first, fewer is always better."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A node of a proof tree.

    `kind` is `conclusion` (with the rule instance that derives it and its premises),
    `fact`, `absence` (`silent` when only the record's silence speaks for it),
    `comparison`, or `aggregate` (whose premises are what it counted).
    """

    kind: str
    relation: str = ""
    row: Row = ()
    rule: str = ""
    origin: Origin | None = None
    premises: tuple[Proof, ...] = ()
    silent: bool = False
    asked: str = ""
    """Of an absence, what was asked for: the relation, or beneath what counts by the record, `recorded:` it."""
    text: str = ""

    def walk(self) -> Iterator[Proof]:
        """This node and all beneath it, in the order of reading; what is shared once."""
        seen: set[int] = set()
        pending = [self]
        while pending:
            node = pending.pop()
            if id(node) not in seen:
                seen.add(id(node))
                yield node
                pending += reversed(node.premises)


def cheapest_proof(models: Models, relation: str, pattern: Row, without: frozenset[AtomKey] = frozenset()) -> Proof | None:
    """The cheapest proof of an atom of the pattern, `without` the stated facts named; None if there is none."""
    found = cheapest_choice(models, atoms_of(models, relation, pattern), without)
    return None if found is None else tree(models, found)


def is_certain(models: Models, relation: str, pattern: Row, proof: Proof | None) -> bool:
    """Whether an atom of the pattern holds however the silences turn out, given its cheapest proof.

    A proof without contradicted facts, silent absences and aggregates shows it by itself.
    """
    if proof is None:
        return False
    shaky = (node for node in proof.walk() if node.kind == "aggregate" or (node.kind == "absence" and node.silent))
    return (not models.contradictions and not any(shaky)) or models.is_certain(relation, pattern)


def atoms_of(models: Models, relation: str, pattern: Row) -> list[AtomKey]:
    """The atoms of a pattern that hold, in a fixed order."""
    if row_is_ground(pattern) and pattern in models.perfect.rows(relation):
        return [(relation, pattern)]
    return sorted(((relation, row) for row in models.perfect.matching(relation, pattern)), key=str)


def shown_of(models: Models, relation: str, row: Row) -> Row:
    """The pattern of the atoms that are shown for a goal.

    Where the request leaves a value open these are the atoms that hold for any value, if
    some do: that nothing of the goal holds would not be true.
    """
    pattern = tuple(ANY if value is UNKNOWN else value for value in row)
    return pattern if models.holds(relation, pattern) and not models.holds(relation, row) else row


def row_is_ground(row: Row) -> bool:
    """Whether a row has a value everywhere, so that it is an atom and no pattern."""
    return not any(isinstance(value, Mark) for value in row)


def positive_premises(models: Models, instance: Instance) -> list[AtomKey]:
    """The atoms that an instance's premises assert; of a denial, the first that documents it."""
    binding, found = instance.binding, list[AtomKey]()
    for premise in instance.rule.rule.body:
        if isinstance(premise, s.Literal) and not premise.negated:
            relation, row = premise.atom.relation, ground_row(premise.atom.terms, binding)
            found += atoms_of(models, relation, row)[:1] if premise.atom.strong else [(relation, row)]
    return found


@dataclass(frozen=True)
class Chosen:
    """A proof of one of several atoms: which one, by which derivations, and its cost."""

    root: AtomKey
    choice: Choice
    cost: Cost


def cheapest_choice(models: Models, roots: Iterable[AtomKey], without: frozenset[AtomKey] = frozenset()) -> Chosen | None:
    """The cheapest proof of one of the atoms: with the fewest absences that rest on silence, then with the fewest steps."""
    return _Choosing(models, list(roots), without).cheapest(lambda atom, instance: True)


def best_choices(models: Models, roots: Iterable[AtomKey], wanted: int, reads: Callable[[Chosen], object]) -> list[Chosen]:
    """The best proofs, cheapest first; of those that read the same the first. Gives up after some tries for each."""
    search, order = _Choosing(models, list(roots), frozenset()), count()
    first = search.cheapest(lambda atom, instance: True)
    queue: list[tuple[Cost, int, Chosen, Choice, frozenset[tuple[AtomKey, Instance]]]] = []
    if first is not None:
        heapq.heappush(queue, (first.cost, next(order), first, {}, frozenset()))
    found: dict[object, Chosen] = {}
    for _ in range(_TRIES_PER_PROOF * wanted):
        if not queue or len(found) == wanted:
            break
        _, _, chosen, fixed, barred = heapq.heappop(queue)
        found.setdefault(reads(chosen), chosen)
        # Everything but this proof, in parts that do not overlap: the first choices kept, the next one forbidden.
        for atom, instance in chosen.choice.items():
            if atom not in fixed:
                part_barred = barred | {(atom, instance)}
                other = search.cheapest(_allows(fixed, part_barred))
                if other is not None:
                    heapq.heappush(queue, (other.cost, next(order), other, dict(fixed), part_barred))
                fixed = {**fixed, atom: instance}
    return sorted(found.values(), key=lambda each: each.cost)


def _but(barred: Instance, allows: Callable[[AtomKey, Instance], bool]) -> Callable[[AtomKey, Instance], bool]:
    return lambda atom, instance: instance != barred and allows(atom, instance)


def _allows(fixed: Choice, barred: frozenset[tuple[AtomKey, Instance]]) -> Callable[[AtomKey, Instance], bool]:
    return lambda atom, instance: fixed.get(atom, instance) == instance and (atom, instance) not in barred


@dataclass
class _Choosing:
    models: Models
    roots: list[AtomKey]
    without: frozenset[AtomKey]
    instances: dict[AtomKey, tuple[Instance, ...]] = field(default_factory=dict)
    premises: dict[Instance, list[AtomKey]] = field(default_factory=dict)
    own_costs: dict[Instance, Cost] = field(default_factory=dict)

    def cheapest(self, allows: Callable[[AtomKey, Instance], bool]) -> Chosen | None:
        self._reach(self.roots)
        costs, best = self._costs(allows)
        proved = [atom for atom in self.roots if atom in costs]
        if not proved:
            return None
        root = min(proved, key=lambda atom: costs[atom])
        choice: Choice = {}
        pending = [root]
        while pending:
            atom = pending.pop()
            if atom not in choice and atom in best:
                choice[atom] = best[atom]
                more = _elements(self.models, best[atom])
                if any(each not in self.instances for each in more):
                    # What an aggregate counts lies in lower strata: its proofs change none that is chosen already.
                    self._reach(more)
                    costs, best = self._costs(allows)
                if any(each not in costs for each in more):
                    # Without all that it counted, an aggregate is not what it was.
                    return self.cheapest(_but(best[atom], allows))
                pending += [*self.premises[best[atom]], *more]
        return Chosen(root, choice, costs[root])

    def _reach(self, atoms: Iterable[AtomKey]) -> None:
        pending = list(atoms)
        while pending:
            atom = pending.pop()
            if atom not in self.instances:
                self.instances[atom] = self.models.perfect.derivations(*atom)
                for instance in self.instances[atom]:
                    self.premises[instance] = positive_premises(self.models, instance)
                    silent = sum(_silences(self.models, instance))
                    self.own_costs[instance] = silent, _COST_OF_STEP + len(instance.rule.rule.body)
                    pending += self.premises[instance]

    def _costs(self, allows: Callable[[AtomKey, Instance], bool]) -> tuple[dict[AtomKey, Cost], dict[AtomKey, Instance]]:
        """The cost of each atom and the derivation that gives it; a stated atom is taken as stated."""
        stated = (atom for atom in self.instances if self.models.is_stated(*atom) and atom not in self.without)
        # Whole numbers: the cost of what is used twice doubles with each step, beyond any float.
        costs: dict[AtomKey, Cost] = dict.fromkeys(stated, (0, _COST_OF_STEP))
        best: dict[AtomKey, Instance] = {}
        users: dict[AtomKey, list[tuple[AtomKey, Instance]]] = {}
        waiting: dict[tuple[AtomKey, Instance], int] = {}
        proved, order = list[tuple[Cost, int, AtomKey, Instance]](), count()

        def prove(atom: AtomKey, instance: Instance) -> None:
            parts = [self.own_costs[instance], *(costs[premise] for premise in self.premises[instance])]
            cost = sum(silent for silent, _ in parts), sum(steps for _, steps in parts)
            heapq.heappush(proved, (cost, next(order), atom, instance))

        for atom, derivations in self.instances.items():
            for instance in derivations if atom not in costs else ():
                if allows(atom, instance):
                    missing = {premise for premise in self.premises[instance] if premise not in costs}
                    waiting[atom, instance] = len(missing)
                    for premise in missing:
                        users.setdefault(premise, []).append((atom, instance))
                    if not missing:
                        prove(atom, instance)
        while proved:
            cost, _, atom, instance = heapq.heappop(proved)
            if atom not in costs:
                costs[atom], best[atom] = cost, instance
                for user in users.get(atom, ()):
                    waiting[user] -= 1
                    if not waiting[user]:
                        prove(*user)
        return costs, best


def _silences(models: Models, instance: Instance) -> Iterator[bool]:
    """For each premise of an instance that asks for an absence, whether the record is silent on it."""
    around = counting(models, instance.rule.head.relation)
    for premise in instance.rule.rule.body:
        if isinstance(premise, s.Literal) and premise.negated:
            row = ground_row(premise.atom.terms, instance.binding)
            yield is_silent(models, asked(models, premise.atom.relation, around), row, around)


def facts_of(models: Models, chosen: Chosen) -> list[AtomKey]:
    """The facts that a chosen proof rests on, each once."""
    beneath = (atom for instance in chosen.choice.values() for atom in _atoms_beneath(models, instance))
    return list(dict.fromkeys(atom for atom in (chosen.root, *beneath) if atom not in chosen.choice))


Placed = tuple[AtomKey, Counting]
"""An atom, and how the absences around it count."""


def tree(models: Models, chosen: Chosen) -> Proof:
    """A chosen proof from the facts up: each atom is proved once where absences count alike, however often it is used."""
    made: dict[Placed, Proof] = {}
    choice, pending = chosen.choice, [(chosen.root, Counting.OPENLY)]
    while pending:
        atom, around = pending[-1]
        within = counting(models, atom[0], around)
        beneath = _atoms_beneath(models, choice[atom]) if (atom, around) not in made and atom in choice else []
        missing = [(each, within) for each in beneath if (each, within) not in made]
        if missing:
            pending += missing
            continue
        if (atom, around) not in made:
            made[atom, around] = _node(models, atom, choice, made, within)
        pending.pop()
    return made[chosen.root, Counting.OPENLY]


def _atoms_beneath(models: Models, instance: Instance) -> list[AtomKey]:
    """What an instance rests on: its positive premises, and what its aggregates count."""
    return [*positive_premises(models, instance), *_elements(models, instance)]


def _elements(models: Models, instance: Instance) -> list[AtomKey]:
    """What the aggregates of an instance count."""
    aggregates = (premise for premise in instance.rule.rule.body if isinstance(premise, s.Aggregate))
    return [atom for premise in aggregates for atom in counted(models, premise, instance.binding)]


def _node(models: Models, atom: AtomKey, choice: Choice, made: Mapping[Placed, Proof], around: Counting) -> Proof:
    relation, row = atom
    if atom not in choice:
        return Proof("fact", relation, row, origin=models.stated[relation][row].origin)
    instance = choice[atom]
    premises = tuple(_premise(models, premise, instance, made, around) for premise in instance.rule.rule.body)
    return Proof("conclusion", relation, row, instance.rule.id, instance.rule.origin, premises)


def _premise(
    models: Models, premise: s.Premise, instance: Instance, made: Mapping[Placed, Proof], around: Counting
) -> Proof:
    binding = instance.binding
    if isinstance(premise, s.Comparison):
        return Proof("comparison", text=comparison_words(premise, binding))
    if isinstance(premise, s.Aggregate):
        elements = tuple(made[atom, around] for atom in counted(models, premise, binding))
        text = aggregate_words(premise, binding, aggregate_of(models, premise, binding))
        return Proof("aggregate", premises=elements, text=text)
    relation, row = premise.atom.relation, ground_row(premise.atom.terms, binding)
    if premise.negated:
        name = asked(models, relation, around)
        return Proof("absence", relation, row, silent=is_silent(models, name, row, around), asked=name)
    return made[atoms_of(models, relation, row)[0] if premise.atom.strong else (relation, row), around]
