"""What tests in several files begin with."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from kb.collector import SELDOM
from tests.cohorts import tables

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync"]  # fmt: skip


def pytest_configure() -> None:
    """Looks for garbage as rarely as the commands do."""
    gc.set_threshold(*SELDOM)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; .ci/run installs it")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET)
        yield found
        found.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three small cases of the county's, as tables."""
    return tables(tmp_path / "facts")
