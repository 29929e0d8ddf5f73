"""The positive answers of one program over a cohort's facts, by one engine: what `cohorts.py` runs as a process.

    python benchmarks/answers.py compiled|hand|clingo|pydatalog PROGRAM FACTS

PROGRAM is `by-hand` (benchmarks/by_hand) or a payer whose documents are shipped. clingo
reads its own format, which `python benchmarks/answers.py write PROGRAM FACTS` writes
beside FACTS beforehand. pyDatalog decides the first cases only (--cases).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402
from sqlglot import exp  # noqa: E402

import medproof  # noqa: E402
from facts.readers.records import charts_of  # noqa: E402
from facts.readers.tables import FactTable, fact_tables  # noqa: E402
from kb.compiled import Compiled  # noqa: E402
from kb.engines.duckdb import run  # noqa: E402
from kb.engines.sql.plan import DIALECT, plan  # noqa: E402
from kb.engines.sql.schema import CASE_NUMBER, Table, Types, column_types, created, data_type  # noqa: E402
from kb.language import syntax as s  # noqa: E402
from kb.language.clingo import clingo_source, decoded, predicate_name  # noqa: E402
from kb.language.program import Program, stated_rows  # noqa: E402
from kb.language.strata import needed  # noqa: E402
from kb.language.values import Row, Value  # noqa: E402

BY_HAND = "by-hand"
_DAY, _SCALE = date(2026, 3, 1), 10
Answers = set[tuple[str, str]]


def compiled_program(name: str) -> Compiled:
    """The program by its name."""
    base = medproof.load(ROOT / "benchmarks" / "by_hand") if name == BY_HAND else medproof.load()
    return base.compiled(name, _DAY)


def goals(program: Program) -> list[str]:
    """The relations that are asked for: the hand translation's, or every goal."""
    own = f"{BY_HAND}/supported"
    return [own] if own in program.predicates else [goal.atom.relation for goal in program.goals]


def answer(relation: str, row: Row) -> tuple[str, str]:
    """A positive answer: the case, and the rest of the atom."""
    return str(row[0]), f"{relation}({', '.join(map(str, row[1:]))})"


# Engines


def compiled(name: str, facts: Path) -> Answers:
    """The compiler's SQL, over typed tables that are filled from Parquet, the cases numbered."""
    program = compiled_program(name).program
    types = Types.of(program, CASE_NUMBER)
    wanted = goals(program)
    with duckdb.connect() as connection:
        stated = stated_tables(connection, program, types, facts, wanted)
        made = plan(program, types, stated, wanted, "p")
        run(connection, made.steps)
        return {each for relation in wanted for each in read_answers(connection, relation, made.tables[relation])}


def read_answers(connection: duckdb.DuckDBPyConnection, relation: str, table: Table) -> Answers:
    """The rows of a relation as answers."""
    others = ", ".join(f"t.c{i}" for i in range(1, len(table.types)))
    rows = connection.execute(f"SELECT n.name, {others} FROM {table.name} t JOIN named n ON t.c0 = n.id").fetchall()
    return {answer(relation, table.read(row)) for row in rows}


def stated_tables(
    connection: duckdb.DuckDBPyConnection, program: Program, types: Types, facts: Path, wanted: list[str]
) -> dict[str, Table]:
    """What the wanted relations depend on, as tables: the cohort's facts and the documents' own."""
    for declaration in types.declarations():
        connection.execute(declaration.sql(DIALECT)).fetchall()
    payer, used = str(facts / "payer.parquet"), needed(program, wanted)
    asks = Counter(
        literal.atom.relation
        for rule in program.rules
        if rule.head.relation in used
        for literal in s.literals(rule.rule.body)
    )
    connection.execute(
        """CREATE TABLE named AS SELECT (row_number() OVER () - 1)::INTEGER AS id, name
           FROM (SELECT "Case" AS name FROM read_parquet(?) ORDER BY 1)""",
        [payer],
    ).fetchall()
    found = (table for table in fact_tables(facts, program.predicates, facts) if table.relation in used)
    stated = {
        table.relation: _loaded(connection, types, table, f"f{i}", is_view=asks[table.relation] == 1)
        for i, table in enumerate(found)
    }
    rows = stated_rows(fact for fact in program.facts if fact.relation in used)
    kinds = column_types(program, types, rows)
    for i, (relation, each) in enumerate(rows.items()):
        table = Table(f"k{i}", kinds[relation], relation.startswith("-"), (False,) * len(kinds[relation]))
        connection.execute(created(table).sql(DIALECT)).fetchall()
        marks = ", ".join("?" for _ in table.columns)
        connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", [table.stored(row) for row in each])
        stated[relation] = table
    return stated


def _loaded(connection: duckdb.DuckDBPyConnection, types: Types, table: FactTable, name: str, is_view: bool) -> Table:
    """A table of facts; or a view, of what one rule asks for once: then only that rule's rows and columns are read."""
    kinds = tuple(types[argument.type] for argument in table.predicate.arguments)
    made = Table(name, kinds, table.denied, (False,) * len(kinds))
    case = table.predicate.case_position or 0
    columns: list[exp.Expr] = []
    for i, kind in enumerate(kinds):
        value: exp.Expr = exp.TryCast(this=table.column(i, "t"), to=data_type(kind))
        columns.append(exp.alias_(exp.column("id", "n") if i == case else value, f"c{i}"))
    for i in range(len(kinds) if table.denied else 0):
        columns.append(exp.alias_(exp.cast(table.column(i, "t"), "TEXT").eq(exp.Literal.string("_")), f"a{i}"))
    on = table.column(case, "t").eq(exp.column("name", "n"))
    rows = exp.select(*columns).from_(exp.alias_(table.rows(), "t")).join(exp.alias_(exp.to_table("named"), "n"), on=on)
    statement = created(made, rows)
    if is_view:
        statement.set("kind", "VIEW")
    connection.execute(statement.sql(DIALECT)).fetchall()
    return made


def hand(name: str, facts: Path) -> Answers:
    """The translation by hand."""
    with duckdb.connect() as connection:
        connection.execute("SET VARIABLE facts = ?", [str(facts)])
        connection.execute((ROOT / "benchmarks" / "by_hand" / "criteria.sql").read_text(encoding="utf-8"))
        found = connection.execute("SELECT * FROM supported").fetchall()
    return {answer(f"{BY_HAND}/supported", row) for row in found}


def clingo(name: str, facts: Path) -> Answers:
    """The whole cohort as one program of clingo's."""
    from clingo import Control

    program = compiled_program(name).program
    control = Control(["--warn=none"])
    control.load(str(_own_format(name, facts)))
    control.ground([("base", [])])
    with control.solve(yield_=True) as handle:
        [atoms] = [[(s.name, tuple(map(str, s.arguments))) for s in model.symbols(shown=True)] for model in handle]
    found = decoded(program, atoms, _SCALE)
    return {answer(relation, row) for relation in goals(program) for row in found.get(relation, ())}


def write(name: str, facts: Path) -> None:
    """Writes clingo's program."""
    program = compiled_program(name).program
    wanted, given = goals(program), dict[str, set[Row]]()
    types = Types.of(program, CASE_NUMBER)
    with duckdb.connect() as connection:
        for relation, table in stated_tables(connection, program, types, facts, wanted).items():
            rows = {table.read(row) for row in connection.execute(f"SELECT * FROM {table.name}").fetchall()}
            given[relation] = {tuple(_named(value) for value in row) for row in rows}
    rules = tuple(rule for rule in program.rules if rule.head.relation in needed(program, wanted))
    text = clingo_source(replace(program, rules=rules), given, _SCALE)
    shown = [f"#show {predicate_name(each)}/{len(program.predicate(each).arguments)}." for each in wanted]
    _own_format(name, facts).write_text("\n".join([text, *shown]) + "\n", encoding="utf-8")


def _named(value: Value) -> Value:
    """A case's number as text, as the language has cases."""
    return f"case-{value:06d}" if isinstance(value, int) else value


def _own_format(name: str, facts: Path) -> Path:
    return facts.with_name(f"{facts.name}.{name}.lp")


def pydatalog(name: str, facts: Path, cases: int) -> Answers:
    """The first cases, one by one."""
    from facts.readers.datalog import read_chart
    from kb.engines import engine
    from kb.models import models

    compiled = compiled_program(name)
    program, wanted = compiled.program, goals(compiled.program)
    with duckdb.connect() as connection:
        path = str(facts / "payer.parquet")
        named = connection.execute('SELECT "Case" FROM read_parquet(?) ORDER BY 1 LIMIT ?', [path, cases]).fetchall()
    charts = charts_of(fact_tables(facts, program.predicates, facts), [name for (name,) in named])
    found: Answers = set()
    for document in charts:
        chart, _ = read_chart(document, program)
        model = models(compiled, chart.facts, chart.case, engine(), wanted).perfect
        found |= {answer(relation, row) for relation in wanted for row in model.rows(relation)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["compiled", "hand", "clingo", "pydatalog", "write"])
    parser.add_argument("program")
    parser.add_argument("facts", type=Path)
    parser.add_argument("--cases", type=int, default=300)
    asked = parser.parse_args()
    if asked.engine == "write":
        return write(asked.program, asked.facts)
    if asked.engine == "pydatalog":
        found = pydatalog(asked.program, asked.facts, asked.cases)
    else:
        found = {"compiled": compiled, "hand": hand, "clingo": clingo}[asked.engine](asked.program, asked.facts)
    digest = sha256("\n".join(sorted(map(str, found))).encode()).hexdigest()
    print(json.dumps({"answers": len(found), "digest": digest}))
    return None


if __name__ == "__main__":
    main()
