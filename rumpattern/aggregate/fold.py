"""Matches to groups in one pass over the matched rows, by compiled code (extra ``fast``).

It gives what ``samples`` and ``groups`` give with arrays, a step at a time.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.aggregate.field_table import FieldTable
from rumpattern.aggregate.groups import BatchAggregates, PartialAggregates
from rumpattern.aggregate.sums import ExactSums
from rumpattern.derive.policy import REASONS
from rumpattern.native.fold import (
    DEFINITION_DIMENSIONS,
    DEFINITION_VALUE,
    GROUP_HIGH,
    GROUP_LABELS,
    GROUP_LOW,
    GROUP_OWNER,
    GROUP_PERIOD,
    GROUP_SIZE,
    GROUP_SUM,
    LOWEST_BIT,
    ONES_LIMB,
    Work,
    add_up,
    in_groups,
)
from rumpattern.native.simd import (
    addresses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rumpattern.arrays import Integers
    from rumpattern.columns.batch import EventBatch
    from rumpattern.derive.samples import Derivation, Deriver
    from rumpattern.match.kernel import Matches


_MOST_CODES: Final = 2**62
"""Combinations of periods and labels that a code in mixed radix tells apart."""
_MOST_SAMPLES: Final = 1 << 20
"""Samples that are added up together: so many groups may there be, and each takes 100 bytes and more."""


class Folder:
    """Derives and adds up what a plan's definitions publish; holds no state between batches."""

    def __init__(self, deriver: Deriver) -> None:
        self.deriver = deriver

    def fold(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[BatchAggregates]:
        """Yield what definitions with as many dimensions publish from a batch; ``period`` is in seconds."""
        known = FieldTable(batch, self.deriver.signature, period)
        fields = sorted(self.deriver.fields(known.readings, matches), key=_dimensions)
        for _, some in groupby(fields, _dimensions):
            for run in _runs(some):
                yield from self._fold_run(run, known, period)

    def _fold_run(self, fields: Sequence[Derivation], known: FieldTable, period: int) -> Iterator[BatchAggregates]:
        """Yield the groups of definitions; what compiled code does not add up is left to arrays."""
        fast = [one for one in fields if known.combinations(one.signature) < _MOST_CODES]
        grouped, failed = _grouped(fast, known, period)
        if failed:
            fast = [one for one in fast if one not in failed]
            grouped, _ = _grouped(fast, known, period)
        if grouped:
            yield grouped
        for one in fields:
            if one not in fast:
                yield BatchAggregates.of(one.table())


def _grouped(
    fields: Sequence[Derivation], known: FieldTable, period: int
) -> tuple[BatchAggregates | None, list[Derivation]]:
    """Return the groups of definitions, or those with a number that compiled code does not add up, if there are any."""
    if not fields:
        return None, []
    ends = np.cumsum([len(one.signature.definitions) for one in fields])[:-1]
    work = _work(fields, known, 1000 * period)
    found = add_up(addresses(work))
    failed = [one for one, some in zip(fields, np.split(work.has_failed, ends), strict=True) if some.any()]
    if failed:
        return None, failed
    counts = np.split(work.counts, ends)
    odd = tuple(sample for one, some in zip(fields, counts, strict=True) for sample in one.odd_samples(some))
    definitions = np.concatenate([one.signature.definitions for one in fields])
    groups = _groups(work, definitions, known, period, found) if found else None
    return BatchAggregates(definitions, groups, work.counts, odd), []


def _dimensions(fields: Derivation) -> int:
    return len(fields.signature.dimensions) + (not fields.signature.is_named)


def _runs(fields: Iterable[Derivation]) -> Iterator[list[Derivation]]:
    """Yield fields in runs of a bounded number of samples, for which there must be room."""
    run: list[Derivation] = []
    samples = 0
    for one in fields:
        offsets, definitions = one.matches.offsets, one.signature.definitions
        more = int((offsets[definitions + 1] - offsets[definitions]).sum())
        if run and samples + more > _MOST_SAMPLES:
            yield run
            run, samples = [], 0
        run.append(one)
        samples += more
    yield run


def _work(fields: Sequence[Derivation], known: FieldTable, period: int) -> Work:
    """Return what there is to add up; ``period`` is in milliseconds."""
    records: list[tuple[int, ...]] = []
    samples = values = 0
    matches = fields[0].matches
    offsets, rows = matches.offsets.tolist(), np.ascontiguousarray(matches.rows, np.int64)
    for one in fields:
        value, labels = known.value(one.signature), known.dimensions(one.signature)
        for number in one.signature.definitions.tolist():
            begin, end = offsets[number], offsets[number + 1]
            records.append((begin, end, value, *labels))
            samples += end - begin
            values += end - begin if value else 0
    slots = np.full(1 << (2 * samples).bit_length(), -1, np.int32)
    dimensions = _dimensions(fields[0])
    return Work(
        np.array(records, np.int64),
        len(records),
        dimensions,
        rows,
        known.readings.is_odd,
        known.time,
        known.first,
        period,
        slots,
        len(slots) - 1,
        np.empty((samples, GROUP_LABELS + dimensions), np.int64),
        np.empty(values, np.int64),
        np.empty(values),
        len(REASONS),
        np.zeros((len(records), len(REASONS)), np.int64),
        np.zeros(len(records), np.bool_),
    )


def _groups(work: Work, definitions: Integers, known: FieldTable, period: int, count: int) -> PartialAggregates:
    """Return so many groups that were found."""
    groups = work.groups[:count]
    owners, sizes, numbers = groups[:, GROUP_OWNER].copy(), groups[:, GROUP_SIZE].copy(), groups[:, GROUP_PERIOD]
    limbs = groups[:, GROUP_SUM:GROUP_LABELS].copy()
    lows, highs = groups[:, GROUP_LOW].copy().view(np.float64), groups[:, GROUP_HIGH].copy().view(np.float64)
    is_one = work.definitions[owners, DEFINITION_VALUE] == 0
    limbs[is_one, ONES_LIMB] = sizes[is_one]
    lows[is_one] = highs[is_one] = 1
    values = int(sizes[~is_one].sum())
    kept = np.where((lows >= 0) & (lows < highs), sizes, 0)
    return PartialAggregates(
        definitions[owners],
        (numbers + known.first) * period,
        tuple(
            known.labels(work.definitions[:, DEFINITION_DIMENSIONS + number], groups[:, GROUP_LABELS + number])
            for number in range(work.dimensions)
        ),
        sizes,
        ExactSums(limbs, -LOWEST_BIT).trim(),
        lows,
        highs,
        kept,
        in_groups(work.members[:values], work.values[:values], kept),
    )
