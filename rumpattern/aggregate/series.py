"""Merged groups to data points: the statistics of each metric and period, as ``rumpattern.Series``.

Groups are of definitions; several definitions may publish to one *metric*, which is a namespace, a name, a unit and a
set of dimension values.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from rumpattern.aggregate.distribution import Distribution
from rumpattern.aggregate.merge import merge
from rumpattern.derive.policy import dimension_names
from rumpattern.memory import without_collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.aggregate.groups import PartialAggregates
    from rumpattern.aggregate.partial import Partial
    from rumpattern.arrays import Integers, Numbers
    from rumpattern.definition.model import MetricDefinition


_DATA_POINTS_AT_ONCE: Final = 4_096
"""Data points that are made together."""

DimensionValues: TypeAlias = tuple[str | None, ...]
"""A group's dimension values in the order of ``policy.dimension_names``; None leaves a dimension out."""
_Metric: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...], str]
"""Namespace, name, dimensions and unit."""


def dimension_values(groups: PartialAggregates, indices: Integers | slice) -> list[DimensionValues]:
    """Return the dimension values of the groups at some indices."""
    columns = [labels.take(indices).as_list() for labels in groups.dimensions]
    return list(zip(*columns, strict=True)) if columns else [()] * len(groups.sizes[indices])


class Series(NamedTuple):
    """A data point: the statistics of one metric in one period, as CloudWatch would hold them.

    Attributes:
        namespace: the metric's namespace: the definition's with its prefix, or ``AWS/RUM``.
        name: the metric's name: the definition's Name.
        dimensions: (name, value) pairs sorted by name: names from DimensionKeys, values from the events; and
            application_name, which RUM adds to every metric, from the events or the replay's option of that name.
        unit: the definition's UnitLabel, ``None`` (the word) if it has none.
        start: the start of the period, an aware datetime in UTC, from the events' event_timestamp.
        period: the length of the period in seconds.
        count: how many samples there are, one for each matched event that is published.
        sum: the double nearest to the exact sum of the samples, in ``unit``; ties to even, 0 is not negative.
        min: the least sample, in ``unit``.
        max: the greatest sample, in ``unit``.
        distribution: the distinct samples or buckets with their counts; None if a sample is negative, since CloudWatch
            has no percentiles then.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    start: datetime
    period: int
    count: int  # type: ignore[assignment]  # a field of this name hides a method of tuples
    sum: float
    min: float
    max: float
    distribution: Distribution | None = None

    def percentile(self, percent: float) -> float | None:
        """Return a percentile (see ``Distribution.percentile``), None if there is a negative value, as in CloudWatch.

        Raises:
            ValueError: ``percent`` is not from 0 to 100.
        """
        return None if self.distribution is None else self.distribution.percentile(percent)


@dataclass(frozen=True, slots=True, eq=False)
class SeriesTable:
    """Data points as columns, sorted by metric and period.

    Attributes:
        metrics: sorted.
        groups: the statistics of the data points; ``definitions`` holds indices into ``metrics``, ascending, and there
            are no dimensions.
        sums: shape (data points,), the doubles nearest to the exact sums.
        period: in seconds.
        max_exact: how many distinct values of each data point are counted exactly.
    """

    metrics: Sequence[_Metric]
    groups: PartialAggregates
    sums: Numbers
    period: int
    max_exact: int

    def rows(self) -> list[Series]:
        """Return the data points one by one."""
        groups = self.groups
        moments = {start: datetime.fromtimestamp(start, UTC) for start in set(groups.starts.tolist())}
        columns = (groups.definitions, groups.starts, groups.sizes, self.sums, groups.minima, groups.maxima)
        result: list[Series] = []
        with without_collection():
            begins = range(0, len(self.sums), _DATA_POINTS_AT_ONCE)
            for begin, piece in zip(begins, groups.pieces(_DATA_POINTS_AT_ONCE), strict=True):
                lists = (column[begin : begin + _DATA_POINTS_AT_ONCE].tolist() for column in columns)
                for metric, start, count, total, minimum, maximum, sketch in zip(
                    *lists, piece.sketches(self.max_exact), strict=True
                ):
                    distribution = None
                    if minimum >= 0:
                        distribution = Distribution(count, minimum, maximum, sketch, self.max_exact)
                    statistics = moments[start], self.period, count, total, minimum, maximum, distribution
                    result.append(Series._make(self.metrics[metric] + statistics))
        return result


def tabulate(definitions: Sequence[MetricDefinition], partial: Partial, period: int) -> SeriesTable | None:
    """Return the data points of a partial, None if there are none; definitions that publish to one metric are added up.

    The partial is empty afterwards, so that nothing is held twice. ``period`` is in seconds.
    """
    names = [dimension_names(definition) for definition in definitions]
    partitions = partial.take()
    if not partitions:
        return None
    begins = [metric_begins(groups) for groups in partitions]
    metrics_of = [
        [
            _metric(definitions[definition], names[definition], values)
            for definition, values in zip(
                groups.definitions[first].tolist(), dimension_values(groups, first), strict=True
            )
        ]
        for groups, first in zip(partitions, begins, strict=True)
    ]
    metrics = sorted({metric for of_partition in metrics_of for metric in of_partition})
    ranks = {metric: rank for rank, metric in enumerate(metrics)}
    ranked = [
        replace(groups, definitions=_spread(groups, first, [ranks[metric] for metric in of_partition]), dimensions=())
        for groups, first, of_partition in zip(partitions, begins, metrics_of, strict=True)
    ]
    del partitions
    groups = merge(ranked, partial.max_exact)
    return SeriesTable(metrics, groups, groups.sums.nearest(), period, partial.max_exact)


def metric_begins(groups: PartialAggregates) -> Integers:
    """Return the index of the first group of each definition and set of dimension values; the groups are merged."""
    columns = [groups.definitions, *(labels.codes for labels in groups.dimensions)]
    differs = reduce(operator.or_, (column[1:] != column[:-1] for column in columns))
    return np.concatenate([[0], np.flatnonzero(differs) + 1])


def _spread(groups: PartialAggregates, begins: Integers, ranks: list[int]) -> Integers:
    """Return the rank of each group's metric, given where the groups of each metric begin and its rank."""
    return np.repeat(np.array(ranks), np.diff(begins, append=len(groups.sizes)))


def _metric(definition: MetricDefinition, names: tuple[str, ...], values: DimensionValues) -> _Metric:
    pairs = zip(names, values, strict=True)
    dimensions = tuple(sorted((name, value) for name, value in pairs if value is not None))
    return definition.final_namespace, definition.name, dimensions, definition.unit
