"""Series to write, made of values."""

from __future__ import annotations

import math
from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from rumpattern.aggregate import Series
from rumpattern.distribution import MOST_EXACT, NO_SPREAD, Distribution, Spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def make() -> Callable[..., Series]:
    """Give a function that makes a series of values, and of whatever else is not as in most tests."""

    def series(values: Sequence[float] = (1.0,), *, most: int = MOST_EXACT, **fields: Any) -> Series:
        low, high = float(min(values)), float(max(values))
        spread = Spread(array("d", values).tobytes()).settle(most) if low < high else NO_SPREAD
        known = {
            "namespace": "RUM/CustomMetrics/Shop",
            "name": "Duration",
            "dimensions": (("application_name", "shop"),),
            "unit": "Milliseconds",
            "start": START,
            "period": 60,
            "count": len(values),
            "sum": math.fsum(values),
            "min": low,
            "max": high,
            "distribution": Distribution(len(values), low, high, spread, most) if low >= 0 else None,
        }
        return Series(**{**known, **fields})

    return series
