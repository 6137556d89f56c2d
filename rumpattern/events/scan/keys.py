"""The members to read, as hash tables that compiled code can look a key up in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.events.scan.simd import Array, inlined, signed, word_at
from rumpattern.events.scan.tokens import are_equal, low_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.events.tree import Node

NOTHING: Final = -1
"""A key that nobody asks for."""
DOTTED: Final = -2
"""A key that holds several segments of a path."""
_FACTOR: Final = 0x9E3779B97F4A7C15
_TOP: Final = np.uint64(48)
_WORD: Final = 8
SLOT: Final = 4 * _WORD
"""Bytes of a slot."""


class Keys(NamedTuple):
    """Tables of keys, one for each object that holds a wanted member; table 0 is the event itself.

    ``tables``, of shape (tables, 2), are each one's first slot and its number of slots, a power of two, less one.
    ``slots``, of shape (slots, 4), tell what a slot stands for (a member's number, ``NOTHING`` if it is empty, or
    ``DOTTED``), the first eight bytes of its key, the key's length, and where the rest of it stands in ``text``.
    ``members``, of shape (members, 2), tell which table a member's own members are in and which column it fills, or
    ``NOTHING``.
    """

    tables: Array
    slots: Array
    text: Array
    members: Array


def build_keys(root: Node, columns: Mapping[str, int]) -> Keys:
    """Return the tables of a tree of members; ``columns`` numbers the paths that are wanted."""
    tables: list[dict[bytes, int]] = []
    node_tables: list[int] = []
    node_columns: list[int] = []

    def add(node: Node) -> int:
        table: dict[bytes, int] = {key.encode("utf-8", "surrogatepass"): DOTTED for key in node.dotted}
        number = len(tables)
        tables.append(table)
        for segment, child in node.children.items():
            member = table[segment.encode("utf-8", "surrogatepass")] = len(node_tables)
            node_tables.append(NOTHING)
            node_columns.append(columns.get(child.path, NOTHING) if child.wanted else NOTHING)
            if child.children:
                node_tables[member] = add(child)
        return number

    add(root)
    return _lay_out(tables, list(zip(node_tables, node_columns, strict=True)))


def build_types(types: Sequence[str]) -> Keys:
    """Return a table that gives each event type its number."""
    return _lay_out([{name.encode("utf-8", "surrogatepass"): number for number, name in enumerate(types)}], [])


def _lay_out(tables: Sequence[dict[bytes, int]], members: Sequence[tuple[int, int]]) -> Keys:
    sizes = [1 << (3 * len(table)).bit_length() for table in tables]
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    slots = np.full((sum(sizes), 4), NOTHING, np.int64)
    text = bytearray()
    for table, start, size in zip(tables, starts, sizes, strict=True):
        for key, node in table.items():
            word = int.from_bytes(key[:8], "little")
            slot = (((word ^ len(key)) * _FACTOR) % 2**64 >> int(_TOP)) & (size - 1)
            while slots[start + slot, 0] != NOTHING:
                slot = (slot + 1) & (size - 1)
            slots[start + slot] = node, np.uint64(word).astype(np.int64), len(key), len(text)
            text += key[8:] + bytes(_WORD)
    return Keys(
        np.array([(start, size - 1) for start, size in zip(starts, sizes, strict=True)], np.int64),
        slots,
        np.frombuffer(bytes(text) + bytes(_WORD), np.uint8),
        np.array(members, np.int64).reshape(-1, 2),
    )


@inlined
def find_key(slots: int, mask: int, text: int, begin: int, length: int) -> int:
    """Return what a key stands for: a number, ``NOTHING`` or ``DOTTED``.

    Args:
        slots: the address of its table's slots.
        mask: the number of slots less one.
        text: the address of the rest of all keys.
        begin: the address of the key.
        length: its length in bytes.
    """
    word = low_bytes(begin, length)
    slot = signed(((word ^ np.uint64(length)) * np.uint64(_FACTOR)) >> _TOP) & mask
    while True:
        at = slots + slot * SLOT
        node = signed(word_at(at))
        if node == NOTHING:
            return node
        if (
            word_at(at + 8) == word
            and signed(word_at(at + 16)) == length
            and (length <= _WORD or are_equal(begin + _WORD, text + signed(word_at(at + 24)), length - _WORD))
        ):
            return node
        slot = (slot + 1) & mask
