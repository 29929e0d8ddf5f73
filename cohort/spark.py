"""A cohort on a Spark cluster: each task decides batches with the embedded engine, over storage that all machines share.

The rules are local to a case, so a cluster has nothing to exchange: there is no shuffle,
and every machine runs the very statements that one machine runs. A part is written under
its own name and counts once its account is there, so that a task may run twice.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cohort.batch import Batch, Setup
from cohort.tasks import Task, decide_part

_TASKS_PER_CORE = 4
_SECONDS_TO_ANSWER, _SECONDS_WITHOUT_WORKER = 10, 30
_LOG = logging.getLogger(__name__)


class NoSpark(Exception):
    """Spark cannot be reached, or is not installed; the message says what to do."""


class Cluster:
    """A Spark cluster, which is called when there is the first work for it. Raises NoSpark."""

    def __init__(self, master: str) -> None:
        self._master = master
        self._context: Any = None

    def decide(self, setup: Setup, tasks: Iterable[Task], heard: Callable[[], None]) -> None:
        """Decides every task; `heard` is called about once a second.

        Raises NoSpark. After KeyboardInterrupt the cluster's job is cancelled.
        """
        context = self._context = self._context or _context(self._master)
        tasks = list(tasks)

        def job() -> None:
            shared = context.broadcast(setup)

            def work(part: Iterable[Task]) -> Iterator[int]:
                batch = Batch(shared.value)
                for share, path in part:
                    decide_part(batch, share, Path(path), stop_on_error=False)
                    yield 1

            slices = min(len(tasks), _TASKS_PER_CORE * int(context.defaultParallelism))
            context.parallelize(tasks, max(1, slices)).mapPartitions(work).count()

        _waited(context, job, heard)

    def close(self) -> None:
        """Lets go of the cluster."""
        if self._context is not None:
            self._context.stop()


def _waited(context: Any, action: Callable[[], object], heard: Callable[[], None]) -> None:
    """Runs a job in a thread: so Ctrl-C reaches us, and not the middle of a call to the cluster."""
    failed: list[BaseException] = []

    def body() -> None:
        try:
            action()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    seconds = 0
    try:
        while thread.is_alive():
            thread.join(1)
            heard()
            seconds += 1
            if seconds == _SECONDS_WITHOUT_WORKER and not _has_worker(context):
                _LOG.warning("no worker of %s has taken the work yet: is one registered, with a free core?", context.master)
    except KeyboardInterrupt:
        context.cancelAllJobs()
        thread.join(30)
        raise
    if failed:
        raise NoSpark(f"the cluster gave up: {_reason(failed[0])}") from failed[0]


def _has_worker(context: Any) -> bool:
    """Whether anybody but the driver is there to work; where the driver itself works, it is."""
    try:
        executors = context._jsc.sc().statusTracker().getExecutorInfos()
    except Exception:
        return True  # Who cannot be asked has ended, and the job tells why.
    return str(context.master).startswith("local") or len(executors) > 1


def _context(master: str) -> Any:
    try:
        from pyspark import SparkConf, SparkContext
    except ImportError as error:
        raise NoSpark(
            "pyspark is not installed; `pip install 'medproof[spark]'` brings it, and Java has to be there"
        ) from error
    # The machines run the Python of this name; which one decides nothing but that medproof is installed for it.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    conf = SparkConf().setMaster(master).setAppName("medproof").set("spark.ui.showConsoleProgress", "false")
    conf = conf.set("spark.scheduler.minRegisteredResourcesRatio", "1.0")
    answer = signal.getsignal(signal.SIGINT)
    _knock(master)
    try:
        context = SparkContext(conf=conf)
    except Exception as error:
        raise NoSpark(f"there is no Spark at `{master}`: {_reason(error)}") from error
    context.setLogLevel("ERROR")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, answer)  # pyspark's own handler calls the cluster from within a call
    return context


def _knock(master: str) -> None:
    """Spark itself asks a master for a minute, and then tells what failed after that; raises NoSpark when none is there."""
    if not master.startswith("spark://"):
        return
    refusals = []
    for place in master.removeprefix("spark://").split(","):
        host, _, port = place.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _SECONDS_TO_ANSWER).close()
        except ValueError:
            refusals.append(f"`{place}` is no place of a master, as in spark://host:7077")
        except OSError as error:
            refusals.append(f"nothing answers at {place} ({error.strerror or error})")
        else:
            return
    raise NoSpark(f"there is no Spark at `{master}`: {'; '.join(refusals)}")


def _reason(error: BaseException) -> str:
    """The last thing that went wrong, of Spark's many lines."""
    lines = [line.strip() for line in str(error).splitlines() if "Error" in line or "Exception" in line]
    return lines[-1] if lines else str(error).split("\n")[0]
