"""Values to classes: two values of a path are in one class when no predicate of any definition tells them apart.

A class is a set of branches: those that its values do not rule out. A branch holds in a row where it is in the sets of
the row's classes on all paths. How many classes a path has depends on the values that predicates name, not on how many
definitions name them, which is why two thousand definitions cost little more than ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from rumpattern.columns.batch import kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.match.bitsets import bits_of, unite
from rumpattern.match.selection import length, take

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rumpattern.arrays import Bits, BitTable, Classes, Flags, Numbers, Rows
    from rumpattern.columns.batch import Arrays, Column
    from rumpattern.match.partition import Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.selection import Selection


Locate: TypeAlias = "Callable[[Numbers, Numbers], Classes]"
"""A function like ``locate_intervals``."""

MAX_STRINGS: Final = 1 << 16
"""Strings of a path whose classes are remembered; beyond, all are forgotten and classified again as they occur."""
MAX_NAMED_STRINGS: Final = 1 << 12
"""Strings that ``learn_named`` classifies: enough to estimate the number of classes by."""
_MAX_COMPARED_BOUNDARIES: Final = 40
"""Boundaries up to which numbers are compared with each; above, they are searched for.

A million numbers: 10 boundaries 8 ms by comparing and 47 by searching, 40 boundaries 29 and 82, 160 boundaries 92 and
113; on another processor the two crossed at 40. It must stay below 256: counts are bytes.
"""
_CHUNK_NUMBERS: Final = 1 << 14
"""Numbers that are compared with all boundaries before the next ones, 128 kB, which stay in a core's own cache.

A million numbers and 20 boundaries: 15 ms in chunks, 24 ms at once.
"""


class EntryClasses(NamedTuple):
    """The classes of a column's dictionary entries. Entries that do not occur in the selected rows have any class.

    Attributes:
        of_string: shape (strings,); None if all strings are in one class, ``class_of_kind[Kind.STRING]``.
        of_array: shape (arrays,); None if there are none.
    """

    of_string: Classes | None
    of_array: Classes | None


class _Constraint(NamedTuple):
    """A predicate and the branches that need it, shape (words,)."""

    predicate: CompiledPredicate
    branches: Bits


@dataclass(frozen=True, slots=True, eq=False)
class ClassTables:
    """What the plan tells of a path's classes: all those of numbers and of the other kinds, but not of strings.

    Attributes:
        unconstrained: shape (words,), the branches that ask nothing of the path.
        sets: shape (classes, words), the set of branches of each class.
        class_of_kind: shape (kinds,); of numbers and strings it is the class of those that no predicate names.
        boundaries: shape (n,), ascending, the numbers at which a class ends and the next one begins.
        class_of_interval: shape (n + 1,), the class of numbers that have reached no boundary, one, and so on.
        string_base: shape (words,), the branches that hold for every string.
        string_constraints: the constraints that some strings meet and others do not.
        constraints_of_string: for each string that predicates name by equality, indices of the constraints it meets.
        tested_constraints: those of the string constraints that test more than equality.
    """

    unconstrained: Bits
    sets: BitTable
    class_of_kind: Classes
    boundaries: Numbers
    class_of_interval: Classes
    string_base: Bits
    string_constraints: tuple[_Constraint, ...]
    constraints_of_string: Mapping[str, Sequence[int]]
    tested_constraints: tuple[_Constraint, ...]

    @property
    def is_open(self) -> bool:
        """Whether strings may occur that add classes."""
        return bool(self.string_constraints)


def build_class_tables(partition: Partition, path: str, predicates: Sequence[CompiledPredicate]) -> ClassTables:
    """Build the classes of a path that are known from the plan.

    Args:
        partition: the definitions whose branches are the bits of a set.
        path: the path.
        predicates: all predicates of the plan.
    """
    unconstrained, constraints = _constraints(partition, path, predicates)
    set_of_kind = np.array([_set_of_kind(kind, unconstrained, constraints) for kind in Kind])
    set_of_kind[Kind.ARRAY] = set_of_kind[Kind.MISSING]  # of the empty array; the others have classes of their own
    set_of_kind[Kind.AMBIGUOUS] = set_of_kind[Kind.MISSING]  # only rows of the exact path have it; it adds no class
    boundaries, set_of_interval = _intervals(constraints, set_of_kind[Kind.NUMBER])

    class_of_set: dict[bytes, int] = {}
    class_of_kind = _number_sets(set_of_kind, class_of_set)
    class_of_interval = _number_sets(set_of_interval, class_of_set)
    sets = np.frombuffer(b"".join(class_of_set), np.uint64).reshape(len(class_of_set), -1)
    is_border = class_of_interval[1:] != class_of_interval[:-1]

    string_constraints = tuple(
        constraint
        for constraint in constraints
        if constraint.predicate.text is not None and not constraint.predicate.kinds[Kind.STRING]
    )
    constraints_of_string: dict[str, list[int]] = {}
    for index, constraint in enumerate(string_constraints):
        for text in constraint.predicate.equal or ():
            constraints_of_string.setdefault(text, []).append(index)
    return ClassTables(
        unconstrained,
        sets,
        class_of_kind,
        boundaries[is_border],
        class_of_interval[np.concatenate([[True], is_border])],
        set_of_kind[Kind.STRING],
        string_constraints,
        constraints_of_string,
        tuple(constraint for constraint in string_constraints if constraint.predicate.equal is None),
    )


def _constraints(
    partition: Partition, path: str, predicates: Sequence[CompiledPredicate]
) -> tuple[Bits, list[_Constraint]]:
    """Return the branches that ask nothing of the path, shape (words,), and those that do, by predicate.

    A branch has at most one predicate on a path, so that each branch is in exactly one of these sets.
    """
    unconstrained = bits_of(range(len(partition.branches)), len(partition.branches))
    constraints: list[_Constraint] = []
    for index, branches in partition.needing.get(path, {}).items():
        bits = bits_of(branches, len(partition.branches))
        unconstrained &= ~bits
        constraints.append(_Constraint(predicates[index], bits))
    return unconstrained, constraints


def _set_of_kind(kind: Kind, unconstrained: Bits, constraints: Iterable[_Constraint]) -> Bits:
    """Return the branches that hold for all values of a kind."""
    result = unconstrained.copy()
    for predicate, branches in constraints:
        if predicate.kinds[kind]:
            result |= branches
    return result


def _intervals(constraints: Iterable[_Constraint], base: Bits) -> tuple[Numbers, BitTable]:
    """Return n ascending boundaries and, shape (n + 1, words), the set of the numbers between each two of them.

    With ``branches(p)`` for the branches that need predicate p, the set of a number x is

        base | XOR of branches(p) over all ends of intervals of p that x has reached.

    An interval [low, high] of p has two ends: p begins to hold at low, and ceases at the next double after high. So
    every bound of every operator becomes one test, ``x >= boundary``, which one search answers for all of them; closed
    upper ends would need a second array and a second search. XOR toggles p at each end without knowing which it is,
    and accumulates along the boundaries in one call; it may, because no branch is in the sets of two predicates.
    ``base`` is ORed afterwards: its branches must not be toggled.
    """
    constraints = [c for c in constraints if len(c.predicate.lows) and not c.predicate.kinds[Kind.NUMBER]]
    if not constraints:
        return np.zeros(0), base.reshape(1, -1)
    with np.errstate(over="ignore"):  # after the largest double comes infinity, which no number reaches
        ends = [np.nextafter(predicate.highs, np.inf) for predicate, _ in constraints]
    values = np.concatenate([*(predicate.lows for predicate, _ in constraints), *ends])
    boundaries = np.array(sorted(set(values.tolist())))
    deltas = np.zeros((len(boundaries) + 1, len(base)), np.uint64)
    for (predicate, branches), end in zip(constraints, ends, strict=True):
        # Two statements: an assignment by index applies repeated indices once, and where intervals touch, an end is
        # also a low. Toggled by both it stays as it was, as it must.
        deltas[np.searchsorted(boundaries, predicate.lows) + 1] ^= branches
        deltas[np.searchsorted(boundaries, end) + 1] ^= branches
    return boundaries, np.bitwise_xor.accumulate(deltas, axis=0) | base


def _number_sets(sets: BitTable, class_of_set: dict[bytes, int]) -> Classes:
    """Return shape (n,): the class of each set; a new one gets the next index in ``class_of_set``."""
    return np.array([class_of_set.setdefault(bits.tobytes(), len(class_of_set)) for bits in sets], np.int32)


class PathClasses:
    """The classes of a path: those that the plan tells of, and those of the strings and arrays that have occurred.

    Several threads may use it at once. A class keeps its index and its set for good, so that codes made of it stay
    valid. Readers take no lock: a class is counted only after its set is written, and a larger table of sets replaces
    the smaller one after it was copied, so that ``sets[:len(self)]`` is complete in whatever table a reader gets. It
    must call ``len`` before it fetches ``sets``.

    Args:
        tables: what the plan tells of the path.
    """

    def __init__(self, tables: ClassTables) -> None:
        self.tables = tables
        self.sets = tables.sets
        self.class_of_set = {bits.tobytes(): index for index, bits in enumerate(tables.sets)}
        self.class_of_string: dict[str, int] = {}
        self.lock = Lock()

    def __len__(self) -> int:
        """Return how many classes there are."""
        return len(self.class_of_set)

    @property
    def learned_words(self) -> int:
        """How many words the sets of the classes take that strings and arrays have added."""
        return (len(self) - len(self.tables.sets)) * self.sets.shape[1]

    @property
    def is_open(self) -> bool:
        """Whether values may occur that add classes: strings, or arrays where some have added classes before."""
        return self.tables.is_open or len(self) > len(self.tables.sets)

    def classify(self, column: Column, selection: Selection, locate: Locate) -> EntryClasses:
        """Return the classes of a column's strings and arrays that occur in the selected rows.

        Args:
            column: the path's column.
            selection: the rows.
            locate: how to find the intervals of numbers.
        """
        of_string = self._classify_strings(column, selection)
        return EntryClasses(of_string, self._classify_arrays(column, selection, locate))

    def _classify_strings(self, column: Column, selection: Selection) -> Classes | None:
        if not self.tables.is_open or not column.strings:
            return None
        result = np.zeros(len(column.strings), np.int32)
        codes: Iterable[int] = range(len(result))
        if len(result) > length(selection):  # with fewer strings, to find out which occur costs more than it saves
            codes = used_codes(column, selection, Kind.STRING).tolist()
        class_of_string = self.class_of_string
        for code in codes:
            text = column.strings[code]
            known = class_of_string.get(text)
            result[code] = self._learn(text) if known is None else known
        return result

    def _classify_arrays(self, column: Column, selection: Selection, locate: Locate) -> Classes | None:
        if column.arrays is None:
            return None
        if len(column.arrays) <= length(selection):
            return self._classes_of(column.arrays, locate)
        result = np.zeros(len(column.arrays), np.int32)
        codes = used_codes(column, selection, Kind.ARRAY)
        result[codes] = self._classes_of(column.arrays.take(codes), locate)
        return result

    def _classes_of(self, arrays: Arrays, locate: Locate) -> Classes:
        """Return shape (arrays,): the class of each array, whose set unites those of its elements.

        A branch that is in the set of an element holds for it, and an array meets a predicate if any of its elements
        does. In most arrays all elements are in one class, which is the array's too.
        """
        result = np.full(len(arrays), self.tables.class_of_kind[Kind.ARRAY], np.int32)
        filled = np.flatnonzero(arrays.offsets[1:] > arrays.offsets[:-1])
        if not len(filled):
            return result
        everything = slice(0, len(arrays.elements.kinds))
        classes = self.encode(arrays.elements, everything, self.classify(arrays.elements, everything, locate), locate)
        begins = arrays.offsets[filled]  # reduceat goes from each of them to the next: empty arrays take no elements
        result[filled] = classes[begins]
        is_mixed = result[filled] != np.maximum.reduceat(classes, begins)
        is_mixed |= result[filled] != np.minimum.reduceat(classes, begins)
        mixed = filled[is_mixed]
        class_of_set: dict[bytes, int] = {}
        for index, bits in zip(mixed.tolist(), unite(self.sets, classes, arrays.offsets, mixed), strict=True):
            key = bits.tobytes()
            known = class_of_set.get(key)
            if known is None:
                with self.lock:
                    known = class_of_set[key] = self._class_of(bits)
            result[index] = known
        return result

    def learn_named(self) -> None:
        """Learn the classes of the strings that definitions name, up to ``MAX_NAMED_STRINGS`` of them."""
        for text in islice(self.tables.constraints_of_string, MAX_NAMED_STRINGS):
            self._learn(text)

    def _learn(self, text: str) -> int:
        """Return the class of a string, and remember it."""
        constraints = self.tables.string_constraints
        bits = self.tables.string_base.copy()
        for index in self.tables.constraints_of_string.get(text, ()):
            bits |= constraints[index].branches
        for predicate, branches in self.tables.tested_constraints:
            if predicate.text is not None and predicate.text(text):
                bits |= branches
        with self.lock:
            if len(self.class_of_string) >= MAX_STRINGS:
                self.class_of_string.clear()
            index = self.class_of_string[text] = self._class_of(bits)
        return index

    def _class_of(self, bits: Bits) -> int:
        """Return the class that has a set, which is added if it is new; the lock is held."""
        key = bits.tobytes()
        index = self.class_of_set.get(key)
        if index is None:
            index = len(self.class_of_set)
            if index == len(self.sets):
                self.sets = np.concatenate([self.sets, np.zeros_like(self.sets)])
            self.sets[index] = bits
            self.class_of_set[key] = index  # last, so that len(self) counts sets that are written
        return index

    def encode(self, column: Column, selection: Selection, entries: EntryClasses, locate: Locate) -> Classes:
        """Return shape (selected rows,): the class of each row.

        Args:
            column: the path's column.
            selection: the rows.
            entries: what ``classify`` returned for them.
            locate: how to find the intervals of numbers.
        """
        tables = self.tables
        kinds = take(column.kinds, selection)
        parts: list[tuple[Flags, Classes]] = []
        for kind, class_of_entry in ((Kind.STRING, entries.of_string), (Kind.ARRAY, entries.of_array)):
            if class_of_entry is None:
                continue
            flags = kind_mask(kinds, kind)
            if count := np.count_nonzero(flags):
                # The codes of other kinds may be too large for this dictionary: clipped, and not copied below.
                classes = class_of_entry.take(take(column.codes, selection), mode="clip")
                if count == len(kinds):
                    return classes
                parts.append((flags, classes))
        if len(tables.boundaries):
            flags = kind_mask(kinds, Kind.NUMBER)
            if count := np.count_nonzero(flags):
                classes = tables.class_of_interval[locate(tables.boundaries, take(column.numbers, selection))]
                if count == len(kinds):
                    return classes
                parts.append((flags, classes))
        result: Classes = tables.class_of_kind[kinds]
        for flags, classes in parts:
            np.copyto(result, classes, where=flags)
        return result


def used_codes(column: Column, selection: Selection, kind: Kind) -> Rows:
    """Return the codes that the selected rows of a kind have, ascending."""
    codes = take(column.codes, selection)
    is_plain = column.arrays is None  # then codes of other kinds than strings are codes of some string too
    codes = codes if is_plain else codes[kind_mask(take(column.kinds, selection), kind)]
    is_used = np.zeros(int(codes.max(initial=-1)) + 1, np.bool_)
    is_used[codes] = True
    return np.flatnonzero(is_used)


def locate_intervals(boundaries: Numbers, numbers: Numbers) -> Classes:
    """Return shape (numbers,): how many of the ascending boundaries each number has reached, ``number >= boundary``."""
    if len(boundaries) > _MAX_COMPARED_BOUNDARIES:
        return np.searchsorted(boundaries, numbers, side="right").astype(np.int32)
    counts = np.zeros(len(numbers), np.uint8)
    for start in range(0, len(numbers), _CHUNK_NUMBERS):
        chunk, count = numbers[start : start + _CHUNK_NUMBERS], counts[start : start + _CHUNK_NUMBERS]
        for boundary in boundaries.tolist():
            count += chunk >= boundary
    return counts.astype(np.int32)
