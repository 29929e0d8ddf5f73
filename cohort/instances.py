"""The ground instances of every rule, case by case: the record from which proofs are rebuilt.

One row for each instance: the case, the rule, and the values of the rule's variables as
text, in their order; the place of the case is empty, and so is a value that is not stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
from sqlglot import exp

from cohort.files import parquet_sql
from cohort.output import CohortProblem
from cohort.program import CohortProgram
from explain.outcomes import wanted_for
from facts.opening import Opened
from kb.compiled import Compiled
from kb.engines import Engine
from kb.engines.model import Model
from kb.engines.recorded import Recorded, as_given
from kb.engines.sql.compiler import Compiler
from kb.engines.sql.plan import DIALECT, Step
from kb.engines.sql.schema import CASE_NUMBER, DATE, NUMBER, Types, column_types, variable_types
from kb.engines.sql.values import cast
from kb.language import syntax as s
from kb.language.program import Program, ProgramRule, stated_rows
from kb.language.values import UNKNOWN, Row, Value, read_number

INSTANCES = "instances"
"""The table of the instances of a batch: the number of the case, that of the rule in its program, and the values."""


def recording(of: CohortProgram) -> Iterator[Step]:
    """The statements that add the instances of every rule about cases to the table of instances."""
    compiler = Compiler(of.perfect[1], of.types)
    for number, rule in enumerate(of.program.rules):
        table = of.perfect[1].get(rule.head.relation)
        if rule.head.relation in of.used and table is not None and table.case is not None:
            case = rule.variables.index(_case_variable(rule, table.case))
            values = [cast(exp.column(f"v{i}"), "TEXT") for i in range(len(rule.variables))]
            values[case] = cast(exp.null(), "TEXT")
            rows = exp.select(exp.column(f"v{case}"), exp.Literal.number(number), exp.Array(expressions=values))
            found = compiler.instances(rule.rule.body, rule.variables).subquery("i", copy=False)
            yield Step(exp.insert(rows.from_(found), INSTANCES, copy=False).sql(DIALECT, copy=False))


def _case_variable(rule: ProgramRule, position: int) -> str:
    term = rule.head.terms[position]
    assert isinstance(term, s.Variable), "a rule is about any case, and about no single one"
    return term.name


Texts = tuple[str | None, ...]
"""The values of an instance as they are on record."""


def read_instances(path: Path, cases: Iterable[str]) -> dict[str, dict[str, list[Texts]]]:
    """What is on record of some cases: for each its rules, with their instances."""
    names = sorted(set(cases))
    found: dict[str, dict[str, list[Texts]]] = {name: {} for name in names}
    if not names:
        return found
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""SELECT "case", rule, "values" FROM {parquet_sql("$path")}
               WHERE "case" BETWEEN $first AND $last AND "case" IN (SELECT unnest($names))""",
            {"path": str(path), "first": names[0], "last": names[-1], "names": names},
        )
        while some := rows.fetchmany(10_000):
            for case, rule, values in some:
                found[case].setdefault(rule, []).append(tuple(values))
    return found


@dataclass(frozen=True)
class Records:
    """What is the same of all cases that the same documents decide, when their records are read."""

    compiled: Compiled
    engine: Engine

    @property
    def _program(self) -> Program:
        return self.compiled.program

    @cached_property
    def _used(self) -> frozenset[str]:
        """The relations that are on record: what the questions and the criteria of the program depend on."""
        goals = [goal.atom.relation for goal in self._program.goals]
        criteria = [criterion.atom.relation for criterion in self._program.criteria]
        return self.compiled.used(wanted_for(self._program, [*goals, *criteria]))

    @cached_property
    def _kinds(self) -> dict[str, tuple[str, ...]]:
        """The type of each variable of a rule about cases."""
        types = Types.of(self._program, CASE_NUMBER)
        typed = column_types(self._program, types, [fact.relation for fact in self._program.facts])
        found = {}
        for rule in self._program.rules:
            known = variable_types(types, rule.rule.body, typed)
            found[rule.id] = tuple(known[name] for name in rule.variables)
        return found

    @cached_property
    def _given(self) -> dict[str, frozenset[Row]]:
        """What the documents state: nothing of it is about a case, and so none of it is a chart's to state."""
        return as_given(stated_rows(self._program.facts))

    @cached_property
    def _shared(self) -> Model:
        """What the documents conclude of no case in particular."""
        wanted = [name for name in self._used if not self._is_about_cases(name)]
        return self.engine(self._program, stated_rows(self._program.facts), wanted)

    def _is_about_cases(self, relation: str) -> bool:
        return any(CASE_NUMBER in self._kinds[rule.id] for rule in self._program.rules_for.get(relation, ()))

    def of(self, case: Opened, instances: Mapping[str, Iterable[Texts]]) -> Recorded:
        """The engine that answers for a case by what is on record of it."""
        try:
            read = {rule: tuple(self._row(rule, case.case, each) for each in rows) for rule, rows in instances.items()}
        except (KeyError, ValueError) as error:
            problem = f"what it has on record of `{case.case}` is no instance of its rules"
            raise CohortProblem(
                f"{INSTANCES}.parquet is another cohort's, or damaged: {problem}; decide it again"
            ) from error
        given = {**self._given, **as_given(stated_rows(case.facts))}
        return Recorded(case.program, given, self._used, read, self._shared, self.engine)

    def _row(self, rule: str, case: str, texts: Texts) -> Row:
        return tuple(_value(kind, case, text) for kind, text in zip(self._kinds[rule], texts, strict=True))


def _value(kind: str, case: str, text: str | None) -> Value:
    if kind == CASE_NUMBER:
        return case
    if text is None:
        return UNKNOWN
    return read_number(text) if kind == NUMBER else date.fromisoformat(text) if kind == DATE else text
