"""Aggregates of batches, collected and merged now and then.

Merging is exact, commutative and associative: sums are integers (``sums``), counts, minima and maxima do not depend on
any order, and neither do histograms (``histogram``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.aggregate.groups import group_singly
from rumpattern.aggregate.limits import MAX_EXACT_VALUES
from rumpattern.aggregate.merge import merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rumpattern.aggregate.groups import BatchAggregates, PartialAggregates
    from rumpattern.arrays import Flags
    from rumpattern.derive.policy import Sample

MIN_MERGE_BYTES: Final = 16 << 20
"""Memory of unmerged groups below which they wait, and of merged groups below which they are one partition."""
MERGE_RATIO: Final = 4
"""Groups are merged once they take a fourth of the memory of those that are merged.

A merge copies all that is merged, so each byte is copied about four times, however long the input is, and unmerged
groups add at most a fourth to the memory.
"""
HASH_PARTITIONS: Final = 8
"""Partitions of merged groups, by the definition's index modulo this: while one is merged, only that is held twice."""
UNPARTITIONED: Final = -1
"""The key of the only partition of few merged groups."""


class Partial:
    """Statistics by definition, period and dimension values of what was added.

    Args:
        max_exact: how many distinct values of each group are counted exactly (``histogram``).
        check: called with merged groups; returns the groups to keep, None if there are none.
        on_merge: called when groups that were added have been merged: what they took is free then, between arrays that
            are in use.
    """

    def __init__(
        self,
        max_exact: int = MAX_EXACT_VALUES,
        check: Callable[[PartialAggregates], PartialAggregates | None] | None = None,
        on_merge: Callable[[], None] | None = None,
    ) -> None:
        self.max_exact = max_exact
        self._check = check
        self._on_merge = on_merge
        self._by_dimensions: dict[int, _Groups] = {}

    def add(self, aggregates: BatchAggregates) -> None:
        """Add what definitions publish from one batch."""
        if aggregates.groups is not None:
            self.add_groups(aggregates.groups)
        self.add_samples(aggregates.odd)

    def add_groups(self, groups: PartialAggregates) -> None:
        """Add one or more groups."""
        known = self._by_dimensions.setdefault(len(groups.dimensions), _Groups())
        known.unmerged.append(groups)
        known.unmerged_bytes += groups.n_bytes
        if known.unmerged_bytes >= max(MIN_MERGE_BYTES, known.merged_bytes // MERGE_RATIO):
            self._merge(known)
            if self._on_merge:
                self._on_merge()

    def add_samples(self, samples: Iterable[tuple[int, Sample]]) -> None:
        """Add single samples with their definitions' indices in the plan."""
        by_dimensions: dict[int, list[tuple[int, Sample]]] = {}
        for definition, sample in samples:
            by_dimensions.setdefault(len(sample.labels), []).append((definition, sample))
        for alike in by_dimensions.values():
            self.add_groups(group_singly(alike))

    def merged(self) -> list[PartialAggregates]:
        """Return all groups: those of one definition are in one item of the list, sorted as by ``merge``.

        A definition has groups in one item only, unless it was added with different numbers of dimensions.
        """
        for groups in self._by_dimensions.values():
            self._merge(groups)
        return [
            partition
            for _, groups in sorted(self._by_dimensions.items())
            for _, partition in sorted(groups.partitions.items())
        ]

    def take(self) -> list[PartialAggregates]:
        """Return all groups as ``merged`` does, and forget them."""
        groups = self.merged()
        self._by_dimensions.clear()
        return groups

    # Unmerged groups are merged among themselves first, which makes them few, and then a partition at a time with what
    # is merged: each partition is taken out of the dictionary, so that merge can free it while it works.
    def _merge(self, groups: _Groups) -> None:
        if not groups.unmerged:
            return
        if UNPARTITIONED in groups.partitions:
            groups.unmerged.insert(0, groups.partitions.pop(UNPARTITIONED))
        new = merge(groups.unmerged, self.max_exact)
        groups.unmerged_bytes = 0
        partition_of_group = new.definitions % HASH_PARTITIONS
        is_small = not groups.partitions and new.n_bytes < MIN_MERGE_BYTES
        for key in [UNPARTITIONED] if is_small else np.unique(partition_of_group).tolist():
            partition = new if is_small else new.select(np.flatnonzero(partition_of_group == key))
            if key in groups.partitions:
                partition = merge([groups.partitions.pop(key), partition], self.max_exact)
            checked = self._check(partition) if self._check else partition
            if checked is not None:
                groups.partitions[key] = checked
        groups.merged_bytes = sum(partition.n_bytes for partition in groups.partitions.values())


@dataclass(slots=True)
class _Groups:
    """All groups with one number of dimensions: merged ones by partition, and those that wait to be merged."""

    partitions: dict[int, PartialAggregates] = field(default_factory=dict)
    unmerged: list[PartialAggregates] = field(default_factory=list)
    merged_bytes: int = 0
    unmerged_bytes: int = 0


def lacks_label(groups: PartialAggregates) -> Flags:
    """Return shape (groups,): whether a dimension is left out."""
    lacks = np.zeros(len(groups.sizes), np.bool_)
    for labels in groups.dimensions:
        lacks |= np.array([text is None for text in labels.texts])[labels.codes]
    return lacks
