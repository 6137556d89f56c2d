"""The columns have types, and what is read back is the series."""

from __future__ import annotations

import io
import sys
from datetime import timedelta

import pytest

from rumpattern.aggregate.distribution import PERCENTS
from rumpattern.aggregate.histogram import ERROR_ABOVE, ERROR_BELOW
from rumpattern.emit import parquet as emitter


class Pipe(io.RawIOBase):
    """What is written can neither be told the place of nor taken back."""

    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)


def read(series):
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra arrow is not installed")
    pipe = Pipe()
    emitter.write(series, pipe)
    assert not pipe.closed
    return parquet.read_table(io.BytesIO(pipe.data))


def test_what_is_read_is_what_was_written(make, monkeypatch):
    monkeypatch.setattr(emitter, "_ROWS", 2)
    start = make().start
    series = [
        make([1, 2, 4]),
        make(range(400), dimensions=(), start=start + timedelta(days=3_000)),
        make([-1, 2], dimensions=(("PageId", "=1"), ("application_name", "shop")), unit="None"),
        make([0.1], period=300),
        make([7] * 9, dimensions=(("d", "x"), ("d", "y"))),
    ]
    table = read(series)
    errors = [("exact", 0.0, 0.0), ("SEH1", ERROR_BELOW, ERROR_ABOVE), (None, None, None), *[("exact", 0.0, 0.0)] * 2]
    assert table.to_pylist() == [
        {
            **{key: value for key, value in one._asdict().items() if key not in ("dimensions", "distribution")},
            "dimensions": list(one.dimensions),
            **{f"p{percent}": one.percentile(percent) for percent in PERCENTS},
            "percentile_method": method,
            "percentile_error_below": below,
            "percentile_error_above": above,
        }
        for one, (method, below, above) in zip(series, errors, strict=True)
    ]
    types = {field.name: str(field.type) for field in table.schema}
    assert types["start"] == "timestamp[ms, tz=UTC]"
    assert types["dimensions"].startswith("map<string, string")
    assert (types["count"], types["sum"], types["p99"]) == ("int64", "double", "double")


def test_no_series_are_a_table_without_rows():
    assert read([]).num_rows == 0


def test_the_same_series_are_the_same_bytes(make):
    pytest.importorskip("pyarrow", reason="the extra arrow is not installed")
    series = [make([n, n + 1], name=f"M{n}") for n in range(50)]
    one, two = Pipe(), Pipe()
    emitter.write(series, one)
    emitter.write(series, two)
    assert one.data == two.data


def test_without_the_extra_one_sentence_names_it(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr(emitter, "find_spec", lambda _: None)
    with pytest.raises(
        ModuleNotFoundError, match=r"parquet needs pyarrow: install rumpattern\[arrow\], or take another"
    ):
        emitter.write([make()], io.BytesIO())
