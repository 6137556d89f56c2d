"""Matches to aggregates in one pass over the matched rows, by the compiled core.

It gives what ``derive.samples`` and ``aggregate.groups`` give with arrays, step after step; a property test holds the
two equal. What the compiled sums and group codes have no bits for is left to arrays, a definition at a time.
"""

from __future__ import annotations

from ctypes import addressof
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.aggregate.field_table import lay_out_fields
from rumpattern.aggregate.groups import BatchAggregates, PartialAggregates
from rumpattern.aggregate.sums import ExactSums
from rumpattern.columns.keys import SEEDS
from rumpattern.derive.policy import REASON_CODES, REASONS
from rumpattern.derive.readings import Readings
from rumpattern.native.library import load_core
from rumpattern.native.structures import Field, Fold, Folded, Gather, Group, Span, record_of
from rumpattern.rum.limits import MAX_TIMESTAMP_MS, MAX_VALUE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rumpattern.aggregate.field_table import FieldTable
    from rumpattern.arrays import Array, Counts, Flags, Integers, Numbers
    from rumpattern.columns.batch import EventBatch
    from rumpattern.derive.samples import Derivation, Deriver
    from rumpattern.match.kernel import Matches
    from rumpattern.native.library import Core


_MAX_COMBINATIONS: Final = 2**62
"""Combinations of periods and labels that the mixed-radix code of a group, a signed word, tells apart."""
_ROWS_COUNT: Final = -1
"""In the place of a value: each row counts 1."""
_LIMB_BITS: Final = 32
_FOLDED: Final = np.dtype(record_of(Folded))
_GROUP: Final = np.dtype(record_of(Group))
_MAX_SAMPLES: Final = 1 << 20
"""Samples that are added up in one call: room is made for a group of 100 bytes and more for each of them."""


class Folder:
    """Derives and adds up what a plan's definitions publish; holds no state between batches."""

    def __init__(self, deriver: Deriver) -> None:
        self.core = load_core()
        self.deriver = deriver

    def fold(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[BatchAggregates]:
        """Yield what the definitions publish from a batch, those with as many dimensions together.

        ``period`` is in seconds.
        """
        table = lay_out_fields(self.core, Readings(batch, period), self.deriver.signatures)
        derivations = sorted(self.deriver.derivations(table.readings, matches), key=_n_dimensions)
        for _, alike in groupby(derivations, _n_dimensions):
            for run in _bounded_runs(alike):
                yield from _fold_run(self.core, run, table)


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


def _fold_run(core: Core, run: Sequence[Derivation], table: FieldTable) -> Iterator[BatchAggregates]:
    """Yield what a run publishes: by the core, but for definitions that it cannot add up, which arrays do.

    That a value does not fit the limbs shows while values are added up, when the sums of its definition are already
    wrong; so the pass is repeated without the definitions in which it happened. No RUM event known has such a value.
    """
    compiled = [derivation for derivation in run if table.count_combinations(derivation.signature) < _MAX_COMBINATIONS]
    aggregates, failed = _fold_compiled(core, compiled, table)
    if failed:
        compiled = [derivation for derivation in compiled if derivation not in failed]
        aggregates, _ = _fold_compiled(core, compiled, table)
    if aggregates:
        yield aggregates
    for derivation in run:
        if derivation not in compiled:
            yield BatchAggregates.of(derivation.table())


class _Work(NamedTuple):
    """The arrays of one call of the core, which writes all from ``groups`` on; see ``struct rum_fold``.

    Attributes:
        definitions: of struct rum_folded.
        dimension_fields: shape (definitions, dimensions), indices of fields.
        groups: shape (samples,), room for a group for each sample.
        labels: shape (samples, dimensions), indices of each group's labels among those of all fields.
        members: shape (values,), the group of each value.
        values: shape (values,).
        counts: shape (definitions, reasons).
        has_failed: shape (definitions,), whether a value does not fit the limbs of a sum.
    """

    definitions: Array
    dimension_fields: Array
    groups: Array
    labels: Array
    members: Integers
    values: Numbers
    counts: Counts
    has_failed: Flags


def _fold_compiled(
    core: Core, run: Sequence[Derivation], table: FieldTable
) -> tuple[BatchAggregates | None, list[Derivation]]:
    """Return what a run publishes, or, if there are any, the derivations with a value that does not fit the limbs."""
    if not run:
        return None, []
    ends = np.cumsum([len(derivation.signature.definitions) for derivation in run])[:-1]
    work = _lay_out_work(run, table)
    n_groups = _call_fold(core, work, run, table)
    has_failed = np.split(work.has_failed, ends)
    failed = [derivation for derivation, flags in zip(run, has_failed, strict=True) if flags.any()]
    if failed:
        return None, failed
    counts = np.split(work.counts, ends)  # views: rows on the exact path are counted in them
    odd = tuple(
        sample for derivation, of_run in zip(run, counts, strict=True) for sample in derivation.derive_odd_rows(of_run)
    )
    definitions = np.concatenate([derivation.signature.definitions for derivation in run])
    groups = _read_groups(core, work, definitions, table, n_groups) if n_groups else None
    return BatchAggregates(definitions, groups, work.counts, odd), []


def _lay_out_work(run: Sequence[Derivation], table: FieldTable) -> _Work:
    """Return the arrays of one call: a record for each definition, and room for as many groups as samples."""
    records: list[tuple[int, int, int]] = []
    dimension_fields: list[list[int]] = []
    offsets = run[0].matches.offsets.tolist()
    for derivation in run:
        value, dimensions = table.value(derivation.signature), table.dimensions(derivation.signature)
        for definition in derivation.signature.definitions.tolist():
            records.append((offsets[definition], offsets[definition + 1], _ROWS_COUNT if value is None else value))
            dimension_fields.append(dimensions)
    n_samples = sum(end - begin for begin, end, _ in records)
    n_values = sum(end - begin for begin, end, value in records if value != _ROWS_COUNT)
    n_dimensions = _n_dimensions(run[0])
    return _Work(
        np.array(records, _FOLDED),
        np.array(dimension_fields, np.int64).reshape(len(records), n_dimensions),
        np.empty(n_samples, _GROUP),
        np.empty((n_samples, n_dimensions), np.int64),
        np.empty(n_values, np.int64),
        np.empty(n_values),
        np.zeros((len(records), len(REASONS)), np.int64),
        np.zeros(len(records), np.bool_),
    )


def _call_fold(core: Core, work: _Work, run: Sequence[Derivation], table: FieldTable) -> int:
    """Have the core add up a run; return how many groups there are."""
    matched = np.ascontiguousarray(run[0].matches.rows, np.int64)
    slots = np.empty(1 << (2 * len(work.groups)).bit_length(), np.int32)  # a power of two, at most half of it used
    fields = (Field * len(table.records))(*table.records)
    structure = Fold(
        fields=Span(addressof(fields), len(fields)),
        definitions=Span.of(work.definitions),
        dimension_fields=Span.of(work.dimension_fields),
        dimensions=_n_dimensions(run[0]),
        matched=Span.of(matched),
        is_odd=Span.of(table.readings.is_odd),
        time=table.timestamp,
        first_period=table.first_period,
        period=1_000 * table.readings.period,
        seeds=SEEDS,
        slots=Span.of(slots),
        groups=Span.of(work.groups),
        labels=Span.of(work.labels),
        members=Span.of(work.members),
        values=Span.of(work.values),
        reasons=len(REASONS),
        counts=Span.of(work.counts),
        has_failed=Span.of(work.has_failed),
        out_of_range=REASON_CODES["value_out_of_range"],
        too_late=REASON_CODES["timestamp_out_of_range"],
        max_value=MAX_VALUE,
        max_timestamp=MAX_TIMESTAMP_MS,
    )
    core.call("fold", structure)
    return structure.group_count


def _read_groups(core: Core, work: _Work, definitions: Integers, table: FieldTable, n_groups: int) -> PartialAggregates:
    """Return the groups that the core wrote, their values one group after the other."""
    groups = work.groups[:n_groups]
    indices, sizes = groups["definition"].copy(), groups["size"].copy()
    limbs = groups["limbs"].copy()
    minima, maxima = groups["minimum"].copy(), groups["maximum"].copy()
    counts_rows = work.definitions["value"][indices] == _ROWS_COUNT
    limbs[counts_rows, core.facts["RUM_LOWEST_BIT"] // _LIMB_BITS] = sizes[counts_rows]  # whose lowest bit is worth 1
    minima[counts_rows] = maxima[counts_rows] = 1
    n_values = int(sizes[~counts_rows].sum())
    raw_counts = np.where((minima >= 0) & (minima < maxima), sizes, 0)
    return PartialAggregates(
        definitions[indices],
        (groups["period"] + table.first_period) * table.readings.period,
        tuple(
            table.labels(work.dimension_fields[:, dimension], work.labels[:n_groups, dimension])
            for dimension in range(work.dimension_fields.shape[1])
        ),
        sizes,
        ExactSums(limbs, -core.facts["RUM_LOWEST_BIT"]).trim(),
        minima,
        maxima,
        raw_counts,
        _gather(core, work.members[:n_values], work.values[:n_values], raw_counts),
    )


def _gather(core: Core, members: Integers, values: Numbers, kept: Integers) -> Numbers:
    """Return the values group after group; ``kept``, shape (groups,), is how many each has, 0 to leave them out."""
    ordered = np.empty(kept.sum())
    following = np.where(kept > 0, np.cumsum(kept) - kept, -1)
    core.call("gather", Gather(*map(Span.of, (members, values, following, ordered))))
    return ordered
