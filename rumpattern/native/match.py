"""Loops that numpy has no words for, compiled (extra ``fast``): a search of boundaries, sets intersected row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.native.simd import compiled, trailing_zeros

if TYPE_CHECKING:
    from rumpattern.native.simd import Array

_CACHED: Final = 4096
"""Numbers that are searched in turn: they stay in the processor's cache."""


@compiled
def search(boundaries: Array, numbers: Array) -> Array:
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
def intersect(table: Array, classes: Array) -> tuple[Array, Array, int]:
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
