"""Work on many items, shared out among processes that all have the same documents."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from kb.collector import collecting_rarely
from kb.library import Library

T = TypeVar("T")
Item = TypeVar("Item")
_ITEMS_PER_PROCESS = 20
"""Starting a process costs as much as deciding about so many cases."""


class Killed(Exception):
    """A process was ended from outside, as for want of memory."""

    def __str__(self) -> str:
        return "a process was killed, perhaps for want of memory; try again with fewer, such as -j 1"


def shared_out(
    work: Callable[[Library, list[Item]], T],
    base: Library,
    items: list[Item],
    processes: int = 0,
    most: int = 0,
) -> Iterator[T]:
    """What some work makes of items that take about as long as deciding a case, part by part and in their order.

    Many are shared out among processes (0: as many as there are processors), each of
    which gets the documents. Each has two parts at least, and a part `most` items at most.
    Raises Killed.
    """
    wanted = min(processes or os.cpu_count() or 1, len(items) // _ITEMS_PER_PROCESS)
    size = max(1, min(most or len(items), -(-len(items) // (2 * max(1, wanted)))))
    parts = [items[start : start + size] for start in range(0, len(items), size)]
    if wanted < 2:
        with collecting_rarely():
            yield from (work(base, part) for part in parts)
        return
    with ProcessPoolExecutor(wanted, initializer=_begin, initargs=(base,)) as pool:
        try:
            yield from pool.map(_there, [work] * len(parts), parts)
        except BrokenProcessPool as error:
            raise Killed from error


_own: Library | None = None
"""In a process of its own: the documents of the one who started it, which a forked process has, and others are sent."""


def _begin(base: Library) -> None:
    global _own
    _own = base
    # Ctrl-C reaches every process of a terminal; the one who started the others ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _there(work: Callable[[Library, list[Item]], T], some: list[Item]) -> T:
    assert _own is not None
    with collecting_rarely():
        return work(_own, some)
