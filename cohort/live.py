"""The databases in memory that are at work, which can be stopped together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread
from time import sleep

import duckdb

from kb.engines.duckdb import BETWEEN_INTERRUPTS, SETTINGS


@dataclass
class Live:
    """The connections at work, which can be stopped together."""

    _connections: list[duckdb.DuckDBPyConnection] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    stopped: bool = False

    @contextmanager
    def connection(self, memory: str, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """A database in memory, for one batch and one processor."""
        config = {**SETTINGS, "threads": 1, "memory_limit": memory, "temp_directory": str(spill)}
        with duckdb.connect(config=config) as connection:
            with self._lock:
                if self.stopped:
                    raise Stopped
                self._connections.append(connection)
            try:
                yield connection
            finally:
                with self._lock:
                    self._connections.remove(connection)

    def stop(self) -> None:
        """Interrupts every connection until it ends, and lets none begin."""
        with self._lock:
            self.stopped = True
        Thread(target=self._interrupted, daemon=True).start()

    def _interrupted(self) -> None:
        while True:
            with self._lock:
                if not self._connections:
                    return
                for connection in self._connections:
                    connection.interrupt()
            sleep(BETWEEN_INTERRUPTS)


class Stopped(Exception):
    """Somebody asked to stop."""
