"""The linter: what is no mistake, and hardly meant. One module for each rule, with a page of its own in `docs/lint/`.

A false positive is worse than a miss: a rule speaks up only where a careful author
would want to know. `% allow NAME: REASON` on a line, or on the one above, silences a
rule there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module

from authoring.lint.bench import Bench, Found

NAMES = (
    "unused-predicate",
    "duplicate-rule",
    "subsumed-rule",
    "unreachable-rule",
    "unconcluded-predicate",
    "impossible-comparison",
    "approves-and-refuses",
    "silence-or-absence",
    "undirected-date-difference",
    "threshold-without-unit",
    "rule-without-passage",
    "unsupplied-fact",
    "out-of-effect",
    "criterion-without-test",
    "test-without-expectation",
    "idle-remark",
)
"""The rules, each a module of that name with `_` for `-`; reports keep this order at one place."""

LEVELS = ("error", "warning", "info", "off")
ALLOW = re.compile(r"%\s*allow\s+([a-z-]+):\s*(\S.*)")


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """What a rule found, and where."""

    file: str
    line: int
    rule: str
    level: str
    message: str
    hint: str
    source_line: str
    fix: tuple[int, int] | None = field(default=None, compare=False)
    """What `--fix` takes out: see `authoring.lint.bench.Found`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A lint rule: its name, its level unless configured, what it is for, and its check."""

    name: str
    level: str
    summary: str
    check: Callable[[Bench], Iterator[Found]]


def rules() -> tuple[Rule, ...]:
    """All rules, in order."""
    return tuple(rule(name) for name in NAMES)


def rule(name: str) -> Rule:
    """The rule of a name."""
    module = import_module(f"authoring.lint.{name.replace('-', '_')}")
    summary = (module.__doc__ or "").strip().split("\n")[0]
    return Rule(name, module.LEVEL, summary, module.check)


def lint(bench: Bench, levels: Mapping[str, str] | None = None) -> tuple[Violation, ...]:
    """What the rules find in the documents of a bench, sorted by place; `levels` says which matter how much."""
    found: set[Violation] = set()
    for each in rules():
        level = (levels or {}).get(each.name, each.level)
        if level != "off":
            found.update(_violations(bench, each, level))
    return tuple(sorted(found))


def found_by(bench: Bench, name: str) -> tuple[Found, ...]:
    """What a rule finds, with what comments allow; each rule looks once at a bench."""
    if name not in bench.looked:
        bench.looked[name] = tuple(rule(name).check(bench))
    return bench.looked[name]


def _violations(bench: Bench, rule: Rule, level: str) -> Iterable[Violation]:
    for one in found_by(bench, rule.name):
        lines = one.document.lines
        source = lines[one.line - 1] if 0 < one.line <= len(lines) else ""
        if not _is_allowed(lines, one.line, rule.name):
            yield Violation(one.document.name, one.line, rule.name, level, one.message, one.hint, source, one.fix)


def _is_allowed(lines: tuple[str, ...], line: int, name: str) -> bool:
    here = lines[max(0, line - 2) : line]
    return any(match[1] == name for each in here if (match := ALLOW.search(each)))
