"""What a decided cohort comes to: verdicts by question, the criteria that block most, the rules that never fired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cohort.files import insert_all, parquet_sql
from cohort.implausible import Implausible
from cohort.output import CRITERIA, DECISIONS, REJECTS, told
from explain.criteria import branches
from explain.verdicts import Verdict
from kb.language.closed import written
from kb.language.frontmatter import Meta
from kb.language.program import Criterion, Program

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class ByReading:
    """How often a disputed question is answered so by a choice of readings."""

    readings: str
    reads: str
    verdict: str
    count: int


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How often a question was answered so, and some cases of which it was."""

    question: str
    reads: str
    verdict: str
    certain: bool
    count: int
    examples: tuple[tuple[str, str], ...]
    """Cases with their items."""
    payers: Mapping[str, int]
    """How often under each payer; under none, where a case names nobody."""
    readings: tuple[ByReading, ...] = ()
    """Where the readings of a policy differ: what each makes of these questions."""

    @property
    def answer(self) -> str:
        """How it reads, and whether it rests on silence."""
        return self.reads + (" (on the record's silence)" if self.verdict == "met" and not self.certain else "")


@dataclass(frozen=True, slots=True)
class Blocking:
    """A criterion that keeps questions from being met: of how many, in how many it is undocumented, refuted or conflicting.

    One that excludes keeps them from it where it is met, or conflicting. `alone`: in how many nothing else does.
    """

    criterion: Criterion
    excludes: bool
    question: str
    of: int
    met: int
    undocumented: int
    refuted: int
    conflicting: int
    alone: int

    @property
    def against(self) -> int:
        """In how many the record speaks against the question by it: what is wanted is ruled out, or what excludes is met."""
        return self.refuted + self.met

    @property
    def count(self) -> int:
        """How many questions it keeps from being met."""
        return self.met + self.undocumented + self.refuted + self.conflicting


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is wrong in a column of a table, and keeps cases from being decided: in how many rows and cases, and one of them.

    `rows` is 0 where no single row is at fault, `cases` where the rows name none.
    """

    table: str
    column: str
    problem: str
    rows: int
    cases: int
    example: str
    value: str
    """What stands there in the example."""
    hint: str
    """What is meant there, perhaps."""


@dataclass(frozen=True)
class Summary:
    """A decided cohort in numbers."""

    output: Path
    source: str
    cases: int
    rejected: int
    verdicts: tuple[Verdicts, ...]
    blocking: tuple[Blocking, ...]
    fired: tuple[tuple[str, int], ...]
    never: tuple[str, ...]
    silent: int
    """Cases that ask nothing: nothing is requested for them."""
    notes: tuple[str, ...]
    documents: tuple[Meta, ...]
    """The documents by which questions were answered; general references are left out."""
    left_out: tuple[LeftOut, ...] = ()
    """What is wrong with the cases that were left out, most cases first."""
    implausible: tuple[Implausible, ...] = ()
    """What is implausible in the records of those that were decided."""
    policies: tuple[Path, ...] = ()
    """The documents beside the shipped ones that decided, as they were named."""


def payer_name(payer: str) -> str:
    """How a payer is called, or a case that names none."""
    return payer or "no payer named"


def summary(output: Path, programs: Iterable[Program]) -> Summary:
    """The numbers of a decided cohort; `programs` are those that decided it. Raises CohortProblem."""
    about = told(output)
    programs = list(programs)
    with duckdb.connect() as connection:
        asking = _asking(connection, output / DECISIONS)
        verdicts = _verdicts(connection, output / DECISIONS, programs)
        blocking = _blocking(connection, output, programs)
        speaking = _speaking(connection, output / DECISIONS)
        left_out = _left_out(connection, output / REJECTS)
    fired = {rule.id: about.fired.get(rule.id, 0) for program in programs for rule in written(program.rules)}
    never = tuple(sorted(rule for rule, count in fired.items() if not count and "#" in rule and "/constraint" not in rule))
    often = tuple(sorted(((rule, count) for rule, count in fired.items() if count), key=lambda each: (-each[1], each[0])))
    metas = (meta for program in programs for meta in program.documents if meta.kind != "reference")
    named = {meta.full_id: meta for meta in metas if meta.full_id in speaking}
    return Summary(
        output, about.source, about.cases, about.rejected, verdicts, blocking, often, never,
        about.cases - asking, about.notes, tuple(named.values()), left_out, about.implausible,
    )  # fmt: skip


def _asking(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    [(number,)] = connection.execute(f'SELECT count(DISTINCT "case") FROM {parquet_sql()}', [str(path)]).fetchall()
    return int(number)


def _left_out(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[LeftOut, ...]:
    rows = connection.execute(
        f"""SELECT "table", "column", problem, count(DISTINCT (file, "row", "case")) FILTER ("row" > 0),
                   count(DISTINCT "case") FILTER ("case" <> ''), coalesce(min("case") FILTER ("case" <> ''), ''),
                   arg_min("value", ("case" = '', "case", "row")), arg_min(hint, ("case" = '', "case", "row"))
            FROM {parquet_sql()} GROUP BY ALL ORDER BY 5 DESC, 4 DESC, 1, 2, 3""",
        [str(path)],
    ).fetchall()
    return tuple(LeftOut(*row) for row in rows)


def _speaking(connection: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    """The documents whose rules answered a question."""
    rows = connection.execute(
        f"SELECT DISTINCT unnest(policies) FROM {parquet_sql()} WHERE verdict <> ?", [str(path), Verdict.UNADDRESSED.value]
    ).fetchall()
    return {str(name) for (name,) in rows}


def _verdicts(connection: duckdb.DuckDBPyConnection, path: Path, programs: list[Program]) -> tuple[Verdicts, ...]:
    rows = connection.execute(
        f"""SELECT question, verdict, certain, count(*), list_slice(list("case" ORDER BY "case"), 1, {_EXAMPLES}),
                   list_slice(list(item ORDER BY "case"), 1, {_EXAMPLES}), histogram(payer)
            FROM {parquet_sql()} GROUP BY question, verdict, certain ORDER BY question, count(*) DESC, verdict""",
        [str(path)],
    ).fetchall()
    reads = {goal.atom.relation: goal.wordings for program in programs for goal in program.goals}
    rank = {question: number for number, question in enumerate(reads)}
    readings = _readings(connection, path, reads)
    found = [
        Verdicts(question, reads.get(question, {}).get(verdict, verdict), verdict, bool(certain), int(count),
                 tuple(zip(cases, items, strict=True)), payers, tuple(readings.get((question, verdict), ())))
        for question, verdict, certain, count, cases, items, payers in rows
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda each: (rank.get(each.question, len(rank)), -each.count)))


def _readings(
    connection: duckdb.DuckDBPyConnection, path: Path, reads: Mapping[str, Mapping[str, str]]
) -> dict[tuple[str, str], list[ByReading]]:
    """What each choice of readings makes of the questions with a verdict, for those on which they differ."""
    rows = connection.execute(
        f"""SELECT question, verdict, reading.readings, reading.verdict, count(*)
            FROM (SELECT question, verdict, unnest(readings) AS reading FROM {parquet_sql()}) GROUP BY ALL ORDER BY ALL""",
        [str(path)],
    ).fetchall()
    found: dict[tuple[str, str], list[ByReading]] = {}
    for question, verdict, name, by_it, count in rows:
        each = ByReading(name, reads.get(question, {}).get(by_it, by_it), by_it, int(count))
        found.setdefault((question, verdict), []).append(each)
    return found


def _blocking(connection: duckdb.DuckDBPyConnection, output: Path, programs: list[Program]) -> tuple[Blocking, ...]:
    """The criteria right below a goal that are not met, or are met and exclude it, of questions that are not met."""
    first: dict[tuple[str, str, bool], Criterion] = {}
    for program in programs:
        for goal in program.goals:
            for branch in branches(program, program.rules_for.get(goal.atom.relation, ())):
                first[goal.atom.relation, branch.criterion.id, branch.excludes] = branch.criterion
    connection.execute("CREATE TABLE first(question TEXT, criterion TEXT, excludes BOOLEAN)").fetchall()
    insert_all(connection, "first", map(list, first))
    found = connection.execute(
        f"""WITH open AS (SELECT "case", question, item FROM {parquet_sql("$decisions")}
                         WHERE verdict NOT IN ('met', 'unaddressed')),
                asked AS (SELECT c.*, f.excludes FROM {parquet_sql("$criteria")} c
                          SEMI JOIN open USING ("case", question, item) JOIN first f USING (question, criterion)),
                unmet AS (SELECT *, count(*) OVER (PARTITION BY "case", question, item) AS together
                          FROM asked WHERE status = 'conflicting' OR (status = 'met') = excludes)
           SELECT a.question, a.criterion, a.excludes, a.total, count(*) FILTER (u.status = 'met'),
                  count(*) FILTER (u.status = 'undocumented'), count(*) FILTER (u.status = 'refuted'),
                  count(*) FILTER (u.status = 'conflicting'), count(*) FILTER (u.together = 1)
           FROM (SELECT question, criterion, excludes, count(*) AS total FROM asked GROUP BY ALL) a
           LEFT JOIN unmet u USING (question, criterion, excludes) GROUP BY ALL""",
        {"decisions": str(output / DECISIONS), "criteria": str(output / CRITERIA)},
    ).fetchall()
    blocking = list[Blocking]()
    for question, criterion, excludes, *counts in found:
        blocking.append(Blocking(first[question, criterion, excludes], excludes, question, *map(int, counts)))
    return tuple(
        sorted((each for each in blocking if each.count), key=lambda each: (-each.alone, -each.count, each.criterion.id))
    )
