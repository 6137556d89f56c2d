"""Combinations of classes as codes: rows with the same class on every path have one code, and the same definitions.

Which definitions a code matches is evaluated once, and kept for all later batches: evaluating codes in each batch anew
was measured four to eleven times slower.
"""

from __future__ import annotations

from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

from rumpattern.match.bitsets import CHUNK_WORDS, expand, intersect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Classes, DefinitionIndices, Rows
    from rumpattern.match.bitsets import StackedSets

MAX_CODES: Final = 1 << 21
"""Codes of one table, which takes 4 bytes for each: 8 MB."""
MAX_CODES_OF_ENGINE: Final = 1 << 24
"""Codes of all tables of an engine: 64 MB."""
MAX_CACHED_MATCHES: Final = 1 << 21
"""(code, definition) pairs that one table keeps, 2 bytes each; beyond, the next batch begins with an empty table."""
_NOT_EVALUATED: Final = 0
_NO_MATCH: Final = 1


def radices_for(counts: Sequence[int], is_open: Sequence[bool]) -> list[int]:
    """Return the radix of each path: its number of classes, and a quarter more where strings may add classes."""
    return [count + count // 4 + 1 if more else count for count, more in zip(counts, is_open, strict=True)]


_Array = TypeVar("_Array", bound=np.ndarray[Any, Any])


class CodeTable:
    """The definitions of each code that has occurred. Several threads may use it at once.

    The code of a row is a number in mixed radix, whose digits are its classes: the sum of ``class * stride``, where the
    stride of a path is the product of the radices of the paths before it.

    Reading takes no lock, since nearly every batch finds all its codes evaluated. That is safe because

    * ``list_of_code[code]`` changes once, from ``_NOT_EVALUATED`` to what it stays;
    * a writer, of which the lock admits one, completes the list before it stores its index in ``list_of_code``;
    * a reader fetches the lists after it has read that index, so that it gets arrays in which the list is complete;
    * growing copies arrays and leaves the old ones as they were, for readers that hold them (``_ListStore``).

    A code means the same to all threads: classes never change their index or their set, and a table is replaced as a
    whole when one of its radices becomes too small.

    Args:
        radices: that of each path; their product is at most ``MAX_CODES``.
    """

    def __init__(self, radices: Sequence[int]) -> None:
        self.radices = tuple(radices)
        self.strides = [prod(self.radices[:path]) for path in range(len(self.radices))]
        self.list_of_code: Classes = np.zeros(prod(self.radices), np.int32)
        self.lock = Lock()
        self.store = _ListStore()

    def fits(self, counts: Sequence[int]) -> bool:
        """Tell whether codes of so many classes on each path are below the radices, and matches can be added."""
        has_room = self.store.used_definitions < MAX_CACHED_MATCHES
        return has_room and all(count <= radix for count, radix in zip(counts, self.radices, strict=True))

    def encode(self, classes: Sequence[Classes]) -> Classes:
        """Return shape (n,): the code of each row, given for each path the class of each row."""
        codes = classes[0].copy()
        for of_path, stride in zip(classes[1:], self.strides[1:], strict=True):
            codes += of_path * np.int32(stride)
        return codes

    def match(
        self, codes: Classes, stacked: StackedSets, definition_of_branch: DefinitionIndices
    ) -> tuple[Rows, DefinitionIndices]:
        """Return the (row, definition) pairs of all rows, by row and then by definition, each once.

        Args:
            codes: shape (rows,).
            stacked: the sets of all classes that the codes are made of.
            definition_of_branch: shape (branches,), ascending.
        """
        indices = self.list_of_code[codes]
        if not indices.all():
            self._evaluate(codes[indices == _NOT_EVALUATED], stacked, definition_of_branch)
            indices = self.list_of_code[codes]
        lists = self.store.lists  # after the indices are read, never before: see the class
        rows = np.flatnonzero(indices > _NO_MATCH)
        indices = indices[rows]
        lengths = lists.lengths[indices]
        # The definitions of all rows at once: output position k of a row's list is at begin + (k - first k of the row).
        shifts = lists.begins[indices] - (np.cumsum(lengths, dtype=np.int64) - lengths)
        positions = np.repeat(shifts, lengths) + np.arange(lengths.sum())
        return np.repeat(rows, lengths), lists.definitions[positions]

    def _evaluate(self, codes: Classes, stacked: StackedSets, definition_of_branch: DefinitionIndices) -> None:
        with self.lock:
            codes = np.array(sorted(set(codes.tolist())), np.int32)
            codes = codes[self.list_of_code[codes] == _NOT_EVALUATED]  # another thread may have been here first
            step = max(1, CHUNK_WORDS // stacked.sets.shape[1])
            for start in range(0, len(codes), step):
                self._evaluate_chunk(codes[start : start + step], stacked, definition_of_branch)

    def _evaluate_chunk(self, codes: Classes, stacked: StackedSets, definition_of_branch: DefinitionIndices) -> None:
        classes = [codes // stride % radix for stride, radix in zip(self.strides, self.radices, strict=True)]
        items, definitions = expand(intersect(stacked, classes), definition_of_branch)
        lengths = np.bincount(items, minlength=len(codes))
        indices = np.full(len(codes), _NO_MATCH, np.int32)
        indices[lengths > 0] = self.store.append(lengths[lengths > 0], definitions)
        self.list_of_code[codes] = indices  # last: whoever reads an index finds its list complete


class _Lists(NamedTuple):
    """Lists of definitions: list i is ``definitions[begins[i]:begins[i] + lengths[i]]``."""

    begins: Classes
    lengths: Classes
    definitions: DefinitionIndices


class _ListStore:
    """Lists of definitions that are only ever appended, by one thread at a time.

    What is below ``used`` and ``used_definitions`` is never written again, neither in the present arrays nor in those
    that they replaced: a reader may go on with a ``lists`` that it fetched before. So lists cannot be removed, and
    space is won back only by dropping the whole table (``CodeTable.fits``).
    """

    def __init__(self) -> None:
        self.lists = _Lists(np.zeros(64, np.int32), np.zeros(64, np.int32), np.zeros(256, np.uint16))
        self.used = _NO_MATCH + 1  # the indices below are no lists
        self.used_definitions = 0

    def append(self, lengths: Rows, definitions: DefinitionIndices) -> Classes:
        """Append lists of given lengths, concatenated in ``definitions``, and return their indices."""
        start, end = self.used, self.used + len(lengths)
        end_definitions = self.used_definitions + len(definitions)
        lists = _Lists(
            _with_capacity(self.lists.begins, end),
            _with_capacity(self.lists.lengths, end),
            _with_capacity(self.lists.definitions, end_definitions),
        )
        lists.begins[start:end] = self.used_definitions + np.cumsum(lengths) - lengths
        lists.lengths[start:end] = lengths
        lists.definitions[self.used_definitions : end_definitions] = definitions
        self.lists = lists
        self.used, self.used_definitions = end, end_definitions
        return np.arange(start, end, dtype=np.int32)


def _with_capacity(array: _Array, size: int) -> _Array:
    """Return the array if it has so many elements, else a copy in one at least twice as long."""
    if size <= len(array):
        return array
    larger = np.zeros(max(size, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger  # type: ignore[return-value]
