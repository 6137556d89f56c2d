"""A data point's values as they are read: percentiles, and distinct values with their counts.

Values stay in a sketch until somebody asks. Of many data points, those with raw values alone, which are most, are
worked out together with arrays; the others one by one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.aggregate.histogram import (
    ERROR_ABOVE,
    ERROR_BELOW,
    NO_SKETCH,
    Histogram,
    ValueSketch,
    begins_run,
    bucket_value,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.arrays import Array


PERCENTS: Final = (50, 75, 90, 95, 99)
"""The percentiles that are written with every data point."""
_DATA_POINTS_AT_ONCE: Final = 4_096
"""Data points whose values are sorted together."""


class Distribution:
    """The distribution of a data point's values, counted when it is first asked for.

    Args:
        count: the number of values.
        minimum: the least of them, not negative.
        maximum: the greatest of them.
        sketch: the values, if they are not all the same.
        max_exact: how many distinct values are counted exactly.
    """

    __slots__ = ("_histogram", "count", "max_exact", "maximum", "minimum", "sketch")

    def __init__(self, count: int, minimum: float, maximum: float, sketch: ValueSketch, max_exact: int) -> None:
        self.count = count
        self.minimum = minimum
        self.maximum = maximum
        self.sketch = sketch
        self.max_exact = max_exact
        self._histogram: Histogram | None = None

    @property
    def histogram(self) -> Histogram:
        """The counts of distinct values or buckets."""
        if self._histogram is None:
            self._histogram = self._complete_sketch().compress(self.max_exact, 0).histogram
            assert self._histogram is not None
        return self._histogram

    @property
    def is_exact(self) -> bool:
        """Whether ``values`` are those of the events, not those that stand for buckets."""
        return self.histogram.is_exact

    @property
    def values(self) -> tuple[float, ...]:
        """Distinct values in ascending order; those that stand for buckets are from the minimum to the maximum."""
        keys = self.histogram.unpack()[0].tolist()
        return tuple(keys if self.is_exact else map(self._clamped_value, keys))

    @property
    def counts(self) -> tuple[int, ...]:
        """How often each of ``values`` occurs."""
        return tuple(self.histogram.unpack()[1].tolist())

    def percentile(self, percent: float) -> float:
        """Return the smallest value that ``percent`` percent of all values do not exceed (the nearest rank).

        If the distribution is not exact, the value stands for a bucket, and is between 4.7 % less and 4.9 % more than
        the exact one (of values above 1e-307: there are few doubles below).

        Raises:
            ValueError: ``percent`` is not from 0 to 100.
        """
        return self.percentiles((percent,))[0]

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        """Return several percentiles, each as ``percentile`` does.

        Raises:
            ValueError: one is not from 0 to 100.
        """
        ranks = [_rank(percent, self.count) for percent in percents]
        keys, counts = self.histogram.unpack()
        of_ranks: list[float] = keys[np.searchsorted(np.cumsum(counts), ranks)].tolist()
        if self.is_exact:
            return of_ranks
        known = {1: self.minimum, self.count: self.maximum}
        return [known.get(rank, self._clamped_value(int(key))) for rank, key in zip(ranks, of_ranks, strict=True)]

    def _clamped_value(self, bucket: int) -> float:
        """Return the value that stands for a bucket, clamped to the range of the values."""
        return min(max(bucket_value(bucket), self.minimum), self.maximum)

    def merge(self, other: Distribution) -> Distribution:
        """Return the distribution of the values of both."""
        minimum, maximum = min(self.minimum, other.minimum), max(self.maximum, other.maximum)
        sketch = NO_SKETCH
        if minimum < maximum:
            sketch = self._complete_sketch().merge(other._complete_sketch(), self.max_exact)
        return Distribution(self.count + other.count, minimum, maximum, sketch, self.max_exact)

    def _complete_sketch(self) -> ValueSketch:
        return self.sketch.complete(self.count, self.minimum, self.maximum)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distribution):
            return NotImplemented
        return (self.minimum, self.maximum, self.histogram) == (other.minimum, other.maximum, other.histogram)

    def __hash__(self) -> int:
        return hash((self.minimum, self.maximum, self.count))

    def __repr__(self) -> str:
        return f"Distribution({self.count} values from {self.minimum} to {self.maximum})"


def _rank(percent: float, count: int) -> int:
    """Return the rank, from 1, of a percentile among ``count`` values; ``percent`` means what its decimal text says."""
    if not 0 <= percent <= 100:  # noqa: PLR2004 - percent
        raise ValueError(f"a percentile is from 0 to 100, not {percent}")
    if isinstance(percent, int):
        return max(1, -(-percent * count // 100))
    from fractions import Fraction  # noqa: PLC0415 - the percentiles that are published are whole numbers

    return max(1, math.ceil(Fraction(str(percent)) * count / 100))


class Percentiles(NamedTuple):
    """The percentiles of a data point.

    Attributes:
        values: those of ``PERCENTS``, None where CloudWatch has none.
        is_exact: whether they are values of the events.
    """

    values: list[float] | None
    is_exact: bool

    @property
    def method(self) -> str:
        """How they were computed."""
        return "exact" if self.is_exact else "SEH1"

    @property
    def error(self) -> tuple[float, float]:
        """The relative error that they have at most, below and above the exact percentile."""
        return (0, 0) if self.is_exact else (ERROR_BELOW, ERROR_ABOVE)


def percentiles(distributions: Sequence[Distribution | None]) -> Iterator[Percentiles]:
    """Yield the percentiles of each data point, as ``Distribution.percentile`` returns them."""
    for begin in range(0, len(distributions), _DATA_POINTS_AT_ONCE):
        yield from _percentiles(distributions[begin : begin + _DATA_POINTS_AT_ONCE])


def _percentiles(distributions: Sequence[Distribution | None]) -> list[Percentiles]:
    result = [Percentiles(None, is_exact=True)] * len(distributions)
    raw: dict[int, Distribution] = {}
    for index, distribution in enumerate(distributions):
        if distribution is None:
            continue
        if distribution.minimum == distribution.maximum:
            result[index] = Percentiles([distribution.minimum] * len(PERCENTS), is_exact=True)
        elif _is_raw(distribution):
            raw[index] = distribution
        else:
            result[index] = _percentiles_of(distribution)
    for index, values in zip(raw, _percentiles_of_raw(list(raw.values())), strict=True):
        result[index] = Percentiles(values, is_exact=True) if values else _percentiles_of(raw[index])
    return result


def _is_raw(distribution: Distribution) -> bool:
    """Return whether all values are at hand as they came."""
    return bool(distribution.sketch.raw) and distribution.sketch.histogram is None


def _percentiles_of(distribution: Distribution) -> Percentiles:
    return Percentiles(distribution.percentiles(PERCENTS), distribution.is_exact)


class _SortedValues(NamedTuple):
    """The values of one data point or more, one data point after the other, those of each ascending.

    Attributes:
        values: shape (values,).
        is_new: shape (values,), whether a value differs from the one before it in its data point.
        begins: shape (data points,), the index of each one's first value.
        counts: shape (data points,), how many values each has.
        n_distinct: shape (data points,), how many distinct values each has.
    """

    values: Array
    is_new: Array
    begins: Array
    counts: Array
    n_distinct: Array


def _sort_raw(distributions: Sequence[Distribution]) -> _SortedValues:
    counts = np.array([distribution.count for distribution in distributions])
    index_of_value = np.repeat(np.arange(len(distributions)), counts)
    values = np.frombuffer(b"".join(distribution.sketch.raw for distribution in distributions))
    values = values[np.lexsort((values, index_of_value))]
    begins = np.cumsum(counts) - counts
    is_new = begins_run(values, begins)
    return _SortedValues(values, is_new, begins, counts, np.add.reduceat(is_new.astype(np.int64), begins))


def _percentiles_of_raw(distributions: Sequence[Distribution]) -> list[list[float] | None]:
    """Return the percentiles of data points with raw values, None for those with too many distinct ones."""
    if not distributions:
        return []
    values, _, begins, counts, n_distinct = _sort_raw(distributions)
    is_exact = n_distinct <= [distribution.max_exact for distribution in distributions]
    ranks = np.maximum(-(-counts[:, None] * np.array(PERCENTS) // 100), 1)  # rounded up
    of_ranks = values[begins[:, None] + ranks - 1].tolist()
    return [row if exact else None for row, exact in zip(of_ranks, is_exact.tolist(), strict=True)]


class ValueCounts(NamedTuple):
    """The distinct values of a data point in ascending order, and how often each occurs."""

    values: list[float]
    counts: list[int]


def value_counts(distributions: Sequence[Distribution | None]) -> Iterator[ValueCounts | None]:
    """Yield ``values`` and ``counts`` of each distribution, None where it is None or not exact."""
    for begin in range(0, len(distributions), _DATA_POINTS_AT_ONCE):
        chunk = distributions[begin : begin + _DATA_POINTS_AT_ONCE]
        raw = [distribution for distribution in chunk if distribution is not None and _is_raw(distribution)]
        of_raw = _value_counts_of_raw(raw) if raw else iter(())
        for distribution in chunk:
            is_raw = distribution is not None and _is_raw(distribution)
            yield next(of_raw) if is_raw else _value_counts_of(distribution)


def _value_counts_of(distribution: Distribution | None) -> ValueCounts | None:
    if distribution is None:
        return None
    if distribution.minimum == distribution.maximum:
        return ValueCounts([distribution.minimum], [distribution.count])
    return ValueCounts(list(distribution.values), list(distribution.counts)) if distribution.is_exact else None


def _value_counts_of_raw(distributions: Sequence[Distribution]) -> Iterator[ValueCounts | None]:
    values, is_new, _, counts, n_distinct = _sort_raw(distributions)
    indices = np.flatnonzero(is_new)
    keys, repeats = values[indices].tolist(), np.diff(indices, append=counts.sum()).tolist()
    end = 0
    for distribution, length in zip(distributions, n_distinct.tolist(), strict=True):
        begin, end = end, end + length
        yield ValueCounts(keys[begin:end], repeats[begin:end]) if length <= distribution.max_exact else None
