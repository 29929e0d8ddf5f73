"""The YAML between `---` at the top of a document: what it is, from where, in force when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import PurePath
from typing import Any

from kb.language.diagnostics import Finding, nearest
from kb.language.syntax import Place

KINDS = ("payer-policy", "guideline", "criteria", "study", "determination", "reference")
REVIEW_STATES = ("submitted", "under-review", "approved")


@dataclass(frozen=True, slots=True)
class Meta:
    """What identifies a document. A chart has a `case`; every other document an `id`."""

    id: str
    title: str = ""
    case: str = ""
    kind: str = "reference"
    issuer: str = ""
    payer: str = ""
    version: str = ""
    effective: date | None = None
    retired: date | None = None
    source: str = ""
    review: str = "submitted"
    reviewed_by: str = ""
    reviewed_on: date | None = None
    records: str = ""

    @property
    def full_id(self) -> str:
        """The id with its version: `aetna-cpb-0743@2026-01`."""
        return f"{self.id}@{self.version}" if self.version else self.id

    @property
    def period(self) -> str:
        """When it is in force, in words."""
        if self.effective is None and self.retired is None:
            return "is in force on every day"
        until = f" until {self.retired}" if self.retired else ""
        return f"is in force from {self.effective or 'the beginning'}{until}"

    def in_force(self, on: date) -> bool:
        """Whether the document is in force on a day: from `effective`, up to the day before `retired`."""
        return (self.effective is None or self.effective <= on) and (self.retired is None or on < self.retired)


_KEYS = tuple(each.name for each in fields(Meta))
_DATES = ("effective", "retired")
_DECISIVE = ("id", "case", "kind", "payer", *_DATES)
"""What decides for whom and when a document counts."""
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def read(name: str, text: str) -> tuple[Meta, tuple[Finding, ...], int]:
    """The front matter, what is wrong with it, and the number of lines that it takes."""
    default = Meta(id=PurePath(name).stem)
    lines = text.split("\n")
    if lines[0].strip() != "---":
        return default, tuple(_out_of_place(lines)), 0
    try:
        end = next(row for row in range(1, len(lines)) if lines[row].strip() == "---")
    except StopIteration:
        finding = Finding(Place(1, 1, 3), "front-matter", "the front matter is not closed", "close it with `---`")
        return default, (finding,), 1
    data, findings = _load(lines[1:end])
    if data is None:
        # A chart stays a chart, so that its facts are not taken for a policy's.
        case = next((line.split(":", 1)[1].strip() for line in lines[1:end] if line.startswith("case:")), "")
        return replace(default, case=case), tuple(findings), end + 1
    findings += _repeated(lines[: end + 1])
    values: dict[str, Any] = {"id": default.id}
    for key, value in data.items():
        place = _place(lines, key)
        if key == "review":
            findings += _read_review(value, place, values)
        elif key not in _KEYS or key.startswith("reviewed"):
            findings.append(Finding(place, "front-matter", f"`{key}` is not a key of a front matter", _key_hint(key)))
        else:
            findings += _read_value(key, value, place, values)
    first, last = values.get("effective"), values.get("retired")
    if first is not None and last is not None and last <= first:
        message = f"it retires on {last}, and takes effect on {first}: it is never in force"
        findings.append(Finding(_place(lines, "retired"), "front-matter", message, "a document retires after its first day"))
    if values.get("kind") == "payer-policy" and not values.get("payer"):
        hint = "add `payer: NAME`; without it the document would hold for every payer"
        findings.append(Finding(_place(lines, "kind"), "front-matter", "a payer's policy names its payer", hint))
    if "case" in values and "id" not in data:
        values["id"] = values["case"]
    return Meta(**values), tuple(findings), end + 1


def _out_of_place(lines: list[str]) -> Iterator[Finding]:
    """What reads like a front matter, and is none, since its first `---` is missing or stands below."""
    row, first = next(((row, line) for row, line in enumerate(lines) if line.strip()), (0, ""))
    match = re.match(r"([a-z]+):( |$)", first)
    if first.strip() == "---":
        yield Finding(
            Place(row + 1, 1, 3), "front-matter", "the front matter begins below the first line", "remove what is above"
        )
    elif match and match[1] in _KEYS:
        place = Place(row + 1, 1, len(match[1]))
        yield Finding(
            place, "front-matter", f"`{match[1]}` stands in no front matter", "begin the document with a line `---`"
        )


def of_case(case: str, title: str) -> tuple[Meta, tuple[str, ...]]:
    """The front matter of a chart, and the lines in which `read` finds it."""
    lines = (f"{key}: {_scalar(value)}" for key, value in (("case", case), ("title", title)))
    return Meta(id=case, case=case, title=title), ("---", *lines, "---")


def _scalar(text: str) -> str:
    """A text as a double-quoted scalar of YAML, on one line."""
    if _NEEDS_NO_ESCAPE.fullmatch(text):
        return f'"{text}"'
    import yaml

    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf")).strip()


_NEEDS_NO_ESCAPE = re.compile(r"[ !#-\[\]-~]*")


def _load(lines: list[str]) -> tuple[dict[str, Any] | None, list[Finding]]:
    import yaml

    try:
        data = yaml.load("\n".join(lines), Loader=yaml.BaseLoader)  # texts only: `0743` stays `0743`
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(mark.line + 2, mark.column + 1) if mark else Place(1, 1, 3)
        message = f"the front matter is not YAML: {getattr(error, 'problem', error)}"
        return None, [Finding(place, "front-matter", message, "each line reads `key: value`; quote a value that has a `:`")]
    if not isinstance(data, dict):
        return None, [Finding(Place(1, 1, 3), "front-matter", "the front matter does not consist of `key: value` lines")]
    return {str(key): value for key, value in data.items()}, []


def read_date(text: str) -> date | None:
    """A day of the calendar written YYYY-MM-DD; None if it is none."""
    try:
        return date.fromisoformat(text) if re.fullmatch(_DAY, text) else None
    except ValueError:
        return None


def _place(lines: list[str], key: str) -> Place:
    for row, line in enumerate(lines):
        if line.startswith(f"{key}:"):
            return Place(row + 1, 1, len(key))
    return Place(1, 1, 3)


def _repeated(lines: list[str]) -> list[Finding]:
    """YAML takes the last of two equal keys without a word."""
    seen: set[str] = set()
    found = []
    for row, line in enumerate(lines):
        match = re.match(r"([A-Za-z_]+):", line)
        if match and match[1] in seen:
            place = Place(row + 1, 1, len(match[1]))
            found.append(Finding(place, "front-matter", f"`{match[1]}` is given twice", "remove one of the two"))
        seen |= {match[1]} if match else set()
    return found


def _key_hint(key: str) -> str:
    return "write `review: {status: …, by: …, on: …}`" if key.startswith("reviewed") else nearest(key, _KEYS)


def _read_value(key: str, value: Any, place: Place, values: dict[str, Any]) -> list[Finding]:
    if value == "":
        hint = "give one, or remove the line"
        return [Finding(place, "front-matter", f"`{key}` has no value", hint)] if key in _DECISIVE else []
    if key in _DATES:
        values[key] = read_date(str(value))
        if values[key] is not None:
            return []
        is_written_so = re.fullmatch(_DAY, str(value))
        hint = f"the calendar has no {value}" if is_written_so else "write it as YYYY-MM-DD"
        return [Finding(place, "front-matter", f"`{key}` is not a date", hint)]
    if isinstance(value, (dict, list)):
        return [Finding(place, "front-matter", f"`{key}` is not one value")]
    if key == "kind" and value not in KINDS:
        hint = nearest(str(value), KINDS) or f"one of {', '.join(KINDS)}"
        return [Finding(place, "front-matter", f"`{value}` is not a kind of document", hint)]
    values[key] = str(value)
    return []


def _read_review(value: Any, place: Place, values: dict[str, Any]) -> list[Finding]:
    if isinstance(value, str):
        value = {"status": value}
    if not isinstance(value, dict) or value.get("status") not in REVIEW_STATES:
        hint = f"write `review: {{status: submitted, by: NAME, on: DATE}}`; status is one of {', '.join(REVIEW_STATES)}"
        return [Finding(place, "front-matter", "`review` has no known status", hint)]
    if value.get("on") and read_date(str(value["on"])) is None:
        return [Finding(place, "front-matter", f"`{value['on']}` is not a date", "write `on:` as YYYY-MM-DD")]
    if value["status"] == "approved" and not (value.get("by") and value.get("on")):
        return [Finding(place, "front-matter", "an approved review says who approved and when", "add `by:` and `on:`")]
    values["review"] = value["status"]
    values["reviewed_by"] = str(value.get("by") or "")
    values["reviewed_on"] = read_date(str(value.get("on", "")))
    return []
