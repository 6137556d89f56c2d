"""Parquet: one data point a row, typed columns, dimensions as a map. Needs pyarrow, the extra ``arrow``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from rumpattern.aggregate.distribution import PERCENTS, percentiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from rumpattern.aggregate.series import Series

_ROWS: Final = 16_384
"""Rows that are written together."""


def check() -> None:
    """Check that Parquet can be written.

    Raises:
        ModuleNotFoundError: the extra is not installed.
    """
    if find_spec("pyarrow") is None:
        raise ModuleNotFoundError("parquet needs pyarrow: install rumpattern[arrow], or take another format")


def write(points: Sequence[Series], stream: BinaryIO) -> None:
    """Write each data point as one row, names as in ``Series``; percentiles are null where there is a negative value.

    Raises:
        ModuleNotFoundError: the extra is not installed.
    """
    check()
    import pyarrow as pa  # noqa: PLC0415 - the extra is loaded when it is asked for
    from pyarrow import parquet  # noqa: PLC0415

    schema = _schema(pa)
    with pa.PythonFile(_Forward(stream), mode="w") as file, parquet.ParquetWriter(file, schema) as writer:
        for begin in range(0, len(points), _ROWS):
            writer.write_batch(_batch(pa, schema, points[begin : begin + _ROWS]))


class _Forward:
    """A stream that counts what it writes, since a pipe cannot tell its position."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._written = 0

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        """Leave it open: it belongs to the caller."""


def _schema(pa: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    return pa.schema(
        [
            pa.field("namespace", pa.string(), nullable=False),
            pa.field("name", pa.string(), nullable=False),
            pa.field("dimensions", pa.map_(pa.string(), pa.string()), nullable=False),
            pa.field("unit", pa.string(), nullable=False),
            pa.field("start", pa.timestamp("ms", tz="UTC"), nullable=False),
            pa.field("period", pa.int64(), nullable=False),
            pa.field("count", pa.int64(), nullable=False),
            *(pa.field(name, pa.float64(), nullable=False) for name in ("sum", "min", "max")),
            *(pa.field(f"p{percent}", pa.float64()) for percent in PERCENTS),
            pa.field("percentile_method", pa.string()),
            pa.field("percentile_error_below", pa.float64()),
            pa.field("percentile_error_above", pa.float64()),
        ]
    )


def _batch(pa: Any, schema: Any, points: Sequence[Series]) -> Any:  # noqa: ANN401 - as above
    *columns, distributions = zip(*points, strict=True)
    found = list(percentiles(distributions))
    values = zip(*(point.values or (None,) * len(PERCENTS) for point in found), strict=True)
    errors = zip(
        *((None,) * 3 if point.values is None else (point.method, *point.error) for point in found), strict=True
    )
    arrays = zip([*columns, *values, *errors], schema, strict=True)
    return pa.record_batch([pa.array(column, field.type) for column, field in arrays], schema=schema)
