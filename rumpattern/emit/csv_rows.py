"""CSV as in RFC 4180: one series a row, one column for each dimension name that occurs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from rumpattern.aggregate.distribution import PERCENTS, percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from rumpattern.aggregate.series import Series

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, itself or after it has dropped it."""
_HEADER: Final = ("namespace", "name", "unit", "start", "period", "count", "sum", "min", "max")
_ERROR_COLUMNS: Final = ("percentile_method", "percentile_error_below", "percentile_error_above")
_NO_PERCENTILES: Final = ("",) * (len(PERCENTS) + len(_ERROR_COLUMNS))


def write(series: Sequence[Series], stream: BinaryIO) -> None:
    """Write a header and a row for each series; a dimension that a series lacks is an empty cell.

    Percentiles, their method and how much less and more, relatively, they may be than the exact ones are empty where
    there is a negative value. Names and dimension values are written by ``as_text``.
    """
    names = sorted({name for one in series for name, _ in one.dimensions})
    text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    rows = csv.writer(text, lineterminator="\r\n")
    percents = [f"p{percent}" for percent in PERCENTS]
    rows.writerow([*_HEADER, *percents, *_ERROR_COLUMNS, *(f"dimension.{name}" for name in names)])
    for one, known in zip(series, percentiles([one.distribution for one in series]), strict=True):
        values = dict(one.dimensions)
        identity = map(as_text, (one.namespace, one.name, one.unit))
        start = one.start.strftime("%Y-%m-%dT%H:%M:%SZ")
        numbers = (one.period, one.count, one.sum, one.min, one.max)
        cells = (*known.values, known.method, *known.error) if known.values else _NO_PERCENTILES
        rows.writerow([*identity, start, *numbers, *cells, *(as_text(values.get(name, "")) for name in names)])
    text.detach()


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet runs: one that would be a formula has an apostrophe in front.

    So has one that is apostrophes and then a formula: one apostrophe less gives back what it was. All others stay.
    """
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell
