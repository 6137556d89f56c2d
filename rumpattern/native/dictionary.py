"""Dictionary encoding of string columns: scanned strings to codes, in the order in which they first occur.

One hash table for each column, with open addressing and linear probing. A slot holds a code and nothing else (4 bytes);
the code's entry holds 32 bits of the hash, the length and the address of the text. So a probe that meets another string
nearly always ends at the hash, without a look at any text.

Invariants: strings are never removed, so that a probe ends at the first empty slot; at most a quarter of the slots is
taken, so that there is one, and probes are short; only the first ``mask + 1`` slots are in use, which begin as 1 kB and
double, so that the columns of few distinct strings, which are most, stay in the cache although there is room for as
many strings as rows. There is no check for room: no batch has more distinct strings than rows, and ``scan_lines`` makes
sure of the room for texts before it encodes a row.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from rumpattern.native.kept import KeptTexts, keep_text
from rumpattern.native.simd import (
    Held,
    compiled,
    half_at,
    inlined,
    integer_at,
    product_high,
    put_half,
    put_integer,
    signed,
    signed_half_at,
    word_at,
)
from rumpattern.native.tokens import are_equal, low_bytes

_SEED: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xA0761D6478BD642F)
_LAST: Final = np.uint64(0xE7037ED1A0B428DB)
_WORD: Final = 8
_FIRST_SLOTS: Final = 256
_LOAD: Final = 4
"""Slots for each string, at least."""
_EMPTY: Final = -1

_SLOT: Final = 4
_ENTRY: Final = 16
_ADDRESS_AT: Final = 8
_LENGTH_AT: Final = 4
ENTRY_TYPE: Final = np.dtype([("hash", "u4"), ("length", "u4"), ("address", "i8")])
"""What is known of a string: some bits of its hash, and where its text is."""
_HEAD: Final = 16
_MASK_AT: Final = 8


class Dictionaries(NamedTuple):
    """One dictionary for each column.

    Attributes:
        slots: shape (columns, a power of two), codes by hash, -1 where a slot is empty; only the first ``mask + 1`` of
            a column are used.
        entries: shape (columns, rows), of ``ENTRY_TYPE``, by code.
        heads: shape (columns, 2), how many strings there are, and ``mask``.
        slot_room: bytes of the slots of a column.
        entry_room: bytes of the entries of a column.
    """

    slots: Held
    entries: Held
    heads: Held
    slot_room: int
    entry_room: int


def empty_dictionaries(columns: int, rows: int) -> Dictionaries:
    """Return dictionaries with room for as many strings as there are rows."""
    slots = np.empty((columns, max(_FIRST_SLOTS, 1 << (_LOAD * rows - 1).bit_length())), np.int32)
    entries = np.empty((columns, rows), ENTRY_TYPE)
    heads = np.zeros((columns, 2), np.int64)
    return Dictionaries(slots, entries, heads, _SLOT * slots.shape[1], _ENTRY * rows)


@compiled
def clear(dictionaries: Dictionaries, columns: int) -> None:
    """Forget all strings."""
    for column in range(columns):
        head = dictionaries.heads + _HEAD * column
        put_integer(head, 0)
        _use_slots(dictionaries.slots + dictionaries.slot_room * column, head, _FIRST_SLOTS)


@inlined
def _use_slots(slots: int, head: int, count: int) -> None:
    put_integer(head + _MASK_AT, count - 1)
    for slot in range(count):
        put_half(slots + _SLOT * slot, _EMPTY)


@inlined
def _mix(one: np.uint64, other: np.uint64) -> np.uint64:
    return (one * other) ^ product_high(one, other)


# One 128-bit product for 16 bytes, folded to 64 bits. The rest of a long text is neither copied nor masked: its last 16
# bytes are read, which overlap those read before. The length is the seed, so that texts of which the same bytes are
# read ("aaaa..." in two lengths) differ.
@inlined
def _hash(begin: int, stop: int) -> int:
    """Return the hash of the text between two addresses, 32 bits; its last 16 bytes may be read twice."""
    length = stop - begin
    value = np.uint64(length) * _SEED
    if length <= _WORD:
        return signed(_mix(low_bytes(begin, length) ^ _FIRST, value ^ _LAST) >> np.uint64(32))
    while begin + 2 * _WORD < stop:
        value = _mix(word_at(begin) ^ _FIRST, word_at(begin + _WORD) ^ value)
        begin += 2 * _WORD
    first = begin if length <= 2 * _WORD else stop - 2 * _WORD
    return signed(_mix(word_at(first) ^ _LAST, word_at(stop - _WORD) ^ value) >> np.uint64(32))


@inlined
def code_of(dictionaries: Dictionaries, kept: KeptTexts, column: int, begin: int, stop: int) -> int:
    """Return the code of a string in its column's dictionary, which it is added to if it is new."""
    length, value = stop - begin, _hash(begin, stop)
    slots = dictionaries.slots + dictionaries.slot_room * column
    entries = dictionaries.entries + dictionaries.entry_room * column
    mask = integer_at(dictionaries.heads + _HEAD * column + _MASK_AT)
    slot = value & mask
    while True:
        code = signed_half_at(slots + _SLOT * slot)
        if code < 0:
            return _add(dictionaries, kept, column, value, begin, length)
        entry = entries + _ENTRY * code
        if (
            half_at(entry) == value
            and half_at(entry + _LENGTH_AT) == length
            and are_equal(integer_at(entry + _ADDRESS_AT), begin, length)
        ):
            return code
        slot = (slot + 1) & mask


@compiled
def _add(dictionaries: Dictionaries, kept: KeptTexts, column: int, value: int, begin: int, length: int) -> int:
    """Give a new string its code, and more slots to its column if they are getting full."""
    slots = dictionaries.slots + dictionaries.slot_room * column
    entries = dictionaries.entries + dictionaries.entry_room * column
    head = dictionaries.heads + _HEAD * column
    code, count = integer_at(head), integer_at(head + _MASK_AT) + 1
    put_integer(head, code + 1)
    entry = entries + _ENTRY * code
    # The entry first: growing, below, takes the hashes of all entries, this one's too, from where they stand.
    put_half(entry, value)
    put_half(entry + _LENGTH_AT, length)
    put_integer(entry + _ADDRESS_AT, keep_text(kept, begin, length))
    if _LOAD * (code + 1) <= count:
        _place(slots, count - 1, code, value)
        return code
    _use_slots(slots, head, 2 * count)
    for known in range(code + 1):
        _place(slots, 2 * count - 1, known, half_at(entries + _ENTRY * known))
    return code


@inlined
def _place(slots: int, mask: int, code: int, value: int) -> None:
    slot = value & mask
    while signed_half_at(slots + _SLOT * slot) >= 0:
        slot = (slot + 1) & mask
    put_half(slots + _SLOT * slot, code)
