"""DuckDB, the embedded column store: whole relations at a time, for one case or for many together.

Each rule's ground instances are a table, made by one query; the conclusions go from
there to the table of their relation. A recursive component is evaluated by semi-naive
rounds, in which one recursive premise ranges over what the round before found.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import duckdb
from sqlglot import exp

from kb.engines.model import EvaluationError, EvaluationTimeout, Model
from kb.engines.sql.compiler import Compiler
from kb.engines.sql.plan import DIALECT, Step
from kb.engines.sql.schema import Table, Types, created, tables, variable_types
from kb.engines.sql.values import OUT_OF_RANGE, constant
from kb.language import syntax as s
from kb.language.program import Program, ProgramRule
from kb.language.strata import needed
from kb.language.values import Row

SETTINGS: dict[str, str | bool | int | float | list[str]] = {"disabled_optimizers": "statistics_propagation"}
"""For every connection on which compiled statements run.

With that pass DuckDB 2.0.1 loses rows: a semi-join whose condition is about the joined table
alone (`p(V, V)`), after outer joins, came out empty.
"""

BETWEEN_INTERRUPTS = 0.02
"""Seconds from one interrupt to the next: one that comes between two statements is lost."""


def evaluate(
    program: Program,
    relations: Mapping[str, Iterable[Row]],
    wanted: Iterable[str] | None = None,
    seconds: float | None = None,
) -> Model:
    """The perfect model of the program over the relations: see `kb.engines.Engine`."""
    used = needed(program, wanted) if wanted is not None else None
    given = {name: frozenset(rows) for name, rows in relations.items() if used is None or name in used}
    with duckdb.connect(config=SETTINGS) as connection, _within(seconds, connection) as times_up:
        types = Types.of(program)
        run = _Evaluation(program, connection, types, tables(program, types, given))
        try:
            run.begin()
            for relation, rows in given.items():
                run.load(relation, rows)
            for component in program.components:
                if used is None or not component.isdisjoint(used):
                    run.component(component)
            return run.model()
        except duckdb.InterruptException as error:
            if times_up.is_set():
                raise EvaluationTimeout(f"the limit of {seconds:g} seconds is used up", run.rule) from error
            raise
        except duckdb.Error as error:
            raise _out_of_range(error, run.rule) or error from error


def run(connection: duckdb.DuckDBPyConnection, steps: Iterable[Step]) -> Counter[str]:
    """Runs the statements of a plan; how many atoms each rule concluded, as far as it has a statement of its own.

    Raises EvaluationError (a number out of its range), duckdb.Error for whatever else the database refuses.
    """
    fired: Counter[str] = Counter()
    for step in steps:
        while step.rounds and _number(connection, step, step.new):
            fired += run(connection, step.rounds)
        found = _number(connection, step, step.sql) if step.sql else 0
        if step.rule:
            fired[step.rule] += found
    return fired


def _number(connection: duckdb.DuckDBPyConnection, step: Step, statement: str) -> int:
    """What a statement counts: the rows that it made, or those that it asks the number of."""
    try:
        found = connection.execute(statement).fetchall()
    except duckdb.Error as error:
        raise _out_of_range(error, step.rule) or error from error
    return int(found[0][0]) if found else 0


def _out_of_range(error: duckdb.Error, rule: str) -> EvaluationError | None:
    """The error in the words of the language, if it is about a number that has too many digits."""
    if OUT_OF_RANGE in str(error) or isinstance(error, (duckdb.OutOfRangeException, duckdb.ConversionException)):
        return EvaluationError("a number leaves the range of 12 digits before the point, 6 after it", rule)
    return None


@contextmanager
def _within(seconds: float | None, connection: duckdb.DuckDBPyConnection) -> Iterator[threading.Event]:
    """Interrupts the connection when the time is up, and tells so."""
    times_up, ended = threading.Event(), threading.Event()

    def stop() -> None:
        if not ended.wait(seconds):
            times_up.set()
            while not ended.wait(BETWEEN_INTERRUPTS):
                connection.interrupt()

    watch = threading.Thread(target=stop, daemon=True)
    if seconds is not None:
        watch.start()
    try:
        yield times_up
    finally:
        ended.set()
        if seconds is not None:
            watch.join()


class _Evaluation:
    """One evaluation: the tables of a program's relations, filled stratum by stratum."""

    def __init__(
        self, program: Program, connection: duckdb.DuckDBPyConnection, types: Types, schema: Mapping[str, Table]
    ) -> None:
        self.program = program
        self.connection = connection
        self.tables = schema
        self.compiler = Compiler(schema, types)
        self.instances: dict[str, Table] = {}
        self.rule = ""
        """The rule that is being evaluated."""

    def begin(self) -> None:
        """Makes the empty tables of the relations."""
        for declaration in self.compiler.types.declarations():
            self.connection.execute(declaration.sql(DIALECT))
        for table in self.tables.values():
            self._create(table)

    def load(self, relation: str, rows: Iterable[Row]) -> None:
        """Adds given rows to a relation."""
        table = self.tables[relation]
        stored = [table.stored(row) for row in rows]
        if stored:
            marks = exp.Tuple(expressions=[exp.Placeholder() for _ in table.columns])
            insert = exp.insert(exp.Values(expressions=[marks]), table.name)
            self.connection.executemany(insert.sql(DIALECT), stored)

    def component(self, names: frozenset[str]) -> None:
        """Evaluates the rules of one component, to their fixpoint if it is recursive."""
        rules = [rule for name in sorted(names) for rule in self.program.rules_for.get(name, ())]
        for rule in rules:
            self._instantiate(rule, None)
        if names.isdisjoint(self.program.recursive):
            for rule in rules:
                self._add(self.tables[rule.head.relation], self._heads(rule))
            return
        delta = self._conclude(rules)
        while delta:
            for rule in rules:
                for premise in rule.rule.body:
                    if isinstance(premise, s.Literal) and not premise.negated and premise.atom.relation in delta:
                        self._instantiate(rule, (premise, delta[premise.atom.relation]))
            delta = self._conclude(rules)

    def _instantiate(self, rule: ProgramRule, delta: tuple[s.Literal, str] | None) -> None:
        """Adds a rule's ground instances to its table; with `delta` those over what is new in one relation."""
        self.rule = rule.id
        if rule.id not in self.instances:
            types = variable_types(self.compiler.types, rule.rule.body, self.compiler.column_types)
            kinds = tuple(types[name] for name in rule.variables)
            table = Table(f"i{len(self.instances)}", kinds, False, (True,) * len(kinds))
            self._create(table)
            self.instances[rule.id] = table
        self._add(self.instances[rule.id], self.compiler.instances(rule.rule.body, rule.variables, delta))

    def _conclude(self, rules: list[ProgramRule]) -> dict[str, str]:
        """Adds what the instances of rules conclude; the tables of what is new, by relation."""
        found: dict[str, str] = {}
        for relation in dict.fromkeys(rule.head.relation for rule in rules):
            known = self.tables[relation]
            new = replace(known, name=f"{known.name}_new")
            self._create(new)
            for rule in rules:
                if rule.head.relation == relation:
                    self._add(new, self._heads(rule), known)
            if self._has_rows(new):
                self._add(known, exp.select("*").from_(new.name))
                found[relation] = new.name
        return found

    def _heads(self, rule: ProgramRule) -> exp.Select:
        """What the instances of a rule conclude, as rows of its head's relation."""
        instances, table = self.instances[rule.id], self.tables[rule.head.relation]
        column = dict(zip(rule.variables, instances.columns, strict=False))
        values: list[exp.Expr] = [
            exp.column(column[term.name]) if isinstance(term, s.Variable) else constant(term, kind)
            for term, kind in zip(rule.head.terms, table.types, strict=True)
        ]
        values += [exp.true()] if not table.types else [exp.false() for _ in table.types] if table.denials else []
        return exp.select(*values).distinct().from_(instances.name)

    def _create(self, table: Table) -> None:
        self.connection.execute(created(table).sql(DIALECT))

    def _add(self, table: Table, rows: exp.Select, *without: Table) -> None:
        """Adds the rows that are not in the table yet, nor in others."""
        new: exp.Query = rows
        for other in (table, *without):
            new = exp.except_(new, exp.select("*").from_(other.name))
        self.connection.execute(exp.insert(new, table.name).sql(DIALECT))

    def _has_rows(self, table: Table) -> bool:
        return (
            self.connection.execute(exp.select(exp.Literal.number(1)).from_(table.name).limit(1).sql(DIALECT)).fetchone()
            is not None
        )

    def model(self) -> Model:
        """What was found, in the values of the language."""
        rows = {name: frozenset(self._read(table)) for name, table in self.tables.items()}
        instances = {rule: tuple(self._read(table)) for rule, table in self.instances.items()}
        return Model(rows, self.program.rule_by_id, {rule: found for rule, found in instances.items() if found})

    def _read(self, table: Table) -> list[Row]:
        found = self.connection.execute(exp.select("*").from_(table.name).sql(DIALECT)).fetchall()
        return [table.read(values) for values in found]
