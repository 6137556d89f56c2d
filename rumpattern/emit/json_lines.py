"""JSON lines: one data point a line, with names as in ``Series``, and percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from rumpattern.aggregate.distribution import PERCENTS, percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from rumpattern.aggregate.series import Series


def write(points: Sequence[Series], stream: BinaryIO) -> None:
    """Write each data point as one line of JSON, dimensions as an object, the start in UTC.

    ``percentiles`` is null where there is a negative value, as in CloudWatch. ``percentile_error`` is the relative
    error of a percentile, below and above: 0 where it is exact, else what the width of SEH1 buckets leaves open.
    """
    names = [f"p{percent}" for percent in PERCENTS]
    for point, known in zip(points, percentiles([point.distribution for point in points]), strict=True):
        found = known.values
        row = {
            "namespace": point.namespace,
            "name": point.name,
            "dimensions": dict(point.dimensions),
            "unit": point.unit,
            "start": point.start,
            "period": point.period,
            "count": point.count,
            "sum": point.sum,
            "min": point.min,
            "max": point.max,
            "percentiles": found and dict(zip(names, found, strict=True)),
            "percentile_method": found and known.method,
            "percentile_error": found and known.error,
        }
        stream.write(orjson.dumps(row, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
