"""One program as the statements that decide a batch of cases: its models, and what each choice of readings changes.

The tables that are made here hold the perfect model and both bounds of every case at
hand, as `kb.models` has them of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

from sqlglot import exp

from cohort.clashes import disputed_atoms
from cohort.spoken import GoalRule, SpokenTo
from cohort.wanted import Wanted
from explain.criteria import criteria_beneath
from explain.outcomes import wanted_for
from kb.compiled import Compiled
from kb.engines.sql.open import CASES, open_table, stated_or_open
from kb.engines.sql.plan import DIALECT, Step, plan
from kb.engines.sql.schema import Table, Types, column_types, created
from kb.engines.sql.values import conjunction, same, with_rows
from kb.language import syntax as s
from kb.language.bounds import (
    CERTAIN,
    CONTRADICTED,
    LOWER,
    POSSIBLE,
    asked_of,
    beneath_record,
    bound_of,
    bounded,
    bounds,
    plain,
    upper,
)
from kb.language.closed import agreed, relations_of
from kb.language.program import Criterion, Goal, Program, ProgramRule, Reading
from kb.language.strata import dependents, needed

Stated = Mapping[str, Table]
"""The tables of what charts and documents state, by relation; a relation that nobody states anything of may be left out."""


@dataclass(frozen=True)
class Tables:
    """Where the models of a batch stand: in the `same` relations all agree, in the `definite` ones two."""

    perfect: Mapping[str, Table]
    bounds: Mapping[str, Table]
    same: frozenset[str]
    definite: frozenset[str]

    def holding(self, relation: str) -> Table:
        """The rows of a relation in the perfect model."""
        return self.perfect[relation]

    def possible(self, relation: str) -> Table | None:
        """Its rows in the possible model; None where they are those of the perfect one."""
        return None if relation in self.same else self.bounds[bounded(relation, POSSIBLE)]

    def certain(self, relation: str) -> Table | None:
        """Its rows in the certain model; None where they are those of the perfect one."""
        return None if relation in self.same | self.definite else self.bounds[bounded(relation, CERTAIN)]


@dataclass(frozen=True)
class Evaluated:
    """A program, what its bounds are, and where its models stand."""

    program: Program
    rewritten: Program
    tables: Tables


@dataclass(frozen=True)
class Choice:
    """One choice of readings, with the statements that evaluate what depends on it."""

    choice: tuple[Reading, ...]
    steps: tuple[Step, ...]
    evaluated: Evaluated


@dataclass(frozen=True)
class CohortProgram:
    """A program, with the tables of what is stated: everything that is made of them once."""

    compiled: Compiled
    types: Types
    stated: Stated
    contradicting: bool = False
    """Whether it is for cases whose record contradicts itself: then only what nobody disputes holds certainly."""
    searched: frozenset[str] = frozenset()
    """The names of the clashes of facts that were looked for already (`cohort.clashes.OF_FACTS`)."""
    _criteria: dict[str, tuple[Criterion, ...]] = field(default_factory=dict, compare=False)

    @property
    def program(self) -> Program:
        """The program."""
        return self.compiled.program

    @cached_property
    def goals(self) -> tuple[Goal, ...]:
        """The goals in the order in which a case is asked them: those that a reference document declares first."""
        kinds = {meta.full_id: meta.kind for meta in self.program.documents}
        return tuple(sorted(self.program.goals, key=lambda goal: kinds.get(goal.origin.document) != "reference"))

    @cached_property
    def _asked(self) -> list[str]:
        """The relations whose verdicts are wanted."""
        goals = [goal.atom.relation for goal in self.program.goals]
        return list(dict.fromkeys([*goals, *(criterion.atom.relation for criterion in self.program.criteria)]))

    @cached_property
    def used(self) -> frozenset[str]:
        """Every relation that is evaluated."""
        return self.compiled.used(wanted_for(self.program, self._asked))

    @cached_property
    def same(self) -> frozenset[str]:
        """The relations in which the three models agree, for every case of the cohort."""
        loose = (name for name, table in self.stated.items() if any(table.unknown))
        return agreed(self.program, loose, self.contradicting)

    @cached_property
    def definite(self) -> frozenset[str]:
        """The relations in which what holds holds certainly."""
        return frozenset() if self.contradicting else self.compiled.definite(self.same)

    @cached_property
    def disputed(self) -> dict[str, exp.Query]:
        """The atoms that have a part in a contradiction, by relation."""
        used = {name: table for name, table in {**self.stated, **self.perfect[1]}.items() if name in self.used}
        return disputed_atoms(self.program, self.types, used)

    @cached_property
    def rewritten(self) -> Program:
        """The program of both bounds."""
        return self._rewritten(self.program)

    def _rewritten(self, program: Program) -> Program:
        disputed = frozenset(self.disputed) if self.contradicting else frozenset()
        return bounds(program, self.same, self.definite, self._recorded, disputed)

    @cached_property
    def _recorded(self) -> frozenset[str]:
        """What is beneath something that counts by the record."""
        return beneath_record(self.program, self.same)

    @cached_property
    def perfect(self) -> tuple[tuple[Step, ...], Mapping[str, Table]]:
        """The statements of the perfect model, a rule each."""
        found = plan(self.program, self.types, self.stated, self.used, "p", by_rule=True)
        return found.steps, found.tables

    @cached_property
    def bounds(self) -> tuple[tuple[Step, ...], Tables]:
        """The statements of both bounds."""
        rewritten = self.rewritten
        goals = [goal.atom.relation for goal in self.program.goals]
        wanted = [bounded(name, POSSIBLE) for name in self._asked if name not in self.same]
        wanted += [bounded(name, CERTAIN) for name in goals if name not in self.same | self.definite]
        if self.contradicting:
            wanted = self._with_opposites(wanted)
        steps, given = self._base(needed(rewritten, wanted), self.perfect[1], "")
        found = plan(rewritten, self.types, given, wanted, "b")
        spoken_to = () if self.contradicting else self._spoken_to.steps
        return (*spoken_to, *steps, *found.steps), Tables(self.perfect[1], found.tables, self.same, self.definite)

    @property
    def evaluated(self) -> Evaluated:
        """The program with all readings together."""
        return Evaluated(self.program, self.rewritten, self.bounds[1])

    def _with_opposites(self, wanted: list[str]) -> list[str]:
        """The same, with what rules conclude against anything that these ask for: a contradiction may stand behind it."""
        while True:
            reached = {asked_of(name) for name in needed(self.rewritten, wanted)}
            against = sorted({s.opposite(name) for name in reached} - reached - self.same)
            more = [upper(name) for name in against if plain(name) in self.used and plain(name) in self.program.rules_for]
            if not more:
                return wanted
            wanted = [*wanted, *more]

    def _base(self, names: Iterable[str], perfect: Mapping[str, Table], prefix: str) -> tuple[list[Step], dict[str, Table]]:
        """What the bounds start from: facts, what is open, and what is the same in every model."""
        steps, given = list[Step](), dict[str, Table]()
        for name in sorted(names):
            relation, bound = plain(name), bound_of(name)
            is_lower = bound in LOWER
            predicate = self.program.predicates.get(relation.removeprefix("-"))
            if relation in self.same or (is_lower and relation in self.definite):
                given[name] = perfect[relation]
            elif bound == CONTRADICTED or (is_lower and relation in self.stated and self.contradicting):
                step, given[name] = self._with_disputed(name, f"{prefix}o{len(given)}")
                steps.append(step)
            elif bound == POSSIBLE and predicate is not None and predicate.can_be_open:
                known = self.stated.get(relation) or self._empty(relation)
                table = replace(open_table(predicate, self.types, known), name=f"{prefix}o{len(given)}")
                values = self.wanted.values(name)
                # Of those that contradict themselves there are few, and a contradiction may stand behind what nobody asks.
                cases = CASES if self.contradicting else self._spoken_to.cases(relation)
                rows = stated_or_open(predicate, relation, self.types, self.stated, values, cases)
                steps.append(Step(created(table, rows).sql(DIALECT, copy=False)))
                given[name] = table
            elif relation in self.stated:
                given[name] = self.stated[relation]
        return steps, given

    def _with_disputed(self, name: str, table_name: str) -> tuple[Step, Table]:
        """The disputed atoms of a relation; or for the certain model, what is stated of it without them."""
        relation = plain(name)
        table = replace(self.stated.get(relation) or self.perfect[1][relation], name=table_name)
        disputed = self.disputed.get(relation)
        if bound_of(name) == CONTRADICTED:
            assert disputed is not None, "only what may be disputed is barred"
            return Step(created(table, disputed).sql(DIALECT, copy=False)), table
        rows = exp.select("p.*").from_(exp.alias_(exp.table_(self.stated[relation].name), "p"))
        if disputed is not None:
            on = [same(exp.column(column, "p"), exp.column(column, "x")) for column in table.columns]
            rows = with_rows(rows, disputed.subquery("x"), conjunction(*on), "ANTI")
        return Step(created(table, rows).sql(DIALECT, copy=False)), table

    @cached_property
    def wanted(self) -> Wanted:
        """What the questions want of the facts that are open."""
        asked = tuple((goal, (goal.atom, *(each.atom for each in criteria))) for goal, _, criteria in self._goal_rules)
        # What depends on readings lists other values under each choice of them.
        names = self.same - self.of_readings
        known = {name: table for name, table in self.perfect[1].items() if name in names}
        return Wanted(self.program, self.rewritten, self.types, known, self.same, asked)

    @cached_property
    def _spoken_to(self) -> SpokenTo:
        """To which cases the rules speak that rest on them."""
        return SpokenTo(self.program, self.rewritten, self._goal_rules, self.perfect[1], self.of_readings)

    @cached_property
    def _goal_rules(self) -> tuple[GoalRule, ...]:
        """The rules that answer questions."""
        rules = ((goal, rule) for goal in self.program.goals for rule in self.program.rules_for.get(goal.atom.relation, ()))
        return tuple(GoalRule(goal, rule, self.criteria_of(rule)) for goal, rule in rules)

    def criteria_of(self, rule: ProgramRule) -> tuple[Criterion, ...]:
        """The criteria that a rule rests on, those beneath others among them."""
        if rule.id not in self._criteria:
            self._criteria[rule.id] = criteria_beneath(self.program, [rule])
        return self._criteria[rule.id]

    def _empty(self, relation: str) -> Table:
        kinds = column_types(self.program, self.types, [relation])[relation]
        return Table("", kinds, relation.startswith("-"), (False,) * len(kinds))

    # Readings

    def readings_of(self, rules: Iterable[ProgramRule]) -> dict[str, tuple[Reading, ...]]:
        """The readings that rules depend on, by item, where there is more than one of some item."""
        used = needed(self.program, [name for rule in rules for p in rule.rule.body for name in relations_of(p)])
        groups: dict[str, tuple[Reading, ...]] = {}
        for reading in self.program.readings:
            if reading.relation in used:
                groups[reading.relation] = (*groups.get(reading.relation, ()), reading)
        return groups if any(len(group) > 1 for group in groups.values()) else {}

    def choices(self, items: Mapping[str, tuple[Reading, ...]], wanted: Iterable[str], prefix: str) -> Iterator[Choice]:
        """What each choice of one reading per item makes of the wanted relations."""
        for number, choice in enumerate(product(*items.values())):
            yield self._chosen(choice, frozenset(wanted), f"{prefix}{number}_")

    def _chosen(self, choice: tuple[Reading, ...], wanted: frozenset[str], prefix: str) -> Choice:
        names = tuple(sorted({reading.relation: reading.name for reading in choice}.items()))
        program = self.compiled.with_readings(names).program
        cone = dependents(self.program, [reading.relation for reading in choice])
        changed = program.part(cone)
        kept = {name: table for name, table in self.perfect[1].items() if name not in cone}
        stated = {name: table for name, table in self.stated.items() if name in cone}
        perfect = plan(changed, self.types, {**kept, **stated}, wanted, f"{prefix}p")
        rewritten = self._rewritten(changed)
        targets = [bounded(name, POSSIBLE) for name in wanted if name not in self.same]
        targets += [bounded(name, CERTAIN) for name in wanted if name not in self.same | self.definite]
        before = self.bounds[1].bounds
        given = {name: table for name, table in before.items() if plain(name) not in cone}
        given |= {name: perfect.tables[name] for name in cone & self.same if name in perfect.tables}
        given |= {
            bounded(name, bound): perfect.tables[name]
            for name in (cone & self.definite) - self.same
            for bound in LOWER
            if name in perfect.tables
        }
        missing = needed(rewritten, targets) - given.keys()
        steps, base = self._base((name for name in missing if plain(name) not in self.same), perfect.tables, prefix)
        found = plan(rewritten, self.types, {**base, **given}, targets, f"{prefix}b")
        tables = Tables(perfect.tables, found.tables, self.same, self.definite)
        evaluated = Evaluated(program, self._rewritten(program), tables)
        return Choice(choice, (*perfect.steps, *steps, *found.steps), evaluated)

    @cached_property
    def of_readings(self) -> frozenset[str]:
        """The relations that depend on how a policy is read."""
        return dependents(self.program, [reading.relation for reading in self.program.readings])

    @cached_property
    def readings_only_add(self) -> bool:
        """Whether all readings together show whatever one of them does, since nothing asks that they do not show it."""
        premises = (premise for rule in self.program.rules for premise in rule.rule.body)
        tested = (each for each in premises if not (isinstance(each, s.Literal) and each.lists))
        return self.of_readings.isdisjoint(name for each in tested for name in relations_of(each))


def policies_of(program: Program, goal: str) -> list[str]:
    """The documents whose rules conclude a goal, with their versions."""
    return sorted({rule.origin.document for rule in program.rules_for.get(goal, ())})
