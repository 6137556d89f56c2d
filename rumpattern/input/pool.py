"""Room that is used again and again: to get new memory from the system takes as long as to fill it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Room = TypeVar("_Room")


class BufferPool(Generic[_Room]):
    """Rooms that nobody uses at present; there are never more than were in use at once.

    Args:
        make: returns room of some size or more.
        size: returns the size of a room.
    """

    def __init__(self, make: Callable[[int], _Room], size: Callable[[_Room], int]) -> None:
        self._make = make
        self._size = size
        self._rooms: list[_Room] = []

    @contextmanager
    def take(self, size: int) -> Iterator[_Room]:
        """Lend room of some size or more; it is what somebody has left in it. Threads can do so at once."""
        try:
            room = self._rooms.pop()
        except IndexError:
            room = self._make(size)
        if self._size(room) < size:
            room = self._make(size)
        try:
            yield room
        finally:
            self._rooms.append(room)

    def clear(self) -> None:
        """Give the memory back."""
        self._rooms.clear()
