"""Samples to groups: those of one definition, period and set of dimension values are counted and added up together."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from rumpattern.derive import Sample
    from rumpattern.events.columns import Numbers
    from rumpattern.samples import Counts, Integers, Labels, SampleTable

UNIT_EXPONENT: Final = 1074
"""Sums are counted in units of 2^-1074, the smallest double, so that no order of work changes them."""
_MANTISSA_BITS: Final = 53
_LIMB_BITS: Final = 32
_LIMB: Final = (1 << _LIMB_BITS) - 1
_MAX_RADIX: Final = 2**40
_MAX_PACKED: Final = 2**63
_MAX_SECONDS: Final = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Statistics of g groups of samples; they all have the same dimensions.

    Attributes:
        definitions: shape (g,), definitions' numbers in the plan.
        starts: shape (g,), beginnings of periods in seconds since 1970.
        dimensions: one ``Labels`` of g values for each dimension.
        counts: how many samples there are in each group.
        units: their exact sums in units of 2^-1074.
        lows: their minima.
        highs: their maxima.
        loose: the values as packed doubles, or nothing where ``Spread`` keeps nothing.
    """

    definitions: Integers
    starts: Integers
    dimensions: tuple[Labels, ...]
    counts: list[int]
    units: list[int]
    lows: list[float]
    highs: list[float]
    loose: list[bytes]


def group(table: SampleTable) -> Groups:
    """Return the groups of a table that has samples, those of odd rows left out."""
    order, begins = group_samples(table)
    first = order[begins]
    counts: list[int] = np.diff(begins, append=len(order)).tolist()
    if table.values is None:
        lows = highs = [1.0] * len(first)
        units = [count << UNIT_EXPONENT for count in counts]
        loose = [b""] * len(first)
    else:
        values = table.values[order] + 0.0  # -0 is 0
        lows = np.minimum.reduceat(values, begins).tolist()
        highs = np.maximum.reduceat(values, begins).tolist()
        units = sum_units(values, begins)
        loose = pack_values(values, counts, lows, highs)
    dimensions = tuple(labels.take(first) for labels in table.dimensions)
    definitions, starts = table.definitions[table.owners[first]], table.starts[first]
    return Groups(definitions, starts, dimensions, counts, units, lows, highs, loose)


def pack_values(values: Numbers, counts: list[int], lows: list[float], highs: list[float]) -> list[bytes]:
    """Return the values of each group, which stand group after group, as packed doubles.

    Where all are the same or one is negative it is nothing: see ``distribution.Spread``.
    """
    data, ends = values.tobytes(), accumulate(8 * count for count in counts)
    return [
        data[end - 8 * count : end] if 0 <= low < high else b""
        for end, count, low, high in zip(ends, counts, lows, highs, strict=True)
    ]


def group_samples(table: SampleTable) -> tuple[Integers, Integers]:
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


def sum_units(values: Numbers, begins: Integers) -> list[int]:
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


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """What some definitions that read the same fields publish from one batch, added up.

    ``definitions``, ``counts`` and ``odd`` are those of ``SampleTable``; ``groups`` holds all other samples, None if
    there are none.
    """

    definitions: Integers
    groups: Groups | None
    counts: Counts
    odd: tuple[tuple[int, Sample], ...]

    @classmethod
    def of(cls, table: SampleTable) -> Grouped:
        """Return a table added up."""
        groups = group(table) if len(table.owners) else None
        return cls(table.definitions, groups, table.counts, table.odd)
