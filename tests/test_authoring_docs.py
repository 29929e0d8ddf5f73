"""The tutorial of docs/authoring.md, done as it says: every command is run, every edit is made."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

import medproof
from cli import main

DOCS = Path(__file__).parent.parent / "docs" / "authoring.md"
_BLOCK = re.compile(r"^(`{3,})(\S+)([^\n]*)\n(.*?)^\1$", flags=re.DOTALL | re.MULTILINE)


def steps() -> Iterator[tuple[str, str, str]]:
    """The blocks of the tutorial: their kind, what follows it, their text."""
    for match in _BLOCK.finditer(DOCS.read_text(encoding="utf-8")):
        yield match[2], match[3].strip(), match[4].replace("TODAY", date.today().isoformat())


def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target, old, commands = Path(), "", 0
    for kind, more, text in steps():
        if more.startswith("append"):
            target = Path(more.split()[1])
            target.write_text(target.read_text(encoding="utf-8") + text, encoding="utf-8")
        elif more.startswith("replace"):
            target, old = Path(more.split()[1]), text
        elif more == "with":
            content = target.read_text(encoding="utf-8")
            assert old in content
            target.write_text(content.replace(old, text, 1), encoding="utf-8")
        elif kind == "sh":
            for command in text.splitlines():
                done = CliRunner().invoke(main, shlex.split(command.removeprefix("medproof ")))
                assert done.exit_code == (1 if more == "exit 1" else 0), f"{command}\n{done.output}"
                commands += 1
    assert commands > 15


def test_the_declarations_that_it_shows_are_without_mistakes(tmp_path: Path) -> None:
    shown = [text for kind, more, text in steps() if kind == "datalog" and not more]
    for number, text in enumerate(shown):
        path = tmp_path / f"shown-{number}.md"
        path.write_text(f"---\nid: shown-{number}\nkind: reference\n---\n\n```datalog\n{text}```\n", encoding="utf-8")
        assert medproof.check([path]).diagnostics == ()
    assert len(shown) == 2


def test_a_scaffold_is_not_written_over_a_file(tmp_path: Path) -> None:
    arguments = ["new", "policy", "acme-spine", "--payer", "acme", "--into", str(tmp_path)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_a_new_lint_rule_has_a_module_and_a_page(tmp_path: Path) -> None:
    (tmp_path / "authoring" / "lint").mkdir(parents=True)
    done = CliRunner().invoke(main, ["new", "lint-rule", "long-rule", "--into", str(tmp_path)])
    assert done.exit_code == 0
    assert (tmp_path / "docs" / "lint" / "long-rule.md").read_text(encoding="utf-8").startswith("# long-rule\n")
    compile((tmp_path / "authoring" / "lint" / "long_rule.py").read_text(encoding="utf-8"), "long_rule.py", "exec")
