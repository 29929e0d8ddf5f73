"""How much each lint rule matters, as a project's `medproof.yaml` says."""

from __future__ import annotations

from pathlib import Path

import yaml

from authoring.lint import LEVELS, NAMES
from facts.opening import CaseProblem
from kb.language.diagnostics import nearest
from kb.library import read_text

DEFAULT = Path("medproof.yaml")


def levels(path: Path | None = None) -> dict[str, str]:
    """The levels that a file sets under `lint`; raises CaseProblem, UnreadableFile."""
    if path is None and not DEFAULT.exists():
        return {}
    path = path or DEFAULT
    try:
        data = yaml.safe_load(read_text(path)) or {}
    except yaml.YAMLError as error:
        raise CaseProblem(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    unknown = [key for key in data if key != "lint"] if isinstance(data, dict) else []
    if unknown:
        raise CaseProblem(f"{path}: `{unknown[0]}` is not known here; write `lint: {{RULE: LEVEL}}`")
    said = data.get("lint", {}) if isinstance(data, dict) else None
    if not isinstance(said, dict):
        raise CaseProblem(f"{path}: `lint` is no list of rules with levels; write `lint: {{unused-predicate: off}}`")
    found: dict[str, str] = {}
    for name, level in said.items():
        level = "off" if level is False else level  # YAML reads a bare `off` as false
        if name not in NAMES:
            raise CaseProblem(f"{path}: there is no lint rule `{name}`; {nearest(str(name), NAMES) or ', '.join(NAMES)}")
        if level not in LEVELS:
            raise CaseProblem(f"{path}: `{level}` is no level of `{name}`; the levels are: {', '.join(LEVELS)}")
        found[name] = level
    return found
