"""Scratch memory that is used again: to get new memory from the system takes as long as to fill it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Scratch = TypeVar("_Scratch")


class ScratchPool(Generic[_Scratch]):
    """Scratch memory that is not in use; there are never more pieces than were in use at once.

    Args:
        make: returns a piece of a size or more.
        size: returns the size of a piece.
    """

    def __init__(self, make: Callable[[int], _Scratch], size: Callable[[_Scratch], int]) -> None:
        self._make = make
        self._size = size
        self._idle: list[_Scratch] = []

    @contextmanager
    def take(self, size: int) -> Iterator[_Scratch]:
        """Lend a piece of a size or more, with whatever its last user left in it. Threads can do so at once.

        ``pop`` and ``append`` are atomic, so no lock is needed; to ask for the length first would not be.
        """
        try:
            scratch = self._idle.pop()
        except IndexError:
            scratch = self._make(size)
        if self._size(scratch) < size:
            scratch = self._make(size)
        try:
            yield scratch
        finally:
            self._idle.append(scratch)

    def clear(self) -> None:
        """Give the memory back."""
        self._idle.clear()
