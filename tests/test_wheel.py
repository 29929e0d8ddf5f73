"""The wheel carries everything: installed in an empty environment, it decides the reference case from elsewhere."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_wheel_decides_the_reference_case(tmp_path: Path) -> None:
    wheels, home = tmp_path / "wheels", tmp_path / "home"
    home.mkdir()
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(wheels), str(ROOT)], check=True, cwd=tmp_path)
    venv.create(tmp_path / "venv", with_pip=True)
    binary = tmp_path / "venv" / "bin"
    [wheel] = wheels.glob("medproof-*.whl")
    subprocess.run([binary / "python", "-m", "pip", "install", "--quiet", str(wheel)], check=True, cwd=home)
    found = subprocess.run(
        [binary / "medproof", "decide", "reference"],
        cwd=home,
        env={"HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "SUPPORTS APPROVAL" in found.stdout
    assert found.stderr == ""
    for name in ("case.html", "case.json", "case.svg"):
        explained = [str(binary / "medproof"), "explain", "reference", "A4", "-o", name]
        subprocess.run(explained, cwd=home, env={"HOME": str(home)}, capture_output=True, check=True)
        assert (home / name).stat().st_size > 1000
    verified = [str(binary / "medproof"), "verify", "case.json"]
    found = subprocess.run(verified, cwd=home, env={"HOME": str(home)}, capture_output=True, text=True, check=True)
    assert "the proof holds" in found.stdout
