"""Matches to samples, a batch at a time: the policy of ``rumpattern.derive`` applied to columns.

Definitions that read the same fields are worked on together, so that the cost is that of the matched rows, however many
definitions there are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

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
from rumpattern.events.fields import Kind
from rumpattern.jsontext import canonical_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rumpattern.events.columns import Codes, Column, EventBatch, Numbers
    from rumpattern.match.kernel import Matches
    from rumpattern.plan.plan import Plan

    Counts = np.ndarray[tuple[int, int], np.dtype[np.int64]]
    Integers = np.ndarray[tuple[int], np.dtype[np.int64]]
    Reasons = np.ndarray[tuple[int], np.dtype[np.uint8]]

_CODE: Final = {reason: code for code, reason in enumerate(REASONS)}


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A dimension over m samples: ``codes`` of shape (m,) index ``texts``, where None leaves the dimension out."""

    codes: Codes
    texts: tuple[str | None, ...]


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
                tuple(Labels(labels.codes[part], labels.texts) for labels in self.dimensions),
                {reason: count for reason, count in reasons.items() if count and reason != PUBLISHED},
                tuple(sample for definition, sample in self.odd if definition == number),
            )


class Deriver:
    """Makes samples for the definitions of a plan; holds no state between batches."""

    def __init__(self, plan: Plan) -> None:
        self.definitions = plan.definitions
        alike: defaultdict[object, list[int]] = defaultdict(list)
        for number, definition in enumerate(self.definitions):
            paths = tuple(path for path, _ in definition.dimension_keys)
            is_named = len(dimension_names(definition)) == len(paths)
            alike[definition.value_key, paths, is_named].append(number)
        self.groups = [np.array(numbers, np.int64) for numbers in alike.values()]

    def derive(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[SampleTable]:
        """Yield the samples of definitions that read the same fields; ``period`` is in seconds."""
        readings = _Readings(batch, period)
        for group in self.groups:
            yield self._samples(group, matches, readings)

    def _samples(self, group: Integers, matches: Matches, readings: _Readings) -> SampleTable:
        definition = self.definitions[group[0]]
        rows, owners = _matched(group, matches)
        odd_rows, odd_owners = rows[:0], owners[:0]
        if readings.batch.odd:
            is_odd = ~readings.batch.regular()[rows]
            odd_rows, odd_owners = rows[is_odd], owners[is_odd]
            rows, owners = rows[~is_odd], owners[~is_odd]
        parts = [readings.dimension(path) for path, _ in definition.dimension_keys]
        time = readings.times()
        value = None if definition.value_key is None else readings.values(definition.value_key)
        reason = _first_reason([*([] if value is None else [value]), *parts, time], rows)
        counts = _count(owners, reason, len(group))
        if reason is not None:
            rows, owners = rows[reason == 0], owners[reason == 0]
        if len(parts) < len(dimension_names(definition)):
            parts.append(readings.optional(APPLICATION_NAME))
        return SampleTable(
            group,
            owners,
            None if value is None else value.numbers[rows],
            time.starts[rows],
            tuple(Labels(part.codes[rows], part.texts) for part in parts),
            counts,
            tuple(self._odd_samples(group, odd_rows, odd_owners, counts, readings)),
        )

    def _odd_samples(
        self, group: Integers, rows: Integers, owners: Integers, counts: Counts, readings: _Readings
    ) -> Iterator[tuple[int, Sample]]:
        for row, owner in zip(rows.tolist(), owners.tolist(), strict=True):
            number = int(group[owner])
            answer = sample_event(self.definitions[number], readings.batch.odd[row], readings.period)
            if isinstance(answer, str):
                counts[owner, _CODE[answer]] += 1
            else:
                counts[owner, 0] += 1
                yield number, answer


def _matched(group: Integers, matches: Matches) -> tuple[Integers, Integers]:
    """Return the rows that a group's definitions match, one definition after the other, and which of them does."""
    if len(group) == 1:
        rows = matches.of(group[0])
        return rows, np.zeros(len(rows), np.int64)
    starts, lengths = matches.offsets[group], matches.offsets[group + 1] - matches.offsets[group]
    shifts = starts - np.cumsum(lengths) + lengths
    places = np.arange(lengths.sum()) + np.repeat(shifts, lengths)
    return matches.rows[places], np.repeat(np.arange(len(group)), lengths)


def _first_reason(readings: Sequence[_Reading], rows: Integers) -> Reasons | None:
    """Return shape (rows,): the first reason that is not 0; None if there is none for any row."""
    result: Reasons | None = None
    for reading in readings:
        if reading.has_reasons:
            reason = reading.reasons[rows]
            result = reason if result is None else np.where(result == 0, reason, result)
    return result


def _count(owners: Integers, reason: Reasons | None, groups: int) -> Counts:
    """Return shape (groups, reasons): how many rows of each owner there are for each reason."""
    if reason is None:
        counts = np.zeros((groups, len(REASONS)), np.int64)
        counts[:, 0] = np.bincount(owners, minlength=groups)
        return counts
    cells = np.bincount(owners * len(REASONS) + reason, minlength=groups * len(REASONS))
    return cells.reshape(groups, len(REASONS))


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A column read as a value, dimension or time, over all rows: a reason a row, and labels or period starts."""

    reasons: Reasons
    has_reasons: bool
    numbers: Numbers
    codes: Codes
    texts: tuple[str | None, ...]
    starts: Integers


_NO_NUMBERS: Final = np.zeros(0)
_NO_CODES: Final = np.zeros(0, np.int32)
_NO_STARTS: Final = np.zeros(0, np.int64)


class _Readings:
    """The readings of one batch, each made once, when a definition first asks for it."""

    def __init__(self, batch: EventBatch, period: int) -> None:
        self.batch = batch
        self.period = period
        self.made: dict[tuple[str, str], _Reading] = {}

    def _once(self, role: str, path: str, make: Callable[[Column], _Reading]) -> _Reading:
        reading = self.made.get((role, path))
        if reading is None:
            reading = self.made[role, path] = make(self.batch.columns[path])
        return reading

    def values(self, path: str) -> _Reading:
        return self._once("value", path, _read_value)

    def dimension(self, path: str) -> _Reading:
        return self._once("dimension", path, _read_dimension)

    def times(self) -> _Reading:
        return self._once("time", EVENT_TIMESTAMP, self._read_time)

    def optional(self, path: str) -> _Reading:
        """Read a dimension that is left out where the field cannot be one."""
        return self._once("optional", path, lambda _: _left_out(self.dimension(path)))

    def _read_time(self, column: Column) -> _Reading:
        reasons = _kind_reasons(column, lambda kind: timestamp_reason(kind, 0))
        outside = ~((column.numbers >= 0) & (column.numbers < MAX_TIMESTAMP_MS))
        reasons[(reasons == 0) & outside] = _CODE["timestamp_out_of_range"]
        starts = np.where(reasons == 0, column.numbers, 0) // (1000 * self.period) * self.period
        return _Reading(reasons, bool(reasons.any()), _NO_NUMBERS, _NO_CODES, (), starts.astype(np.int64))


def _read_value(column: Column) -> _Reading:
    reasons = _kind_reasons(column, lambda kind: value_reason(kind, 0))
    by_text = np.array([_CODE[value_reason(Kind.STRING, text)] for text in column.strings] or [0], np.uint8)
    reasons = np.where(column.kinds == Kind.STRING, by_text[column.codes], reasons)
    reasons[(column.kinds == Kind.NUMBER) & (np.abs(column.numbers) > MAX_VALUE)] = _CODE["value_out_of_range"]
    return _Reading(reasons, bool(reasons.any()), column.numbers, _NO_CODES, (), _NO_STARTS)


def _read_dimension(column: Column) -> _Reading:
    """Number the distinct values: the column's strings, then false and true, then its distinct numbers."""
    codes = column.codes.copy()
    texts = [*column.strings, "false", "true"]
    codes[column.kinds == Kind.FALSE] = len(texts) - 2
    codes[column.kinds == Kind.TRUE] = len(texts) - 1
    is_number = column.kinds == Kind.NUMBER
    if is_number.any():
        numbers, inverse = np.unique(column.numbers[is_number], return_inverse=True)
        codes[is_number] = inverse + len(texts)
        texts += map(canonical_number, numbers.tolist())
    by_text = np.fromiter(map(_text_reason, texts), np.uint8, len(texts))
    reasons = _kind_reasons(column, lambda kind: dimension_reason(kind, "x"))
    reasons = np.where(reasons == 0, by_text[codes], reasons)
    return _Reading(reasons, bool(reasons.any()), _NO_NUMBERS, codes, tuple(texts), _NO_STARTS)


@lru_cache(1 << 16)
def _text_reason(text: str) -> int:
    return _CODE[dimension_reason(Kind.STRING, text)]


def _left_out(reading: _Reading) -> _Reading:
    codes = np.where(reading.reasons == 0, reading.codes, len(reading.texts)).astype(np.int32)
    return _Reading(reading.reasons, False, _NO_NUMBERS, codes, (*reading.texts, None), _NO_STARTS)  # noqa: FBT003


def _kind_reasons(column: Column, reason: Callable[[Kind], str]) -> Reasons:
    """Return shape (rows,): the reason that the kind alone gives, for a value that is good otherwise."""
    by_kind = np.array([_CODE[reason(kind)] for kind in Kind], np.uint8)
    return by_kind[column.kinds]
