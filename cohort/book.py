"""The cases of a cohort: which there are, and which program decides each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
from sqlglot import exp

from cohort.files import insert_all, parquet_sql
from cohort.output import DECISIONS
from cohort.rejects import Reject
from facts.readers.found import BadTables
from facts.readers.tables import FactTable
from kb.compiled import Compiled
from kb.engines.sql.plan import DIALECT
from kb.engines.sql.schema import DATE
from kb.engines.sql.values import conjunction, disjunction, known, negation, together, unknown
from kb.language.build import in_force
from kb.language.program import ProgramRule
from kb.library import Library

Expr = exp.Expr


@dataclass(frozen=True)
class Deciding:
    """The program of a payer's cases while the same documents are in force."""

    payer: str
    compiled: Compiled


@dataclass(frozen=True)
class Share:
    """Cases of a book that are decided together: those whose names lie from `low` to before `high` (None: no limit).

    With `program`, only those that it decides. `cases` is how many they are.
    """

    low: str
    high: str | None
    program: int | None
    cases: int

    def of(self, book: Path) -> dict[str, object]:
        """The values of a statement that reads a book `IN_SHARE`."""
        return {"book": str(book), "low": self.low, "high": self.high, "program": self.program}


IN_SHARE = (
    f"{parquet_sql('$book')} WHERE name >= $low AND ($high::TEXT IS NULL OR name < $high)"
    " AND ($program::INTEGER IS NULL OR program = $program)"
)
"""How a statement reads the cases of a share from a book."""
_NOT_REJECTED = "name NOT IN (SELECT unnest($rejected::TEXT[]))"


@dataclass(frozen=True)
class Book:
    """The cases in order of their names, in a Parquet file: `name`, `program` (the number in `programs`), `payer`, `day`.

    `rejects` are the cases that cannot be decided, with what is wrong with their request.
    Those of a larger book whose records contradict themselves are a book of their own: their
    facts stand in files that were `handed` over (`cohort.handed`).
    """

    path: Path
    count: int
    programs: tuple[Deciding, ...]
    rejects: tuple[Reject, ...]
    handed: tuple[Path, ...] = ()

    @property
    def contradicting(self) -> bool:
        """Whether these are the cases of a larger book whose records contradict themselves."""
        return bool(self.handed)

    def shares(self, size: int) -> list[Share]:
        """The shares of the book, of so many cases at most: ranges of names, where they contradict themselves by program."""
        return [share for program, count in self._apart for share in self._ranges(program, count, size)]

    @property
    def _apart(self) -> list[tuple[int | None, int]]:
        """The programs whose cases are decided apart, and how many those are, most first; None: all together."""
        if not self.contradicting:
            return [(None, self.count)]
        with duckdb.connect() as connection:
            counted = f"SELECT program, count(*) AS n FROM {parquet_sql()} GROUP BY program ORDER BY n DESC, program"
            return [(int(number), int(n)) for number, n in connection.execute(counted, [str(self.path)]).fetchall()]

    def _ranges(self, program: int | None, count: int, size: int) -> Iterator[Share]:
        with duckdb.connect() as connection:
            numbered = f"SELECT name, row_number() OVER (ORDER BY name) - 1 AS n FROM {IN_SHARE}"
            whole = Share("", None, program, count).of(self.path)
            rows = connection.execute(
                f"SELECT name FROM ({numbered}) WHERE n % $size = 0 ORDER BY name", {**whole, "size": size}
            )
            starts = [str(name) for (name,) in rows.fetchall()]
        for number, (low, high) in enumerate(pairwise(["", *starts[1:], None])):
            yield Share(low or "", high, program, min(size, count - number * size))

    def contradictions(self, found: Iterable[Path], handed: Iterable[Path], path: Path) -> Book:
        """The book of the cases that contradict themselves: their names stand in the tables that were `found`."""
        with duckdb.connect() as connection:
            of_all, chosen = (
                connection.read_parquet(paths, hive_partitioning=False)
                for paths in (str(self.path), [str(each) for each in found])
            )
            of_all.join(chosen, "name", how="semi").order("name").write_parquet(str(path))
            [(count,)] = connection.execute(f"SELECT count(*) FROM {parquet_sql()}", [str(path)]).fetchall()
        return Book(path, int(count), self.programs, (), tuple(handed))

    def added(self, counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
        """How often each rule fired, of several counts: what is no case's is concluded in each again."""
        rules = {rule.id: rule for each in self.programs for rule in each.compiled.program.rules}
        found: dict[str, int] = {}
        for each in counts:
            for rule, count in each.items():
                before = found.get(rule, 0)
                found[rule] = before + count if self._is_about_cases(rules[rule]) else max(before, count)
        return dict(sorted(found.items()))

    def _is_about_cases(self, rule: ProgramRule) -> bool:
        name = rule.head.predicate
        predicates = (each.compiled.program.predicates for each in self.programs)
        known = next((each[name] for each in predicates if name in each), None)
        return known is None or known.case_position is not None

    def names(self, share: Share) -> list[str]:
        """The names of a share of the cases."""
        with duckdb.connect() as connection:
            chosen = connection.execute(f"SELECT name FROM {IN_SHARE} ORDER BY name", share.of(self.path))
            return [str(name) for (name,) in chosen.fetchall()]

    def of_payer(self, payer: str) -> list[int]:
        """The numbers of a payer's programs."""
        return [number for number, each in enumerate(self.programs) if each.payer == payer]

    def cases_of(self, programs: list[int], rejected: Iterable[str]) -> tuple[int, str]:
        """How many cases some of the programs decide, but for those that are rejected, and one of them."""
        with duckdb.connect() as connection:
            counted = f"""SELECT count(*), coalesce(min(name), '') FROM {parquet_sql("$book")}
                          WHERE program IN (SELECT unnest($programs::INTEGER[])) AND {_NOT_REJECTED}"""
            of = {"book": str(self.path), "programs": programs, "rejected": sorted(rejected)}
            [(count, first)] = connection.execute(counted, of).fetchall()
        return int(count), str(first)

    def own(self, names: Iterable[str]) -> frozenset[str]:
        """Those of some names that are names of its cases."""
        with duckdb.connect() as connection:
            found = connection.execute(
                f"SELECT name FROM {parquet_sql('$book')} SEMI JOIN (SELECT unnest($names::TEXT[]) AS name) USING (name)",
                {"book": str(self.path), "names": sorted(set(names))},
            )
            return frozenset(str(name) for (name,) in found.fetchall())

    def asking_nothing(self, parts: Path, rejected: Iterable[str]) -> tuple[int, str]:
        """How many cases were decided into the files of `parts` and have no question there, and one of them."""
        decided = sorted(map(str, parts.glob(f"*.{DECISIONS}")))
        if not decided:
            return 0, ""
        with duckdb.connect() as connection:
            rows = connection.execute(
                f"""SELECT count(*), coalesce(min(name), '') FROM {parquet_sql("$book")}
                    WHERE program IS NOT NULL AND {_NOT_REJECTED}
                    AND name NOT IN (SELECT "case" FROM {parquet_sql("$decided")})""",
                {"book": str(self.path), "decided": decided, "rejected": sorted(rejected)},
            )
            [(count, first)] = rows.fetchall()
        return int(count), str(first)

    def nearly(self, strays: Iterable[str]) -> list[tuple[str, str]]:
        """Names that are none of the book's, each with one of it that differs in how it is written only."""
        with duckdb.connect() as connection:
            same = r"lower(regexp_replace(nfc_normalize({}), '[\s\x{{a0}}\x{{200b}}\x{{feff}}]|^[''’0]+', '', 'g'))"
            rows = connection.execute(
                f"""SELECT s.name, min(b.name) FROM (SELECT unnest($strays::TEXT[]) AS name) s
                    JOIN {parquet_sql("$book")} b ON {same.format("s.name")} = {same.format("b.name")}
                    WHERE s.name NOT IN (SELECT name FROM {parquet_sql("$book")}) GROUP BY s.name ORDER BY s.name""",
                {"strays": sorted(set(strays)), "book": str(self.path)},
            )
            return [(str(stray), str(meant)) for stray, meant in rows.fetchall()]


def read_book(
    base: Library, tables: Iterable[FactTable], path: Path, payer: str | None = None, on: date | None = None
) -> Book:
    """The cases that the tables of requests name, written to a file.

    `payer` and `on` decide every case by that payer's documents, or those of that day.
    Raises BadTables when no table says which cases there are, DocumentErrors for mistakes
    in the documents in force.
    """
    named = {table.relation: table for table in tables}
    request = [named[name] for name in ("request_date", "payer", "requested") if name in named]
    if not request:
        raise BadTables(["no table says which cases there are: `request_date`, `payer` and `requested` are not there"])
    if on is None and "request_date" not in named:
        hint = "add it, or decide every case by the documents of one day with --on"
        raise BadTables(
            [f"no table `request_date` says when each case was requested, and so which documents decide it; {hint}"]
        )
    with duckdb.connect() as connection:
        connection.execute(_names(request, named).sql(DIALECT)).fetchall()
        # A row that is none is told when its table is read, and its case is left out.
        connection.execute("UPDATE cases SET good = FALSE WHERE wrong_payer").fetchall()
        rejects = [*_twice(connection, named), *_without_day(connection, named, on)]
        groups = connection.execute("SELECT DISTINCT payer, day FROM cases WHERE good ORDER BY ALL").fetchall()
        programs, numbers = _programs(base, [(payer if payer is not None else p, on or d) for p, d in groups])
        keys = [(p, d, number) for (p, d), number in zip(groups, numbers, strict=True)]
        connection.execute("CREATE TABLE grouped(payer TEXT, day DATE, program INTEGER)").fetchall()
        insert_all(connection, "grouped", keys)
        rows = (
            "SELECT c.name, g.program, c.payer, c.day FROM cases c LEFT JOIN grouped g"
            " ON c.good AND c.payer = g.payer AND c.day IS NOT DISTINCT FROM g.day ORDER BY c.name"
        )
        connection.sql(rows).write_parquet(str(path))
        [(count,)] = connection.execute("SELECT count(*) FROM cases").fetchall()
    return Book(path, int(count), programs, tuple(rejects))


def _names(request: list[FactTable], named: dict[str, FactTable]) -> exp.Expr:
    """The statement that makes the table of all cases, with what each says of its payer and its day."""
    names = together(map(_case_column, request))
    select = exp.select("n.name", exp.alias_(exp.true(), "good")).distinct().from_(names.subquery("n"))
    select = select.where(known(exp.column("name", "n")))
    nothing: dict[str, Expr] = {"payer": exp.Literal.string(""), "request_date": exp.cast(exp.null(), DATE)}
    for relation, column in (("payer", "payer"), ("request_date", "day")):
        if relation in named:
            on = exp.column("name", "n").eq(exp.column("name", column))
            select = select.join(_said(named[relation]).subquery(column), on=on, join_type="LEFT")
            value: Expr = exp.func("COALESCE", exp.column("least", column), nothing[relation])
            most: Expr = exp.column("most", column)
            differ: Expr = exp.NEQ(this=exp.column("least", column), expression=most.copy())
            wrong: Expr = exp.column("wrong", column)
        else:
            value, most, differ, wrong = nothing[relation], exp.null(), exp.false(), exp.false()
        flags = (("two", differ), ("wrong", wrong))
        told = [exp.alias_(exp.func("COALESCE", holds, exp.false()), f"{flag}_{column}") for flag, holds in flags]
        select = select.select(exp.alias_(value, column), exp.alias_(most, f"most_{column}"), *told)
    return exp.Create(this=exp.table_("cases"), kind="TABLE", expression=select)


def _said(table: FactTable) -> exp.Select:
    """What a table says of each case: the least and the most value, and whether one is none (its row will be rejected)."""
    raw, case = table.column(1, "s"), table.column(0, "s")
    is_open = exp.cast(raw.copy(), "TEXT").eq(exp.Literal.string("?"))
    value: Expr = exp.Case(ifs=[exp.If(this=is_open.copy(), true=exp.null())], default=exp.cast(raw, "TEXT"))
    if table.predicate.arguments[1].type == "date":
        value = exp.TryCast(this=raw, to=exp.DataType.build(DATE))
        years = exp.Extract(this=exp.var("YEAR"), expression=value.copy())
        in_calendar = exp.Between(this=years, low=exp.Literal.number(1), high=exp.Literal.number(9999))
        value = exp.Case(ifs=[exp.If(this=in_calendar, true=value)])
    has_none = conjunction(unknown(value), negation(exp.func("COALESCE", is_open, exp.false())))
    is_none = disjunction(known(table.fault("s")), has_none)
    return (
        exp.select(
            exp.alias_(case, "name"), exp.alias_(exp.Min(this=value), "least"),
            exp.alias_(exp.Max(this=value.copy()), "most"), exp.alias_(exp.func("BOOL_OR", is_none), "wrong"),
        ).from_(exp.alias_(table.rows(), "s")).group_by(case.copy())
    )  # fmt: skip


def _case_column(table: FactTable) -> exp.Select:
    column = table.column(table.predicate.case_position or 0, "s")
    return exp.select(exp.alias_(column, "name")).from_(exp.alias_(table.rows(), "s"))


def _twice(connection: duckdb.DuckDBPyConnection, named: dict[str, FactTable]) -> list[Reject]:
    """The cases with two payers or two days: nobody can tell which documents decide them."""
    found = []
    for relation, column, what in (("payer", "payer", "payers"), ("request_date", "day", "days of the request")):
        stated = f"concat_ws(', ', {column}::TEXT, most_{column}::TEXT)"
        two = f"UPDATE cases SET good = FALSE WHERE two_{column} RETURNING name, {stated}"
        for name, values in sorted(connection.execute(two).fetchall()):
            table = named[relation]
            problem = f"duplicate key: the case states two {what}; state one"
            found.append(Reject(table.place, 0, str(name), table.name, table.columns[1][0], str(values), problem))
    return found


def _without_day(connection: duckdb.DuckDBPyConnection, named: dict[str, FactTable], on: date | None) -> list[Reject]:
    """The cases that give no day of the request, when none is asked for; a day that is none is told of its row."""
    if on is not None:
        return []
    connection.execute("UPDATE cases SET good = FALSE WHERE wrong_day").fetchall()
    rows = connection.execute("UPDATE cases SET good = FALSE WHERE day IS NULL AND good RETURNING name").fetchall()
    problem = "the case gives no day of the request, which says which documents decide it; state its `request_date`"
    return [Reject(named["request_date"].place, 0, str(name), "request_date", "", "", problem) for (name,) in sorted(rows)]


def _programs(base: Library, wanted: list[tuple[str, date]]) -> tuple[tuple[Deciding, ...], list[int]]:
    """The distinct programs of payers and days, and which of them each pair has."""
    found: dict[tuple[str, ...], int] = {}
    programs, numbers = list[Deciding](), list[int]()
    for payer, day in wanted:
        key = (payer, *(document.name for document in in_force(base.documents, payer, day)))
        if key not in found:
            found[key] = len(programs)
            programs.append(Deciding(payer, base.compiled(payer, day)))
        numbers.append(found[key])
    return tuple(programs), numbers
