"""JSON numbers to doubles: exactly, and only where the double's shortest spelling has the same decimal value.

Up to 15 digits two exact doubles give the nearest one, and no other decimal of that length is near it. With 16 or 17
digits, which is how browsers write most fractions, the double is found by a 128-bit product (Lemire, "Number parsing at
a gigabyte per second"), and then proven to have no other spelling that is shorter or as short and nearer. All other
numbers are left to ``jsontext.comparable``.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from rumpattern.events.scan.simd import as_double, byte_at, compiled, inlined, leading_zeros, product_high

_MINUS: Final = ord("-")
_DOT: Final = ord(".")
_ZERO: Final = ord("0")
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)
_FEW_DIGITS: Final = 10**15
_MANY_DIGITS: Final = 10**17
_LONGEST: Final = 24
_MOST_PLACES: Final = 22
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


@compiled
def number_of(place: int, stop: int) -> float:
    """Return the number whose text, which has no exponent, stands between two addresses; NaN if it is left."""
    if stop - place > _LONGEST:
        return np.nan
    is_negative = byte_at(place) == _MINUS
    digits, places = 0, -1
    for address in range(place + is_negative, stop):
        byte = byte_at(address)
        if byte == _DOT:
            places = 0
        else:
            if digits >= _MANY_DIGITS:
                return np.nan
            digits = digits * 10 + (byte - _ZERO)
            places += places >= 0
    places = max(places, 0)
    if places > _MOST_PLACES:
        return np.nan
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
