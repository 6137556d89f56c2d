"""The first pass over a text: where its strings begin and end, 64 bytes at a time.

Every line stands on its own: a string that its line does not close ends with that line.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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
_NEWLINE: Final = ord("\n")
_SPACE: Final = ord(" ")
_FIRST_NON_ASCII: Final = 0x80
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)
_ODD_BITS: Final = np.uint64(0xAAAAAAAAAAAAAAAA)
_UNROLLED: Final = 8
_ROOM: Final = 64  # for what is written in eights, and two ends


class Index(NamedTuple):
    """What is known of a chunk of text: offsets in it, as many as it has bytes at most.

    ``quotes`` are opening and closing quotes in turn. A string that its line does not close ends at the byte before the
    newline, after which no event goes on. ``marks`` are blocks that hold escapes by number or unknown ones, control
    characters in strings, or what is not ASCII. ``escapes`` are blocks that hold a backslash.
    """

    quotes: Offsets
    marks: Offsets
    escapes: Offsets


def empty_index(size: int) -> Index:
    """Return an index for chunks of a size."""
    return Index(*(np.empty(size + _ROOM, np.uint32) for _ in range(3)))


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
def index_strings(text: int, size: int, index: Index) -> tuple[int, int]:
    """Fill an index from ``size`` bytes of whole lines at an address; return how many marks and escapes there are."""
    quotes, marks, escapes = index.quotes, index.marks, index.escapes
    count, marked, escaping = 0, 0, 0
    escape_carry, string_carry = _NONE, _NONE
    place = 0
    while place < size:
        address = text + place
        found = equal_64(address, _QUOTE)
        backslashes = equal_64(address, _BACKSLASH)
        newlines = equal_64(address, _NEWLINE)
        control = below_64(address, _SPACE)
        strange = from_64(address, _FIRST_NON_ASCII)
        if backslashes | escape_carry:
            escapes[escaping] = place
            escaping += 1
            escaped, escape_carry = _escaped(backslashes, escape_carry)
            found &= ~escaped
            strange |= escaped & ~_simple_escapes(address)
        if place + 64 > size:
            rest = (_ONE << np.uint64(size - place)) - _ONE
            found &= rest
            newlines &= rest
        inside = _inside(found) ^ string_carry
        string_carry = _NONE - (inside >> np.uint64(63))
        step = 64
        broken = newlines & inside
        if broken:
            step = trailing_zeros(broken) + 1
            found &= (_ONE << np.uint64(step - 1)) - _ONE
        if strange | (control & inside):
            marks[marked] = place
            marked += 1
        after = count + count_ones(found)
        while True:
            for _ in range(_UNROLLED):
                quotes[count] = place + trailing_zeros(found)
                found &= found - _ONE
                count += 1
            if not found:
                break
        count = after
        place += step
        if broken:
            quotes[count] = place - 2
            count += 1
            escape_carry, string_carry = _NONE, _NONE
    if string_carry:
        quotes[count] = size - 1
        count += 1
    quotes[count] = quotes[count + 1] = size
    return marked, escaping
