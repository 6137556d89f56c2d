"""Samples to partials, and partials to series. Merging is exact, commutative and associative.

Sums are kept as whole numbers, so that no order of work changes them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.aggregate.groups import group_singly
from rumpattern.aggregate.histogram import MAX_EXACT_VALUES
from rumpattern.aggregate.merge import merge
from rumpattern.memory import trim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rumpattern.aggregate.groups import BatchAggregates, PartialAggregates
    from rumpattern.arrays import Flags
    from rumpattern.derive.policy import Sample

MIN_MERGE_BYTES: Final = 16 << 20
"""Bytes of groups, about."""
MERGE_RATIO: Final = 4
"""Groups wait until they take this part of what those take that are merged."""
HASH_PARTITIONS: Final = 8
"""Parts of what is merged: a definition's number modulo this."""
UNPARTITIONED: Final = -1
"""The only part while all of it is not worth more."""


class Partial:
    """Statistics by definition, period and dimension values: what some part of the input adds up to.

    Groups are collected, and merged once they take a quarter of the memory of those that were merged before.

    Args:
        max_exact: how many distinct values of each group are kept exact (see ``distribution``).
        check: called with merged groups; returns those that are to stay.
    """

    def __init__(
        self,
        max_exact: int = MAX_EXACT_VALUES,
        check: Callable[[PartialAggregates], PartialAggregates | None] | None = None,
    ) -> None:
        self.max_exact = max_exact
        self._check = check
        self._tables: dict[int, _Table] = {}

    def add(self, grouped: BatchAggregates) -> None:
        """Add what some definitions publish from one batch."""
        if grouped.groups is not None:
            self.add_groups(grouped.groups)
        self.add_samples(grouped.odd)

    def add_groups(self, groups: PartialAggregates) -> None:
        """Add groups, one or more."""
        table = self._tables.setdefault(len(groups.dimensions), _Table())
        table.unmerged.append(groups)
        table.size += groups.size
        if table.size >= max(MIN_MERGE_BYTES, table.merged // MERGE_RATIO):
            self._merge(table)
            trim()  # what was merged lies below the results

    def add_samples(self, samples: Iterable[tuple[int, Sample]]) -> None:
        """Add single samples with the numbers of their definitions."""
        by_length: dict[int, list[tuple[int, Sample]]] = {}
        for definition, sample in samples:
            by_length.setdefault(len(sample.labels), []).append((definition, sample))
        for some in by_length.values():
            self.add_groups(group_singly(some))

    def merged(self) -> list[PartialAggregates]:
        """Return all groups; those of a definition with as many dimensions are together, sorted as by ``merge``."""
        for table in self._tables.values():
            self._merge(table)
        return [groups for _, table in sorted(self._tables.items()) for _, groups in sorted(table.parts.items())]

    def take(self) -> list[PartialAggregates]:
        """Return all groups as ``merged`` does, and forget them."""
        groups = self.merged()
        self._tables.clear()
        return groups

    def _merge(self, table: _Table) -> None:
        """Merge what waits with what is merged, some definitions after others, so that only some are held twice."""
        if not table.unmerged:
            return
        if UNPARTITIONED in table.parts:
            table.unmerged.insert(0, table.parts.pop(UNPARTITIONED))
        new = merge(table.unmerged, self.max_exact)
        table.size = 0
        part_of = new.definitions % HASH_PARTITIONS
        is_whole = not table.parts and new.size < MIN_MERGE_BYTES
        for number in [UNPARTITIONED] if is_whole else np.unique(part_of).tolist():
            groups = new if is_whole else new.keep(np.flatnonzero(part_of == number))
            if number in table.parts:
                groups = merge([table.parts.pop(number), groups], self.max_exact)
            staying = self._check(groups) if self._check else groups
            if staying is not None:
                table.parts[number] = staying
        table.merged = sum(groups.size for groups in table.parts.values())


@dataclass(slots=True)
class _Table:
    """Groups of as many dimensions: those that are merged, in parts, and those that wait; their sizes."""

    parts: dict[int, PartialAggregates] = field(default_factory=dict)
    unmerged: list[PartialAggregates] = field(default_factory=list)
    merged: int = 0
    size: int = 0


def lacks_label(groups: PartialAggregates) -> Flags:
    """Return shape (groups,): True where a dimension is left out."""
    lacks = np.zeros(len(groups.sizes), np.bool_)
    for labels in groups.dimensions:
        lacks |= np.array([text is None for text in labels.texts])[labels.codes]
    return lacks
