"""The match kernel: every predicate is tested once for each distinct string and once over all numbers of a column.

Rows that columns cannot say exactly are answered by the slow matcher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rumpattern.events.fields import Kind
from rumpattern.pattern.reference import branch_matches, grouped, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rumpattern.events.columns import Column, EventBatch, Flags
    from rumpattern.match.compiled import Compiled
    from rumpattern.plan.plan import Plan

    Offsets = np.ndarray[tuple[int], np.dtype[np.int64]]
    Rows = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Which rows of a batch each definition matches: definition i matches ``rows[offsets[i]:offsets[i + 1]]``.

    Attributes:
        size: how many rows the batch has.
        offsets: shape (definitions + 1,), ascending from 0.
        rows: shape (matches,), ascending within each definition.
    """

    size: int
    offsets: Offsets
    rows: Rows

    def mask(self, index: int) -> Flags:
        """Return shape (size,): True where definition ``index`` matches; a new array each time."""
        mask = np.zeros(self.size, dtype=np.bool_)
        mask[self.of(index)] = True
        return mask

    def counts(self) -> list[int]:
        """Return the number of matched rows of each definition, in their order."""
        counts: list[int] = np.diff(self.offsets).tolist()
        return counts

    def of(self, index: int) -> Rows:
        """Return shape (matches of definition ``index``,): its rows, ascending."""
        return self.rows[self.offsets[index] : self.offsets[index + 1]]


def match(plan: Plan, compiled: Sequence[Compiled], batch: EventBatch) -> Matches:
    """Match all definitions of a plan, whose predicates are compiled, against all rows of a batch."""
    tested: dict[int, Flags] = {}

    def test(index: int) -> Flags:
        if index not in tested:
            tested[index] = holds(compiled[index], batch.columns[plan.predicates[index].path])
        return tested[index]

    masks = [_one_of(step.branches, test, len(batch)) for step in plan.steps]
    _match_odd_rows(plan, batch, masks)
    rows = [np.flatnonzero(mask) for mask in masks]
    offsets = np.cumsum([0, *map(len, rows)])
    return Matches(len(batch), offsets, np.concatenate([*rows, np.zeros(0, np.int64)]))


def _one_of(branches: Sequence[Sequence[int]], test: Callable[[int], Flags], n: int) -> Flags:
    """Return shape (n,): True where all predicates of one of the branches hold."""
    mask = _all_of(branches[0], test, n)
    for branch in branches[1:]:
        mask |= _all_of(branch, test, n)
    return mask


def _all_of(branch: Sequence[int], test: Callable[[int], Flags], n: int) -> Flags:
    mask = np.ones(n, dtype=np.bool_)
    for index in branch:
        mask &= test(index)
        if not mask.any():
            break
    return mask


def holds(predicate: Compiled, column: Column) -> Flags:
    """Return shape (rows,): True where a compiled predicate holds. Odd rows get any answer."""
    answers: Flags = predicate.kinds[column.kinds]
    if column.strings and predicate.text is not None:
        distinct = np.fromiter(map(predicate.text, column.strings), np.bool_, len(column.strings))
        answers |= distinct[column.codes] & (column.kinds == Kind.STRING)
    if len(predicate.lows):
        answers |= _within(predicate, column) & (column.kinds == Kind.NUMBER)
    return answers


def _within(predicate: Compiled, column: Column) -> Flags:
    """Return shape (rows,): True where the number lies in one of the intervals."""
    numbers, lows, highs = column.numbers, predicate.lows, predicate.highs
    within: Flags
    if len(lows) == 1:
        within = (numbers >= lows[0]) & (numbers <= highs[0])
    else:
        begun = np.searchsorted(lows, numbers, side="right")  # how many intervals begin there or before
        within = (begun > 0) & (numbers <= highs[begun - 1])
    return within


def _match_odd_rows(plan: Plan, batch: EventBatch, masks: Sequence[Flags]) -> None:
    for row, event in batch.odd.items():
        by_path = grouped(leaves(event, plan.paths))
        for step, mask in zip(plan.steps, masks, strict=True):
            pattern = step.definition.pattern
            mask[row] = pattern is None or any(branch_matches(branch, by_path) for branch in pattern.branches)
