"""Samples to groups: those of one definition, period and set of dimension values are counted and added up together."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rumpattern.distribution import LOOSE_VALUES, NO_SPREAD, Counted, Spread, count_groups, loose_spread
from rumpattern.samples import Labels
from rumpattern.sums import ExactSums, add_exactly

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rumpattern.derive import Sample
    from rumpattern.events.columns import Numbers
    from rumpattern.samples import Counts, Integers, SampleTable

_MAX_RADIX: Final = 2**40
_MAX_PACKED: Final = 2**63
_MAX_SECONDS: Final = 2**20
_TABLE_BYTES: Final = 4_096
_GROUP_BYTES: Final = 128
_COUNTED_BYTES: Final = 2_048

Array = np.ndarray[Any, Any]


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
        counted: by the number of a group, the counts of those of its values that are not in ``values``.

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

    @property
    def size(self) -> int:
        """About how many bytes the groups take."""
        groups = _GROUP_BYTES * len(self.sizes) + self.values.nbytes + _COUNTED_BYTES * len(self.counted)
        return _TABLE_BYTES + groups

    def compact(self) -> Groups:
        """Return the same groups, without texts of labels that none has if these are many."""
        return replace(self, dimensions=tuple(labels.compact() for labels in self.dimensions))

    def settle(self, most: int) -> Groups:
        """Return the same groups, none counted yet, the values of large ones counted: ``most`` distinct ones exact."""
        large = self.kept > LOOSE_VALUES
        if not large.any():
            return self
        is_large = np.repeat(large, self.kept)
        counts = count_groups(self.values[is_large], self.kept[large], most)
        counted = dict(zip(np.flatnonzero(large).tolist(), counts, strict=True))
        return replace(self, kept=np.where(large, 0, self.kept), values=self.values[~is_large], counted=counted)

    def reorder(self, order: Integers) -> Groups:
        """Return the groups in another order, all of them."""
        numbers = np.empty(len(order), np.int64)
        numbers[order] = np.arange(len(order))
        counted = {int(numbers[number]): counted for number, counted in self.counted.items()}
        begins = np.cumsum(self.kept) - self.kept
        return self._at(order, self.values[ranges(begins[order], self.kept[order])], counted)

    def keep(self, places: Integers) -> Groups:
        """Return some of the groups, ``places`` in ascending order."""
        chosen = np.zeros(len(self.sizes), np.bool_)
        chosen[places] = True
        numbers = (np.cumsum(chosen) - 1).tolist()
        counted = {numbers[number]: counted for number, counted in self.counted.items() if chosen[number]}
        return self._at(places, self.values[np.repeat(chosen, self.kept)], counted)

    def pieces(self, length: int) -> Iterator[Groups]:
        """Yield so many of the groups at a time."""
        place = 0
        for first in range(0, len(self.sizes), length):
            some = slice(first, first + length)
            begin, place = place, place + int(self.kept[some].sum())
            numbers = range(first, min(first + length, len(self.sizes)))
            counted = {number - first: self.counted[number] for number in numbers if number in self.counted}
            yield self._at(some, self.values[begin:place], counted)

    def _at(self, places: Integers | slice, values: Numbers, counted: Mapping[int, Counted]) -> Groups:
        return Groups(
            self.definitions[places],
            self.starts[places],
            tuple(labels.take(places) for labels in self.dimensions),
            self.sizes[places],
            ExactSums(self.sums.limbs[places], self.sums.exponent),
            self.lows[places],
            self.highs[places],
            self.kept[places],
            values,
            counted,
        )

    def spreads(self, most: int) -> list[Spread]:
        """Return the spread of each group; ``most`` distinct values are kept exact."""
        data, sizes = self.values.data.cast("B"), self.kept.tolist()
        ends = accumulate(8 * size for size in sizes)
        found = [
            loose_spread(bytes(data[end - 8 * size : end]), most) if size else NO_SPREAD
            for end, size in zip(ends, sizes, strict=True)
        ]
        for number, counted in self.counted.items():
            found[number] = Spread(found[number].loose, counted).settle(most)
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


def group_singly(samples: Sequence[tuple[int, Sample]]) -> Groups:
    """Return a group for each of some samples, which all have as many labels; with them their definitions' numbers."""
    values = np.array([sample.value for _, sample in samples]) + 0.0  # -0 is 0
    places = np.arange(len(samples))
    labels = zip(*(sample.labels for _, sample in samples), strict=True)
    return Groups.of_values(
        np.array([number for number, _ in samples], np.int64),
        np.array([sample.start for _, sample in samples], np.int64),
        tuple(Labels(places, column) for column in labels),
        np.ones(len(samples), np.int64),
        add_exactly(values, places),
        values,
        values,
        values,
    )


def group_samples(table: SampleTable) -> tuple[Integers, Integers]:
    """Sort samples by definition, period and dimension values.

    Returns:
        The samples' order, shape (samples,), and where each group begins in it, shape (groups,).
    """
    labels = [(labels.codes, len(labels.texts)) for labels in table.dimensions]
    return sort_by([(table.owners, len(table.definitions)), number_periods(table.starts), *labels])


def number_periods(starts: Integers) -> tuple[Integers, int]:
    """Return small numbers for the starts of one period or more, in the same order, and a number above them."""
    periods = starts - starts.min()
    if periods.max() > _MAX_SECONDS:
        periods = np.unique(periods, return_inverse=True)[1]
    return periods, int(periods.max()) + 1


def sort_by(columns: Sequence[tuple[Integers, int]]) -> tuple[Integers, Integers]:
    """Sort rows by several columns of numbers, each of them not negative and less than the one given with it.

    Returns:
        The rows' order, shape (rows,), and where in it those begin that are alike, shape (distinct rows,).
    """
    codes, radix = np.zeros(len(columns[0][0]), np.int64), 1
    for column, size in columns:
        if radix * size > _MAX_RADIX:
            distinct, codes = np.unique(codes, return_inverse=True)
            radix = len(distinct)
        codes = codes * size + column
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


def ranges(starts: Integers, counts: Integers) -> Integers:
    """Return so many numbers from each start on, one range after another."""
    ends = np.cumsum(counts)
    return np.arange(counts.sum()) + np.repeat(starts - ends + counts, counts)


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """What some definitions, with as many dimensions, publish from one batch, added up.

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
