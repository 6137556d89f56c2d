"""Matches to groups in one pass over the matched rows, by compiled code (extra ``fast``).

It gives what ``samples`` and ``groups`` give with arrays, a step at a time.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rumpattern.derive import REASONS
from rumpattern.events.scan.simd import (
    Held,
    addresses,
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
from rumpattern.groups import Grouped, Groups
from rumpattern.known import KnownFields, first_label, labels_of, mark_at, number_at, time_mark, value_mark
from rumpattern.sums import ExactSums

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rumpattern.events.columns import EventBatch
    from rumpattern.match.kernel import Matches
    from rumpattern.samples import Deriver, Fields, Integers

Array = np.ndarray[Any, Any]

_MOST_CODES: Final = 2**62
"""Combinations of periods and labels that a code in mixed radix tells apart."""
_MOST_SAMPLES: Final = 1 << 20
"""Samples that are added up together: so many groups may there be, and each takes 100 bytes and more."""
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_MANTISSA: Final = np.uint64((1 << 52) - 1)
_HIDDEN_BIT: Final = np.uint64(1 << 52)
_EXPONENT: Final = np.uint64(0x7FF)
_LIMB: Final = np.uint64((1 << 32) - 1)
_LIMBS: Final = 6
_LOWEST: Final = 128
"""The lowest bit of the first limb is worth 2^-128, that of the next ones 2^32 times more."""
_ONES: Final = _LOWEST // 32
"""The limb whose lowest bit is worth 1."""
_FIRST_EXPONENT: Final = 1075 - _LOWEST
_LAST_EXPONENT: Final = _FIRST_EXPONENT + 32 * (_LIMBS - 2) - 1
_WORD: Final = 8
_HALF: Final = 4
_REASONS: Final = len(REASONS)

_CODE, _OWNER, _SIZE, _PERIOD, _LOW, _HIGH, _SUM = range(7)
"""Words of the record of a group; those of the sum and the labels follow."""
_LABELS: Final = _SUM + _LIMBS
_BEGIN, _END, _VALUE, _DIMENSIONS = range(4)
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
    low, high = group + _WORD * _LOW, group + _WORD * _HIGH
    put_double(low, min(as_double(word_at(low)), value))
    put_double(high, max(as_double(word_at(high)), value))
    return _add_exactly(group + _WORD * _SUM, value)


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
        if integer_at(group) == code and integer_at(group + _WORD * _OWNER) == owner:
            return number
        slot = (slot + 1) & work.mask


@inlined
def _start_group(work: Work, group: int, code: int, owner: int, row: int) -> None:
    """Put down what tells the group at an address from others; ``row`` is one of its rows."""
    put_integer(group, code)
    put_integer(group + _WORD * _OWNER, owner)
    put_integer(group + _WORD * _SIZE, 0)
    put_double(group + _WORD * _LOW, np.inf)
    put_double(group + _WORD * _HIGH, -np.inf)
    for limb in range(_LIMBS):
        put_integer(group + _WORD * (_SUM + limb), 0)
    fields = work.definitions + _WORD * ((_DIMENSIONS + work.dimensions) * owner + _DIMENSIONS)
    for number in range(work.dimensions):
        field = integer_at(fields + _WORD * number)
        put_integer(group + _WORD * (_LABELS + number), first_label(field) + mark_at(field, row))


@compiled
def add_up(work: Work) -> int:
    """Add up samples and return how many groups there are; definitions that have failed are not all added up.

    The rows of a group are found by a code in mixed radix of its period and labels.
    """
    groups = values = 0
    size = _WORD * (_LABELS + work.dimensions)
    for owner in range(work.owners):
        definition = work.definitions + _WORD * (_DIMENSIONS + work.dimensions) * owner
        value = integer_at(definition + _WORD * _VALUE)
        first = definition + _WORD * _DIMENSIONS
        for match in range(integer_at(definition + _WORD * _BEGIN), integer_at(definition + _WORD * _END)):
            row = integer_at(work.rows + _WORD * match)
            if byte_at(work.is_odd + row):
                continue
            mark = value_mark(value, row) if value else 0
            period = as_integer(number_at(work.time, row)) // work.period - work.first
            code = period
            for place in range(first, first + _WORD * work.dimensions, _WORD):
                field = integer_at(place)
                label = mark_at(field, row)
                mark = min(label, 0) if mark == 0 else mark
                code = code * labels_of(field) + label
            mark = time_mark(work.time, row) if mark == 0 else mark
            _add_word(work.counts + _WORD * (_REASONS * owner - mark), 1)
            if mark:
                continue
            found = _group_of(work, size, code, owner, groups)
            group = work.groups + size * found
            if found == groups:
                groups += 1
                _start_group(work, group, code, owner, row)
                put_integer(group + _WORD * _PERIOD, period)
            _add_word(group + _WORD * _SIZE, 1)
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


# --- all of it ------------------------------------------------------------------------------------------------------


class Folder:
    """Derives and adds up what a plan's definitions publish; holds no state between batches."""

    def __init__(self, deriver: Deriver) -> None:
        self.deriver = deriver

    def fold(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[Grouped]:
        """Yield what definitions with as many dimensions publish from a batch; ``period`` is in seconds."""
        known = KnownFields(batch, self.deriver.alike, period)
        fields = sorted(self.deriver.fields(known.readings, matches), key=_dimensions)
        for _, some in groupby(fields, _dimensions):
            for run in _runs(some):
                yield from self._fold_run(run, known, period)

    def _fold_run(self, fields: Sequence[Fields], known: KnownFields, period: int) -> Iterator[Grouped]:
        """Yield the groups of definitions; what compiled code does not add up is left to arrays."""
        fast = [one for one in fields if known.combinations(one.alike) < _MOST_CODES]
        grouped, failed = _grouped(fast, known, period)
        if failed:
            fast = [one for one in fast if one not in failed]
            grouped, _ = _grouped(fast, known, period)
        if grouped:
            yield grouped
        for one in fields:
            if one not in fast:
                yield Grouped.of(one.table())


def _grouped(fields: Sequence[Fields], known: KnownFields, period: int) -> tuple[Grouped | None, list[Fields]]:
    """Return the groups of definitions, or those with a number that compiled code does not add up, if there are any."""
    if not fields:
        return None, []
    ends = np.cumsum([len(one.alike.definitions) for one in fields])[:-1]
    work = _work(fields, known, 1000 * period)
    found = add_up(addresses(work))
    failed = [one for one, some in zip(fields, np.split(work.has_failed, ends), strict=True) if some.any()]
    if failed:
        return None, failed
    counts = np.split(work.counts, ends)
    odd = tuple(sample for one, some in zip(fields, counts, strict=True) for sample in one.odd_samples(some))
    definitions = np.concatenate([one.alike.definitions for one in fields])
    groups = _groups(work, definitions, known, period, found) if found else None
    return Grouped(definitions, groups, work.counts, odd), []


def _dimensions(fields: Fields) -> int:
    return len(fields.alike.dimensions) + (not fields.alike.is_named)


def _runs(fields: Iterable[Fields]) -> Iterator[list[Fields]]:
    """Yield fields in runs of a bounded number of samples, for which there must be room."""
    run: list[Fields] = []
    samples = 0
    for one in fields:
        offsets, definitions = one.matches.offsets, one.alike.definitions
        more = int((offsets[definitions + 1] - offsets[definitions]).sum())
        if run and samples + more > _MOST_SAMPLES:
            yield run
            run, samples = [], 0
        run.append(one)
        samples += more
    yield run


def _work(fields: Sequence[Fields], known: KnownFields, period: int) -> Work:
    """Return what there is to add up; ``period`` is in milliseconds."""
    records: list[tuple[int, ...]] = []
    samples = values = 0
    matches = fields[0].matches
    offsets, rows = matches.offsets.tolist(), np.ascontiguousarray(matches.rows, np.int64)
    for one in fields:
        value, labels = known.value(one.alike), known.dimensions(one.alike)
        for number in one.alike.definitions.tolist():
            begin, end = offsets[number], offsets[number + 1]
            records.append((begin, end, value, *labels))
            samples += end - begin
            values += end - begin if value else 0
    slots = np.full(1 << (2 * samples).bit_length(), -1, np.int32)
    dimensions = _dimensions(fields[0])
    return Work(
        np.array(records, np.int64),
        len(records),
        dimensions,
        rows,
        known.readings.is_odd,
        known.time,
        known.first,
        period,
        slots,
        len(slots) - 1,
        np.empty((samples, _LABELS + dimensions), np.int64),
        np.empty(values, np.int64),
        np.empty(values),
        np.zeros((len(records), _REASONS), np.int64),
        np.zeros(len(records), np.bool_),
    )


def _groups(work: Work, definitions: Integers, known: KnownFields, period: int, count: int) -> Groups:
    """Return so many groups that were found."""
    groups = work.groups[:count]
    owners, sizes, numbers = groups[:, _OWNER].copy(), groups[:, _SIZE].copy(), groups[:, _PERIOD]
    limbs = groups[:, _SUM:_LABELS].copy()
    lows, highs = groups[:, _LOW].copy().view(np.float64), groups[:, _HIGH].copy().view(np.float64)
    is_one = work.definitions[owners, _VALUE] == 0
    limbs[is_one, _ONES] = sizes[is_one]
    lows[is_one] = highs[is_one] = 1
    values = int(sizes[~is_one].sum())
    kept = np.where((lows >= 0) & (lows < highs), sizes, 0)
    return Groups(
        definitions[owners],
        (numbers + known.first) * period,
        tuple(
            known.labels(work.definitions[:, _DIMENSIONS + number], groups[:, _LABELS + number])
            for number in range(work.dimensions)
        ),
        sizes,
        ExactSums(limbs, -_LOWEST).trim(),
        lows,
        highs,
        kept,
        in_groups(work.members[:values], work.values[:values], kept),
    )
