"""One batch of cases: loaded, decided by each of the programs that it needs, and written as a part of the output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import duckdb
from sqlglot import exp

from cohort.book import IN_SHARE, Book, Share
from cohort.clashes import CLASHING
from cohort.columns import is_no_name, parts_rows
from cohort.files import finished_file, insert_all
from cohort.handed import Handed, handed_rows
from cohort.implausible import Implausible
from cohort.instances import INSTANCES
from cohort.live import Live
from cohort.loading import BOOK, Loader, Range, loaded_tables
from cohort.output import COLUMNS, CRITERIA, DECISIONS, READINGS
from cohort.plausibility import Plausibility
from cohort.program import CohortProgram, policies_of
from cohort.rejects import Reject
from cohort.searches import find_conflicts
from cohort.statements import Compiling, Statements
from cohort.verdicts import CONFLICT, DECIDED, STANDING
from facts.readers.tables import FactTable
from kb.engines.duckdb import run
from kb.engines.sql.open import CASES, domain_rows
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.schema import Table, Types, column_types, created
from kb.engines.sql.values import together, value
from kb.language.program import Program, stated_rows
from kb.language.values import ANY, UNKNOWN, Row

Expr = exp.Expr
Stated = Mapping[str, Table]


@dataclass(frozen=True)
class Outcome:
    """What a batch came to: the cases decided, rows that could not be taken, how often each rule fired, what is implausible.

    `contradicting` counts the cases that are left for the book of those that contradict themselves.
    """

    cases: int
    contradicting: int
    rejects: tuple[Reject, ...]
    fired: Mapping[str, int]
    implausible: tuple[Implausible, ...] = ()


@dataclass(frozen=True)
class Setup:
    """What whoever decides has to know; it travels to the machines of a cluster. `memory` is that of one batch."""

    book: Book
    tables: tuple[FactTable, ...]
    types: Types
    vocabulary: Program
    memory: str
    spill: Path
    proofs: bool = False


@dataclass(frozen=True)
class Batch:
    """Decides a share of a book's cases, on a connection of its own; what is compiled is shared by all.

    Cases that contradict themselves are few, and cost statements of their own: they are
    noted, their facts handed over, and those of all batches decided as a book of their own.
    """

    setup: Setup
    live: Live = field(default_factory=Live)

    @cached_property
    def compiling(self) -> Compiling:
        """Has the statements of every program."""
        return Compiling(self.setup.proofs)

    @cached_property
    def loader(self) -> Loader:
        """Reads the facts of every share."""
        return Loader(self.setup.vocabulary, self.setup.types)

    @cached_property
    def handed(self) -> Handed:
        """Reads the facts that other batches handed over."""
        return Handed(self.setup.book.handed, self.setup.types)

    @cached_property
    def plausibility(self) -> Plausibility:
        """Finds what is implausible among the facts that are loaded."""
        pairs = loaded_tables(self.setup.tables, self.setup.types)
        loaded = {table.relation: made for table, made in pairs}
        return Plausibility(self.setup.vocabulary, self.setup.types, loaded)

    def decide(self, share: Share, part: Path) -> Outcome:
        """Writes the verdicts of a batch to `part` (`.decisions.parquet`, `.criteria.parquet`); raises EvaluationError."""
        with self.live.connection(self.setup.memory, self.setup.spill) as connection:
            self._prepare(connection)
            loaded, rejects = self._load(connection, share)
            # Those that contradict themselves were looked through before they were handed over.
            first = not self.setup.book.contradicting
            implausible = self.plausibility.implausible(connection) if first else ()
            searched = self.plausibility.clashes if first else frozenset()
            fired = list[Counter[str]]()
            for number, deciding in enumerate(self.setup.book.programs):
                program = CohortProgram(deciding.compiled, self.setup.types, {}, searched=searched)
                stated = self._of_program(connection, number, program, loaded)
                if stated is None:
                    continue
                program = replace(program, stated={**stated, **self._known(connection, program.program, number)})
                if self.setup.book.contradicting:
                    self._decide_contradicting(connection, number, program)
                else:
                    fired.append(self._decide_program(connection, number, program, part))
                self._finish(connection, program.program, number)
            for table, name in _PARTS.items():
                _written(connection, f"SELECT * FROM {table} ORDER BY ALL", part, name)
            [(cases,)] = connection.execute(f"SELECT count(*) FROM {BOOK} WHERE program IS NOT NULL").fetchall()
            [(left,)] = connection.execute(f"SELECT count(*) FROM {_CONTRADICTING}").fetchall()
            if left:
                handed = handed_rows(loaded, _CONTRADICTING)
                _written(connection, handed.sql(DIALECT), part, HANDED)
            return Outcome(int(cases) - int(left), int(left), tuple(rejects), self.setup.book.added(fired), implausible)

    def _decide_program(
        self, connection: duckdb.DuckDBPyConnection, number: int, program: CohortProgram, part: Path
    ) -> Counter[str]:
        """Decides the cases of one program, and notes those that contradict themselves; how often each rule fired."""
        statements = self.compiling.statements(number, program)
        fired = run(connection, statements.models)
        if self.setup.proofs:
            self._record(connection, statements, program.program, part.with_name(f"{part.name}.{number:04d}"))
        run(connection, statements.clashes)
        noted = f"INSERT INTO {_CONTRADICTING} SELECT b.name FROM {CLASHING} c JOIN {BOOK} b ON b.id = c.c0"
        connection.execute(noted).fetchall()
        run(connection, statements.verdicts)
        return fired

    def _decide_contradicting(self, connection: duckdb.DuckDBPyConnection, number: int, program: CohortProgram) -> None:
        """Decides the cases of one program, all of which contradict themselves, by what nobody disputes."""
        connection.execute(f"CREATE OR REPLACE TABLE {CLASHING} AS SELECT id AS c0 FROM {CASES}").fetchall()
        statements = self.compiling.disputing(number, program)
        run(connection, statements.models)
        find_conflicts(connection, statements.searches)
        run(connection, statements.verdicts)

    def _record(self, connection: duckdb.DuckDBPyConnection, statements: Statements, program: Program, part: Path) -> None:
        """Writes the rule instances of the cases of one program."""
        connection.execute(f"CREATE OR REPLACE TABLE {INSTANCES}(id INTEGER, rule INTEGER, texts TEXT[])").fetchall()
        run(connection, statements.recording)
        connection.execute("CREATE OR REPLACE TABLE rules(rule INTEGER, name TEXT)").fetchall()
        insert_all(connection, "rules", ([number, rule.id] for number, rule in enumerate(program.rules)))
        rows = f"""SELECT b.name AS "case", r.name AS rule, i.texts AS "values"
                   FROM {INSTANCES} i JOIN {BOOK} b USING (id) JOIN rules r USING (rule) ORDER BY i.id, i.rule, i.texts"""
        _written(connection, rows, part, "instances")
        connection.execute(f"DROP TABLE {INSTANCES}").fetchall()

    def rejects(self, share: Share) -> list[Reject]:
        """The rows of a share that cannot be taken."""
        with self.live.connection(self.setup.memory, self.setup.spill) as connection:
            self._prepare(connection)
            return self._load(connection, share)[1]

    def _prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        for declaration in self.setup.types.declarations():
            connection.execute(declaration.sql(DIALECT)).fetchall()
        for name, (kind, _) in self.setup.types.domains.items():
            domain = self.setup.vocabulary.domains.get(name)
            connection.execute(domain_rows(kind).sql(DIALECT)).fetchall()
            if domain is not None and domain.parts:
                connection.execute(parts_rows(kind, domain).sql(DIALECT)).fetchall()
        for name, columns in (
            (DECIDED, "kind INTEGER, number BIGINT, id INTEGER, question TEXT, item TEXT, verdict TEXT, certain BOOLEAN,"
             f" readings {READINGS}"),
            (STANDING, "kind INTEGER, number BIGINT, id INTEGER, question TEXT, item TEXT, criterion TEXT, status TEXT"),
            (CONFLICT, "kind INTEGER, number BIGINT, atom TEXT"),
            ("all_decided", COLUMNS[DECISIONS]),
            ("all_standing", COLUMNS[CRITERIA]),
            (_CONTRADICTING, "name TEXT"),
        ):  # fmt: skip
            connection.execute(f"CREATE TABLE {name}({columns})").fetchall()

    def _load(self, connection: duckdb.DuckDBPyConnection, share: Share) -> tuple[dict[str, Table], list[Reject]]:
        """The facts of the batch; rows that cannot be taken, and their cases with them, are left out."""
        rows = f"SELECT name, program, day FROM {IN_SHARE} ORDER BY program NULLS LAST, name"
        connection.execute(
            f"CREATE TABLE {BOOK} AS SELECT (row_number() OVER () - 1)::INTEGER AS id, * FROM ({rows})",
            share.of(self.setup.book.path),
        ).fetchall()
        if self.setup.book.contradicting:
            return self.handed.load(connection, self.setup.tables), []
        odd = exp.select(exp.func("BOOL_OR", is_no_name(exp.column("name")))).from_(BOOK)
        [(has_odd,)] = connection.execute(odd.sql(DIALECT)).fetchall()
        within = Range(connection, share.low, share.high, bool(has_odd))
        loaded, rejects = dict[str, Table](), list[Reject]()
        for table, made in loaded_tables(self.setup.tables, self.setup.types):
            loaded[table.relation], is_bad = self.loader.load(within, table, made)
            if is_bad:
                rejects += self.loader.rejects(within, table)
                bad = f"SELECT c{table.predicate.case_position} FROM {made.name} WHERE bad"
                connection.execute(f"UPDATE {BOOK} SET program = NULL WHERE id IN ({bad})").fetchall()
        if rejects:
            self._leave_out(connection, loaded)
        return loaded, rejects

    def _leave_out(self, connection: duckdb.DuckDBPyConnection, loaded: Stated) -> None:
        for relation, table in loaded.items():
            case = f"c{self.setup.vocabulary.predicate(relation).case_position}"
            good = f"SELECT id FROM {BOOK} WHERE program IS NOT NULL"
            connection.execute(f"DELETE FROM {table.name} WHERE {case} IS NULL OR {case} NOT IN ({good})").fetchall()

    def _of_program(
        self, connection: duckdb.DuckDBPyConnection, number: int, program: CohortProgram, loaded: Stated
    ) -> dict[str, Table] | None:
        """The facts that a program uses of its cases; None if it has no case here."""
        found = connection.execute(f"SELECT min(id), max(id), count(*) FROM {BOOK} WHERE program = ?", [number]).fetchall()
        [(first, last, count)] = found
        if not count:
            return None
        connection.execute(
            f"CREATE OR REPLACE TABLE {CASES} AS SELECT id FROM {BOOK} WHERE program = ?", [number]
        ).fetchall()
        stated = {}
        for relation, table in loaded.items():
            if relation not in program.used:
                continue
            case = f"c{self.setup.vocabulary.predicate(relation).case_position}"
            name = f"s{table.name}"
            columns = ", ".join(table.columns)
            rows = f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM {table.name} WHERE {case} BETWEEN ? AND ?"
            connection.execute(rows, [first, last]).fetchall()
            stated[relation] = replace(table, name=name)
        return stated

    def _known(self, connection: duckdb.DuckDBPyConnection, program: Program, number: int) -> dict[str, Table]:
        """What the documents themselves state, as tables."""
        rows = stated_rows(program.facts)
        kinds = column_types(program, self.setup.types, rows)
        found = {}
        for i, (relation, each) in enumerate(rows.items()):
            unknown = tuple(UNKNOWN in column for column in zip(*each, strict=True))
            table = Table(f"k{number}_{i}", kinds[relation], relation.startswith("-"), unknown)
            connection.execute(created(table, _constants(table, each)).sql(DIALECT)).fetchall()
            found[relation] = table
        return found

    def _finish(self, connection: duckdb.DuckDBPyConnection, program: Program, number: int) -> None:
        """Adds the verdicts of one program to those of the batch, and clears what only it needed."""
        payer = self.setup.book.programs[number].payer
        goals = {goal.atom.relation for goal in program.goals}
        connection.execute("CREATE OR REPLACE TABLE rested(question TEXT, policies TEXT[])").fetchall()
        insert_all(connection, "rested", ([goal, policies_of(program, goal)] for goal in sorted(goals)))
        atoms = f"SELECT kind, number, list_sort(list(DISTINCT atom)) AS atoms FROM {CONFLICT} GROUP BY ALL"
        conflicts = f"({atoms}) AS c USING (kind, number)"
        for insert, values in (
            (f"""INSERT INTO all_decided
                 SELECT b.name, d.question, d.item,
                        CASE WHEN {_IS_CONFLICTING} THEN 'conflicting' ELSE d.verdict END,
                        d.certain AND c.atoms IS NULL, CASE WHEN {_IS_CONFLICTING} THEN c.atoms ELSE [] END,
                        CASE WHEN {_IS_CONFLICTING} THEN [] ELSE d.readings END, $payer, r.policies
                 FROM {DECIDED} d JOIN {BOOK} b USING (id) JOIN rested r USING (question) LEFT JOIN {conflicts}""",
             {"payer": payer}),
            (f"""INSERT INTO all_standing
                 SELECT b.name, d.question, d.item, d.criterion,
                        CASE WHEN c.atoms IS NULL THEN d.status ELSE 'conflicting' END
                 FROM {STANDING} d JOIN {BOOK} b USING (id) LEFT JOIN {conflicts}""", None),
        ):  # fmt: skip
            connection.execute(insert, values).fetchall()
        connection.execute(f"TRUNCATE {CONFLICT}").fetchall()
        connection.execute(f"TRUNCATE {DECIDED}").fetchall()
        connection.execute(f"TRUNCATE {STANDING}").fetchall()


CONTRADICTING, HANDED = "contradicting", "handed"
"""The files of a part that name the cases which contradict themselves, and have their facts."""
_CONTRADICTING = "all_contradicting"
_PARTS = {"all_standing": "criteria", "all_decided": "decisions", _CONTRADICTING: CONTRADICTING}
_IS_CONFLICTING = "c.atoms IS NOT NULL AND d.verdict <> 'unaddressed'"


def _constants(table: Table, rows: Iterable[Row]) -> exp.Query:
    """Rows that stand in a statement."""
    selects = []
    for row in rows:
        values = [value(each, kind) for each, kind in zip(row, table.types, strict=True)] or [exp.true()]
        values += [exp.true() if each is ANY else exp.false() for each in row] if table.denials else []
        selects.append(exp.select(*(exp.alias_(each, name) for each, name in zip(values, table.columns, strict=True))))
    return together(selects, distinct=False)


def _written(connection: duckdb.DuckDBPyConnection, rows: str, part: Path, name: str) -> None:
    """Writes one file of a part; on a cluster, two may be at it."""
    with finished_file(part.with_name(f"{part.name}.{name}.parquet"), shared=True) as building:
        connection.sql(rows).write_parquet(str(building))
