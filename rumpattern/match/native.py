"""Loops that numpy has no words for, compiled (extra ``fast``): a search of boundaries, sets intersected row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.events.scan.simd import compiled, trailing_zeros
from rumpattern.match.bitsets import Stack, distinct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.events.columns import Numbers
    from rumpattern.events.scan.simd import Array
    from rumpattern.match.classes import BitTable, Classes
    from rumpattern.match.found import Owners, Rows

_CACHED: Final = 4096
"""Numbers that are searched in turn: they stay in the processor's cache."""


def reached(boundaries: Numbers, numbers: Numbers) -> Classes:
    """Return shape (numbers,): how many of the ascending boundaries, at least one, each number has reached."""
    found: Classes = _search(boundaries, numbers)
    return found


def row_owners(known: Stack, classes: Sequence[Classes], owner_of: Owners) -> tuple[Rows, Owners]:
    """Return the same as ``rumpattern.match.bitsets.row_owners``."""
    of_paths = np.stack([of_path + np.int32(first) for of_path, first in zip(classes, known.firsts, strict=True)])
    rows, branches, n = _intersect(known.sets, of_paths)
    return distinct(rows[:n], owner_of[branches[:n]])


def warm_up() -> None:
    """Compile everything, or load it; whatever keeps numba from working shows here."""
    reached(np.zeros(1), np.zeros(1))
    row_owners(Stack(np.zeros((1, 1), np.uint64), (0,)), [np.zeros(1, np.int32)], np.zeros(1, np.uint16))


@compiled
def _search(boundaries: Numbers, numbers: Numbers) -> Classes:
    """Halve what is left of the boundaries for many numbers in turn: the processor then works on several at once."""
    found = np.zeros(len(numbers), np.int32)
    for start in range(0, len(numbers), _CACHED):
        stop = min(start + _CACHED, len(numbers))
        size = len(boundaries)
        while size > 1:
            half = size >> 1
            for i in range(start, stop):
                found[i] += half * (boundaries[found[i] + half - 1] <= numbers[i])
            size -= half
        for i in range(start, stop):
            found[i] += boundaries[found[i]] <= numbers[i]
    return found


@compiled
def _intersect(table: BitTable, classes: Array) -> tuple[Rows, Rows, int]:
    """Return rows, branches and how many pairs of them there are; ``classes``, shape (paths, rows), index ``table``."""
    paths, n = classes.shape
    words = table.shape[1]
    rows, branches = np.empty(n, np.int64), np.empty(n, np.int64)
    left = np.empty(words, np.uint64)
    everything = ~np.uint64(0)
    count = 0
    for row in range(n):
        left[:] = everything
        some = everything
        for path in range(paths):
            of_path = classes[path, row]
            some = np.uint64(0)
            for word in range(words):
                left[word] &= table[of_path, word]
                some |= left[word]
            if some == 0:
                break
        if some == 0:
            continue
        if count + 64 * words > len(rows):
            rows = np.concatenate((rows, np.empty(len(rows) + 64 * words, np.int64)))
            branches = np.concatenate((branches, np.empty(len(branches) + 64 * words, np.int64)))
        for word in range(words):
            bits = left[word]
            while bits:
                rows[count] = row
                branches[count] = word * 64 + trailing_zeros(bits)
                count += 1
                bits &= bits - np.uint64(1)
    return rows, branches, count
