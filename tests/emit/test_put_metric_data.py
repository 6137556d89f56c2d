"""Every request is one that CloudWatch takes: botocore says so, and so does each limit by itself."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from random import Random

import pytest

from rumpattern.emit import put_metric_data

session = pytest.importorskip("botocore.session", reason="botocore is not installed")
OPERATION = session.get_session().get_service_model("cloudwatch").operation_model("PutMetricData")
LONGEST = "~" * 255
DIMENSIONS = tuple((f"{number:03}{LONGEST[3:]}", "%" * 1024) for number in range(30))


def written(series):
    stream = io.BytesIO()
    outcome = put_metric_data.write(series, stream)
    return [json.loads(line) for line in stream.getvalue().splitlines()], outcome


def data_of(requests):
    return [datum for request in requests for datum in request["MetricData"]]


def refuted(request):
    from botocore.validate import ParamValidator  # noqa: PLC0415 - it may not be installed

    report = ParamValidator().validate(request, OPERATION.input_shape)
    return report.generate_report()


def sizes(request):
    """Return how long a request is in each protocol that a client may speak."""
    from botocore.serialize import create_serializer  # noqa: PLC0415 - as above
    from botocore.utils import percent_encode_sequence  # noqa: PLC0415

    for datum in request["MetricData"]:
        datum["Timestamp"] = datetime.fromisoformat(datum["Timestamp"])
    for protocol in ("query", "json", "smithy-rpc-v2-cbor"):
        body = create_serializer(protocol).serialize_to_request(request, OPERATION)["body"]
        yield len(percent_encode_sequence(body)) if protocol == "query" else len(body)


def test_exact_values_are_written_with_their_counts(make):
    (request,), outcome = written([make([3, 1, 3])])
    assert request == {
        "Namespace": "RUM/CustomMetrics/Shop",
        "MetricData": [
            {
                "MetricName": "Duration",
                "Dimensions": [{"Name": "application_name", "Value": "shop"}],
                "Timestamp": "2026-01-05T00:00:00Z",
                "Values": [1.0, 3.0],
                "Counts": [1, 2],
                "Unit": "Milliseconds",
            }
        ],
    }
    assert not refuted(request)
    assert not outcome.refused


@pytest.mark.parametrize(
    ("values", "most"),
    [(range(151), 150), (range(151), 500), ([-1, 2], 150), ([-3] * 4, 150), ([-0.5], 150)],
    ids=["buckets", "too many", "negative", "one negative value", "negative alone"],
)
def test_other_values_are_a_statistic_set(make, values, most):
    one = make(values, most=most)
    (datum,) = data_of(written([one])[0])
    assert "Values" not in datum
    assert datum["StatisticValues"] == {
        "SampleCount": one.count,
        "Sum": one.sum,
        "Minimum": one.min,
        "Maximum": one.max,
    }


def test_150_values_are_the_most(make):
    one = make([*range(150), 7], most=500)
    (request,), _ = written([one])
    (datum,) = request["MetricData"]
    assert len(datum["Values"]) == len(datum["Counts"]) == 150
    assert sum(datum["Counts"]) == one.count
    assert not refuted(request)


def test_the_counts_are_those_of_the_values_whatever_way_they_are_kept(make):
    random = Random(7)  # noqa: S311 - reproducible, not secret
    series = [
        make([random.randrange(size) for _ in range(count)], name=f"M{number:04}")
        for number, (size, count) in enumerate([(1, 1), (1, 9), (40, 3), (40, 200), (140, 400), (400, 200)] * 40)
    ]
    for one, datum in zip(series, data_of(written(series)[0]), strict=True):
        if "Values" in datum:
            assert (tuple(datum["Values"]), tuple(datum["Counts"])) == (
                one.distribution.values,
                one.distribution.counts,
            )
        assert ("Values" in datum) == one.distribution.is_exact


def test_a_request_has_at_most_1000_metrics_of_one_namespace(make):
    short = [make(name=f"M{number:04}", dimensions=(), namespace="A") for number in range(2_001)]
    requests, _ = written([*short, make(namespace="B")])
    assert [(request["Namespace"], len(request["MetricData"])) for request in requests] == [
        ("A", 1000),
        ("A", 1000),
        ("A", 1),
        ("B", 1),
    ]
    assert [datum["MetricName"] for datum in data_of(requests)[:-1]] == [one.name for one in short]


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["widest", "most values", "statistic sets"])
def test_a_request_is_less_than_a_megabyte_in_every_protocol(make, shape):
    values = {
        "widest": [1e-300 / 7],
        "most values": [1e30 / (n + 3) for n in range(150)],
        "statistic sets": [-1 / 3, 7.1],
    }
    dimensions = DIMENSIONS if shape == "widest" else (("PageId", '"/a\\' * 40),)
    series = [make(values[shape], name=f"{number:05}", dimensions=dimensions) for number in range(1_100)]
    requests, outcome = written(series)
    assert not outcome.refused
    assert not refuted(requests[0])
    assert len(data_of(requests)) == len(series)
    assert len(requests) > 1
    for request in (requests[0], requests[-1]):
        assert max(sizes(request)) <= 1_000_000
    assert max(sizes(written(series)[0][0])) > 500_000  # they are not cut much too small


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": ""}, 'the metric name ""'),
        ({"name": "x" * 256}, f'the metric name "{"x" * 256}"'),
        ({"name": "Größe"}, 'the metric name "Größe"'),
        ({"namespace": "x" * 256}, f'the namespace "{"x" * 256}"'),
        ({"namespace": ":x"}, 'the namespace ":x"'),
        ({"unit": "ms"}, 'the unit "ms"'),
        ({"dimensions": tuple((str(n), "v") for n in range(31))}, "more than 30 dimensions"),
        ({"dimensions": (("d", "x" * 1025),)}, "a value of the dimension d"),
        ({"dimensions": (("d", " "),)}, "a value of the dimension d"),
        ({"dimensions": (("d", "\x1b"),)}, "a value of the dimension d"),
        ({"dimensions": ((":d", "x"),)}, 'the dimension name ":d"'),
        ({"dimensions": (("d", "x"), ("d", "y"))}, 'two dimensions of the name "d"'),
        ({"sum": 2.0**361}, "a sum beyond 2^360"),
    ],
)
def test_what_cloudwatch_refuses_is_left_out_and_counted(make, fields, reason):
    good = make(name="Good")
    requests, outcome = written([make(**fields), good, make(**fields)])
    assert outcome.refused == {reason: 2}
    assert [datum["MetricName"] for datum in data_of(requests)] == ["Good"]


def test_the_longest_names_and_values_are_taken(make):
    one = make([2.0**360], namespace=LONGEST, name=LONGEST, dimensions=DIMENSIONS)
    (request,), outcome = written([one])
    assert not outcome.refused
    assert not refuted(request)


def test_a_short_period_has_high_resolution(make):
    fields = [datum.get("StorageResolution") for datum in data_of(written([make(period=10), make(period=60)])[0])]
    assert fields == [1, None]


def test_times_that_cloudwatch_refuses_are_told(make):
    from rumpattern.emit.cloudwatch import time_notes  # noqa: PLC0415 - of this test alone

    one = make()
    weeks, hours = timedelta(weeks=2), timedelta(hours=2)
    assert list(time_notes([one], one.start + weeks)) == list(time_notes([one], one.start - hours)) == []
    (late,) = time_notes([one], one.start + weeks + timedelta(seconds=1))
    (early,) = time_notes([one], one.start - hours - timedelta(seconds=1))
    assert late == "1 of 1 data points are older than two weeks: CloudWatch refuses them"
    assert early == "1 of 1 data points are more than two hours ahead: CloudWatch refuses them"
