"""CSV as in RFC 4180: one data point a row, one column for each dimension name that occurs."""

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
"""Characters that begin a formula in a spreadsheet, by themselves or after white space that it drops."""
_HEADER: Final = ("namespace", "name", "unit", "start", "period", "count", "sum", "min", "max")
_ERROR_COLUMNS: Final = ("percentile_method", "percentile_error_below", "percentile_error_above")
_NO_PERCENTILES: Final = ("",) * (len(PERCENTS) + len(_ERROR_COLUMNS))


def write(points: Sequence[Series], stream: BinaryIO) -> None:
    """Write a header and a row for each data point; a dimension that it lacks is an empty cell.

    Percentiles, their method and their relative error below and above are empty where there is a negative value.
    Names and dimension values are written by ``as_text``.
    """
    names = sorted({name for point in points for name, _ in point.dimensions})
    text = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    rows = csv.writer(text, lineterminator="\r\n")
    percents = [f"p{percent}" for percent in PERCENTS]
    rows.writerow([*_HEADER, *percents, *_ERROR_COLUMNS, *(f"dimension.{name}" for name in names)])
    for point, known in zip(points, percentiles([point.distribution for point in points]), strict=True):
        values = dict(point.dimensions)
        identity = map(as_text, (point.namespace, point.name, point.unit))
        start = point.start.strftime("%Y-%m-%dT%H:%M:%SZ")
        numbers = (point.period, point.count, point.sum, point.min, point.max)
        cells = (*known.values, known.method, *known.error) if known.values else _NO_PERCENTILES
        rows.writerow([*identity, start, *numbers, *cells, *(as_text(values.get(name, "")) for name in names)])
    text.detach()


def as_text(cell: str) -> str:
    """Return a cell that no spreadsheet evaluates: a formula gets an apostrophe in front.

    So does a formula behind apostrophes, so that removing one apostrophe restores any cell. Other cells stay.
    """
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell
