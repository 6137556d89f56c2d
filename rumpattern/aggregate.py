"""Samples to partials, and partials to series. Merging is exact, commutative and associative.

Sums are kept as whole numbers, so that no order of work changes them.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from rumpattern.derive import dimension_names
from rumpattern.distribution import MOST_EXACT, Distribution
from rumpattern.garbage import without_collection
from rumpattern.groups import group_singly
from rumpattern.memory import trim
from rumpattern.merge import merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.derive import Sample
    from rumpattern.events.columns import Flags, Numbers
    from rumpattern.groups import Grouped, Groups
    from rumpattern.samples import Integers

_WORTH_MERGING: Final = 16 << 20
"""Bytes of groups, about."""
_SHARE: Final = 4
"""Groups wait until they take this part of what those take that are merged."""
_PARTS: Final = 8
"""Parts of what is merged: a definition's number modulo this."""
_WHOLE: Final = -1
"""The only part while all of it is not worth more."""
_AT_ONCE: Final = 4_096
"""Groups that are made series together."""

Labels: TypeAlias = tuple[str | None, ...]
_Identity: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...], str]


# --- partials -------------------------------------------------------------------------------------------------------


class Partial:
    """Statistics by definition, period and dimension values: what some part of the input adds up to.

    Groups are collected, and merged once they take a quarter of the memory of those that were merged before.

    Args:
        most: how many distinct values of each group are kept exact (see ``distribution``).
        check: called with merged groups; returns those that are to stay.
    """

    def __init__(self, most: int = MOST_EXACT, check: Callable[[Groups], Groups | None] | None = None) -> None:
        self.most = most
        self._check = check
        self._tables: dict[int, _Table] = {}

    def add(self, grouped: Grouped) -> None:
        """Add what some definitions publish from one batch."""
        if grouped.groups is not None:
            self.add_groups(grouped.groups)
        self.add_samples(grouped.odd)

    def add_groups(self, groups: Groups) -> None:
        """Add groups, one or more."""
        table = self._tables.setdefault(len(groups.dimensions), _Table())
        table.waiting.append(groups)
        table.size += groups.size
        if table.size >= max(_WORTH_MERGING, table.merged // _SHARE):
            self._merge(table)
            trim()  # what was merged lies below the results

    def add_samples(self, samples: Iterable[tuple[int, Sample]]) -> None:
        """Add single samples with the numbers of their definitions."""
        by_length: dict[int, list[tuple[int, Sample]]] = {}
        for definition, sample in samples:
            by_length.setdefault(len(sample.labels), []).append((definition, sample))
        for some in by_length.values():
            self.add_groups(group_singly(some))

    def merged(self) -> list[Groups]:
        """Return all groups; those of a definition with as many dimensions are together, sorted as by ``merge``."""
        for table in self._tables.values():
            self._merge(table)
        return [groups for _, table in sorted(self._tables.items()) for _, groups in sorted(table.parts.items())]

    def take(self) -> list[Groups]:
        """Return all groups as ``merged`` does, and forget them."""
        groups = self.merged()
        self._tables.clear()
        return groups

    def _merge(self, table: _Table) -> None:
        """Merge what waits with what is merged, some definitions after others, so that only some are held twice."""
        if not table.waiting:
            return
        if _WHOLE in table.parts:
            table.waiting.insert(0, table.parts.pop(_WHOLE))
        new = merge(table.waiting, self.most)
        table.size = 0
        part_of = new.definitions % _PARTS
        is_whole = not table.parts and new.size < _WORTH_MERGING
        for number in [_WHOLE] if is_whole else np.unique(part_of).tolist():
            groups = new if is_whole else new.keep(np.flatnonzero(part_of == number))
            if number in table.parts:
                groups = merge([table.parts.pop(number), groups], self.most)
            staying = self._check(groups) if self._check else groups
            if staying is not None:
                table.parts[number] = staying
        table.merged = sum(groups.size for groups in table.parts.values())


@dataclass(slots=True)
class _Table:
    """Groups of as many dimensions: those that are merged, in parts, and those that wait; their sizes."""

    parts: dict[int, Groups] = field(default_factory=dict)
    waiting: list[Groups] = field(default_factory=list)
    merged: int = 0
    size: int = 0


def labels_of(groups: Groups, places: Integers | slice) -> list[Labels]:
    """Return the dimension values of the groups at some places."""
    columns = [labels.take(places).as_list() for labels in groups.dimensions]
    return list(zip(*columns, strict=True)) if columns else [()] * len(groups.sizes[places])


def lacks_label(groups: Groups) -> Flags:
    """Return shape (groups,): True where a dimension is left out."""
    lacks = np.zeros(len(groups.sizes), np.bool_)
    for labels in groups.dimensions:
        lacks |= np.array([text is None for text in labels.texts])[labels.codes]
    return lacks


# --- series ---------------------------------------------------------------------------------------------------------


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
        most: how many distinct values of each are kept exact.
    """

    metrics: Sequence[_Identity]
    groups: Groups
    sums: Numbers
    period: int
    most: int

    def rows(self) -> list[Series]:
        """Return the series one by one."""
        groups = self.groups
        moments = {start: datetime.fromtimestamp(start, UTC) for start in np.unique(groups.starts).tolist()}
        columns = (groups.definitions, groups.starts, groups.sizes, self.sums, groups.lows, groups.highs)
        result: list[Series] = []
        with without_collection():
            for place, some in zip(range(0, len(self.sums), _AT_ONCE), groups.pieces(_AT_ONCE), strict=True):
                parts = (column[place : place + _AT_ONCE].tolist() for column in columns)
                for owner, start, count, total, low, high, spread in zip(*parts, some.spreads(self.most), strict=True):
                    known = Distribution(count, low, high, spread, self.most) if low >= 0 else None
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
    groups = merge(ranked, partial.most)
    return SeriesTable(metrics, groups, groups.sums.nearest(), period, partial.most)


def first_of_sets(groups: Groups) -> Integers:
    """Return where in merged groups those of each set of dimension values of a definition begin."""
    columns = [groups.definitions, *(labels.codes for labels in groups.dimensions)]
    differs = reduce(operator.or_, (column[1:] != column[:-1] for column in columns))
    return np.concatenate([[0], np.flatnonzero(differs) + 1])


def _ranks(groups: Groups, first: Integers, ranks: list[int]) -> Integers:
    """Return the rank of the metric of each group, given those of the sets of dimension values."""
    return np.repeat(np.array(ranks), np.diff(first, append=len(groups.sizes)))


def _identity(definition: MetricDefinition, names: tuple[str, ...], labels: Labels) -> _Identity:
    pairs = zip(names, labels, strict=True)
    dimensions = tuple(sorted((name, label) for name, label in pairs if label is not None))
    return definition.final_namespace, definition.name, dimensions, definition.unit
