"""Matches to samples, a batch at a time: the policy of ``rumpattern.derive.policy`` applied to columns.

Definitions that read the same fields are worked on together, so that the cost is that of the matched rows, however many
definitions there are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.derive.policy import (
    PUBLISHED,
    REASONS,
    Sample,
    dimension_names,
    sample_event,
)
from rumpattern.derive.readings import _CODE, FieldCodes, Readings
from rumpattern.rum.names import APPLICATION_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.arrays import Counts, Integers, Numbers
    from rumpattern.columns.batch import EventBatch
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.match.kernel import Matches
    from rumpattern.plan.plan import Plan


_SPARE_TEXTS: Final = 100
"""Texts that are kept with labels whether they are needed or not: to find those that are takes longer."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A dimension over m samples: ``codes`` of shape (m,) index ``texts``, where None leaves the dimension out."""

    codes: Integers
    texts: tuple[str | None, ...]

    def take(self, places: Integers | slice) -> Labels:
        """Return the labels of the samples at some places."""
        return Labels(self.codes[places], self.texts)

    def compact(self) -> Labels:
        """Return the same labels, without texts that none has if these are many."""
        if len(self.texts) <= 2 * len(self.codes) + _SPARE_TEXTS:
            return self
        used, codes = np.unique(self.codes, return_inverse=True)
        return Labels(codes, tuple(self.texts[code] for code in used.tolist()))

    def as_list(self) -> list[str | None]:
        """Return the label of each sample."""
        return [self.texts[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What one definition publishes from one batch: m samples, and how many matched rows gave none and why.

    Attributes:
        definition: the definition's number in the plan.
        matched: how many rows it matched.
        values: shape (m,).
        starts: shape (m,), the beginning of each sample's period in seconds since 1970.
        dimensions: one ``Labels`` for each of ``dimension_names``.
        dropped: reason to count; ``matched == published + sum(dropped.values())``.
        odd: samples of odd rows, in addition to the m.
    """

    definition: int
    matched: int
    values: Numbers
    starts: Integers
    dimensions: tuple[Labels, ...]
    dropped: dict[str, int]
    odd: tuple[Sample, ...] = ()

    @property
    def published(self) -> int:
        """How many samples there are, odd rows included."""
        return len(self.values) + len(self.odd)


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """What some definitions that read the same fields publish from one batch, m samples in all.

    Attributes:
        definitions: shape (d,), the definitions' numbers in the plan.
        owners: shape (m,), ascending, which of the definitions each sample is of.
        values: shape (m,); None if all are 1.
        starts: shape (m,), the beginning of each sample's period in seconds since 1970.
        dimensions: one ``Labels`` for each of ``dimension_names``.
        counts: shape (d, reasons), how many rows of each definition came to each of ``REASONS``, odd rows included.
        odd: samples of odd rows with the numbers of their definitions, in addition to the m.
    """

    definitions: Integers
    owners: Integers
    values: Numbers | None
    starts: Integers
    dimensions: tuple[Labels, ...]
    counts: Counts
    odd: tuple[tuple[int, Sample], ...] = ()

    def split(self) -> Iterator[Samples]:
        """Yield the samples of each definition."""
        ends = np.searchsorted(self.owners, np.arange(len(self.definitions) + 1))
        values = np.ones(len(self.owners)) if self.values is None else self.values
        for owner, number in enumerate(self.definitions.tolist()):
            part = slice(ends[owner], ends[owner + 1])
            reasons = dict(zip(REASONS, self.counts[owner].tolist(), strict=True))
            yield Samples(
                number,
                sum(reasons.values()),
                values[part],
                self.starts[part],
                tuple(labels.take(part) for labels in self.dimensions),
                {reason: count for reason, count in reasons.items() if count and reason != PUBLISHED},
                tuple(sample for definition, sample in self.odd if definition == number),
            )


class FieldSignature(NamedTuple):
    """Definitions that read the same fields.

    Attributes:
        definitions: shape (d,), their numbers in the plan.
        value_key: the field that gives the value, None if each row counts 1.
        dimensions: the fields that give the dimensions.
        is_named: whether the application's name is one of them; if not, it is added.
    """

    definitions: Integers
    value_key: str | None
    dimensions: tuple[str, ...]
    is_named: bool


class Deriver:
    """Makes samples for the definitions of a plan; holds no state between batches."""

    def __init__(self, plan: Plan) -> None:
        self.definitions = plan.definitions
        signature: defaultdict[tuple[str | None, tuple[str, ...], bool], list[int]] = defaultdict(list)
        for number, definition in enumerate(self.definitions):
            paths = tuple(path for path, _ in definition.dimension_keys)
            is_named = len(dimension_names(definition)) == len(paths)
            signature[definition.value_key, paths, is_named].append(number)
        self.signature = [FieldSignature(np.array(numbers, np.int64), *fields) for fields, numbers in signature.items()]

    def derive(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[SampleTable]:
        """Yield the samples of definitions that read the same fields; ``period`` is in seconds."""
        for fields in self.fields(Readings(batch, period), matches):
            yield fields.table()

    def fields(self, readings: Readings, matches: Matches) -> Iterator[Derivation]:
        """Yield what the same definitions read."""
        for signature in self.signature:
            yield Derivation(self.definitions, signature, matches, readings)


@dataclass(frozen=True, slots=True, eq=False)
class Derivation:
    """What some definitions read from a batch.

    Attributes:
        all_definitions: those of the plan.
        signature: these definitions.
        matches: the rows that they match.
        readings: the batch.
    """

    all_definitions: Sequence[MetricDefinition]
    signature: FieldSignature
    matches: Matches
    readings: Readings

    def table(self) -> SampleTable:
        """Return the samples."""
        definitions, key, dimensions, is_named = self.signature
        value = None if key is None else self.readings.values(key)
        labels = [self.readings.dimension(path) for path in dimensions]
        labels += [] if is_named else [self.readings.optional(APPLICATION_NAME)]
        time = self.readings.times()
        rows, owners = _matched(definitions, self.matches)
        if self.readings.batch.odd:
            regular = ~self.readings.is_odd[rows]
            rows, owners = rows[regular], owners[regular]
        reason = _first_reason([*([] if value is None else [value]), *labels, time], rows)
        counts = _count(owners, reason, len(definitions))
        if reason is not None:
            rows, owners = rows[reason == 0], owners[reason == 0]
        return SampleTable(
            definitions,
            owners,
            None if value is None else value.numbers[rows],
            time.codes[rows],
            tuple(Labels(reading.codes[rows], reading.texts) for reading in labels),
            counts,
            tuple(self.odd_samples(counts)),
        )

    def odd_samples(self, counts: Counts) -> Iterator[tuple[int, Sample]]:
        """Yield the samples of odd rows with the numbers of their definitions, and count what became of the rows."""
        odd = self.readings.batch.odd
        if not odd:
            return
        rows, owners = _matched(self.signature.definitions, self.matches)
        places = np.flatnonzero(self.readings.is_odd[rows])
        for row, owner in zip(rows[places].tolist(), owners[places].tolist(), strict=True):
            number = int(self.signature.definitions[owner])
            answer = sample_event(self.all_definitions[number], odd[row], self.readings.period)
            counts[owner, _CODE[answer] if isinstance(answer, str) else 0] += 1
            if isinstance(answer, Sample):
                yield number, answer


def _matched(numbers: Integers, matches: Matches) -> tuple[Integers, Integers]:
    """Return the rows that some definitions match, one definition after the other, and which of them does."""
    if len(numbers) == 1:
        rows = matches.of(numbers[0])
        return rows, np.zeros(len(rows), np.int64)
    starts, lengths = matches.offsets[numbers], matches.offsets[numbers + 1] - matches.offsets[numbers]
    shifts = starts - np.cumsum(lengths) + lengths
    places = np.arange(lengths.sum()) + np.repeat(shifts, lengths)
    return matches.rows[places], np.repeat(np.arange(len(numbers)), lengths)


def _first_reason(readings: Sequence[FieldCodes], rows: Integers) -> Integers | None:
    """Return shape (rows,): the first reason that is not 0; None if there is none for any row."""
    result: Integers | None = None
    for reading in readings:
        if reading.has_reasons:
            reason = -np.minimum(reading.codes[rows], 0)
            result = reason if result is None else np.where(result == 0, reason, result)
    return result


def _count(owners: Integers, reason: Integers | None, definitions: int) -> Counts:
    """Return shape (definitions, reasons): how many rows of each owner there are for each reason."""
    if reason is None:
        counts = np.zeros((definitions, len(REASONS)), np.int64)
        counts[:, 0] = np.bincount(owners, minlength=definitions)
        return counts
    cells = np.bincount(owners * len(REASONS) + reason, minlength=definitions * len(REASONS))
    return cells.reshape(definitions, len(REASONS))
