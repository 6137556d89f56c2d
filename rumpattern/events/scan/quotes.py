"""The quotes of a line, all of them found before it is walked, 64 bytes at a time.

So it need not be waited for the end of one string before the next is looked for. What stands in the strings is checked
on the way: nearly always there are only plain ASCII characters in 64 bytes, and nothing is to be done for them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from rumpattern.events.scan.simd import (
    byte_at,
    compiled,
    equal_64,
    likely,
    ones,
    put_places,
    trailing_zeros,
)
from rumpattern.events.scan.tokens import NEWLINE, QUOTE, is_white, strange_64, unit_end

MOST_QUOTES: Final = 16_384
"""Quotes of a line that there is room for; lines with more are left to the exact reader."""
ROOM: Final = MOST_QUOTES + 64
_BACKSLASH: Final = ord("\\")
_BLOCK: Final = 64
_PLACE: Final = 4
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)


@compiled
def find_quotes(begin: int, end: int, places: int) -> tuple[int, bool]:
    """Put down where the quotes of a line are that begin or end strings.

    Args:
        begin: the address where it begins.
        end: the address where the text ends.
        places: the address of ``ROOM`` 32-bit numbers; the quotes' distances from ``begin`` are put there.

    Returns:
        How many there are, each of an even number the beginning of a string that the next one ends, -1 if there is a
        string that is not sound, or too many; and whether there are backslashes.
    """
    count, place, resume, has_escapes = 0, begin, begin, False
    while count < MOST_QUOTES:
        quotes, others = equal_64(place, QUOTE), strange_64(place)
        if likely(others == _NONE):
            put_places(places + _PLACE * count, place - begin, quotes)
            count += ones(quotes)
            place += _BLOCK
            continue
        strange = place + trailing_zeros(others)
        if likely((byte_at(strange) == NEWLINE) & (resume <= place)):
            quotes &= (_ONE << np.uint64(strange - place)) - _ONE
            is_last = True
        else:
            quotes, resume, is_last, escapes = _look_at_block(place, end, quotes, others, count, resume)
            if resume == 0:
                return -1, False
            has_escapes |= escapes
        put_places(places + _PLACE * count, place - begin, quotes)
        count += ones(quotes)
        if is_last:
            return -1 if count & 1 else count, has_escapes
        place += _BLOCK
    return -1, False


@compiled
def _look_at_block(
    place: int, end: int, quotes: np.uint64, others: np.uint64, count: int, resume: int
) -> tuple[np.uint64, int, bool, bool]:
    """Look one by one at the characters of 64 bytes that are quotes or strange.

    Args:
        place: the address of the 64 bytes.
        end: the address where the text ends.
        quotes: which of them are quotes.
        others: which of them are strange.
        count: how many quotes come before them.
        resume: the address up to which the bytes belong to a character or an escape that began before them.

    Returns:
        Which of them are quotes that begin or end strings; the address up to which they have been read, 0 if something
        is not sound; whether the line ends among them; and whether there is a backslash.
    """
    rest = quotes | others
    is_inside = count & 1 == 1
    has_escapes = False
    resume = max(resume, place)
    while rest:
        bit = rest & (_NONE - rest)
        at = place + trailing_zeros(rest)
        rest ^= bit
        byte = byte_at(at)
        if at < resume:
            quotes &= ~bit
        elif byte == QUOTE:
            is_inside = not is_inside
        elif is_inside:
            has_escapes |= byte == _BACKSLASH
            resume = unit_end(at, byte)
            if resume == 0:
                break
        elif byte == NEWLINE or at >= end:
            return quotes & (bit - _ONE), at, True, has_escapes
        elif not is_white(byte):
            resume = 0
            break
    return quotes, resume, False, has_escapes
