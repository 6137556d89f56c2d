"""JSON lines: one data point a line, with names as in ``Series``, and percentiles."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import orjson

from rumpattern.aggregate.distribution import PERCENTS, Percentiles, percentiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from rumpattern.aggregate.series import Series

_POINTS_AT_ONCE: Final = 1_024
_NUMBERS: Final = b'%b%b,"count":%b,"sum":%b,"min":%b,"max":%b,%b}\n'
_NO_PERCENTILES: Final = b'"percentiles":null,"percentile_method":null,"percentile_error":null'
_PERCENTILES: Final = {
    one.is_exact: b'"percentiles":{%b},"percentile_method":%b,"percentile_error":%b'
    % (b",".join(b'"p%d":%%b' % percent for percent in PERCENTS), orjson.dumps(one.method), orjson.dumps(one.error))
    for one in (Percentiles([], is_exact=True), Percentiles([], is_exact=False))
}
"""By whether they are exact."""


def write(points: Sequence[Series], stream: BinaryIO) -> None:
    """Write each data point as one line of JSON, dimensions as an object, the start in UTC.

    ``percentiles`` is null where there is a negative value, as in CloudWatch. ``percentile_error`` is the relative
    error of a percentile, below and above: 0 where it is exact, else what the width of SEH1 buckets leaves open.
    """
    writer = _Writer()
    pieces = (points[begin : begin + _POINTS_AT_ONCE] for begin in range(0, len(points), _POINTS_AT_ONCE))
    stream.writelines(b"".join(writer.lines(piece)) for piece in pieces)


# What is the same in many lines is written as JSON once, and numbers as one array for many lines: that takes two thirds
# of the time of an object for each, percentiles apart, and a replay of many data points spends much of its time here.
class _Writer:
    def __init__(self) -> None:
        self._metrics: dict[tuple[object, ...], bytes] = {}
        self._periods: dict[tuple[datetime, int], bytes] = {}

    def lines(self, points: Sequence[Series]) -> Iterator[bytes]:
        """Yield the lines of some data points."""
        _, _, _, _, starts, periods, *statistics, distributions = zip(*points, strict=True)
        heads = (self._metrics.get(point[:4]) or self._add_metric(point) for point in points)
        times = (self._periods.get(key) or self._add_period(*key) for key in zip(starts, periods, strict=True))
        known = list(percentiles(distributions))
        numbers = zip(heads, times, *map(_tokens, statistics), _percentile_texts(known), strict=True)
        return map(_NUMBERS.__mod__, numbers)

    def _add_metric(self, point: Series) -> bytes:
        metric = {
            "namespace": point.namespace,
            "name": point.name,
            "dimensions": dict(point.dimensions),
            "unit": point.unit,
        }
        text = self._metrics[point[:4]] = orjson.dumps(metric)[:-1]
        return text

    def _add_period(self, start: datetime, period: int) -> bytes:
        members = orjson.dumps({"start": start, "period": period}, option=orjson.OPT_UTC_Z)
        text = self._periods[start, period] = b"," + members[1:-1]
        return text


def _tokens(numbers: Iterable[float]) -> list[bytes]:
    """Return the JSON text of each number, of which there is one at least."""
    return orjson.dumps(list(numbers))[1:-1].split(b",")


def _percentile_texts(known: Sequence[Percentiles]) -> Iterator[bytes]:
    values = list(chain.from_iterable(one.values for one in known if one.values))
    tokens = iter(_tokens(values)) if values else iter(())
    of_points = zip(*[tokens] * len(PERCENTS), strict=True)
    for one in known:
        yield _PERCENTILES[one.is_exact] % next(of_points) if one.values else _NO_PERCENTILES
