"""Matches to groups in one pass over the matched rows, by compiled code (extra ``fast``).

It gives what ``samples`` and ``groups`` give with arrays, a step at a time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rumpattern.derive import MAX_TIMESTAMP_MS, MAX_VALUE, REASONS
from rumpattern.events.fields import Kind
from rumpattern.events.scan.simd import bits_of, compiled, half_at, inlined, signed
from rumpattern.groups import Grouped, Groups
from rumpattern.samples import (
    DIMENSION_KINDS,
    OUT_OF_RANGE,
    TIME_KINDS,
    TOO_LATE,
    VALUE_KINDS,
    Labels,
    Reading,
    Readings,
    label_texts,
    value_texts,
)
from rumpattern.sums import ExactSums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.events.columns import Column, EventBatch
    from rumpattern.match.kernel import Matches
    from rumpattern.samples import Deriver, Fields, Integers

Array = np.ndarray[Any, Any]

_MOST_CODES: Final = 2**62
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_MANTISSA: Final = np.uint64((1 << 52) - 1)
_HIDDEN_BIT: Final = np.uint64(1 << 52)
_EXPONENT: Final = np.uint64(0x7FF)
_LIMB: Final = np.uint64((1 << 32) - 1)
_LIMBS: Final = 6
_LOWEST: Final = 128
"""The lowest bit of the first limb is worth 2^-128, that of the next ones 2^32 times more."""
_FIRST_EXPONENT: Final = 1075 - _LOWEST
_LAST_EXPONENT: Final = _FIRST_EXPONENT + 32 * (_LIMBS - 2) - 1
_SIGN: Final = 1 << 31
_NUMBER: Final = int(Kind.NUMBER)
_STRING: Final = int(Kind.STRING)
_NO_NUMBERS: Final = np.zeros(0)
_NO_MARKS: Final = np.zeros(0, np.int32)


class Rows(NamedTuple):
    """What is known of the rows of a batch: marks as in ``samples.Reading``, shape (rows,).

    ``labels`` has the addresses of the marks of each dimension, which are of 32 bits.
    """

    is_odd: Array
    values: Array
    numbers: Array
    labels: Array
    starts: Array


class Sums(NamedTuple):
    """Groups being added up.

    Attributes:
        slots: shape (a power of two,), by hash the number of a group, -1 where there is none.
        codes: shape (samples,), as all others: what tells a group from the others.
        owners: which of the definitions it is of.
        rows: one of its rows.
        sizes: how many samples it has.
        lows: their minimum.
        highs: their maximum.
        limbs: shape (samples, limbs), their sum; of no length, as are minima and maxima, where all values are 1.
        members: of each sample in turn the group; of no length where all values are 1.
        values: of each sample in turn the value; likewise.
    """

    slots: Array
    codes: Array
    owners: Array
    rows: Array
    sizes: Array
    lows: Array
    highs: Array
    limbs: Array
    members: Array
    values: Array


def _no_sums(samples: int, *, with_values: bool) -> Sums:
    codes, owners, rows, sizes = np.empty((4, samples), np.int64)
    lows, highs, values = np.empty((3, samples if with_values else 0))
    members = np.empty(len(values), np.int64)
    limbs = np.zeros((len(lows), _LIMBS), np.int64)
    slots = np.full(1 << (2 * samples).bit_length(), -1, np.int32)
    return Sums(slots, codes, owners, rows, sizes, lows, highs, limbs, members, values)


@inlined
def _signed_half(place: int) -> int:
    """Return the signed number of 32 bits at an address."""
    return (half_at(place) ^ _SIGN) - _SIGN


@inlined
def _add_exactly(limbs: Array, group: int, value: float) -> bool:
    """Add a value to a group's sum; False if it is too large or too small for the limbs."""
    bits = bits_of(value)
    exponent = signed((bits >> np.uint64(52)) & _EXPONENT)
    if bits << np.uint64(1) == np.uint64(0):
        return True
    if not _FIRST_EXPONENT <= exponent <= _LAST_EXPONENT:
        return False
    mantissa = (bits & _MANTISSA) | _HIDDEN_BIT
    place = exponent - _FIRST_EXPONENT
    shift, limb = np.uint64(place & 31), place >> 5
    low, high = mantissa << shift, (mantissa >> np.uint64(1)) >> (np.uint64(63) - shift)
    sign = -1 if value < 0 else 1
    limbs[group, limb] += sign * signed(low & _LIMB)
    limbs[group, limb + 1] += sign * signed(low >> np.uint64(32))
    limbs[group, limb + 2] += sign * signed(high)
    return True


@compiled
def fold(
    offsets: Array,
    rows: Array,
    definitions: Array,
    known: Rows,
    first: int,
    period: int,
    sizes: Array,
    sums: Sums,
    counts: Array,
) -> int:
    """Add up the samples of some definitions; return the number of groups, -1 if a value does not fit.

    Args:
        offsets: see ``Matches``.
        rows: see ``Matches``.
        definitions: shape (d,), the definitions' numbers.
        known: what is known of the rows.
        first: the first period's start, in seconds since 1970.
        period: in seconds.
        sizes: how many periods there are, and how many labels of each field: a group's code in mixed radix.
        sums: where to add up.
        counts: shape (d, reasons), zeros; where to count.
    """
    groups, samples, mask = 0, 0, len(sums.slots) - 1
    fields, has_values = len(known.labels), len(sums.limbs) > 0
    for owner in range(len(definitions)):
        for match in range(offsets[definitions[owner]], offsets[definitions[owner] + 1]):
            row = rows[match]
            if known.is_odd[row]:
                continue
            reason = -known.values[row] if has_values else 0
            start = known.starts[row]
            code = owner * sizes[0] + (start - first) // period
            for field in range(fields):
                label = _signed_half(known.labels[field] + 4 * row)
                if label < 0 and reason == 0:
                    reason = -label
                code = code * sizes[field + 1] + label
            if start < 0 and reason == 0:
                reason = -start
            counts[owner, reason] += 1
            if reason:
                continue
            slot = signed((np.uint64(code) * _FACTOR) >> np.uint64(32)) & mask
            group = sums.slots[slot]
            while group >= 0 and sums.codes[group] != code:
                slot = (slot + 1) & mask
                group = sums.slots[slot]
            if group < 0:
                group = groups
                groups += 1
                sums.slots[slot] = group
                sums.codes[group], sums.owners[group], sums.rows[group], sums.sizes[group] = code, owner, row, 0
                if has_values:
                    sums.lows[group], sums.highs[group] = np.inf, -np.inf
            sums.sizes[group] += 1
            if has_values:
                value = known.numbers[row] + 0.0  # -0 is 0
                sums.lows[group] = min(sums.lows[group], value)
                sums.highs[group] = max(sums.highs[group], value)
                sums.members[samples], sums.values[samples] = group, value
                samples += 1
                if not _add_exactly(sums.limbs, group, value):
                    return -1
    return groups


@compiled
def in_groups(members: Array, values: Array, sizes: Array) -> Array:
    """Return the values group after group; ``sizes``, of shape (groups,), tells how many each has."""
    ordered = np.empty(len(values))
    places = np.cumsum(sizes) - sizes
    for sample in range(len(values)):
        group = members[sample]
        ordered[places[group]] = values[sample]
        places[group] += 1
    return ordered


# --- readings -------------------------------------------------------------------------------------------------------


@compiled
def mark_values(kinds: Array, numbers: Array, codes: Array, by_kind: Array, by_text: Array, marks: Array) -> bool:
    """Fill in the marks of a column read as a value; tell whether there is a reason in any row."""
    has_reasons = False
    for row in range(len(kinds)):
        kind = kinds[row]
        reason = by_text[codes[row]] if kind == _STRING else by_kind[kind]
        if kind == _NUMBER and abs(numbers[row]) > MAX_VALUE:
            reason = OUT_OF_RANGE
        marks[row] = -reason
        has_reasons |= reason != 0
    return has_reasons


@compiled
def mark_labels(kinds: Array, codes: Array, by_kind: Array, by_text: Array, instead: int, marks: Array) -> bool:
    """Fill in the marks of a column read as a dimension; tell whether there is a reason in any row.

    Args:
        kinds: the column's.
        codes: the column's.
        by_kind: shape (kinds,), the mark of each kind but strings.
        by_text: shape (strings,), the reason against each string.
        instead: the mark in the place of reasons, if it is not negative.
        marks: shape (rows,).
    """
    has_reasons = False
    for row in range(len(kinds)):
        kind, code = kinds[row], codes[row]
        mark = by_kind[kind] if kind != _STRING else -by_text[code] if by_text[code] else code
        if mark < 0:
            has_reasons = True
            if instead >= 0:
                mark = instead
        marks[row] = mark
    return has_reasons


@compiled
def mark_times(kinds: Array, numbers: Array, by_kind: Array, period: int, marks: Array) -> bool:
    """Fill in the marks of a column read as a time; tell whether there is a reason in any row."""
    has_reasons = False
    for row in range(len(kinds)):
        reason, number = by_kind[kinds[row]], numbers[row]
        if reason == 0 and not 0 <= number < MAX_TIMESTAMP_MS:
            reason = TOO_LATE
        marks[row] = -reason if reason else np.int64(number) // (1000 * period) * period
        has_reasons |= reason != 0
    return has_reasons


class CompiledReadings(Readings):
    """The readings of one batch, made by compiled code."""

    def read_value(self, column: Column) -> Reading:
        """Read a column as a value."""
        marks = np.empty(len(column.kinds), np.int32)
        by_text = value_texts(column)
        has_reasons = mark_values(column.kinds, column.numbers, column.codes, VALUE_KINDS, by_text, marks)
        return Reading(marks, bool(has_reasons), column.numbers)

    def read_dimension(self, column: Column) -> Reading:
        """Read a column as a dimension."""
        if (column.kinds == Kind.NUMBER).any():
            reading = super().read_dimension(column)
            return replace(reading, marks=reading.marks.astype(np.int32))
        return self._labels(column, (*column.strings, "false", "true"), -1)

    def read_optional(self, column: Column) -> Reading:
        """Read a column as a dimension that is left out where it cannot be one."""
        if (column.kinds == Kind.NUMBER).any():
            return super().read_optional(column)
        texts = (*column.strings, "false", "true")
        return self._labels(column, texts, len(texts))

    def _labels(self, column: Column, texts: tuple[str, ...], instead: int) -> Reading:
        by_kind = -DIMENSION_KINDS
        by_kind[[Kind.FALSE, Kind.TRUE]] = len(texts) - 2, len(texts) - 1
        marks = np.empty(len(column.kinds), np.int32)
        has_reasons = mark_labels(column.kinds, column.codes, by_kind, label_texts(texts), instead, marks)
        if instead < 0:
            return Reading(marks, bool(has_reasons), texts=texts)
        return Reading(marks, has_reasons=False, texts=(*texts, None))

    def read_time(self, column: Column) -> Reading:
        """Read a column as the start of a period."""
        marks = np.empty(len(column.kinds), np.int64)
        has_reasons = mark_times(column.kinds, column.numbers, TIME_KINDS, self.period, marks)
        return Reading(marks, bool(has_reasons))


# --- all of it ------------------------------------------------------------------------------------------------------


class Folder:
    """Derives and adds up what a plan's definitions publish; holds no state between batches."""

    def __init__(self, deriver: Deriver) -> None:
        self.deriver = deriver

    def fold(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[Grouped]:
        """Yield what definitions that read the same fields publish from a batch; ``period`` is in seconds."""
        for fields in self.deriver.fields(CompiledReadings(batch, period), matches):
            yield self._fold(fields, matches, period) or Grouped.of(fields.table())

    def _fold(self, fields: Fields, matches: Matches, period: int) -> Grouped | None:
        """Return the groups of some definitions, None if a number in them is beyond what compiled code adds up."""
        numbers = fields.definitions
        counts = np.zeros((len(numbers), len(REASONS)), np.int64)
        samples = int((matches.offsets[numbers + 1] - matches.offsets[numbers]).sum())
        starts = fields.time.marks
        first, last = (int(starts.min()), int(starts.max())) if len(starts) else (0, 0)
        first = max(first // period * period, 0)
        sizes = [max(last - first, 0) // period + 1, *(len(reading.texts) for reading in fields.labels)]
        if len(numbers) * int(np.prod([float(size) for size in sizes])) >= _MOST_CODES:
            return None
        value = fields.value
        known = Rows(
            fields.readings.is_odd,
            _NO_MARKS if value is None else value.marks,
            _NO_NUMBERS if value is None else value.numbers,
            np.array([reading.marks.ctypes.data for reading in fields.labels]),
            starts,
        )
        sums = _no_sums(samples, with_values=value is not None)
        found = fold(matches.offsets, matches.rows, numbers, known, first, period, np.array(sizes), sums, counts)
        if found < 0:
            return None
        odd = tuple(fields.odd_samples(counts))
        return Grouped(numbers, _groups(fields, sums, found, starts) if found else None, counts, odd)


def _groups(fields: Fields, sums: Sums, count: int, starts: Integers) -> Groups:
    rows, sizes = sums.rows[:count], sums.sizes[:count].copy()
    labels = tuple(Labels(reading.marks[rows], reading.texts) for reading in fields.labels)
    definitions = fields.definitions[sums.owners[:count]]
    if fields.value is None:
        return Groups.of_ones(definitions, starts[rows], labels, sizes)
    samples = int(sizes.sum())
    return Groups.of_values(
        definitions,
        starts[rows],
        labels,
        sizes,
        ExactSums(sums.limbs[:count], -_LOWEST).trim(),
        sums.lows[:count].copy(),
        sums.highs[:count].copy(),
        in_groups(sums.members[:samples], sums.values[:samples], sizes),
    )
