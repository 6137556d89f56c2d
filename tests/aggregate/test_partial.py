"""Samples to partials and series: exact sums, groups, bytes."""

from datetime import UTC, datetime
from fractions import Fraction

import numpy as np
import pytest

import rumpattern as rp
from rumpattern.aggregate.partial import Partial
from rumpattern.aggregate.series import Series, tabulate
from rumpattern.aggregate.sums import add_exactly
from tests.support.partials import exact, statistics

SUBNORMAL = 5e-324


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([0.1] * 10, 1.0),
        ([1e308, 1, -1e308], 1.0),
        ([1e16, 1, -1e16], 1.0),
        ([2.0**360, SUBNORMAL, -(2.0**360)], SUBNORMAL),
        ([SUBNORMAL] * 3, 1.5e-323),
        ([SUBNORMAL, -SUBNORMAL], 0.0),
        ([-0.0], 0.0),
        ([-0.0, -0.0], 0.0),
        ([0.1, 0.2, 0.3], 0.6),
        ([1e-320, 1.0], 1.0),
        ([2.2250738585072014e-308, -SUBNORMAL], 2.225073858507201e-308),
        ([1.7976931348623157e308, -1.7976931348623157e308, 3.0], 3.0),
        ([-1.5, -2.25], -3.75),
        ([1.0, 2.0**-53, 2.0**-53], 1.0000000000000002),
    ],
)
def test_exact_sums(values, total):
    sums = add_exactly(np.array(values, np.float64), np.array([0]))
    carried = np.empty((1, sums.limbs.shape[1] + 2), np.int64)
    sums.carry(carried)
    assert ((carried[:, :-2] >= 0) & (carried[:, :-2] < 2**32)).all()
    assert exact(sums) == exact(sums.trim()) == [sum(map(Fraction, values))]
    assert exact(sums._replace(limbs=carried)) == exact(sums)
    assert list(map(str, sums.nearest().tolist())) == [str(total)]
    assert sums.exponent % 32 == 0


def test_sums_by_group():
    values = np.array([1.0, 4.0, 2.0, 1e300, -1e300])
    assert add_exactly(values, np.array([0, 2, 3])).nearest().tolist() == [5.0, 2.0, 0.0]


def test_a_million_values_of_one_exponent():
    values = np.full(1_000_000, 1.9999999999999998)
    assert exact(add_exactly(values, np.array([0]))) == [1_000_000 * Fraction(1.9999999999999998)]


@pytest.mark.parametrize("value", [0.0, 1.0, -1.5, 0.1, SUBNORMAL, 1.7976931348623157e308])
def test_one_value_is_its_own_sum(value):
    sums = add_exactly(np.array([value, value]), np.array([0, 1]))
    assert sums.nearest().tolist() == [value, value]
    assert exact(sums) == [Fraction(value)] * 2


DEFINITIONS = [
    rp.MetricDefinition("m", "shop", value_key="v", unit_label="Bytes", dimension_keys=(("d", "D"),)),
    rp.MetricDefinition("m", "shop", value_key="w", unit_label="Bytes", dimension_keys=(("d", "D"),)),
    rp.MetricDefinition("n", value_key="v"),
]
LINES = [
    b'{"event_timestamp":0,"d":"x","v":-0.0}',
    b'{"event_timestamp":59999,"d":"x","v":1e16}',
    b'{"event_timestamp":1,"d":"x","v":1}',
    b'{"event_timestamp":2,"d":"x","v":-1e16}',
    b'{"event_timestamp":60000,"d":"y","v":2,"w":3}',
    b'{"event_timestamp":60000,"d":"y","w":[1]}',
    b'{"event_timestamp":60000,"d":1,"w":5,"application_name":"a"}',
    b'{"event_timestamp":60000,"d":"1","w":6,"application_name":"a"}',
    b'{"event_timestamp":60000,"d":"1","w":7,"application_name":"a","v":[]}',
]


def partial(lines):
    engine = rp.compile(DEFINITIONS)
    batch = engine.batch(lines)
    result = Partial()
    for part in engine.grouped(batch, engine.match(batch)):
        result.add(part)
    return result


def rows(partial):
    return tabulate(DEFINITIONS, partial, 60).rows()


def test_groups():
    groups = {key: found[:-1] for key, found in statistics(partial(LINES)).items()}
    assert groups == {
        (0, 0, ("x", None)): (4, 1.0, -1e16, 1e16),
        (0, 60, ("y", None)): (1, 2.0, 2.0, 2.0),
        (1, 60, ("y", None)): (1, 3.0, 3.0, 3.0),
        (1, 60, ("1", "a")): (3, 18.0, 5.0, 7.0),
        (2, 0, (None,)): (4, 1.0, -1e16, 1e16),
        (2, 60, (None,)): (1, 2.0, 2.0, 2.0),
    }


def test_definitions_of_one_metric_are_added_up():
    zero, one = datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
    shop = ("RUM/CustomMetrics/shop", "m")
    assert [one._replace(distribution=None) for one in rows(partial(LINES))] == [
        Series("AWS/RUM", "n", (), "None", zero, 60, 4, 1.0, -1e16, 1e16),
        Series("AWS/RUM", "n", (), "None", one, 60, 1, 2.0, 2.0, 2.0),
        Series(*shop, (("D", "1"), ("application_name", "a")), "Bytes", one, 60, 3, 18.0, 5.0, 7.0),
        Series(*shop, (("D", "x"),), "Bytes", zero, 60, 4, 1.0, -1e16, 1e16),
        Series(*shop, (("D", "y"),), "Bytes", one, 60, 2, 5.0, 2.0, 3.0),
    ]


def test_minus_zero_is_zero_everywhere():
    lines = [b'{"event_timestamp":0,"v":-0.0,"d":"x"}', b'{"event_timestamp":0,"v":-0,"d":"x","w":[]}']
    (one, *_) = rows(partial(lines))
    assert [str(number) for number in (one.sum, one.min, one.max)] == ["0.0", "0.0", "0.0"]


def test_the_order_of_lines_does_not_matter():
    forward, backward = partial(LINES), partial(LINES[::-1])
    assert statistics(forward) == statistics(backward)
    assert rows(forward) == rows(backward)


def test_many_dimensions_of_many_values():
    definition = rp.MetricDefinition("m", dimension_keys=tuple((f"k{i}", f"K{i}") for i in range(8)))
    engine = rp.compile([definition])
    batch = engine.batch(
        [{"event_timestamp": 0} | {f"k{i}": f"{(n * (i + 3)) % 97}" for i in range(8)} for n in range(300)]
    )
    (grouped,) = engine.grouped(batch, engine.match(batch))
    result = Partial()
    result.add(grouped)
    found = statistics(result)
    assert len(found) == 97
    assert sum(one.samples for one in found.values()) == 300
    assert (0, 0, (*("0" for _ in range(8)), None)) in found


def test_an_empty_partial():
    assert tabulate(DEFINITIONS, Partial(), 60) is None
