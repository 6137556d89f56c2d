"""Samples to groups: those of one definition, period and set of dimension values are counted and added up together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.aggregate.histogram import BUFFERED_VALUES, NO_SKETCH, Histogram, ValueSketch, count_groups, raw_sketch
from rumpattern.aggregate.sums import ExactSums, add_exactly
from rumpattern.derive.samples import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rumpattern.arrays import Counts, Integers, Numbers
    from rumpattern.derive.policy import Sample
    from rumpattern.derive.samples import SampleTable

MAX_RADIX: Final = 2**40
MAX_PACKED: Final = 2**63
MAX_SECONDS: Final = 2**20
_TABLE_BYTES: Final = 4_096
_GROUP_BYTES: Final = 128
_COUNTED_BYTES: Final = 2_048


@dataclass(frozen=True, slots=True, eq=False)
class PartialAggregates:
    """Statistics of g groups of samples; they all have the same dimensions.

    Attributes:
        definitions: shape (g,), definitions' numbers in the plan.
        starts: shape (g,), beginnings of periods in seconds since 1970.
        dimensions: one ``Labels`` of g values for each dimension.
        sizes: shape (g,), how many samples there are in each group.
        sums: their exact sums.
        lows: shape (g,), their minima.
        highs: shape (g,), their maxima.
        kept: shape (g,), how many values of each group are in ``values``.
        values: shape (all that are kept,), one group after the other.
        histograms: by the number of a group, the counts of those of its values that are not in ``values``.

    Where all values are the same or one is negative, none is kept: see ``distribution.ValueSketch``.
    """

    definitions: Integers
    starts: Integers
    dimensions: tuple[Labels, ...]
    sizes: Integers
    sums: ExactSums
    lows: Numbers
    highs: Numbers
    kept: Integers
    values: Numbers
    histograms: Mapping[int, Histogram] = field(default_factory=dict)

    @classmethod
    def of_ones(
        cls, definitions: Integers, starts: Integers, dimensions: tuple[Labels, ...], sizes: Integers
    ) -> PartialAggregates:
        """Return groups of samples with the value 1."""
        ones, sums = np.ones(len(sizes)), ExactSums(sizes[:, None], 0)
        return cls(definitions, starts, dimensions, sizes, sums, ones, ones, np.zeros_like(sizes), np.zeros(0))

    @classmethod
    def of_values(  # noqa: PLR0913, PLR0917 - see Attributes
        cls,
        definitions: Integers,
        starts: Integers,
        dimensions: tuple[Labels, ...],
        sizes: Integers,
        sums: ExactSums,
        lows: Numbers,
        highs: Numbers,
        values: Numbers,
    ) -> PartialAggregates:
        """Return groups with all their values, of which those are kept that must be."""
        differ = (lows >= 0) & (lows < highs)
        if not differ.all():
            values = values[np.repeat(differ, sizes)]
        return cls(definitions, starts, dimensions, sizes, sums, lows, highs, np.where(differ, sizes, 0), values)

    @property
    def size(self) -> int:
        """About how many bytes the groups take."""
        groups = _GROUP_BYTES * len(self.sizes) + self.values.nbytes + _COUNTED_BYTES * len(self.histograms)
        return _TABLE_BYTES + groups

    def compact(self) -> PartialAggregates:
        """Return the same groups, without texts of labels that none has if these are many."""
        return replace(self, dimensions=tuple(labels.compact() for labels in self.dimensions))

    def compress(self, max_exact: int) -> PartialAggregates:
        """Return the same groups, none of which has a histogram yet, with the values of large ones as histograms."""
        large = self.kept > BUFFERED_VALUES
        if not large.any():
            return self
        is_large = np.repeat(large, self.kept)
        counts = count_groups(self.values[is_large], self.kept[large], max_exact)
        histograms = dict(zip(np.flatnonzero(large).tolist(), counts, strict=True))
        return replace(self, kept=np.where(large, 0, self.kept), values=self.values[~is_large], histograms=histograms)

    def reorder(self, order: Integers) -> PartialAggregates:
        """Return the groups in another order, all of them."""
        numbers = np.empty(len(order), np.int64)
        numbers[order] = np.arange(len(order))
        histograms = {int(numbers[number]): histogram for number, histogram in self.histograms.items()}
        begins = np.cumsum(self.kept) - self.kept
        return self._at(order, self.values[ranges(begins[order], self.kept[order])], histograms)

    def keep(self, places: Integers) -> PartialAggregates:
        """Return some of the groups, ``places`` in ascending order."""
        chosen = np.zeros(len(self.sizes), np.bool_)
        chosen[places] = True
        numbers = (np.cumsum(chosen) - 1).tolist()
        histograms = {numbers[number]: histogram for number, histogram in self.histograms.items() if chosen[number]}
        return self._at(places, self.values[np.repeat(chosen, self.kept)], histograms)

    def pieces(self, length: int) -> Iterator[PartialAggregates]:
        """Yield so many of the groups at a time."""
        place = 0
        for first in range(0, len(self.sizes), length):
            some = slice(first, first + length)
            begin, place = place, place + int(self.kept[some].sum())
            numbers = range(first, min(first + length, len(self.sizes)))
            histograms = {number - first: self.histograms[number] for number in numbers if number in self.histograms}
            yield self._at(some, self.values[begin:place], histograms)

    def _at(self, places: Integers | slice, values: Numbers, histograms: Mapping[int, Histogram]) -> PartialAggregates:
        return PartialAggregates(
            self.definitions[places],
            self.starts[places],
            tuple(labels.take(places) for labels in self.dimensions),
            self.sizes[places],
            ExactSums(self.sums.limbs[places], self.sums.exponent),
            self.lows[places],
            self.highs[places],
            self.kept[places],
            values,
            histograms,
        )

    def sketches(self, max_exact: int) -> list[ValueSketch]:
        """Return the spread of each group; ``max_exact`` distinct values are kept exact."""
        data, sizes = self.values.data.cast("B"), self.kept.tolist()
        ends = accumulate(8 * size for size in sizes)
        found = [
            raw_sketch(bytes(data[end - 8 * size : end]), max_exact) if size else NO_SKETCH
            for end, size in zip(ends, sizes, strict=True)
        ]
        for number, histogram in self.histograms.items():
            found[number] = ValueSketch(found[number].raw, histogram).compress(max_exact)
        return found


def group(table: SampleTable) -> PartialAggregates:
    """Return the groups of a table that has samples, those of odd rows left out."""
    order, begins = group_samples(table)
    first = order[begins]
    sizes = np.diff(begins, append=len(order))
    definitions, starts = table.definitions[table.definition_of_sample[first]], table.starts[first]
    dimensions = tuple(labels.take(first) for labels in table.dimensions)
    if table.values is None:
        return PartialAggregates.of_ones(definitions, starts, dimensions, sizes)
    values = table.values[order] + 0.0  # -0 is 0
    lows, highs = np.minimum.reduceat(values, begins), np.maximum.reduceat(values, begins)
    sums = add_exactly(values, begins)
    return PartialAggregates.of_values(definitions, starts, dimensions, sizes, sums, lows, highs, values)


def group_singly(samples: Sequence[tuple[int, Sample]]) -> PartialAggregates:
    """Return a group for each of some samples, which all have as many labels; with them their definitions' numbers."""
    values = np.array([sample.value for _, sample in samples]) + 0.0  # -0 is 0
    places = np.arange(len(samples))
    labels = zip(*(sample.labels for _, sample in samples), strict=True)
    return PartialAggregates.of_values(
        np.array([number for number, _ in samples], np.int64),
        np.array([sample.start for _, sample in samples], np.int64),
        tuple(Labels(places, column) for column in labels),
        np.ones(len(samples), np.int64),
        add_exactly(values, places),
        values,
        values,
        values,
    )


def group_samples(table: SampleTable) -> tuple[Integers, Integers]:
    """Sort samples by definition, period and dimension values.

    Returns:
        The samples' order, shape (samples,), and where each group begins in it, shape (groups,).
    """
    labels = [(labels.codes, len(labels.texts)) for labels in table.dimensions]
    return sort_by([(table.definition_of_sample, len(table.definitions)), number_periods(table.starts), *labels])


def number_periods(starts: Integers) -> tuple[Integers, int]:
    """Return small numbers for the starts of one period or more, in the same order, and a number above them."""
    periods = starts - starts.min()
    if periods.max() > MAX_SECONDS:
        periods = np.unique(periods, return_inverse=True)[1]
    return periods, int(periods.max()) + 1


def sort_by(columns: Sequence[tuple[Integers, int]]) -> tuple[Integers, Integers]:
    """Sort rows by several columns of numbers, each of them not negative and less than the one given with it.

    Returns:
        The rows' order, shape (rows,), and where in it those begin that are alike, shape (distinct rows,).
    """
    codes, radix = np.zeros(len(columns[0][0]), np.int64), 1
    for column, size in columns:
        if radix * size > MAX_RADIX:
            distinct, codes = np.unique(codes, return_inverse=True)
            radix = len(distinct)
        codes = codes * size + column
        radix *= size
    bits = len(codes).bit_length()
    if radix << bits < MAX_PACKED:
        packed = np.sort((codes << bits) | np.arange(len(codes)))
        order, codes = packed & ((1 << bits) - 1), packed >> bits
    else:
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
    begins = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    return order, np.concatenate([[0], begins])


def ranges(starts: Integers, counts: Integers) -> Integers:
    """Return so many numbers from each start on, one range after another."""
    ends = np.cumsum(counts)
    return np.arange(counts.sum()) + np.repeat(starts - ends + counts, counts)


@dataclass(frozen=True, slots=True, eq=False)
class BatchAggregates:
    """What some definitions, with as many dimensions, publish from one batch, added up.

    ``definitions``, ``counts`` and ``odd`` are those of ``SampleTable``; ``groups`` holds all other samples, None if
    there are none.
    """

    definitions: Integers
    groups: PartialAggregates | None
    counts: Counts
    odd: tuple[tuple[int, Sample], ...]

    @classmethod
    def of(cls, table: SampleTable) -> BatchAggregates:
        """Return a table added up."""
        groups = group(table) if len(table.definition_of_sample) else None
        return cls(table.definitions, groups, table.counts, table.odd)
