"""The values of the language: text, exact decimals, dates, and the two marks `?` and `_`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum

DIGITS_BEFORE = 12
DIGITS_AFTER = 6
_LIMIT = Decimal(10) ** DIGITS_BEFORE


class Mark(Enum):
    """A place in an atom where no value stands."""

    UNKNOWN = "?"
    """A value that exists and is not stated (a labelled null)."""
    ANY = "_"
    """In a denial: whatever the value."""

    def __repr__(self) -> str:
        return self.value


UNKNOWN = Mark.UNKNOWN
ANY = Mark.ANY

Value = str | Decimal | date | Mark
"""What an argument of a ground atom can be. Binary floats never occur."""

Row = tuple[Value, ...]
"""The arguments of one ground atom."""


class NumberOutOfRange(ValueError):
    """A number has more digits than the stated range: 12 before the point, 6 after it."""


def exact(number: Decimal) -> Decimal:
    """The number itself, normalised, if it lies in the stated range; raises NumberOutOfRange."""
    if not number.is_finite() or abs(number) >= _LIMIT:
        raise NumberOutOfRange(f"`{number}` has more than {DIGITS_BEFORE} digits before the point")
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DIGITS_AFTER:
        raise NumberOutOfRange(f"`{number}` has more than {DIGITS_AFTER} digits after the point")
    return number


def read_number(text: str) -> Decimal:
    """An exact decimal from its text; raises NumberOutOfRange."""
    try:
        return exact(Decimal(text))
    except InvalidOperation as error:
        raise NumberOutOfRange(f"`{text}` is not a number") from error


def number_text(number: Decimal) -> str:
    """The shortest plain decimal notation (never an exponent)."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def many(count: int, one: str, several: str = "") -> str:
    """So many of something: `1 case`, `1,200 cases`."""
    return f"1 {one}" if count == 1 else f"{count:,} {several or f'{one}s'}"


def value_text(value: Value) -> str:
    """The value as a person reads it in a sentence."""
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if value is UNKNOWN:
        return "not stated"
    if value is ANY:
        return "any"
    return str(value)


def quoted(text: str) -> str:
    """The text as a string of the language, with its escapes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def unquoted(token: str) -> str:
    """The text that a string token of the language stands for."""
    parts = token[1:-1].split("\\\\")
    return "\\".join(part.replace('\\"', '"').replace("\\n", "\n") for part in parts)
