"""The members to read, as hash tables that compiled code can look a key up in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.events.scan.simd import (
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
from rumpattern.events.scan.tokens import are_equal, low_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.events.tree import Node

NOTHING: Final = 0
"""A key that nobody asks for; members have numbers from 1."""
DOTTED: Final = -1
"""A key that holds several segments of a path."""
NOWHERE: Final = -1
"""In the place of a table, or of a column: there is none."""
_FACTORS: Final = tuple(0x9E3779B97F4A7C15 * odd % 2**64 for odd in range(1, 129, 2))
_TOP: Final = np.uint64(48)
_NONE: Final = np.uint64(0)
_WORD: Final = 8
_SLOT: Final = 64
"""Bytes of a slot, those of a cache line."""
_PASSED_AT: Final = 4
_BITS_AT: Final = 8
_TEXT_AT: Final = 16
_TEXT: Final = _SLOT - _TEXT_AT
_QUOTE: Final = b'"'
_SLOT_TYPE: Final = np.dtype([("member", "i4"), ("is_passed", "u4"), ("bits", "u8"), ("text", f"S{_TEXT}")])
_LONG: Final = 32
_LENGTH_AT: Final = 8
_ANSWER_AT: Final = 16
_START_AT: Final = 24
_TABLE: Final = 24
_MASK_AT: Final = 8
_FACTOR_AT: Final = 16
_TABLE_TYPE: Final = np.dtype([("start", "i8"), ("mask", "i8"), ("factor", "u8")])
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


def build_keys(root: Node, columns: Mapping[str, int]) -> Keys:
    """Return the tables of a tree of members; ``columns`` numbers the paths that are wanted."""
    tables: list[dict[bytes, int]] = []
    members = [(NOWHERE, NOWHERE)]

    def add(node: Node) -> int:
        table: dict[bytes, int] = {key.encode("utf-8", "surrogatepass"): DOTTED for key in node.dotted}
        number = len(tables)
        tables.append(table)
        for segment, child in node.children.items():
            member = table[segment.encode("utf-8", "surrogatepass")] = len(members)
            column = columns.get(child.path, NOWHERE) if child.wanted else NOWHERE
            members.append((NOWHERE, column))
            if child.children:
                members[member] = add(child), column
        return number

    add(root)
    return _lay_out(tables, members)


def build_types(types: Sequence[str]) -> Keys:
    """Return a table that gives each event type its number from 1."""
    return _lay_out([{name.encode("utf-8", "surrogatepass"): number for number, name in enumerate(types, 1)}], [])


def _lay_out(tables: Sequence[dict[bytes, int]], members: Sequence[tuple[int, int]]) -> Keys:
    """Return the tables.

    Short keys with quotes, which end a key in a slot, are left out: in JSON they have escapes, and are not looked up.
    """
    sizes = [1 << (4 * len(table)).bit_length() for table in tables]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    slots = [(NOTHING, False, 0, b"")] * (sum(sizes) + 1)
    records, longer, texts = [], [], bytearray()
    for number, (table, start, size) in enumerate(zip(tables, starts, sizes, strict=True)):
        short = {key: member for key, member in table.items() if len(key) < _TEXT and _QUOTE not in key}
        factor = max(_FACTORS, key=lambda factor: len({_slot(key, factor, size) for key in short}))
        records.append((start * _SLOT, size - 1, factor))
        for key, member in short.items():
            slot = _slot(key, factor, size)
            while slots[start + slot][0] != NOTHING:
                taken, _, bits, text = slots[start + slot]
                slots[start + slot] = taken, True, bits, text
                slot = (slot + 1) % size
            slots[start + slot] = member, False, (2 << len(key)) - 1, key + _QUOTE
        for key, member in table.items():
            if len(key) >= _TEXT:
                longer.append((number, len(key), member, len(texts)))
                texts += key + bytes(_WORD)
    longer.append((NOWHERE, 0, NOTHING, 0))
    return Keys(
        np.array(records, _TABLE_TYPE),
        np.array(slots, _SLOT_TYPE),
        np.array(longer, np.int64),
        np.frombuffer(bytes(texts) + bytes(_WORD), np.uint8),
        np.array(members, np.int32).reshape(-1, 2),
    )


def _slot(key: bytes, factor: int, size: int) -> int:
    word = int.from_bytes(key[:_WORD], "little")
    return ((word ^ len(key)) * factor % 2**64 >> int(_TOP)) % size


@inlined
def find_key(keys: Keys, table: int, begin: int, length: int) -> int:
    """Return what a key stands for in a table: a number, ``NOTHING`` or ``DOTTED``; a quote follows it.

    Where keys are short and each has a slot of its own, no branch depends on what is found: it could not be foretold.
    """
    place = keys.tables + _TABLE * table
    word = low_bytes(begin, length) ^ np.uint64(length)
    number = signed((word * word_at(place + _FACTOR_AT)) >> _TOP) & integer_at(place + _MASK_AT)
    slot = keys.slots + integer_at(place) + _SLOT * number
    if half_at(slot + _PASSED_AT) | (length >= _TEXT):
        return _find_passed_key(keys, table, begin, length, number)
    return signed_half_at(slot) * _is_in(slot, begin)


@inlined
def _is_in(slot: int, begin: int) -> bool:
    """Tell whether a slot has the short key at an address; an empty slot has any, and it stands for nothing."""
    return bool(differing_64(slot + _TEXT_AT, begin) & word_at(slot + _BITS_AT) == _NONE)


@compiled
def _find_passed_key(keys: Keys, table: int, begin: int, length: int, number: int) -> int:
    """Do the same for a long key, or one whose slot, which has a ``number``, was taken when another key came."""
    if length >= _TEXT:
        return _find_long_key(keys, table, begin, length)
    place = keys.tables + _TABLE * table
    slots, mask = keys.slots + integer_at(place), integer_at(place + _MASK_AT)
    while True:
        slot = slots + _SLOT * number
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
