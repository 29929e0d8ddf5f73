"""The commands and code in README and docs do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def blocks(name: str, language: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["README.md", "docs/python.md"])
def test_python_in_the_documents_runs(name: str) -> None:
    found = blocks(name, "python")
    assert found
    for code in found:
        result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/language.md", "docs/json.md", "docs/python.md"])
def test_links_lead_to_files(name: str) -> None:
    page = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_picture_of_the_result_in_the_readme_is_what_is_printed() -> None:
    from click.testing import CliRunner

    import cli

    printed = CliRunner().invoke(cli.main, ["decide", "reference"], env={"COLUMNS": "80"}).output.splitlines()
    [picture] = blocks("README.md", "text")
    shown = [line for line in picture.splitlines()[1:] if line.strip() and line.strip() != "..."]
    assert [line for line in shown if line not in printed] == []
