"""The columns of a batch read as values, dimensions and times, each once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.columns.batch import kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.derive.policy import REASONS, dimension_reason, timestamp_reason, value_reason
from rumpattern.jsontext import canonical_number
from rumpattern.rum.limits import MAX_TIMESTAMP_MS, MAX_VALUE
from rumpattern.rum.names import EVENT_TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rumpattern.arrays import Flags, Integers, Numbers
    from rumpattern.columns.batch import Column, EventBatch


_NO_NUMBERS: Final = np.zeros(0)
_CODE: Final = {reason: code for code, reason in enumerate(REASONS)}


@dataclass(frozen=True, slots=True, eq=False)
class FieldCodes:
    """A column read as a value, a dimension or a time.

    Attributes:
        marks: shape (rows,): what is read (0 for a value, an index into ``texts``, the start of a period in seconds
            since 1970), or minus the reason why it cannot be.
        has_reasons: whether there is a reason in any row.
        numbers: shape (rows,), the values.
        texts: the labels; None leaves a dimension out.
    """

    codes: Integers
    has_reasons: bool
    numbers: Numbers = field(default_factory=lambda: _NO_NUMBERS)
    texts: tuple[str | None, ...] = ()


class Readings:
    """The readings of one batch, each made once, when a definition first asks for it; ``period`` is in seconds."""

    def __init__(self, batch: EventBatch, period: int) -> None:
        self.batch = batch
        self.period = period
        self.made: dict[tuple[str, str], FieldCodes] = {}

    @cached_property
    def is_odd(self) -> Flags:
        """Shape (rows,): True where columns do not speak for a row."""
        return ~self.batch.regular()

    def _once(self, role: str, path: str, make: Callable[[Column], FieldCodes]) -> FieldCodes:
        reading = self.made.get((role, path))
        if reading is None:
            reading = self.made[role, path] = make(self.batch.columns[path])
        return reading

    def values(self, path: str) -> FieldCodes:
        """Return a field read as a value."""
        return self._once("value", path, self.read_value)

    def dimension(self, path: str) -> FieldCodes:
        """Return a field read as a dimension."""
        return self._once("dimension", path, self.read_dimension)

    def optional(self, path: str) -> FieldCodes:
        """Return a field read as a dimension that is left out where the field cannot be one."""
        return self._once("optional", path, self.read_optional)

    def times(self) -> FieldCodes:
        """Return the time read as a period's start."""
        return self._once("time", EVENT_TIMESTAMP, self.read_time)

    def read_value(self, column: Column) -> FieldCodes:
        """Read a column as a value."""
        reasons = np.where(
            kind_mask(column.kinds, Kind.STRING), value_texts(column)[column.codes], VALUE_KINDS[column.kinds]
        )
        reasons[kind_mask(column.kinds, Kind.NUMBER) & (np.abs(column.numbers) > MAX_VALUE)] = OUT_OF_RANGE
        return FieldCodes(-reasons, bool(reasons.any()), column.numbers)

    def read_dimension(self, column: Column) -> FieldCodes:
        """Number the distinct values: the column's strings, then false and true, then its distinct numbers."""
        codes = column.codes.copy()
        texts = [*column.strings, "false", "true"]
        codes[kind_mask(column.kinds, Kind.FALSE)] = len(texts) - 2
        codes[kind_mask(column.kinds, Kind.TRUE)] = len(texts) - 1
        is_number = kind_mask(column.kinds, Kind.NUMBER)
        if is_number.any():
            numbers, inverse = np.unique(column.numbers[is_number], return_inverse=True)
            codes[is_number] = inverse + len(texts)
            texts += map(canonical_number, numbers.tolist())
        reasons = DIMENSION_KINDS[column.kinds]
        reasons = np.where(reasons == 0, label_texts(texts)[codes], reasons)
        return FieldCodes(np.where(reasons == 0, codes, -reasons), bool(reasons.any()), texts=tuple(texts))

    def read_optional(self, column: Column) -> FieldCodes:
        """Read a column as a dimension that is left out where it cannot be one."""
        reading = self.read_dimension(column)
        codes = np.where(reading.codes < 0, len(reading.texts), reading.codes)
        return FieldCodes(codes.astype(np.int32), has_reasons=False, texts=(*reading.texts, None))

    def read_time(self, column: Column) -> FieldCodes:
        """Read a column as the start of a period."""
        reasons = TIME_KINDS[column.kinds]
        outside = ~((column.numbers >= 0) & (column.numbers < MAX_TIMESTAMP_MS))
        reasons[(reasons == 0) & outside] = TOO_LATE
        starts = np.where(reasons == 0, column.numbers, 0) // (1000 * self.period) * self.period
        return FieldCodes(np.where(reasons == 0, starts.astype(np.int64), -reasons), bool(reasons.any()))


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
