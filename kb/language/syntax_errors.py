"""What to say of a statement that does not parse: known mistakes are recognised by what stands there."""

from __future__ import annotations

import re

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
    ("//", "a comment starts with `%`"),
    ("/", 'a grade such as 4/5 is written "4"; there is no division'),
    ("'", 'a text stands in double quotes: `"..."`'),
    ("[", "there are no lists; use one argument for each value"),
)

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


def explain(text: str, offset: int, error: UnexpectedInput) -> tuple[str, str, int]:
    """The sentence and the hint for a syntax error at an offset of a statement, and by how much it starts earlier."""
    rest = text[offset:]
    if rest.startswith('"'):
        return "this text is not closed", 'close it with `"` on the same line', 0
    if rest.strip() in ("", "."):
        return "the statement ends too early", _expected(error), 0
    # The first character of a foreign sign may be one of ours: `==` fails at its second `=`.
    for back in (1, 0):
        for foreign, hint in _FOREIGN:
            if len(foreign) > back and offset >= back and text.startswith(foreign, offset - back):
                return f"`{foreign}` is not expected here", hint, back
    token = str(error.token) if isinstance(error, UnexpectedToken) else rest[0]
    return f"`{token}` is not expected here", _hint(text, offset, rest) or _expected(error), 0


def _hint(text: str, offset: int, rest: str) -> str:
    if rest.startswith("(") and (match := re.search(r"\b([A-Z]\w*)\s*$", text[:offset])):
        return f"a predicate starts with a lower-case letter: `{match[1][0].lower()}{match[1][1:]}`"
    if rest.startswith("#"):
        return "declarations are `#domain #fact #pred #key #about #closed #rare #goal #criterion #reading`"
    if rest[0].isupper() and not text[:offset].strip():
        return "a predicate starts with a lower-case letter"
    return ""


def _expected(error: UnexpectedInput) -> str:
    names = sorted(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    readable = [_NAMES[name] for name in names if name in _NAMES]
    return f"expected {' or '.join(readable)}" if 0 < len(readable) <= 4 else ""
