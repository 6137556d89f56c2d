"""Predicates to masks: one mask for each predicate, what is cheapest for a few definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rumpattern.columns.batch import Column, kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.match.row_lists import RowLists
from rumpattern.match.selection import take

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.arrays import Flags, Numbers, Rows
    from rumpattern.match.partition import Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.selection import Selection

_NO_NUMBERS = np.zeros(0)
_NO_CODES = np.zeros(0, np.int32)


class Answers:
    """What predicates say of the strings of one batch, each asked once however many groups share it."""

    def __init__(self, predicates: Sequence[CompiledPredicate]) -> None:
        self.predicates = predicates
        self.made: dict[int, Flags] = {}

    def of(self, index: int, strings: Sequence[str]) -> Flags | None:
        """Return shape (strings,): whether each passes predicate ``index``; None if none can."""
        check = self.predicates[index].text
        if check is None or not strings:
            return None
        if index not in self.made:
            self.made[index] = np.fromiter(map(check, strings), np.bool_, len(strings))
        return self.made[index]


class MaskMatcher:
    """Matches the definitions of a group by a mask for each of its predicates."""

    def __init__(self, group: Partition, predicates: Sequence[CompiledPredicate]) -> None:
        self.group = group
        self.predicates = predicates
        used = {index for branch in group.branches for index in branch}
        self.with_numbers = frozenset(group.path_of[index] for index in used if len(predicates[index].lows))
        self.with_strings = frozenset(group.path_of[index] for index in used if predicates[index].text is not None)

    def match(self, columns: Mapping[str, Column], some: Selection, answers: Answers) -> RowLists:
        """Return which of some rows each definition matches."""
        every = np.arange(some.start, some.stop) if isinstance(some, slice) else some
        tested: dict[int, Flags] = {}
        taken: dict[str, Column] = {}

        def test(index: int) -> Flags:
            if index not in tested:
                path = self.group.path_of[index]
                if path not in taken:
                    taken[path] = self._take(path, columns[path], some)
                passing = answers.of(index, columns[path].strings)
                tested[index] = holds_where(self.predicates[index], taken[path], passing)
            return tested[index]

        masks: dict[int, Flags] = {}
        for definition, branch in zip(self.group.definition_of_branch.tolist(), self.group.branches, strict=True):
            mask = _all_of([test(index) for index in branch], len(every))
            masks[definition] = masks[definition] | mask if definition in masks else mask
        rows: list[Rows] = [every.take(np.flatnonzero(mask)) for mask in masks.values()]
        return RowLists(self.group.definitions, np.array([len(part) for part in rows]), np.concatenate(rows))

    def _take(self, path: str, column: Column, some: Selection) -> Column:
        """Return some rows of a column, without the arrays that no predicate of its path looks at."""
        numbers = take(column.numbers, some) if path in self.with_numbers else _NO_NUMBERS
        codes = take(column.codes, some) if path in self.with_strings else _NO_CODES
        return Column(take(column.kinds, some), numbers, codes, column.strings)


def _all_of(masks: Sequence[Flags], n: int) -> Flags:
    if not masks:
        return np.ones(n, dtype=np.bool_)
    result = masks[0]
    for mask in masks[1:]:
        result = result & mask
    return result


def holds(predicate: CompiledPredicate, column: Column) -> Flags:
    """Return shape (rows,): True where a compiled predicate holds. Odd rows get any answer."""
    check, strings = predicate.text, column.strings
    passing = np.fromiter(map(check, strings), np.bool_, len(strings)) if strings and check is not None else None
    return holds_where(predicate, column, passing)


def holds_where(predicate: CompiledPredicate, column: Column, passing: Flags | None) -> Flags:
    """Return the same as ``holds``, given which strings of the column pass, shape (strings,); None if none do."""
    by_kind = predicate.kinds
    answers: Flags = by_kind.take(column.kinds) if by_kind.any() else np.zeros(len(column.kinds), dtype=np.bool_)
    if passing is not None:
        answers |= passing.take(column.codes) & kind_mask(column.kinds, Kind.STRING)
    if len(predicate.lows):
        answers |= _within(predicate, column.numbers) & kind_mask(column.kinds, Kind.NUMBER)
    return answers


def _within(predicate: CompiledPredicate, numbers: Numbers) -> Flags:
    """Return shape (rows,): True where the number lies in one of the intervals."""
    lows, highs = predicate.lows, predicate.highs
    within: Flags
    if len(lows) == 1:
        within = (numbers >= lows[0]) & (numbers <= highs[0])
    else:
        begun = np.searchsorted(lows, numbers, side="right")  # how many intervals begin there or before
        within = (begun > 0) & (numbers <= highs[begun - 1])
    return within
