"""Batches of events as columns: for each path a kind a row, and a number or a dictionary code.

Strings and arrays of scalars have dictionaries, so that each distinct one is looked at once a batch. A row that columns
cannot say exactly is *odd*: it keeps its event and takes the exact path, on which it is matched as an event.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.input.rejects import sort_rejects
from rumpattern.jsontext import NumberText, Pairs, comparable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Codes, Flags, Integers, Kinds, Numbers, Rows
    from rumpattern.columns.fields import Value
    from rumpattern.input.rejects import Reject
    from rumpattern.jsontext import Exact


class _Missing(float):
    """The type of ``MISSING``: NaN, which JSON does not have, so that a list of numbers becomes an array as it is."""

    __slots__ = ()


MISSING: Final = _Missing("nan")
"""Stands for a missing member among decoded values; None is JSON's null."""

_BOOLEANS: Final = {int(Kind.FALSE): False, int(Kind.TRUE): True}
_EXACT_INT: Final = 2**53
_KIND_OF_TYPE: Final[dict[type, int]] = {
    _Missing: int(Kind.MISSING),
    type(None): int(Kind.NULL),
    bool: int(Kind.TRUE),
    int: int(Kind.NUMBER),
    float: int(Kind.NUMBER),
    str: int(Kind.STRING),
    dict: int(Kind.OBJECT),
    list: int(Kind.ARRAY),
    Pairs: int(Kind.OBJECT),
    NumberText: int(Kind.AMBIGUOUS),
}


def kind_mask(kinds: Kinds, kind: Kind) -> Flags:
    """Return a mask of kinds, shape (n,), that are ``kind``.

    They are compared with an int: numpy asks an enumeration for attributes that it lacks, which takes long, and loses
    whatever is raised meanwhile, Ctrl-C included.
    """
    mask: Flags = kinds == int(kind)
    return mask


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The values at one path in a batch of n rows.

    Attributes:
        kinds: shape (n,), uint8, a ``Kind`` a row; AMBIGUOUS only in odd rows.
        numbers: shape (n,), float64, the value where the kind is NUMBER.
        codes: shape (n,), int32, the index of the value in ``strings`` where the kind is STRING, in ``arrays`` where it
            is ARRAY.
        strings: the dictionary of strings; a string may stand in it twice.
        arrays: that of arrays of scalars, in which an array may stand twice; None if no row has one.
    """

    kinds: Kinds
    numbers: Numbers
    codes: Codes
    strings: tuple[str, ...]
    arrays: Arrays | None = None

    def value(self, row: int) -> Value:
        """Return the scalar of one row, None for null and for what is no scalar."""
        kind = int(self.kinds[row])
        if kind == int(Kind.NUMBER):
            return float(self.numbers[row])
        return self.strings[int(self.codes[row])] if kind == int(Kind.STRING) else _BOOLEANS.get(kind)

    def filter(self, mask: Flags) -> Column:
        """Return the column of the rows that are True in ``mask``, shape (n,)."""
        return Column(self.kinds[mask], self.numbers[mask], self.codes[mask], self.strings, self.arrays)

    def without_arrays(self) -> Column:
        """Return the column with its arrays as AMBIGUOUS values, so that their rows take the exact path."""
        if self.arrays is None:
            return self
        is_array = kind_mask(self.kinds, Kind.ARRAY)
        kinds = np.where(is_array, np.uint8(int(Kind.AMBIGUOUS)), self.kinds)
        return Column(kinds, self.numbers, np.where(is_array, np.int32(0), self.codes), self.strings)

    def take(self, rows: Rows) -> Column:
        """Return the column with these rows, shape (n,), of which one may come several times."""
        return Column(self.kinds[rows], self.numbers[rows], self.codes[rows], self.strings)

    def scatter(self, rows: Rows, n: int) -> Column:
        """Return a column of n rows that holds this one's values in ``rows`` and is missing elsewhere."""
        if len(rows) == n and bool((rows[1:] > rows[:-1]).all()):
            return self
        kinds, numbers, codes = np.zeros(n, np.uint8), np.zeros(n), np.zeros(n, np.int32)
        kinds[rows], numbers[rows], codes[rows] = self.kinds, self.numbers, self.codes
        return Column(kinds, numbers, codes, self.strings, self.arrays)

    def concat(self, other: Column, order: Rows) -> Column:
        """Return the rows of this column and of another one, concatenated and then taken in an order.

        The dictionaries are concatenated too, so that a string may stand in the result's twice.
        """
        others, arrays = self._codes_after_own(other), self.arrays
        if other.arrays is not None:
            moved = other.codes + (0 if arrays is None else len(arrays))
            others = np.where(kind_mask(other.kinds, Kind.ARRAY), moved, others)
            arrays = other.arrays if arrays is None else arrays.concat(other.arrays)
        codes = np.concatenate([self.codes, others])
        numbers = np.concatenate([self.numbers, other.numbers])
        kinds = np.concatenate([self.kinds, other.kinds])
        strings = self.strings + other.strings
        return Column(kinds[order], numbers[order], codes[order].astype(np.int32), strings, arrays)

    def fill_missing(self, other: Column, mask: Flags) -> tuple[Column, Flags]:
        """Return the column with scalars of another one where this one is missing, and a mask of these rows.

        Only rows that are True in ``mask``, shape (n,), are filled.
        """
        has_scalar = (other.kinds != int(Kind.MISSING)) & (other.kinds < int(Kind.OBJECT))
        rows = kind_mask(self.kinds, Kind.MISSING) & has_scalar & mask
        if not rows.any():
            return self, rows
        codes = np.where(rows, self._codes_after_own(other), self.codes).astype(np.int32)
        kinds = np.where(rows, other.kinds, self.kinds)
        numbers = np.where(rows, other.numbers, self.numbers)
        return Column(kinds, numbers, codes, self.strings + other.strings, self.arrays), rows

    def _codes_after_own(self, other: Column) -> Codes:
        """Return the codes of another column in this one's dictionary followed by the other's; 0 where no string is."""
        codes: Codes = np.where(kind_mask(other.kinds, Kind.STRING), other.codes + len(self.strings), 0)
        return codes


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """Arrays of scalars, one after the other: array i has the elements ``offsets[i]`` to ``offsets[i + 1]``.

    Attributes:
        offsets: shape (arrays + 1,), ascending from 0 to the number of elements.
        elements: a column of all elements, each a scalar.
    """

    offsets: Integers
    elements: Column

    def __len__(self) -> int:
        """Return how many arrays there are."""
        return len(self.offsets) - 1

    def values(self, index: int) -> list[Value]:
        """Return the elements of one array."""
        elements = self.elements
        return [elements.value(row) for row in range(int(self.offsets[index]), int(self.offsets[index + 1]))]

    def concat(self, other: Arrays) -> Arrays:
        """Return these arrays and then others."""
        n = len(self.elements.kinds)
        elements = self.elements.concat(other.elements, np.arange(n + len(other.elements.kinds)))
        return Arrays(np.concatenate([self.offsets, other.offsets[1:] + n]), elements)

    def take(self, indices: Integers) -> Arrays:
        """Return the arrays at some indices."""
        lengths = self.offsets[indices + 1] - self.offsets[indices]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        of_element = np.arange(offsets[-1]) + np.repeat(self.offsets[indices] - offsets[:-1], lengths)
        elements = self.elements
        taken = Column(
            elements.kinds[of_element], elements.numbers[of_element], elements.codes[of_element], elements.strings
        )
        return Arrays(offsets, taken)


@dataclass(frozen=True, slots=True, eq=False)
class EventBatch:
    """Decoded events as columns; ``len(batch)`` is n, the number of rows, one for each event.

    Every line that was decoded is accounted for: ``line_count == len(batch) + len(batch.rejects) + batch.blank``.

    Attributes:
        size: n.
        columns: dotted path to its column of n rows, for each path of the plan. All but ``event_type`` are missing in
            rows of event types whose definitions do not read that path.
        odd: row to the decoded event, for rows that take the exact path: columns cannot say them exactly.
        indices: shape (n,), the index of each row's line among those decoded, ascending.
        rejects: the lines that gave no row, sorted by position.
        blank: how many lines held nothing but white space.
        derived: path of a derived field to a mask, shape (n,), of the rows in which it was filled in, where any was.
        line_count: how many lines were decoded, counted before any was told apart.
    """

    size: int
    columns: dict[str, Column]
    odd: dict[int, Exact]
    indices: Sequence[int] | Rows
    rejects: tuple[Reject, ...] = ()
    blank: int = 0
    derived: dict[str, Flags] = field(default_factory=dict)
    line_count: int = 0

    def __len__(self) -> int:
        return self.size

    @property
    def synthesised(self) -> dict[str, int]:
        """Path of a derived field to the number of rows in which it was filled in, where any was."""
        return {path: int(np.count_nonzero(rows)) for path, rows in self.derived.items()}

    def filter(self, mask: Flags) -> EventBatch:
        """Return the batch of the rows that are True in ``mask``, shape (n,); the accounts stay those of all lines."""
        row_after = (np.cumsum(mask) - 1).tolist()
        return replace(
            self,
            size=int(np.count_nonzero(mask)),
            columns={path: column.filter(mask) for path, column in self.columns.items()},
            odd={row_after[row]: event for row, event in self.odd.items() if mask[row]},
            indices=np.asarray(self.indices, np.intp)[mask],
            derived={path: rows[mask] for path, rows in self.derived.items()},
        )

    def merge(self, other: EventBatch) -> EventBatch:
        """Return the rows of two batches of the same columns in the order of their lines."""
        indices = np.concatenate([np.asarray(batch.indices, np.intp) for batch in (self, other)])
        order = np.argsort(indices, kind="stable")
        row_after = np.argsort(order).tolist()
        odd = {row_after[row]: event for row, event in self.odd.items()}
        odd |= {row_after[self.size + row]: event for row, event in other.odd.items()}
        return EventBatch(
            size=len(order),
            columns={path: column.concat(other.columns[path], order) for path, column in self.columns.items()},
            odd=odd,
            indices=indices[order],
            rejects=sort_rejects(self.rejects, other.rejects),
            blank=self.blank + other.blank,
            derived={path: self._derived_in_both(other, path)[order] for path in self.derived | other.derived},
            line_count=self.line_count + other.line_count,
        )

    def _derived_in_both(self, other: EventBatch, path: str) -> Flags:
        """Return the mask of the rows of two batches, one after the other, in which a derived field was filled in."""
        batches = self, other
        return np.concatenate([batch.derived.get(path, np.zeros(batch.size, np.bool_)) for batch in batches])

    def regular(self) -> Flags:
        """Return a mask, shape (n,), of the rows that are not odd."""
        rows = np.ones(self.size, dtype=np.bool_)
        rows[list(self.odd)] = False
        return rows


class _Coder(dict[object, int]):
    """Codes of values, from 0 in the order in which they are first looked up."""

    def __missing__(self, value: object) -> int:
        code = self[value] = len(self)
        return code


_TEXTS: Final = frozenset((str, _Missing, type(None)))
_NUMBERS: Final = frozenset((int, float, _Missing))
_ELEMENTS: Final = frozenset((str, int, float, bool, type(None)))


def build_column(values: Sequence[object]) -> Column:
    """Return the column of n decoded values, each a str, int, float, bool, None, dict, list or ``MISSING``.

    An array that columns cannot say exactly is AMBIGUOUS (``build_arrays``). Most columns hold strings alone or numbers
    alone, besides missing values, which one pass of C over the values tells.
    """
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
        numbers = np.array(values, np.float64) + 0.0  # -0 is 0
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
    numbers[rows] = np.array([values[row] for row in rows.tolist()], np.float64) + 0.0
    coder = _Coder()
    codes = np.zeros(n, np.int32)
    rows = np.flatnonzero(kind_mask(kinds, Kind.STRING))
    codes[rows] = [coder[values[row]] for row in rows.tolist()]
    arrays = None
    rows = np.flatnonzero(kind_mask(kinds, Kind.ARRAY))
    if len(rows):
        arrays, codes[rows], is_exact = build_arrays([values[row] for row in rows.tolist()])  # type: ignore[misc]
        kinds[rows[~is_exact]] = int(Kind.AMBIGUOUS)
    return Column(kinds, numbers, codes, tuple(coder), arrays)  # type: ignore[arg-type]


def build_arrays(values: Sequence[Sequence[object]]) -> tuple[Arrays, Codes, Flags]:
    """Return the distinct ones of n arrays.

    Returns:
        The distinct arrays; shape (n,), the index of each array among them; shape (n,), whether columns can say it
        exactly: its elements are scalars, and its numbers comparable. What they cannot say has any index.
    """
    n = len(values)
    is_exact = np.ones(n, np.bool_)
    types = set(map(type, chain.from_iterable(values)))
    if not types <= _ELEMENTS:
        is_exact = np.fromiter((_ELEMENTS.issuperset(map(type, value)) for value in values), np.bool_, n)
        values = [value if exact else () for value, exact in zip(values, is_exact.tolist(), strict=True)]
    coder = _Coder()
    if bool in types:  # Python finds True and 1 equal, which are different elements
        keys = ((tuple(value), tuple(map(type, value))) for value in values)
        codes = np.fromiter(map(coder.__getitem__, keys), np.int32, n)
        distinct: list[Sequence[object]] = [key[0] for key in coder]  # type: ignore[index]
    else:
        codes = np.fromiter(map(coder.__getitem__, map(tuple, values)), np.int32, n)
        distinct = list(coder)  # type: ignore[arg-type]
    offsets = np.array([0, *accumulate(map(len, distinct))])
    elements = list(chain.from_iterable(distinct))
    column = build_column(elements)
    if inexact := odd_rows(column, elements):
        is_sayable = np.ones(len(distinct), np.bool_)
        is_sayable[np.searchsorted(offsets, inexact, side="right") - 1] = False
        is_exact &= is_sayable[codes]
    return Arrays(offsets, column), codes, is_exact


def odd_rows(column: Column, values: Sequence[object]) -> list[int]:
    """Return the rows that a column cannot say exactly: AMBIGUOUS ones, and numbers that are not comparable doubles.

    An int below 2**53 is a double exactly, so that only larger ones are looked at one by one.
    """
    rows = np.flatnonzero(kind_mask(column.kinds, Kind.AMBIGUOUS)).tolist()
    large = np.flatnonzero((np.abs(column.numbers) >= _EXACT_INT) & kind_mask(column.kinds, Kind.NUMBER))
    rows += [row for row in large.tolist() if type(values[row]) is int and comparable(str(values[row])) is None]
    return rows
