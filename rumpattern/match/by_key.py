"""Matches very many definitions at once by keys: each row finds the few branches that may hold, and tests them."""

from __future__ import annotations

from functools import cached_property
from itertools import repeat
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.columns.batch import kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.match.bitsets import distinct_pairs
from rumpattern.match.classes import MAX_STRINGS, used_codes
from rumpattern.match.key_index import RowValues
from rumpattern.match.masks import MaskMatcher
from rumpattern.match.row_lists import RowLists, lists_from_pairs
from rumpattern.match.selection import length, split_selection, take

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rumpattern.arrays import Array, Bytes, Codes, Integers, Rows
    from rumpattern.columns.batch import Column
    from rumpattern.match.by_class import ClassMatcher
    from rumpattern.match.key_index import KeyIndex
    from rumpattern.match.masks import PassingEntries
    from rumpattern.match.rowwise import RowwiseKernel
    from rumpattern.match.selection import Selection

_BLOCK: Final = 1 << 16
"""Rows whose values are laid out at once."""


class _Entries(NamedTuple):
    """What is known of the strings of a column's dictionary.

    Attributes:
        ids: shape (strings,), see ``RowValues``; None if no string has an id.
        passes: shape (strings, bytes), those of the strings that occur; None if strings are not tested.
    """

    ids: Codes | None
    passes: Array | None


class KeyMatcher:
    """Matches the definitions of an index. Several threads may use it at once.

    Args:
        index: the definitions.
        rowwise: what probes the index.
        build_others: returns matchers of the same definitions that take arrays; it is called if there are any.
    """

    def __init__(
        self,
        index: KeyIndex,
        rowwise: RowwiseKernel,
        build_others: Callable[[], list[MaskMatcher | ClassMatcher]],
    ) -> None:
        self.index = index
        self.probe = rowwise.prober(index)
        self.build_others = build_others
        self.pass_bytes = index.pass_bytes
        self.passes: list[dict[str, Bytes]] = [{} for _ in index.paths]

    @cached_property
    def others(self) -> list[MaskMatcher | ClassMatcher]:
        """Matchers of the same definitions, for rows that hold an array and for events on the exact path."""
        return self.build_others()

    def split_arrays(self, columns: Mapping[str, Column], selection: Selection) -> tuple[Selection, Selection | None]:
        """Return the selected rows without arrays, and those that hold one on a path of the index, if there are any."""
        with_arrays = [columns[path] for path in self.index.paths if columns[path].arrays is not None]
        if not with_arrays:
            return selection, None
        rows = np.arange(selection.start, selection.stop) if isinstance(selection, slice) else selection
        has_array = np.logical_or.reduce(
            [kind_mask(take(column.kinds, selection), Kind.ARRAY) for column in with_arrays]
        )
        return rows[~has_array], rows[has_array]

    def match(self, columns: Mapping[str, Column], selection: Selection, passing: PassingEntries) -> list[RowLists]:
        """Return which of the selected rows each definition matches, in parts."""
        selection, with_arrays = self.split_arrays(columns, selection)
        of_code = [self._entries(column, columns[path], selection) for column, path in enumerate(self.index.paths)]
        parts = []
        for block in split_selection(selection, _BLOCK):
            rows, branches = self.probe(self._values(columns, block, of_code))
            parts.append(self._lists(rows + block.start if isinstance(block, slice) else block[rows], branches))
        if with_arrays is not None and length(with_arrays):
            for other in self.others:
                if isinstance(other, MaskMatcher):
                    parts.append(other.match(columns, with_arrays, passing))
                else:
                    parts += other.match(columns, with_arrays)
        return parts

    def _entries(self, number: int, column: Column, selection: Selection) -> _Entries:
        """Return what is known of the strings of a column's dictionary."""
        known, tests = self.index.ids[number], self.index.string_tests[number]
        strings = column.strings
        ids = passes = None
        if known and strings:
            ids = np.fromiter(map(known.get, strings, repeat(0)), np.int32, len(strings))
        if tests and strings:
            used = used_codes(column, selection, Kind.STRING) if len(strings) > length(selection) else _all(strings)
            passes = np.zeros((len(strings), self.pass_bytes), np.uint8)
            for code in used[used < len(strings)].tolist():
                passes[code] = self._passes_of(number, strings[code])
        return _Entries(ids, passes)

    def _passes_of(self, number: int, text: str) -> Bytes:
        """Return the bits of the tests of a column that a string passes, which are remembered."""
        remembered = self.passes[number]
        passes = remembered.get(text)
        if passes is None:
            tests = self.index.string_tests[number]
            bits = np.zeros(8 * self.pass_bytes, np.bool_)
            bits[: len(tests)] = [test(text) for test in tests]
            passes = np.packbits(bits, bitorder="little")
            if len(remembered) >= MAX_STRINGS:
                remembered.clear()
            remembered[text] = passes
        return passes

    def _values(self, columns: Mapping[str, Column], block: Selection, of_code: Sequence[_Entries]) -> RowValues:
        shape = len(self.index.paths), length(block)
        kinds, numbers = np.empty(shape, np.uint8), np.empty(shape)
        ids = np.zeros(shape, np.int32)
        pass_rows = np.full(shape if self.pass_bytes else (shape[0], 0), -1, np.int32)
        passes: list[Array] = [np.zeros((0, self.pass_bytes), np.uint8)]
        first = 0
        for number, (path, entries) in enumerate(zip(self.index.paths, of_code, strict=True)):
            column = columns[path]
            kinds[number], numbers[number] = take(column.kinds, block), take(column.numbers, block)
            if entries.ids is None and entries.passes is None:
                continue
            codes, is_string = take(column.codes, block), kind_mask(kinds[number], Kind.STRING)
            if entries.ids is not None:  # the codes of other kinds may be too large for this dictionary
                np.copyto(ids[number], entries.ids.take(codes, mode="clip"), where=is_string)
            if entries.passes is not None:
                np.copyto(pass_rows[number], codes + np.int32(first), where=is_string)
                passes.append(entries.passes)
                first += len(entries.passes)
        return RowValues(kinds, numbers, ids, pass_rows, np.concatenate(passes))

    def _lists(self, rows: Rows, branches: Integers) -> RowLists:
        index = self.index
        lists = lists_from_pairs(index.definitions, rows, index.definition_of_branch[branches])
        if not index.has_several:
            return lists
        # Sorted by definition and row: a pair that several branches make is side by side.
        owners = np.repeat(np.arange(len(index.definitions)), lists.counts)
        owners, rows = distinct_pairs(owners, lists.rows)
        return RowLists(index.definitions, np.bincount(owners, minlength=len(index.definitions)), rows)


def _all(strings: Sequence[str]) -> Rows:
    return np.arange(len(strings))
