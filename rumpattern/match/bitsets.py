"""Sets of branches as bits of 64-bit words: intersected, and taken apart into owners."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import BitTable, Classes, Owners, Rows

AT_ONCE: Final = 1 << 17
"""Words of sets that are made at once: a megabyte, which stays in the processor's cache."""


def words_of(branches: int) -> int:
    """Return how many words a set of some branches takes."""
    return -(-branches // 64)


class Stack(NamedTuple):
    """The classes of all paths one after the other.

    Attributes:
        sets: shape (classes, words), the set of branches of each.
        firsts: the number of the first class of each path.
    """

    sets: BitTable
    firsts: tuple[int, ...]


def stack(tables: Sequence[BitTable]) -> Stack:
    """Return the classes of all paths from the sets of each path's classes, shape (its classes, words)."""
    return Stack(np.concatenate(tables), tuple(accumulate(map(len, tables[:-1]), initial=0)))


def intersect(known: Stack, classes: Sequence[Classes]) -> BitTable:
    """Return shape (n, words): the branches in the sets of all classes of an item.

    Args:
        known: the sets.
        classes: for each path, at least one, the class of each of n items.
    """
    sets: BitTable = known.sets[classes[0]]
    for of_path, first in zip(classes[1:], known.firsts[1:], strict=True):
        sets &= known.sets[of_path + np.int32(first)]
    return sets


def row_owners(known: Stack, classes: Sequence[Classes], owner_of: Owners) -> tuple[Rows, Owners]:
    """Return the pairs of a row and an owner of a branch in the sets of all its classes, by row and then by owner.

    Args:
        known: the sets.
        classes: for each path the class of each row.
        owner_of: shape (branches,), ascending: whose each branch is.
    """
    step = max(1, AT_ONCE // known.sets.shape[1])
    rows: list[Rows] = [np.zeros(0, np.int64)]
    owners: list[Owners] = [np.zeros(0, np.uint16)]
    for start in range(0, len(classes[0]), step):
        some, whose = owners_in(intersect(known, [of_path[start : start + step] for of_path in classes]), owner_of)
        rows.append(some + start)
        owners.append(whose)
    return np.concatenate(rows), np.concatenate(owners)


def owners_in(sets: BitTable, owner_of: Owners) -> tuple[Rows, Owners]:
    """Return the pairs of an item and an owner of a branch in its set, by item and then by owner, each once.

    Args:
        sets: shape (n, words).
        owner_of: shape (branches,), ascending: whose each branch is.
    """
    items, words = np.nonzero(sets)
    octets = sets[items, words].astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)
    places, bits = np.nonzero(np.unpackbits(octets, axis=1, bitorder="little"))
    return distinct(items[places], owner_of[words[places] * 64 + bits])


def distinct(items: Rows, owners: Owners) -> tuple[Rows, Owners]:
    """Return pairs in order, each once."""
    kept = np.ones(len(items), dtype=np.bool_)
    kept[1:] = (items[1:] != items[:-1]) | (owners[1:] != owners[:-1])
    return (items, owners) if kept.all() else (items[kept], owners[kept])
