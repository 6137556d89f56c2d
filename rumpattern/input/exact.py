"""One JSON text to exact values, by orjson where it hides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

from rumpattern.jsontext import load_exact

if TYPE_CHECKING:
    from rumpattern.jsontext import Exact

_DIGITS: Final = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER: Final = b"0" * 16
"""As many digits as an integer has, at least, that no double stands for; strings may have them too."""
SPACE: Final = b" \t\r\n"
"""The white space of JSON."""


def has_long_number(data: bytes) -> bool:
    """Tell whether a text has so many digits in a row that ``load`` may leave an int that no double stands for.

    Where it has not, ``load`` returns what ``load_exact`` does.
    """
    return _LONG_NUMBER in data.translate(_DIGITS)


def load(data: bytes) -> Exact:
    """Decode a text without losing duplicate keys or number spelling; a long integer may stay an int.

    Raises:
        JsonError: it is not JSON.
    """
    try:
        value: Exact = orjson.loads(data)
        written = orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return load_exact(data)
    # orjson writes the tokens of what it has read. Where both texts have the same bytes but for white space, it dropped
    # no repeated key, and respelled no number and no escape.
    if written == data or written.translate(None, SPACE) == data.translate(None, SPACE):
        return value
    return load_exact(data)
