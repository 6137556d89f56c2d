"""The log events of the embedded metric format, added up as CloudWatch does, are the series."""

from __future__ import annotations

import io
import json
from collections import Counter

import pytest

from rumpattern.emit import emf


def written(series):
    stream = io.BytesIO()
    outcome = emf.write(series, stream)
    return stream.getvalue().splitlines(), outcome


def values_of(event):
    """Return values and counts of the one metric of an event, or its statistic set."""
    (directive,) = event["_aws"]["CloudWatchMetrics"]
    (metric,) = directive["Metrics"]
    value = event[metric["Name"]]
    if isinstance(value, dict) and "Values" not in value:
        return value
    if isinstance(value, dict):
        assert len(value["Values"]) == len(value["Counts"]) <= 100
        assert (min(value["Values"]), max(value["Values"])) == (value["Min"], value["Max"])
        assert sum(value["Counts"]) == value["Count"]
        found = Counter(dict(zip(value["Values"], value["Counts"], strict=True)))
        assert sum(v * c for v, c in found.items()) == pytest.approx(value["Sum"])
        return found
    values = value if isinstance(value, list) else [value]
    assert len(values) <= 100
    return Counter(values)


def test_an_event_is_as_the_specification_says(make):
    (line,), outcome = written([make([3, 1, 3], dimensions=(("PageId", "/"), ("application_name", "shop")))])
    assert json.loads(line) == {
        "_aws": {
            "Timestamp": 1_767_571_200_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "RUM/CustomMetrics/Shop",
                    "Dimensions": [["PageId", "application_name"]],
                    "Metrics": [{"Name": "Duration", "Unit": "Milliseconds"}],
                }
            ],
        },
        "PageId": "/",
        "application_name": "shop",
        "Duration": [1.0, 3.0, 3.0],
    }
    assert (outcome.refused, outcome.notes) == ({}, [])


@pytest.mark.parametrize(
    ("values", "lines", "noted"),
    [
        ([4], 1, False),
        ([-4], 1, False),
        ([5] * 100, 1, False),
        (range(100), 1, False),
        ([5] * 101, 1, True),
        ([*range(100), 5], 1, True),
        ([*range(101)], 2, True),
        ([n / 7 for n in range(450)] * 2, 5, True),
    ],
)
def test_every_value_arrives(make, values, lines, noted):
    one = make(values, most=500)
    events, outcome = written([one])
    assert len(events) == lines
    assert sum((values_of(json.loads(event)) for event in events), Counter()) == Counter(map(float, values))
    assert bool(outcome.notes) == noted


OTHER_FORM = (
    "they are written in a form that AWS's clients write and the specification of the embedded metric format lacks"
)


@pytest.mark.parametrize(
    "values", [range(151), [-1, 2], [-3, -3]], ids=["buckets", "negative", "negative and the same"]
)
def test_values_that_are_not_known_are_a_statistic_set(make, values):
    one = make(values)
    (event,), outcome = written([one])
    assert values_of(json.loads(event)) == {"Max": one.max, "Min": one.min, "Count": one.count, "Sum": one.sum}
    why = "have a negative value, or more values than are kept as they are"
    assert outcome.notes == [f"1 of 1 data points {why}: {OTHER_FORM}"]


def test_many_values_are_noted(make):
    _, outcome = written([make([5] * 101), make([1])])
    assert outcome.notes == [f"1 of 2 data points have more than 100 values: {OTHER_FORM}"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": "shop", "dimensions": (("shop", "x"),)}, "the name shop for a metric and for a dimension of it"),
        ({"name": "_aws"}, "the name _aws, which the embedded metric format"),
        ({"dimensions": (("_aws", "x"),)}, "the name _aws, which the embedded metric format needs"),
        ({"unit": "ms"}, 'the unit "ms"'),
        ({"dimensions": tuple((str(n), "v") for n in range(31))}, "more than 30 dimensions"),
    ],
)
def test_what_cannot_be_written_is_left_out_and_counted(make, fields, reason):
    lines, outcome = written([make(**fields), make(name="Good")])
    assert [json.loads(line)["Good"] for line in lines] == [1.0]
    (found,) = outcome.refused
    assert reason in found
    assert outcome.refused[found] == 1


def test_the_longest_event_is_within_the_limit(make):
    dimensions = tuple((f"{number:03}" + '"' * 252, "\\" * 1024) for number in range(30))
    values = [2.0**350 / (n + 3) for n in range(100)]
    lines, outcome = written([make([*values, *values], name='"' * 255, namespace='"' * 255, dimensions=dimensions)])
    assert not outcome.refused
    assert 90_000 < len(lines[0]) < 256 * 1024


def test_a_short_period_has_high_resolution(make):
    lines, _ = written([make(period=10)])
    assert json.loads(lines[0])["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["StorageResolution"] == 1
