"""The lexer of the scanner: where a JSON token ends, and whether it is well formed. Addresses are int64."""

from __future__ import annotations

from typing import Final

import numpy as np

from rumpattern.native.layout import FALSE, NULL, NUMBER, TRUE
from rumpattern.native.simd import (
    byte_at,
    compiled,
    equal_64,
    half_at,
    inlined,
    no_digits_64,
    outside_ascii_from_64,
    trailing_zeros,
    word_at,
)

QUOTE: Final = ord('"')
NEWLINE: Final = ord("\n")
_BACKSLASH: Final = ord("\\")
_SPACE: Final = ord(" ")
_TAB: Final = ord("\t")
_RETURN: Final = ord("\r")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_MINUS: Final = ord("-")
_Z: Final = ord("Z")
_DOT: Final = ord(".")
_E: Final = ord("e")
_CASE: Final = 0x20
_U: Final = ord("u")
_ESCAPES: Final = b'"\\/bfnrt'
_TRUE_WORD: Final = int.from_bytes(b"true", "little")
_FALSE_WORD: Final = int.from_bytes(b"false"[:4], "little")
_NULL_WORD: Final = int.from_bytes(b"null", "little")
_LONGEST_NUMBER: Final = 24
"""Characters after the sign; longer ones are left to the exact reader, as are exponents."""
_SURROGATES: Final = 0xD8
_SURROGATE_BITS: Final = 0xF8
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)
_SECOND: Final = np.uint64(2)
_LENGTHS: Final = np.uint64((2 << _LONGEST_NUMBER) - 1)


@inlined
def is_white(byte: int) -> bool:
    """Tell whether a byte is a space, tab or carriage return."""
    return byte in (_SPACE, _TAB, _RETURN)


@inlined
def skip_space(place: int) -> int:
    """Return the address of the first byte that is no space, tab or carriage return."""
    while byte_at(place) <= _SPACE and is_white(byte_at(place)):
        place += 1
    return place


@compiled
def find_newline(place: int, end: int) -> int:
    """Return the address of the next newline, or ``end``."""
    while place < end:
        found = equal_64(place, NEWLINE)
        if found:
            return min(place + trailing_zeros(found), end)
        place += 64
    return end


@inlined
def _skip_digits(place: int) -> int:
    """Return the address of the first byte that is no digit."""
    while not no_digits_64(place):
        place += 64
    return place + trailing_zeros(no_digits_64(place))


@inlined
def _digits_end(place: int) -> int:
    """Return the address after a number without sign, or after its part before an exponent; 0 if it is none, or long.

    An exponent is left: nothing that may follow a value begins like it.
    """
    others = no_digits_64(place)
    dot = others & (_NONE - others) & equal_64(place, _DOT)
    stops = others ^ dot
    lacks_digits = others & (_ONE | (dot << _ONE)) != _NONE
    has_zeros = (byte_at(place) == _ZERO) & (others & _SECOND == _NONE)
    is_wrong = lacks_digits | has_zeros | (stops & _LENGTHS == _NONE)
    return 0 if is_wrong else place + trailing_zeros(stops)


@inlined
def scalar_end(place: int) -> tuple[int, int]:
    """Return the kind of a number or a literal and the address after it, which is 0 if there is neither."""
    stop = _digits_end(place)
    return (NUMBER, stop) if stop else _other_end(place)


@compiled
def _other_end(place: int) -> tuple[int, int]:
    word = half_at(place)
    if word == _TRUE_WORD:
        return TRUE, place + 4
    if word == _NULL_WORD:
        return NULL, place + 4
    if word == _FALSE_WORD:
        return FALSE, place + 5 if byte_at(place + 4) == _E else 0
    return NUMBER, _digits_end(place + 1) if byte_at(place) == _MINUS else 0


@inlined
def strange_64(place: int) -> np.uint64:
    """Return which of the 64 bytes at an address a string must be looked at for: all but plain ASCII characters."""
    return equal_64(place, _BACKSLASH) | outside_ascii_from_64(place, _SPACE)


@compiled
def has_escape(begin: int, stop: int) -> bool:
    """Tell whether there is a backslash between two addresses."""
    while begin < stop:
        found = equal_64(begin, _BACKSLASH)
        if found:
            return begin + trailing_zeros(found) < stop
        begin += 64
    return False


@inlined
def _is_hex(byte: int) -> bool:
    return _ZERO <= byte <= _NINE or ord("a") <= byte | _CASE <= ord("f")


@compiled
def _escape_end(place: int) -> int:
    """Return the address after an escape whose backslash stands at ``place``, or 0; surrogates are left out."""
    kind = byte_at(place + 1)
    if kind != _U:
        for known in _ESCAPES:
            if kind == known:
                return place + 2
        return 0
    value = 0
    for offset in range(2, 6):
        byte = byte_at(place + offset)
        if not _is_hex(byte):
            return 0
        value = value * 16 + (byte - _ZERO if byte <= _NINE else (byte | _CASE) - ord("a") + 10)
    return 0 if (value >> 8) & _SURROGATE_BITS == _SURROGATES else place + 6


@compiled
def _character_end(place: int) -> int:
    """Return the address after a character of several UTF-8 bytes (RFC 3629), or 0 if they are none."""
    lead, second = byte_at(place), byte_at(place + 1)
    low, high, rest = 0x80, 0xBF, 0
    if 0xC2 <= lead <= 0xDF:
        rest = 1
    elif 0xE0 <= lead <= 0xEF:
        rest = 2
        low = 0xA0 if lead == 0xE0 else 0x80
        high = 0x9F if lead == 0xED else 0xBF
    elif 0xF0 <= lead <= 0xF4:
        rest = 3
        low = 0x90 if lead == 0xF0 else 0x80
        high = 0x8F if lead == 0xF4 else 0xBF
    if rest == 0 or not low <= second <= high:
        return 0
    for offset in range(2, rest + 1):
        if byte_at(place + offset) & 0xC0 != 0x80:
            return 0
    return place + rest + 1


@inlined
def unit_end(place: int, byte: int) -> int:
    """Return the address after what starts with a ``byte`` that is a backslash or no ASCII, or 0 if it is not sound."""
    return 0 if byte < _SPACE else _escape_end(place) if byte == _BACKSLASH else _character_end(place)


@inlined
def low_bytes(place: int, length: int) -> np.uint64:
    """Return up to eight bytes at an address as one number, zeros after ``length``."""
    word = word_at(place)
    return word if length >= 8 else word & ((_ONE << np.uint64(8 * length)) - _ONE)


@inlined
def are_equal(one: int, other: int, length: int) -> bool:
    """Tell whether the bytes at two addresses are the same."""
    done = 0
    while done + 8 <= length:
        if word_at(one + done) != word_at(other + done):
            return False
        done += 8
    return done == length or low_bytes(one + done, length - done) == low_bytes(other + done, length - done)


_TIME: Final = b"0000-00-00T00:00:00"


@compiled
def time_end(place: int) -> int:
    """Return the address after the time and the space in front of an event (see ``lines.EXPORT_TIME``).

    It is the address that was given if there is no such time.
    """
    begin = place
    for expected in _TIME:
        byte = byte_at(place)
        if not (_ZERO <= byte <= _NINE if expected == _ZERO else byte == expected):
            return begin
        place += 1
    if byte_at(place) == _DOT:
        fraction = place + 1
        place = _skip_digits(fraction)
        if place == fraction:
            return begin
    if byte_at(place) == _Z:
        place += 1
    after = place
    while byte_at(place) in (_SPACE, _TAB):
        place += 1
    return place if place > after else begin
