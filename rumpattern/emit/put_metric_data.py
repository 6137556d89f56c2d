"""PutMetricData requests, one JSON object a line, each within CloudWatch's limits.

A line is what ``aws cloudwatch put-metric-data --cli-input-json`` takes. Limits: API reference of PutMetricData.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

    from rumpattern.aggregate import Series

MAX_METRICS: Final = 1_000
MAX_BYTES: Final = 1_000_000
_ENVELOPE: Final = 2_000  # room for the namespace and the braces around the data
_MINUTE: Final = 60


def write(series: Iterable[Series], stream: BinaryIO) -> None:
    """Write the series as statistic sets."""
    for namespace, group in groupby(series, key=lambda one: one.namespace):
        stream.writelines(
            b'{"Namespace":%s,"MetricData":[%s]}\n' % (orjson.dumps(namespace), b",".join(data))
            for data in _requests(group)
        )


def _requests(series: Iterable[Series]) -> Iterator[list[bytes]]:
    data: list[bytes] = []
    size = _ENVELOPE
    for datum in map(_datum, series):
        if data and (len(data) == MAX_METRICS or size + len(datum) + 1 > MAX_BYTES):
            yield data
            data, size = [], _ENVELOPE
        data.append(datum)
        size += len(datum) + 1
    if data:
        yield data


def _datum(one: Series) -> bytes:
    datum = {
        "MetricName": one.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in one.dimensions],
        "Timestamp": one.start,
        "StatisticValues": {"SampleCount": one.count, "Sum": one.sum, "Minimum": one.min, "Maximum": one.max},
        "Unit": one.unit,
    }
    if one.period < _MINUTE:
        datum["StorageResolution"] = 1
    return orjson.dumps(datum, option=orjson.OPT_UTC_Z)
