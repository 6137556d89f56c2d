"""Predicates to masks: one mask for each predicate, which costs least for a few definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.columns.batch import Column, kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.dataclass import dataclass
from rumpattern.match.row_lists import RowLists
from rumpattern.match.selection import take

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.arrays import Flags, Numbers, Rows
    from rumpattern.match.partition import Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.selection import Selection

_NO_NUMBERS: Final = np.zeros(0)
_NO_CODES: Final = np.zeros(0, np.int32)


class PassingStrings:
    """Which strings of one batch pass each predicate, evaluated once however many partitions share the predicate.

    Args:
        predicates: all predicates of the plan.
    """

    def __init__(self, predicates: Sequence[CompiledPredicate]) -> None:
        self.predicates = predicates
        self.by_predicate: dict[int, Flags | None] = {}

    def of(self, index: int, strings: Sequence[str]) -> Flags | None:
        """Return shape (strings,): whether each passes predicate ``index``; None if none can.

        ``strings`` are those of the column of the predicate's path.
        """
        if index not in self.by_predicate:
            self.by_predicate[index] = _passing(self.predicates[index], strings)
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

    def match(self, columns: Mapping[str, Column], selection: Selection, passing: PassingStrings) -> RowLists:
        """Return which of the selected rows each definition matches."""
        rows = np.arange(selection.start, selection.stop) if isinstance(selection, slice) else selection
        mask_of_predicate: dict[int, Flags] = {}
        selected: dict[str, Column] = {}

        def evaluated(index: int) -> Flags:
            if index not in mask_of_predicate:
                path = self.partition.path_of[index]
                if path not in selected:
                    selected[path] = self._select(path, columns[path], selection)
                flags = passing.of(index, columns[path].strings)
                mask_of_predicate[index] = _evaluate(self.predicates[index], selected[path], flags)
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
        codes = take(column.codes, selection) if path in self.string_paths else _NO_CODES
        return Column(take(column.kinds, selection), numbers, codes, column.strings)


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
    return _evaluate(predicate, column, _passing(predicate, column.strings))


def _passing(predicate: CompiledPredicate, strings: Sequence[str]) -> Flags | None:
    """Return shape (strings,): whether each passes the predicate; None if none can."""
    if predicate.text is None or not strings:
        return None
    return np.fromiter(map(predicate.text, strings), np.bool_, len(strings))


def _evaluate(predicate: CompiledPredicate, column: Column, passing: Flags | None) -> Flags:
    """Return the same as ``evaluate``, given what ``_passing`` returns."""
    by_kind = predicate.kinds
    result: Flags = by_kind.take(column.kinds) if by_kind.any() else np.zeros(len(column.kinds), dtype=np.bool_)
    if passing is not None:
        result |= passing.take(column.codes) & kind_mask(column.kinds, Kind.STRING)
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
