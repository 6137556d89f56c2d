"""CloudWatch's embedded metric format: log events of which CloudWatch Logs makes metrics, one a line.

Specification: "Embedded metric format" in the CloudWatch user guide. Its limits: 100 metrics a directive (here one),
30 dimensions, 100 values a metric, log events of 256 KB (later 1 MB; these are less than 100 KB).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from rumpattern.aggregate.distribution import value_counts
from rumpattern.emit import cloudwatch
from rumpattern.emit.cloudwatch import Outcome
from rumpattern.rum.limits import MAX_EMF_VALUES, STANDARD_PERIOD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from rumpattern.aggregate.distribution import ValueCounts
    from rumpattern.aggregate.series import Series

_METADATA: Final = "_aws"
_OTHER_FORM: Final = "a form that AWS's clients write and the specification of the embedded metric format lacks"
_Value: TypeAlias = float | list[float] | dict[str, object]


def write(points: Sequence[Series], stream: BinaryIO) -> Outcome:
    """Write each data point so that CloudWatch shows its count, sum, minimum and maximum.

    Up to 100 values are written as the specification says, as a number or an array. For more it has no form; CloudWatch
    reads what AWS's own clients write (the embedded metrics library for Java, the exporter of the OpenTelemetry
    collector): an object of ``Values`` and ``Counts``, several lines of them beyond 100 distinct values, or, where
    values are known by bucket or are negative, an object of ``Max``, ``Min``, ``Count`` and ``Sum``, which has no
    percentiles. How many data points are written so is noted.
    """
    outcome = Outcome()
    beyond = bounded = 0
    for point, counted in zip(points, value_counts([point.distribution for point in points]), strict=True):
        reason = refusal(point)
        if reason is None:
            values = list(_values(point, counted))
            beyond += isinstance(values[0], dict) and counted is not None
            bounded += isinstance(values[0], dict) and counted is None
            stream.writelines(_line(point, value) for value in values)
        else:
            outcome.refused[reason] += 1
    for count, why in (
        (beyond, f"have more than {MAX_EMF_VALUES} values"),
        (bounded, "have a negative value, or more values than are kept as they are"),
    ):
        if count:
            outcome.notes.append(f"{count:,} of {len(points):,} data points {why}: they are written in {_OTHER_FORM}")
    return outcome


def refusal(point: Series) -> str | None:
    """Return why a data point cannot be written, None if it can: dimensions and metrics share one JSON object."""
    dimensions = {name for name, _ in point.dimensions}
    if _METADATA in {point.name, *dimensions}:
        return f"the name {_METADATA}, which the embedded metric format needs for something else"
    if point.name in dimensions:
        return f"the name {point.name} for a metric and for a dimension of it, which stand in one object"
    return cloudwatch.refusal(point)


def _values(point: Series, counted: ValueCounts | None) -> Iterator[_Value]:
    if point.count == 1:
        yield point.min
    elif counted is None:
        yield {"Max": point.max, "Min": point.min, "Count": point.count, "Sum": point.sum}
    elif point.count <= MAX_EMF_VALUES:
        yield [value for value, count in zip(*counted, strict=True) for _ in range(count)]
    else:
        yield from _histograms(counted)


def _histograms(counted: ValueCounts) -> Iterator[_Value]:
    """Yield objects of up to 100 values each; CloudWatch aggregates those of one metric and time."""
    for begin in range(0, len(counted.values), MAX_EMF_VALUES):
        values, counts = (part[begin : begin + MAX_EMF_VALUES] for part in counted)
        total = math.fsum(value * count for value, count in zip(values, counts, strict=True))
        sums = {"Max": values[-1], "Min": values[0], "Count": sum(counts), "Sum": total}
        yield {"Values": values, "Counts": counts, **sums}


def _line(point: Series, value: _Value) -> bytes:
    metric: dict[str, object] = {"Name": point.name, "Unit": point.unit}
    if point.period < STANDARD_PERIOD:
        metric["StorageResolution"] = 1
    names = [name for name, _ in point.dimensions]
    directive = {"Namespace": point.namespace, "Dimensions": [names], "Metrics": [metric]}
    metadata = {"Timestamp": int(point.start.timestamp()) * 1_000, "CloudWatchMetrics": [directive]}
    event = {_METADATA: metadata, **dict(point.dimensions), point.name: value}
    return orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE)
