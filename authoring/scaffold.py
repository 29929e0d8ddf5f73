"""New documents to begin with: a policy, a case, a lint rule. A policy or case passes every check as it stands."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from authoring.lint import NAMES
from facts.opening import CaseProblem
from kb.language.printer import value_source

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,
)
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def new_policy(name: str, payer: str, directory: Path, today: date) -> Path:
    """A policy of a payer with one criterion and its tests; raises CaseProblem when the file is there, or a name is none."""
    values = {"id": _checked(name), "payer": _checked(payer), "version": today.strftime("%Y-%m"), "today": today.isoformat()}
    return _written(directory / f"{name}.md", "policy.md", values)


def new_case(name: str, payer: str, directory: Path, today: date) -> Path:
    """A chart that requests a discectomy; raises as `new_policy` does."""
    values = {"id": _checked(name), "payer": _checked(payer), "today": today.isoformat()}
    values |= {"name": value_source(name), "payer_value": value_source(payer)}
    return _written(directory / f"{name}.md", "case.md", values)


def new_lint_rule(name: str, root: Path) -> tuple[Path, Path]:
    """The module and the page of a lint rule, in a checkout of medproof; raises as `new_policy` does."""
    if _checked(name) in NAMES:
        raise CaseProblem(f"there is a lint rule `{name}` already")
    if not (root / "authoring" / "lint").is_dir():
        raise CaseProblem("a lint rule is part of medproof; go to a checkout of it, or name it with --into")
    module = root / "authoring" / "lint" / f"{name.replace('-', '_')}.py"
    return (
        _written(module, "lint_rule.py.txt", {"id": name}),
        _written(root / "docs" / "lint" / f"{name}.md", "lint_page.md", {"id": name}),
    )


def _checked(name: str) -> str:
    if not _ID.fullmatch(name):
        raise CaseProblem(f"`{name}` is no name here; write lower-case words with `-` between, such as `acme-spine`")
    return name


def _written(path: Path, template: str, values: dict[str, str]) -> Path:
    if path.exists():
        raise CaseProblem(f"{path} is there already, and stays as it is; choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_TEMPLATES.get_template(template).render(values), encoding="utf-8")
    return path
