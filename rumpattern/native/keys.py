"""Hash tables of the members that a plan reads, by which the walk finds what a key of an event stands for."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from rumpattern.native.simd import (
    Held,
    compiled,
    differing_64,
    half_at,
    inlined,
    integer_at,
    signed,
    signed_half_at,
    word_at,
)
from rumpattern.native.tokens import are_equal, low_bytes

NOTHING: Final = 0
"""A key that nobody asks for; members have numbers from 1."""
DOTTED: Final = -1
"""A key that holds several segments of a path."""
NOWHERE: Final = -1
"""In the place of a table, or of a column: there is none."""
HASH_SHIFT: Final = np.uint64(48)
_NONE: Final = np.uint64(0)
_WORD: Final = 8
SLOT_BYTES: Final = 64
"""Bytes of a slot, those of a cache line."""
_PASSED_AT: Final = 4
_BITS_AT: Final = 8
_TEXT_AT: Final = 16
SLOT_TEXT: Final = SLOT_BYTES - _TEXT_AT
SLOT_TYPE: Final = np.dtype([("member", "i4"), ("is_passed", "u4"), ("bits", "u8"), ("text", f"S{SLOT_TEXT}")])
_LONG: Final = 32
_LENGTH_AT: Final = 8
_ANSWER_AT: Final = 16
_START_AT: Final = 24
_TABLE: Final = 24
_MASK_AT: Final = 8
_FACTOR_AT: Final = 16
TABLE_TYPE: Final = np.dtype([("start", "i8"), ("mask", "i8"), ("factor", "u8")])
_MEMBER: Final = 8
_COLUMN_AT: Final = 4


class Keys(NamedTuple):
    """Tables of keys, one for each object that holds a wanted member; table 0 is the event itself.

    Attributes:
        tables: shape (tables,), of records: where in ``slots`` a table starts, in bytes; its number of slots, a power
            of two, less one; and what its hash multiplies by: a factor that gives each key a slot of its own, if there
            is one.
        slots: shape (slots,), of records: what the slot stands for (a member's number, ``DOTTED``, or ``NOTHING`` if it
            is empty), whether a key was put further on because the slot was taken, a bit for each byte of the text, and
            the text: the key and the quote that ends it.
        longer: shape (keys + 1, 4), of each key that is too long for a slot the table, the length, what it stands for,
            and where in ``texts`` it starts; then the table ``NOWHERE``.
        texts: those of the long keys.
        members: shape (members + 1, 2), which table a member's own members are in and which column it fills, or
            ``NOWHERE``.
    """

    tables: Held
    slots: Held
    longer: Held
    texts: Held
    members: Held


@inlined
def find_key(keys: Keys, table: int, begin: int, length: int) -> int:
    """Return what a key stands for in a table: a number, ``NOTHING`` or ``DOTTED``; a quote follows it.

    Where keys are short and each has a slot of its own, no branch depends on what is found: it could not be foretold.
    """
    place = keys.tables + _TABLE * table
    word = low_bytes(begin, length) ^ np.uint64(length)
    number = signed((word * word_at(place + _FACTOR_AT)) >> HASH_SHIFT) & integer_at(place + _MASK_AT)
    slot = keys.slots + integer_at(place) + SLOT_BYTES * number
    if half_at(slot + _PASSED_AT) | (length >= SLOT_TEXT):
        return _find_passed_key(keys, table, begin, length, number)
    return signed_half_at(slot) * _is_in(slot, begin)


@inlined
def _is_in(slot: int, begin: int) -> bool:
    """Tell whether a slot has the short key at an address; an empty slot has any, and it stands for nothing."""
    return bool(differing_64(slot + _TEXT_AT, begin) & word_at(slot + _BITS_AT) == _NONE)


@compiled
def _find_passed_key(keys: Keys, table: int, begin: int, length: int, number: int) -> int:
    """Do the same for a long key, or one whose slot, which has a ``number``, was taken when another key came."""
    if length >= SLOT_TEXT:
        return _find_long_key(keys, table, begin, length)
    place = keys.tables + _TABLE * table
    slots, mask = keys.slots + integer_at(place), integer_at(place + _MASK_AT)
    while True:
        slot = slots + SLOT_BYTES * number
        if _is_in(slot, begin):
            return signed_half_at(slot)
        if half_at(slot + _PASSED_AT) == 0:
            return NOTHING
        number = (number + 1) & mask


@compiled
def _find_long_key(keys: Keys, table: int, begin: int, length: int) -> int:
    place = keys.longer
    while integer_at(place) != NOWHERE:
        text = keys.texts + integer_at(place + _START_AT)
        is_same_length = integer_at(place) == table and integer_at(place + _LENGTH_AT) == length
        if is_same_length and are_equal(text, begin, length):
            return integer_at(place + _ANSWER_AT)
        place += _LONG
    return NOTHING


@inlined
def table_of(keys: Keys, member: int) -> int:
    """Return which table a member's own members are in, or ``NOWHERE``."""
    return signed_half_at(keys.members + _MEMBER * member)


@inlined
def column_of(keys: Keys, member: int) -> int:
    """Return which column a member fills, or ``NOWHERE``."""
    return signed_half_at(keys.members + _MEMBER * member + _COLUMN_AT)
