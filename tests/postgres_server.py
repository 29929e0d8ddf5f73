"""A PostgreSQL server of a test's own, which nobody reaches but through a socket in its directory."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
USER = "postgres"


@contextmanager
def server() -> Iterator[Path]:
    """The directory of a server that is there for a while; its one user is `postgres`, as its database is."""
    assert _PROGRAMS, "no PostgreSQL on this machine; .ci/run installs it"
    directory = Path(tempfile.mkdtemp(prefix="postgres-"))
    owner = USER if os.geteuid() == 0 else None  # It refuses to run as root.
    if owner:
        os.chown(directory, pwd.getpwnam(owner).pw_uid, -1)
    data, log = directory / "data", directory / "log"
    making = [str(_PROGRAMS[-1] / "initdb"), "-D", str(data), "-A", "trust", "-U", USER, "-E", "UTF8", "--no-sync"]
    subprocess.run(making, user=owner, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    running = [
        str(_PROGRAMS[-1] / "postgres"),
        "-D",
        str(data),
        "-k",
        str(directory),
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
    ]
    with log.open("wb") as told:
        process = subprocess.Popen(running, user=owner, cwd=directory, stdout=told, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        ready = [str(_PROGRAMS[-1] / "pg_isready"), "-q", "-h", str(directory), "-U", USER]
        while subprocess.run(ready, check=False).returncode:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield directory
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(directory, ignore_errors=True)
