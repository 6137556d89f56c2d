"""The tree of members to read, laid out as the hash tables in which compiled code looks keys up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.native.keys import (
    DOTTED,
    HASH_SHIFT,
    NOTHING,
    NOWHERE,
    SLOT_BYTES,
    SLOT_TEXT,
    SLOT_TYPE,
    TABLE_TYPE,
    Keys,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rumpattern.columns.tree import Node

_WORD: Final = 8
_QUOTE: Final = b'"'
_FACTORS: Final = tuple(0x9E3779B97F4A7C15 * odd % 2**64 for odd in range(1, 129, 2))
"""Factors to try for a table: odd multiples of 2**64 / phi, which multiplicative hashing spreads keys well with."""


def build_keys(root: Node, columns: Mapping[str, int]) -> Keys:
    """Return the tables of a tree of members, one for each object in it; ``columns`` has the index of each path."""
    tables: list[dict[bytes, int]] = []
    members = [(NOWHERE, NOWHERE)]

    def add(node: Node) -> int:
        table: dict[bytes, int] = {key.encode("utf-8", "surrogatepass"): DOTTED for key in node.dotted}
        index = len(tables)
        tables.append(table)
        for segment, child in node.children.items():
            member = table[segment.encode("utf-8", "surrogatepass")] = len(members)
            column = columns.get(child.path, NOWHERE) if child.wanted else NOWHERE
            members.append((NOWHERE, column))
            if child.children:
                members[member] = add(child), column
        return index

    add(root)
    return _lay_out(tables, members)


def build_types(types: Sequence[str]) -> Keys:
    """Return a table of event types, each of which stands for its index, from 1."""
    return _lay_out([{name.encode("utf-8", "surrogatepass"): index for index, name in enumerate(types, 1)}], [])


def _lay_out(tables: Sequence[dict[bytes, int]], members: Sequence[tuple[int, int]]) -> Keys:
    """Return the tables: their slots one after the other, and the long keys apart.

    A key that fits in a slot is at ``_slot(key, factor, size)`` if that is free, else in the next free slot (linear
    probing), and all slots before that are marked as passed. A key with a quote is left out: a quote ends the key in a
    slot, and in JSON such a key has an escape and is not looked up.

    Each table has its own ``factor``, that of ``_FACTORS`` which gives the most keys a slot of their own. With four to
    eight times as many slots as keys, one of 64 factors nearly always does so for all (a perfect hash), and then a
    lookup is one multiplication and one comparison, without a branch that depends on the key.
    """
    sizes = [1 << (4 * len(table)).bit_length() for table in tables]
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    slots = [(NOTHING, False, 0, b"")] * (sum(sizes) + 1)
    records, longer, texts = [], [], bytearray()
    for index, (table, start, size) in enumerate(zip(tables, starts, sizes, strict=True)):
        short = {key: member for key, member in table.items() if len(key) < SLOT_TEXT and _QUOTE not in key}
        factor = _best_factor(short, size)
        records.append((start * SLOT_BYTES, size - 1, factor))
        for key, member in short.items():
            slot = _slot(key, factor, size)
            while slots[start + slot][0] != NOTHING:
                taken, _, bits, text = slots[start + slot]
                slots[start + slot] = taken, True, bits, text
                slot = (slot + 1) % size
            slots[start + slot] = member, False, (2 << len(key)) - 1, key + _QUOTE
        for key, member in table.items():
            if len(key) >= SLOT_TEXT:
                longer.append((index, len(key), member, len(texts)))
                texts += key + bytes(_WORD)
    longer.append((NOWHERE, 0, NOTHING, 0))
    return Keys(
        np.array(records, TABLE_TYPE),
        np.array(slots, SLOT_TYPE),
        np.array(longer, np.int64),
        np.frombuffer(bytes(texts) + bytes(_WORD), np.uint8),
        np.array(members, np.int32).reshape(-1, 2),
    )


def _best_factor(keys: Iterable[bytes], size: int) -> int:
    """Return the factor with which the fewest keys share a slot, the first of several."""
    return max(_FACTORS, key=lambda factor: len({_slot(key, factor, size) for key in keys}))


def _slot(key: bytes, factor: int, size: int) -> int:
    """Return the slot of a key, by its first 8 bytes and its length: the same formula as ``native.keys.find_key``."""
    word = int.from_bytes(key[:_WORD], "little")
    return ((word ^ len(key)) * factor % 2**64 >> int(HASH_SHIFT)) % size
