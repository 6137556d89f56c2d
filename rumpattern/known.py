"""The fields of a batch as compiled code reads them: with a mark for each kind and string that may stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.definition.rumevents import APPLICATION_NAME, EVENT_TIMESTAMP
from rumpattern.derive import MAX_TIMESTAMP_MS, MAX_VALUE
from rumpattern.events.columns import are
from rumpattern.events.fields import Kind
from rumpattern.events.scan.simd import (
    as_double,
    byte_at,
    compiled,
    half_at,
    inlined,
    integer_at,
    signed_half_at,
    word_at,
)
from rumpattern.samples import (
    DIMENSION_KINDS,
    OUT_OF_RANGE,
    TIME_KINDS,
    TOO_LATE,
    VALUE_KINDS,
    Labels,
    Readings,
    label_texts,
    value_texts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.events.columns import EventBatch
    from rumpattern.events.scan.simd import Array
    from rumpattern.samples import Alike, Integers

_WORD: Final = 8
_HALF: Final = 4
_KINDS: Final = len(Kind)
_FALSE: Final = int(Kind.FALSE)
_TRUE: Final = int(Kind.TRUE)
_NUMBER: Final = int(Kind.NUMBER)
_STRING: Final = int(Kind.STRING)
_NO_NUMBERS: Final = np.zeros(0)

FIELD_BYTES: Final = 6 * _WORD
"""Bytes of a field: the addresses of a ``Field``'s arrays, how many labels it has, and the number of the first."""
_NUMBERS_AT: Final = _WORD
_CODES_AT: Final = 2 * _WORD
_MARKS_AT: Final = 3 * _WORD
_SIZE_AT: Final = 4 * _WORD
_FIRST_AT: Final = 5 * _WORD


@inlined
def mark_at(field: int, row: int) -> int:
    """Return the mark of the field at an address in a row (see ``Field``)."""
    kind = byte_at(integer_at(field) + row)
    place = kind if kind != _STRING else _KINDS + half_at(integer_at(field + _CODES_AT) + _HALF * row)
    return signed_half_at(integer_at(field + _MARKS_AT) + _HALF * place)


@inlined
def number_at(field: int, row: int) -> float:
    """Return the number of a field in a row."""
    return as_double(word_at(integer_at(field + _NUMBERS_AT) + _WORD * row))


@inlined
def labels_of(field: int) -> int:
    """Return how many labels a field has."""
    return integer_at(field + _SIZE_AT)


@inlined
def first_label(field: int) -> int:
    """Return the number of a field's first label among those of all fields."""
    return integer_at(field + _FIRST_AT)


@inlined
def value_mark(field: int, row: int) -> int:
    """Return 0, or minus the reason why there is no value in a row."""
    if byte_at(integer_at(field) + row) == _NUMBER and abs(number_at(field, row)) > MAX_VALUE:
        return -OUT_OF_RANGE
    return mark_at(field, row)


@inlined
def time_mark(field: int, row: int) -> int:
    """Return 0, or minus the reason why there is no time in a row."""
    mark = mark_at(field, row)
    return -TOO_LATE if mark == 0 and not 0 <= number_at(field, row) < MAX_TIMESTAMP_MS else mark


@compiled
def time_range(field: int, rows: int) -> tuple[float, float]:
    """Return the first and the last time of all rows that have one; the first is infinite if there is none."""
    first, last = np.inf, 0.0
    for row in range(rows):
        if time_mark(field, row) == 0:
            number = number_at(field, row)
            first, last = min(first, number), max(last, number)
    return first, last


class Field(NamedTuple):
    """A column with the mark of each of its kinds and strings.

    Attributes:
        kinds: shape (rows,), the column's.
        numbers: shape (rows,), the column's.
        codes: shape (rows,), the column's.
        marks: shape (kinds + strings,), what a kind or a string reads as: for a value or a time 0, for a dimension an
            index into ``labels``; or minus the reason why it cannot be.
        labels: those of a dimension; None leaves it out.
    """

    kinds: Array
    numbers: Array
    codes: Array
    marks: Array
    labels: tuple[str | None, ...] = ()


class KnownFields:
    """The fields that definitions read from one batch, each of them read once.

    Args:
        batch: where they are read.
        alike: the definitions.
        period: in seconds.

    Attributes:
        first: the number of the first period since 1970 that an event of the batch is in.
        periods: how many there are from that on.
    """

    def __init__(self, batch: EventBatch, alike: Sequence[Alike], period: int) -> None:
        self.batch = batch
        self.readings = Readings(batch, period)
        values = {definitions.value_key for definitions in alike} - {None}
        labels = {(path, False) for definitions in alike for path in definitions.dimensions}
        labels |= {(APPLICATION_NAME, True) for definitions in alike if not definitions.is_named}
        fields: dict[object, Field] = {None: self._time()}
        fields |= {path: self._value(path) for path in values if path is not None}
        fields |= {(path, is_optional): self._label(path, is_optional=is_optional) for path, is_optional in labels}
        self.fields = list(fields.values())
        sizes = [len(field.labels) for field in self.fields]
        columns = zip(self.fields, sizes, np.cumsum([0, *sizes]).tolist(), strict=False)
        self.records = np.array(
            [(*(array.ctypes.data for array in field[:4]), size, first) for field, size, first in columns], np.int64
        )
        begin = self.records.ctypes.data
        self.places = {key: begin + FIELD_BYTES * number for number, key in enumerate(fields)}
        earliest, latest = time_range(self.time, len(batch))
        length = 1000 * period
        self.first = 0 if earliest > latest else int(earliest // length)
        self.periods = 1 if earliest > latest else int(latest // length) - self.first + 1

    @property
    def time(self) -> int:
        """The address of the field of the time."""
        return self.places[None]

    def value(self, alike: Alike) -> int:
        """Return the address of the field of some definitions' value, 0 if each row counts 1."""
        return 0 if alike.value_key is None else self.places[alike.value_key]

    def dimensions(self, alike: Alike) -> list[int]:
        """Return the addresses of the fields of their dimensions."""
        found = [self.places[path, False] for path in alike.dimensions]
        return found if alike.is_named else [*found, self.places[APPLICATION_NAME, True]]

    def labels(self, places: Integers, numbers: Integers) -> Labels:
        """Return the labels with some numbers, those of all fields counted, of the fields at some addresses."""
        fields = np.unique((places - self.time) // FIELD_BYTES)
        firsts = self.records[fields, _FIRST_AT // _WORD]
        if len(fields) == 1:
            return Labels(numbers - firsts, self.fields[fields[0]].labels)
        sizes = self.records[fields, _SIZE_AT // _WORD]
        skipped = firsts - (np.cumsum(sizes) - sizes)
        codes = numbers - skipped[np.searchsorted(firsts, numbers, side="right") - 1]
        return Labels(codes, tuple(label for field in fields.tolist() for label in self.fields[field].labels))

    def combinations(self, alike: Alike) -> float:
        """Return about how many combinations of periods and labels the groups of some definitions can have."""
        numbers = [(place - self.time) // FIELD_BYTES for place in self.dimensions(alike)]
        return float(np.prod([len(self.fields[number].labels) for number in numbers], dtype=np.float64) * self.periods)

    def _time(self) -> Field:
        strings = self.batch.columns[EVENT_TIMESTAMP].strings
        return self._field(EVENT_TIMESTAMP, -TIME_KINDS, np.full(len(strings), -TIME_KINDS[_STRING]))

    def _value(self, path: str) -> Field:
        return self._field(path, -VALUE_KINDS, -value_texts(self.batch.columns[path]))

    def _label(self, path: str, *, is_optional: bool) -> Field:
        column = self.batch.columns[path]
        if are(column.kinds, Kind.NUMBER).any():
            return self._numbered(path, is_optional=is_optional)
        by_kind, reasons = -DIMENSION_KINDS, label_texts(column.strings)
        count = len(column.strings)
        by_kind[_FALSE], by_kind[_TRUE] = count, count + 1
        labels = *column.strings, "false", "true"
        field = self._field(path, by_kind, np.where(reasons, -reasons, np.arange(count)), labels)
        if is_optional:
            field.marks[field.marks < 0] = len(labels)
        return field._replace(labels=(*labels, None)) if is_optional else field

    def _numbered(self, path: str, *, is_optional: bool) -> Field:
        """Return the same of a field with numbers, whose distinct values are found by arrays."""
        reading = self.readings.optional(path) if is_optional else self.readings.dimension(path)
        marks, codes = np.unique(reading.marks, return_inverse=True)
        kinds = np.full(len(codes), _STRING, np.uint8)
        marks = np.concatenate([np.zeros(_KINDS, np.int32), marks.astype(np.int32)])
        return Field(kinds, _NO_NUMBERS, codes.astype(np.int32), marks, reading.texts)

    def _field(self, path: str, by_kind: Integers, by_text: Integers, labels: tuple[str | None, ...] = ()) -> Field:
        column = self.batch.columns[path]
        return Field(
            np.ascontiguousarray(column.kinds, np.uint8),
            np.ascontiguousarray(column.numbers, np.float64),
            np.ascontiguousarray(column.codes, np.int32),
            np.concatenate([by_kind, by_text]).astype(np.int32),
            labels,
        )
