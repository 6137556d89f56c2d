"""The fields of a batch laid out for the compiled core: a record for each field and role.

What a field means is in ``derive.readings.FieldCodes``; here its arrays become addresses, and the labels of all fields
are numbered through, so that the label of a group is a single integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rumpattern.derive.readings import Role
from rumpattern.derive.samples import Labels
from rumpattern.native.structures import Field as FieldRecord
from rumpattern.native.structures import Span, TimeRange
from rumpattern.rum.limits import MAX_TIMESTAMP_MS
from rumpattern.rum.names import EVENT_TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.arrays import Array, Integers
    from rumpattern.derive.readings import Field, FieldCodes, Readings
    from rumpattern.derive.samples import FieldSignature
    from rumpattern.native.library import Core

_TIMESTAMP: Field = (EVENT_TIMESTAMP, Role.TIMESTAMP)


@dataclass(frozen=True, slots=True, eq=False)
class FieldTable:
    """The fields that definitions read from one batch, as records for the core.

    Attributes:
        readings: the batch and its fields.
        fields: shape (fields,), in the order of the records; the timestamp is the first.
        indices: the index of each field.
        first_labels: shape (fields,), the index of each field's first label among those of all fields.
        records: shape (fields,); the addresses in them are valid as long as ``arrays`` live.
        arrays: what the records point to.
        first_period: the index of the earliest period of the batch, counted from 1970.
        n_periods: how many periods there are from the earliest to the latest, gaps included; 1 if there is none.
    """

    readings: Readings
    fields: Sequence[FieldCodes]
    indices: Mapping[Field, int]
    first_labels: Integers
    records: Sequence[FieldRecord]
    arrays: Sequence[Array]
    first_period: int
    n_periods: int

    @property
    def timestamp(self) -> int:
        """The index of the timestamp."""
        return self.indices[_TIMESTAMP]

    def value(self, signature: FieldSignature) -> int | None:
        """Return the index of a signature's value, None if each row counts 1."""
        return None if signature.value_key is None else self.indices[signature.value_key, Role.VALUE]

    def dimensions(self, signature: FieldSignature) -> list[int]:
        """Return the indices of a signature's dimensions."""
        return [self.indices[field] for field in signature.dimensions]

    def labels(self, fields: Integers, indices: Integers) -> Labels:
        """Return the labels of one dimension of groups.

        Args:
            fields: the indices of the fields that this dimension is read from in some definition.
            indices: shape (groups,), indices of labels among those of all fields.
        """
        fields = np.array(sorted(set(fields.tolist())))  # np.unique would load numpy.ma
        firsts = self.first_labels[fields]
        if len(fields) == 1:
            return Labels(indices - firsts, self.fields[fields[0]].labels)
        sizes = np.array([len(self.fields[field].labels) for field in fields.tolist()])
        skipped = firsts - (np.cumsum(sizes) - sizes)  # labels, before each field's, of fields that are not read here
        codes = indices - skipped[np.searchsorted(firsts, indices, side="right") - 1]
        return Labels(codes, tuple(label for field in fields.tolist() for label in self.fields[field].labels))

    def count_combinations(self, signature: FieldSignature) -> float:
        """Return an upper bound of the combinations of periods and labels that a definition's groups can have."""
        n_labels = [len(self.readings.codes(*field).labels) for field in signature.dimensions]
        return float(np.prod(n_labels, dtype=np.float64) * self.n_periods)


def lay_out_fields(core: Core, readings: Readings, signatures: Sequence[FieldSignature]) -> FieldTable:
    """Lay out every field that definitions read from a batch."""
    values = [(signature.value_key, Role.VALUE) for signature in signatures if signature.value_key is not None]
    dimensions = [field for signature in signatures for field in signature.dimensions]
    keys = list(dict.fromkeys([_TIMESTAMP, *values, *dimensions]))
    fields = [readings.codes(*key) for key in keys]
    arrays = [_arrays(field) for field in fields]
    n_labels = np.array([len(field.labels) for field in fields])
    firsts = np.cumsum(n_labels) - n_labels
    labels = zip(n_labels.tolist(), firsts.tolist(), strict=True)
    records = [
        FieldRecord(*map(Span.of, of_field), *of_labels) for of_field, of_labels in zip(arrays, labels, strict=True)
    ]
    times = TimeRange(records[0], MAX_TIMESTAMP_MS)
    core.call("time_range", times)
    length = 1_000 * readings.period
    first = 0 if times.first > times.last else int(times.first // length)
    return FieldTable(
        readings,
        fields,
        {key: index for index, key in enumerate(keys)},
        firsts,
        records,
        [array for of_field in arrays for array in of_field],
        first,
        int(times.last // length) - first + 1,  # the latest is 0 if there is none
    )


def _arrays(field: FieldCodes) -> list[Array]:
    """Return the arrays of a field's record in the types that the core loads."""
    column = field.column
    return [
        np.ascontiguousarray(column.kinds, np.uint8),
        np.ascontiguousarray(column.numbers, np.float64),
        np.ascontiguousarray(column.codes, np.int32),
        np.ascontiguousarray(field.codes, np.int32),
    ]
