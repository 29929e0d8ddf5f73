"""Python's garbage collector, called less often: what a command reads and concludes stays until it ends."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = (100_000, 20, 20)
"""The thresholds of its generations."""


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """What is there stays to the end: the collector need not look through it again and again."""
    threshold = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()
