"""Law: the lines of data points are what orjson makes of each as an object."""

import io
import struct
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rumpattern.aggregate.distribution import PERCENTS, Distribution, percentiles
from rumpattern.aggregate.histogram import NO_SKETCH, ValueSketch, raw_sketch
from rumpattern.aggregate.series import Series
from rumpattern.emit import json_lines

MAX_EXACT = 10
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(("n", '%b"\\', "é\x7f\n"))
VALUES = st.lists(st.floats(-1e300, 1e300) | st.integers(0, 20).map(float), min_size=1, max_size=30)


@st.composite
def points(draw):
    values = draw(VALUES)
    least, most = min(values), max(values)
    sketch = NO_SKETCH
    if least < most:
        sketch = raw_sketch(struct.pack(f"={len(values)}d", *values), MAX_EXACT)
        if draw(st.booleans()) and least >= 0:
            sketch = ValueSketch(*sketch).compress(MAX_EXACT, 0)
    distribution = Distribution(len(values), least, most, sketch, MAX_EXACT) if least >= 0 else None
    dimensions = tuple(sorted(draw(st.dictionaries(TEXTS, TEXTS, max_size=2)).items()))
    start = datetime.fromtimestamp(draw(st.integers(0, 4_000_000_000)), UTC)
    return Series(
        *(draw(TEXTS), draw(TEXTS), dimensions, draw(TEXTS), start, draw(st.integers(1, 3600))),
        *(len(values), sum(values), least, most, distribution),
    )


def as_object(point):
    (known,) = percentiles([point.distribution])
    names = [f"p{percent}" for percent in PERCENTS]
    row = dict(zip(Series._fields[:-1], point[:-1], strict=True)) | {
        "dimensions": dict(point.dimensions),
        "percentiles": known.values and dict(zip(names, known.values, strict=True)),
        "percentile_method": known.values and known.method,
        "percentile_error": known.values and known.error,
    }
    return orjson.dumps(row, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


@pytest.mark.parametrize("repeated", [1, 1_500])
@given(st.lists(points(), max_size=5))
def test_any_data_points(repeated, some):
    stream = io.BytesIO()
    json_lines.write(some * repeated, stream)
    assert stream.getvalue() == b"".join(map(as_object, some)) * repeated
