"""Sets of finite doubles as ascending, disjoint intervals whose bounds are both included."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.pattern.ast import NumericRange

Interval: TypeAlias = tuple[float, float]
_LARGEST: Final = math.nextafter(math.inf, 0)
ALL: Final = ((-_LARGEST, _LARGEST),)
"""Every finite double."""

# Doubles are discrete: the numbers above x are those from nextafter(x, inf) on, so an open bound becomes a closed one
# and every set of doubles has one form as disjoint closed intervals that do not touch. Two intervals touch if no double
# is between them: "< 5 or >= 5" must become one interval, or equal sets would have unequal forms. Nothing is lost,
# because only numbers that are doubles are compared as numbers (jsontext.comparable).


def closed(bounds: NumericRange) -> Interval:
    """Return the first and the last double of a range."""
    low = bounds.low if bounds.low_closed else math.nextafter(bounds.low, math.inf)
    high = bounds.high if bounds.high_closed else math.nextafter(bounds.high, -math.inf)
    return low, high


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the union as ascending, disjoint intervals; an interval whose end is below its start is empty."""
    result: list[Interval] = []
    for low, high in sorted(intervals):
        if low > high:
            continue
        if result and low <= math.nextafter(result[-1][1], math.inf):
            result[-1] = result[-1][0], max(high, result[-1][1])
        else:
            result.append((low, high))
    return result


def outside(intervals: Sequence[Interval]) -> list[Interval]:
    """Return the complement, in the finite doubles, of ascending, disjoint intervals."""
    lows = [-_LARGEST, *(math.nextafter(high, math.inf) for _, high in intervals)]
    highs = [*(math.nextafter(low, -math.inf) for low, _ in intervals), _LARGEST]
    return [(low, high) for low, high in zip(lows, highs, strict=True) if low <= high]
