"""Matches to samples, a batch at a time: the policy of ``rumpattern.derive`` applied to columns.

Definitions that read the same fields are worked on together, so that the cost is that of the matched rows, however many
definitions there are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rumpattern.definition.rumevents import APPLICATION_NAME, EVENT_TIMESTAMP
from rumpattern.derive import (
    MAX_TIMESTAMP_MS,
    MAX_VALUE,
    PUBLISHED,
    REASONS,
    Sample,
    dimension_names,
    dimension_reason,
    sample_event,
    timestamp_reason,
    value_reason,
)
from rumpattern.events.columns import are
from rumpattern.events.fields import Kind
from rumpattern.jsontext import canonical_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.events.columns import Column, EventBatch, Flags, Numbers
    from rumpattern.match.kernel import Matches
    from rumpattern.plan.plan import Plan

    Counts = np.ndarray[tuple[int, int], np.dtype[np.int64]]
    Integers = np.ndarray[tuple[int], np.dtype[np.integer[Any]]]

_SPARE_TEXTS: Final = 100
"""Texts that are kept with labels whether they are needed or not: to find those that are takes longer."""
_NO_NUMBERS: Final = np.zeros(0)
_CODE: Final = {reason: code for code, reason in enumerate(REASONS)}


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


class Alike(NamedTuple):
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
        alike: defaultdict[tuple[str | None, tuple[str, ...], bool], list[int]] = defaultdict(list)
        for number, definition in enumerate(self.definitions):
            paths = tuple(path for path, _ in definition.dimension_keys)
            is_named = len(dimension_names(definition)) == len(paths)
            alike[definition.value_key, paths, is_named].append(number)
        self.alike = [Alike(np.array(numbers, np.int64), *fields) for fields, numbers in alike.items()]

    def derive(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[SampleTable]:
        """Yield the samples of definitions that read the same fields; ``period`` is in seconds."""
        for fields in self.fields(Readings(batch, period), matches):
            yield fields.table()

    def fields(self, readings: Readings, matches: Matches) -> Iterator[Fields]:
        """Yield what the same definitions read."""
        for alike in self.alike:
            yield Fields(self.definitions, alike, matches, readings)


@dataclass(frozen=True, slots=True, eq=False)
class Fields:
    """What some definitions read from a batch.

    Attributes:
        all_definitions: those of the plan.
        alike: these definitions.
        matches: the rows that they match.
        readings: the batch.
    """

    all_definitions: Sequence[MetricDefinition]
    alike: Alike
    matches: Matches
    readings: Readings

    def table(self) -> SampleTable:
        """Return the samples."""
        definitions, key, dimensions, is_named = self.alike
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
            time.marks[rows],
            tuple(Labels(reading.marks[rows], reading.texts) for reading in labels),
            counts,
            tuple(self.odd_samples(counts)),
        )

    def odd_samples(self, counts: Counts) -> Iterator[tuple[int, Sample]]:
        """Yield the samples of odd rows with the numbers of their definitions, and count what became of the rows."""
        odd = self.readings.batch.odd
        if not odd:
            return
        rows, owners = _matched(self.alike.definitions, self.matches)
        places = np.flatnonzero(self.readings.is_odd[rows])
        for row, owner in zip(rows[places].tolist(), owners[places].tolist(), strict=True):
            number = int(self.alike.definitions[owner])
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


def _first_reason(readings: Sequence[Reading], rows: Integers) -> Integers | None:
    """Return shape (rows,): the first reason that is not 0; None if there is none for any row."""
    result: Integers | None = None
    for reading in readings:
        if reading.has_reasons:
            reason = -np.minimum(reading.marks[rows], 0)
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


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A column read as a value, a dimension or a time.

    Attributes:
        marks: shape (rows,): what is read (0 for a value, an index into ``texts``, the start of a period in seconds
            since 1970), or minus the reason why it cannot be.
        has_reasons: whether there is a reason in any row.
        numbers: shape (rows,), the values.
        texts: the labels; None leaves a dimension out.
    """

    marks: Integers
    has_reasons: bool
    numbers: Numbers = field(default_factory=lambda: _NO_NUMBERS)
    texts: tuple[str | None, ...] = ()


class Readings:
    """The readings of one batch, each made once, when a definition first asks for it; ``period`` is in seconds."""

    def __init__(self, batch: EventBatch, period: int) -> None:
        self.batch = batch
        self.period = period
        self.made: dict[tuple[str, str], Reading] = {}

    @cached_property
    def is_odd(self) -> Flags:
        """Shape (rows,): True where columns do not speak for a row."""
        return ~self.batch.regular()

    def _once(self, role: str, path: str, make: Callable[[Column], Reading]) -> Reading:
        reading = self.made.get((role, path))
        if reading is None:
            reading = self.made[role, path] = make(self.batch.columns[path])
        return reading

    def values(self, path: str) -> Reading:
        """Return a field read as a value."""
        return self._once("value", path, self.read_value)

    def dimension(self, path: str) -> Reading:
        """Return a field read as a dimension."""
        return self._once("dimension", path, self.read_dimension)

    def optional(self, path: str) -> Reading:
        """Return a field read as a dimension that is left out where the field cannot be one."""
        return self._once("optional", path, self.read_optional)

    def times(self) -> Reading:
        """Return the time read as a period's start."""
        return self._once("time", EVENT_TIMESTAMP, self.read_time)

    def read_value(self, column: Column) -> Reading:
        """Read a column as a value."""
        reasons = np.where(are(column.kinds, Kind.STRING), value_texts(column)[column.codes], VALUE_KINDS[column.kinds])
        reasons[are(column.kinds, Kind.NUMBER) & (np.abs(column.numbers) > MAX_VALUE)] = OUT_OF_RANGE
        return Reading(-reasons, bool(reasons.any()), column.numbers)

    def read_dimension(self, column: Column) -> Reading:
        """Number the distinct values: the column's strings, then false and true, then its distinct numbers."""
        codes = column.codes.copy()
        texts = [*column.strings, "false", "true"]
        codes[are(column.kinds, Kind.FALSE)] = len(texts) - 2
        codes[are(column.kinds, Kind.TRUE)] = len(texts) - 1
        is_number = are(column.kinds, Kind.NUMBER)
        if is_number.any():
            numbers, inverse = np.unique(column.numbers[is_number], return_inverse=True)
            codes[is_number] = inverse + len(texts)
            texts += map(canonical_number, numbers.tolist())
        reasons = DIMENSION_KINDS[column.kinds]
        reasons = np.where(reasons == 0, label_texts(texts)[codes], reasons)
        return Reading(np.where(reasons == 0, codes, -reasons), bool(reasons.any()), texts=tuple(texts))

    def read_optional(self, column: Column) -> Reading:
        """Read a column as a dimension that is left out where it cannot be one."""
        reading = self.read_dimension(column)
        marks = np.where(reading.marks < 0, len(reading.texts), reading.marks)
        return Reading(marks.astype(np.int32), has_reasons=False, texts=(*reading.texts, None))

    def read_time(self, column: Column) -> Reading:
        """Read a column as the start of a period."""
        reasons = TIME_KINDS[column.kinds]
        outside = ~((column.numbers >= 0) & (column.numbers < MAX_TIMESTAMP_MS))
        reasons[(reasons == 0) & outside] = TOO_LATE
        starts = np.where(reasons == 0, column.numbers, 0) // (1000 * self.period) * self.period
        return Reading(np.where(reasons == 0, starts.astype(np.int64), -reasons), bool(reasons.any()))


def _by_kind(reason: Callable[[Kind], str]) -> Integers:
    return np.array([_CODE[reason(kind)] for kind in Kind], np.int32)


VALUE_KINDS: Final = _by_kind(lambda kind: value_reason(kind, 0))
"""Shape (kinds,): the number of the reason that the kind alone gives against a value."""
DIMENSION_KINDS: Final = _by_kind(lambda kind: dimension_reason(kind, "x"))
"""Shape (kinds,): the same against a dimension."""
TIME_KINDS: Final = _by_kind(lambda kind: timestamp_reason(kind, 0))
"""Shape (kinds,): the same against a time."""
OUT_OF_RANGE: Final = _CODE["value_out_of_range"]
TOO_LATE: Final = _CODE["timestamp_out_of_range"]


def value_texts(column: Column) -> Integers:
    """Return the number of the reason against each string of a column as a value, shape (strings,) or (1,) if none."""
    return np.array([_CODE[value_reason(Kind.STRING, text)] for text in column.strings] or [0], np.int32)


def label_texts(texts: Sequence[str]) -> Integers:
    """Return the number of the reason against each text as a dimension, shape (texts,)."""
    return np.fromiter(map(_text_reason, texts), np.int32, len(texts))


@lru_cache(1 << 16)
def _text_reason(text: str) -> int:
    return _CODE[dimension_reason(Kind.STRING, text)]
