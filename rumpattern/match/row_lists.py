"""Matched row ids per definition, and those of many parts put in the order of definitions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Integers, Owners, Rows

    Some: TypeAlias = slice | Rows


@dataclass(frozen=True, slots=True, eq=False)
class RowLists:
    """What some definitions match among some rows.

    Attributes:
        definitions: shape (k,), numbers of definitions, ascending and distinct.
        counts: shape (k,), how many rows each matches.
        rows: shape (sum of counts,), those rows, one definition after the other, ascending within each.
    """

    definitions: Rows
    counts: Rows
    rows: Rows


def by_owner(definitions: Rows, rows: Rows, owners: Owners) -> RowLists:
    """Return what pairs of a row and an owner, an index into ``definitions``, say; the rows ascend."""
    order = owners.argsort(kind="stable")  # of 16 bits: numpy sorts them by radix
    return RowLists(definitions, np.bincount(owners, minlength=len(definitions)), rows[order])


def concat_by_definition(n: int, parts: Sequence[RowLists]) -> tuple[Integers, Rows]:
    """Return the offsets and rows of ``Matches`` of n definitions.

    No pair of a row and a definition is in two of the parts.
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


def _sort_runs(definitions: Rows, counts: Rows, rows: Rows) -> Rows:
    """Return runs of rows, one for each of ``definitions``, in the order of definitions and then of rows."""
    order = definitions.argsort(kind="stable")
    ends = np.cumsum(counts)[order]
    definitions, counts = definitions[order], counts[order]
    runs = zip((ends - counts).tolist(), ends.tolist(), strict=True)
    result = np.concatenate([rows[:0], *(rows[begin:end] for begin, end in runs)])
    _sort_unordered_runs(result, definitions, np.cumsum(counts) - counts, counts)
    return result


def _sort_unordered_runs(rows: Rows, definitions: Rows, begins: Rows, counts: Rows) -> None:
    """Sort the rows of each definition of which one run does not begin after the end of the run before."""
    ends = begins + counts
    same = definitions[1:] == definitions[:-1]
    torn = np.flatnonzero(same & (rows[begins[1:]] < rows[ends[:-1] - 1]))
    for definition in np.unique(definitions[torn]).tolist():
        first, last = np.searchsorted(definitions, [definition, definition + 1])
        rows[begins[first] : ends[last - 1]].sort()
