"""Merged groups to series: one data point for each metric, period and set of dimension values."""

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


_AT_ONCE: Final = 4_096
"""Groups that are made series together."""

Labels: TypeAlias = tuple[str | None, ...]
_Identity: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...], str]


def labels_of(groups: PartialAggregates, places: Integers | slice) -> list[Labels]:
    """Return the dimension values of the groups at some places."""
    columns = [labels.take(places).as_list() for labels in groups.dimensions]
    return list(zip(*columns, strict=True)) if columns else [()] * len(groups.sizes[places])


class Series(NamedTuple):
    """One datum of a metric as CloudWatch would hold it: a statistic set for one period.

    ``dimensions`` are (name, value) pairs sorted by name; ``start`` is an aware UTC datetime; ``period`` is in seconds;
    ``sum`` is the double nearest to the exact sum; ``distribution`` is None if there is a negative value.
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
    """Series as columns, sorted.

    Attributes:
        metrics: namespace, name, dimensions and unit of each metric.
        groups: their statistics; in the place of a definition's number is that of the metric, ascending.
        sums: shape (series,), the doubles nearest to the exact sums.
        period: in seconds.
        max_exact: how many distinct values of each are kept exact.
    """

    metrics: Sequence[_Identity]
    groups: PartialAggregates
    sums: Numbers
    period: int
    max_exact: int

    def rows(self) -> list[Series]:
        """Return the series one by one."""
        groups = self.groups
        moments = {start: datetime.fromtimestamp(start, UTC) for start in np.unique(groups.starts).tolist()}
        columns = (groups.definitions, groups.starts, groups.sizes, self.sums, groups.minima, groups.maxima)
        result: list[Series] = []
        with without_collection():
            for place, some in zip(range(0, len(self.sums), _AT_ONCE), groups.pieces(_AT_ONCE), strict=True):
                parts = (column[place : place + _AT_ONCE].tolist() for column in columns)
                for owner, start, count, total, low, high, sketch in zip(
                    *parts, some.sketches(self.max_exact), strict=True
                ):
                    known = Distribution(count, low, high, sketch, self.max_exact) if low >= 0 else None
                    statistics = moments[start], self.period, count, total, low, high, known
                    result.append(Series._make(self.metrics[owner] + statistics))
        return result


def tabulate(definitions: Sequence[MetricDefinition], partial: Partial, period: int) -> SeriesTable | None:
    """Return the series of a partial, None if there are none; definitions that publish to one metric are added up.

    The partial is empty afterwards, so that nothing is held twice.
    """
    names = [dimension_names(definition) for definition in definitions]
    tables = partial.take()
    if not tables:
        return None
    firsts = [first_of_sets(groups) for groups in tables]
    identities = [
        [
            _identity(definitions[number], names[number], labels)
            for number, labels in zip(groups.definitions[first].tolist(), labels_of(groups, first), strict=True)
        ]
        for groups, first in zip(tables, firsts, strict=True)
    ]
    metrics = sorted({identity for some in identities for identity in some})
    ranks = {identity: rank for rank, identity in enumerate(metrics)}
    ranked = [
        replace(groups, definitions=_ranks(groups, first, [ranks[identity] for identity in some]), dimensions=())
        for groups, first, some in zip(tables, firsts, identities, strict=True)
    ]
    del tables
    groups = merge(ranked, partial.max_exact)
    return SeriesTable(metrics, groups, groups.sums.nearest(), period, partial.max_exact)


def first_of_sets(groups: PartialAggregates) -> Integers:
    """Return where in merged groups those of each set of dimension values of a definition begin."""
    columns = [groups.definitions, *(labels.codes for labels in groups.dimensions)]
    differs = reduce(operator.or_, (column[1:] != column[:-1] for column in columns))
    return np.concatenate([[0], np.flatnonzero(differs) + 1])


def _ranks(groups: PartialAggregates, first: Integers, ranks: list[int]) -> Integers:
    """Return the rank of the metric of each group, given those of the sets of dimension values."""
    return np.repeat(np.array(ranks), np.diff(first, append=len(groups.sizes)))


def _identity(definition: MetricDefinition, names: tuple[str, ...], labels: Labels) -> _Identity:
    pairs = zip(names, labels, strict=True)
    dimensions = tuple(sorted((name, label) for name, label in pairs if label is not None))
    return definition.final_namespace, definition.name, dimensions, definition.unit
