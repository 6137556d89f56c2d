"""Selected rows of a batch: a slice where they lie side by side, row ids where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.arrays import Array, Rows

    Selection: TypeAlias = slice | Rows
    """A slice with a start and a stop, or ascending row ids."""


def length(selection: Selection) -> int:
    """Return how many rows are selected."""
    return selection.stop - selection.start if isinstance(selection, slice) else len(selection)


def take(values: Array, selection: Selection) -> Array:
    """Return the selected rows of an array: a view for a slice, a copy for row ids."""
    return values[selection] if isinstance(selection, slice) else values.take(selection)


def split_selection(selection: Selection, size: int) -> Iterator[Selection]:
    """Yield a selection in pieces of at most ``size`` rows."""
    if isinstance(selection, slice):
        for start in range(selection.start, selection.stop, size):
            yield slice(start, min(start + size, selection.stop))
    else:
        for start in range(0, len(selection), size):
            yield selection[start : start + size]
