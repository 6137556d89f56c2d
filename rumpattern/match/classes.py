"""Values to classes: two values of a path are in one class when no branch of any definition tells them apart.

A class is a set of branches: those that its values do not keep from holding. Sets of branches are bits of 64-bit words.
"""

from __future__ import annotations

from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from rumpattern.columns.batch import kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.match.bitsets import word_count
from rumpattern.match.selection import length, take

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rumpattern.arrays import Bits, BitTable, Classes, Flags, Numbers
    from rumpattern.columns.batch import Column
    from rumpattern.match.partition import Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.selection import Selection


Locate: TypeAlias = "Callable[[Numbers, Numbers], Classes]"
"""A function like ``locate_intervals``."""

MAX_STRINGS: Final = 1 << 16
"""Whose classes are remembered; beyond, all are forgotten."""
MAX_NAMED_STRINGS: Final = 1 << 12
_MAX_COMPARED_BOUNDARIES: Final = 40
"""Boundaries up to which numbers are compared with each; above, they are searched for.

A million numbers: 10 boundaries 8 ms by comparing and 47 by searching, 40 boundaries 29 and 82, 160 boundaries 92 and
113. Searching fewer than the crossing on that machine leaves room for others; the counts must fit in a byte.
"""
_CHUNK_NUMBERS: Final = 1 << 14
"""Numbers that are compared with all boundaries before the next ones, 128 kB, which stay in a core's own cache.

A million numbers and 20 boundaries: 15 ms in chunks, 24 ms at once.
"""


class PathClasses:
    """The classes of one path's values. They are numbered as they are first seen; a number never changes its meaning.

    Attributes:
        bits: shape (classes or more, words), the set of branches of each class.
        boundaries: ascending numbers between classes.

    Args:
        group: whose branches are asked.
        path: the path.
        predicates: all predicates of the plan.
    """

    def __init__(self, group: Partition, path: str, predicates: Sequence[CompiledPredicate]) -> None:
        self.unconstrained: Bits = np.zeros(word_count(len(group.branches)), np.uint64)
        self.predicates: list[tuple[CompiledPredicate, Bits]] = []
        self._split(group, path, predicates)
        self.lock = Lock()
        self.class_of_bits: dict[bytes, int] = {}
        self.bits: BitTable = np.zeros((8, len(self.unconstrained)), np.uint64)
        by_kind = np.array([self._of_kind(kind) for kind in Kind])
        by_kind[Kind.AMBIGUOUS] = by_kind[Kind.MISSING]  # only odd rows have it, and they are not asked
        self.of_kind: Classes = np.array([self._number(bits) for bits in by_kind], np.int32)
        self.boundaries, self.class_of_interval = self._number_classes(by_kind[Kind.NUMBER])
        self.string_base: Bits = by_kind[Kind.STRING]
        self.string_predicates = [
            (test, bits) for test, bits in self.predicates if test.text is not None and not test.kinds[Kind.STRING]
        ]
        self.equal: dict[str, list[int]] = {}
        for number, (test, _) in enumerate(self.string_predicates):
            for text in test.equal or ():
                self.equal.setdefault(text, []).append(number)
        self.class_of_string: dict[str, int] = {}
        self.initial_classes = len(self.class_of_bits)

    def __len__(self) -> int:
        """Return how many classes are known."""
        return len(self.class_of_bits)

    @property
    def learned(self) -> int:
        """How many words the sets of classes take that strings have brought."""
        return (len(self.class_of_bits) - self.initial_classes) * len(self.unconstrained)

    @property
    def is_open(self) -> bool:
        """Whether strings may come that make more classes."""
        return bool(self.string_predicates)

    def _split(self, group: Partition, path: str, predicates: Sequence[CompiledPredicate]) -> None:
        """Sort branches by what they ask of the path: one of ``predicates``, or nothing: ``unconstrained``."""
        asking: dict[int, Bits] = {}
        for number, branch in enumerate(group.branches):
            asked = [index for index in branch if group.path_of[index] == path]
            bits = asking.setdefault(asked[0], np.zeros_like(self.unconstrained)) if asked else self.unconstrained
            bits[number >> 6] |= np.uint64(1 << (number & 63))
        self.predicates = [(predicates[index], bits) for index, bits in asking.items()]

    def _of_kind(self, kind: Kind) -> Bits:
        """Return the branches that hold for values of a kind where the kind decides."""
        result = self.unconstrained.copy()
        for test, bits in self.predicates:
            if test.kinds[kind]:
                result |= bits
        return result

    def _number_classes(self, base: Bits) -> tuple[Numbers, Classes]:
        """Return ascending boundaries, and the class of numbers that have reached none of them, one, and so on.

        At a boundary some predicates begin or cease to hold. Branches ask one predicate of a path at most, so that the
        bits of predicates do not overlap.
        """
        predicates = [(test, bits) for test, bits in self.predicates if len(test.lows) and not test.kinds[Kind.NUMBER]]
        if not predicates:
            return np.zeros(0), self.of_kind[[int(Kind.NUMBER)]]
        with np.errstate(over="ignore"):  # after the largest double comes infinity, which no number reaches
            ends = [np.nextafter(test.highs, np.inf) for test, _ in predicates]
        boundaries = np.unique(np.concatenate([*(test.lows for test, _ in predicates), *ends]))
        deltas = np.zeros((len(boundaries) + 1, len(base)), np.uint64)
        for (test, bits), end in zip(predicates, ends, strict=True):
            deltas[np.searchsorted(boundaries, test.lows) + 1] ^= bits
            deltas[np.searchsorted(boundaries, end) + 1] ^= bits
        sets = np.bitwise_xor.accumulate(deltas, axis=0) | base
        class_of_interval = np.array([self._number(bits) for bits in sets], np.int32)
        kept = class_of_interval[1:] != class_of_interval[:-1]
        return boundaries[kept], class_of_interval[np.concatenate([[True], kept])]

    def _number(self, bits: Bits) -> int:
        """Return the number of a set of branches; one that is new becomes a class."""
        key = bits.tobytes()
        number = self.class_of_bits.get(key)
        if number is None:
            number = len(self.class_of_bits)
            if number == len(self.bits):
                self.bits = np.concatenate([self.bits, np.zeros_like(self.bits)])
            self.bits[number] = bits
            self.class_of_bits[key] = number  # last, so that len(self) counts rows that are filled
        return number

    def of_strings(self, column: Column, some: Selection) -> Classes | None:
        """Return the class of each string that occurs in some rows, shape (strings,); None if all are of one."""
        if not self.string_predicates or not column.strings:
            return None
        result = np.zeros(len(column.strings), np.int32)
        used = range(len(result)) if len(result) <= length(some) else np.unique(take(column.codes, some)).tolist()
        class_of_string = self.class_of_string
        for code in used:
            text = column.strings[code]
            known = class_of_string.get(text)
            result[code] = self._learn(text) if known is None else known
        return result

    def learn_named(self) -> None:
        """Learn the classes of the strings that definitions name; a few thousand are enough to estimate by."""
        for text in islice(self.equal, MAX_NAMED_STRINGS):
            self._learn(text)

    def _learn(self, text: str) -> int:
        """Return the class of a string, and remember it."""
        bits = self.string_base.copy()
        for number in self.equal.get(text, ()):
            bits |= self.string_predicates[number][1]
        for test, some in self.string_predicates:
            if test.equal is None and test.text is not None and test.text(text):
                bits |= some
        with self.lock:
            if len(self.class_of_string) >= MAX_STRINGS:
                self.class_of_string.clear()
            number = self.class_of_string[text] = self._number(bits)
        return number

    def encode(self, column: Column, some: Selection, of_string: Classes | None, locate: Locate) -> Classes:
        """Return the classes of some rows; ``of_string`` are those of the column's strings."""
        kinds = take(column.kinds, some)
        parts: list[tuple[Flags, Classes]] = []
        if of_string is not None:
            flags = kind_mask(kinds, Kind.STRING)
            if count := np.count_nonzero(flags):
                classes = of_string.take(take(column.codes, some))
                if count == len(kinds):
                    return classes
                parts.append((flags, classes))
        if len(self.boundaries):
            flags = kind_mask(kinds, Kind.NUMBER)
            if count := np.count_nonzero(flags):
                classes = self.class_of_interval[locate(self.boundaries, take(column.numbers, some))]
                if count == len(kinds):
                    return classes
                parts.append((flags, classes))
        result: Classes = self.of_kind[kinds]
        for flags, classes in parts:
            np.copyto(result, classes, where=flags)
        return result


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
