"""JSON numbers to doubles: exactly, and only where the double's shortest spelling has the same decimal value.

Up to 15 digits two exact doubles give the nearest one, and no other decimal of that length is near it. With 16 or 17
digits, which is how browsers write most fractions, the double is found by a 128-bit product (Lemire, "Number parsing at
a gigabyte per second"), and then proven to have no other spelling that is shorter or as short and nearer. All other
numbers are left to ``jsontext.comparable``.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from rumpattern.native.simd import (
    as_double,
    byte_at,
    compiled,
    equal_64,
    inlined,
    leading_zeros,
    product_high,
    signed,
    trailing_zeros,
    word_at,
)

_MINUS: Final = ord("-")
_DOT: Final = ord(".")
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)
_FEW_DIGITS: Final = 10**15
_MANY_DIGITS: Final = 10**17
_LONGEST: Final = 24
_MOST_PLACES: Final = 22
_MOST_DIGITS: Final = 18
_POWERS: Final = np.array([10**places for places in range(_MOST_DIGITS + 1)], np.int64)
_ZEROS: Final = np.uint64(0x3030303030303030)
_FOUR_BYTES: Final = np.uint64(0x000000FF000000FF)
_TENS: Final = np.array([10.0**places for places in range(_MOST_PLACES + 1)])
_FIVES: Final = np.array([5**places for places in range(_MOST_PLACES + 1)], np.uint64)
_FRACTION_BITS: Final = 52
_BIAS: Final = 1023
_SHIFT: Final = 64 - _FRACTION_BITS - 3
_LOW_BITS: Final = np.uint64((1 << _SHIFT) - 1)
_HIDDEN_BIT: Final = np.uint64(1 << _FRACTION_BITS)


def _reciprocal(places: int) -> int:
    """Return 5^-places as a binary fraction of 128 bits, rounded up, its first bit a one; 5^0 is exact."""
    power = 5**places
    return (1 << 127) if places == 0 else (1 << ((power - 1).bit_length() + 127)) // power + 1


_RECIPROCALS: Final = np.array(
    [[_reciprocal(places) >> 64, _reciprocal(places) % 2**64] for places in range(_MOST_PLACES + 1)], np.uint64
)


# ``digits / 10^places`` is ``digits * 5^-places * 2^-places``: the power of two only moves the exponent, so the
# mantissa is that of ``digits * 5^-places``. Both factors are normalised to a leading one bit, 64 and 128 bits wide
# (``_RECIPROCALS``). ``high`` is the upper word of the product with the reciprocal's upper 64 bits; its leading one is
# bit 63 or 62, which ``upper`` tells, and shifting by ``upper + 9`` leaves 54 bits: 53 of the mantissa and one to round
# by.
#
# 1. What the reciprocal's lower 64 bits add can carry into those 54 bits only if the 9 bits below are all ones; so the
#    second product is made for one number in 512. That 128 bits suffice for all 64-bit digits is Lemire's proof.
# 2. A tie must go to the even mantissa. At a tie digits are an odd number of 54 bits times 5^places and a power of two,
#    and below 2^64, so that 5^places is below 2^11: at most 4 places. It shows as an exact product (``low`` is 0, or 1
#    since reciprocals are rounded up) without a bit below the 54, whose last two bits are 01. This must be seen before
#    the rounding bit is added.
# 3. Rounding may carry to 2^53: the mantissa is then 1.0 and the exponent one more.
#
# ``-217706 / 2^16`` is ``-log2(10)``, near enough for the floor of up to 22 places. Overflow and subnormal numbers
# cannot come: digits are at least 10^14 and places at most 22. A division of two doubles, as for up to 15 digits, would
# round the digits first, since from 2^53 on not every integer is a double.
@inlined
def _nearest_bits(digits: np.uint64, places: int) -> np.uint64:
    """Return the bits of the double nearest to ``digits / 10^places``; digits are not 0."""
    shift = leading_zeros(digits)
    scaled = digits << np.uint64(shift)
    high, low = product_high(scaled, _RECIPROCALS[places, 0]), scaled * _RECIPROCALS[places, 0]
    if high & _LOW_BITS == _LOW_BITS:
        more = product_high(scaled, _RECIPROCALS[places, 1])
        low += more
        if more > low:
            high += _ONE
    upper = high >> np.uint64(63)
    drop = upper + np.uint64(_SHIFT)
    mantissa = high >> drop
    exponent = ((-217706 * places) >> 16) + 63 + np.int64(upper) - shift + _BIAS
    if low <= _ONE and places <= 4 and mantissa & np.uint64(3) == _ONE and mantissa << drop == high:
        mantissa &= ~_ONE
    mantissa = (mantissa + (mantissa & _ONE)) >> _ONE
    if mantissa >= _HIDDEN_BIT << _ONE:
        mantissa = _HIDDEN_BIT
        exponent += 1
    return (mantissa & (_HIDDEN_BIT - _ONE)) | (np.uint64(exponent) << np.uint64(_FRACTION_BITS))


@inlined
def _is_nearest(digits: np.uint64, places: int, bits: np.uint64) -> bool:
    """Tell whether no decimal of the same length is as near to a double; False where that is hard to tell.

    The double is ``mantissa * 2^-(shift + places)``: the digits are nearest if ``mantissa * 5^places`` is less than
    half of ``2^shift`` away from ``digits * 2^shift``.
    """
    mantissa = (bits & (_HIDDEN_BIT - _ONE)) | _HIDDEN_BIT
    shift = _BIAS + _FRACTION_BITS - np.int64(bits >> np.uint64(_FRACTION_BITS)) - places
    if not 1 <= shift <= 63:
        return False
    high, low = product_high(mantissa, _FIVES[places]), mantissa * _FIVES[places]
    other_high, other_low = digits >> np.uint64(64 - shift), digits << np.uint64(shift)
    difference = low - other_low
    borrowed = high - other_high - (_ONE if low < other_low else _NONE)
    half = _ONE << np.uint64(shift - 1)
    return bool((borrowed == _NONE and difference < half) or (borrowed == ~_NONE and ~difference + _ONE < half))


@inlined
def _eight_digits(word: np.uint64) -> np.uint64:
    """Return the number that eight decimal digits are, one in each byte, the first in the lowest."""
    word = (word * np.uint64(10)) + (word >> np.uint64(8))
    odd = (word & _FOUR_BYTES) * np.uint64(100 + (1_000_000 << 32))
    even = ((word >> np.uint64(16)) & _FOUR_BYTES) * np.uint64(1 + (10_000 << 32))
    return (odd + even) >> np.uint64(32)


@inlined
def _digits(place: int, length: int) -> int:
    """Return the number that up to 18 digits at an address are."""
    value = 0
    first = length & 7
    if first:
        value = signed(_eight_digits((word_at(place) ^ _ZEROS) << np.uint64(64 - 8 * first)))
    for offset in range(first, length, 8):
        value = value * 10**8 + signed(_eight_digits(word_at(place + offset) ^ _ZEROS))
    return value


@compiled
def number_of(place: int, stop: int) -> float:
    """Return the number whose text, which has no exponent, stands between two addresses; NaN if it is left."""
    is_negative = byte_at(place) == _MINUS
    begin = place + is_negative
    length = stop - begin
    if length > _LONGEST:
        return np.nan
    whole = trailing_zeros(equal_64(begin, _DOT) | (_ONE << np.uint64(length)))
    places = max(length - whole - 1, 0)
    if whole > _MOST_DIGITS or places > _MOST_PLACES:
        return np.nan
    digits = _digits(begin, whole)
    zeros = max(places - _MOST_DIGITS, 0)
    if (digits and whole + places > _MOST_DIGITS) or _digits(stop - places, zeros):
        return np.nan
    digits = digits * _POWERS[places - zeros] + _digits(stop - places + zeros, places - zeros)
    if digits < _FEW_DIGITS:
        value = digits / _TENS[places]
        return float(-value if is_negative else value)
    if digits >= _MANY_DIGITS or digits % 10 == 0:
        return np.nan
    exact = np.uint64(digits)
    bits = _nearest_bits(exact, places)
    shorter = np.uint64(digits // 10)
    if (
        places == 0
        or not _is_nearest(exact, places, bits)
        or _nearest_bits(shorter, places - 1) == bits
        or _nearest_bits(shorter + _ONE, places - 1) == bits
    ):
        return np.nan
    value = as_double(bits)
    return float(-value if is_negative else value)
