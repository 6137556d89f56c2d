"""A range of a file to columns: read piece by piece into a buffer that stays in a core's cache, and scanned there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from numba import types

from rumpattern.native.layout import PADDING
from rumpattern.native.scan import Work, scan_lines
from rumpattern.native.simd import compiled, copy_words, equal_64, inlined, leading_zeros, put_integer
from rumpattern.native.tokens import NEWLINE

if TYPE_CHECKING:
    from collections.abc import Callable

CAN_READ: Final = hasattr(os, "pread")
"""Whether the system has the function that compiled code reads files with."""
PIECE: Final = 256 << 10
"""Bytes that are read at once: a part of what a core's own cache holds."""
_WORD: Final = 8
_BLOCK: Final = 64

_pread: Callable[[int, int, int, int], int] = types.ExternalFunction(  # type: ignore[assignment]
    "pread", types.intp(types.int32, types.intp, types.uintp, types.int64)
)


@inlined
def _end_of_lines(text: int, size: int) -> int:
    """Return how many bytes of a text are whole lines; zeros follow it."""
    while size > 0:
        size = max(size - _BLOCK, 0)
        found = equal_64(text + size, NEWLINE)
        if found:
            return size + _BLOCK - leading_zeros(found)
    return 0


@compiled
def scan_file(file: int, start: int, stop: int, room: int, piece: int, work: Work) -> tuple[int, bool]:
    """Add rows from the lines between two bytes of a file, while there is room.

    Args:
        file: its descriptor.
        start: the byte at which the first line begins.
        stop: the byte after the last line.
        room: the address of room for a piece more than the longest line has, and for ``PADDING``.
        piece: how many bytes are read at once.
        work: see ``scan_lines``.

    Returns:
        The byte where the next line begins, ``stop`` if there is none; and whether reading failed, or the line is too
        long.
    """
    rest = 0
    while start < stop:
        begin = start + rest
        size = _pread(file, room + rest, min(piece, stop - begin), begin)
        if size <= 0:
            return start, True
        filled = rest + size
        for offset in range(0, PADDING, _WORD):
            put_integer(room + filled + offset, 0)
        whole = filled if start + filled == stop else _end_of_lines(room, filled)
        done = scan_lines(room, 0, whole, start, work)
        start += done
        if done < whole:
            break
        rest = filled - whole
        if rest > work.request.max_line:
            return start, True
        copy_words(room, room + whole, rest)
    return start, False
