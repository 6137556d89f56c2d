"""No cell is a formula, every other cell is what it was, and a row says all of its series."""

from __future__ import annotations

import csv
import io

import pytest

from rumpattern.aggregate.distribution import PERCENTS
from rumpattern.aggregate.histogram import ERROR_ABOVE, ERROR_BELOW
from rumpattern.emit import csv_rows as emitter


def rows(series):
    stream = io.BytesIO()
    emitter.write(series, stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode(), newline="")))


def as_it_was(cell):
    """Undo ``as_text``, as its docstring says."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(emitter.FORMULA) else cell


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n"])
@pytest.mark.parametrize("before", ["", "'", "''"])
def test_a_formula_is_text(make, sign, before):
    cell = f"{before}{sign}HYPERLINK(1)"
    fields = {"namespace": cell, "name": cell, "unit": cell, "dimensions": (("d", cell),)}
    (row,) = rows([make(**fields)])
    for column in ("namespace", "name", "unit", "dimension.d"):
        assert row[column] == f"'{cell}"
        assert as_it_was(row[column]) == cell


@pytest.mark.parametrize(
    "cell", ["", "/", "a=b", "'quoted'", "it's", "'", 'a,"b"', "a\r\nb", " =1", "Größe", "a-b", "\x1b"]
)
def test_a_harmless_cell_stays_as_it_is(make, cell):
    (row,) = rows([make(namespace=cell, name=cell, unit=cell, dimensions=(("d", cell),))])
    assert {row["namespace"], row["name"], row["unit"], row["dimension.d"]} == {cell}


def test_a_row_says_all_of_a_series(make):
    exact, buckets, negative = series = [make([1, 2, 3]), make(range(1, 400)), make([-1, 2])]
    found = rows(series)
    for row, one in zip(found, series, strict=True):
        assert [float(row[key]) for key in ("count", "sum", "min", "max")] == [one.count, one.sum, one.min, one.max]
        assert row["start"] == "2026-01-05T00:00:00Z"
    percents = [f"p{percent}" for percent in PERCENTS]
    error = ["percentile_method", "percentile_error_below", "percentile_error_above"]
    for row, one in zip(found[:2], series[:2], strict=True):
        assert [float(row[key]) for key in percents] == [one.percentile(percent) for percent in PERCENTS]
    assert [found[0][key] for key in error] == ["exact", "0", "0"]
    assert [found[1][key] for key in error] == ["SEH1", str(ERROR_BELOW), str(ERROR_ABOVE)]
    assert {found[2][key] for key in (*percents, *error)} == {""}
    assert exact.distribution.is_exact
    assert not buckets.distribution.is_exact
    assert negative.distribution is None
