"""The fields of a batch as compiled code reads them: ``derive.readings.FieldCodes`` by address."""

from __future__ import annotations

from typing import Final

import numpy as np

from rumpattern.native.layout import KINDS, MAX_TIMESTAMP_MS, MAX_VALUE, NUMBER, OUT_OF_RANGE, STRING, TOO_LATE
from rumpattern.native.simd import as_double, byte_at, compiled, half_at, inlined, integer_at, signed_half_at, word_at

WORD: Final = 8
_HALF: Final = 4

FIELD_BYTES: Final = 6 * WORD
"""Bytes of a field's record (``aggregate.field_table.FieldTable.records``)."""
_NUMBERS_AT: Final = WORD
_CODES_AT: Final = 2 * WORD
_FIELD_CODES_AT: Final = 3 * WORD
LABEL_COUNT_AT: Final = 4 * WORD
FIRST_LABEL_AT: Final = 5 * WORD


@inlined
def code_at(field: int, row: int) -> int:
    """Return the code of a row in the field whose record is at an address (``FieldCodes.codes``)."""
    kind = byte_at(integer_at(field) + row)
    index = kind if kind != STRING else KINDS + half_at(integer_at(field + _CODES_AT) + _HALF * row)
    return signed_half_at(integer_at(field + _FIELD_CODES_AT) + _HALF * index)


@inlined
def number_at(field: int, row: int) -> float:
    """Return the number of a field in a row."""
    return as_double(word_at(integer_at(field + _NUMBERS_AT) + WORD * row))


@inlined
def count_labels(field: int) -> int:
    """Return how many labels a field has."""
    return integer_at(field + LABEL_COUNT_AT)


@inlined
def first_label(field: int) -> int:
    """Return the index of a field's first label among those of all fields."""
    return integer_at(field + FIRST_LABEL_AT)


@inlined
def value_code(field: int, row: int) -> int:
    """Return 0, or minus the code of the reason why a row has no value."""
    if byte_at(integer_at(field) + row) == NUMBER and abs(number_at(field, row)) > MAX_VALUE:
        return -OUT_OF_RANGE
    return code_at(field, row)


@inlined
def timestamp_code(field: int, row: int) -> int:
    """Return 0, or minus the code of the reason why a row has no time."""
    code = code_at(field, row)
    return -TOO_LATE if code == 0 and not 0 <= number_at(field, row) < MAX_TIMESTAMP_MS else code


@compiled
def time_range(field: int, rows: int) -> tuple[float, float]:
    """Return the first and the last time of all rows that have one; the first is infinite if there is none."""
    first, last = np.inf, 0.0
    for row in range(rows):
        if timestamp_code(field, row) == 0:
            number = number_at(field, row)
            first, last = min(first, number), max(last, number)
    return first, last
