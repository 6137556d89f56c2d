"""How many metrics each definition makes: distinct sets of dimension values, each of which CloudWatch bills.

A definition with more of them than a limit publishes none, so that what a replay gives depends on its input alone and
not on the order in which it comes; its samples are counted, and its sets of dimension values estimated.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import orjson

from rumpattern.aggregate.limits import MAX_SERIES
from rumpattern.aggregate.series import dimension_values, metric_begins
from rumpattern.derive.policy import dimension_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.aggregate.groups import PartialAggregates
    from rumpattern.aggregate.series import DimensionValues
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.derive.samples import Labels

_MAX_HASHES: Final = 1_024
_HASH_BYTES: Final = 8
_HASH_RANGE: Final = 2 ** (8 * _HASH_BYTES)


# The k smallest of uniform hashes in [0, R): if the k-th smallest is h, about h / R of the range holds k of them, so
# there are (k - 1) * R / h distinct ones (k - 1, not k, makes it unbiased), with a relative standard error of
# 1 / sqrt(k - 2): 3.1 % for k = 1,024. The smallest hashes do not depend on the order or on repetitions, unlike a
# random sample; the hash must be the same in all processes, which Python's own is not.
class DistinctSketch:
    """Counts distinct things, exactly up to a thousand, beyond that with a standard error of 3 %.

    It holds the smallest hashes (Bar-Yossef et al., "Counting distinct elements in a data stream", 2002).
    """

    def __init__(self) -> None:
        self._smallest: list[int] = []

    def add(self, thing: object) -> None:
        """Count something that JSON can say."""
        from hashlib import blake2b  # noqa: PLC0415 - it loads OpenSSL, for definitions over the limit only

        digest = blake2b(orjson.dumps(thing), digest_size=_HASH_BYTES).digest()
        value = int.from_bytes(digest, "big")
        smallest = self._smallest
        if len(smallest) == _MAX_HASHES and value >= smallest[-1]:
            return
        index = bisect_left(smallest, value)
        if index == len(smallest) or smallest[index] != value:
            smallest.insert(index, value)
            del smallest[_MAX_HASHES:]

    def count(self) -> int:
        """Return how many distinct things there were, estimated beyond 1,023."""
        if len(self._smallest) < _MAX_HASHES:
            return len(self._smallest)
        return (_MAX_HASHES - 1) * _HASH_RANGE // self._smallest[-1]


class Cardinality(NamedTuple):
    """The metrics of one definition.

    Attributes:
        sets: how many sets of dimension values it has; estimated if they are more than the limit.
        values: for each of its dimensions the name and how many values it has, the most numerous first.
        beyond: how many samples were left out because of the limit.
    """

    sets: int
    values: tuple[tuple[str, int], ...]
    beyond: int = 0


class _OverLimit:
    """A definition that makes more metrics than the limit: what was left out of it."""

    def __init__(self, n_dimensions: int) -> None:
        self.n_samples = 0
        self.sets = DistinctSketch()
        self.by_dimension = [DistinctSketch() for _ in range(n_dimensions)]

    def add(self, values: DimensionValues) -> None:
        self.sets.add(values)
        for sketch, value in zip(self.by_dimension, values, strict=True):
            if value is not None:
                sketch.add(value)


class SeriesLimit:
    """Leaves out the merged groups of definitions that make more metrics than a limit, and counts them.

    Args:
        definitions: those of the plan.
        limit: sets of dimension values of one definition.
    """

    def __init__(self, definitions: Sequence[MetricDefinition], limit: int = MAX_SERIES) -> None:
        self.names = [dimension_names(definition) for definition in definitions]
        self.limit = limit
        self._over_limit: dict[int, _OverLimit] = {}

    # A definition that was over the limit once stays so: what was left out of it is lost, and publishing the rest
    # would make the result depend on when groups were merged. All groups of a definition come in one call, since
    # Partial partitions by definition; otherwise sets would have to be counted over several calls.
    def __call__(self, groups: PartialAggregates) -> PartialAggregates | None:
        """Return the groups of definitions within the limit, None if there are none.

        ``groups`` holds all merged groups of each definition that is in it.
        """
        first = metric_begins(groups)
        n_sets = np.bincount(groups.definitions[first], minlength=len(self.names))
        over_limit = {*np.flatnonzero(n_sets > self.limit).tolist(), *self._over_limit}
        is_over = np.isin(groups.definitions, list(over_limit))
        if not is_over.any():
            return groups
        self._leave_out(groups.select(np.flatnonzero(is_over)))
        return None if is_over.all() else groups.select(np.flatnonzero(~is_over))

    def _leave_out(self, groups: PartialAggregates) -> None:
        n_samples = np.bincount(groups.definitions, groups.sizes, len(self.names))
        for definition in np.unique(groups.definitions).tolist():
            over_limit = self._over_limit.setdefault(definition, _OverLimit(len(self.names[definition])))
            over_limit.n_samples += int(n_samples[definition])
        first = metric_begins(groups)
        definitions = groups.definitions[first].tolist()
        for definition, values in zip(definitions, dimension_values(groups, first), strict=True):
            self._over_limit[definition].add(values)

    def count(self, partitions: Iterable[PartialAggregates]) -> list[Cardinality]:
        """Return the cardinality of each definition, given all merged groups within the limit."""
        result = [Cardinality(0, _rank(names, [0] * len(names))) for names in self.names]
        for groups in partitions:
            first = metric_begins(groups)
            definitions = groups.definitions[first]
            begins = np.flatnonzero(np.diff(definitions, prepend=-1))
            for definition, sets in zip(definitions[begins].tolist(), np.split(first, begins[1:]), strict=True):
                counts = [_count_values(labels.take(sets)) for labels in groups.dimensions]
                result[definition] = Cardinality(len(sets), _rank(self.names[definition], counts))
        for definition, over_limit in self._over_limit.items():
            counts = [sketch.count() for sketch in over_limit.by_dimension]
            n_sets = max(over_limit.sets.count(), self.limit + 1)
            result[definition] = Cardinality(n_sets, _rank(self.names[definition], counts), over_limit.n_samples)
        return result


def _count_values(labels: Labels) -> int:
    return len({text for text in labels.as_list() if text is not None})


def _rank(names: Sequence[str], counts: Sequence[int]) -> tuple[tuple[str, int], ...]:
    """Return dimensions with their counts of values, the most numerous first, then by name."""
    return tuple(sorted(zip(names, counts, strict=True), key=lambda pair: (-pair[1], pair[0])))
