"""Aggregates of many batches to one: the rows of one definition, period and set of dimension values become one group.

A *row* is a group of one of the partials that are merged, a *group* one of the result.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.aggregate.groups import PartialAggregates, number_periods, ranges, sort_by
from rumpattern.aggregate.histogram import BUFFERED_VALUES, count_groups, uniform_histogram
from rumpattern.aggregate.sums import LIMB_BITS, ExactSums
from rumpattern.dataclass import dataclass
from rumpattern.derive.samples import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rumpattern.aggregate.histogram import Histogram
    from rumpattern.arrays import Array, Flags, Integers, Numbers


_ROWS_AT_ONCE: Final = 1_024
"""Rows whose values are moved together: the indices of their places take as much memory as the values."""
_GROUPS_AT_ONCE: Final = 256
"""Groups whose values are counted together, six times as fast as one after the other (300 values each)."""


class _Runs(NamedTuple):
    """The rows sorted by key, so that those of one group are adjacent.

    Attributes:
        order: shape (rows,), indices of rows.
        begins: shape (groups,), where each group's rows begin in ``order``.
    """

    order: Integers
    begins: Integers

    @property
    def lengths(self) -> Integers:
        """Shape (groups,): how many rows each group has."""
        return np.diff(self.begins, append=len(self.order))

    def group_of_row(self) -> Integers:
        """Return shape (rows,): the index of each row's group."""
        groups = np.empty(len(self.order), np.int64)
        groups[self.order] = np.repeat(np.arange(len(self.begins)), self.lengths)
        return groups

    def reduce(self, operation: np.ufunc, column: Array) -> Array:
        """Return shape (groups,): a column of the rows reduced to one value for each group."""
        reduced: Array = operation.reduceat(column[self.order], self.begins)
        return reduced


# The largest replays hold hundreds of megabytes here, so each step drops what the next ones do not need: the list of
# partials is emptied as soon as the sums are added up and the rows' values listed, and values are moved straight to
# where they stay. A line that holds a partial longer adds its whole size to the peak.
def merge(partials: list[PartialAggregates], max_exact: int) -> PartialAggregates:
    """Return the groups of partials added up, sorted by definition, dimension values (in no special order) and period.

    In each dimension of the result one text has one code, even if it has several in a partial.

    Args:
        partials: one or more with as many dimensions and at least one group each. The list is emptied, so that nothing
            is held twice.
        max_exact: how many distinct values of each group are counted exactly.
    """
    dimensions = [_concatenate(column) for column in zip(*(partial.dimensions for partial in partials), strict=True)]
    definitions, starts, sizes, minima, maxima = (
        np.concatenate([getattr(partial, name) for partial in partials])
        for name in ("definitions", "starts", "sizes", "minima", "maxima")
    )
    labels = [(labels.codes, len(labels.texts)) for labels in dimensions]
    runs = _Runs(*sort_by([(definitions, int(definitions.max()) + 1), *labels, number_periods(starts)]))
    if len(partials) == 1 and len(runs.begins) == len(runs.order):
        ordered = partials.pop().reorder(runs.order)
        return replace(ordered, dimensions=tuple(labels.take(runs.order) for labels in dimensions))
    lowest, highest = runs.reduce(np.minimum, minima), runs.reduce(np.maximum, maxima)
    sums = _add_sums([partial.sums for partial in partials], runs)
    values = _list_values(partials, sizes, minima)
    partials.clear()
    raw_counts, raw_values, histograms = values.merge(runs, (lowest >= 0) & (lowest < highest), max_exact)
    del values
    first = runs.order[runs.begins]
    return PartialAggregates(
        definitions[first],
        starts[first],
        tuple(labels.take(first) for labels in dimensions),
        runs.reduce(np.add, sizes),
        sums,
        lowest,
        highest,
        raw_counts,
        raw_values,
        histograms,
    )


def _concatenate(columns: Sequence[Labels]) -> Labels:
    """Return the labels of all columns, one column after the other, with one code for each text."""
    code_of_text: dict[str | None, int] = {}
    tables: dict[int, Array] = {}  # by the identity of the texts, which the batches of a file share
    for labels in columns:
        if id(labels.texts) not in tables:
            codes = [code_of_text.setdefault(text, len(code_of_text)) for text in labels.texts]
            tables[id(labels.texts)] = np.array(codes, np.int32)
    return Labels(np.concatenate([tables[id(labels.texts)][labels.codes] for labels in columns]), tuple(code_of_text))


# Exponents are multiples of 32, so sums are aligned by moving them up whole limbs; carried first, 2^31 of them can be
# added up in int64 without an overflow.
def _add_sums(partials: Sequence[ExactSums], runs: _Runs) -> ExactSums:
    exponent = min(sums.exponent for sums in partials)
    first_limbs = [(sums.exponent - exponent) // LIMB_BITS for sums in partials]
    n_limbs = max(first + sums.limbs.shape[1] + 1 for first, sums in zip(first_limbs, partials, strict=True))
    limbs = np.zeros((len(runs.order), n_limbs), np.int64)
    end = 0
    for first, sums in zip(first_limbs, partials, strict=True):
        begin, end = end, end + len(sums.limbs)
        sums.carry(limbs[begin:end, first:])
    added = np.empty((len(runs.begins), n_limbs), np.int64)
    for k in range(n_limbs):  # limb by limb, since ordering takes a copy
        added[:, k] = runs.reduce(np.add, limbs[:, k])
    return ExactSums(added, exponent).trim()


# --- values ---------------------------------------------------------------------------------------------------------


class _LargeGroups(NamedTuple):
    """Groups with more than ``BUFFERED_VALUES`` raw values, which are to be counted.

    Attributes:
        groups: shape (large groups,), their indices.
        sizes: shape (large groups,), how many values each has.
        values: shape (sum of sizes,), one group after the other.
    """

    groups: Integers
    sizes: Integers
    values: Numbers

    def histograms(self, max_exact: int) -> Iterator[tuple[int, Histogram]]:
        """Yield the index and the histogram of each group; the values are sorted in place."""
        end = 0
        for first in range(0, len(self.groups), _GROUPS_AT_ONCE):
            chunk = slice(first, first + _GROUPS_AT_ONCE)
            begin, end = end, end + int(self.sizes[chunk].sum())
            histograms = count_groups(self.values[begin:end], self.sizes[chunk], max_exact)
            yield from zip(self.groups[chunk].tolist(), histograms, strict=True)


@dataclass(frozen=True, slots=True, eq=False)
class _RowValues:
    """What is held of the values of all rows.

    Attributes:
        sizes: shape (rows,), how many samples each row has.
        minima: shape (rows,).
        raw_counts: shape (rows,), how many raw values each row has.
        is_uniform: shape (rows,), whether no values are held: all are the minimum, or one is negative.
        histograms: by a row's index.
        raw_values: how many rows, and their raw values, in the order of the rows; emptied by ``merge``.
    """

    sizes: Integers
    minima: Numbers
    raw_counts: Integers
    is_uniform: Flags
    histograms: Mapping[int, Histogram]
    raw_values: list[tuple[int, list[Numbers]]]

    def merge(self, runs: _Runs, differ: Flags, max_exact: int) -> tuple[Integers, Numbers, dict[int, Histogram]]:
        """Return raw counts, raw values and histograms of the groups; only once.

        ``differ``, shape (groups,), tells which groups' values are held: none is negative, and not all are the same.
        """
        group_of_row = runs.group_of_row()
        raw_counts, raw_values, large = self._gather(runs, differ[group_of_row])
        many = np.flatnonzero(self.is_uniform & (self.sizes > BUFFERED_VALUES)).tolist()
        counted = chain(
            ((int(group_of_row[row]), histogram) for row, histogram in self.histograms.items()),
            (
                (int(group_of_row[row]), uniform_histogram(float(self.minima[row]), int(self.sizes[row])))
                for row in many
            ),
            large.histograms(max_exact),
        )
        histograms: dict[int, Histogram] = {}
        for group, histogram in counted:
            if differ[group]:
                known = histograms.get(group)
                histograms[group] = histogram if known is None else known.merge(histogram, max_exact)
        return raw_counts, raw_values, histograms

    # A group's raw values are those of its rows, and as many minima as a uniform row has samples, unless that is many.
    # All go to one array, small groups first, each value once: with c = the values of each row, a row's values begin at
    # the exclusive prefix sum of c in the order of the groups.
    def _gather(self, runs: _Runs, is_held: Flags) -> tuple[Integers, Numbers, _LargeGroups]:
        """Return how many raw values each group has, these values, and the groups with too many of them.

        ``is_held``, shape (rows,), tells which rows are of groups whose values are held.
        """
        n_raw = np.where(is_held, self.raw_counts, 0)
        n_repeated = np.where(is_held & self.is_uniform & (self.sizes <= BUFFERED_VALUES), self.sizes, 0)
        counts = n_raw + n_repeated
        totals = runs.reduce(np.add, counts)
        is_large = totals > BUFFERED_VALUES
        of_large = np.repeat(is_large, runs.lengths)
        order = np.concatenate([runs.order[~of_large], runs.order[of_large]])
        begins = np.empty(len(order), np.int64)
        begins[order] = np.cumsum(counts[order]) - counts[order]
        gathered = np.empty(counts.sum())
        for rows, values in self._chunks():
            gathered[ranges(begins[rows], n_raw[rows])] = values[np.repeat(is_held[rows], self.raw_counts[rows])]
            gathered[ranges(begins[rows], n_repeated[rows])] = np.repeat(self.minima[rows], n_repeated[rows])
        self.raw_values.clear()  # before those of large groups are counted, which takes memory too
        raw_counts = np.where(is_large, 0, totals)
        values, of_large_groups = np.split(gathered, [raw_counts.sum()])
        if len(of_large_groups) > len(values):
            values = values.copy()  # a view would hold the others as long as it lives
        large = np.flatnonzero(is_large)
        return raw_counts, values, _LargeGroups(large, totals[large], of_large_groups)

    def _chunks(self) -> Iterator[tuple[slice, Numbers]]:
        """Yield ``_ROWS_AT_ONCE`` rows or fewer at a time, and their raw values."""
        row = 0
        for n_rows, arrays in self.raw_values:
            values = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
            end_value, end_row = 0, row + n_rows
            while row < end_row:
                rows = slice(row, min(row + _ROWS_AT_ONCE, end_row))
                begin_value, end_value = end_value, end_value + int(self.raw_counts[rows].sum())
                yield rows, values[begin_value:end_value]
                row = rows.stop


def _list_values(partials: Sequence[PartialAggregates], sizes: Integers, minima: Numbers) -> _RowValues:
    """Return what is held of the values of all rows, given the rows' sizes and minima; no value is copied."""
    raw_counts = np.concatenate([partial.raw_counts for partial in partials])
    histograms: dict[int, Histogram] = {}
    first_row = 0
    for partial in partials:
        histograms |= {first_row + index: histogram for index, histogram in partial.histograms.items()}
        first_row += len(partial.sizes)
    is_uniform = raw_counts == 0
    is_uniform[list(histograms)] = False
    return _RowValues(sizes, minima, raw_counts, is_uniform, histograms, list(_chunk_partials(partials)))


def _chunk_partials(partials: Sequence[PartialAggregates]) -> Iterator[tuple[int, list[Numbers]]]:
    """Yield the number of rows and the raw values of one large partial, or of small ones together."""
    n_rows = 0
    arrays: list[Numbers] = []
    for partial in partials:
        if arrays and n_rows + len(partial.sizes) > _ROWS_AT_ONCE:
            yield n_rows, arrays
            n_rows, arrays = 0, []
        n_rows += len(partial.sizes)
        arrays.append(partial.raw_values)
    yield n_rows, arrays
