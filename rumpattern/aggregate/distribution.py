"""How values are distributed: all distinct ones with their counts up to a number of them, then counts of buckets.

The buckets are those of SEH1, the sparse exponential histogram of the CloudWatch agent: bucket b is told by
1.1^(b + 1/2) and holds what is at least 1.1^b and less than 1.1^(b + 1); zeros have a bucket of their own. What is kept
depends on the values alone, not on the order in which they came.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.aggregate.histogram import ERROR_ABOVE, ERROR_BELOW, NO_SKETCH, Histogram, ValueSketch, bucket_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.arrays import Array


PERCENTS: Final = (50, 75, 90, 95, 99)
"""The percentiles that are written with every series."""
_AT_ONCE: Final = 4_096
"""Series whose values are counted together."""


class Distribution:
    """How the values of a series are distributed, counted when it is first asked for.

    Args:
        count: the number of values.
        low: their minimum, not negative.
        high: their maximum.
        sketch: what else is known of them.
        max_exact: how many distinct values are kept exact.
    """

    __slots__ = ("_counted", "count", "high", "low", "max_exact", "sketch")

    def __init__(self, count: int, low: float, high: float, sketch: ValueSketch, max_exact: int) -> None:
        self.count = count
        self.low = low
        self.high = high
        self.sketch = sketch
        self.max_exact = max_exact
        self._counted: Histogram | None = None

    @property
    def histogram(self) -> Histogram:
        """The counts of distinct values or buckets."""
        if self._counted is None:
            settled = self._whole().compress(self.max_exact, 0).histogram
            assert settled is not None
            self._counted = settled
        return self._counted

    @property
    def is_exact(self) -> bool:
        """Tell whether the values are those of the events, not those that stand for buckets."""
        return self.histogram.is_exact

    @property
    def values(self) -> tuple[float, ...]:
        """Distinct values in ascending order; those of buckets are no smaller or larger than the series'."""
        keys = self.histogram.unpack()[0].tolist()
        return tuple(keys if self.is_exact else map(self._within, keys))

    @property
    def counts(self) -> tuple[int, ...]:
        """How often each of ``values`` occurs."""
        return tuple(self.histogram.unpack()[1].tolist())

    def percentile(self, percent: float) -> float:
        """Return the smallest value that so many percent of all values do not exceed (the nearest rank).

        It is exact, or of a bucket, which is between 4.7 % less and 4.9 % more than the exact one (of values above
        1e-307: there are few doubles below).

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
        found: list[float] = keys[np.searchsorted(np.cumsum(counts), ranks)].tolist()
        if self.is_exact:
            return found
        ends = {1: self.low, self.count: self.high}
        return [ends.get(rank, self._within(int(key))) for rank, key in zip(ranks, found, strict=True)]

    def _within(self, bucket: int) -> float:
        """Return the value that tells a bucket, no smaller or larger than the series' values."""
        return min(max(bucket_value(bucket), self.low), self.high)

    def merge(self, other: Distribution) -> Distribution:
        """Return how the values of both are distributed."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        sketch = self._whole().merge(other._whole(), self.max_exact) if low < high else NO_SKETCH
        return Distribution(self.count + other.count, low, high, sketch, self.max_exact)

    def _whole(self) -> ValueSketch:
        return self.sketch.of(self.count, self.low, self.high)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distribution):
            return NotImplemented
        return (self.low, self.high, self.histogram) == (other.low, other.high, other.histogram)

    def __hash__(self) -> int:
        return hash((self.low, self.high, self.count))

    def __repr__(self) -> str:
        return f"Distribution({self.count} values from {self.low} to {self.high})"


def _rank(percent: float, count: int) -> int:
    """Return the rank from 1 of a percentile among so many values."""
    if not 0 <= percent <= 100:  # noqa: PLR2004 - percent
        raise ValueError(f"a percentile is from 0 to 100, not {percent}")
    exact = percent if isinstance(percent, int) else Fraction(str(percent))
    return max(1, math.ceil(Fraction(exact * count, 100)))


class Percentiles(NamedTuple):
    """The percentiles ``PERCENTS`` of a series, None where CloudWatch has none, and whether they are exact."""

    values: list[float] | None
    is_exact: bool

    @property
    def method(self) -> str:
        """How they were worked out."""
        return "exact" if self.is_exact else "SEH1"

    @property
    def error(self) -> tuple[float, float]:
        """How much less and more, relatively, one may be than the exact one."""
        return (0, 0) if self.is_exact else (ERROR_BELOW, ERROR_ABOVE)


def percentiles(distributions: Sequence[Distribution | None]) -> Iterator[Percentiles]:
    """Give what ``Distribution.percentile`` gives, of many series, some at a time."""
    for begin in range(0, len(distributions), _AT_ONCE):
        yield from _percentiles(distributions[begin : begin + _AT_ONCE])


def _percentiles(distributions: Sequence[Distribution | None]) -> list[Percentiles]:
    found = [Percentiles(None, is_exact=True)] * len(distributions)
    raw: list[int] = []
    for number, one in enumerate(distributions):
        if one is not None and _is_loose(one):
            raw.append(number)
        elif one is not None:
            found[number] = _one_by_one(one)
    for number, values in zip(raw, _of_loose([distributions[number] for number in raw]), strict=True):
        found[number] = Percentiles(values, is_exact=True) if values else _one_by_one(distributions[number])
    return found


def _is_loose(one: Distribution) -> bool:
    """Tell whether all values are at hand as they came."""
    return bool(one.sketch.raw) and one.sketch.histogram is None


def _one_by_one(one: Distribution | None) -> Percentiles:
    assert one is not None
    if one.low == one.high:
        return Percentiles([one.low] * len(PERCENTS), is_exact=True)
    return Percentiles(one.percentiles(PERCENTS), one.is_exact)


class _Sorted(NamedTuple):
    """The values of several series one after another, those of each ascending.

    ``is_new`` tells, of each value, whether it is the first of its kind in its series; ``begins`` and ``counts`` are
    places and numbers of values, ``distinct`` numbers of distinct values, all of shape (series,).
    """

    values: Array
    is_new: Array
    begins: Array
    counts: Array
    distinct: Array


def _sort(distributions: Sequence[Distribution]) -> _Sorted:
    """Sort the values of one series or more, all of them loose."""
    counts = np.array([one.count for one in distributions])
    owners = np.repeat(np.arange(len(distributions)), counts)
    values = np.frombuffer(b"".join(one.sketch.raw for one in distributions))
    values = values[np.lexsort((values, owners))]
    begins = np.cumsum(counts) - counts
    is_new = np.concatenate([[True], values[1:] != values[:-1]])
    is_new[begins] = True
    return _Sorted(values, is_new, begins, counts, np.add.reduceat(is_new.astype(np.int64), begins))


def _of_loose(distributions: Sequence[Distribution | None]) -> list[list[float] | None]:
    """Return the percentiles of series of which all values are loose, None where there are too many distinct ones."""
    known = [one for one in distributions if one is not None]
    if not known:
        return []
    values, _, begins, counts, distinct = _sort(known)
    is_exact = distinct <= [one.max_exact for one in known]
    ranks = np.maximum(-(-counts[:, None] * np.array(PERCENTS) // 100), 1)  # rounded up
    found = values[begins[:, None] + ranks - 1].tolist()
    return [row if exact else None for row, exact in zip(found, is_exact.tolist(), strict=True)]


class ValueCounts(NamedTuple):
    """Distinct values of a series in ascending order, and how often each occurs."""

    values: list[float]
    counts: list[int]


def value_counts(distributions: Sequence[Distribution | None]) -> Iterator[ValueCounts | None]:
    """Give ``values`` and ``counts`` of each distribution, None where it is None or not exact."""
    for begin in range(0, len(distributions), _AT_ONCE):
        some = distributions[begin : begin + _AT_ONCE]
        raw = [one for one in some if one is not None and _is_loose(one)]
        histogram = _count_loose(raw) if raw else iter(())
        for one in some:
            yield next(histogram) if one is not None and _is_loose(one) else _value_counts(one)


def _value_counts(one: Distribution | None) -> ValueCounts | None:
    if one is None:
        return None
    if one.low == one.high:
        return ValueCounts([one.low], [one.count])
    return ValueCounts(list(one.values), list(one.counts)) if one.is_exact else None


def _count_loose(distributions: Sequence[Distribution]) -> Iterator[ValueCounts | None]:
    values, is_new, _, counts, distinct = _sort(distributions)
    places = np.flatnonzero(is_new)
    keys, repeats = values[places].tolist(), np.diff(places, append=counts.sum()).tolist()
    end = 0
    for one, length in zip(distributions, distinct.tolist(), strict=True):
        begin, end = end, end + length
        yield ValueCounts(keys[begin:end], repeats[begin:end]) if length <= one.max_exact else None
