"""How many metrics each definition makes: distinct sets of dimension values, each of which CloudWatch bills.

A definition with more of them than a limit keeps none of its data, so that what a replay gives depends on its input
alone and not on the order in which it comes; its data are counted, and its sets of dimension values estimated.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import orjson

from rumpattern.aggregate.series import first_of_sets, labels_of
from rumpattern.derive.policy import dimension_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.aggregate.groups import PartialAggregates
    from rumpattern.aggregate.series import Labels
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.derive import samples

MAX_SERIES: Final = 100_000
"""Sets of dimension values of one definition, if nothing else is asked for: about 200 MB."""
_SMALLEST: Final = 1_024
_HASH_BYTES: Final = 8
_HASHES: Final = 2 ** (8 * _HASH_BYTES)


class Distinct:
    """Counts distinct things, exactly up to a thousand, beyond that within about 3 % (two times in three).

    It keeps the smallest hashes (Bar-Yossef et al., "Counting distinct elements in a data stream"): what it says
    depends on the set of things alone.
    """

    def __init__(self) -> None:
        self._smallest: list[int] = []

    def add(self, thing: object) -> None:
        """Count something that JSON can say."""
        digest = hashlib.blake2b(orjson.dumps(thing), digest_size=_HASH_BYTES).digest()
        value = int.from_bytes(digest, "big")
        smallest = self._smallest
        if len(smallest) == _SMALLEST and value >= smallest[-1]:
            return
        place = bisect_left(smallest, value)
        if place == len(smallest) or smallest[place] != value:
            smallest.insert(place, value)
            del smallest[_SMALLEST:]

    def count(self) -> int:
        """Return about how many distinct things there were."""
        if len(self._smallest) < _SMALLEST:
            return len(self._smallest)
        return (_SMALLEST - 1) * _HASHES // self._smallest[-1]


class Cardinality(NamedTuple):
    """The metrics of one definition.

    Attributes:
        sets: how many sets of dimension values it has; about so many if they are more than the limit.
        values: for each of its dimensions the name and how many values it has, those with most of them first.
        beyond: how many data were left out because of the limit.
    """

    sets: int
    values: tuple[tuple[str, int], ...]
    beyond: int = 0


class _OverLimit:
    """A definition that makes more metrics than the limit."""

    def __init__(self, dimensions: int) -> None:
        self.data = 0
        self.sets = Distinct()
        self.values = [Distinct() for _ in range(dimensions)]

    def add(self, labels: Labels) -> None:
        self.sets.add(labels)
        for value, label in zip(self.values, labels, strict=True):
            if label is not None:
                value.add(label)


class SeriesLimit:
    """Leaves out of merged groups those of definitions that make more series than a limit, and counts them.

    Args:
        definitions: what the groups are of.
        limit: sets of dimension values of one definition.
    """

    def __init__(self, definitions: Sequence[MetricDefinition], limit: int = MAX_SERIES) -> None:
        self.names = [dimension_names(definition) for definition in definitions]
        self.limit = limit
        self._beyond: dict[int, _OverLimit] = {}

    def __call__(self, groups: PartialAggregates) -> PartialAggregates | None:
        """Return the groups that stay, None if none does."""
        first = first_of_sets(groups)
        sets = np.bincount(groups.definitions[first], minlength=len(self.names))
        many = {*np.flatnonzero(sets > self.limit).tolist(), *self._beyond}
        leaves = np.isin(groups.definitions, list(many))
        if not leaves.any():
            return groups
        self._leave_out(groups.select(np.flatnonzero(leaves)))
        return None if leaves.all() else groups.select(np.flatnonzero(~leaves))

    def _leave_out(self, groups: PartialAggregates) -> None:
        sizes = np.bincount(groups.definitions, groups.sizes, len(self.names))
        for number in np.unique(groups.definitions).tolist():
            beyond = self._beyond.setdefault(number, _OverLimit(len(self.names[number])))
            beyond.data += int(sizes[number])
        first = first_of_sets(groups)
        for number, labels in zip(groups.definitions[first].tolist(), labels_of(groups, first), strict=True):
            self._beyond[number].add(labels)

    def count(self, tables: Iterable[PartialAggregates]) -> list[Cardinality]:
        """Return what is known of each definition, given all groups that stayed."""
        found = [Cardinality(0, _ranked(names, [0] * len(names))) for names in self.names]
        for groups in tables:
            first = first_of_sets(groups)
            numbers, begins = np.unique(groups.definitions[first], return_index=True)
            for number, sets in zip(numbers.tolist(), np.split(first, begins[1:]), strict=True):
                found[number] = self._of(number, [labels.take(sets) for labels in groups.dimensions], len(sets))
        for number, beyond in self._beyond.items():
            counts = [value.count() for value in beyond.values]
            about = max(beyond.sets.count(), self.limit + 1)
            found[number] = Cardinality(about, _ranked(self.names[number], counts), beyond.data)
        return found

    def _of(self, number: int, dimensions: Sequence[samples.Labels], sets: int) -> Cardinality:
        counts = [len({text for text in labels.as_list() if text is not None}) for labels in dimensions]
        return Cardinality(sets, _ranked(self.names[number], counts))


def _ranked(names: Sequence[str], counts: Sequence[int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(zip(names, counts, strict=True), key=lambda pair: (-pair[1], pair[0])))
