"""Predicates to masks: one mask for each predicate, which costs least for a few definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.columns.batch import Column, kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.match.row_lists import RowLists
from rumpattern.match.selection import take

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.arrays import Flags, Numbers, Rows
    from rumpattern.columns.batch import Arrays
    from rumpattern.match.partition import Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.selection import Selection

_NO_NUMBERS: Final = np.zeros(0)
_NO_CODES: Final = np.zeros(0, np.int32)


class _Passing(NamedTuple):
    """Which entries of a column's dictionaries pass a predicate.

    Attributes:
        strings: shape (strings,); None if none can.
        arrays: shape (arrays,); None if there are none.
    """

    strings: Flags | None
    arrays: Flags | None


class PassingEntries:
    """Which strings and arrays of one batch pass each predicate, evaluated once for all partitions that share it.

    Args:
        predicates: all predicates of the plan.
    """

    def __init__(self, predicates: Sequence[CompiledPredicate]) -> None:
        self.predicates = predicates
        self.by_predicate: dict[int, _Passing] = {}

    def of(self, index: int, column: Column) -> _Passing:
        """Return which entries pass predicate ``index``, of the whole column of its path."""
        if index not in self.by_predicate:
            self.by_predicate[index] = _passing(self.predicates[index], column)
        return self.by_predicate[index]


@dataclass(frozen=True, slots=True, eq=False)
class MaskMatcher:
    """Matches the definitions of a partition by a mask for each of its predicates.

    Attributes:
        partition: the definitions.
        predicates: all predicates of the plan.
        number_paths: the paths on which a predicate compares numbers.
        string_paths: the paths on which a predicate tests strings.
    """

    partition: Partition
    predicates: Sequence[CompiledPredicate]
    number_paths: frozenset[str]
    string_paths: frozenset[str]

    def match(self, columns: Mapping[str, Column], selection: Selection, passing: PassingEntries) -> RowLists:
        """Return which of the selected rows each definition matches."""
        rows = np.arange(selection.start, selection.stop) if isinstance(selection, slice) else selection
        mask_of_predicate: dict[int, Flags] = {}
        selected: dict[str, Column] = {}

        def evaluated(index: int) -> Flags:
            if index not in mask_of_predicate:
                path = self.partition.path_of[index]
                if path not in selected:
                    selected[path] = self._select(path, columns[path], selection)
                entries = passing.of(index, columns[path])
                mask_of_predicate[index] = _evaluate(self.predicates[index], selected[path], entries)
            return mask_of_predicate[index]

        masks: dict[int, Flags] = {}
        for definition, branch in zip(
            self.partition.definition_of_branch.tolist(), self.partition.branches, strict=True
        ):
            mask = _all_of([evaluated(index) for index in branch], len(rows))
            masks[definition] = masks[definition] | mask if definition in masks else mask
        lists: list[Rows] = [rows.take(np.flatnonzero(mask)) for mask in masks.values()]
        counts = np.array([len(matched) for matched in lists])
        return RowLists(self.partition.definitions, counts, np.concatenate(lists))

    def _select(self, path: str, column: Column, selection: Selection) -> Column:
        """Return the selected rows of a column, without the arrays that no predicate of its path reads."""
        numbers = take(column.numbers, selection) if path in self.number_paths else _NO_NUMBERS
        has_codes = path in self.string_paths or column.arrays is not None
        codes = take(column.codes, selection) if has_codes else _NO_CODES
        return Column(take(column.kinds, selection), numbers, codes, column.strings, column.arrays)


def build_mask_matcher(partition: Partition, predicates: Sequence[CompiledPredicate]) -> MaskMatcher:
    """Build the matcher of a partition; ``predicates`` are all those of the plan."""
    path_of = partition.path_of.items()
    number_paths = frozenset(path for index, path in path_of if len(predicates[index].lows))
    string_paths = frozenset(path for index, path in path_of if predicates[index].text is not None)
    return MaskMatcher(partition, predicates, number_paths, string_paths)


def _all_of(masks: Sequence[Flags], n: int) -> Flags:
    if not masks:
        return np.ones(n, dtype=np.bool_)
    result = masks[0]
    for mask in masks[1:]:
        result = result & mask  # not in place: the first mask may be one that branches share
    return result


def evaluate(predicate: CompiledPredicate, column: Column) -> Flags:
    """Return shape (rows,): True where a predicate holds. Rows of the exact path get any value."""
    return _evaluate(predicate, column, _passing(predicate, column))


def _passing(predicate: CompiledPredicate, column: Column) -> _Passing:
    strings = None
    if predicate.text is not None and column.strings:
        strings = np.fromiter(map(predicate.text, column.strings), np.bool_, len(column.strings))
    return _Passing(strings, None if column.arrays is None else _passing_arrays(predicate, column.arrays))


def _passing_arrays(predicate: CompiledPredicate, arrays: Arrays) -> Flags:
    """Return shape (arrays,): whether an element of the array passes, or it is empty and may be missing."""
    passed = np.concatenate([[0], np.cumsum(evaluate(predicate, arrays.elements))])
    begins, ends = arrays.offsets[:-1], arrays.offsets[1:]
    result: Flags = passed[ends] > passed[begins]
    return result | (begins == ends) if predicate.kinds[Kind.MISSING] else result


def _evaluate(predicate: CompiledPredicate, column: Column, passing: _Passing) -> Flags:
    """Return the same as ``evaluate``, given what ``_passing`` returns for the column or one that it was taken from."""
    by_kind = predicate.kinds
    result: Flags = by_kind.take(column.kinds) if by_kind.any() else np.zeros(len(column.kinds), dtype=np.bool_)
    for kind, flags in ((Kind.STRING, passing.strings), (Kind.ARRAY, passing.arrays)):
        if flags is not None:
            # The codes of other kinds may be too large for this dictionary: clipped, and masked afterwards.
            result |= flags.take(column.codes, mode="clip") & kind_mask(column.kinds, kind)
    if len(predicate.lows):
        result |= _in_intervals(predicate, column.numbers) & kind_mask(column.kinds, Kind.NUMBER)
    return result


def _in_intervals(predicate: CompiledPredicate, numbers: Numbers) -> Flags:
    """Return shape (rows,): True where the number lies in one of the predicate's intervals."""
    lows, highs = predicate.lows, predicate.highs
    result: Flags
    if len(lows) == 1:
        result = (numbers >= lows[0]) & (numbers <= highs[0])
    else:
        begun = np.searchsorted(lows, numbers, side="right")  # how many intervals begin at the number or before
        result = (begun > 0) & (numbers <= highs[begun - 1])  # they are disjoint, so only the last of them counts
    return result
