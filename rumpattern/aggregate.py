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
    from rumpattern.events.columns import Numbers
    from rumpattern.samples import SampleTable

    Groups = np.ndarray[tuple[int], np.dtype[np.int64]]

UNIT_EXPONENT: Final = 1074
_UNITS_OF_ONE: Final = 1 << UNIT_EXPONENT
_MANTISSA_BITS: Final = 53
_LIMB_BITS: Final = 32
_LIMB: Final = (1 << _LIMB_BITS) - 1
_MAX_RADIX: Final = 2**40
_MAX_PACKED: Final = 2**63
_MAX_SECONDS: Final = 2**20

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

    def add(self, table: SampleTable) -> None:
        """Add what some definitions publish from one batch."""
        if len(table.owners):
            self._add_arrays(table)
        for definition, sample in table.odd:
            units = to_units(sample.value)
            key = (definition, sample.start, sample.labels)
            self.put(key, Statistics(1, units, sample.value + 0.0, sample.value + 0.0))

    def _add_arrays(self, table: SampleTable) -> None:
        order, begins = group_samples(table)
        first = order[begins]
        counts = np.diff(begins, append=len(order))
        if table.values is None:
            ones = [1.0] * len(first)
            columns = [(count << UNIT_EXPONENT for count in counts.tolist()), ones, ones]
        else:
            values = table.values[order] + 0.0  # -0 is 0
            lows, highs = np.minimum.reduceat(values, begins), np.maximum.reduceat(values, begins)
            columns = [sum_units(values, begins), lows.tolist(), highs.tolist()]
        labels = zip(
            *([part.texts[code] for code in part.codes[first].tolist()] for part in table.dimensions), strict=True
        )
        definitions, starts = table.definitions[table.owners[first]].tolist(), table.starts[first].tolist()
        keys = zip(definitions, starts, labels, strict=True)
        for key, statistics in zip(keys, map(Statistics, counts.tolist(), *columns), strict=True):
            self.put(key, statistics)

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


def group_samples(table: SampleTable) -> tuple[Groups, Groups]:
    """Sort samples by definition, period and dimension values.

    Returns:
        The samples' order, shape (samples,), and where each group begins in it, shape (groups,).
    """
    codes, radix = table.owners, len(table.definitions)
    periods = table.starts - table.starts.min()
    if periods.max() > _MAX_SECONDS:
        periods = np.unique(periods, return_inverse=True)[1]
    parts = [(periods, int(periods.max()) + 1)]
    parts += [(labels.codes.astype(np.int64), len(labels.texts)) for labels in table.dimensions]
    for part, size in parts:
        if radix * size > _MAX_RADIX:
            distinct, codes = np.unique(codes, return_inverse=True)
            radix = len(distinct)
        codes = codes * size + part
        radix *= size
    bits = len(codes).bit_length()
    if radix << bits < _MAX_PACKED:
        packed = np.sort((codes << bits) | np.arange(len(codes)))
        order, codes = packed & ((1 << bits) - 1), packed >> bits
    else:
        order = np.argsort(codes, kind="stable")
        codes = codes[order]
    begins = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    return order, np.concatenate([[0], begins])


def sum_units(values: Numbers, begins: Groups) -> list[int]:
    """Return the exact sum of each group of values in units of 2^-1074; ``begins``, ascending, tells where it begins.

    A value is a whole number shifted by its exponent. Its bits are added up in limbs of 32, which stay exact in 64 bits
    for 2^31 values.
    """
    mantissas, exponents = np.frexp(values)
    lowest = int(exponents.min())
    whole = np.abs(np.ldexp(mantissas, _MANTISSA_BITS)).astype(np.int64)
    signs = np.where(values < 0, -1, 1)
    shifts = (exponents - lowest).astype(np.int64)
    totals = [0] * len(begins)
    for place in range(0, int(shifts.max()) + _MANTISSA_BITS, _LIMB_BITS):
        right = place - shifts
        limb = np.where(right >= 0, whole >> np.clip(right, 0, 63), whole << np.clip(-right, 0, 63))
        limb = np.where(right > -_LIMB_BITS, limb & _LIMB, 0) * signs
        sums = np.add.reduceat(limb, begins).tolist()
        totals = [total + (limb_sum << place) for total, limb_sum in zip(totals, sums, strict=True)]
    shift = lowest - _MANTISSA_BITS + UNIT_EXPONENT
    return [total << shift if shift >= 0 else total >> -shift for total in totals]


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
