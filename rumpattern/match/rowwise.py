"""Sets of branches intersected row by row, where classes make too many codes for a table.

numpy makes a pass over all rows for each path; compiled code stops at the first path that leaves a row no branch. With
2,000 definitions of four ranges each on 10 million rows that took 2.1 s instead of 2.8.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from rumpattern.match.bitsets import StackedSets, distinct_pairs, match_rows
from rumpattern.match.classes import locate_intervals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rumpattern.arrays import Classes, DefinitionIndices, Numbers, Rows
    from rumpattern.match.classes import Locate

MatchRows: TypeAlias = "Callable[[StackedSets, Sequence[Classes], DefinitionIndices], tuple[Rows, DefinitionIndices]]"
"""A function like ``bitsets.match_rows``."""

WORDS_BEFORE_COMPILED: Final = 1 << 28
"""Words that numpy intersects before compiled code is loaded.

They take numpy about as long as loading takes: however long a job will be, it takes at most about twice the time of the
better choice.
"""


class RowwiseKernel:
    """Matches row by row: with numpy, and once enough has been done with compiled code, where numba is installed.

    Several threads may use it at once. Both functions give the same results, so a thread may go on with those of numpy
    while another loads the compiled ones.

    Args:
        words: words to intersect before compiled code is loaded; None never loads it.
    """

    def __init__(self, words: int | None = WORDS_BEFORE_COMPILED) -> None:
        self.words_left = words
        self.lock = Lock()
        self.locate: Locate = locate_intervals
        self.match: MatchRows = match_rows

    def charge(self, words: int) -> None:
        """Count words that are about to be intersected, and load compiled code once that pays."""
        with self.lock:
            if self.words_left is None:
                return
            self.words_left -= words
            if self.words_left < 0:
                self.words_left = None
                self._load()

    def _load(self) -> None:
        try:
            locate, match = compiled_functions()
        except Exception:  # noqa: BLE001 - whatever keeps numba from working, numpy gives the same results
            return
        self.locate, self.match = locate, match


def compiled_functions() -> tuple[Locate, MatchRows]:
    """Return compiled functions like ``locate_intervals`` and ``match_rows``, each called once.

    Raises:
        Exception: numba is not installed, or cannot compile, load or run them.
    """
    from rumpattern.native import match as native  # noqa: PLC0415 - numba is optional, and takes time to load

    def locate(boundaries: Numbers, numbers: Numbers) -> Classes:
        intervals: Classes = native.search(boundaries, numbers)
        return intervals

    def match(
        stacked: StackedSets, classes: Sequence[Classes], definition_of_branch: DefinitionIndices
    ) -> tuple[Rows, DefinitionIndices]:
        offset_classes = [of_path + np.int32(offset) for of_path, offset in zip(classes, stacked.offsets, strict=True)]
        rows, branches, n = native.intersect(stacked.sets, np.stack(offset_classes))
        return distinct_pairs(rows[:n], definition_of_branch[branches[:n]])

    # A call compiles the function, or loads it; an error shows here and not in the middle of a batch.
    locate(np.zeros(1), np.zeros(1))
    match(StackedSets(np.zeros((1, 1), np.uint64), (0,)), [np.zeros(1, np.int32)], np.zeros(1, np.uint16))
    return locate, match
