"""Exact sums of doubles, as whole numbers in limbs: in any order and any parts they come to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from rumpattern.arrays import Array, Integers, Numbers

LIMB_BITS: Final = 32
_LIMB: Final = (1 << LIMB_BITS) - 1
_MANTISSA_BITS: Final = 53
_SMALLEST_EXPONENT: Final = -1021
"""Sums from 2 to this power on, less a bit, are no subnormal numbers, which are rounded twice."""
_BELOW: Final = 3
"""Limbs below the highest one that rounding looks at: two, and whether there is anything in others."""


class ExactSums(NamedTuple):
    """The exact sums of g groups.

    That of group i is the sum of ``limbs[i, k] * 2**(32 * k)`` times 2^``exponent``, which is a multiple of 32;
    ``limbs`` has shape (g, limbs).
    """

    limbs: Array
    exponent: int

    def trim(self) -> ExactSums:
        """Return the sums without limbs that none of them needs."""
        used = np.flatnonzero(self.limbs.any(axis=0))
        first, last = (used[0], used[-1]) if len(used) else (0, 0)
        return ExactSums(self.limbs[:, first : last + 1].copy(), self.exponent + LIMB_BITS * int(first))

    def carry(self, limbs: Array) -> None:
        """Write the same sums to limbs of 32 bits, at least one more, which has the sign: many can be added up."""
        used = self.limbs.shape[1]
        limbs[:, :used] = self.limbs
        limbs[:, used:] = 0
        for place in range(used):
            limbs[:, place + 1] += limbs[:, place] >> LIMB_BITS
            limbs[:, place] &= _LIMB

    def whole(self) -> list[int]:
        """Return the sums in units of 2^``exponent``."""
        limbs = np.empty((len(self.limbs), self.limbs.shape[1] + 1), np.int64)
        self.carry(limbs)
        low, high = limbs[:, :-1].astype("<u4"), limbs[:, -1:].astype("<i8")
        rows = np.concatenate([low.view(np.uint8), high.view(np.uint8)], axis=1)
        width, data = rows.shape[1], rows.tobytes()
        return [int.from_bytes(data[at : at + width], "little", signed=True) for at in range(0, len(data), width)]

    def nearest(self) -> Numbers:
        """Return shape (g,): the doubles nearest to the sums, the even one of two; 0 is not negative."""
        magnitudes, is_negative = self._magnitudes()
        rows, last = np.arange(len(magnitudes)), magnitudes.shape[1] - 1
        top = np.where(magnitudes.any(axis=1), last - (magnitudes[:, ::-1] != 0).argmax(axis=1), _BELOW)
        high, middle, low = (magnitudes[rows, top - place].astype(np.uint64) for place in range(3))
        below = np.cumsum(magnitudes != 0, axis=1)[rows, top - _BELOW] > 0
        shift = (LIMB_BITS - np.frexp(high.astype(np.float64))[1]).astype(np.uint64)  # of the first bit of ``high``
        bits = ((high << np.uint64(LIMB_BITS) | middle) << shift) | (low >> (np.uint64(LIMB_BITS) - shift))
        bits |= below | ((low << shift) & np.uint64(_LIMB) != 0)  # one bit for all that is beyond the 64
        exponents = self.exponent + LIMB_BITS * (top - _BELOW - 1) - shift.astype(np.int64)
        found: Numbers = np.ldexp(bits.astype(np.float64), exponents)
        found = np.where(is_negative, -found, found)
        small = np.flatnonzero((exponents + 2 * LIMB_BITS < _SMALLEST_EXPONENT) & (bits != 0))
        if len(small):
            one = 1 << -self.exponent
            found[small] = [total / one for total in ExactSums(self.limbs[small], self.exponent).whole()]
        return found

    def _magnitudes(self) -> tuple[Array, Array]:
        """Return limbs of the sums without their signs, the lowest of them behind ``_BELOW`` zeros; and the signs."""
        groups, used = self.limbs.shape
        limbs = np.zeros((groups, _BELOW + used + 2), np.int64)
        self.carry(limbs[:, _BELOW:])
        is_negative = limbs[:, -2] < 0
        if is_negative.any():
            positive = np.where(is_negative[:, None], -self.limbs, self.limbs)
            ExactSums(positive, self.exponent).carry(limbs[:, _BELOW:])
        return limbs, is_negative


def add_exactly(values: Numbers, begins: Integers) -> ExactSums:
    """Return the exact sum of each group of values; ``begins``, ascending, tells where it begins.

    A value is a whole number shifted by its exponent. Its bits are added up in limbs of 32, which stay exact in 64 bits
    for 2^31 values.
    """
    mantissas, exponents = np.frexp(values)
    lowest = (int(exponents.min()) - _MANTISSA_BITS) // LIMB_BITS * LIMB_BITS
    whole = np.abs(np.ldexp(mantissas, _MANTISSA_BITS)).astype(np.int64)
    signs = np.where(values < 0, -1, 1)
    shifts = (exponents - _MANTISSA_BITS - lowest).astype(np.int64)
    limbs = []
    for place in range(0, int(shifts.max()) + _MANTISSA_BITS, LIMB_BITS):
        right = place - shifts
        limb = np.where(right >= 0, whole >> np.clip(right, 0, 63), whole << np.clip(-right, 0, 63))
        limb = np.where(right > -LIMB_BITS, limb & _LIMB, 0) * signs
        limbs.append(np.add.reduceat(limb, begins))
    return ExactSums(np.stack(limbs, axis=1), lowest)
