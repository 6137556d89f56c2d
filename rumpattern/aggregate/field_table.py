"""The fields of a batch laid out for compiled code: a record of addresses for each field and role.

What a field means is in ``derive.readings.FieldCodes``; here its arrays become addresses, and the labels of all fields
are numbered through, so that the label of a group is a single integer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rumpattern.dataclass import dataclass
from rumpattern.derive.readings import Role
from rumpattern.derive.samples import Labels
from rumpattern.native.fields import FIELD_BYTES, FIRST_LABEL_AT, LABEL_COUNT_AT, WORD, time_range
from rumpattern.rum.names import EVENT_TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.arrays import Array, Integers
    from rumpattern.derive.readings import Field, FieldCodes, Readings
    from rumpattern.derive.samples import FieldSignature

_TIMESTAMP: Field = (EVENT_TIMESTAMP, Role.TIMESTAMP)


@dataclass(frozen=True, slots=True, eq=False)
class FieldTable:
    """The fields that definitions read from one batch, as records that compiled code reads by address.

    Attributes:
        readings: the batch and its fields.
        fields: shape (fields,), in the order of the records; the timestamp is the first.
        arrays: what the records point to; addresses are valid as long as these live.
        records: shape (fields, words): the addresses of kinds, numbers, codes into the dictionary, and the dictionary
            (``FieldCodes.codes``); how many labels there are, and the index of the first among those of all fields.
        addresses: the address of each field's record.
        first_period: the index of the earliest period of the batch, counted from 1970.
        n_periods: how many periods there are from the earliest to the latest, gaps included; 1 if there is none.
    """

    readings: Readings
    fields: Sequence[FieldCodes]
    arrays: Sequence[Array]
    records: Array
    addresses: Mapping[Field, int]
    first_period: int
    n_periods: int

    @property
    def timestamp(self) -> int:
        """The address of the timestamp's record."""
        return self.addresses[_TIMESTAMP]

    def value(self, signature: FieldSignature) -> int:
        """Return the address of the record of a signature's value, 0 if each row counts 1."""
        return 0 if signature.value_key is None else self.addresses[signature.value_key, Role.VALUE]

    def dimensions(self, signature: FieldSignature) -> list[int]:
        """Return the addresses of the records of a signature's dimensions."""
        return [self.addresses[field] for field in signature.dimensions]

    def labels(self, addresses: Integers, indices: Integers) -> Labels:
        """Return the labels of one dimension of groups.

        Args:
            addresses: the records of the fields that this dimension is read from in some definition.
            indices: shape (groups,), indices of labels among those of all fields.
        """
        fields = np.unique((addresses - self.timestamp) // FIELD_BYTES)
        firsts = self.records[fields, FIRST_LABEL_AT // WORD]
        if len(fields) == 1:
            return Labels(indices - firsts, self.fields[fields[0]].labels)
        sizes = self.records[fields, LABEL_COUNT_AT // WORD]
        skipped = firsts - (np.cumsum(sizes) - sizes)  # labels, before each field's, of fields that are not read here
        codes = indices - skipped[np.searchsorted(firsts, indices, side="right") - 1]
        return Labels(codes, tuple(label for field in fields.tolist() for label in self.fields[field].labels))

    def count_combinations(self, signature: FieldSignature) -> float:
        """Return an upper bound of the combinations of periods and labels that a definition's groups can have."""
        n_labels = [len(self.readings.codes(*field).labels) for field in signature.dimensions]
        return float(np.prod(n_labels, dtype=np.float64) * self.n_periods)


def lay_out_fields(readings: Readings, signatures: Sequence[FieldSignature]) -> FieldTable:
    """Lay out every field that definitions read from a batch."""
    values = [(signature.value_key, Role.VALUE) for signature in signatures if signature.value_key is not None]
    dimensions = [field for signature in signatures for field in signature.dimensions]
    keys = list(dict.fromkeys([_TIMESTAMP, *values, *dimensions]))
    fields = [readings.codes(*key) for key in keys]
    arrays = [_arrays(field) for field in fields]
    n_labels = np.array([len(field.labels) for field in fields])
    firsts = np.cumsum(n_labels) - n_labels
    pointers = [[array.ctypes.data for array in of_field] for of_field in arrays]
    labels = zip(n_labels.tolist(), firsts.tolist(), strict=True)
    records = np.array([(*words, *count) for words, count in zip(pointers, labels, strict=True)], np.int64)
    begin = records.ctypes.data
    earliest, latest = time_range(begin, len(readings.batch))
    length = 1_000 * readings.period
    first = 0 if earliest > latest else int(earliest // length)
    return FieldTable(
        readings,
        fields,
        [array for of_field in arrays for array in of_field],
        records,
        {key: begin + FIELD_BYTES * index for index, key in enumerate(keys)},
        first,
        int(latest // length) - first + 1,  # the latest is 0 if there is none
    )


def _arrays(field: FieldCodes) -> list[Array]:
    """Return the arrays of a field's record in the types that compiled code loads."""
    column = field.column
    return [
        np.ascontiguousarray(column.kinds, np.uint8),
        np.ascontiguousarray(column.numbers, np.float64),
        np.ascontiguousarray(column.codes, np.int32),
        np.ascontiguousarray(field.codes, np.int32),
    ]
