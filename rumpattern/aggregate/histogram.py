"""The values of one data point: each distinct one with its count up to a number of them, then counts of buckets.

The buckets are those of SEH1, the sparse exponential histogram of the CloudWatch agent: bucket b stands for
1.1^(b + 1/2) and holds what is at least 1.1^b and less than 1.1^(b + 1); zeros have a bucket of their own. What is kept
depends on the values alone, not on the order in which they came.
"""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from rumpattern.arrays import Array, Integers, Numbers


MAX_EXACT_VALUES: Final = 150
"""Distinct values that are kept as they are if nothing else is asked for: a datum of PutMetricData takes as many."""
ERROR_BELOW: Final = -0.0466
"""How much less than a value its bucket may tell, relatively: 1.1^(-1/2) - 1, rounded away from 0."""
ERROR_ABOVE: Final = 0.0489
"""How much more than a value its bucket may tell, relatively: 1.1^(1/2) - 1, rounded likewise."""
BUFFERED_VALUES: Final = 256
"""Values that wait to be counted: counting takes about as long for one as for that many."""
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
def bucket_value(bucket: int) -> float:
    """Return the double nearest to 1.1^(bucket + 1/2), or 0: the same on every machine."""
    if bucket == _ZERO:
        return 0.0
    power = abs(2 * bucket + 1)
    over: int
    under: int
    over, under = (11**power, 10**power) if bucket >= 0 else (10**power, 11**power)
    shift = max(0, _ROOT_BITS + under.bit_length() - over.bit_length()) // 2
    return math.isqrt((over << 2 * shift) // under) / (1 << shift)


class Histogram(NamedTuple):
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

    def merge(self, other: Histogram, max_exact: int) -> Histogram:
        """Return the counts of both; ``max_exact`` distinct values are kept exact."""
        is_exact = self.is_exact and other.is_exact
        one, two = (part.unpack() if is_exact else part.buckets() for part in (self, other))
        keys, counts = (np.concatenate(pair) for pair in zip(one, two, strict=True))
        return _count(keys, counts, max_exact) if is_exact else _pack_buckets(keys, counts)


def count_values(values: Numbers, max_exact: int) -> Histogram:
    """Return the counts of some values, none of which is negative; ``max_exact`` distinct ones are kept exact."""
    return count_groups(values.copy(), np.array([len(values)]), max_exact)[0]


def count_groups(values: Numbers, sizes: Integers, max_exact: int) -> list[Histogram]:
    """Return the same for each of some groups of values, which stand one after the other, and are sorted in place."""
    ends = np.cumsum(sizes)
    firsts = ends - sizes
    for begin, end in zip(firsts.tolist(), ends.tolist(), strict=True):
        values[begin:end].sort()
    is_new = _are_new(values, firsts)
    is_exact = np.add.reduceat(is_new, firsts, dtype=np.int64) <= max_exact
    buckets = bucket_numbers(values).astype(np.int16)
    places = np.flatnonzero(np.where(np.repeat(is_exact, sizes), is_new, _are_new(buckets, firsts)))
    values, buckets, counts = values[places], buckets[places], np.diff(places, append=len(values))
    bounds = np.searchsorted(places, np.append(firsts, ends[-1])).tolist()
    return [
        Histogram((values if exact else buckets)[begin:end].tobytes(), counts[begin:end].tobytes(), is_exact=exact)
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


def _count(values: Array, counts: Array, max_exact: int) -> Histogram:
    values, counts = _add_up(values, counts)
    if len(values) > max_exact:
        return _pack_buckets(bucket_numbers(values), counts)
    return Histogram(values.tobytes(), counts.tobytes(), is_exact=True)


def _pack_buckets(buckets: Array, counts: Array) -> Histogram:
    buckets, counts = _add_up(buckets, counts)
    return Histogram(buckets.astype(np.int16).tobytes(), counts.tobytes(), is_exact=False)


def _add_up(keys: Array, counts: Array) -> tuple[Array, Array]:
    """Return distinct keys in ascending order and the sum of the counts of each; there is at least one key."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    begins = _begins(keys)
    return keys[begins], np.add.reduceat(counts[order], begins)


class ValueSketch(NamedTuple):
    """Values of a series, as long as they are not all the same and none is negative.

    ``raw`` are packed doubles that are not in ``histogram`` yet. All the same, or with a negative one among them (for
    which CloudWatch has no percentiles), they are told by minimum, maximum and number, and nothing is kept here.
    """

    raw: bytes = b""
    histogram: Histogram | None = None

    def merge(self, other: ValueSketch, max_exact: int) -> ValueSketch:
        """Return the values of both."""
        raw = self.raw + other.raw
        if self.histogram is other.histogram is None:
            return raw_sketch(raw, max_exact)
        histogram = self.histogram or other.histogram
        if self.histogram and other.histogram:
            histogram = self.histogram.merge(other.histogram, max_exact)
        return ValueSketch(raw, histogram).compress(max_exact)

    def of(self, count: int, low: float, high: float) -> ValueSketch:
        """Return the spread of so many values with this minimum and maximum, also where nothing is kept here."""
        return self if low < high else sketch_of(low, count)

    def compress(self, max_exact: int, limit: int = 8 * BUFFERED_VALUES) -> ValueSketch:
        """Return the same values, no more than ``limit`` bytes of them loose."""
        if len(self.raw) <= limit:
            return self
        histogram = count_values(np.frombuffer(self.raw), max_exact)
        return ValueSketch(b"", self.histogram.merge(histogram, max_exact) if self.histogram else histogram)


NO_SKETCH: Final = ValueSketch()
_new: Final = tuple.__new__


def raw_sketch(raw: bytes, max_exact: int) -> ValueSketch:
    """Return the spread of some packed doubles."""
    sketch: ValueSketch = _new(
        ValueSketch, (raw, None)
    )  # what the class itself does takes twice as long, a million times
    return sketch.compress(max_exact)


def count_same(value: float, count: int) -> Histogram:
    """Return the counts of one value that occurs so many times."""
    return Histogram(struct.pack("=d", value), struct.pack("=q", count), is_exact=True)


def sketch_of(value: float, count: int) -> ValueSketch:
    """Return the spread of one value that occurs so many times, to be merged with that of others."""
    return (
        _new(ValueSketch, (struct.pack("=d", value), None))
        if count == 1
        else ValueSketch(b"", count_same(value, count))
    )
