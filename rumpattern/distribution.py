"""How values are distributed: all distinct ones with their counts up to a number of them, then counts of buckets.

The buckets are those of SEH1, the sparse exponential histogram of the CloudWatch agent: bucket b is told by
1.1^(b + 1/2) and holds what is at least 1.1^b and less than 1.1^(b + 1); zeros have a bucket of their own. What is kept
depends on the values alone, not on the order in which they came.
"""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.events.columns import Numbers
    from rumpattern.samples import Integers

Array = np.ndarray[Any, Any]

PERCENTS: Final = (50, 75, 90, 95, 99)
"""The percentiles that are written with every series."""
MOST_EXACT: Final = 150
"""Distinct values that are kept as they are if nothing else is asked for: a datum of PutMetricData takes as many."""
ERROR_BELOW: Final = -0.0466
"""How much less than a value its bucket may tell, relatively: 1.1^(-1/2) - 1, rounded away from 0."""
ERROR_ABOVE: Final = 0.0489
"""How much more than a value its bucket may tell, relatively: 1.1^(1/2) - 1, rounded likewise."""
LOOSE_VALUES: Final = 256
"""Values that wait to be counted: counting takes about as long for one as for that many."""
_AT_ONCE: Final = 4_096
"""Series whose values are counted together."""
_LOG: Final = math.log(1.1)
_SPAN: Final = 256
"""Buckets whose boundaries are worked out together."""
_ROOT_BITS: Final = 256
_ZERO: Final = np.iinfo(np.int16).min


@cache
def _boundary(bucket: int) -> float:
    """Return the double nearest to 1.1^bucket: the same on every machine."""
    power = abs(bucket)
    return float(11**power / 10**power if bucket >= 0 else 10**power / 11**power)


@cache
def _boundaries(first: int, last: int) -> Numbers:
    """Return where the buckets of some spans begin, in ascending order."""
    return np.array([_boundary(bucket) for bucket in range(first * _SPAN, (last + 1) * _SPAN)])


def bucket_numbers(values: Numbers) -> Array:
    """Return the bucket of each value, none of which is negative."""
    positive = values[values > 0]
    if not len(positive):
        return np.full(len(values), _ZERO, np.int64)
    first, last = (math.floor(math.log(value) / _LOG) for value in (positive.min(), positive.max()))
    first, last = (first - 1) // _SPAN, (last + 1) // _SPAN  # a logarithm may be one bucket off
    buckets = np.searchsorted(_boundaries(first, last), values, side="right") - 1 + first * _SPAN
    buckets[values == 0] = _ZERO
    return buckets


@cache
def _middle(bucket: int) -> float:
    """Return the double nearest to 1.1^(bucket + 1/2), or 0: the same on every machine."""
    if bucket == _ZERO:
        return 0.0
    power = abs(2 * bucket + 1)
    over: int
    under: int
    over, under = (11**power, 10**power) if bucket >= 0 else (10**power, 11**power)
    shift = max(0, _ROOT_BITS + under.bit_length() - over.bit_length()) // 2
    return math.isqrt((over << 2 * shift) // under) / (1 << shift)


class Counted(NamedTuple):
    """Counts of distinct values or of buckets, packed.

    ``keys`` are ascending doubles, or numbers of buckets in 16 bits unless ``is_exact``; ``counts`` are of 64 bits.
    """

    keys: bytes
    counts: bytes
    is_exact: bool

    def unpack(self) -> tuple[Array, Array]:
        """Return keys and counts, both of shape (keys,)."""
        keys = np.frombuffer(self.keys, np.float64 if self.is_exact else np.int16)
        return keys, np.frombuffer(self.counts, np.int64)

    def buckets(self) -> tuple[Array, Array]:
        """Return numbers of buckets and their counts; a bucket may occur again and again."""
        keys, counts = self.unpack()
        return (bucket_numbers(keys) if self.is_exact else keys.astype(np.int64)), counts

    def merge(self, other: Counted, most: int) -> Counted:
        """Return the counts of both; ``most`` distinct values are kept exact."""
        is_exact = self.is_exact and other.is_exact
        one, two = (part.unpack() if is_exact else part.buckets() for part in (self, other))
        keys, counts = (np.concatenate(pair) for pair in zip(one, two, strict=True))
        return _count(keys, counts, most) if is_exact else _pack_buckets(keys, counts)


def count_values(values: Numbers, most: int) -> Counted:
    """Return the counts of some values, none of which is negative; ``most`` distinct ones are kept exact."""
    return count_groups(values.copy(), np.array([len(values)]), most)[0]


def count_groups(values: Numbers, sizes: Integers, most: int) -> list[Counted]:
    """Return the same for each of some groups of values, which stand one after the other, and are sorted in place."""
    ends = np.cumsum(sizes)
    firsts = ends - sizes
    for begin, end in zip(firsts.tolist(), ends.tolist(), strict=True):
        values[begin:end].sort()
    is_new = _are_new(values, firsts)
    is_exact = np.add.reduceat(is_new, firsts, dtype=np.int64) <= most
    buckets = bucket_numbers(values).astype(np.int16)
    places = np.flatnonzero(np.where(np.repeat(is_exact, sizes), is_new, _are_new(buckets, firsts)))
    values, buckets, counts = values[places], buckets[places], np.diff(places, append=len(values))
    bounds = np.searchsorted(places, np.append(firsts, ends[-1])).tolist()
    return [
        Counted((values if exact else buckets)[begin:end].tobytes(), counts[begin:end].tobytes(), is_exact=exact)
        for exact, begin, end in zip(is_exact.tolist(), bounds[:-1], bounds[1:], strict=True)
    ]


def _are_new(ordered: Array, firsts: Integers) -> Array:
    """Tell of each key whether it is the first of its kind in its group."""
    is_new = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    is_new[firsts] = True
    return is_new


def _begins(ordered: Array) -> Array:
    """Return where each distinct one of ascending keys, one or more, begins."""
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))


def _count(values: Array, counts: Array, most: int) -> Counted:
    values, counts = _add_up(values, counts)
    if len(values) > most:
        return _pack_buckets(bucket_numbers(values), counts)
    return Counted(values.tobytes(), counts.tobytes(), is_exact=True)


def _pack_buckets(buckets: Array, counts: Array) -> Counted:
    buckets, counts = _add_up(buckets, counts)
    return Counted(buckets.astype(np.int16).tobytes(), counts.tobytes(), is_exact=False)


def _add_up(keys: Array, counts: Array) -> tuple[Array, Array]:
    """Return distinct keys in ascending order and the sum of the counts of each; there is at least one key."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    begins = _begins(keys)
    return keys[begins], np.add.reduceat(counts[order], begins)


class Spread(NamedTuple):
    """Values of a series, as long as they are not all the same and none is negative.

    ``loose`` are packed doubles that are not in ``counted`` yet. All the same, or with a negative one among them (for
    which CloudWatch has no percentiles), they are told by minimum, maximum and number, and nothing is kept here.
    """

    loose: bytes = b""
    counted: Counted | None = None

    def merge(self, other: Spread, most: int) -> Spread:
        """Return the values of both."""
        loose = self.loose + other.loose
        if self.counted is other.counted is None:
            return loose_spread(loose, most)
        counted = self.counted or other.counted
        if self.counted and other.counted:
            counted = self.counted.merge(other.counted, most)
        return Spread(loose, counted).settle(most)

    def of(self, count: int, low: float, high: float) -> Spread:
        """Return the spread of so many values with this minimum and maximum, also where nothing is kept here."""
        return self if low < high else spread_of(low, count)

    def settle(self, most: int, limit: int = 8 * LOOSE_VALUES) -> Spread:
        """Return the same values, no more than ``limit`` bytes of them loose."""
        if len(self.loose) <= limit:
            return self
        counted = count_values(np.frombuffer(self.loose), most)
        return Spread(b"", self.counted.merge(counted, most) if self.counted else counted)


NO_SPREAD: Final = Spread()
_new: Final = tuple.__new__


def loose_spread(loose: bytes, most: int) -> Spread:
    """Return the spread of some packed doubles."""
    spread: Spread = _new(Spread, (loose, None))  # what the class itself does takes twice as long, a million times
    return spread.settle(most)


def count_same(value: float, count: int) -> Counted:
    """Return the counts of one value that occurs so many times."""
    return Counted(struct.pack("=d", value), struct.pack("=q", count), is_exact=True)


def spread_of(value: float, count: int) -> Spread:
    """Return the spread of one value that occurs so many times, to be merged with that of others."""
    return _new(Spread, (struct.pack("=d", value), None)) if count == 1 else Spread(b"", count_same(value, count))


class Distribution:
    """How the values of a series are distributed, counted when it is first asked for.

    Args:
        count: the number of values.
        low: their minimum, not negative.
        high: their maximum.
        spread: what else is known of them.
        most: how many distinct values are kept exact.
    """

    __slots__ = ("_counted", "count", "high", "low", "most", "spread")

    def __init__(self, count: int, low: float, high: float, spread: Spread, most: int) -> None:
        self.count = count
        self.low = low
        self.high = high
        self.spread = spread
        self.most = most
        self._counted: Counted | None = None

    @property
    def counted(self) -> Counted:
        """The counts of distinct values or buckets."""
        if self._counted is None:
            settled = self._whole().settle(self.most, 0).counted
            assert settled is not None
            self._counted = settled
        return self._counted

    @property
    def is_exact(self) -> bool:
        """Tell whether the values are those of the events, not those that stand for buckets."""
        return self.counted.is_exact

    @property
    def values(self) -> tuple[float, ...]:
        """Distinct values in ascending order; those of buckets are no smaller or larger than the series'."""
        keys = self.counted.unpack()[0].tolist()
        return tuple(keys if self.is_exact else map(self._within, keys))

    @property
    def counts(self) -> tuple[int, ...]:
        """How often each of ``values`` occurs."""
        return tuple(self.counted.unpack()[1].tolist())

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
        keys, counts = self.counted.unpack()
        found: list[float] = keys[np.searchsorted(np.cumsum(counts), ranks)].tolist()
        if self.is_exact:
            return found
        ends = {1: self.low, self.count: self.high}
        return [ends.get(rank, self._within(int(key))) for rank, key in zip(ranks, found, strict=True)]

    def _within(self, bucket: int) -> float:
        """Return the value that tells a bucket, no smaller or larger than the series' values."""
        return min(max(_middle(bucket), self.low), self.high)

    def merge(self, other: Distribution) -> Distribution:
        """Return how the values of both are distributed."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        spread = self._whole().merge(other._whole(), self.most) if low < high else NO_SPREAD
        return Distribution(self.count + other.count, low, high, spread, self.most)

    def _whole(self) -> Spread:
        return self.spread.of(self.count, self.low, self.high)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distribution):
            return NotImplemented
        return (self.low, self.high, self.counted) == (other.low, other.high, other.counted)

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
    loose: list[int] = []
    for number, one in enumerate(distributions):
        if one is not None and _is_loose(one):
            loose.append(number)
        elif one is not None:
            found[number] = _one_by_one(one)
    for number, values in zip(loose, _of_loose([distributions[number] for number in loose]), strict=True):
        found[number] = Percentiles(values, is_exact=True) if values else _one_by_one(distributions[number])
    return found


def _is_loose(one: Distribution) -> bool:
    """Tell whether all values are at hand as they came."""
    return bool(one.spread.loose) and one.spread.counted is None


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
    values = np.frombuffer(b"".join(one.spread.loose for one in distributions))
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
    is_exact = distinct <= [one.most for one in known]
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
        loose = [one for one in some if one is not None and _is_loose(one)]
        counted = _count_loose(loose) if loose else iter(())
        for one in some:
            yield next(counted) if one is not None and _is_loose(one) else _value_counts(one)


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
        yield ValueCounts(keys[begin:end], repeats[begin:end]) if length <= one.most else None
