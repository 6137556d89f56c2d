"""The members to read, laid out as the hash tables that compiled code looks keys up in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.columns.tree import Node

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

_WORD: Final = 8
_QUOTE: Final = b'"'
_FACTORS: Final = tuple(0x9E3779B97F4A7C15 * odd % 2**64 for odd in range(1, 129, 2))


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
        short = {key: member for key, member in table.items() if len(key) < SLOT_TEXT and _QUOTE not in key}
        factor = max(_FACTORS, key=lambda factor: len({_slot(key, factor, size) for key in short}))
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
                longer.append((number, len(key), member, len(texts)))
                texts += key + bytes(_WORD)
    longer.append((NOWHERE, 0, NOTHING, 0))
    return Keys(
        np.array(records, TABLE_TYPE),
        np.array(slots, SLOT_TYPE),
        np.array(longer, np.int64),
        np.frombuffer(bytes(texts) + bytes(_WORD), np.uint8),
        np.array(members, np.int32).reshape(-1, 2),
    )


def _slot(key: bytes, factor: int, size: int) -> int:
    word = int.from_bytes(key[:_WORD], "little")
    return ((word ^ len(key)) * factor % 2**64 >> int(HASH_SHIFT)) % size
