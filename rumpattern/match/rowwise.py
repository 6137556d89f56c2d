"""Sets of branches intersected row by row, where classes make too many codes for a table.

numpy does it in a few passes over all rows; compiled code stops at the first path that leaves no branch. Loading that
takes about as long as numpy takes for a few million rows, so it is loaded once enough has been done.
"""

from __future__ import annotations

from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from rumpattern.match.bitsets import Stack, distinct, row_owners
from rumpattern.match.classes import reached

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rumpattern.arrays import Classes, Numbers, Owners, Rows
    from rumpattern.match.classes import Search

Intersect: TypeAlias = "Callable[[Stack, Sequence[Classes], Owners], tuple[Rows, Owners]]"
"""A function like ``row_owners``."""

WORTH_COMPILING: Final = 1 << 28
"""Words intersected from which loading compiled code pays: they have taken about as long as loading it does."""


class RowwiseKernel:
    """How sets are intersected row by row: by numpy, or once enough has been done by compiled code if it is there.

    Args:
        worth: words to intersect before compiled code is loaded; None never loads it.
    """

    def __init__(self, worth: int | None = WORTH_COMPILING) -> None:
        self.left = worth if find_spec("numba") is not None else None
        self.lock = Lock()
        self.search: Search = reached
        self.intersect: Intersect = row_owners

    def charge(self, words: int) -> None:
        """Count words that are to be intersected, and load compiled code once they have become many."""
        with self.lock:
            if self.left is None:
                return
            self.left -= words
            if self.left < 0:
                self.left = None
                self._load()

    def _load(self) -> None:
        try:
            search, intersect = compiled_functions()
        except Exception:  # noqa: BLE001 - whatever keeps numba from working, numpy gives the same answers
            return
        self.search, self.intersect = search, intersect


def compiled_functions() -> tuple[Search, Intersect]:
    """Return compiled functions like ``reached`` and ``row_owners``, tried out once.

    Raises:
        Exception: numba cannot compile them, load them or run them.
    """
    from rumpattern.native import match as native  # noqa: PLC0415 - numba is optional, and takes time to load

    def search(boundaries: Numbers, numbers: Numbers) -> Classes:
        found: Classes = native.search(boundaries, numbers)
        return found

    def intersect(known: Stack, classes: Sequence[Classes], owner_of: Owners) -> tuple[Rows, Owners]:
        of_paths = np.stack([of_path + np.int32(first) for of_path, first in zip(classes, known.firsts, strict=True)])
        rows, branches, n = native.intersect(known.sets, of_paths)
        return distinct(rows[:n], owner_of[branches[:n]])

    search(np.zeros(1), np.zeros(1))
    intersect(Stack(np.zeros((1, 1), np.uint64), (0,)), [np.zeros(1, np.int32)], np.zeros(1, np.uint16))
    return search, intersect
