"""What to say of a statement that does not parse: known mistakes are recognised by what stands there."""

from __future__ import annotations

import re
import unicodedata

from lark.exceptions import UnexpectedInput, UnexpectedToken

# What authors of other languages write, and what to write here. Longest first.
_FOREIGN = (
    ("<-", "write `:-` between head and body"),
    ("<=>", "write two rules"),
    (":=", "write `=`"),
    ("==", "write `=`"),
    ("=<", "write `<=`"),
    ("=>", "write `>=`, or `:-` between head and body"),
    ("<>", "write `!=`"),
    ("\\+", "write `not`"),
    ("&&", "write `,` between premises"),
    ("&", "write `,` between premises"),
    ("!", "write `not`"),
    ("~", "write `not`"),
    (";", "write a second rule with the same head"),
    ("|", "write a second rule with the same head"),
    (":–", "write `:-` between head and body"),
    (":—", "write `:-` between head and body"),
    ("≥", "write `>=`"),
    ("≤", "write `<=`"),
    ("≠", "write `!=`"),
    ("“", 'a text stands in straight double quotes: `"..."`'),
    ("”", 'a text stands in straight double quotes: `"..."`'),
    ("‘", 'a text stands in straight double quotes: `"..."`'),
    ("’", 'a text stands in straight double quotes: `"..."`'),
    ("–", "write `-`"),
    ("—", "write `-`"),
    ("//", "a comment starts with `%`"),
    ("/", 'a grade such as 4/5 is written "4"; there is no division'),
    ("'", 'a text stands in double quotes: `"..."`'),
    ("[", "there are no lists; use one argument for each value"),
)

# Words of other languages, where a sign stands here.
_WORDS = {
    "and": "write `,` between premises",
    "or": "write a second statement",
    "if": "write `:-` between head and body",
    "is": "write `=`, or `!=` for `is not`",
    "in": "write a rule for each value",
    "not": "write `not` in small letters",
}
_UNIT = re.compile(r"(days?|weeks?|months?|years?|percent|degrees?|mm|cm|kg)\b", re.IGNORECASE)
_DECLARATIONS = "#domain #fact #pred #key #about #closed #planned #rare #goal #criterion #reading"
_AGGREGATES = "#count #sum #min #max"

_NAMES = {
    "NAME": "a lower-case name",
    "VARIABLE": "a variable",
    "STRING": "a quoted text",
    "NUMBER": "a number",
    "DOT": "`.`",
    "COMMA": "`,`",
    "RPAR": "`)`",
    "LPAR": "`(`",
    "RBRACE": "`}`",
    "COLON": "`:`",
    "FOR": "`for`",
}


def explain(text: str, offset: int, error: UnexpectedInput) -> tuple[str, str, tuple[int, int]]:
    """The sentence and the hint for a syntax error at an offset of a statement, and the span that they are about."""
    rest, before = text[offset:], text[:offset]
    token = str(error.token) if isinstance(error, UnexpectedToken) and error.token.type != "$END" else rest[:1]
    here = offset, offset + max(1, len(token))
    if rest.startswith('"') and '"' not in rest[1:].split("\n")[0]:
        return "this text is not closed", 'close it with `"` on the same line', here
    if match := re.search(r"(\d,\d+)(\s*\.)?$", before):
        hint = "a decimal has a point: `7.5`; put a blank after the comma between two values"
        return f"`{match[1]}` is not one number", hint, match.span(1)
    if rest.strip() in ("", "."):
        return "the statement ends too early", _of_percent(text) or _expected(error), here
    if written := _misplaced(text, before, here):
        start, end, hint = written
        return f"`{text[start:end]}` is not expected here", hint, (start, end)
    if rest[0].isspace():
        return "a special space is not expected here", "type a plain space in its place", here
    if (plain := unicodedata.normalize("NFKC", rest[0])) != rest[0] and plain.isascii() and plain.isprintable():
        return f"`{rest[0]}` is not expected here", f"type a plain `{plain}` in its place", here
    return (
        f"`{token}` is not expected here",
        _hint(before, token, rest) or _of_percent(before.rstrip()) or _expected(error),
        here,
    )


def _misplaced(text: str, before: str, here: tuple[int, int]) -> tuple[int, int, str] | None:
    """What belongs to another language and begins before the error, with its span and what to write."""
    offset = here[0]
    word = before.strip()
    if f"#{word}" in _DECLARATIONS.split():
        return len(before) - len(before.lstrip()), len(before.rstrip()), f"a declaration starts with `#`: `#{word}`"
    if match := re.search(r"\b(not)\s*$", before, re.IGNORECASE):
        in_head = not before[: match.start()].strip()
        denial = "of a fact that is documented as absent write `-`: `-fact(…)`"
        hint = denial if in_head else "`not` stands before one literal; for a comparison write the opposite one"
        return *match.span(1), hint if match[1] == "not" else _WORDS["not"]
    # The first character of a foreign sign may be one of ours: `==` fails at its second `=`.
    for start in (offset - 1, offset):
        for foreign, hint in _FOREIGN:
            if start >= 0 and len(foreign) > offset - start and text.startswith(foreign, start):
                return start, start + len(foreign), hint
    return None


def missing_period(before: str) -> str:
    """What to do about a statement, up to where it should have ended."""
    return _of_percent(before) or "add `.` here, or `,` if it goes on"


def _of_percent(text: str) -> str:
    """What to do about a number in percent, behind which the statement is taken for a comment."""
    is_percent = re.search(r"[0-9]\s*%[^\n]*\.[^\n]*$", text)
    return "`%` begins a comment: write the number without it, and what stands behind it" if is_percent else ""


def _hint(before: str, token: str, rest: str) -> str:
    if token == "(" and (match := re.search(r"\b([A-Z]\w*)\s*$", before)):
        return f"a predicate starts with a lower-case letter: `{match[1][0].lower()}{match[1][1:]}`"
    if rest.startswith("#"):
        written = re.match(r"#\w*", rest)
        if before.strip():
            return f"aggregates are `{_AGGREGATES}`, and declarations are statements of their own"
        is_capital = written is not None and written[0].lower() in _DECLARATIONS.split()
        return f"write `{written[0].lower()}`" if written and is_capital else f"declarations are `{_DECLARATIONS}`"
    if rest[0].isupper() and not before.strip():
        return "a predicate starts with a lower-case letter"
    if token.lower() in _WORDS and token != "not":
        return _WORDS[token.lower()]
    if re.search(r"\d\s*$", before) and _UNIT.match(rest):
        return "write the number alone: each argument has one unit, which its declaration tells"
    return _hint_of_sign(before, token)


def _hint_of_sign(before: str, token: str) -> str:
    """Signs of ours in a place of their own."""
    if token == ":" and not before.lstrip().startswith("#") and ":-" not in before:
        return "write `:-` between head and body"
    if token in ("=", "!=", "<", "<=", ">", ">=") and re.search(r"(!=|<=|>=|[=<>])[^,]*$", before):
        return "compare two at a time: `4 < N, N < 8`"
    if token in ("-", "(") and (match := re.search(r"[a-z]\w*(-[a-z]\w*)*$", before)) and (token == "-" or "-" in match[0]):
        return "a name has `_` in place of `-`"
    return ""


def _expected(error: UnexpectedInput) -> str:
    names = sorted(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    readable = [_NAMES[name] for name in names if name in _NAMES]
    return f"expected {' or '.join(readable)}" if 0 < len(readable) <= 4 else ""
