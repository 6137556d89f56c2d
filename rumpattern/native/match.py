"""The inner loops of row-wise matching: interval search, and sets of branches intersected for each row.

``match.rowwise`` calls them in the place of ``locate_intervals`` and ``match_rows``, which give the same results.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.native.simd import compiled, trailing_zeros

if TYPE_CHECKING:
    from rumpattern.native.simd import Array

_CACHED: Final = 4096
"""Numbers that are searched in turn: they stay in the processor's cache."""


# A binary search whose steps do not depend on branches, so that none is predicted wrongly, and which takes one step for
# many numbers before the next step for any: the loads of one step are independent, and the processor has many of them
# under way at once. The invariant: a number has reached between ``found`` and ``found + size`` boundaries.
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


# For each row the sets of its classes are ANDed path by path, and the row is left at the first path after which nothing
# is left: most rows match nothing, and end after one or two paths, where numpy ANDs all rows on all paths. Bits are
# then taken out lowest first, so that branches, and with them definitions, ascend within a row. The room is checked
# once for a row and not for each bit: a row adds 64 * words pairs at most.
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
