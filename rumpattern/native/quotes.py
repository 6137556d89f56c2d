"""The first pass over a line: the positions of all its quotes, and a check of its characters, 64 bytes at a time.

With the positions the end of a string is known at once, and the processor can go on to what stands behind it. The
characters in strings are checked on the way: nearly always 64 bytes are plain ASCII, and nothing is to be done.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from rumpattern.native.simd import byte_at, compiled, equal_64, likely, ones, put_places, trailing_zeros
from rumpattern.native.tokens import NEWLINE, QUOTE, is_white, strange_64, unit_end

MOST_QUOTES: Final = 16_384
"""Quotes that a line may have before its last 64 bytes; lines with more are left to the exact reader."""
ROOM: Final = MOST_QUOTES + 64
_BACKSLASH: Final = ord("\\")
_BLOCK: Final = 64
_PLACE: Final = 4
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)


# Two comparisons of 64 bytes give two bit masks: ``quotes``, and ``others``, the bytes that may not be taken as they
# are (control characters, backslashes, non-ASCII). Without others, all quotes count and are stored as they are. The end
# of the line is found by the same masks, as the first other byte: looking for the newline in a pass of its own before
# this one took longer. Only a block with others that are no newline is looked at byte by byte.
#
# The invariant: ``count`` is even where ``place`` is outside of strings, odd inside. So a newline at an odd count is
# one in a string, and refused; and in the result an even index opens a string that the next index closes, on which
# ``shapes`` and ``walk`` rely without checking. ``count`` is checked once for a block, which may add 64 (and
# ``put_places`` may write 16 for one): hence ``ROOM`` is ``MOST_QUOTES`` and a block more. Quotes behind the newline
# belong to the next line; they are masked off before ``count`` grows.
@compiled
def find_quotes(begin: int, end: int, places: int) -> tuple[int, bool]:
    """Put down where the quotes of a line are that begin or end strings.

    Args:
        begin: the address where it begins.
        end: the address where the text ends.
        places: the address of ``ROOM`` 32-bit numbers; the quotes' distances from ``begin`` are put there.

    Returns:
        How many there are, each of an even number the beginning of a string that the next one ends; -1 if they are too
        many, if a string is not sound, or if there is anything but ASCII outside strings; and whether there are
        backslashes.
    """
    count, place, has_escapes = 0, begin, False
    while count < MOST_QUOTES:
        quotes, others = equal_64(place, QUOTE), strange_64(place)
        if likely(others == _NONE):
            put_places(places + _PLACE * count, place - begin, quotes)
            count += ones(quotes)
            place += _BLOCK
            continue
        strange, after = place + trailing_zeros(others), 0
        if likely(byte_at(strange) == NEWLINE):
            quotes &= (_ONE << np.uint64(strange - place)) - _ONE
        else:
            quotes, after, escapes = _look_at_block(place, end, quotes, others, count & 1 == 1)
            if after < 0:
                return -1, False
            has_escapes |= escapes
        put_places(places + _PLACE * count, place - begin, quotes)
        count += ones(quotes)
        if after == 0:
            return -1 if count & 1 else count, has_escapes
        place = after
    return -1, False


@compiled
def _look_at_block(
    place: int, end: int, quotes: np.uint64, others: np.uint64, is_inside: bool
) -> tuple[np.uint64, int, bool]:
    """Look one by one at the characters of 64 bytes that are quotes or strange.

    Args:
        place: the address of the 64 bytes.
        end: the address where the text ends.
        quotes: which of them are quotes.
        others: which of them are strange.
        is_inside: whether they begin in a string.

    Returns:
        Which of them are quotes that begin or end strings; the address after them, or after the escape or character
        that they end in, 0 if the line ends among them, -1 if something is not sound; and whether there is a backslash.
    """
    rest, after = quotes | others, place
    has_escapes = False
    while rest:
        bit = rest & (_NONE - rest)
        at = place + trailing_zeros(rest)
        rest ^= bit
        byte = byte_at(at)
        if at < after:
            quotes &= ~bit
        elif byte == QUOTE:
            is_inside = not is_inside
        elif is_inside:
            has_escapes |= byte == _BACKSLASH
            after = unit_end(at, byte)
            if after == 0:
                return quotes, -1, has_escapes
        elif byte == NEWLINE or at >= end:
            return quotes & (bit - _ONE), 0, has_escapes
        elif not is_white(byte):
            return quotes, -1, has_escapes
    return quotes, max(after, place + _BLOCK), has_escapes
