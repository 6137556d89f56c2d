"""Matched rows to groups in one pass: samples are derived, grouped and added up, between matching and merging."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.native.fields import code_at, count_labels, first_label, number_at, timestamp_code, value_code
from rumpattern.native.simd import (
    Held,
    as_double,
    as_integer,
    bits_of,
    byte_at,
    compiled,
    inlined,
    integer_at,
    put_byte,
    put_double,
    put_half,
    put_integer,
    signed,
    signed_half_at,
    word_at,
)

if TYPE_CHECKING:
    from rumpattern.native.simd import Array


_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_MANTISSA: Final = np.uint64((1 << 52) - 1)
_HIDDEN_BIT: Final = np.uint64(1 << 52)
_EXPONENT: Final = np.uint64(0x7FF)
_LIMB: Final = np.uint64((1 << 32) - 1)
_LIMBS: Final = 6
LOWEST_BIT: Final = 128
"""The lowest bit of the first limb is worth 2^-128, that of the next ones 2^32 times more."""
ONES_LIMB: Final = LOWEST_BIT // 32
"""The limb whose lowest bit is worth 1."""
_FIRST_EXPONENT: Final = 1075 - LOWEST_BIT
_LAST_EXPONENT: Final = _FIRST_EXPONENT + 32 * (_LIMBS - 2) - 1
_WORD: Final = 8
_HALF: Final = 4

_GROUP_CODE, GROUP_DEFINITION, GROUP_SIZE, GROUP_PERIOD, GROUP_MINIMUM, GROUP_MAXIMUM, GROUP_SUM = range(7)
"""Words of the record of a group; those of the sum and the labels follow."""
GROUP_LABELS: Final = GROUP_SUM + _LIMBS
_DEFINITION_BEGIN, _DEFINITION_END, DEFINITION_VALUE, DEFINITION_DIMENSIONS = range(4)
"""Words of the record of a definition; those of the dimensions follow."""


class Work(NamedTuple):
    """What is added up, and where.

    Attributes:
        definitions: shape (definitions, 3 + dimensions), between which of ``rows`` are those that each matches, and the
            addresses of its fields: the value, 0 if each row counts 1, and the dimensions.
        owners: how many definitions there are.
        dimensions: how many dimensions each has.
        rows: see ``Matches``.
        is_odd: shape (all rows,), which of them are left out.
        time: the address of the field of the time.
        first: the number of the first period since 1970.
        period: in milliseconds.
        slots: shape (a power of two,), -1; by hash the number of a group.
        mask: their number less one.
        groups: shape (samples, 12 + dimensions), of each group the code of its period and labels, which of the
            definitions it is of, how many samples it has, the number of its period from the first one on, their minimum
            and maximum, the limbs of their sum, and the numbers of its labels.
        members: shape (values,), of each value in turn the group.
        values: shape (values,).
        reasons: how many there are.
        counts: shape (definitions, reasons), zeros; how many rows came to each.
        has_failed: shape (definitions,), zeros; whether one of the values is too large or too small to be added up.
    """

    definitions: Held
    owners: int
    dimensions: int
    rows: Held
    is_odd: Held
    time: int
    first: int
    period: int
    slots: Held
    mask: int
    groups: Held
    members: Held
    values: Held
    reasons: int
    counts: Held
    has_failed: Held


@inlined
def _add_word(place: int, word: int) -> None:
    put_integer(place, integer_at(place) + word)


@inlined
def _add_exactly(limbs: int, value: float) -> bool:
    """Add a value to a sum at an address; False if it is too large or too small for the limbs."""
    bits = bits_of(value)
    exponent = signed((bits >> np.uint64(52)) & _EXPONENT)
    if bits << np.uint64(1) == np.uint64(0):
        return True
    if not _FIRST_EXPONENT <= exponent <= _LAST_EXPONENT:
        return False
    mantissa = (bits & _MANTISSA) | _HIDDEN_BIT
    place = exponent - _FIRST_EXPONENT
    shift, limb = np.uint64(place & 31), limbs + _WORD * (place >> 5)
    low, high = mantissa << shift, (mantissa >> np.uint64(1)) >> (np.uint64(63) - shift)
    sign = -1 if value < 0 else 1
    _add_word(limb, sign * signed(low & _LIMB))
    _add_word(limb + _WORD, sign * signed(low >> np.uint64(32)))
    _add_word(limb + 2 * _WORD, sign * signed(high))
    return True


@inlined
def _add_value(group: int, value: float) -> bool:
    """Add a value to the group at an address; False if it does not fit."""
    low, high = group + _WORD * GROUP_MINIMUM, group + _WORD * GROUP_MAXIMUM
    put_double(low, min(as_double(word_at(low)), value))
    put_double(high, max(as_double(word_at(high)), value))
    return _add_exactly(group + _WORD * GROUP_SUM, value)


@inlined
def _group_of(work: Work, size: int, code: int, owner: int, groups: int) -> int:
    """Return the number of the group that has a code and an owner; ``groups``, the next one, if there was none."""
    hashed = (np.uint64(code) ^ (np.uint64(owner) << np.uint64(48))) * _FACTOR
    slot = signed(hashed >> np.uint64(32)) & work.mask
    while True:
        number = signed_half_at(work.slots + _HALF * slot)
        if number < 0:
            put_half(work.slots + _HALF * slot, groups)
            return groups
        group = work.groups + size * number
        if integer_at(group) == code and integer_at(group + _WORD * GROUP_DEFINITION) == owner:
            return number
        slot = (slot + 1) & work.mask


@inlined
def _start_group(work: Work, group: int, code: int, owner: int, row: int) -> None:
    """Put down what tells the group at an address from others; ``row`` is one of its rows."""
    put_integer(group, code)
    put_integer(group + _WORD * GROUP_DEFINITION, owner)
    put_integer(group + _WORD * GROUP_SIZE, 0)
    put_double(group + _WORD * GROUP_MINIMUM, np.inf)
    put_double(group + _WORD * GROUP_MAXIMUM, -np.inf)
    for limb in range(_LIMBS):
        put_integer(group + _WORD * (GROUP_SUM + limb), 0)
    fields = work.definitions + _WORD * ((DEFINITION_DIMENSIONS + work.dimensions) * owner + DEFINITION_DIMENSIONS)
    for number in range(work.dimensions):
        field = integer_at(fields + _WORD * number)
        put_integer(group + _WORD * (GROUP_LABELS + number), first_label(field) + code_at(field, row))


@compiled
def add_up(work: Work) -> int:
    """Add up samples and return how many groups there are; definitions that have failed are not all added up.

    The rows of a group are found by a code in mixed radix of its period and labels.
    """
    groups = values = 0
    size = _WORD * (GROUP_LABELS + work.dimensions)
    for owner in range(work.owners):
        definition = work.definitions + _WORD * (DEFINITION_DIMENSIONS + work.dimensions) * owner
        value = integer_at(definition + _WORD * DEFINITION_VALUE)
        first = definition + _WORD * DEFINITION_DIMENSIONS
        for match in range(
            integer_at(definition + _WORD * _DEFINITION_BEGIN), integer_at(definition + _WORD * _DEFINITION_END)
        ):
            row = integer_at(work.rows + _WORD * match)
            if byte_at(work.is_odd + row):
                continue
            mark = value_code(value, row) if value else 0
            period = as_integer(number_at(work.time, row)) // work.period - work.first
            code = period
            for place in range(first, first + _WORD * work.dimensions, _WORD):
                field = integer_at(place)
                label = code_at(field, row)
                mark = min(label, 0) if mark == 0 else mark
                code = code * count_labels(field) + label
            mark = timestamp_code(work.time, row) if mark == 0 else mark
            _add_word(work.counts + _WORD * (work.reasons * owner - mark), 1)
            if mark:
                continue
            found = _group_of(work, size, code, owner, groups)
            group = work.groups + size * found
            if found == groups:
                groups += 1
                _start_group(work, group, code, owner, row)
                put_integer(group + _WORD * GROUP_PERIOD, period)
            _add_word(group + _WORD * GROUP_SIZE, 1)
            if value:
                number = number_at(value, row) + 0.0  # -0 is 0
                put_integer(work.members + _WORD * values, found)
                put_double(work.values + _WORD * values, number)
                values += 1
                if not _add_value(group, number):
                    put_byte(work.has_failed + owner, 1)
                    break
    return groups


@compiled
def in_groups(members: Array, values: Array, kept: Array) -> Array:
    """Return the values group after group; ``kept``, of shape (groups,), tells how many each has, 0 to leave them."""
    ordered = np.empty(kept.sum())
    places = np.cumsum(kept) - kept
    for sample in range(len(values)):
        group = members[sample]
        if kept[group]:
            ordered[places[group]] = values[sample]
            places[group] += 1
    return ordered
