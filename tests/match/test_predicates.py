"""Compiled predicates: intervals of doubles, and sets that are looked up instead of searched."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.match.predicates import closed, compile_elements, merged, outside
from rumpattern.match.strings import compile_string_test
from rumpattern.pattern.ast import NumericRange
from rumpattern.pattern.reference import accepts
from tests.support.cpu_time import cpu_seconds_below

NEAR = (-math.inf, -1.5, -5e-324, -0.0, 5e-324, 1.0, math.nextafter(1, 2), 2.0, 1.7976931348623157e308, math.inf)
NUMBERS = st.sampled_from([number for number in NEAR if math.isfinite(number)]) | st.floats(-3, 3)
RANGES = st.builds(NumericRange, st.sampled_from(NEAR), st.booleans(), st.sampled_from(NEAR), st.booleans())


@given(st.lists(RANGES, max_size=5), NUMBERS)
def test_merged_intervals_hold_what_the_ranges_hold(ranges, number):
    intervals = merged(map(closed, ranges))
    assert any(low <= number <= high for low, high in intervals) is any(bounds.holds(number) for bounds in ranges)
    ends = [end for interval in intervals for end in interval]
    assert ends == sorted(ends)


@given(st.lists(NUMBERS, max_size=5), NUMBERS)
def test_outside_is_the_rest(excluded, number):
    rest = merged(outside(merged((value, value) for value in excluded)))
    assert any(low <= number <= high for low, high in rest) is (number not in excluded)


def parsed(*elements):
    ((field,),) = rp.parse_pattern({"a": list(elements)}).branches
    return field.elements


def many(make):
    return [make(number) for number in range(20_000)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "elements",  # made by the test: a million objects would slow down whoever only collects tests
    [
        pytest.param(lambda: many(lambda n: f"v{n}"), id="string"),
        pytest.param(lambda: many(lambda n: f"10.0.{n // 256}.{n % 256}"), id="address"),
        pytest.param(lambda: many(lambda n: {"exactly": f"v{n}"}), id="exactly"),
        pytest.param(lambda: many(lambda n: {"prefix": f"v{n}."}), id="prefix"),
        pytest.param(lambda: many(lambda n: {"suffix": f".v{n}"}), id="suffix"),
        pytest.param(lambda: many(lambda n: {"equals-ignore-case": f"V{n}"}), id="equals-ignore-case"),
        pytest.param(lambda: many(lambda n: {"prefix": {"equals-ignore-case": f"V{n}."}}), id="prefix, any case"),
        pytest.param(lambda: many(lambda n: {"suffix": {"equals-ignore-case": f".V{n}"}}), id="suffix, any case"),
        pytest.param(lambda: many(lambda n: {"cidr": f"10.{n // 256}.{n % 256}.0/24"}), id="cidr"),
        pytest.param(lambda: [{"anything-but": many(lambda n: f"v{n}")}], id="anything-but"),
        pytest.param(lambda: [{"anything-but": {"prefix": many(lambda n: f"v{n}.")}}], id="anything-but prefix"),
    ],
)
def test_many_texts_are_looked_up(elements):
    nodes = parsed(*elements())
    check = compile_elements(nodes).text
    texts = ["v7", "V19999", "v3.x", "x.V4", "10.0.3.4", "010.0.3.4", "ten", "", "v20000"]
    assert [check(text) for text in texts] == [any(accepts(node, text) for node in nodes) for text in texts]
    with cpu_seconds_below(5):
        for number in range(5000):
            check(f"w{number}")


@pytest.mark.slow
def test_many_numbers_are_searched():
    compiled = compile_elements(parsed(*range(20_000), {"numeric": [">", 30_000, "<", 40_000]}))
    assert (len(compiled.lows), compiled.text) == (20_001, None)
    batch = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern({"a": [*range(20_000)]}))])
    events = [{"a": number / 2} for number in range(100)]
    assert np.flatnonzero(batch.match(batch.batch(events)).mask(0)).tolist() == list(range(0, 100, 2))


def test_no_texts_need_no_test():
    assert compile_string_test([]) is None
    assert compile_elements(parsed(1, None, {"exists": True})).text is None
