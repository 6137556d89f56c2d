"""Classes to codes: rows with the same class on every path have one code, and match the same definitions.

Which definitions a code matches is found out once and remembered for later batches.
"""

from __future__ import annotations

from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

from rumpattern.match.bitsets import AT_ONCE, intersect, owners_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Classes, Owners, Rows
    from rumpattern.match.bitsets import Stack

MAX_CODES: Final = 1 << 21
"""What a table has room for, which is 8 MB; a row's answer is one look-up in it."""
MAX_CODES_OF_ENGINE: Final = 1 << 24
"""What all tables of an engine have room for."""
MAX_OWNERS: Final = 1 << 21
"""Remembered by one table; beyond, the next batch begins with an empty one."""
_NOT_EVALUATED: Final = 0
_NO_MATCH: Final = 1


def radices(counts: Sequence[int], is_open: Sequence[bool]) -> list[int]:
    """Return how many classes to provide for on each path: some more than there are where more may come."""
    return [count + count // 4 + 1 if more else count for count, more in zip(counts, is_open, strict=True)]


_Array = TypeVar("_Array", bound=np.ndarray[Any, Any])


class CodeTable:
    """What is known of the codes of classes below some radices: an answer for each code, and its owners.

    Args:
        limits: the radix of each path; their product is at most ``MAX_CODES``.
    """

    def __init__(self, limits: Sequence[int]) -> None:
        self.limits = tuple(limits)
        self.strides = [prod(self.limits[:place]) for place in range(len(self.limits))]
        self.answers: Classes = np.zeros(prod(self.limits), np.int32)
        self.lock = Lock()
        self.entries = _Entries()

    def fits(self, counts: Sequence[int]) -> bool:
        """Tell whether there is room for as many classes on each path, and for what there is to learn."""
        has_room = self.entries.used_owners < MAX_OWNERS
        return has_room and all(count <= limit for count, limit in zip(counts, self.limits, strict=True))

    def code(self, classes: Sequence[Classes]) -> Classes:
        """Return shape (n,): the code of each row, given its class on each path."""
        codes = classes[0].copy()
        for of_path, stride in zip(classes[1:], self.strides[1:], strict=True):
            codes += of_path * np.int32(stride)
        return codes

    def owners(self, codes: Classes, known: Stack, owner_of: Owners) -> tuple[Rows, Owners]:
        """Return the pairs of a row and an owner of its code, by row and then by owner.

        Args:
            codes: shape (n,), a code for each row.
            known: the sets of the classes.
            owner_of: shape (branches,), whose each branch is.
        """
        answers = self.answers[codes]
        if not answers.all():
            self._learn(codes[answers == _NOT_EVALUATED], known, owner_of)
            answers = self.answers[codes]
        lists = self.entries.lists  # after the answers, so that it holds all that they name
        rows = np.flatnonzero(answers > _NO_MATCH)
        answers = answers[rows]
        lengths = lists.lengths[answers]
        begins = lists.begins[answers] - (np.cumsum(lengths, dtype=np.int64) - lengths)
        places = np.repeat(begins, lengths) + np.arange(lengths.sum())
        return np.repeat(rows, lengths), lists.owners[places]

    def _learn(self, codes: Classes, known: Stack, owner_of: Owners) -> None:
        """Find out the owners of codes."""
        with self.lock:
            codes = np.unique(codes)
            codes = codes[self.answers[codes] == _NOT_EVALUATED]
            step = max(1, AT_ONCE // known.sets.shape[1])
            for start in range(0, len(codes), step):
                self._learn_some(codes[start : start + step], known, owner_of)

    def _learn_some(self, codes: Classes, known: Stack, owner_of: Owners) -> None:
        classes = [codes // stride % limit for stride, limit in zip(self.strides, self.limits, strict=True)]
        places, owners = owners_in(intersect(known, classes), owner_of)
        lengths = np.bincount(places, minlength=len(codes))
        answers = np.full(len(codes), _NO_MATCH, np.int32)
        answers[lengths > 0] = self.entries.add(lengths[lengths > 0], owners)
        self.answers[codes] = answers  # last: who reads an answer finds its entry


class _Lists(NamedTuple):
    """Lists of owners: list i is ``owners[begins[i]:begins[i] + lengths[i]]``."""

    begins: Classes
    lengths: Classes
    owners: Owners


class _Entries:
    """Lists of owners that grow. What has been added stays where it is, also in arrays that a reader still holds."""

    def __init__(self) -> None:
        self.lists = _Lists(np.zeros(64, np.int32), np.zeros(64, np.int32), np.zeros(256, np.uint16))
        self.used = _NO_MATCH + 1
        self.used_owners = 0

    def add(self, lengths: Rows, owners: Owners) -> Classes:
        """Add lists of some lengths, one after the other in ``owners``, and return their numbers."""
        start, end, end_owners = self.used, self.used + len(lengths), self.used_owners + len(owners)
        begins, known, all_owners = self.lists
        begins, known, all_owners = _grown(begins, end), _grown(known, end), _grown(all_owners, end_owners)
        begins[start:end] = self.used_owners + np.cumsum(lengths) - lengths
        known[start:end] = lengths
        all_owners[self.used_owners : end_owners] = owners
        self.lists = _Lists(begins, known, all_owners)
        self.used, self.used_owners = end, end_owners
        return np.arange(start, end, dtype=np.int32)


def _grown(array: _Array, size: int) -> _Array:
    """Return an array with room for some elements, the same one if it has."""
    if size <= len(array):
        return array
    larger = np.zeros(max(size, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger  # type: ignore[return-value]
