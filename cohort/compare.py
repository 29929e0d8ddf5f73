"""A cohort under two states of policies: how many answers change, which criteria moved them, and some cases to open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from cohort.decide import decide_cohort
from cohort.files import finished_file, reason
from cohort.output import CRITERIA, DECISIONS, CohortProblem
from cohort.running import Settings
from kb.library import Library

_EXAMPLES = 3
NOT_THERE = "not there"
"""What is said of an answer or a criterion that one side does not have."""
_ON_SILENCE = ", on silence"
"""What is said after a verdict that holds only as the record is silent: an answer that comes to rest on it has changed."""


@dataclass(frozen=True, slots=True)
class Change:
    """How often an answer was one before and is another after ("": not asked), and some of the cases."""

    question: str
    before: str
    after: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How often an answer was given to a question under a payer, before and after."""

    question: str
    payer: str
    answer: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Move:
    """How often a criterion had one status before and another after: where the answer changed, and where it did not."""

    question: str
    criterion: str
    before: str
    after: str
    count: int
    where_same: int
    """How often where the answer is the same."""


@dataclass(frozen=True)
class CohortImpact:
    """What a change of policies does to the cohort whose tables are at `source`: `same` answers do not change."""

    cases: int
    same: int
    tallies: tuple[Tally, ...]
    changes: tuple[Change, ...]
    moves: tuple[Move, ...]
    left_out: int
    """Cases that one side or both could not decide, of which nothing is compared."""
    notes: tuple[str, ...] = ()
    """What has to be known of the payers and codes that the cases name, under either."""
    source: str = ""


def compare(
    old: Library,
    new: Library,
    source: Path,
    settings: Settings,
    heard: Callable[[int, int], None],
    listing: Path | None = None,
) -> CohortImpact:
    """Decides the cohort under both, and compares; every answer that changes goes into the `listing`, a .parquet or .csv.

    Raises what deciding raises, and CohortProblem where the listing cannot be written.
    """
    if listing is not None and listing.suffix not in (".parquet", ".csv"):
        raise CohortProblem(f"`{listing}` is to be a .parquet or a .csv file; name one")
    if listing is not None and not listing.absolute().parent.is_dir():
        raise CohortProblem(f"`{listing}` cannot be written: there is no directory `{listing.parent}`; make it first")
    with TemporaryDirectory() as directory:
        sides = [Path(directory) / "old", Path(directory) / "new"]
        accounts = []
        for number, (base, output) in enumerate(zip((old, new), sides, strict=True)):

            def tell(done: int, total: int, number: int = number) -> None:
                heard(number * total + done, 2 * total)

            accounts.append(decide_cohort(base, source, output, settings, tell))
        before, after = (account.left_out for account in accounts)
        cases = accounts[0].cases - len(after - before)
        found = _compared(sides[0], sides[1], cases, sorted(before | after), listing)
        return replace(
            found, source=str(source), notes=tuple(dict.fromkeys(note for account in accounts for note in account.notes))
        )


def _compared(before: Path, after: Path, cases: int, left_out: list[str], listing: Path | None) -> CohortImpact:
    """What differs in the cases that both sides decided."""
    with duckdb.connect() as connection:
        for name, file in (("decisions", DECISIONS), ("criteria", CRITERIA)):
            for side, path in (("old", before), ("new", after)):
                connection.read_parquet(str(path / file), hive_partitioning=False).create(f"{side}_{name}")
        connection.execute(
            'CREATE TABLE left_out AS SELECT unnest($names::TEXT[]) AS "case"', {"names": left_out}
        ).fetchall()
        # What a reading makes of an answer that stays disputed moves as a criterion does.
        for side, other in (("old", "new"), ("new", "old")):
            connection.execute(
                f"""CREATE VIEW {side}_standing AS SELECT "case", question, item, criterion, status FROM {side}_criteria
                    UNION ALL SELECT "case", question, item, 'read as ' || r.readings, r.verdict
                    FROM (SELECT d.*, unnest(d.readings) AS r FROM {side}_decisions d
                          SEMI JOIN (FROM {other}_decisions WHERE len(readings) > 0) USING ("case", question, item))"""
            ).fetchall()
        was, now = (
            f"""coalesce({side}.verdict || CASE WHEN {side}.verdict = 'met' AND NOT {side}.certain
                THEN '{_ON_SILENCE}' ELSE '' END, '')"""
            for side in ("o", "n")
        )
        changed = f"""SELECT question, item, "case", coalesce(n.payer, o.payer) AS payer, {was} AS before, {now} AS after
                      FROM old_decisions o FULL JOIN new_decisions n USING ("case", question, item)
                      ANTI JOIN left_out USING ("case")"""
        connection.execute(f"CREATE TABLE answers AS {changed}").fetchall()
        connection.execute(
            """CREATE TABLE moves AS SELECT question, item, "case", criterion, before <> after AS changed,
                                            coalesce(o.status, '') AS was, coalesce(n.status, '') AS now
               FROM old_standing o FULL JOIN new_standing n USING ("case", question, item, criterion)
               JOIN answers USING ("case", question, item) WHERE was <> now"""
        ).fetchall()
        if listing is not None:
            _list(connection, listing)
        tallies = connection.execute(
            """SELECT question, payer, answer, count(*) FILTER (NOT later), count(*) FILTER (later)
               FROM (SELECT question, payer, before AS answer, false AS later FROM answers
                     UNION ALL SELECT question, payer, after, true FROM answers)
               WHERE answer <> '' GROUP BY ALL ORDER BY question, payer, answer"""
        ).fetchall()
        [(same,)] = connection.execute("SELECT count(*) FROM answers WHERE before = after").fetchall()
        changes = connection.execute(
            f"""SELECT question, before, after, count(*), list_slice(list(DISTINCT "case" ORDER BY "case"), 1, {_EXAMPLES})
                FROM answers WHERE before <> after GROUP BY ALL ORDER BY count(*) DESC, question, before, after"""
        ).fetchall()
        moves = connection.execute(
            """SELECT question, criterion, was, now, count(*) FILTER (changed), count(*) FILTER (NOT changed)
               FROM moves GROUP BY ALL ORDER BY 5 DESC, 6 DESC, criterion, question, was, now"""
        ).fetchall()
    return CohortImpact(
        cases, int(same), tuple(Tally(*row) for row in tallies),
        tuple(Change(q, b, a, int(n), tuple(e)) for q, b, a, n, e in changes), tuple(Move(*row) for row in moves),
        len(left_out),
    )  # fmt: skip


def _list(connection: duckdb.DuckDBPyConnection, listing: Path) -> None:
    """Writes every answer that changes, with the criteria that moved it, whole or not at all."""
    rows = connection.sql(
        """SELECT "case", question, item, payer, before, after, coalesce(criteria, '') AS criteria
           FROM answers LEFT JOIN (
               SELECT "case", question, item, string_agg(moved, '; ' ORDER BY moved) AS criteria
               FROM (SELECT *, format('{}: {} → {}', criterion, if(was = '', $none, was), if(now = '', $none, now)) AS moved
                     FROM moves) GROUP BY ALL
           ) USING ("case", question, item) WHERE before <> after ORDER BY ALL""",
        params={"none": NOT_THERE},
    )
    try:
        with finished_file(listing) as building:
            if listing.suffix == ".csv":
                rows.write_csv(str(building), header=True)
            else:
                rows.write_parquet(str(building))
    except (duckdb.IOException, OSError) as error:
        raise CohortProblem(f"`{listing}` cannot be written: {reason(error)}") from error
