"""Samples to groups: those of one definition, period and set of dimension values are counted and added up together.

*Group* has the meaning of GROUP BY here: all samples with one key, which is their definition, period and dimension
values. ``PartialAggregates`` holds the statistics of many groups as columns.
"""

from __future__ import annotations

from dataclasses import field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.aggregate.histogram import BUFFERED_VALUES, NO_SKETCH, Histogram, ValueSketch, count_groups, raw_sketch
from rumpattern.aggregate.sums import ExactSums, add_exactly
from rumpattern.dataclass import dataclass
from rumpattern.derive.samples import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rumpattern.arrays import Counts, Integers, Numbers
    from rumpattern.derive.policy import Sample
    from rumpattern.derive.samples import SampleTable

_MAX_RADIX: Final = 2**40
"""Codes below this leave 23 bits beside them for a row's index (``sort_by``)."""
_WORD_RANGE: Final = 2**63
"""Codes and row indices packed together are below this: int64 is signed."""
_MAX_PERIOD_RANGE: Final = 2**20
"""Seconds between the first and the last period up to which periods are numbered by subtraction: twelve days."""
_TABLE_BYTES: Final = 4_096
_GROUP_BYTES: Final = 128
_HISTOGRAM_BYTES: Final = 2_048
"""Bytes of a PartialAggregates without groups, of a group, and of a histogram, as estimated."""


@dataclass(frozen=True, slots=True, eq=False)
class PartialAggregates:
    """Statistics of g groups with as many dimensions.

    No values are held of a group whose values are all the same, since minimum and size say all, or of which one is
    negative, since then CloudWatch has no percentiles (``histogram.ValueSketch``).

    Attributes:
        definitions: shape (g,), definitions' indices in the plan.
        starts: shape (g,), starts of periods in seconds since 1970.
        dimensions: one ``Labels`` of g dimension values for each dimension.
        sizes: shape (g,), how many samples there are in each group.
        sums: the groups' exact sums.
        minima: shape (g,).
        maxima: shape (g,).
        raw_counts: shape (g,), how many of ``raw_values`` are each group's.
        raw_values: shape (sum of raw_counts,), values that are not in a histogram, one group after the other.
        histograms: by a group's index, the counts of its values that are not in ``raw_values``.
    """

    definitions: Integers
    starts: Integers
    dimensions: tuple[Labels, ...]
    sizes: Integers
    sums: ExactSums
    minima: Numbers
    maxima: Numbers
    raw_counts: Integers
    raw_values: Numbers
    histograms: Mapping[int, Histogram] = field(default_factory=dict)

    @classmethod
    def of_ones(
        cls, definitions: Integers, starts: Integers, dimensions: tuple[Labels, ...], sizes: Integers
    ) -> PartialAggregates:
        """Return groups of samples whose value is 1."""
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
        minima: Numbers,
        maxima: Numbers,
        values: Numbers,
    ) -> PartialAggregates:
        """Return groups without histograms, given all values, shape (sum of sizes,), one group after the other."""
        differ = (minima >= 0) & (minima < maxima)
        if not differ.all():
            values = values[np.repeat(differ, sizes)]
        raw_counts = np.where(differ, sizes, 0)
        return cls(definitions, starts, dimensions, sizes, sums, minima, maxima, raw_counts, values)

    @property
    def n_bytes(self) -> int:
        """The memory that the groups take, as estimated; texts are left out, since batches share them."""
        groups = _GROUP_BYTES * len(self.sizes) + self.raw_values.nbytes + _HISTOGRAM_BYTES * len(self.histograms)
        return _TABLE_BYTES + groups

    def compact(self) -> PartialAggregates:
        """Return the same groups without unused texts, where these may be many (``Labels.compact``)."""
        return replace(self, dimensions=tuple(labels.compact() for labels in self.dimensions))

    def compress(self, max_exact: int) -> PartialAggregates:
        """Return the same groups with the values of those that have more than ``BUFFERED_VALUES`` as histograms.

        None of the groups has a histogram yet; one of up to ``max_exact`` distinct values is exact.
        """
        is_large = self.raw_counts > BUFFERED_VALUES
        if not is_large.any():
            return self
        of_large = np.repeat(is_large, self.raw_counts)
        counted = count_groups(self.raw_values[of_large], self.raw_counts[is_large], max_exact)
        return replace(
            self,
            raw_counts=np.where(is_large, 0, self.raw_counts),
            raw_values=self.raw_values[~of_large],
            histograms=dict(zip(np.flatnonzero(is_large).tolist(), counted, strict=True)),
        )

    def reorder(self, order: Integers) -> PartialAggregates:
        """Return all groups in another order: that of index ``order[i]`` comes to index i."""
        new_indices = np.empty(len(order), np.int64)
        new_indices[order] = np.arange(len(order))
        histograms = {int(new_indices[index]): histogram for index, histogram in self.histograms.items()}
        begins = np.cumsum(self.raw_counts) - self.raw_counts
        return self._take(order, self.raw_values[ranges(begins[order], self.raw_counts[order])], histograms)

    def select(self, indices: Integers) -> PartialAggregates:
        """Return the groups at some indices, which are ascending."""
        is_selected = np.zeros(len(self.sizes), np.bool_)
        is_selected[indices] = True
        new_indices = (np.cumsum(is_selected) - 1).tolist()
        histograms = {
            new_indices[index]: histogram for index, histogram in self.histograms.items() if is_selected[index]
        }
        return self._take(indices, self.raw_values[np.repeat(is_selected, self.raw_counts)], histograms)

    def pieces(self, length: int) -> Iterator[PartialAggregates]:
        """Yield the groups in pieces of ``length``."""
        end_value = 0
        for begin in range(0, len(self.sizes), length):
            piece = slice(begin, begin + length)
            begin_value, end_value = end_value, end_value + int(self.raw_counts[piece].sum())
            indices = range(begin, min(begin + length, len(self.sizes)))
            histograms = {index - begin: self.histograms[index] for index in indices if index in self.histograms}
            yield self._take(piece, self.raw_values[begin_value:end_value], histograms)

    def _take(
        self, indices: Integers | slice, raw_values: Numbers, histograms: Mapping[int, Histogram]
    ) -> PartialAggregates:
        return PartialAggregates(
            self.definitions[indices],
            self.starts[indices],
            tuple(labels.take(indices) for labels in self.dimensions),
            self.sizes[indices],
            ExactSums(self.sums.limbs[indices], self.sums.exponent),
            self.minima[indices],
            self.maxima[indices],
            self.raw_counts[indices],
            raw_values,
            histograms,
        )

    def sketches(self, max_exact: int) -> list[ValueSketch]:
        """Return the sketch of each group's values; a histogram of up to ``max_exact`` distinct values is exact."""
        data, counts = self.raw_values.data.cast("B"), self.raw_counts.tolist()
        ends = accumulate(8 * count for count in counts)
        sketches = [
            raw_sketch(bytes(data[end - 8 * count : end]), max_exact) if count else NO_SKETCH
            for end, count in zip(ends, counts, strict=True)
        ]
        for index, histogram in self.histograms.items():
            sketches[index] = ValueSketch(sketches[index].raw, histogram).compress(max_exact)
        return sketches


def group(table: SampleTable) -> PartialAggregates:
    """Return the groups of a table's samples, of which there are some; those of the exact path are left out."""
    columns = [(table.definition_of_sample, len(table.definitions)), number_periods(table.starts)]
    order, begins = sort_by([*columns, *((labels.codes, len(labels.texts)) for labels in table.dimensions)])
    first = order[begins]
    sizes = np.diff(begins, append=len(order))
    definitions, starts = table.definitions[table.definition_of_sample[first]], table.starts[first]
    dimensions = tuple(labels.take(first) for labels in table.dimensions)
    if table.values is None:
        return PartialAggregates.of_ones(definitions, starts, dimensions, sizes)
    values = table.values[order] + 0.0  # -0 is 0
    minima, maxima = np.minimum.reduceat(values, begins), np.maximum.reduceat(values, begins)
    sums = add_exactly(values, begins)
    return PartialAggregates.of_values(definitions, starts, dimensions, sizes, sums, minima, maxima, values)


def group_singly(samples: Sequence[tuple[int, Sample]]) -> PartialAggregates:
    """Return a group for each sample; all have as many labels, and come with their definitions' indices in the plan."""
    values = np.array([sample.value for _, sample in samples]) + 0.0  # -0 is 0
    indices = np.arange(len(samples))
    labels = zip(*(sample.labels for _, sample in samples), strict=True)
    return PartialAggregates.of_values(
        np.array([definition for definition, _ in samples], np.int64),
        np.array([sample.start for _, sample in samples], np.int64),
        tuple(Labels(indices, texts) for texts in labels),
        np.ones(len(samples), np.int64),
        add_exactly(values, indices),
        values,
        values,
        values,
    )


def number_periods(starts: Integers) -> tuple[Integers, int]:
    """Return small integers in the order of the periods' starts, of which there are some, and a bound above them.

    They are digits of ``sort_by``: seconds since the first start as they are, unless these would take too many bits.
    """
    periods = starts - starts.min()
    if periods.max() > _MAX_PERIOD_RANGE:
        periods = np.unique(periods, return_inverse=True)[1]
    return periods, int(periods.max()) + 1


# All columns become one integer in mixed radix, code = (..(c1 * r2 + c2) * r3 + c3 ..), whose order is that of the
# columns, the first being the most significant. The row's index is packed below it, code << bits | row, so that sorting
# plain integers, for which numpy has vector instructions, gives the order as well, and equal rows keep their order.
# Measured on 1,000,000 rows of four columns: 60 ms; np.lexsort takes 594 ms, a stable argsort of the codes 228 ms.
# Where a code would reach 2^40, the codes so far are replaced by their ranks (np.unique), of which there are no more
# than rows; so any number of columns fits. Where code and row still do not fit 63 bits, the codes are sorted alone, by
# a stable sort, so that both ways give the same order.
def sort_by(columns: Sequence[tuple[Integers, int]]) -> tuple[Integers, Integers]:
    """Sort rows by columns of integers and find the distinct rows.

    Args:
        columns: one or more columns of shape (rows,), each with its radix: its integers are from 0 to radix - 1.

    Returns:
        The indices of the rows in ascending order, shape (rows,), and where in that order each distinct row begins,
        shape (distinct rows,).
    """
    codes, radix = np.zeros(len(columns[0][0]), np.int64), 1
    for column, column_radix in columns:
        if radix * column_radix > _MAX_RADIX:
            distinct, codes = np.unique(codes, return_inverse=True)
            radix = len(distinct)
        codes = codes * column_radix + column
        radix *= column_radix
    row_bits = len(codes).bit_length()
    if radix << row_bits < _WORD_RANGE:
        packed = np.sort((codes << row_bits) | np.arange(len(codes)))
        order, codes = packed & ((1 << row_bits) - 1), packed >> row_bits
    else:
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
    begins = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    return order, np.concatenate([[0], begins])


def ranges(starts: Integers, counts: Integers) -> Integers:
    """Return ``counts[i]`` consecutive integers from ``starts[i]`` on, one range after the other."""
    ends = np.cumsum(counts)
    return np.arange(counts.sum()) + np.repeat(starts - ends + counts, counts)


@dataclass(frozen=True, slots=True, eq=False)
class BatchAggregates:
    """What d definitions with as many dimensions publish from one batch, added up.

    Attributes:
        definitions: shape (d,), their indices in the plan.
        groups: all samples but those of the exact path; None if there are none.
        counts: shape (d, reasons), how many matched rows came to each of ``REASONS``, those of the exact path included.
        odd: samples of rows on the exact path with their definitions' indices in the plan.
    """

    definitions: Integers
    groups: PartialAggregates | None
    counts: Counts
    odd: tuple[tuple[int, Sample], ...]

    @classmethod
    def of(cls, table: SampleTable) -> BatchAggregates:
        """Return a table's samples added up."""
        groups = group(table) if len(table.starts) else None
        return cls(table.definitions, groups, table.counts, table.odd)
