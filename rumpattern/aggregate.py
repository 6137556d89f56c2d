"""Samples to partials, and partials to series. Merging is exact, commutative and associative.

A sum is kept as an integer number of units of 2^-1074, the smallest double, so that no order of work changes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
import orjson

from rumpattern.derive import dimension_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.derive import Samples
    from rumpattern.events.columns import Numbers

    Groups = np.ndarray[tuple[int], np.dtype[np.int64]]

UNIT_EXPONENT: Final = 1074
_UNITS_OF_ONE: Final = 1 << UNIT_EXPONENT
_MANTISSA_BITS: Final = 53
_LOW_BITS: Final = 27
_MAX_RADIX: Final = 2**40
_EXPONENTS: Final = 4096  # more than the 2,098 exponents that frexp gives

Labels: TypeAlias = tuple[str | None, ...]
Key: TypeAlias = tuple[int, int, Labels]
"""Definition number, period start in seconds since 1970, dimension values."""
_Identity: TypeAlias = tuple[str, str, tuple[tuple[str, str], ...], str]


class Statistics(NamedTuple):
    """How many values, their exact sum in units of 2^-1074, minimum and maximum of some values."""

    samples: int
    units: int
    low: float
    high: float

    def merge(self, other: Statistics) -> Statistics:
        """Return the statistics of both sets of values together."""
        return Statistics(
            self.samples + other.samples, self.units + other.units, min(self.low, other.low), max(self.high, other.high)
        )


def to_units(value: float) -> int:
    """Return a double as a whole number of units of 2^-1074, exactly."""
    numerator, denominator = value.as_integer_ratio()
    return numerator * (_UNITS_OF_ONE // denominator)


def from_units(units: int) -> float:
    """Return the double nearest to a number of units of 2^-1074."""
    return units / _UNITS_OF_ONE


# --- partials -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Partial:
    """Statistics by definition, period and dimension values: what some part of the input adds up to."""

    groups: dict[Key, Statistics] = field(default_factory=dict)

    def add(self, samples: Samples) -> None:
        """Add what one definition publishes from one batch."""
        if len(samples.values):
            self._add_arrays(samples)
        for sample in samples.odd:
            units = to_units(sample.value)
            key = (samples.definition, sample.start, sample.labels)
            self.put(key, Statistics(1, units, sample.value + 0.0, sample.value + 0.0))

    def _add_arrays(self, samples: Samples) -> None:
        first, groups = group_rows(samples)
        count = len(first)
        order = np.argsort(groups, kind="stable")
        ends = np.searchsorted(groups[order], np.arange(count))
        values = samples.values[order] + 0.0  # -0 is 0
        lows = np.minimum.reduceat(values, ends).tolist()
        highs = np.maximum.reduceat(values, ends).tolist()
        counts = np.bincount(groups, minlength=count).tolist()
        units = sum_units(samples.values, groups, count)
        starts = samples.starts[first].tolist()
        labels = zip(
            *([part.texts[code] for code in part.codes[first].tolist()] for part in samples.dimensions), strict=True
        )
        for start, texts, *numbers in zip(starts, labels, counts, units, lows, highs, strict=True):
            self.put((samples.definition, start, texts), Statistics(*numbers))

    def put(self, key: Key, statistics: Statistics) -> None:
        """Add statistics to one group."""
        known = self.groups.get(key)
        self.groups[key] = statistics if known is None else known.merge(statistics)

    def merge(self, other: Partial) -> None:
        """Add all groups of another partial."""
        for key, statistics in other.groups.items():
            self.put(key, statistics)

    def to_bytes(self) -> bytes:
        """Return the partial as versioned bytes with a checksum."""
        rows = [
            [definition, start, labels, count, *_pack(units), low, high]
            for (definition, start, labels), (count, units, low, high) in sorted(self.groups.items(), key=_by_key)
        ]
        body = orjson.dumps(rows)
        return _HEADER + hashlib.sha256(body).digest() + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Partial:
        """Return the partial that ``to_bytes`` wrote.

        Raises:
            ValueError: another version, or bytes that were changed.
        """
        header, digest, body = data[: len(_HEADER)], data[len(_HEADER) : _BODY], data[_BODY:]
        if header != _HEADER or hashlib.sha256(body).digest() != digest:
            raise ValueError("not a partial of this version, or damaged")
        return cls(
            {
                (definition, start, tuple(labels)): Statistics(count, int(units, 16) << shift, low, high)
                for definition, start, labels, count, units, shift, low, high in orjson.loads(body)
            }
        )


_HEADER: Final = b"rumpattern partial 1\n"
_BODY: Final = len(_HEADER) + hashlib.sha256().digest_size


def _pack(units: int) -> tuple[str, int]:
    """Return a sum without the zero bits at its end, and their number."""
    shift = max(0, (units & -units).bit_length() - 1)
    return hex(units >> shift), shift


def _by_key(group: tuple[Key, Statistics]) -> tuple[int, int, list[tuple[bool, str]]]:
    definition, start, labels = group[0]
    return definition, start, [(label is not None, label or "") for label in labels]


def group_rows(samples: Samples) -> tuple[Groups, Groups]:
    """Number the samples by period and dimension values.

    Returns:
        The first sample of each group, shape (groups,), and the group of each sample, shape (samples,).
    """
    _, codes = np.unique(samples.starts, return_inverse=True)
    radix = int(codes.max()) + 1
    for part in samples.dimensions:
        size = len(part.texts)
        if radix * size > _MAX_RADIX:
            distinct, codes = np.unique(codes, return_inverse=True)
            radix = len(distinct)
        codes = codes * size + part.codes
        radix *= size
    _, first, groups = np.unique(codes, return_index=True, return_inverse=True)
    return first, groups


def sum_units(values: Numbers, groups: Groups, count: int) -> list[int]:
    """Return the exact sum of each group in units of 2^-1074.

    Mantissas are added by group and exponent, in two halves that stay exact in a double for 2^26 values at a time.
    """
    mantissas, exponents = np.frexp(values)
    whole = np.ldexp(mantissas, _MANTISSA_BITS).astype(np.int64)
    cells, inverse = np.unique(groups * _EXPONENTS + (exponents + UNIT_EXPONENT), return_inverse=True)
    high = np.bincount(inverse, weights=whole >> _LOW_BITS)
    low = np.bincount(inverse, weights=whole & ((1 << _LOW_BITS) - 1))
    totals = [0] * count
    for cell, upper, lower in zip(cells.tolist(), high.tolist(), low.tolist(), strict=True):
        group, exponent = divmod(cell, _EXPONENTS)
        total = (int(upper) << _LOW_BITS) + int(lower)
        shift = exponent - _MANTISSA_BITS
        totals[group] += total << shift if shift >= 0 else total >> -shift
    return totals


# --- series ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """One datum of a metric as CloudWatch would hold it: a statistic set for one period.

    ``dimensions`` are (name, value) pairs sorted by name; ``start`` is an aware UTC datetime; ``period`` is in seconds;
    ``sum`` is the double nearest to the exact sum.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str
    start: datetime
    period: int
    count: int
    sum: float
    min: float
    max: float


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
        data[start] = statistics if known is None else known.merge(statistics)
    starts = {start: datetime.fromtimestamp(start, UTC) for data in metrics.values() for start in data}
    return [
        Series(*identity, starts[start], period, samples, from_units(units), low, high)
        for identity, data in sorted(metrics.items(), key=itemgetter(0))
        for start, (samples, units, low, high) in sorted(data.items())
    ]


def _identity(definition: MetricDefinition, names: tuple[str, ...], labels: Labels) -> _Identity:
    pairs = zip(names, labels, strict=True)
    dimensions = tuple(sorted((name, label) for name, label in pairs if label is not None))
    return definition.final_namespace, definition.name, dimensions, definition.unit
