"""Batches as columns: for each path a kind a row, and a number or a dictionary code.

What a column cannot say exactly makes its row odd. An odd row keeps its event, and the slow matcher answers for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.jsontext import NumberText, Pairs, comparable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Codes, Flags, Kinds, Numbers, Rows
    from rumpattern.input.rejects import Reject
    from rumpattern.jsontext import Exact


class _Missing(float):
    """The type of ``MISSING``: NaN, which JSON does not have, so that a list of numbers becomes an array as it is."""

    __slots__ = ()


MISSING: Final = _Missing("nan")
"""Stands for an absent member among decoded values; None is JSON's null."""

_EXACT_INT: Final = 2**53
_KIND_OF_TYPE: Final[dict[type, int]] = {
    _Missing: int(Kind.MISSING),
    type(None): int(Kind.NULL),
    bool: int(Kind.TRUE),
    int: int(Kind.NUMBER),
    float: int(Kind.NUMBER),
    str: int(Kind.STRING),
    dict: int(Kind.OBJECT),
    list: int(Kind.AMBIGUOUS),
    Pairs: int(Kind.OBJECT),
    NumberText: int(Kind.AMBIGUOUS),
}


def kind_mask(kinds: Kinds, kind: Kind) -> Flags:
    """Tell which of some kinds are ``kind``.

    It is compared as a number: numpy asks an enumeration for attributes that it lacks, which takes long, and whatever
    is raised meanwhile is lost, Ctrl-C included.
    """
    found: Flags = kinds == int(kind)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One path over a batch of n rows.

    Attributes:
        kinds: shape (n,), a ``Kind`` a row; SEVERAL only where the row is odd.
        numbers: shape (n,), the value where the kind is NUMBER.
        codes: shape (n,), an index into ``strings`` where the kind is STRING.
        strings: the strings of the column; some may occur twice.
    """

    kinds: Kinds
    numbers: Numbers
    codes: Codes
    strings: tuple[str, ...]

    def keep(self, rows: Flags) -> Column:
        """Return the column of the rows that are True in ``rows``, shape (n,)."""
        return Column(self.kinds[rows], self.numbers[rows], self.codes[rows], self.strings)

    def spread(self, rows: Rows, n: int) -> Column:
        """Return a column of n rows that holds this one's values in ``rows`` and is missing elsewhere."""
        if len(rows) == n and bool((rows[1:] > rows[:-1]).all()):
            return self
        kinds, numbers, codes = np.zeros(n, np.uint8), np.zeros(n), np.zeros(n, np.int32)
        kinds[rows], numbers[rows], codes[rows] = self.kinds, self.numbers, self.codes
        return Column(kinds, numbers, codes, self.strings)

    def join(self, other: Column, order: Rows) -> Column:
        """Return the rows of this column and then another's, taken in an order."""
        others = np.where(kind_mask(other.kinds, Kind.STRING), other.codes + len(self.strings), 0)
        codes = np.concatenate([self.codes, others])
        numbers = np.concatenate([self.numbers, other.numbers])
        kinds = np.concatenate([self.kinds, other.kinds])
        return Column(kinds[order], numbers[order], codes[order].astype(np.int32), self.strings + other.strings)

    def take_missing_from(self, other: Column, among: Flags) -> tuple[Column, int]:
        """Return the column with missing rows taken from another where that has a scalar, and how many they are.

        Only rows that are True in ``among``, shape (n,), are filled.
        """
        has_scalar = (other.kinds != int(Kind.MISSING)) & (other.kinds < int(Kind.OBJECT))
        rows = kind_mask(self.kinds, Kind.MISSING) & has_scalar & among
        taken = int(np.count_nonzero(rows))
        if not taken:
            return self, 0
        moved = np.where(kind_mask(other.kinds, Kind.STRING), other.codes + len(self.strings), 0)
        codes = np.where(rows, moved, self.codes).astype(np.int32)
        kinds = np.where(rows, other.kinds, self.kinds)
        numbers = np.where(rows, other.numbers, self.numbers)
        return Column(kinds, numbers, codes, self.strings + other.strings), taken


@dataclass(frozen=True, slots=True, eq=False)
class EventBatch:
    """Decoded events, ``len(batch)`` rows.

    Attributes:
        columns: a column for each path of the plan; but for event_type, it is missing in rows of event types whose
            definitions do not read it.
        odd: row number to the exact event, for rows that columns cannot say exactly.
        indices: the index of each row's line among those decoded.
        rejects: the lines that gave no row.
        blank: how many lines held nothing.
        synthesised: derived field to the number of rows it was filled in.
    """

    size: int
    columns: dict[str, Column]
    odd: dict[int, Exact]
    indices: Sequence[int] | Rows
    rejects: tuple[Reject, ...] = ()
    blank: int = 0
    synthesised: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.size

    def keep(self, rows: Flags) -> EventBatch:
        """Return the batch of the rows that are True in ``rows``, shape (n,)."""
        columns = {path: column.keep(rows) for path, column in self.columns.items()}
        moved = (np.cumsum(rows) - 1).tolist()
        odd = {moved[row]: event for row, event in self.odd.items() if rows[row]}
        size = int(np.count_nonzero(rows))
        indices = np.asarray(self.indices, np.intp)[rows]
        return EventBatch(size, columns, odd, indices, self.rejects, self.blank, self.synthesised)

    def merge(self, other: EventBatch) -> EventBatch:
        """Return the rows of two batches of the same columns in the order of their lines."""
        indices = np.concatenate([np.asarray(batch.indices, np.intp) for batch in (self, other)])
        order = np.argsort(indices, kind="stable")
        places = np.argsort(order).tolist()
        columns = {path: column.join(other.columns[path], order) for path, column in self.columns.items()}
        odd = {places[row]: event for row, event in self.odd.items()}
        odd |= {places[self.size + row]: event for row, event in other.odd.items()}
        rejects = sorted((*self.rejects, *other.rejects), key=lambda reject: (reject.offset, reject.line))
        synthesised = dict(Counter(self.synthesised) + Counter(other.synthesised))
        blank = self.blank + other.blank
        return EventBatch(len(order), columns, odd, indices[order], tuple(rejects), blank, synthesised)

    def regular(self) -> Flags:
        """Return shape (n,): True where the columns speak for the row."""
        rows = np.ones(self.size, dtype=np.bool_)
        rows[list(self.odd)] = False
        return rows


class _Coder(dict[object, int]):
    """Numbers values in the order they are first seen."""

    def __missing__(self, value: object) -> int:
        code = self[value] = len(self)
        return code


_TEXTS: Final = frozenset((str, _Missing, type(None)))
_NUMBERS: Final = frozenset((int, float, _Missing))


def build_column(values: Sequence[object]) -> Column:
    """Return the column of one path from decoded values: str, int, float, bool, None, dict, list or ``MISSING``."""
    n = len(values)
    types = set(map(type, values))
    if types == {_Missing}:
        return Column(np.zeros(n, np.uint8), np.zeros(n), np.zeros(n, np.int32), ())
    if types <= _TEXTS:
        coder = _Coder()
        codes = np.fromiter(map(coder.__getitem__, values), np.int32, n)
        kind_of_code = np.array([_KIND_OF_TYPE[type(value)] for value in coder] or [int(Kind.MISSING)], np.uint8)
        strings = tuple(value if isinstance(value, str) else "" for value in coder)
        return Column(kind_of_code[codes], np.zeros(n), codes, strings)
    if types <= _NUMBERS:
        numbers = np.array(values, np.float64)
        kinds = np.where(np.isnan(numbers), np.uint8(int(Kind.MISSING)), np.uint8(int(Kind.NUMBER)))
        return Column(kinds, numbers, np.zeros(n, np.int32), ())
    return _build_mixed(values, n)


def constant_column(text: str, n: int) -> Column:
    """Return the column of n rows that all hold one string."""
    return Column(np.full(n, int(Kind.STRING), np.uint8), np.zeros(n), np.zeros(n, np.int32), (text,))


def _build_mixed(values: Sequence[object], n: int) -> Column:
    kinds = np.fromiter(map(_KIND_OF_TYPE.__getitem__, map(type, values)), np.uint8, n)
    kinds[[row for row in np.flatnonzero(kind_mask(kinds, Kind.TRUE)).tolist() if values[row] is False]] = int(
        Kind.FALSE
    )
    numbers = np.zeros(n)
    rows = np.flatnonzero(kind_mask(kinds, Kind.NUMBER))
    numbers[rows] = np.array([values[row] for row in rows.tolist()], np.float64)
    coder = _Coder()
    codes = np.zeros(n, np.int32)
    rows = np.flatnonzero(kind_mask(kinds, Kind.STRING))
    codes[rows] = [coder[values[row]] for row in rows.tolist()]
    return Column(kinds, numbers, codes, tuple(coder))  # type: ignore[arg-type]


def odd_rows(column: Column, values: Sequence[object]) -> list[int]:
    """Return the rows that a column cannot say exactly: arrays, repeated keys, numbers that no double stands for."""
    rows = np.flatnonzero(kind_mask(column.kinds, Kind.AMBIGUOUS)).tolist()
    large = np.flatnonzero((np.abs(column.numbers) >= _EXACT_INT) & kind_mask(column.kinds, Kind.NUMBER))
    rows += [row for row in large.tolist() if type(values[row]) is int and comparable(str(values[row])) is None]
    return rows
