"""JSON lines: one series a line, with names as in ``Series``, and percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from rumpattern.aggregate.distribution import PERCENTS, percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from rumpattern.aggregate.series import Series


def write(series: Sequence[Series], stream: BinaryIO) -> None:
    """Write each series as one line of JSON, dimensions as an object, the start in UTC.

    ``percentiles`` is null where there is a negative value, as in CloudWatch. ``percentile_error`` is how much less and
    more, relatively, a percentile may be than the exact one: nothing, or what the buckets of SEH1 leave open.
    """
    names = [f"p{percent}" for percent in PERCENTS]
    for one, known in zip(series, percentiles([one.distribution for one in series]), strict=True):
        found = known.values
        row = {
            "namespace": one.namespace,
            "name": one.name,
            "dimensions": dict(one.dimensions),
            "unit": one.unit,
            "start": one.start,
            "period": one.period,
            "count": one.count,
            "sum": one.sum,
            "min": one.min,
            "max": one.max,
            "percentiles": found and dict(zip(names, found, strict=True)),
            "percentile_method": found and known.method,
            "percentile_error": found and known.error,
        }
        stream.write(orjson.dumps(row, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
