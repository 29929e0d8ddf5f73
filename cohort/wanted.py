"""What is wanted of all that records leave open: for which values anybody asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce

from sqlglot import exp

from kb.engines.sql.compiler import Compiler
from kb.engines.sql.demand import Demand, Demands, Filter, Known, Source, demands, filters, joined, listed
from kb.engines.sql.open import Values, domain_table, is_listed, lists_subjects
from kb.engines.sql.schema import Table, Types
from kb.engines.sql.values import value
from kb.language import syntax as s
from kb.language.bounds import CERTAIN, POSSIBLE, bounded, plain
from kb.language.program import Goal, Program


@dataclass(frozen=True)
class Wanted:
    """What the questions of a program want of the facts that are open.

    `asked` are the atoms that are asked for with each goal: its own, and its criteria's;
    `same` the relations in which all models agree, and `known` the tables of those that do
    not depend on readings; `rewritten` is the program of the bounds.
    """

    program: Program
    rewritten: Program
    types: Types
    known: Mapping[str, Table]
    same: frozenset[str]
    asked: tuple[tuple[Goal, tuple[s.Atom, ...]], ...]

    def values(self, name: str) -> dict[int, Values]:
        """The values of the arguments of an open relation, where not all are asked for."""
        predicate = self.program.predicate(plain(name))
        # What a denial and what a fact leave open is the same, so both are asked for together.
        relations = [bounded(each, POSSIBLE) for each in (predicate.name, f"-{predicate.name}")]
        found: dict[int, Values] = {}
        for position, argument in enumerate(predicate.arguments):
            if not is_listed(predicate, self.types, position):
                continue
            kind = self.types[argument.type]
            demand = reduce(joined, (self._demands.get((each, position), frozenset()) for each in relations))
            alike = lists_subjects(predicate, self.types) and self._is_one_enough(relations, position, demand)
            if demand is not None:
                of_case = [each for each in demand if isinstance(each, Known) and each.case]
                found[position] = Values(
                    tuple(self._rows_of(source, kind) for source in sorted(demand.difference(of_case), key=str)),
                    tuple(self._rows_of(source, kind) for source in sorted(of_case, key=str)),
                    alike,
                )
            elif alike:
                found[position] = Values((exp.select("v").from_(domain_table(kind)),), (), alike)
        return found

    def _is_one_enough(self, relations: list[str], position: int, demand: Demand) -> bool:
        """Whether nothing tells the values apart that are asked for of an argument: all rules ask by one filter.

        The values asked for have to be those that pass it: others would stand for none of them.
        """
        if any((each, position) in self._asked for each in relations):
            return False
        found = set[Filter | None]().union(*(self._filters.get((each, position), set()) for each in relations))
        one = found.pop() if len(found) == 1 else None
        if one is None:
            return False
        passing: Demand = frozenset([Known(one, "", "Value")]) if one else None
        return demand == passing

    @cached_property
    def _filters(self) -> dict[tuple[str, int], set[Filter | None]]:
        """How the rules of the bounds ask each argument."""
        return filters(self.rewritten.rules, self.known)

    @cached_property
    def _asked(self) -> dict[tuple[str, int], Demand]:
        """The arguments of the questions, and the values that they are asked for."""
        asked: dict[tuple[str, int], Demand] = {}
        for goal, atoms in self.asked:
            values = dict(listed([s.Literal(goal.trigger)], self.known))
            for relation, position, term in self._arguments(atoms):
                demand = values.get(term.name) if isinstance(term, s.Variable) else None
                asked[relation, position] = joined(asked.get((relation, position), frozenset()), demand)
        return asked

    @cached_property
    def _demands(self) -> Demands:
        """Which values of its arguments each relation of the bounds is asked for, by the questions and what they rest on."""
        return demands(self.rewritten, self._asked, self.known)

    def _arguments(self, atoms: Iterable[s.Atom]) -> Iterator[tuple[str, int, s.Term]]:
        for atom in atoms:
            for bound in (POSSIBLE, CERTAIN):
                relation = atom.relation if atom.relation in self.same else bounded(atom.relation, bound)
                for position, term in enumerate(atom.terms):
                    yield relation, position, term

    def _rows_of(self, source: Source, kind: str) -> exp.Query:
        """The values of a source, `v`; with the cases, `id`, where each has its own."""
        if not isinstance(source, Known):
            return exp.select(exp.alias_(value(source, kind), "v"))
        columns = {"id": source.case, "v": source.variable} if source.case else {"v": source.variable}
        rows = Compiler(self.known, self.types).instances(source.literals, tuple(columns.values()))
        named = (exp.alias_(exp.column(f"v{i}"), name) for i, name in enumerate(columns))
        return exp.select(*named).from_(rows.subquery("k"))
