"""Counts of a group's values: of each distinct value up to a limit, beyond it of buckets.

The buckets are those of SEH1, the sparse exponential histogram of the CloudWatch agent: bucket b stands for
1.1^(b + 1/2) and holds the values from 1.1^b to less than 1.1^(b + 1); zeros have a bucket of their own. A histogram
depends on the values alone, not on their order, on how they were split or on the machine.
"""

from __future__ import annotations

import math
import struct
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from rumpattern.arrays import Array, Integers, Numbers

ERROR_BELOW: Final = -0.0466
"""The relative error of a bucket that stands for a value at its upper end: 1.1^(-1/2) - 1, rounded away from 0."""
ERROR_ABOVE: Final = 0.0489
"""The relative error of a bucket that stands for a value at its lower end: 1.1^(1/2) - 1, rounded likewise."""
BUFFERED_VALUES: Final = 256
"""Values of a group that are held as they are before they are counted.

Counting takes 51 microseconds for one value, 55 for this many and 134 for 4,096: it is the call that costs.
"""
_LOG_BASE: Final = math.log(1.1)
_BUCKETS_PER_TABLE: Final = 256
"""Buckets whose boundaries are computed together."""
_RADICAND_BITS: Final = 256
_ZERO_BUCKET: Final = np.iinfo(np.int16).min
"""The index of the bucket of zeros; those of the values from 5e-324 to 2^360 are from -7,807 to 2,618."""


# Boundaries and midpoints are quotients of integers, which Python rounds to the nearest double: math.pow, math.log and
# numpy's differ in the last bit between C libraries and processors, and a value at a boundary would be counted in
# another bucket on another machine. The search takes 92 ms for 1,000,000 values, logarithms would take 10 ms.


@cache
def _boundary(bucket: int) -> float:
    """Return the double nearest to 1.1^bucket."""
    power = abs(bucket)
    return float(11**power / 10**power if bucket >= 0 else 10**power / 11**power)


@cache
def _boundaries(first_table: int, last_table: int) -> Numbers:
    """Return the ascending lower boundaries of the buckets of consecutive tables."""
    buckets = range(first_table * _BUCKETS_PER_TABLE, (last_table + 1) * _BUCKETS_PER_TABLE)
    return np.array([_boundary(bucket) for bucket in buckets])


def bucket_indices(values: Numbers) -> Array:
    """Return the index of each value's bucket; no value is negative."""
    positive = values[values > 0]
    if not len(positive):
        return np.full(len(values), _ZERO_BUCKET, np.int64)
    lowest, highest = (math.floor(math.log(value) / _LOG_BASE) for value in (positive.min(), positive.max()))
    # A logarithm may be one bucket off.
    first_table, last_table = (lowest - 1) // _BUCKETS_PER_TABLE, (highest + 1) // _BUCKETS_PER_TABLE
    boundaries = _boundaries(first_table, last_table)
    buckets = np.searchsorted(boundaries, values, side="right") - 1 + first_table * _BUCKETS_PER_TABLE
    buckets[values == 0] = _ZERO_BUCKET
    return buckets


# 1.1^(b + 1/2) is the square root of q = (11/10)^(2b + 1). With q * 2^(2 shift) an integer of about 256 bits, isqrt
# gives the root in 128 bits, and dividing it by 2^shift rounds once.
@cache
def bucket_value(bucket: int) -> float:
    """Return the double nearest to 1.1^(bucket + 1/2), or 0 for the bucket of zeros."""
    if bucket == _ZERO_BUCKET:
        return 0.0
    power = abs(2 * bucket + 1)
    numerator: int
    denominator: int
    numerator, denominator = (11**power, 10**power) if bucket >= 0 else (10**power, 11**power)
    shift = max(0, _RADICAND_BITS + denominator.bit_length() - numerator.bit_length()) // 2
    return math.isqrt((numerator << 2 * shift) // denominator) / (1 << shift)


class Histogram(NamedTuple):
    """Counts of distinct values or of buckets, packed, since an array takes 112 bytes beside what is in it, bytes 33.

    Attributes:
        keys: ascending; values as doubles if ``is_exact``, else indices of buckets as integers of 16 bits.
        counts: of each key, as integers of 64 bits.
        is_exact: whether the keys are values.
    """

    keys: bytes
    counts: bytes
    is_exact: bool

    def unpack(self) -> tuple[Array, Array]:
        """Return keys and counts, both of shape (distinct keys,)."""
        keys = np.frombuffer(self.keys, np.float64 if self.is_exact else np.int16)
        return keys, np.frombuffer(self.counts, np.int64)

    def buckets(self) -> tuple[Array, Array]:
        """Return indices of buckets and counts; if the histogram is exact, a bucket may occur several times."""
        keys, counts = self.unpack()
        return (bucket_indices(keys) if self.is_exact else keys.astype(np.int64)), counts

    def merge(self, other: Histogram, max_exact: int) -> Histogram:
        """Return the histogram of both, exact if both are and there are no more than ``max_exact`` distinct values."""
        is_exact = self.is_exact and other.is_exact
        columns = (histogram.unpack() if is_exact else histogram.buckets() for histogram in (self, other))
        keys, counts = (np.concatenate(pair) for pair in zip(*columns, strict=True))
        return _pack_values(keys, counts, max_exact) if is_exact else _pack_buckets(keys, counts)


def count_values(values: Numbers, max_exact: int) -> Histogram:
    """Return the histogram of values, none of which is negative, exact up to ``max_exact`` distinct ones."""
    return count_groups(values.copy(), np.array([len(values)]), max_exact)[0]


# All groups are counted in one pass: a group of 300 values takes six times as long on its own, for the calls.
# With the values sorted within each group, a count is the distance between the places where a new key begins; a key is
# the value in groups that stay exact, the bucket in others.
def count_groups(values: Numbers, sizes: Integers, max_exact: int) -> list[Histogram]:
    """Return the histogram of each group of values, exact up to ``max_exact`` distinct ones.

    Args:
        values: shape (sum of sizes,), not negative, one group after the other; sorted in place within each.
        sizes: shape (groups,), none of them 0.
        max_exact: see above.
    """
    ends = np.cumsum(sizes)
    begins = ends - sizes
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        values[begin:end].sort()
    is_new_value = begins_run(values, begins)
    is_exact = np.add.reduceat(is_new_value, begins, dtype=np.int64) <= max_exact
    buckets = bucket_indices(values).astype(np.int16)
    is_new_key = np.where(np.repeat(is_exact, sizes), is_new_value, begins_run(buckets, begins))
    indices = np.flatnonzero(is_new_key)
    values, buckets, counts = values[indices], buckets[indices], np.diff(indices, append=len(values))
    offsets = np.searchsorted(indices, np.append(begins, ends[-1])).tolist()
    return [
        Histogram((values if exact else buckets)[begin:end].tobytes(), counts[begin:end].tobytes(), is_exact=exact)
        for exact, begin, end in zip(is_exact.tolist(), offsets[:-1], offsets[1:], strict=True)
    ]


def begins_run(keys: Array, begins: Integers) -> Array:
    """Return, for each of the sorted keys of one or more groups, whether it differs from the one before it.

    ``begins``, shape (groups,), are the indices of the groups' first keys, which begin a run in any case.
    """
    is_new = np.concatenate([[True], keys[1:] != keys[:-1]])
    is_new[begins] = True
    return is_new


def _pack_values(values: Array, counts: Array, max_exact: int) -> Histogram:
    values, counts = _add_counts(values, counts)
    if len(values) > max_exact:
        return _pack_buckets(bucket_indices(values), counts)
    return Histogram(values.tobytes(), counts.tobytes(), is_exact=True)


def _pack_buckets(buckets: Array, counts: Array) -> Histogram:
    buckets, counts = _add_counts(buckets, counts)
    return Histogram(buckets.astype(np.int16).tobytes(), counts.tobytes(), is_exact=False)


def _add_counts(keys: Array, counts: Array) -> tuple[Array, Array]:
    """Return the distinct keys in ascending order, one or more, and the sum of the counts of each."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[begins], np.add.reduceat(counts[order], begins)


class ValueSketch(NamedTuple):
    """The values of a group: raw ones, a histogram, or both.

    It is empty where all values are the same, since minimum and count say all, or where one is negative, since then
    CloudWatch has no percentiles.

    Attributes:
        raw: packed doubles that are not in the histogram, at most ``BUFFERED_VALUES``.
        histogram: the counts of the others, None if there are none.
    """

    raw: bytes = b""
    histogram: Histogram | None = None

    def merge(self, other: ValueSketch, max_exact: int) -> ValueSketch:
        """Return the sketch of both groups' values."""
        raw = self.raw + other.raw
        if self.histogram is other.histogram is None:
            return raw_sketch(raw, max_exact)
        histogram = self.histogram or other.histogram
        if self.histogram and other.histogram:
            histogram = self.histogram.merge(other.histogram, max_exact)
        return ValueSketch(raw, histogram).compress(max_exact)

    def complete(self, count: int, minimum: float, maximum: float) -> ValueSketch:
        """Return the sketch of ``count`` values, none of them negative, with their values also if all are the same."""
        return self if minimum < maximum else uniform_sketch(minimum, count)

    def compress(self, max_exact: int, max_bytes: int = 8 * BUFFERED_VALUES) -> ValueSketch:
        """Return the same sketch with at most ``max_bytes`` of raw values: if there are more, all are counted."""
        if len(self.raw) <= max_bytes:
            return self
        histogram = count_values(np.frombuffer(self.raw), max_exact)
        return ValueSketch(b"", self.histogram.merge(histogram, max_exact) if self.histogram else histogram)


NO_SKETCH: Final = ValueSketch()
_new: Final = tuple.__new__
"""Makes a named tuple in half the time that its class takes: there is a sketch for each of a million data points."""


def raw_sketch(raw: bytes, max_exact: int) -> ValueSketch:
    """Return the sketch of packed doubles."""
    sketch: ValueSketch = _new(ValueSketch, (raw, None))
    return sketch.compress(max_exact)


def uniform_histogram(value: float, count: int) -> Histogram:
    """Return the histogram of one value that occurs ``count`` times."""
    return Histogram(struct.pack("=d", value), struct.pack("=q", count), is_exact=True)


def uniform_sketch(value: float, count: int) -> ValueSketch:
    """Return the sketch of one value that occurs ``count`` times."""
    if count == 1:
        sketch: ValueSketch = _new(ValueSketch, (struct.pack("=d", value), None))
        return sketch
    return ValueSketch(b"", uniform_histogram(value, count))
