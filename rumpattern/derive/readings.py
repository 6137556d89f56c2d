"""A batch's columns as definitions read them: the meaning of each kind and of each dictionary entry, worked out once.

``policy`` is asked for each kind when this module is loaded and for each distinct string of a column once a batch,
never for a row: a field that a thousand definitions read costs as much as one that one definition reads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

import numpy as np

from rumpattern.columns.batch import Column, kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.derive.policy import REASON_CODES, dimension_reason, dimension_text, timestamp_reason, value_reason
from rumpattern.jsontext import canonical_number
from rumpattern.rum.limits import MAX_TIMESTAMP_MS, MAX_VALUE

if TYPE_CHECKING:
    from collections.abc import Callable

    from rumpattern.arrays import Codes, Flags, Integers, Numbers
    from rumpattern.columns.batch import EventBatch


class Role(Enum):
    """What a definition reads a field as."""

    VALUE = auto()
    DIMENSION = auto()
    OPTIONAL_DIMENSION = auto()
    """A dimension that is left out of the metric, instead of dropping the sample, where the field cannot be one."""
    TIMESTAMP = auto()


Field: TypeAlias = tuple[str, Role]
"""A path of the event and what it is read as."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldCodes:
    """A column's dictionary in one role: what each kind and each distinct string means.

    The code of a row is ``codes[len(Kind) + column.codes[row]]`` where its kind is STRING, ``codes[column.kinds[row]]``
    where it is any other. Arrays look it up by ``expand``, the compiled core by the address of ``codes``
    (``aggregate.field_table``). Numbers, whose range no dictionary knows, are left to either.

    Attributes:
        column: the column, whose numbers have become strings in the role of a dimension.
        codes: shape (kinds + strings,): minus a reason code, or 0 for a value or a timestamp, an index into ``labels``
            for a dimension.
        labels: the dimension values; None leaves the dimension out.
    """

    column: Column
    codes: Codes
    labels: tuple[str | None, ...] = ()

    def expand(self) -> Codes:
        """Return the code of each row, shape (rows,)."""
        column = self.column
        if not column.strings:
            return self.codes.take(column.kinds)
        is_string = kind_mask(column.kinds, Kind.STRING)
        return self.codes.take(np.where(is_string, column.codes + np.int32(len(Kind)), column.kinds))

    def optional(self) -> FieldCodes:
        """Return the same dimension, left out where it would drop the sample."""
        codes = np.where(self.codes < 0, np.int32(len(self.labels)), self.codes)
        return replace(self, codes=codes, labels=(*self.labels, None))


@dataclass(frozen=True, slots=True, eq=False)
class RowCodes:
    """A field in one role, expanded to the rows of its batch.

    Attributes:
        codes: shape (rows,): minus a reason code; or 0 for a value, an index into ``labels`` for a dimension, the start
            of the period in seconds since 1970 for a timestamp.
        has_drops: whether a code is negative.
        numbers: shape (rows,), the column's.
        labels: the dimension values; None leaves the dimension out.
    """

    codes: Integers
    has_drops: bool
    numbers: Numbers
    labels: tuple[str | None, ...]


class Readings:
    """The fields of one batch by path and role, each worked out when first asked for; ``period`` is in seconds."""

    def __init__(self, batch: EventBatch, period: int) -> None:
        self.batch = batch
        self.period = period
        self._codes: dict[Field, FieldCodes] = {}
        self._rows: dict[Field, RowCodes] = {}

    @cached_property
    def is_odd(self) -> Flags:
        """Shape (rows,): True for rows on the exact path, for which columns do not speak."""
        return ~self.batch.regular()

    def codes(self, path: str, role: Role) -> FieldCodes:
        """Return the dictionary of a field in a role."""
        codes = self._codes.get((path, role))
        if codes is None:
            codes = self._codes[path, role] = self._build(path, role)
        return codes

    def rows(self, path: str, role: Role) -> RowCodes:
        """Return the rows of a field in a role."""
        rows = self._rows.get((path, role))
        if rows is None:
            rows = self._rows[path, role] = _expand(self.codes(path, role), role, self.period)
        return rows

    def _build(self, path: str, role: Role) -> FieldCodes:
        column = self.batch.columns[path]
        match role:
            case Role.VALUE:
                return FieldCodes(column, _join(_VALUE_KINDS, list(map(_value_code, column.strings))))
            case Role.DIMENSION:
                return _dimension_codes(_numbers_as_strings(column))
            case Role.OPTIONAL_DIMENSION:
                return self.codes(path, Role.DIMENSION).optional()
            case Role.TIMESTAMP:
                code = int(_TIMESTAMP_KINDS[int(Kind.STRING)])  # no string is a time, whatever it says
                return FieldCodes(column, _join(_TIMESTAMP_KINDS, [code] * len(column.strings)))
            case _:
                assert_never(role)


# --- the policy as tables -------------------------------------------------------------------------------------------


def _code(reason: str) -> int:
    """Return minus a reason's code: 0 if the sample is published."""
    return -REASON_CODES[reason]


def _by_kind(reason: Callable[[Kind], str]) -> Codes:
    return np.array([_code(reason(kind)) for kind in Kind], np.int32)


_VALUE_KINDS: Final = _by_kind(lambda kind: value_reason(kind, 0))
"""Shape (kinds,): the code of each kind as a value; that of STRING is not used."""
_DIMENSION_KINDS: Final = _by_kind(lambda kind: dimension_reason(kind, "x"))
"""Shape (kinds,): the same as a dimension."""
_TIMESTAMP_KINDS: Final = _by_kind(lambda kind: timestamp_reason(kind, 0))
"""Shape (kinds,): the same as a timestamp."""
_VALUE_OUT_OF_RANGE: Final = _code("value_out_of_range")
_TIMESTAMP_OUT_OF_RANGE: Final = _code("timestamp_out_of_range")


def _value_code(text: str) -> int:
    return _code(value_reason(Kind.STRING, text))


# Batches repeat their strings, and the reason is looked for character by character.
@lru_cache(1 << 16)
def _dimension_code(text: str) -> int:
    return _code(dimension_reason(Kind.STRING, text))


def _join(by_kind: Codes, by_string: list[int]) -> Codes:
    return np.concatenate([by_kind, np.array(by_string, np.int32)])


def _dimension_codes(column: Column) -> FieldCodes:
    """Return the dictionary of a dimension: the labels are the column's strings, then those of false and true."""
    n_strings = len(column.strings)
    by_kind = _DIMENSION_KINDS.copy()
    by_kind[[int(Kind.FALSE), int(Kind.TRUE)]] = n_strings, n_strings + 1
    by_string = np.fromiter(map(_dimension_code, column.strings), np.int32, n_strings)
    by_string += np.where(by_string == 0, np.arange(n_strings, dtype=np.int32), 0)
    labels = (*column.strings, dimension_text(Kind.FALSE, None), dimension_text(Kind.TRUE, None))
    return FieldCodes(column, np.concatenate([by_kind, by_string]), labels)


def _numbers_as_strings(column: Column) -> Column:
    """Return a column in which each number is a string, its dimension value, so that the dictionary alone decides."""
    is_number = kind_mask(column.kinds, Kind.NUMBER)
    if not is_number.any():
        return column
    numbers, inverse = np.unique(column.numbers[is_number], return_inverse=True)
    kinds, codes = column.kinds.copy(), column.codes.copy()
    kinds[is_number] = int(Kind.STRING)
    codes[is_number] = inverse + len(column.strings)
    texts = map(canonical_number, numbers.tolist())  # dimension_text gives the same, but takes 10 microseconds, not 4
    return Column(kinds, column.numbers, codes, (*column.strings, *texts))


def _expand(field: FieldCodes, role: Role, period: int) -> RowCodes:
    codes: Integers = field.expand()
    numbers = field.column.numbers
    match role:
        case Role.VALUE:
            is_large = np.abs(numbers) > MAX_VALUE
            if is_large.any():
                codes[is_large & kind_mask(field.column.kinds, Kind.NUMBER)] = _VALUE_OUT_OF_RANGE
        case Role.TIMESTAMP:
            is_time = codes == 0
            is_inside = (numbers >= 0) & (numbers < MAX_TIMESTAMP_MS)
            codes[is_time & ~is_inside] = _TIMESTAMP_OUT_OF_RANGE
            # As whole milliseconds, since floor(x / n) = floor(floor(x) / n): doubles take 15 times as long to divide.
            times = np.where(is_time & is_inside, numbers, 0).astype(np.int64)
            codes = np.where(codes == 0, times // (1_000 * period) * period, codes)
        case Role.DIMENSION | Role.OPTIONAL_DIMENSION:
            pass
        case _:
            assert_never(role)
    return RowCodes(codes, bool((codes < 0).any()), numbers, field.labels)
