"""The text is what the library of Prometheus reads, and it reads every number of every series from it."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

import rumpattern as rp
from rumpattern.aggregate.distribution import PERCENTS
from rumpattern.emit import openmetrics

parser = pytest.importorskip("prometheus_client.openmetrics.parser", reason="prometheus-client is not installed")


def written(series):
    stream = io.BytesIO()
    openmetrics.write(series, stream)
    return stream.getvalue().decode()


def families(series):
    return {family.name: family for family in parser.text_string_to_metric_families(written(series))}


def samples(family):
    return [(sample.labels, sample.value, float(sample.timestamp)) for sample in family.samples]


def test_the_text_of_a_series(make):
    assert written([make([1, 2, 4])]) == (
        "# HELP RUM_CustomMetrics_Shop_Duration_milliseconds quantiles of CloudWatch metric Duration of "
        "RUM/CustomMetrics/Shop, unit Milliseconds\n"
        "# TYPE RUM_CustomMetrics_Shop_Duration_milliseconds gauge\n"
        "# UNIT RUM_CustomMetrics_Shop_Duration_milliseconds milliseconds\n"
        'RUM_CustomMetrics_Shop_Duration_milliseconds{application_name="shop",quantile="0.5"} 2.0 1767571200\n'
        'RUM_CustomMetrics_Shop_Duration_milliseconds{application_name="shop",quantile="0.75"} 4.0 1767571200\n'
        'RUM_CustomMetrics_Shop_Duration_milliseconds{application_name="shop",quantile="0.9"} 4.0 1767571200\n'
        'RUM_CustomMetrics_Shop_Duration_milliseconds{application_name="shop",quantile="0.95"} 4.0 1767571200\n'
        'RUM_CustomMetrics_Shop_Duration_milliseconds{application_name="shop",quantile="0.99"} 4.0 1767571200\n'
        "# HELP RUM_CustomMetrics_Shop_Duration_sum_milliseconds sum of CloudWatch metric Duration of "
        "RUM/CustomMetrics/Shop, unit Milliseconds\n"
        "# TYPE RUM_CustomMetrics_Shop_Duration_sum_milliseconds gauge\n"
        "# UNIT RUM_CustomMetrics_Shop_Duration_sum_milliseconds milliseconds\n"
        'RUM_CustomMetrics_Shop_Duration_sum_milliseconds{application_name="shop"} 7.0 1767571200\n'
        "# HELP RUM_CustomMetrics_Shop_Duration_samples samples of CloudWatch metric Duration of "
        "RUM/CustomMetrics/Shop, unit Milliseconds\n"
        "# TYPE RUM_CustomMetrics_Shop_Duration_samples gauge\n"
        'RUM_CustomMetrics_Shop_Duration_samples{application_name="shop"} 3 1767571200\n'
        "# HELP RUM_CustomMetrics_Shop_Duration_min_milliseconds min of CloudWatch metric Duration of "
        "RUM/CustomMetrics/Shop, unit Milliseconds\n"
        "# TYPE RUM_CustomMetrics_Shop_Duration_min_milliseconds gauge\n"
        "# UNIT RUM_CustomMetrics_Shop_Duration_min_milliseconds milliseconds\n"
        'RUM_CustomMetrics_Shop_Duration_min_milliseconds{application_name="shop"} 1.0 1767571200\n'
        "# HELP RUM_CustomMetrics_Shop_Duration_max_milliseconds max of CloudWatch metric Duration of "
        "RUM/CustomMetrics/Shop, unit Milliseconds\n"
        "# TYPE RUM_CustomMetrics_Shop_Duration_max_milliseconds gauge\n"
        "# UNIT RUM_CustomMetrics_Shop_Duration_max_milliseconds milliseconds\n"
        'RUM_CustomMetrics_Shop_Duration_max_milliseconds{application_name="shop"} 4.0 1767571200\n'
        "# EOF\n"
    )


def test_nothing_is_an_empty_text():
    assert written([]) == "# EOF\n"


@pytest.mark.parametrize("unit", ["Milliseconds", "Count", "None", "Bytes/Second", "Percent"])
def test_the_parser_reads_every_number(make, unit):
    series = [
        make([n / 3 for n in range(size)], dimensions=dimensions, unit=unit, start=make().start + timedelta(minutes=n))
        for dimensions in ((), (("PageId", "/"), ("application_name", "shop")))
        for n, size in enumerate((1, 3, 500))
    ]
    found = families(series)
    base = "RUM_CustomMetrics_Shop_Duration"
    ending = {"Count": "", "None": "", "Bytes/Second": "_bytes_per_second"}.get(unit, f"_{unit.lower()}")
    statistics = {f"{base}_{name}{ending}": name for name in ("sum", "min", "max")} | {f"{base}_samples": "count"}
    assert set(found) == {base + ending, *statistics}
    assert {family.type for family in found.values()} == {"gauge"}
    assert {name: family.unit for name, family in found.items()} == {
        name: "" if name.endswith("samples") else ending[1:] for name in found
    }
    points = [(dict(one.dimensions), one.start.timestamp(), one) for one in series]
    for name, field in statistics.items():
        assert samples(found[name]) == [(labels, getattr(one, field), time) for labels, time, one in points]
    expected = [
        ({**labels, "quantile": str(percent / 100)}, one.percentile(percent), time)
        for labels, time, one in points
        for percent in PERCENTS
    ]
    assert sorted(samples(found[base + ending]), key=repr) == sorted(expected, key=repr)
    assert "of SEH1 buckets, -4.7% to +4.9%" in found[base + ending].documentation


def test_a_series_with_a_negative_value_has_no_quantiles(make):
    later = make().start + timedelta(minutes=1)
    base = "RUM_CustomMetrics_Shop_Duration"
    found = families([make([-5, 3], unit="None"), make([2], unit="None", start=later)])
    assert {time for _, _, time in samples(found[base])} == {later.timestamp()}
    assert [value for _, value, _ in samples(found[f"{base}_sum"])] == [-2, 2]
    assert [value for _, value, _ in samples(found[f"{base}_min"])] == [-5, 2]
    assert base not in families([make([-5, 3], unit="None")])


@pytest.mark.parametrize(
    "metrics",
    [
        [{"name": "a-b"}, {"name": "a.b"}, {"name": "a_b"}],
        [{"namespace": "x/y", "name": "z"}, {"namespace": "x", "name": "y/z"}],
        [{"unit": "None"}, {"unit": "Count"}],
        [{"unit": "None", "name": "Load"}, {"unit": "None", "name": "Load_sum"}],
        [
            {"unit": "None", "name": "Load"},
            {"unit": "Seconds", "name": "Load"},
            {"unit": "None", "name": "Load_seconds"},
        ],
        [{"name": "Load"}, {"name": "Load_min"}],
        [{"name": ""}, {"name": "ä"}, {"name": "ö"}, {"name": "1"}],
    ],
)
def test_names_that_collide_stay_apart(make, metrics):
    series = sorted((make([n + 1], **metric) for n, metric in enumerate(metrics)), key=lambda one: one[:4])
    found = {family.documentation: family for family in families(series).values()}
    assert len(found) == 5 * len(metrics)
    for one in series:
        family = found[f"sum of CloudWatch metric {one.name} of {one.namespace}, unit {one.unit}"]
        assert samples(family) == [(dict(one.dimensions), one.sum, 1767571200)]


def test_a_name_does_not_depend_on_what_does_not_collide_with_it(make):
    alone = families([make(name="b")])
    together = families([make(name="a"), make(name="b"), make(name="c.d"), make(name="c_d")])
    assert set(alone) < set(together)


def test_a_name_does_not_depend_on_which_metrics_have_data(make):
    keys = (("a-b", "a-b"), ("a.b", "a.b"))
    definitions = [
        rp.MetricDefinition(name, "Shop", unit_label="Milliseconds", value_key="v", dimension_keys=keys)
        for name in ("load", "load_max")
    ]
    dimensions = (("a-b", "x"), ("application_name", "shop"))
    one, other = (make(name=name, dimensions=dimensions) for name in ("load", "load_max"))

    def text(series):
        stream = io.BytesIO()
        openmetrics.write(series, stream, definitions)
        return stream.getvalue().decode()

    for lines in (text([one]).splitlines()[:-1], text([other]).splitlines()[:-1]):
        assert set(lines) <= set(text([one, other]).splitlines())


@pytest.mark.parametrize("names", [("a-b", "a.b"), ("quantile", "x"), ("__name__", "1"), ("", "_"), ("le", "ä")])
def test_labels_stay_apart(make, names):
    dimensions = tuple(zip(names, ("first", "second"), strict=True))
    (labels, *_), *_ = samples(families([make(dimensions=dimensions)])["RUM_CustomMetrics_Shop_Duration_milliseconds"])
    labels.pop("quantile")
    assert sorted(labels.values()) == ["first", "second"]
    assert not any(label.startswith("__") for label in labels)


@pytest.mark.parametrize("value", ['"', "\\", "\n", "\\n", 'a"b\\c\n', "\r", "ä", "}", ",", "="])
def test_text_is_escaped(make, value):
    found = families([make(name=f"x{value}", dimensions=(("PageId", value),))])
    family = next(iter(found.values()))
    assert samples(family)[0][0]["PageId"] == value
    assert family.documentation.startswith("quantiles of CloudWatch metric x")
