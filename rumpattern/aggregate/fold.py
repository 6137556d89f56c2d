"""Matches to aggregates in one pass over the matched rows, by compiled code (extra ``fast``).

It gives what ``derive.samples`` and ``aggregate.groups`` give with arrays, step after step; a property test holds the
two equal. What the compiled sums and group codes have no bits for is left to arrays, a definition at a time.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.aggregate.field_table import lay_out_fields
from rumpattern.aggregate.groups import BatchAggregates, PartialAggregates
from rumpattern.aggregate.sums import ExactSums
from rumpattern.derive.policy import REASONS
from rumpattern.derive.readings import Readings
from rumpattern.native.fold import (
    DEFINITION_DIMENSIONS,
    DEFINITION_VALUE,
    GROUP_DEFINITION,
    GROUP_LABELS,
    GROUP_MAXIMUM,
    GROUP_MINIMUM,
    GROUP_PERIOD,
    GROUP_SIZE,
    GROUP_SUM,
    LOWEST_BIT,
    ONES_LIMB,
    Work,
    add_up,
    in_groups,
)
from rumpattern.native.simd import addresses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rumpattern.aggregate.field_table import FieldTable
    from rumpattern.arrays import Integers
    from rumpattern.columns.batch import EventBatch
    from rumpattern.derive.samples import Derivation, Deriver
    from rumpattern.match.kernel import Matches


_MAX_COMBINATIONS: Final = 2**62
"""Combinations of periods and labels that the mixed-radix code of a group, a signed word, tells apart."""
_MAX_SAMPLES: Final = 1 << 20
"""Samples that are added up in one call: room is made for a group of 100 bytes and more for each of them."""


class Folder:
    """Derives and adds up what a plan's definitions publish; holds no state between batches."""

    def __init__(self, deriver: Deriver) -> None:
        self.deriver = deriver

    def fold(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[BatchAggregates]:
        """Yield what the definitions publish from a batch, those with as many dimensions together.

        ``period`` is in seconds.
        """
        table = lay_out_fields(Readings(batch, period), self.deriver.signatures)
        derivations = sorted(self.deriver.derivations(table.readings, matches), key=_n_dimensions)
        for _, alike in groupby(derivations, _n_dimensions):
            for run in _bounded_runs(alike):
                yield from _fold_run(run, table)


def _n_dimensions(derivation: Derivation) -> int:
    return len(derivation.signature.dimensions)


def _bounded_runs(derivations: Iterable[Derivation]) -> Iterator[list[Derivation]]:
    """Yield derivations in runs of at most ``_MAX_SAMPLES`` matched rows; a larger one is alone."""
    run: list[Derivation] = []
    n_samples = 0
    for derivation in derivations:
        offsets, definitions = derivation.matches.offsets, derivation.signature.definitions
        matched = int((offsets[definitions + 1] - offsets[definitions]).sum())
        if run and n_samples + matched > _MAX_SAMPLES:
            yield run
            run, n_samples = [], 0
        run.append(derivation)
        n_samples += matched
    yield run


def _fold_run(run: Sequence[Derivation], table: FieldTable) -> Iterator[BatchAggregates]:
    """Yield what a run publishes: by compiled code, but for definitions that it cannot add up, which arrays do.

    That a value does not fit the limbs shows while values are added up, when the sums of its definition are already
    wrong; so the pass is repeated without the definitions in which it happened. No RUM event known has such a value.
    """
    compiled = [derivation for derivation in run if table.count_combinations(derivation.signature) < _MAX_COMBINATIONS]
    aggregates, failed = _fold_compiled(compiled, table)
    if failed:
        compiled = [derivation for derivation in compiled if derivation not in failed]
        aggregates, _ = _fold_compiled(compiled, table)
    if aggregates:
        yield aggregates
    for derivation in run:
        if derivation not in compiled:
            yield BatchAggregates.of(derivation.table())


def _fold_compiled(run: Sequence[Derivation], table: FieldTable) -> tuple[BatchAggregates | None, list[Derivation]]:
    """Return what a run publishes, or, if there are any, the derivations with a value that does not fit the limbs."""
    if not run:
        return None, []
    ends = np.cumsum([len(derivation.signature.definitions) for derivation in run])[:-1]
    work = _lay_out_work(run, table)
    n_groups = add_up(addresses(work))
    has_failed = np.split(work.has_failed, ends)
    failed = [derivation for derivation, flags in zip(run, has_failed, strict=True) if flags.any()]
    if failed:
        return None, failed
    counts = np.split(work.counts, ends)  # views: rows on the exact path are counted in them
    odd = tuple(
        sample for derivation, of_run in zip(run, counts, strict=True) for sample in derivation.derive_odd_rows(of_run)
    )
    definitions = np.concatenate([derivation.signature.definitions for derivation in run])
    groups = _read_groups(work, definitions, table, n_groups) if n_groups else None
    return BatchAggregates(definitions, groups, work.counts, odd), []


def _lay_out_work(run: Sequence[Derivation], table: FieldTable) -> Work:
    """Return the arguments of ``add_up``: a record for each definition, and room for as many groups as samples."""
    records: list[tuple[int, ...]] = []
    n_samples = n_values = 0
    matches = run[0].matches
    offsets, rows = matches.offsets.tolist(), np.ascontiguousarray(matches.rows, np.int64)
    for derivation in run:
        value, dimensions = table.value(derivation.signature), table.dimensions(derivation.signature)
        for definition in derivation.signature.definitions.tolist():
            begin, end = offsets[definition], offsets[definition + 1]
            records.append((begin, end, value, *dimensions))
            n_samples += end - begin
            n_values += end - begin if value else 0
    slots = np.full(1 << (2 * n_samples).bit_length(), -1, np.int32)  # a power of two, at most half of it used
    n_dimensions = _n_dimensions(run[0])
    return Work(
        np.array(records, np.int64),
        len(records),
        n_dimensions,
        rows,
        table.readings.is_odd,
        table.timestamp,
        table.first_period,
        1_000 * table.readings.period,
        slots,
        len(slots) - 1,
        np.empty((n_samples, GROUP_LABELS + n_dimensions), np.int64),
        np.empty(n_values, np.int64),
        np.empty(n_values),
        len(REASONS),
        np.zeros((len(records), len(REASONS)), np.int64),
        np.zeros(len(records), np.bool_),
    )


def _read_groups(work: Work, definitions: Integers, table: FieldTable, n_groups: int) -> PartialAggregates:
    """Return the groups that ``add_up`` wrote, their values one group after the other."""
    groups = work.groups[:n_groups]
    indices, sizes = groups[:, GROUP_DEFINITION].copy(), groups[:, GROUP_SIZE].copy()
    limbs = groups[:, GROUP_SUM:GROUP_LABELS].copy()
    minima, maxima = groups[:, GROUP_MINIMUM].copy().view(np.float64), groups[:, GROUP_MAXIMUM].copy().view(np.float64)
    counts_rows = work.definitions[indices, DEFINITION_VALUE] == 0
    limbs[counts_rows, ONES_LIMB] = sizes[counts_rows]
    minima[counts_rows] = maxima[counts_rows] = 1
    n_values = int(sizes[~counts_rows].sum())
    raw_counts = np.where((minima >= 0) & (minima < maxima), sizes, 0)
    return PartialAggregates(
        definitions[indices],
        (groups[:, GROUP_PERIOD] + table.first_period) * table.readings.period,
        tuple(
            table.labels(work.definitions[:, DEFINITION_DIMENSIONS + dimension], groups[:, GROUP_LABELS + dimension])
            for dimension in range(work.dimensions)
        ),
        sizes,
        ExactSums(limbs, -LOWEST_BIT).trim(),
        minima,
        maxima,
        raw_counts,
        in_groups(work.members[:n_values], work.values[:n_values], raw_counts),
    )
