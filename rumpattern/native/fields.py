"""The fields of a batch as compiled code reads them: a mark for each kind and string that may stand there."""

from __future__ import annotations

from typing import Final

import numpy as np

from rumpattern.native.layout import KINDS, MAX_TIMESTAMP_MS, MAX_VALUE, NUMBER, OUT_OF_RANGE, STRING, TOO_LATE
from rumpattern.native.simd import as_double, byte_at, compiled, half_at, inlined, integer_at, signed_half_at, word_at

WORD: Final = 8
_HALF: Final = 4

FIELD_BYTES: Final = 6 * WORD
"""Bytes of a field: the addresses of a ``Field``'s arrays, how many labels it has, and the number of the first."""
_NUMBERS_AT: Final = WORD
_CODES_AT: Final = 2 * WORD
_MARKS_AT: Final = 3 * WORD
SIZE_AT: Final = 4 * WORD
FIRST_AT: Final = 5 * WORD


@inlined
def mark_at(field: int, row: int) -> int:
    """Return the mark of the field at an address in a row (see ``Field``)."""
    kind = byte_at(integer_at(field) + row)
    place = kind if kind != STRING else KINDS + half_at(integer_at(field + _CODES_AT) + _HALF * row)
    return signed_half_at(integer_at(field + _MARKS_AT) + _HALF * place)


@inlined
def number_at(field: int, row: int) -> float:
    """Return the number of a field in a row."""
    return as_double(word_at(integer_at(field + _NUMBERS_AT) + WORD * row))


@inlined
def labels_of(field: int) -> int:
    """Return how many labels a field has."""
    return integer_at(field + SIZE_AT)


@inlined
def first_label(field: int) -> int:
    """Return the number of a field's first label among those of all fields."""
    return integer_at(field + FIRST_AT)


@inlined
def value_mark(field: int, row: int) -> int:
    """Return 0, or minus the reason why there is no value in a row."""
    if byte_at(integer_at(field) + row) == NUMBER and abs(number_at(field, row)) > MAX_VALUE:
        return -OUT_OF_RANGE
    return mark_at(field, row)


@inlined
def time_mark(field: int, row: int) -> int:
    """Return 0, or minus the reason why there is no time in a row."""
    mark = mark_at(field, row)
    return -TOO_LATE if mark == 0 and not 0 <= number_at(field, row) < MAX_TIMESTAMP_MS else mark


@compiled
def time_range(field: int, rows: int) -> tuple[float, float]:
    """Return the first and the last time of all rows that have one; the first is infinite if there is none."""
    first, last = np.inf, 0.0
    for row in range(rows):
        if time_mark(field, row) == 0:
            number = number_at(field, row)
            first, last = min(first, number), max(last, number)
    return first, last
