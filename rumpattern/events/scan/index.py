"""The first pass over a line whose shape is new: where its strings begin and end, 64 bytes at a time."""

from __future__ import annotations

from typing import Final

import numpy as np

from rumpattern.events.scan.simd import (
    Offsets,
    below_64,
    compiled,
    count_ones,
    equal_64,
    from_64,
    inlined,
    trailing_zeros,
)

_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_SPACE: Final = ord(" ")
_FIRST_NON_ASCII: Final = 0x80
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)
_ODD_BITS: Final = np.uint64(0xAAAAAAAAAAAAAAAA)
_UNROLLED: Final = 8
ROOM: Final = 64
"""Offsets more than a line has quotes: they are written in eights, and there are two ends."""


@inlined
def _escaped(backslashes: np.uint64, carry: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return which bytes a backslash escapes, and whether the last byte escapes the next block's first."""
    odd_starts = backslashes & ~carry
    codes = ((odd_starts << _ONE) | _ODD_BITS) - odd_starts
    codes ^= _ODD_BITS
    return codes ^ (backslashes | carry), (codes & backslashes) >> np.uint64(63)


@inlined
def _inside(quotes: np.uint64) -> np.uint64:
    """Return the bits from each opening quote up to before the closing one."""
    bits = quotes ^ (quotes << _ONE)
    bits ^= bits << np.uint64(2)
    bits ^= bits << np.uint64(4)
    bits ^= bits << np.uint64(8)
    bits ^= bits << np.uint64(16)
    return bits ^ (bits << np.uint64(32))


@inlined
def _simple_escapes(address: int) -> np.uint64:
    """Return which of the 64 bytes at an address may follow a backslash and need no look at what follows them."""
    return (
        equal_64(address, _QUOTE)
        | equal_64(address, _BACKSLASH)
        | equal_64(address, ord("/"))
        | equal_64(address, ord("b"))
        | equal_64(address, ord("f"))
        | equal_64(address, ord("n"))
        | equal_64(address, ord("r"))
        | equal_64(address, ord("t"))
    )


@compiled
def index_strings(text: int, size: int, quotes: Offsets) -> tuple[bool, bool]:
    """Fill in where the quotes are, opening and closing ones in turn, in the ``size`` bytes of a line at an address.

    ``quotes`` has room for as many and ``ROOM`` more; a string that the line does not close ends with it.

    Returns:
        Whether its strings must be looked at, because they may hold faults or what is not ASCII, and whether there is a
        backslash.
    """
    count, place = 0, 0
    is_marked, has_escapes = False, False
    escape_carry, string_carry = _NONE, _NONE
    while place < size:
        address = text + place
        found = equal_64(address, _QUOTE)
        backslashes = equal_64(address, _BACKSLASH)
        strange = from_64(address, _FIRST_NON_ASCII)
        if backslashes | escape_carry:
            has_escapes = True
            escaped, escape_carry = _escaped(backslashes, escape_carry)
            found &= ~escaped
            strange |= escaped & ~_simple_escapes(address)
        if place + 64 > size:
            found &= (_ONE << np.uint64(size - place)) - _ONE
        inside = _inside(found) ^ string_carry
        string_carry = _NONE - (inside >> np.uint64(63))
        is_marked |= (strange | (below_64(address, _SPACE) & inside)) != _NONE
        after = count + count_ones(found)
        while True:
            for _ in range(_UNROLLED):
                quotes[count] = place + trailing_zeros(found)
                found &= found - _ONE
                count += 1
            if not found:
                break
        count = after
        place += 64
    if string_carry:
        quotes[count] = size - 1
        count += 1
    quotes[count] = quotes[count + 1] = size
    return is_marked, has_escapes
