"""The tree of members to read, laid out as the hash tables in which the compiled core looks keys up (``keys.h``)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.native import PADDING
from rumpattern.native.structures import Keys, LayOut, Span, Table, record_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.arrays import Array, Bytes
    from rumpattern.columns.tree import Node
    from rumpattern.native.library import Core

NOTHING: Final = 0
"""A key that nobody asks for; members have numbers from 1."""
DOTTED: Final = -1
"""A key that holds several segments of a path."""
NOWHERE: Final = -1
"""In the place of a table, or of a column: there is none."""
SEEDS: Final = (int.from_bytes(os.urandom(8), "little"), int.from_bytes(os.urandom(8), "little"))
"""Of all hashes of strings in this process, so that nobody can write events whose strings collide.

No result depends on them.
"""
_SLOTS_PER_KEY: Final = 8
_SLOTS_PER_TABLE: Final = 2
_QUOTE: Final = b'"'
CACHE_LINE: Final = 64
_SLOT: Final = np.dtype("V64")
_TABLE: Final = np.dtype(record_of(Table))


@dataclass(frozen=True, slots=True, eq=False)
class KeyTables:
    """Tables of keys for the core.

    Attributes:
        structure: with the addresses of ``arrays``.
        arrays: the tables, their slots and the texts of the keys.
    """

    structure: Keys
    arrays: tuple[Array, ...]


def build_keys(core: Core, root: Node, columns: Mapping[str, int]) -> tuple[KeyTables, Array]:
    """Return the tables of a tree of members, one for each object in it, and the members.

    Args:
        core: lays the tables out.
        root: the tree.
        columns: the index of each path's column.

    Returns:
        The tables, and shape (members + 1, 2): the table of a member's own members, and the column that it fills, or
        ``NOWHERE``.
    """
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
    return _lay_out(core, tables), np.array(members, np.int32).reshape(-1, 2)


def build_types(core: Core, types: Sequence[str]) -> KeyTables:
    """Return a table of event types, each of which stands for its index, from 1."""
    return _lay_out(core, [{name.encode("utf-8", "surrogatepass"): index for index, name in enumerate(types, 1)}])


def aligned_zeros(size: int) -> Bytes:
    """Return so many zeros that begin where a cache line does."""
    room = np.zeros(size + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    return room[start : start + size]


def _lay_out(core: Core, tables: Sequence[Mapping[bytes, int]]) -> KeyTables:
    """Return the tables for the core. A key with a quote is left out: in JSON it has an escape and is not looked up."""
    keys = [
        (index, key, member) for index, table in enumerate(tables) for key, member in table.items() if _QUOTE not in key
    ]
    ends = np.array([*accumulate((len(key) for _, key, _ in keys), initial=0)], np.int64)
    texts = np.frombuffer(b"".join([key for _, key, _ in keys]) + bytes(PADDING), np.uint8)
    key_tables, members = np.array([index for index, _, _ in keys], np.int64), np.array([m for *_, m in keys], np.int32)
    laid_out = np.zeros(len(tables), _TABLE)
    slots = aligned_zeros(_SLOT.itemsize * (_SLOTS_PER_KEY * len(keys) + _SLOTS_PER_TABLE * len(tables) + 1)).view(
        _SLOT
    )
    begins, ends = ends[:-1].copy(), ends[1:].copy()
    spans = [Span.of(array) for array in (texts, key_tables, begins, ends, members)]
    core.call("lay_out_keys", LayOut(*spans, SEEDS, Span.of(laid_out), Span.of(slots)))
    return KeyTables(Keys(Span.of(laid_out), Span.of(slots), Span.of(texts), SEEDS), (laid_out, slots, texts))
