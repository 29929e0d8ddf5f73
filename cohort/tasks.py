"""The tasks of deciding a book of cases: each a share of them, whose part counts once its account is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from cohort.batch import Batch, Outcome, Setup
from cohort.book import Share
from cohort.implausible import all_together
from cohort.live import Stopped
from cohort.output import CohortProblem
from cohort.parts import note_done, remove
from cohort.rejects import Reject, shown
from kb.engines.model import EvaluationError

Task = tuple[Share, str]
"""A share of the cases, and where its part is written."""


def on_this_machine(
    setup: Setup, tasks: Iterable[Task], workers: int, stop_on_error: bool, tell: Callable[[], None]
) -> None:
    """Decides the tasks with a thread for each worker; whatever fails stops the others. About once a second it `tell`s."""
    batch = Batch(setup)
    with ThreadPoolExecutor(workers) as pool:
        pending = {pool.submit(decide_part, batch, share, Path(part), stop_on_error) for share, part in tasks}
        try:
            while pending:
                finished, pending = wait(pending, timeout=1, return_when=FIRST_COMPLETED)
                for future in finished:
                    future.result()
                tell()
        except BaseException:
            batch.live.stop()
            for future in pending:
                future.cancel()
            raise


def decide_part(batch: Batch, share: Share, part: Path, stop_on_error: bool) -> Outcome:
    """Decides a share; where a rule cannot be computed for some case, it is halved until that case is alone."""
    try:
        outcome = batch.decide(share, part)
    except EvaluationError as error:
        if batch.live.stopped:
            raise Stopped from error
        remove(part)
        outcome = _halved(batch, share, part, error)
    if outcome.rejects and stop_on_error:
        raise Refused(outcome.rejects)
    note_done(part, outcome)
    return outcome


def _halved(batch: Batch, share: Share, part: Path, error: EvaluationError) -> Outcome:
    """Decides the halves of a share, of which one has the case for which a rule cannot be computed."""
    names = batch.setup.book.names(share)
    if len(names) == 1:
        reject = Reject("", 0, names[0], "", "", "", f"{error}")
        others = (each for each in batch.rejects(share) if each.case != names[0])
        return Outcome(0, 0, (reject, *others), {})
    middle = len(names) // 2
    first = replace(share, high=names[middle], cases=middle), f"{part.name}a"
    second = replace(share, low=names[middle], cases=len(names) - middle), f"{part.name}b"
    one, other = (decide_part(batch, half, part.with_name(name), False) for half, name in (first, second))
    return Outcome(
        one.cases + other.cases, one.contradicting + other.contradicting, (*one.rejects, *other.rejects),
        batch.setup.book.added((one.fired, other.fired)), all_together((*one.implausible, *other.implausible)),
    )  # fmt: skip


class Refused(CohortProblem):
    """Rows that cannot be taken, at which a run was to stop."""

    def __init__(self, rejects: tuple[Reject, ...]) -> None:
        first = list(shown(rejects[:10]))
        # Other batches were not looked at any more.
        more = [f"and {len(rejects) - 10} more, at least"] if len(rejects) > 10 else []
        hint = "mend them, or leave such cases out with --on-error skip"
        super().__init__("\n".join([*first, *more, hint]))
