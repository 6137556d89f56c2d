"""Samples to groups: those of one definition, period and set of dimension values are counted and added up together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rumpattern.distribution import LOOSE_VALUES, NO_SPREAD, Counted, Spread, count_values, loose_spread

if TYPE_CHECKING:
    from collections.abc import Mapping

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

Array = np.ndarray[Any, Any]


class ExactSums(NamedTuple):
    """The exact sums of g groups.

    That of group i is the sum of ``limbs[i, k] * 2**(32 * k)`` times 2^``exponent``; ``limbs`` has shape (g, limbs).
    """

    limbs: Array
    exponent: int

    def trim(self) -> ExactSums:
        """Return the sums without limbs that none of them needs."""
        used = np.flatnonzero(self.limbs.any(axis=0))
        first, last = (used[0], used[-1]) if len(used) else (0, 0)
        return ExactSums(self.limbs[:, first : last + 1].copy(), self.exponent + _LIMB_BITS * int(first))

    def units(self) -> list[int]:
        """Return the sums in units of 2^-1074."""
        limbs = self.limbs.astype(np.int64)
        for place in range(limbs.shape[1] - 1):
            limbs[:, place + 1] += limbs[:, place] >> _LIMB_BITS
            limbs[:, place] &= _LIMB
        low, high = limbs[:, :-1].astype("<u4"), limbs[:, -1:].astype("<i8")
        rows = np.concatenate([low.view(np.uint8), high.view(np.uint8)], axis=1)
        width, data = rows.shape[1], rows.tobytes()
        sums = (int.from_bytes(data[at : at + width], "little", signed=True) for at in range(0, len(data), width))
        shift = self.exponent + UNIT_EXPONENT
        return [total << shift for total in sums] if shift >= 0 else [total >> -shift for total in sums]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Statistics of g groups of samples; they all have the same dimensions.

    Attributes:
        definitions: shape (g,), definitions' numbers in the plan.
        starts: shape (g,), beginnings of periods in seconds since 1970.
        dimensions: one ``Labels`` of g values for each dimension.
        sizes: shape (g,), how many samples there are in each group.
        sums: their exact sums.
        lows: shape (g,), their minima.
        highs: shape (g,), their maxima.
        kept: shape (g,), how many values of each group are in ``values``.
        values: shape (all that are kept,), one group after the other.
        counted: the counts of values of groups none of which is in ``values``.

    Where all values are the same or one is negative, none is kept: see ``distribution.Spread``.
    """

    definitions: Integers
    starts: Integers
    dimensions: tuple[Labels, ...]
    sizes: Integers
    sums: ExactSums
    lows: Numbers
    highs: Numbers
    kept: Integers
    values: Numbers
    counted: Mapping[int, Counted] = field(default_factory=dict)

    @classmethod
    def of_ones(
        cls, definitions: Integers, starts: Integers, dimensions: tuple[Labels, ...], sizes: Integers
    ) -> Groups:
        """Return groups of samples with the value 1."""
        ones, sums = np.ones(len(sizes)), ExactSums(sizes[:, None], 0)
        return cls(definitions, starts, dimensions, sizes, sums, ones, ones, np.zeros_like(sizes), np.zeros(0))

    @classmethod
    def of_values(  # noqa: PLR0913, PLR0917 - see Attributes
        cls,
        definitions: Integers,
        starts: Integers,
        dimensions: tuple[Labels, ...],
        sizes: Integers,
        sums: ExactSums,
        lows: Numbers,
        highs: Numbers,
        values: Numbers,
    ) -> Groups:
        """Return groups with all their values, of which those are kept that must be."""
        differ = (lows >= 0) & (lows < highs)
        if not differ.all():
            values = values[np.repeat(differ, sizes)]
        return cls(definitions, starts, dimensions, sizes, sums, lows, highs, np.where(differ, sizes, 0), values)

    def settle(self, most: int) -> Groups:
        """Return the same groups, the values of large ones counted: ``most`` distinct ones are kept exact."""
        large = self.kept > LOOSE_VALUES
        if not large.any():
            return self
        ends = np.cumsum(self.kept)
        counted = {
            number: count_values(self.values[ends[number] - self.kept[number] : ends[number]], most)
            for number in np.flatnonzero(large).tolist()
        }
        values = self.values[np.repeat(~large, self.kept)]
        return replace(self, kept=np.where(large, 0, self.kept), values=values, counted={**self.counted, **counted})

    def spreads(self, most: int) -> list[Spread]:
        """Return the spread of each group; ``most`` distinct values are kept exact."""
        data, sizes = self.values.tobytes(), self.kept.tolist()
        ends = accumulate(8 * size for size in sizes)
        found = [
            loose_spread(data[end - 8 * size : end], most) if size else NO_SPREAD
            for end, size in zip(ends, sizes, strict=True)
        ]
        for number, counted in self.counted.items():
            found[number] = Spread(b"", counted)
        return found


def group(table: SampleTable) -> Groups:
    """Return the groups of a table that has samples, those of odd rows left out."""
    order, begins = group_samples(table)
    first = order[begins]
    sizes = np.diff(begins, append=len(order))
    definitions, starts = table.definitions[table.owners[first]], table.starts[first]
    dimensions = tuple(labels.take(first) for labels in table.dimensions)
    if table.values is None:
        return Groups.of_ones(definitions, starts, dimensions, sizes)
    values = table.values[order] + 0.0  # -0 is 0
    lows, highs = np.minimum.reduceat(values, begins), np.maximum.reduceat(values, begins)
    sums = add_exactly(values, begins)
    return Groups.of_values(definitions, starts, dimensions, sizes, sums, lows, highs, values)


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


def add_exactly(values: Numbers, begins: Integers) -> ExactSums:
    """Return the exact sum of each group of values; ``begins``, ascending, tells where it begins.

    A value is a whole number shifted by its exponent. Its bits are added up in limbs of 32, which stay exact in 64 bits
    for 2^31 values.
    """
    mantissas, exponents = np.frexp(values)
    lowest = int(exponents.min())
    whole = np.abs(np.ldexp(mantissas, _MANTISSA_BITS)).astype(np.int64)
    signs = np.where(values < 0, -1, 1)
    shifts = (exponents - lowest).astype(np.int64)
    limbs = []
    for place in range(0, int(shifts.max()) + _MANTISSA_BITS, _LIMB_BITS):
        right = place - shifts
        limb = np.where(right >= 0, whole >> np.clip(right, 0, 63), whole << np.clip(-right, 0, 63))
        limb = np.where(right > -_LIMB_BITS, limb & _LIMB, 0) * signs
        limbs.append(np.add.reduceat(limb, begins))
    return ExactSums(np.stack(limbs, axis=1), lowest - _MANTISSA_BITS)


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
