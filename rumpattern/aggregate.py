"""Samples to partials, and partials to series. Merging is exact, commutative and associative.

A sum is kept as an integer number of units of 2^-1074, the smallest double, so that no order of work changes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from rumpattern.derive import dimension_names
from rumpattern.distribution import MOST_EXACT, NO_SPREAD, Distribution, Spread
from rumpattern.groups import UNIT_EXPONENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.derive import Sample
    from rumpattern.groups import Grouped, Groups

_UNITS_OF_ONE: Final = 1 << UNIT_EXPONENT
_LOW_UNITS: Final = 900
_FLOAT_BITS: Final = 1024

Labels: TypeAlias = tuple[str | None, ...]
Key: TypeAlias = tuple[int, int, Labels]
"""Definition number, period start in seconds since 1970, dimension values."""
_Identity: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...], str]


class Statistics(NamedTuple):
    """How many values, their exact sum in units of 2^-1074, minimum, maximum and spread of some values."""

    samples: int
    units: int
    low: float
    high: float
    spread: Spread = NO_SPREAD

    def merge(self, other: Statistics, most: int) -> Statistics:
        """Return the statistics of both sets of values together; ``most`` distinct values are kept exact."""
        low = min(self.low, other.low)
        high = max(self.high, other.high)
        spread = NO_SPREAD
        if 0 <= low < high:
            one = self.spread.of(self.samples, self.low, self.high)
            spread = one.merge(other.spread.of(other.samples, other.low, other.high), most)
        return Statistics(self.samples + other.samples, self.units + other.units, low, high, spread)


def to_units(value: float) -> int:
    """Return a double as a whole number of units of 2^-1074, exactly."""
    numerator, denominator = value.as_integer_ratio()
    return numerator * (_UNITS_OF_ONE // denominator)


def from_units(units: int) -> float:
    """Return the double nearest to a number of units of 2^-1074."""
    high = units >> _LOW_UNITS
    if high.bit_length() < _FLOAT_BITS and high << _LOW_UNITS == units:  # nearly always; a division takes longer
        return math.ldexp(high, _LOW_UNITS - UNIT_EXPONENT)
    return units / _UNITS_OF_ONE


# --- partials -------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Partial:
    """Statistics by definition, period and dimension values: what some part of the input adds up to.

    ``most`` distinct values of each are kept exact (see ``distribution``).
    """

    groups: dict[Key, Statistics] = field(default_factory=dict)
    most: int = MOST_EXACT

    def add(self, grouped: Grouped) -> None:
        """Add what some definitions publish from one batch."""
        if grouped.groups is not None:
            for key, statistics in group_statistics(grouped.groups, self.most):
                self.put(key, statistics)
        for definition, sample in grouped.odd:
            self.put(*sample_statistics(definition, sample))

    def put(self, key: Key, statistics: Statistics) -> None:
        """Add statistics to one group."""
        known = self.groups.get(key)
        self.groups[key] = statistics if known is None else known.merge(statistics, self.most)

    def __eq__(self, other: object) -> bool:
        """Tell whether two partials say the same, in whatever order and parts their values came."""
        if not isinstance(other, Partial):
            return NotImplemented
        return self.most == other.most and self._settled() == other._settled()

    __hash__ = None  # type: ignore[assignment]

    def _settled(self) -> dict[Key, Statistics]:
        return {
            key: statistics._replace(spread=statistics.spread.settle(self.most, 0))
            for key, statistics in self.groups.items()
        }


def group_statistics(groups: Groups, most: int) -> Iterator[tuple[Key, Statistics]]:
    """Yield the key and the statistics of each group; ``most`` distinct values are kept exact."""
    labels = zip(*(part.as_list() for part in groups.dimensions), strict=True)
    keys = zip(groups.definitions.tolist(), groups.starts.tolist(), labels, strict=True)
    numbers = zip(
        groups.sizes.tolist(),
        groups.sums.units(),
        groups.lows.tolist(),
        groups.highs.tolist(),
        groups.spreads(most),
        strict=True,
    )
    return zip(keys, map(Statistics._make, numbers), strict=True)


def sample_statistics(definition: int, sample: Sample) -> tuple[Key, Statistics]:
    """Return the key and the statistics of one sample of a definition."""
    value = sample.value + 0.0  # -0 is 0
    return (definition, sample.start, sample.labels), Statistics(1, to_units(value), value, value)


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


def series(definitions: Sequence[MetricDefinition], partial: Partial, period: int) -> list[Series]:
    """Return the series of a partial, sorted; definitions that publish to one metric are added up."""
    names = [dimension_names(definition) for definition in definitions]
    identities: dict[tuple[int, Labels], _Identity] = {}
    metrics: dict[_Identity, dict[int, Statistics]] = {}
    for (number, start, labels), statistics in partial.groups.items():
        identity = identities.get((number, labels))
        if identity is None:
            identity = identities[number, labels] = _identity(definitions[number], names[number], labels)
        data = metrics.setdefault(identity, {})
        known = data.get(start)
        data[start] = statistics if known is None else known.merge(statistics, partial.most)
    starts = {start: datetime.fromtimestamp(start, UTC) for data in metrics.values() for start in data}
    return [
        Series(*identity, starts[start], period, samples, from_units(units), low, high, distribution)
        for identity, data in sorted(metrics.items(), key=itemgetter(0))
        for start, (samples, units, low, high, spread) in sorted(data.items(), key=itemgetter(0))
        for distribution in [Distribution(samples, low, high, spread, partial.most) if low >= 0 else None]
    ]


def _identity(definition: MetricDefinition, names: tuple[str, ...], labels: Labels) -> _Identity:
    pairs = zip(names, labels, strict=True)
    dimensions = tuple(sorted((name, label) for name, label in pairs if label is not None))
    return definition.final_namespace, definition.name, dimensions, definition.unit
