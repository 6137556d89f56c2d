"""Matched row ids per definition, and those of many matchers concatenated in the order of definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.match.bitsets import distinct_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Integers, Rows

_SHORT_RUN: Final = 64
"""Mean length of runs below which their rows are copied one by one, and not run by run.

A million rows in runs of 14 take 52 ms run by run and 18 one by one; in runs of 64, 10 and 6; of 200, 4 and 7.
"""


@dataclass(frozen=True, slots=True, eq=False)
class RowLists:
    """Matched row ids per definition: counts and one flat array, as in a compressed sparse row (CSR) matrix.

    Attributes:
        definitions: shape (k,), indices of definitions in the plan, ascending and distinct.
        counts: shape (k,), how many rows each matches.
        rows: shape (sum of counts,), those rows, one definition after the other, ascending within each.
    """

    definitions: Rows
    counts: Rows
    rows: Rows


def lists_from_pairs(definitions: Rows, rows: Rows, matched: Integers) -> RowLists:
    """Return the row lists of (row, definition) pairs.

    Args:
        definitions: shape (k,), indices in the plan.
        rows: shape (pairs,), ascending.
        matched: shape (pairs,), the definition that matches each row, as an index into ``definitions``.
    """
    # A stable sort keeps the rows of a definition ascending. numpy sorts integers of 16 bits by radix: a million of
    # them in 13 ms, of 64 bits in 180 ms.
    if matched.dtype.itemsize <= np.dtype(np.uint16).itemsize:
        order = matched.argsort(kind="stable")
    else:
        order = (matched & 0xFFFF).astype(np.uint16).argsort(kind="stable")
        order = order[(matched[order] >> 16).astype(np.uint16).argsort(kind="stable")]
    return RowLists(definitions, np.bincount(matched, minlength=len(definitions)), rows[order])


def distinct_lists(parts: Sequence[RowLists]) -> RowLists:
    """Return the row lists of parts in which a (row, definition) pair may occur more than once, with each pair once."""
    definitions = np.concatenate([np.repeat(part.definitions, part.counts) for part in parts] or [np.zeros(0, np.intp)])
    rows = np.concatenate([part.rows for part in parts] or [np.zeros(0, np.intp)])
    order = np.lexsort((rows, definitions))
    definitions, rows = distinct_pairs(definitions[order], rows[order])
    distinct, counts = np.unique(definitions, return_counts=True)
    return RowLists(distinct, counts, rows)


def concat_by_definition(n: int, parts: Sequence[RowLists]) -> tuple[Integers, Rows]:
    """Return ``Matches.offsets`` and ``Matches.rows`` of n definitions.

    No (row, definition) pair is in two of the parts.
    """
    definitions = np.concatenate([part.definitions for part in parts]) if parts else np.zeros(0, np.int64)
    counts = np.concatenate([part.counts for part in parts]) if parts else np.zeros(0, np.int64)
    rows = np.concatenate([part.rows for part in parts]) if parts else np.zeros(0, np.int64)
    if not bool((definitions[1:] > definitions[:-1]).all()):
        filled = counts > 0
        rows = _sort_runs(definitions[filled], counts[filled], rows)
    totals = np.zeros(n + 1, np.int64)
    np.add.at(totals, definitions + 1, counts)
    return np.cumsum(totals), rows


def ranges(begins: Integers, counts: Integers) -> Integers:
    """Return ``begins[0], begins[0] + 1, …``, ``counts[0]`` of them, then those of the next one."""
    shifts = begins - (np.cumsum(counts) - counts)
    return np.repeat(shifts, counts) + np.arange(counts.sum())


# A run is the rows that one part has of one definition: ascending, and as long as ``counts`` says. There are a few
# hundred runs where there are a million rows, so the runs are sorted and copied whole. Their rows are sorted only where
# two runs of a definition overlap, which the exact path brings about: its rows lie between those of the columns.
# Matchers yield a definition's own runs in ascending order, and a stable sort by definition keeps that order.


def _sort_runs(definitions: Rows, counts: Rows, rows: Rows) -> Rows:
    """Return the rows in the order of definitions and then of rows.

    Args:
        definitions: shape (runs,), whose rows each run has.
        counts: shape (runs,), the length of each, at least 1.
        rows: shape (sum of counts,), one run after the other.
    """
    order = definitions.argsort(kind="stable")
    ends = np.cumsum(counts)[order]
    definitions, counts = definitions[order], counts[order]
    if len(rows) < _SHORT_RUN * len(counts):
        result = rows[ranges(ends - counts, counts)]
    else:
        runs = zip((ends - counts).tolist(), ends.tolist(), strict=True)
        result = np.concatenate([rows[:0], *(rows[begin:end] for begin, end in runs)])
    _sort_unordered_runs(result, definitions, np.cumsum(counts) - counts, counts)
    return result


def _sort_unordered_runs(rows: Rows, definitions: Rows, begins: Rows, counts: Rows) -> None:
    """Sort in place the rows of each definition of which a run does not begin after the end of the run before."""
    ends = begins + counts
    is_same = definitions[1:] == definitions[:-1]
    unordered = np.flatnonzero(is_same & (rows[begins[1:]] < rows[ends[:-1] - 1]))
    for definition in np.flatnonzero(np.bincount(definitions[unordered])).tolist():
        first, last = np.searchsorted(definitions, [definition, definition + 1])
        rows[begins[first] : ends[last - 1]].sort()
