"""CSV: one series a row, one column for each dimension name that occurs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from rumpattern.aggregate import Series


def write(series: Sequence[Series], stream: BinaryIO) -> None:
    """Write a header and a row for each series; a dimension that a series lacks is an empty cell."""
    names = sorted({name for one in series for name, _ in one.dimensions})
    text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    rows = csv.writer(text, lineterminator="\n")
    header = ["namespace", "name", "unit", "start", "period", "count", "sum", "min", "max"]
    rows.writerow([*header, *(f"dimension.{name}" for name in names)])
    for one in series:
        values = dict(one.dimensions)
        start = one.start.strftime("%Y-%m-%dT%H:%M:%SZ")
        numbers = [one.count, one.sum, one.min, one.max]
        labels = [values.get(name, "") for name in names]
        rows.writerow([one.namespace, one.name, one.unit, start, one.period, *numbers, *labels])
    text.detach()
