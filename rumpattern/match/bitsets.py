"""Sets of branches, one bit each in 64-bit words: intersected, and expanded to the definitions of their branches."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.arrays import Bits, BitTable, Classes, DefinitionIndices, Integers, Rows

_Integers = TypeVar("_Integers", bound=np.ndarray[Any, Any])

CHUNK_WORDS: Final = 1 << 17
"""Words of sets that are intersected at once, a megabyte.

The sets are written once for each path and read once more, so they must stay in a core's own cache. Between 2^15 and
2^19 words the time is the same; at 2^22, which only memory holds, and at 2^11, where calls of numpy count, it doubles.
"""


def word_count(branches: int) -> int:
    """Return how many words a set of so many branches takes."""
    return -(-branches // 64)


def bits_of(members: Sequence[int], branches: int) -> Bits:
    """Return the set of some branches among so many, shape (words,)."""
    bits = np.zeros(64 * word_count(branches), np.bool_)
    bits[members] = True
    words: Bits = np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)
    return words


class StackedSets(NamedTuple):
    """The sets of all classes of all paths in one table, so that a class is one row whatever path it is of.

    Attributes:
        sets: shape (classes of all paths, words), the set of branches of each.
        offsets: shape (paths,), the row of the first class of each path.
    """

    sets: BitTable
    offsets: tuple[int, ...]


def stack_sets(tables: Sequence[BitTable]) -> StackedSets:
    """Return the stacked sets of tables, one for each path, shape (its classes, words)."""
    return StackedSets(np.concatenate(tables), tuple(accumulate(map(len, tables[:-1]), initial=0)))


def intersect(stacked: StackedSets, classes: Sequence[Classes]) -> BitTable:
    """Return shape (n, words): the branches that hold on every path, for each of n combinations of classes.

    Args:
        stacked: the sets of the classes.
        classes: for each path, of which there is at least one, shape (n,): a class of that path.
    """
    sets: BitTable = stacked.sets[classes[0]]
    for of_path, offset in zip(classes[1:], stacked.offsets[1:], strict=True):
        sets &= stacked.sets[of_path + np.int32(offset)]
    return sets


def unite(sets: BitTable, classes: Classes, offsets: Integers, indices: Rows) -> Iterator[Bits]:
    """Yield the union of the sets of several classes, shape (words,), for each of some lists of classes.

    Args:
        sets: shape (all classes, words).
        classes: the lists, one after the other.
        offsets: shape (lists + 1,): list i is ``classes[offsets[i]:offsets[i + 1]]``.
        indices: which lists, ascending; none of them is empty.
    """
    most = max(1, CHUNK_WORDS // sets.shape[1])
    begins, ends = offsets[indices], offsets[indices + 1]
    position = 0
    while position < len(indices):
        begin = begins[position]
        after = max(position + 1, int(np.searchsorted(ends, begin + most, side="right")))
        chunk = classes[begin : ends[after - 1]]  # with the lists between these, which are united in vain
        if after == position + 1:
            yield np.bitwise_or.reduce(sets[np.unique(chunk)])  # which bounds the memory of a long list
        else:
            # From each beginning to the next one: a list that is not asked for ends where it begins.
            bounds = np.column_stack([begins[position:after], ends[position:after]]).ravel()[:-1] - begin
            yield from np.bitwise_or.reduceat(sets[chunk], bounds)[::2]
        position = after


def match_rows(
    stacked: StackedSets, classes: Sequence[Classes], definition_of_branch: DefinitionIndices
) -> tuple[Rows, DefinitionIndices]:
    """Return the (row, definition) pairs of all rows, by row and then by definition, each once.

    Args:
        stacked: the sets of the classes.
        classes: for each path, shape (rows,): the class of each row.
        definition_of_branch: shape (branches,), ascending.
    """
    step = max(1, CHUNK_WORDS // stacked.sets.shape[1])
    all_rows: list[Rows] = [np.zeros(0, np.int64)]
    all_definitions: list[DefinitionIndices] = [np.zeros(0, np.uint16)]
    for start in range(0, len(classes[0]), step):
        sets = intersect(stacked, [of_path[start : start + step] for of_path in classes])
        rows, definitions = expand(sets, definition_of_branch)
        all_rows.append(rows + start)
        all_definitions.append(definitions)
    return np.concatenate(all_rows), np.concatenate(all_definitions)


def expand(sets: BitTable, definition_of_branch: DefinitionIndices) -> tuple[Rows, DefinitionIndices]:
    """Return the (item, definition) pairs of n sets, by item and then by definition, each once.

    Args:
        sets: shape (n, words).
        definition_of_branch: shape (branches,), ascending.
    """
    # Nearly all words are 0, so bits are unpacked only of those that are not. "<u8" puts bits 0 to 7 in the first byte
    # on every machine, so that the flat index of an unpacked bit is its number in the word.
    items, words = np.nonzero(sets)
    octets = sets[items, words].astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)
    indices, bits = np.nonzero(np.unpackbits(octets, axis=1, bitorder="little"))
    return distinct_pairs(items[indices], definition_of_branch[words[indices] * 64 + bits])


def distinct_pairs(items: Rows, others: _Integers) -> tuple[Rows, _Integers]:
    """Return sorted pairs without repeats, which stem from definitions of which several branches hold."""
    is_first = np.ones(len(items), dtype=np.bool_)
    is_first[1:] = (items[1:] != items[:-1]) | (others[1:] != others[:-1])
    return (items, others) if is_first.all() else (items[is_first], others[is_first])  # type: ignore[return-value]
