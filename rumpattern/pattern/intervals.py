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


def closed(bounds: NumericRange) -> Interval:
    """Return a range of doubles by the first and the last double in it."""
    low = bounds.low if bounds.low_closed else math.nextafter(bounds.low, math.inf)
    high = bounds.high if bounds.high_closed else math.nextafter(bounds.high, -math.inf)
    return low, high


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same numbers as ascending, disjoint intervals; one that ends before it begins is empty."""
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
    """Return the finite doubles that are in none of some ascending, disjoint intervals."""
    lows = [-_LARGEST, *(math.nextafter(high, math.inf) for _, high in intervals)]
    highs = [*(math.nextafter(low, -math.inf) for low, _ in intervals), _LARGEST]
    return [(low, high) for low, high in zip(lows, highs, strict=True) if low <= high]
