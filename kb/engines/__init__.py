"""Program and facts to a Model, by one of several engines behind one small protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from kb.engines.model import Model
from kb.language.program import Program
from kb.language.values import Row


class Engine(Protocol):
    """Evaluates a program: the perfect model of its rules over the given relations.

    `wanted` names the relations that are asked for; only what they depend on is
    evaluated. `seconds` bounds the time. Raises EvaluationError (a number out of
    its range, the time used up), with the rule at fault.
    """

    def __call__(
        self,
        program: Program,
        relations: Mapping[str, Iterable[Row]],
        wanted: Iterable[str] | None = None,
        seconds: float | None = None,
    ) -> Model:
        """The model."""


def engine(name: str = "pydatalog") -> Engine:
    """The engine of that name; raises KeyError."""
    return _ENGINES[name]()


def _pydatalog() -> Engine:
    from kb.engines.pydatalog import evaluate

    return evaluate


def _duckdb() -> Engine:
    from kb.engines.duckdb import evaluate

    return evaluate


_ENGINES: dict[str, Callable[[], Engine]] = {"pydatalog": _pydatalog, "duckdb": _duckdb}
