"""Synthetic cohorts, drawn from a vocabulary: for trying things out and for measuring, and of nobody.

Each case has a story in outline (a day, a level, a side, an operation, a payer), about which
its facts turn. What is drawn depends on the seed and the number of the case only, so that
the same call gives the same cohort (with the same release of DuckDB, whose hash draws).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
from sqlglot import exp

from cohort.files import finished_directory, parquet_sql
from cohort.limits import Column, Limits, limits
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.values import disjunction, negation, together
from kb.language.program import Argument, Predicate, Program

Expr = exp.Expr


@dataclass(frozen=True, slots=True)
class Rates:
    """How a cohort's charts are: each a share between 0 and 1.

    `silences`: of what can be stated, what a chart does not mention; `absences`: of what it
    mentions, what it documents as absent; `unknown`: of the values that may be left open,
    those given as `?`; `contradictions`: the cases whose record contradicts itself.
    """

    silences: float = 0.45
    absences: float = 0.08
    unknown: float = 0.01
    contradictions: float = 0.01


_OFTEN = {
    "motor_strength": 4, "herniation": 1, "root_compression": 1, "radicular_pain": 1, "therapy": 3, "stenosis": 2,
    "sensory_loss": 2, "pain_score": 2, "uncontrolled_pain": 2, "translation": 1,
}  # fmt: skip
"""How many statements a chart has that mentions these; else one."""
_ALWAYS = ("request_date", "payer")
_USUAL = (
    "radicular_pain", "herniation", "root_compression", "therapy", "activities_limited", "other_sources_excluded",
    "motor_strength", "stenosis",
)  # fmt: skip
"""What a chart leaves out only a third as often."""
_SELDOM = 0.06
"""What is `#rare` is mentioned this often, as a share of what else is."""
_FAVOURED = {
    "source": ("examination", "examination", "clinician_statement", "patient_report", "therapy_notes"),
    "level": ("L4-5", "L5-S1", "L4-5", "L5-S1", "L3-4"),
    "root": ("L5", "S1", "L5", "S1", "L4"),
    "study": ("mri", "mri", "mri", "ct", "plain_films"),
    "mrc": ("3", "4-", "4", "4", "4+", "5", "5"),
    "modality": ("physical_therapy", "physical_therapy", "nsaid", "epidural_injection", "opioid", "home_exercise"),
    "supervision": ("in_person", "in_person", "in_person", "self_directed", "virtual"),
    "outcome": ("failed", "failed", "temporary_relief", "improved"),
    "setting": ("outpatient", "outpatient", "inpatient"),
}  # fmt: skip
"""Domains whose values are not equally likely."""
_TEXTS = {
    "Drug": ("ibuprofen", "naproxen", "oxycodone", "gabapentin", "duloxetine"),
    "Condition": ("hypertension", "sleep apnoea", "obesity", "asthma"),
    "Code": ("M51.16", "M51.17", "M51.26", "M51.27", "M48.061", "M43.16"),
}  # fmt: skip
_BEFORE = 200
"""How many days before the request things happen at most, unless all rules look further back."""
_LASTS = {"therapy": 90}
"""How many days lie between two days of a fact at most; else a year."""
_MILLION = 1_000_000
UNTIL = date(2026, 6, 30)
"""The last day of a request, unless told otherwise."""


def generate(
    program: Program,
    payers: Mapping[str, Program],
    directory: Path,
    cases: int,
    seed: int,
    rates: Rates = Rates(),
    until: date = UNTIL,
    heard: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Writes a cohort as Parquet, a file for each fact predicate; how many facts that are.

    The vocabulary is that of the program. Each payer comes with the program that decides its
    cases: what its rules conclude is asked for, and numbers lie about those that they compare
    with. Requests are dated in the year up to `until`.
    Raises FileExistsError when the directory holds anything.
    """
    draw = _Draw(program, payers, cases, seed, rates, until)
    total = 0
    with finished_directory(directory) as building, duckdb.connect() as connection:
        connection.execute(draw.frame().sql(DIALECT)).fetchall()
        facts = [each for each in program.predicates.values() if each.is_fact and each.case_position is not None]
        for number, predicate in enumerate(facts):
            for name, rows in draw.tables(predicate):
                total += _written(connection, rows, building / f"{name}.parquet")
            heard(number + 1, len(facts))
    return total


def _written(connection: duckdb.DuckDBPyConnection, rows: exp.Query, path: Path) -> int:
    relation = connection.sql(rows.sql(DIALECT))
    relation.write_parquet(str(path), compression="zstd")
    [(found,)] = connection.execute(f"SELECT count(*) FROM {parquet_sql()}", [str(path)]).fetchall()
    if not found:
        path.unlink()
    return int(found)


@dataclass(frozen=True)
class _Draw:
    program: Program
    payers: Mapping[str, Program]
    cases: int
    seed: int
    rates: Rates
    until: date

    @cached_property
    def limits(self) -> Mapping[Column, Limits]:
        """What the payers' rules compare the values of facts with."""
        return limits(self.payers.values())

    def _limits(self, predicate: Predicate, position: int) -> Limits:
        return self.limits.get((predicate.name, position), Limits())

    @cached_property
    def always(self) -> frozenset[str]:
        """What every chart states: the day, the payer, and what the payers' rules are about."""
        return frozenset(_ALWAYS).union(*(each.decided for each in self.payers.values()))

    @cached_property
    def never(self) -> frozenset[str]:
        """What a chart would state to ask for what no rule of the payers is about."""
        return frozenset(goal.trigger.relation for goal in self.program.goals) - self.always

    def frame(self) -> exp.Expr:
        """The outline of each case: its number, its name, the day of the request, the level, the side, the payer."""
        width = max(6, len(str(self.cases)))
        number = exp.column("i")
        name = exp.DPipe(
            this=exp.Literal.string("case-"),
            expression=exp.func("LPAD", exp.cast(number.copy(), "TEXT"), exp.Literal.number(width), exp.Literal.string("0")),
        )
        day = exp.cast(exp.Literal.string(self.until.isoformat()), "DATE") - self._below(365, "frame", "day")
        columns = [number, exp.alias_(name, "name"), exp.alias_(exp.cast(day, "DATE"), "day")]
        columns += [exp.alias_(self._pick(_FAVOURED.get(kind, self.program.domains[kind].values), "frame", kind), kind)
                    for kind in ("level", "side") if kind in self.program.domains]  # fmt: skip
        columns.append(exp.alias_(self._pick(tuple(self.payers), "frame", "payer"), "payer"))
        rows = exp.select(*columns).from_(_numbers(self.cases, "i"))
        return exp.Create(this=exp.table_("frame"), kind="TABLE", expression=rows)

    def tables(self, predicate: Predicate) -> Iterator[tuple[str, exp.Query]]:
        """The statements about a predicate, and its denials."""
        yield predicate.name, self._stated(predicate)
        if predicate.can_be_open and self.rates.absences:
            yield f"denied_{predicate.name}", self._denied(predicate)

    def _stated(self, predicate: Predicate) -> exp.Query:
        most = _OFTEN.get(predicate.name, 1) if predicate.name not in self.always else 1
        name = predicate.name
        columns = [exp.alias_(self._argument(predicate, i), each.name) for i, each in enumerate(predicate.arguments)]
        rows = (
            exp.select(*columns)
            .from_("frame")
            .join(_numbers(most, "k"), join_type="CROSS")
            .where(self._mentioned(predicate))
        )
        rows = rows.where(disjunction(exp.column("k").eq(0), self._chance(0.5, name, "more", exp.column("k"))))
        if predicate.can_be_open:
            rows = rows.where(negation(self._chance(self.rates.absences, name, "absent")))
        found: exp.Query = exp.select("*").distinct().from_(rows.subquery("s"))
        for key in predicate.keys:
            parts = [exp.column(predicate.arguments[i].name) for i in key]
            number = exp.Window(this=exp.func("ROW_NUMBER"), partition_by=parts)
            found = exp.select("*").from_(found.subquery("s")).qualify(number.eq(1))
        found = exp.select("*").from_(found.subquery("s")).order_by(self._case(predicate))
        return self._contradicted(predicate, found)

    def _contradicted(self, predicate: Predicate, rows: exp.Query) -> exp.Query:
        """With some statements repeated, another value in the place of theirs."""
        own = [i for i, each in enumerate(predicate.arguments) if each.type in self.program.domains]
        free = [i for i in own if predicate.keys and i not in predicate.keys[0]]
        if predicate.closed or not free or not self.rates.contradictions or predicate.name not in _OFTEN:
            return rows
        argument = predicate.arguments[free[0]]
        values = self.program.domains[argument.type].values
        position = exp.func("LIST_POSITION", _list(values), exp.column(argument.name))
        other = _at(_list(values), exp.paren(position % len(values)) + 1)
        case = self._case(predicate)
        chosen = exp.paren(exp.func("HASH", case.copy(), exp.Literal.number(self.seed))) % _MILLION
        # Several predicates of a case have a part in it; together they come to about the rate.
        share = int(self.rates.contradictions * _MILLION / 2)
        columns = [
            exp.alias_(other, each.name) if each == argument else exp.column(each.name) for each in predicate.arguments
        ]
        more = (
            exp.select(*columns)
            .from_(rows.copy().subquery("s"))
            .where(exp.LT(this=chosen, expression=exp.Literal.number(share)), position.copy())
        )
        both = together([exp.select("*").from_(rows.subquery("a")), more], distinct=False)
        return exp.select("*").from_(both.subquery("b")).order_by(case.copy())

    def _denied(self, predicate: Predicate) -> exp.Query:
        """A denial of everything that a predicate says of a case."""
        columns = [
            exp.alias_(exp.column("name") if i == predicate.case_position else exp.Literal.string("_"), each.name)
            for i, each in enumerate(predicate.arguments)
        ]
        absent = self._chance(self.rates.absences, predicate.name, "absent")
        return exp.select(*columns).from_("frame").where(self._mentioned(predicate), absent)

    @staticmethod
    def _case(predicate: Predicate) -> exp.Column:
        return exp.column(predicate.arguments[predicate.case_position or 0].name)

    def _mentioned(self, predicate: Predicate) -> Expr:
        if predicate.name in self.always:
            return exp.true()
        if predicate.name in self.never:
            return exp.false()
        silences = self.rates.silences / (3 if predicate.name in _USUAL else 1)
        share = (1 - silences) * (_SELDOM if predicate.rare else 1)
        return self._chance(share, predicate.name, "mentioned")

    # Arguments

    def _argument(self, predicate: Predicate, position: int) -> Expr:
        argument = predicate.arguments[position]
        value = self._value(predicate, position, argument)
        fixed = {predicate.case_position, *predicate.about, *(i for key in predicate.keys for i in key)}
        if position in fixed or not predicate.can_be_open or not self.rates.unknown:
            return value
        left_open = self._chance(self.rates.unknown, predicate.name, argument.name, "?", exp.column("k"))
        return exp.Case(ifs=[exp.If(this=left_open, true=exp.Literal.string("?"))], default=exp.cast(value, "TEXT"))

    def _value(self, predicate: Predicate, position: int, argument: Argument) -> Expr:
        keys = predicate.name, argument.name, exp.column("k")
        if argument.type == "case":
            return exp.column("name")
        if argument.type == "date":
            return exp.cast(self._day(predicate, position), "DATE")
        if argument.type == "number":
            low, high = (int(10 * limit) for limit in self._limits(predicate, position).around())
            tenths = exp.paren(self._below(high - low + 1, *keys)) + low
            return exp.cast(
                exp.Div(this=exp.cast(tenths, "DECIMAL(12, 1)"), expression=exp.Literal.number(10)), "DECIMAL(12, 1)"
            )
        if argument.type in ("level", "side", "laterality"):
            own = exp.column("side" if argument.type == "laterality" else argument.type)
            values = [each for each in self.program.domains[argument.type].values if each != "bilateral"]
            return exp.Case(ifs=[exp.If(this=self._chance(0.85, *keys, "own"), true=own)], default=self._pick(values, *keys))
        if argument.type in self.program.domains:
            return self._pick(_FAVOURED.get(argument.type, self.program.domains[argument.type].values), *keys)
        return self._text(predicate, argument, keys)

    def _text(self, predicate: Predicate, argument: Argument, keys: tuple[str | Expr, ...]) -> Expr:
        if predicate.name == "payer":
            return exp.column("payer")
        if argument.name == "Code" and predicate.name != "diagnosis_code":
            return self._pick(self._codes(), *keys)
        return self._pick(_TEXTS.get(argument.name, ("operation",)), *keys)

    def _codes(self) -> list[str]:
        """The procedure codes of which the program knows something."""
        known = (fact for fact in self.program.facts if self.program.predicate(fact.relation).arguments[0].name == "Code")
        return sorted({str(fact.row[0]) for fact in known}) or ["63030"]

    def _day(self, predicate: Predicate, position: int) -> Expr:
        """The day of the request, or one before it (after it, for what is planned); of two dates the later one second."""
        if predicate.name == "request_date":
            return exp.column("day")
        if predicate.planned:
            return exp.column("day") + self._below(60, predicate.name, "ahead")
        first, *later = [i for i, each in enumerate(predicate.arguments) if each.type == "date"]
        keys, lasts = (predicate.name, "day", exp.column("k")), _LASTS.get(predicate.name, 365)
        ago = max(_BEFORE, int(2 * min(self._limits(predicate, first).numbers, default=0)))
        day: Expr = exp.column("day") - self._below(ago, *keys) - len(later) * lasts
        for i in range(sum(each <= position for each in later)):
            day = day + self._below(lasts, *keys, str(i))
        return day

    # Drawing

    def _hash(self, *keys: str | Expr) -> Expr:
        parts = [exp.Literal.string(key) if isinstance(key, str) else key.copy() for key in keys]
        return exp.func("HASH", exp.column("i"), *parts, exp.Literal.number(self.seed))

    def _below(self, number: int, *keys: str | Expr) -> Expr:
        """A whole number from 0, evenly drawn."""
        return exp.cast(exp.paren(exp.Mod(this=self._hash(*keys), expression=exp.Literal.number(number))), "INTEGER")

    def _chance(self, share: float, *keys: str | Expr) -> Expr:
        """Whether something is so that is so in that share of all cases."""
        return exp.LT(this=self._below(_MILLION, *keys), expression=exp.Literal.number(int(share * _MILLION)))

    def _pick(self, values: list[str] | tuple[str, ...], *keys: str | Expr) -> Expr:
        return _at(_list(values), exp.Add(this=exp.Literal.number(1), expression=self._below(len(values), *keys)))


def _numbers(below: int, name: str) -> Expr:
    """The whole numbers from 0, as rows."""
    return exp.alias_(exp.Table(this=exp.func("range", exp.Literal.number(below))), f"all_{name}", table=[name])


def _list(values: list[str] | tuple[str, ...]) -> Expr:
    return exp.Array(expressions=[exp.Literal.string(value) for value in values])


def _at(values: Expr, position: Expr) -> Expr:
    return exp.func("LIST_EXTRACT", values, position)
