"""The directory of a decided cohort: which files it holds, and its account of how it came about."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from glob import escape
from hashlib import sha256
from pathlib import Path

from cohort.implausible import Implausible
from facts.opening import CaseProblem
from kb.language.cache import code_digest

DECISIONS, CRITERIA, REJECTS = "decisions.parquet", "criteria.parquet", "rejects.parquet"
INSTANCES = "instances.parquet"
"""There only if proofs were asked for."""
FACTS = "facts"
"""Where then the tables are kept, if they were read from other forms than Parquet."""
_ACCOUNT = "account.json"
READINGS = "STRUCT(readings TEXT, verdict TEXT)[]"
"""What each choice of readings makes of a question on which they differ."""
COLUMNS = {
    DECISIONS: '"case" TEXT, question TEXT, item TEXT, verdict TEXT, certain BOOLEAN, contradictions TEXT[],'
    f" readings {READINGS}, payer TEXT, policies TEXT[]",
    CRITERIA: '"case" TEXT, question TEXT, item TEXT, criterion TEXT, status TEXT',
}
"""The columns of the tables that are always there."""


CODE = ("kb", "facts", "explain", "cohort")
"""The code on which verdicts depend."""
Heard = Callable[[int, int], None]
"""Is told how many of how many are done."""


class CohortProblem(CaseProblem):
    """A cohort that cannot be decided or read as asked, and what to do."""


@dataclass(frozen=True)
class Told:
    """What a decided cohort tells of itself.

    `state` is that of its tables then, which may be `kept` beside its proofs; `code` the
    digest of the code that decided; `payer` and `on` are those that every case was decided
    under, if not its own; `documents` the digests of the documents that decided, by id;
    `fired` counts what each rule concluded, `implausible` what is so in the records.
    """

    source: str
    state: str
    kept: bool
    code: str
    payer: str | None
    on: date | None
    documents: Mapping[str, str]
    notes: tuple[str, ...]
    cases: int
    rejected: int
    fired: Mapping[str, int]
    implausible: tuple[Implausible, ...]

    @cached_property
    def is_unchanged(self) -> bool:
        """Whether the tables at hand are those that were decided, and what reads them is the same too."""
        return self.code == code_digest(CODE) and (self.kept or self.has_same_source)

    @cached_property
    def has_same_source(self) -> bool:
        """Whether the tables are known to be still what they were where they came from."""
        return bool(self.state) and self.state == state_of(Path(self.source))

    def write(self, directory: Path) -> None:
        """Writes it into the directory."""
        data = {**asdict(self), "on": self.on.isoformat() if self.on else None}
        (directory / _ACCOUNT).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def state_of(source: Path) -> str:
    """What tells whether files changed: a hash of their names, sizes and times of change; nothing for what is no file.

    What was last written to a database may stand in a log beside it (`facts.db-wal`,
    `facts.duckdb.wal`); reading one leaves an empty log.
    """
    if source.is_dir():
        there = [(str(each.relative_to(source)), each.stat()) for each in sorted(source.rglob("*")) if each.is_file()]
    else:
        files = [source, *sorted(source.parent.glob(f"{escape(source.name)}[-.]wal"))]
        there = [(each.name, each.stat()) for each in files if each.exists() and (each == source or each.stat().st_size)]
    stats = [f"{name} {found.st_size} {found.st_mtime_ns}" for name, found in there]
    return sha256("\n".join(stats).encode()).hexdigest() if stats else ""


def is_decided(directory: Path) -> bool:
    """Whether a directory is that of a decided cohort."""
    return (directory / _ACCOUNT).exists()


def told(directory: Path) -> Told:
    """What a decided cohort tells of itself; raises CohortProblem when the directory holds none."""
    if not is_decided(directory):
        raise CohortProblem(
            f"`{directory}` is no decided cohort: it has no {_ACCOUNT}; `medproof cohort FACTS -o DIR` makes one"
        )
    try:
        data = json.loads((directory / _ACCOUNT).read_text(encoding="utf-8"))
        on = date.fromisoformat(data.pop("on")) if data["on"] else data.pop("on")
        implausible = tuple(Implausible(**each) for each in data["implausible"])
        return Told(**{**data, "on": on, "notes": tuple(data["notes"]), "implausible": implausible})
    except (ValueError, KeyError, TypeError) as error:
        hint = "it was written by another version of medproof, or changed; decide the cohort again"
        raise CohortProblem(f"`{directory / _ACCOUNT}` cannot be read: {hint}") from error
