"""The fields of a batch as compiled code reads them: with a mark for each kind and string that may stand there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.columns.batch import kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.derive.readings import (
    DIMENSION_KINDS,
    TIME_KINDS,
    VALUE_KINDS,
    Readings,
    label_texts,
    value_texts,
)
from rumpattern.derive.samples import Labels
from rumpattern.native.fields import FIELD_BYTES, FIRST_AT, SIZE_AT, WORD, time_range
from rumpattern.rum.names import APPLICATION_NAME, EVENT_TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Array, Integers
    from rumpattern.columns.batch import EventBatch
    from rumpattern.derive.samples import FieldSignature
_STRING: Final = int(Kind.STRING)
_FALSE: Final = int(Kind.FALSE)
_TRUE: Final = int(Kind.TRUE)
_NO_NUMBERS: Final = np.zeros(0)


class Field(NamedTuple):
    """A column with the mark of each of its kinds and strings.

    Attributes:
        kinds: shape (rows,), the column's.
        numbers: shape (rows,), the column's.
        codes: shape (rows,), the column's.
        field_codes: shape (kinds + strings,), what a kind or a string reads as: for a value or a time 0, for a
            dimension an index into ``labels``; or minus the reason why it cannot be.
        labels: those of a dimension; None leaves it out.
    """

    kinds: Array
    numbers: Array
    codes: Array
    field_codes: Array
    labels: tuple[str | None, ...] = ()


class FieldTable:
    """The fields that definitions read from one batch, each of them read once.

    Args:
        batch: where they are read.
        signature: the definitions.
        period: in seconds.

    Attributes:
        first: the number of the first period since 1970 that an event of the batch is in.
        periods: how many there are from that on.
    """

    def __init__(self, batch: EventBatch, signature: Sequence[FieldSignature], period: int) -> None:
        self.batch = batch
        self.readings = Readings(batch, period)
        values = {definitions.value_key for definitions in signature} - {None}
        labels = {(path, False) for definitions in signature for path in definitions.dimensions}
        labels |= {(APPLICATION_NAME, True) for definitions in signature if not definitions.is_named}
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

    def value(self, signature: FieldSignature) -> int:
        """Return the address of the field of some definitions' value, 0 if each row counts 1."""
        return 0 if signature.value_key is None else self.places[signature.value_key]

    def dimensions(self, signature: FieldSignature) -> list[int]:
        """Return the addresses of the fields of their dimensions."""
        found = [self.places[path, False] for path in signature.dimensions]
        return found if signature.is_named else [*found, self.places[APPLICATION_NAME, True]]

    def labels(self, places: Integers, numbers: Integers) -> Labels:
        """Return the labels with some numbers, those of all fields counted, of the fields at some addresses."""
        fields = np.unique((places - self.time) // FIELD_BYTES)
        firsts = self.records[fields, FIRST_AT // WORD]
        if len(fields) == 1:
            return Labels(numbers - firsts, self.fields[fields[0]].labels)
        sizes = self.records[fields, SIZE_AT // WORD]
        skipped = firsts - (np.cumsum(sizes) - sizes)
        codes = numbers - skipped[np.searchsorted(firsts, numbers, side="right") - 1]
        return Labels(codes, tuple(label for field in fields.tolist() for label in self.fields[field].labels))

    def combinations(self, signature: FieldSignature) -> float:
        """Return about how many combinations of periods and labels the groups of some definitions can have."""
        numbers = [(place - self.time) // FIELD_BYTES for place in self.dimensions(signature)]
        return float(np.prod([len(self.fields[number].labels) for number in numbers], dtype=np.float64) * self.periods)

    def _time(self) -> Field:
        strings = self.batch.columns[EVENT_TIMESTAMP].strings
        return self._field(EVENT_TIMESTAMP, -TIME_KINDS, np.full(len(strings), -TIME_KINDS[_STRING]))

    def _value(self, path: str) -> Field:
        return self._field(path, -VALUE_KINDS, -value_texts(self.batch.columns[path]))

    def _label(self, path: str, *, is_optional: bool) -> Field:
        column = self.batch.columns[path]
        if kind_mask(column.kinds, Kind.NUMBER).any():
            return self._numbered(path, is_optional=is_optional)
        by_kind, reasons = -DIMENSION_KINDS, label_texts(column.strings)
        count = len(column.strings)
        by_kind[_FALSE], by_kind[_TRUE] = count, count + 1
        labels = *column.strings, "false", "true"
        field = self._field(path, by_kind, np.where(reasons, -reasons, np.arange(count)), labels)
        if is_optional:
            field.field_codes[field.field_codes < 0] = len(labels)
        return field._replace(labels=(*labels, None)) if is_optional else field

    def _numbered(self, path: str, *, is_optional: bool) -> Field:
        """Return the same of a field with numbers, whose distinct values are found by arrays."""
        reading = self.readings.optional(path) if is_optional else self.readings.dimension(path)
        distinct, codes = np.unique(reading.codes, return_inverse=True)
        kinds = np.full(len(codes), _STRING, np.uint8)
        field_codes = np.concatenate([np.zeros(len(Kind), np.int32), distinct.astype(np.int32)])
        return Field(kinds, _NO_NUMBERS, codes.astype(np.int32), field_codes, reading.texts)

    def _field(self, path: str, by_kind: Integers, by_text: Integers, labels: tuple[str | None, ...] = ()) -> Field:
        column = self.batch.columns[path]
        return Field(
            np.ascontiguousarray(column.kinds, np.uint8),
            np.ascontiguousarray(column.numbers, np.float64),
            np.ascontiguousarray(column.codes, np.int32),
            np.concatenate([by_kind, by_text]).astype(np.int32),
            labels,
        )
