"""What was found in some rows of a batch, and all of it put together in the order of definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.arrays import Array, Rows

    Selection: TypeAlias = slice | Rows


def length(some: Selection) -> int:
    """Return how many rows there are."""
    return some.stop - some.start if isinstance(some, slice) else len(some)


def take(values: Array, some: Selection) -> Array:
    """Return some rows of an array; ``take`` is three times as fast as brackets."""
    return values[some] if isinstance(some, slice) else values.take(some)


def split_selection(some: Selection, size: int) -> Iterator[Selection]:
    """Yield rows in parts of at most some size."""
    if isinstance(some, slice):
        for start in range(some.start, some.stop, size):
            yield slice(start, min(start + size, some.stop))
    else:
        for start in range(0, len(some), size):
            yield some[start : start + size]
