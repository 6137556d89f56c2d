"""JSON lines: one series a line, with names as in ``Series``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from rumpattern.aggregate import Series


def write(series: Iterable[Series], stream: BinaryIO) -> None:
    """Write each series as one line of JSON, dimensions as an object, the start in UTC."""
    for one in series:
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
        }
        stream.write(orjson.dumps(row, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
