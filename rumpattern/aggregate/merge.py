"""Groups of many batches to one: those of one definition, period and set of dimension values are added up."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.aggregate.groups import PartialAggregates, number_periods, ranges, sort_by
from rumpattern.aggregate.histogram import BUFFERED_VALUES, count_groups, count_same
from rumpattern.aggregate.sums import LIMB_BITS, ExactSums
from rumpattern.derive.samples import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rumpattern.aggregate.histogram import Histogram
    from rumpattern.arrays import Array, Flags, Integers, Numbers


_AT_ONCE: Final = 1_024
"""Rows whose values are put in place together."""
_COUNTED_AT_ONCE: Final = 256
"""Groups whose values are counted together."""


def merge(parts: list[PartialAggregates], max_exact: int) -> PartialAggregates:
    """Return the groups of some parts added up, sorted by definition, dimension values and period.

    In each dimension of the result one text has one code, even if it has several in a part.

    Args:
        parts: one or more, all of them with as many dimensions; each has groups. The list is emptied, so that
            nothing is held twice.
        max_exact: how many distinct values of each are kept exact.
    """
    dimensions = [_join([part.dimensions[place] for part in parts]) for place in range(len(parts[0].dimensions))]
    definitions, starts, sizes, lows, highs = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("definitions", "starts", "sizes", "lows", "highs")
    )
    labels = [(joined.codes, len(joined.texts)) for joined in dimensions]
    order, begins = sort_by([(definitions, int(definitions.max()) + 1), *labels, number_periods(starts)])
    if len(parts) == 1 and len(begins) == len(order):
        ordered = parts.pop().reorder(order)
        return replace(ordered, dimensions=tuple(joined.take(order) for joined in dimensions))
    first = order[begins]
    low, high = np.minimum.reduceat(lows[order], begins), np.maximum.reduceat(highs[order], begins)
    sums = _add_up([part.sums for part in parts], order, begins)
    rows = _Rows(parts, sizes, lows)
    parts.clear()
    owners = np.empty(len(order), np.int64)
    owners[order] = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(order)))
    differ = (low >= 0) & (low < high)
    kept, values, large = rows.raw(order, begins, differ[owners])
    histograms = rows.histograms(owners, differ, large, max_exact)
    del rows, large
    return PartialAggregates(
        definitions[first],
        starts[first],
        tuple(joined.take(first) for joined in dimensions),
        np.add.reduceat(sizes[order], begins),
        sums,
        low,
        high,
        kept,
        values,
        histograms,
    )


def _join(parts: Sequence[Labels]) -> Labels:
    """Return the labels of all parts one after another."""
    numbers: dict[str | None, int] = {}
    tables: dict[int, Array] = {}  # by the identity of the texts of ``parts``
    for part in parts:
        if id(part.texts) not in tables:
            codes = [numbers.setdefault(text, len(numbers)) for text in part.texts]
            tables[id(part.texts)] = np.array(codes, np.int32)
    return Labels(np.concatenate([tables[id(part.texts)][part.codes] for part in parts]), tuple(numbers))


def _add_up(parts: Sequence[ExactSums], order: Integers, begins: Integers) -> ExactSums:
    exponent = min(part.exponent for part in parts)
    firsts = [(part.exponent - exponent) // LIMB_BITS for part in parts]
    count = max(first + part.limbs.shape[1] + 1 for first, part in zip(firsts, parts, strict=True))
    limbs = np.zeros((len(order), count), np.int64)
    end = 0
    for first, part in zip(firsts, parts, strict=True):
        begin, end = end, end + len(part.limbs)
        part.carry(limbs[begin:end, first:])
    sums = np.empty((len(begins), count), np.int64)
    for place in range(count):  # one after the other, since ordering takes a copy
        sums[:, place] = np.add.reduceat(limbs[order, place], begins)
    return ExactSums(sums, exponent).trim()


class _Large(NamedTuple):
    """Groups with values to count: their numbers, how many values each has, and these, one group after the other."""

    groups: Integers
    sizes: Integers
    values: Numbers

    def histograms(self, max_exact: int) -> Iterator[tuple[int, Histogram]]:
        """Yield the counts of each, some groups at a time; the values are sorted in place."""
        end = 0
        for first in range(0, len(self.groups), _COUNTED_AT_ONCE):
            some = slice(first, first + _COUNTED_AT_ONCE)
            begin, end = end, end + int(self.sizes[some].sum())
            counts = count_groups(self.values[begin:end], self.sizes[some], max_exact)
            yield from zip(self.groups[some].tolist(), counts, strict=True)


def _together(parts: Sequence[PartialAggregates]) -> Iterator[tuple[int, list[Numbers]]]:
    """Yield how many rows some parts have and their values: one large part or small ones together."""
    rows = 0
    values: list[Numbers] = []
    for part in parts:
        if values and rows + len(part.sizes) > _AT_ONCE:
            yield rows, values
            rows, values = 0, []
        rows += len(part.sizes)
        values.append(part.values)
    yield rows, values


class _Rows:
    """The groups of all parts one after another, and where their values are.

    Args:
        parts: what is merged.
        sizes: shape (rows,), how many samples each group has.
        lows: shape (rows,), their minima.
    """

    def __init__(self, parts: Sequence[PartialAggregates], sizes: Integers, lows: Numbers) -> None:
        self.sizes = sizes
        self.lows = lows
        self.kept = np.concatenate([part.kept for part in parts])
        self.values = list(_together(parts))
        ends = np.cumsum([len(part.sizes) for part in parts])
        self.known: Mapping[int, Histogram] = {
            int(end) - len(part.sizes) + number: histogram
            for part, end in zip(parts, ends, strict=True)
            for number, histogram in part.histograms.items()
        }
        is_same = self.kept == 0  # all values are the same, or one is negative
        is_same[list(self.known)] = False
        self.same = is_same

    def raw(self, order: Integers, begins: Integers, is_wanted: Flags) -> tuple[Integers, Numbers, _Large]:
        """Return how many values of each merged group are kept, these, and the groups that have more; only once.

        ``is_wanted``, of shape (rows,), tells whose values are. Those of groups in which all are the same are told too,
        unless they are many.
        """
        kept = np.where(is_wanted, self.kept, 0)
        repeated = np.where(is_wanted & self.same & (self.sizes <= BUFFERED_VALUES), self.sizes, 0)
        counts = kept + repeated
        totals = np.add.reduceat(counts[order], begins)
        is_large = totals > BUFFERED_VALUES
        is_behind = np.repeat(is_large, np.diff(begins, append=len(order)))
        order = np.concatenate([order[~is_behind], order[is_behind]])
        result = np.empty(counts.sum())
        places = np.empty(len(order), np.int64)
        places[order] = np.cumsum(counts[order]) - counts[order]
        for some, values in self._values():
            result[ranges(places[some], kept[some])] = values[np.repeat(is_wanted[some], self.kept[some])]
            result[ranges(places[some], repeated[some])] = np.repeat(self.lows[some], repeated[some])
        self.values.clear()  # before those of large groups are counted, which takes memory too
        large = np.flatnonzero(is_large)
        kept = np.where(is_large, 0, totals)
        values, others = np.split(result, [kept.sum()])
        if len(others) > len(values):
            values = values.copy()  # which would hold the others
        return kept, values, _Large(large, totals[large], others)

    def _values(self) -> Iterator[tuple[slice, Numbers]]:
        """Yield the values of some rows at a time."""
        row = 0
        for count, together in self.values:
            values = together[0] if len(together) == 1 else np.concatenate(together)
            place, end = 0, row + count
            while row < end:
                some = slice(row, min(row + _AT_ONCE, end))
                begin, place = place, place + int(self.kept[some].sum())
                yield some, values[begin:place]
                row = some.stop

    def histograms(self, owners: Integers, differ: Flags, large: _Large, max_exact: int) -> dict[int, Histogram]:
        """Return the counts of values of merged groups that are not kept as they are.

        Args:
            owners: shape (rows,), the merged group of each.
            differ: shape (merged groups,), whether the values are to be told.
            large: groups with values to count.
            max_exact: how many distinct values are kept exact.
        """
        same = np.flatnonzero(self.same & (self.sizes > BUFFERED_VALUES)).tolist()
        counts = chain(
            ((int(owners[row]), histogram) for row, histogram in self.known.items()),
            ((int(owners[row]), count_same(float(self.lows[row]), int(self.sizes[row]))) for row in same),
            large.histograms(max_exact),
        )
        found: dict[int, Histogram] = {}
        for owner, histogram in counts:
            if differ[owner]:
                known = found.get(owner)
                found[owner] = histogram if known is None else known.merge(histogram, max_exact)
        return found
