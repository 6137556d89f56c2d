"""Distributions: exact up to a number of distinct values, SEH1 beyond it, with the error that it is known for."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from rumpattern.aggregate.distribution import PERCENTS, Distribution, percentiles
from rumpattern.aggregate.histogram import (
    ERROR_ABOVE,
    ERROR_BELOW,
    NO_SKETCH,
    Histogram,
    ValueSketch,
    bucket_indices,
    uniform_sketch,
)
from rumpattern.aggregate.limits import MAX_EXACT_VALUES

RANDOM = np.random.default_rng(7)
MILLION = 1_000_000
DISTRIBUTIONS = {
    "uniform": RANDOM.uniform(0, 10_000, MILLION),
    "lognormal": RANDOM.lognormal(6, 1.2, MILLION),
    "exponential": RANDOM.exponential(350, MILLION),
    "pareto": RANDOM.pareto(1.1, MILLION) + 1,
    "two humps": np.concatenate([RANDOM.normal(200, 20, MILLION // 2), RANDOM.normal(9_000, 400, MILLION // 2)]),
    "shifts, zeros among them": np.where(RANDOM.random(MILLION) < 0.4, 0.0, RANDOM.gamma(0.3, 0.1, MILLION)),
    "every magnitude": np.exp(RANDOM.uniform(-700, 240, MILLION)),
}


def distribution(values, most=MAX_EXACT_VALUES):
    values = np.asarray(values, np.float64)
    sketch = ValueSketch(values.tobytes()).compress(most) if values.min() < values.max() else NO_SKETCH
    return Distribution(len(values), float(values.min()), float(values.max()), sketch, most)


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_percentiles_of_a_million_values_are_within_the_error_of_the_buckets(name):
    values = DISTRIBUTIONS[name]
    found = distribution(values)
    assert not found.is_exact
    percents = (0, 1, 5, 25, *PERCENTS, 99.9, 100)
    exact = np.quantile(values, [percent / 100 for percent in percents], method="inverted_cdf").tolist()
    for percent, value in zip(percents, exact, strict=True):
        estimate = found.percentile(percent)
        if value == 0:
            assert estimate == 0
        else:
            assert ERROR_BELOW - 1e-9 <= estimate / value - 1 <= ERROR_ABOVE + 1e-9, percent
    assert (found.percentile(0), found.percentile(100)) == (values.min(), values.max())


def test_the_error_is_the_documented_one():
    assert (round(ERROR_BELOW, 3), round(ERROR_ABOVE, 3)) == (-0.047, 0.049)
    assert ERROR_BELOW < 1.1**-0.5 - 1 < 1.1**0.5 - 1 < ERROR_ABOVE


@pytest.mark.parametrize("bucket", [*range(-40, 40), -7_400, -3_000, 2_617, 7_400])
def test_what_tells_a_bucket_is_the_nearest_double_to_its_middle(bucket):
    with localcontext(prec=60):
        middle = Decimal("1.1") ** bucket * Decimal("1.1").sqrt()
        values = [float(middle) * 0.999, float(middle) * 1.001]
    assert bucket_indices(np.array(values)).tolist() == [bucket] * 2
    counts = np.array([1, 1, 1])
    keys = np.array([bucket - 1, bucket, bucket + 1], np.int16)
    sketch = ValueSketch(b"", Histogram(keys.tobytes(), counts.tobytes(), is_exact=False))
    found = Distribution(3, 5e-324, 1.7e308, sketch, 1)
    assert found.percentile(50) == float(middle)


def test_buckets_end_at_powers():
    powers = [Fraction(11, 10) ** power for power in (-7_000, -300, -8, -1, 0, 1, 2, 7, 100, 2_000)]
    values = np.array([float(power) for power in powers])
    assert bucket_indices(values).tolist() == [-7_000, -300, -8, -1, 0, 1, 2, 7, 100, 2_000]
    assert bucket_indices(np.nextafter(values, 0)).tolist() == [-7_001, -301, -9, -2, -1, 0, 1, 6, 99, 1_999]
    assert bucket_indices(np.array([0.0, 2.0**-1022])).tolist() == [np.iinfo(np.int16).min, -7_433]
    assert bucket_indices(np.zeros(1)).tolist() == [np.iinfo(np.int16).min]


def test_values_are_exact_up_to_the_limit():
    some = [float(value) for value in range(MAX_EXACT_VALUES)]
    assert distribution(some).values == tuple(some)
    assert distribution(some * 3).counts == (3,) * MAX_EXACT_VALUES
    assert distribution([*some, 0.5]).is_exact is False
    assert distribution([3.0, 1.0, 3.0], most=2).values == (1.0, 3.0)
    assert distribution([3.0, 1.0, 2.0], most=2).is_exact is False


def test_values_that_are_all_the_same_need_no_spread():
    same = distribution([7.5] * 9)
    assert (same.sketch, same.values, same.counts, same.is_exact) == (NO_SKETCH, (7.5,), (9,), True)
    assert [same.percentile(percent) for percent in (0, 50, 100)] == [7.5] * 3


@pytest.mark.parametrize("count", [1, 2, 3, 10, 99, 100, 101, 150])
def test_the_nearest_rank(count):
    values = RANDOM.permutation(count).astype(np.float64)
    found = distribution(values)
    for percent in (0, 1, 29, 50, 57, 58, 99, 99.9, 100):
        rank = max(1, math.ceil(Fraction(str(percent)) * count / 100))
        assert found.percentile(percent) == rank - 1
    with pytest.raises(ValueError, match="from 0 to 100, not 101"):
        found.percentile(101)


def test_many_at_once_are_the_same_as_one_by_one():
    lots = [RANDOM.integers(0, high, size).astype(np.float64) for size in (1, 2, 7, 150, 256, 400) for high in (2, 300)]
    some = [distribution(values) for values in lots]
    found = list(percentiles([None, *some]))
    assert found[0].values is None
    for one, (values, is_exact) in zip(some, found[1:], strict=True):
        assert values == [one.percentile(percent) for percent in PERCENTS]
        assert is_exact == one.is_exact
    assert list(percentiles([])) == []


def test_one_value_merges_with_others():
    merged = uniform_sketch(2.0, 3).merge(uniform_sketch(1.0, 1), MAX_EXACT_VALUES)
    assert Distribution(4, 1.0, 2.0, merged, MAX_EXACT_VALUES).counts == (1, 3)
    assert Distribution(4, 1.0, 2.0, merged, MAX_EXACT_VALUES) == distribution([2.0, 1.0, 2.0, 2.0])
    assert distribution([1.0, 2.0]) != distribution([1.0, 2.0, 2.0])
