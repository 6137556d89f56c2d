"""The distinct strings of columns: a code for each, in the order in which they are first seen."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from rumpattern.events.scan.simd import Array, inlined, product_high, signed, word_at
from rumpattern.events.scan.tokens import are_equal, low_bytes

_SEED: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xA0761D6478BD642F)
_LAST: Final = np.uint64(0xE7037ED1A0B428DB)
_WORD: Final = 8


class Dictionaries(NamedTuple):
    """One dictionary for each column.

    ``slots``, of shape (columns, a power of two), holds codes by hash, -1 where a slot is empty; ``entries``, of shape
    (columns, rows, 3), tells of each code the hash, the offset and the length of its string; ``sizes``, of shape
    (columns,), how many codes there are.
    """

    slots: Array
    entries: Array
    sizes: Array


def empty_dictionaries(columns: int, rows: int) -> Dictionaries:
    """Return dictionaries with room for as many strings as there are rows."""
    slots = np.full((columns, 1 << (2 * rows).bit_length()), -1, np.int32)
    return Dictionaries(slots, np.empty((columns, rows, 3), np.int64), np.zeros(columns, np.int64))


def clear(dictionaries: Dictionaries) -> None:
    """Forget all strings."""
    dictionaries.slots[dictionaries.sizes > 0] = -1
    dictionaries.sizes[:] = 0


@inlined
def _mix(one: np.uint64, other: np.uint64) -> np.uint64:
    return (one * other) ^ product_high(one, other)


@inlined
def _hash(begin: int, stop: int) -> int:
    """Return the hash of the text between two addresses; its last 16 bytes may be read twice."""
    length = stop - begin
    value = np.uint64(length) * _SEED
    if length <= _WORD:
        return signed(_mix(low_bytes(begin, length) ^ _FIRST, value ^ _LAST))
    while begin + 2 * _WORD < stop:
        value = _mix(word_at(begin) ^ _FIRST, word_at(begin + _WORD) ^ value)
        begin += 2 * _WORD
    first = begin if length <= 2 * _WORD else stop - 2 * _WORD
    return signed(_mix(word_at(first) ^ _LAST, word_at(stop - _WORD) ^ value))


@inlined
def code_of(slots: Array, entries: Array, sizes: Array, column: int, text: int, begin: int, stop: int) -> int:
    """Return the code of a string in its column's dictionary, which it is added to if it is new."""
    length = stop - begin
    value = _hash(begin, stop)
    mask = slots.shape[1] - 1
    slot = value & mask
    while True:
        code = int(slots[column, slot])
        if code < 0:
            break
        if (
            entries[column, code, 0] == value
            and entries[column, code, 2] == length
            and are_equal(text + entries[column, code, 1], begin, length)
        ):
            return code
        slot = (slot + 1) & mask
    code = int(sizes[column])
    sizes[column] = code + 1
    slots[column, slot] = code
    entries[column, code, 0], entries[column, code, 1], entries[column, code, 2] = value, begin - text, length
    return code
