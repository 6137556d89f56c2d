"""JSON numbers by their decimal value: which of them are doubles."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from rumpattern.jsontext.errors import MAX_NUMBER_TEXT, JsonError

NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""How a number is spelled."""
_NONZERO_DIGIT: Final = re.compile(r"[1-9]")
_EXPONENT: Final = re.compile(r"[eE]")
_EXACT_DIGITS: Final = 15  # a decimal of up to 15 digits always survives the way through a double and back


class NumberText(str):
    """A number whose decimal value is not the shortest spelling of any double: it equals only its own text."""

    __slots__ = ()


def comparable(text: str) -> float | None:
    """Return the double that a JSON number stands for, or None when its decimal value is no double's shortest spelling.

    The rule is ``Decimal(text) == Decimal(repr(float(text)))``: 0.1, 0.10 and 1e-1 are one number, 9007199254740993 and
    1e400 are none. Source: event-ruler's number comparison as of version 2.0.1.
    """
    value = float(text)
    if len(text) <= _EXACT_DIGITS and _EXPONENT.search(text) is None:
        return value + 0.0  # -0 is 0
    if value in (float("inf"), float("-inf")):
        return None
    if value == 0:
        mantissa = _EXPONENT.split(text, maxsplit=1)[0]
        return None if _NONZERO_DIGIT.search(mantissa) else 0.0
    return value if Decimal(text) == Decimal(repr(value)) else None


def is_number(text: str) -> bool:
    """Tell whether a text is spelled like a JSON number."""
    return NUMBER.fullmatch(text) is not None


def canonical_number(value: float) -> str:
    """Return the one spelling used for a double: 300, not 300.0 or 3e2."""
    limit = 1e16
    return str(int(value)) if value.is_integer() and abs(value) < limit else repr(value)


def exact_int(text: str) -> int | NumberText:
    """Return a JSON integer as an int, or as its text when no double stands for it."""
    if len(text) > _EXACT_DIGITS and comparable(_limited(text)) is None:
        return NumberText(text)
    return int(text)


def exact_float(text: str) -> float | NumberText:
    """Return a JSON number with fraction or exponent as a float, or as its text when no double stands for it."""
    value = comparable(_limited(text))
    return NumberText(text) if value is None else value


def _limited(text: str) -> str:
    if len(text) > MAX_NUMBER_TEXT:
        raise JsonError(f"a number has {len(text)} characters; the limit is {MAX_NUMBER_TEXT}", 0, code="RP016")
    return text
