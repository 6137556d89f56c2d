"""JSON numbers: which of them are compared as doubles, and which only by their text."""

from __future__ import annotations

import re
from typing import Final

from rumpattern.jsontext.errors import MAX_NUMBER_TEXT, JsonError

NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""The grammar of a number (RFC 8259, 6)."""
_NONZERO_DIGIT: Final = re.compile(r"[1-9]")
_EXPONENT: Final = re.compile(r"[eE]")
_EXACT_DIGITS: Final = 15  # a decimal of up to 15 digits always survives the way through a double and back


class NumberText(str):
    """A number whose decimal value is not the shortest decimal form of any double: it equals only its own text."""

    __slots__ = ()


def comparable(text: str) -> float | None:
    """Return the double that a JSON number is compared as, None if it is compared by its text.

    The rule is ``Decimal(text) == Decimal(repr(float(text)))``: 0.1, 0.10 and 1e-1 are one number, 9007199254740993 and
    1e400 are none. Source: event-ruler's number comparison as of version 2.0.1.
    """
    # Decimal is slow, so the rule is shortened where its outcome is certain: up to 15 significant digits every decimal
    # survives the way to a double and back, an infinite double equals no decimal, and zero equals a decimal without
    # a digit from 1 to 9 before the exponent (1e-400 rounds to zero and is not zero).
    value = float(text)
    if len(text) <= _EXACT_DIGITS and _EXPONENT.search(text) is None:
        return value + 0.0  # -0 is 0
    if value in (float("inf"), float("-inf")):
        return None
    if value == 0:
        mantissa = _EXPONENT.split(text, maxsplit=1)[0]
        return None if _NONZERO_DIGIT.search(mantissa) else 0.0
    from decimal import Decimal  # noqa: PLC0415 - few numbers need it

    return value if Decimal(text) == Decimal(repr(value)) else None


def is_number(text: str) -> bool:
    """Tell whether a text is a JSON number."""
    return NUMBER.fullmatch(text) is not None


def canonical_number(value: float) -> str:
    """Return the canonical spelling of a double: 300, not 300.0 or 3e2."""
    limit = 1e16
    return str(int(value)) if value.is_integer() and abs(value) < limit else repr(value)


def exact_int(text: str) -> int | NumberText:
    """Return a JSON integer as an int, or as its text if it is compared by that."""
    if len(text) > _EXACT_DIGITS and comparable(_limited(text)) is None:
        return NumberText(text)
    return int(text)


def exact_float(text: str) -> float | NumberText:
    """Return a JSON number with fraction or exponent as a float, or as its text if it is compared by that."""
    value = comparable(_limited(text))
    return NumberText(text) if value is None else value


def _limited(text: str) -> str:
    if len(text) > MAX_NUMBER_TEXT:
        raise JsonError(f"a number has {len(text)} characters; the limit is {MAX_NUMBER_TEXT}", 0, code="RP016")
    return text
