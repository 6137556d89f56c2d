"""How many metrics each definition makes: distinct sets of dimension values, each of which CloudWatch bills.

A definition with more of them than a limit keeps none of its data, so that what a replay gives depends on its input
alone and not on the order in which it comes; its data are counted, and its sets of dimension values estimated.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from rumpattern.derive import dimension_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.aggregate import Key, Labels, Partial, Statistics
    from rumpattern.definition.model import MetricDefinition

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


class _Beyond:
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


class SeriesCounter:
    """Adds up statistics, of each definition no more series than a limit.

    Args:
        definitions: what the statistics are of.
        limit: sets of dimension values of one definition.
    """

    def __init__(self, definitions: Sequence[MetricDefinition], limit: int = MAX_SERIES) -> None:
        self.names = [dimension_names(definition) for definition in definitions]
        self.limit = limit
        self._sets: list[set[Labels]] = [set() for _ in definitions]
        self._beyond: dict[int, _Beyond] = {}

    def add(self, total: Partial, part: Iterable[tuple[Key, Statistics]]) -> None:
        """Add the statistics of a part to the total of all parts before it."""
        for key, statistics in part:
            number, _, labels = key
            if beyond := self._beyond.get(number):
                beyond.data += statistics.samples
                beyond.add(labels)
                continue
            total.put(key, statistics)
            sets = self._sets[number]
            sets.add(labels)
            if len(sets) > self.limit:
                self._leave_out(number, total)

    def _leave_out(self, number: int, total: Partial) -> None:
        beyond = self._beyond[number] = _Beyond(len(self.names[number]))
        for labels in self._sets[number]:
            beyond.add(labels)
        self._sets[number].clear()
        for key in [key for key in total.groups if key[0] == number]:
            beyond.data += total.groups.pop(key).samples

    def of(self, number: int) -> Cardinality:
        """Return what is known of a definition."""
        names = self.names[number]
        if beyond := self._beyond.get(number):
            counts = [value.count() for value in beyond.values]
            return Cardinality(max(beyond.sets.count(), self.limit + 1), _ranked(names, counts), beyond.data)
        sets = self._sets[number]
        counts = [len({labels[place] for labels in sets} - {None}) for place in range(len(names))]
        return Cardinality(len(sets), _ranked(names, counts))


def _ranked(names: Sequence[str], counts: Sequence[int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(zip(names, counts, strict=True), key=lambda pair: (-pair[1], pair[0])))
