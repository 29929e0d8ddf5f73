"""A Spark cluster on the loopback interface: a master and workers, each a process that a test can kill."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pyspark

_HOME = Path(pyspark.__file__).parent
_HERE = "127.0.0.1"
_LOG = """rootLogger.level = info
rootLogger.appenderRef.c.ref = c
appender.c.type = Console
appender.c.name = c
appender.c.target = SYSTEM_ERR
appender.c.layout.type = PatternLayout
appender.c.layout.pattern = %p %c{1}: %m%n
"""


class Cluster:
    """The processes, and where they write."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        conf = directory / "conf"
        conf.mkdir()
        (conf / "log4j2.properties").write_text(_LOG, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SPARK_", "PYSPARK_"))}
        options = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dspark.master.rest.enabled=false"
        self.environment = kept | {
            "SPARK_HOME": str(_HOME), "SPARK_CONF_DIR": str(conf), "SPARK_LOCAL_IP": _HERE, "SPARK_LOCAL_HOSTNAME": _HERE,
            "SPARK_DAEMON_MEMORY": "256m", "SPARK_NO_DAEMONIZE": "1", "SPARK_DAEMON_JAVA_OPTS": options,
            "PYSPARK_PYTHON": sys.executable,
        }  # fmt: skip

    def begin(self, workers: int) -> None:
        """Starts the master and the workers, and waits until they know one another."""
        self._start("master", "master.Master", "--host", _HERE, "--port", "0", "--webui-port", "0")
        self.url = self._logged("master", r"Starting Spark master at (spark://\S+)")
        page = self._logged("master", r"Successfully started service 'MasterUI' on port (\d+)")
        for number in range(workers):
            self._start(
                f"worker{number}", "worker.Worker", "--host", _HERE, "--port", "0", "--webui-port", "0", "--cores", "1",
                "--memory", "1g", "--work-dir", str(self.directory / f"work{number}"), self.url,
            )  # fmt: skip
        deadline = time.monotonic() + 90
        while self._alive(page) < workers:
            assert time.monotonic() < deadline, "the workers did not register"
            time.sleep(0.1)

    def _start(self, name: str, kind: str, *arguments: str) -> None:
        with (self.directory / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [str(_HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind}", *arguments],
                env=self.environment | {"SPARK_LOCAL_DIRS": str(self.directory / "local" / name)},
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.directory, start_new_session=True,
            )  # fmt: skip

    def _logged(self, name: str, pattern: str) -> str:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and self.processes[name].poll() is None:
            found = re.search(pattern, (self.directory / f"{name}.log").read_text(encoding="utf-8", errors="replace"))
            if found:
                return found[1]
            time.sleep(0.1)
        raise RuntimeError((self.directory / f"{name}.log").read_text(encoding="utf-8", errors="replace"))

    @staticmethod
    def _alive(port: str) -> int:
        # The server answers before its pages are there.
        with suppress(HTTPError), build_opener(ProxyHandler({})).open(f"http://{_HERE}:{port}/json/", timeout=5) as page:
            return int(json.load(page)["aliveworkers"])
        return 0

    def tree(self, name: str) -> list[int]:
        """A process with all that it started: of a worker its executor, and the Python processes of that."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                    children.setdefault(parent, []).append(int(entry.name))
        found, pending = list[int](), [self.processes[name].pid]
        while pending:
            found.append(pending.pop())
            pending += children.get(found[-1], [])
        return found

    def kill(self, name: str) -> None:
        """As if the machine were gone, with all that it had on its disk."""
        for pid in self.tree(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.processes[name].wait(10)
        shutil.rmtree(self.directory / "local" / name, ignore_errors=True)

    def end(self) -> None:
        """Stops everything."""
        pids = [pid for name, process in self.processes.items() if process.poll() is None for pid in self.tree(name)]
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def cluster(workers: int) -> Iterator[Cluster]:
    """A cluster that is there for a while."""
    directory = Path(tempfile.mkdtemp(prefix="spark-"))
    made = Cluster(directory)
    try:
        made.begin(workers)
        yield made
    finally:
        made.end()
        shutil.rmtree(directory, ignore_errors=True)
