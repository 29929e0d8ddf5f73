"""The verdicts of a batch, from the tables of its models: `explain.outcomes` says what they mean, this says it in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial, reduce
from itertools import combinations, count

from sqlglot import exp

from cohort.asked import KINDS, Question, asked_questions, requests
from cohort.output import READINGS
from cohort.program import Choice, CohortProgram, Tables
from explain.verdicts import Verdict
from kb.engines.sql.plan import DIALECT, Step
from kb.engines.sql.schema import Table, made_of
from kb.engines.sql.values import choose, conjunction, constant, disjunction, known, negation, or_unknown, same, unknown
from kb.language import syntax as s
from kb.language.program import SCOPE, Criterion, ProgramRule, Reading

Expr = exp.Expr

DECIDED, STANDING = "decided", "standing"
"""The tables of the verdicts on questions and on criteria."""
CONFLICT = "conflict"
"""The table of what conflicts: kind and number of a question or criterion, and a disputed atom beneath it."""


@dataclass(frozen=True)
class Root:
    """An atom whose verdict is asked for: the goal of each question, and each of its criteria.

    `kind` numbers them, `table` holds the questions, with the case in the column `case`;
    `fits` tells that a row `x` of a table may be the atom that a question `q` is about.
    """

    kind: int
    atom: s.Atom
    table: str
    case: str
    fits: Callable[[Table], list[Expr]]
    is_goal: bool


@dataclass(frozen=True)
class Judge:
    """The statements that give the verdicts of the questions and criteria of one program."""

    of: CohortProgram

    @cached_property
    def asking(self) -> tuple[Step, ...]:
        """What to run when the models stand: the models of each choice of readings, and what the cases ask."""
        steps = [step for chosen in self.readings.values() for each in chosen for step in each.choice.steps]
        asked: dict[str, list[Question]] = {}
        for question in self._questions:
            earlier = asked.setdefault(question.goal.atom.relation, [])
            steps.append(_created(question.table, requests(self.of, question, earlier)))
            earlier.append(question)
        return tuple(steps)

    @cached_property
    def verdicts(self) -> tuple[Step, ...]:
        """What to run then: the verdicts into `decided` and `standing`."""
        steps = list[Step]()
        for question in self._questions:
            steps.append(_created(f"w{question.number}", self._looked_at(question)))
            steps.append(_inserted(DECIDED, self._decided(question)))
            if self._criteria(question):
                steps.append(_inserted(STANDING, self._standing(question)))
        return tuple(steps)

    @cached_property
    def readings(self) -> dict[frozenset[str], tuple[Chosen, ...]]:
        """Each choice of readings, by the items that are read."""
        wanted = [goal.atom.relation for goal in self.of.goals]
        found = dict[frozenset[str], tuple[Chosen, ...]]()
        all_kinds = KINDS * len(self._questions)
        kinds = count(all_kinds, all_kinds)
        for number, (items, groups) in enumerate(self._disputes.items()):
            choices = enumerate(self.of.choices(groups, wanted, f"x{number + 1}_"))
            found[items] = tuple(Chosen(choice, f"_r{number}_{each}", next(kinds)) for each, choice in choices)
        return found

    @cached_property
    def _questions(self) -> tuple[Question, ...]:
        return asked_questions(self.of)

    # What the models say of it

    def _looked_at(self, question: Question) -> exp.Select:
        """Each question with whether its rules speak, and whether it and its criteria hold, may hold, and hold certainly."""
        tables, columns = self.of.bounds[1], list[Expr]()
        relation, terms = question.goal.atom.relation, question.goal.atom.terms
        columns += [exp.alias_(self._speaks(question, rule), f"s{i}") for i, rule in enumerate(self._rules(question))]
        columns += self._held(question, relation, terms, tables, "")
        columns.append(self._certain(question, tables, ""))
        for i, criterion in enumerate(self._criteria(question)):
            columns += self._held(question, criterion.atom.relation, criterion.atom.terms, tables, f"_c{i}")
        for each in (each for chosen in self.readings.values() for each in chosen):
            columns += self._held(question, relation, terms, each.choice.evaluated.tables, each.suffix)
            columns.append(self._certain(question, each.choice.evaluated.tables, each.suffix))
            if self.may_conflict:
                columns.append(exp.alias_(self._conflicts(question, each), f"odd{each.suffix}"))
        return exp.select("q.*", *columns).from_(exp.alias_(exp.table_(question.table), "q"))

    def _held(
        self, question: Question, relation: str, terms: tuple[s.Term, ...], tables: Tables, suffix: str
    ) -> Iterator[Expr]:
        """Whether an atom holds, and whether it may."""
        yield exp.alias_(self._exists(question, tables.holding(relation), terms), f"met{suffix}")
        possible = tables.possible(relation)
        if possible is None and self._left_open(question):
            # What nobody is silent about may still be what the request leaves open.
            possible = tables.holding(relation)
        may = self._exists(question, possible, terms, lenient=True) if possible else exp.false()
        yield exp.alias_(may, f"may{suffix}")

    def _certain(self, question: Question, tables: Tables, suffix: str) -> Expr:
        """Whether the goal holds certainly, if it holds."""
        atom = question.goal.atom
        certain = tables.certain(atom.relation)
        return exp.alias_(self._exists(question, certain, atom.terms) if certain else exp.true(), f"certain{suffix}")

    def _exists(self, question: Question, table: Table, terms: Iterable[s.Term], lenient: bool = False) -> Expr:
        """Whether a row of a table fits the terms of an atom, whose variables are those of the question."""
        fits = self._fits(question, table, terms, lenient)
        rows = exp.select(exp.Literal.number(1)).from_(exp.alias_(exp.table_(table.name), "x"))
        return exp.Exists(this=rows.where(*fits) if fits else rows)

    @staticmethod
    def _fits(question: Question, table: Table, terms: Iterable[s.Term], lenient: bool) -> list[Expr]:
        fits = list[Expr]()
        for i, (term, kind) in enumerate(zip(terms, table.types, strict=True)):
            column = exp.column(f"c{i}", "x")
            if isinstance(term, s.Variable) and term.name in question.columns:
                given, may_miss = question.held(term.name), question.columns[term.name][1]
            elif isinstance(term, s.Constant):
                given, may_miss = constant(term, kind), False
            else:
                continue
            if lenient:
                sides = [side for side, missing in ((column, table.unknown[i]), (given, may_miss)) if missing]
                fit = or_unknown(column.eq(given), *sides)
            else:
                fit = same(column, given) if table.unknown[i] and may_miss else column.eq(given)
            fits.append(disjunction(exp.column(f"a{i}", "x"), fit) if table.denials else fit)
        return fits

    @cached_property
    def roots(self) -> tuple[Root, ...]:
        """Every atom whose verdict is asked for."""
        found = []
        for question in self._questions:
            atoms = {question.kind(): question.goal.atom}
            atoms |= {question.kind(i): criterion.atom for i, criterion in enumerate(self._criteria(question))}
            case = question.columns[question.case][0]
            for kind, atom in atoms.items():
                fits = partial(self._fits, question, terms=atom.terms, lenient=True)
                found.append(Root(kind, atom, question.table, case, fits, is_goal=kind == question.kind()))
        return tuple(found)

    def _speaks(self, question: Question, rule: ProgramRule) -> Expr:
        scope = self.of.perfect[1].get(SCOPE + rule.id)
        return exp.true() if scope is None else self._exists(question, scope, question.goal.atom.terms)

    def _rules(self, question: Question) -> tuple[ProgramRule, ...]:
        return self.of.program.rules_for.get(question.goal.atom.relation, ())

    # Verdicts

    def _decided(self, question: Question) -> exp.Select:
        found: Expr = _verdict("")
        sure: Expr = exp.column("certain")
        for items, chosen in self.readings.items():
            each = [self._chosen_verdict(one) for one in chosen]
            alike = conjunction(*(exp.EQ(this=each[0].copy(), expression=other) for other in each[1:]))
            decided = choose(alike, each[0], _text(Verdict.DISPUTED)) if len(each) > 1 else each[0]
            found = choose(self._depends(question, items), decided, found)
            all_sure = conjunction(*(exp.column(f"certain{one.suffix}") for one in chosen))
            sure = choose(self._depends(question, items), all_sure, sure)
        found = choose(self._spoken(question), found, _text(Verdict.UNADDRESSED))
        kind = exp.alias_(exp.Literal.number(question.kind()), "kind")
        inner = exp.select(
            kind, "number", exp.alias_(question.held(question.case), "id"), exp.alias_(question.name, "question"),
            "item", exp.alias_(found, "verdict"), exp.alias_(sure, "certain"),
            exp.alias_(self._by_reading(question), "readings"),
        ).from_(exp.alias_(exp.table_(f"w{question.number}"), "q"))  # fmt: skip
        met = exp.column("verdict").eq(_text(Verdict.MET))
        certain = exp.alias_(conjunction(met, exp.column("certain")), "certain")
        is_disputed = exp.column("verdict").eq(_text(Verdict.DISPUTED))
        readings = exp.alias_(choose(is_disputed, exp.column("readings"), _no_readings()), "readings")
        columns = ("kind", "number", "id", "question", "item", "verdict", certain, readings)
        return exp.select(*columns).from_(inner.subquery("d"))

    def _by_reading(self, question: Question) -> Expr:
        """What each choice of the readings that a question depends on makes of it."""
        told = _no_readings()
        for items, chosen in self.readings.items():
            each = [_struct(readings_text(one.choice.choice), self._chosen_verdict(one)) for one in chosen]
            told = choose(self._depends(question, items), exp.func("LIST_SORT", exp.Array(expressions=each)), told)
        return told

    def _spoken(self, question: Question) -> Expr:
        """Whether some rule speaks to the question; where the request leaves a value open, any may."""
        count = len(self._rules(question))
        if not count:
            return exp.false()
        return disjunction(*(exp.column(f"s{i}") for i in range(count)), *self._left_open(question))

    @staticmethod
    def _left_open(question: Question) -> list[Expr]:
        return [unknown(question.held(name)) for name, (_, may_miss) in question.columns.items() if may_miss]

    def _speaking(self, question: Question, rules: Iterable[int]) -> Expr:
        """Whether one of some rules speaks; where none of all does and the request leaves a value open, these may."""
        some: list[Expr] = [exp.column(f"s{i}") for i in rules]
        if not some:
            return exp.false()
        left_open = self._left_open(question)
        if left_open:
            none = negation(disjunction(*(exp.column(f"s{i}") for i in range(len(self._rules(question))))))
            some.append(conjunction(none, disjunction(*left_open)))
        return disjunction(*some)

    # Readings

    @cached_property
    def _disputes(self) -> dict[frozenset[str], dict[str, tuple[Reading, ...]]]:
        """The items of which several readings may have a part in one question, together, with their readings."""
        found: dict[frozenset[str], dict[str, tuple[Reading, ...]]] = {}
        for question in self._questions:
            single = [self.of.readings_of([rule]) for rule in self._rules(question)]
            distinct = list({frozenset(items): items for items in single if items}.values())
            for size in range(1, len(distinct) + 1):
                for some in combinations(distinct, size):
                    together = reduce(lambda a, b: {**a, **b}, some)
                    found[frozenset(together)] = together
        return dict(sorted(found.items(), key=lambda each: sorted(each[0])))

    def _depends(self, question: Question, items: frozenset[str]) -> Expr:
        """Whether the rules that speak to a question depend on the readings of these items, and on no others."""
        rules = list(enumerate(self._rules(question)))
        own = {i: frozenset(self.of.readings_of([rule])) for i, rule in rules}
        needed = [self._speaking(question, [i for i, _ in rules if item in own[i]]) for item in sorted(items)]
        others = [i for i, _ in rules if not own[i] <= items]
        return conjunction(*needed, negation(self._speaking(question, others)))

    @cached_property
    def may_conflict(self) -> bool:
        """Whether an answer may depend on a contradiction under one choice of readings, and not under all together."""
        return self.of.contradicting and not self.of.readings_only_add

    @staticmethod
    def _conflicts(question: Question, chosen: Chosen) -> Expr:
        rows = exp.select(exp.Literal.number(1)).from_(exp.alias_(exp.table_(CONFLICT), "x"))
        kind = exp.Literal.number(question.kind() + chosen.kinds)
        number = exp.column("number", "x").eq(exp.column("number", "q"))
        return exp.Exists(this=rows.where(exp.column("kind", "x").eq(kind), number))

    def _chosen_verdict(self, chosen: Chosen) -> Expr:
        found = _verdict(chosen.suffix)
        return choose(exp.column(f"odd{chosen.suffix}"), _text(Verdict.CONFLICTING), found) if self.may_conflict else found

    # Criteria

    def _criteria(self, question: Question) -> tuple[Criterion, ...]:
        """The criteria of a goal, whichever rules speak."""
        return tuple({each.id: each for rule in self._rules(question) for each in self.of.criteria_of(rule)}.values())

    def _standing(self, question: Question) -> exp.Select:
        """The verdicts on the criteria that speaking rules rest on: a row for each criterion of each question."""
        using = [{each.id for each in self.of.criteria_of(rule)} for rule in self._rules(question)]
        kinds, ids, statuses = list[Expr](), list[Expr](), list[Expr]()
        for i, criterion in enumerate(self._criteria(question)):
            speaks = self._speaking(question, [number for number, each in enumerate(using) if criterion.id in each])
            kinds.append(exp.Literal.number(question.kind(i)))
            ids.append(exp.Literal.string(criterion.id))
            statuses.append(exp.Case(ifs=[exp.If(this=speaks, true=_verdict(f"_c{i}"))]))
        listed = (("kind", kinds), ("criterion", ids), ("status", statuses))
        unnested = (exp.alias_(exp.func("UNNEST", exp.Array(expressions=each)), name) for name, each in listed)
        case = exp.alias_(question.held(question.case), "id")
        rows = exp.select("number", case, exp.alias_(question.name, "question"), "item", *unnested)
        rows = rows.from_(exp.alias_(exp.table_(f"w{question.number}"), "q"))
        columns = ("kind", "number", "id", "question", "item", "criterion", "status")
        return exp.select(*columns).from_(rows.subquery("r")).where(known(exp.column("status")))


@dataclass(frozen=True)
class Chosen:
    """One choice of readings: what the columns about it end with, and what is added to the kind of a question under it."""

    choice: Choice
    suffix: str
    kinds: int

    def roots(self, roots: Iterable[Root]) -> tuple[Root, ...]:
        """The goals among some atoms, as asked under this choice."""
        return tuple(replace(root, kind=root.kind + self.kinds) for root in roots if root.is_goal)


def readings_text(readings: Iterable[Reading]) -> str:
    """A choice of readings, as the output has it."""
    return "; ".join(sorted(each.name for each in readings))


def _struct(readings: str, verdict: Expr) -> Expr:
    """A choice of readings with its verdict."""
    pairs = (("readings", exp.Literal.string(readings)), ("verdict", verdict))
    return exp.Struct(expressions=[exp.PropertyEQ(this=exp.to_identifier(name), expression=each) for name, each in pairs])


def _no_readings() -> Expr:
    return exp.cast(exp.Array(), READINGS, dialect=DIALECT)


def _verdict(suffix: str) -> Expr:
    """The verdict on what a pair of columns says of."""
    undocumented = choose(exp.column(f"may{suffix}"), _text(Verdict.UNDOCUMENTED), _text(Verdict.REFUTED))
    return choose(exp.column(f"met{suffix}"), _text(Verdict.MET), undocumented)


def _text(verdict: Verdict) -> Expr:
    return exp.Literal.string(verdict.value)


def _created(name: str, rows: exp.Query) -> Step:
    return Step(made_of(name, rows).sql(DIALECT, copy=False))


def _inserted(name: str, rows: exp.Query) -> Step:
    return Step(exp.insert(rows, name, copy=False).sql(DIALECT, copy=False))
