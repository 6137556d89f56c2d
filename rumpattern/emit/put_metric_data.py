"""PutMetricData requests, one JSON object a line, each within CloudWatch's limits.

A line is what ``aws cloudwatch put-metric-data --cli-input-json`` takes. Limits: API reference of PutMetricData.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import orjson

from rumpattern.aggregate.distribution import value_counts
from rumpattern.emit.cloudwatch import Outcome, refusal
from rumpattern.rum.limits import MAX_METRICS_PER_REQUEST, MAX_REQUEST_BYTES, MAX_VALUES_PER_DATUM, STANDARD_PERIOD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

    from rumpattern.aggregate.distribution import ValueCounts
    from rumpattern.aggregate.series import Series

_ENVELOPE: Final = 2_000
"""Room for the action, the version, the namespace and the braces around the data."""
_FIXED: Final = 400
"""Room for the field names of a data point, ``MetricData.member.1000.StatisticValues.SampleCount`` and the like."""
_DIMENSION: Final = 110
"""Room for the two field names of a dimension, ``MetricData.member.1000.Dimensions.member.30.Value``."""
_NUMBER: Final = 45
"""Room for the field name of a value or a count, ``MetricData.member.1000.Values.member.150``."""
_UNRESERVED: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"


def write(points: Sequence[Series], stream: BinaryIO) -> Outcome:
    """Write data points, sorted as ``aggregate.series`` gives them.

    Up to 150 distinct values are written with their counts, of which CloudWatch makes percentiles. All else is written
    as a statistic set: more values, values that stand for buckets, and negative ones, which have no percentiles.
    """
    outcome = Outcome()
    for namespace, group in groupby(_data(points, outcome), key=itemgetter(0)):
        stream.writelines(
            b'{"Namespace":%s,"MetricData":[%s]}\n' % (orjson.dumps(namespace), b",".join(data))
            for data in _requests(group)
        )
    return outcome


def _data(points: Sequence[Series], outcome: Outcome) -> Iterator[tuple[str, bytes, int]]:
    """Yield namespace, JSON text and size of each data point that CloudWatch accepts."""
    for point, counted in zip(points, value_counts([point.distribution for point in points]), strict=True):
        reason = refusal(point)
        if reason is None:
            taken = counted if counted and len(counted.values) <= MAX_VALUES_PER_DATUM else None
            datum = _datum(point, taken)
            yield point.namespace, datum, _size(datum, len(point.dimensions), len(taken.values) if taken else 0)
        else:
            outcome.refused[reason] += 1


def _requests(data: Iterable[tuple[str, bytes, int]]) -> Iterator[list[bytes]]:
    request: list[bytes] = []
    total = _ENVELOPE
    for _, datum, size in data:
        if request and (len(request) == MAX_METRICS_PER_REQUEST or total + size > MAX_REQUEST_BYTES):
            yield request
            request, total = [], _ENVELOPE
        request.append(datum)
        total += size
    if request:
        yield request


def _size(datum: bytes, dimensions: int, values: int) -> int:
    """Return the longest encoding of a data point in bytes: its text percent-encoded, and field names."""
    escaped = len(datum.translate(None, _UNRESERVED))
    return len(datum) + 2 * escaped + _FIXED + _DIMENSION * dimensions + 2 * _NUMBER * values


def _datum(point: Series, counted: ValueCounts | None) -> bytes:
    datum: dict[str, object] = {
        "MetricName": point.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in point.dimensions],
        "Timestamp": point.start,
    }
    if counted:
        datum["Values"], datum["Counts"] = counted
    else:
        sums = {"SampleCount": point.count, "Sum": point.sum, "Minimum": point.min, "Maximum": point.max}
        datum["StatisticValues"] = sums
    datum["Unit"] = point.unit
    if point.period < STANDARD_PERIOD:
        datum["StorageResolution"] = 1
    return orjson.dumps(datum, option=orjson.OPT_UTC_Z)
