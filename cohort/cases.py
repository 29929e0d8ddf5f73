"""One case of a cohort, opened as a chart by its name."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from cohort.decide import ACCOUNT, CohortProblem, vocabulary
from cohort.summary import read_account
from facts.readers.records import chart_of
from facts.readers.tables import fact_tables
from kb.language.documents import Document
from kb.library import Library


def open_case(base: Library, source: Path, case: str) -> Document:
    """The chart of a case, from tables of facts or from the tables behind a decided cohort.

    Raises BadTables, CohortProblem when there is no such case.
    """
    tables_at = Path(read_account(source)["source"]) if (source / ACCOUNT).exists() else source
    with TemporaryDirectory() as work:
        tables = fact_tables(tables_at, vocabulary(base).predicates, Path(work))
        found = chart_of(tables, case)
    if found is None:
        raise CohortProblem(f"no table of `{tables_at}` says anything of a case `{case}`; names are taken letter by letter")
    return found
