"""The work of deciding a cohort: its batches, then those of the cases that contradict themselves; what is done is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cohort.batch import CONTRADICTING, HANDED, Outcome, Setup
from cohort.book import Book, Share
from cohort.files import finished_file
from cohort.output import Heard
from cohort.parts import is_done, outcome_of
from cohort.spark import Cluster
from cohort.tasks import on_this_machine
from facts.readers.tables import FactTable
from kb.engines.sql.schema import CASE_NUMBER, Types
from kb.language.program import Program


@dataclass(frozen=True)
class Settings:
    """How a cohort is decided.

    `payer` and `on` decide every case by that payer's documents, or those of that day.
    `stop_on_error`: the first row that cannot be taken stops the run; else its case is
    left out. `memory` is that of all workers together, in gigabytes; beyond it they write
    to disk. At most `batch` cases are decided at a time.
    """

    payer: str | None = None
    on: date | None = None
    stop_on_error: bool = False
    memory: float = 2.0
    workers: int = 0
    batch: int = 100_000
    proofs: bool = False
    """Whether the rule instances of each case are kept, from which its proofs are rebuilt."""
    master: str = ""
    """The Spark cluster that decides, such as `spark://host:7077`; else this machine does. There, `memory` is a task's."""


@dataclass(frozen=True)
class Run:
    """The work of one call: its parts stand in a directory, and those that are done are not decided again."""

    tables: tuple[FactTable, ...]
    vocabulary: Program
    work: Path
    settings: Settings
    cluster: Cluster
    heard: Heard

    def decided(self, book: Book) -> list[Outcome]:
        """Decides the cases of a book, and then those among them that contradict themselves."""
        parts = self._parts(book, _OF_ALL)
        done = self._done(book, parts, lambda cases: self.heard(cases, book.count))
        if not any(outcome.contradicting for outcome in done):
            return done
        named, handed = (
            sorted((self.work / "parts").glob(f"{_OF_ALL}*.{kind}.parquet")) for kind in (CONTRADICTING, HANDED)
        )
        left = book.contradictions(named, handed, self.work / "contradicting.parquet")
        before = book.count - left.count
        return done + self._done(
            left, self._parts(left, _OF_CONTRADICTING), lambda cases: self.heard(before + cases, book.count)
        )

    def _parts(self, book: Book, prefix: str) -> dict[Path, Share]:
        """The parts of a book, and the share of the cases that each has."""
        shares = book.shares(_size(self.work / f"{prefix}.size", book.count, self._workers, self.settings))
        return {self.work / "parts" / f"{prefix}{number:06d}": each for number, each in enumerate(shares)}

    def _done(self, book: Book, parts: Mapping[Path, Share], heard: Callable[[int], None]) -> list[Outcome]:
        pending = [(share, str(part)) for part, share in parts.items() if not is_done(part)]
        # No more than there is work for: the memory is shared out among them.
        workers = min(self._workers, max(1, len(pending)))
        memory = f"{self.settings.memory / (1 if self.settings.master else workers):.3f}GB"
        setup = Setup(
            book, self.tables, Types.of(self.vocabulary, CASE_NUMBER), self.vocabulary, memory, self.work / "spill",
            self.settings.proofs,
        )  # fmt: skip
        finished: dict[Path, Outcome] = {}

        def tell() -> None:
            finished.update({part: outcome_of(part) for part in parts if part not in finished and is_done(part)})
            heard(sum(parts[part].cases - outcome.contradicting for part, outcome in finished.items()))

        tell()
        if self.settings.master and pending:
            self.cluster.decide(setup, pending, tell)
        elif pending:
            on_this_machine(setup, pending, workers, self.settings.stop_on_error, tell)
        tell()
        return [finished[part] for part in parts]

    @property
    def _workers(self) -> int:
        return self.settings.workers or os.cpu_count() or 1


_OF_ALL, _OF_CONTRADICTING = "all", "contradicting"
"""With what the names of the parts begin."""
_LEAST = 10_000
"""Fewer cases than this take hardly less time than so many."""


def _size(chosen: Path, cases: int, workers: int, settings: Settings) -> int:
    """How many cases a batch has: no more than asked for, and as few as keep every worker busy.

    A run that goes on has the batches of the one before it (`chosen`), whatever workers there are now.
    """
    if not chosen.exists():
        each = max(_LEAST, -(-cases // workers))
        with finished_file(chosen) as building:
            building.write_text(str(settings.batch if settings.master else min(settings.batch, each)), encoding="utf-8")
    return int(chosen.read_text(encoding="utf-8"))
