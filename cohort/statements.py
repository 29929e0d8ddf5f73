"""The statements that decide a batch: compiled once of a program and the tables that it finds, and kept on disk.

What is kept is known by the documents, the code, and the columns in which `?` may stand.
A bundle is compiled in one go, since the names of its tables are numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TypeVar

from cohort.clashes import CLASHING, clashing_cases
from cohort.disputes import Disputes, DisputesOfChoice
from cohort.instances import recording
from cohort.output import CODE
from cohort.program import CohortProgram
from cohort.searches import Search, Way
from cohort.verdicts import Judge
from kb.engines.sql.kept import kept
from kb.engines.sql.plan import DIALECT, Step
from kb.engines.sql.schema import Table, made_of
from kb.language import cache

T = TypeVar("T")
Stated = Mapping[str, Table]


@dataclass(frozen=True)
class Statements:
    """What decides a program's cases: models, whose records contradict themselves, verdicts; and a record of proofs."""

    models: tuple[Step, ...]
    clashes: tuple[Step, ...]
    verdicts: tuple[Step, ...]
    recording: tuple[Step, ...]


@dataclass(frozen=True)
class Disputing:
    """What decides those that contradict themselves: the same, by what nobody disputes, and which answers depend on it."""

    models: tuple[Step, ...]
    searches: tuple[Search, ...]
    verdicts: tuple[Step, ...]


def compiled(program: CohortProgram) -> Statements:
    """The statements of a program, without a record of proofs: that is a sixth of the work."""
    perfect, tables = program.perfect
    clashes = made_of(CLASHING, clashing_cases(program.program, tables, program.searched))
    judge = Judge(program)
    verdicts = (*program.bounds[0], *judge.asking, *judge.verdicts)
    return Statements(perfect, (Step(clashes.sql(DIALECT)),), verdicts, ())


def compiled_with_record(program: CohortProgram) -> Statements:
    """The same with the record."""
    return replace(compiled(program), recording=tuple(recording(program)))


def disputing(program: CohortProgram) -> Disputing:
    """The statements for the cases of a program that contradict themselves."""
    program = replace(program, contradicting=True)
    judge = Judge(program)
    models = (*program.perfect[0], *program.bounds[0], *judge.asking)
    disputes = [Disputes(program, program.evaluated, judge.roots)]
    if judge.may_conflict:
        for each in (each for chosen in judge.readings.values() for each in chosen):
            roots = each.roots(judge.roots)
            disputes.append(DisputesOfChoice(program, each.choice.evaluated, roots, disputes[0], each.kinds))
    return Disputing(models, tuple(each.search for each in disputes), judge.verdicts)


@dataclass
class Compiling:
    """The statements of each program, made when first needed and again only when `?` turns up in another column."""

    recorded: bool
    """Whether a record of proofs is kept."""
    directory: Path | None = field(default_factory=cache.default_directory)
    _statements: dict[int, tuple[Stated, Statements]] = field(default_factory=dict)
    _disputing: dict[int, tuple[Stated, Disputing]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def statements(self, number: int, program: CohortProgram) -> Statements:
        """The statements of a program over the given tables, or over tables in which more may be unknown."""
        make = compiled_with_record if self.recorded else compiled
        return self._made(self._statements, number, program, Statements, make)

    def disputing(self, number: int, program: CohortProgram) -> Disputing:
        """Those for the cases that contradict themselves."""
        return self._made(self._disputing, number, program, Disputing, disputing)

    def _made(
        self,
        known: dict[int, tuple[Stated, T]],
        number: int,
        program: CohortProgram,
        kind: type[T],
        make: Callable[[CohortProgram], T],
    ) -> T:
        with self._lock:
            before, made = known.get(number, ({}, None))
            if made is None or not _covers(before, program.stated):
                stated = _together(before, program.stated)
                program = replace(program, stated=stated)
                path = self._path(program, make.__name__)
                made = kept(path, kind, (Search, Way, Step), lambda: make(program))
                known[number] = stated, made
            return made

    def _path(self, program: CohortProgram, name: str) -> Path | None:
        """Where a bundle is kept: known by all that it depends on."""
        if self.directory is None:
            return None
        of = [name, repr(program.types), cache.code_digest(CODE), program.compiled.fingerprint]
        of += [f"{relation} {table}" for relation, table in program.stated.items()]
        of += sorted(program.searched)
        return self.directory / "sql" / f"{sha256(chr(0).join(of).encode()).hexdigest()[:40]}.json"


def _covers(made: Stated, stated: Stated) -> bool:
    def covers(old: Table, new: Table) -> bool:
        return old.name == new.name and all(a or not b for a, b in zip(old.unknown, new.unknown, strict=True))

    return made.keys() == stated.keys() and all(covers(made[name], table) for name, table in stated.items())


def _together(made: Stated, stated: Stated) -> dict[str, Table]:
    def both(name: str, table: Table) -> Table:
        old = made[name].unknown if name in made else table.unknown
        return replace(table, unknown=tuple(a or b for a, b in zip(old, table.unknown, strict=True)))

    return {name: both(name, table) for name, table in stated.items()}
