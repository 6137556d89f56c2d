"""Series to write, made of values."""

from __future__ import annotations

import math
from array import array
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from rumpattern.aggregate.distribution import Distribution
from rumpattern.aggregate.histogram import NO_SKETCH, ValueSketch
from rumpattern.aggregate.limits import MAX_EXACT_VALUES
from rumpattern.aggregate.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def make() -> Callable[..., Series]:
    """Give a function that makes a series of values, and of whatever else is not as in most tests."""

    def series(values: Sequence[float] = (1.0,), *, most: int = MAX_EXACT_VALUES, **fields: Any) -> Series:
        low, high = float(min(values)), float(max(values))
        sketch = ValueSketch(array("d", values).tobytes()).compress(most) if low < high else NO_SKETCH
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
            "distribution": Distribution(len(values), low, high, sketch, most) if low >= 0 else None,
        }
        return Series(**{**known, **fields})

    return series
