"""Laws of partials: merging is commutative and associative with the empty one as identity, sums are exact."""

from fractions import Fraction
from unittest.mock import patch

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rumpattern.aggregate.groups import BatchAggregates, add_exactly
from rumpattern.aggregate.histogram import NO_SKETCH, Histogram, ValueSketch, bucket_indices
from rumpattern.aggregate.partial import Partial
from rumpattern.aggregate.series import dimension_values, metric_begins
from rumpattern.derive.policy import REASONS, Sample
from rumpattern.derive.samples import Labels, SampleTable
from tests.support.partials import exact, statistics

EDGES = (0.0, -0.0, 1.0, -1.0, 5e-324, -5e-324, 2.2250738585072014e-308, 0.1, 2.0**360, -(2.0**360), 1e-200, 3e107)
VALUES = st.one_of(st.sampled_from(EDGES), st.floats(-(2.0**360), 2.0**360))
KEYS = st.tuples(
    st.integers(0, 1),
    st.sampled_from((0, 60)),
    st.tuples(st.sampled_from(("x", "y", None)), st.sampled_from(("", "z"))),
)
OBSERVATIONS = st.lists(st.tuples(KEYS, VALUES), max_size=8)


def partial(observations, most=3):
    result = Partial(max_exact=most)
    result.add_samples((number, Sample(value, labels, start)) for (number, start, labels), value in observations)
    return result


def merged(*partials):
    result = Partial(max_exact=3)
    for other in partials:
        for groups in other.merged():
            result.add_groups(groups)
    return result


def sketch(values, most):
    """Return the spread of some values, by the definition of it."""
    distinct = sorted(set(values))
    if min(values) < 0 or len(distinct) == 1:
        return NO_SKETCH
    if len(distinct) <= most:
        keys, counts = np.array(distinct) + 0.0, [values.count(value) for value in distinct]
        return ValueSketch(b"", Histogram(keys.tobytes(), np.array(counts).tobytes(), is_exact=True))
    keys, counts = np.unique(bucket_indices(np.array(values)), return_counts=True)
    return ValueSketch(b"", Histogram(keys.astype(np.int16).tobytes(), counts.tobytes(), is_exact=False))


@given(OBSERVATIONS, OBSERVATIONS, OBSERVATIONS)
def test_merge_is_commutative_and_associative(one, two, three):
    a, b, c = partial(one), partial(two), partial(three)
    alone = statistics(a)
    assert statistics(merged(a)) == alone == statistics(merged(partial([]), a)) == statistics(merged(a, partial([])))
    assert statistics(merged(a, b)) == statistics(merged(b, a))
    left, right = statistics(merged(merged(a, b), c)), statistics(merged(a, merged(b, c)))
    assert left == right == statistics(partial([*one, *two, *three]))
    for loose in (1, 2, 3):  # what was counted before changes nothing
        with (
            patch("rumpattern.aggregate.groups.BUFFERED_VALUES", loose),
            patch("rumpattern.aggregate.merge.BUFFERED_VALUES", loose),
        ):
            assert statistics(merged(merged(partial(one), partial(two)), partial(three))) == left


@given(st.lists(OBSERVATIONS, max_size=5), st.integers(1, 3), st.sampled_from((0, 300, 10**9)))
def test_when_groups_are_merged_is_invisible(parts, looks, worth):
    together = statistics(partial([observation for part in parts for observation in part]))
    with (
        patch("rumpattern.aggregate.partial.MIN_MERGE_BYTES", worth),
        patch("rumpattern.aggregate.partial.HASH_PARTITIONS", 2),
    ):
        result = Partial(max_exact=3)
        for number, part in enumerate(parts):
            for groups in partial(part).merged():
                result.add_groups(groups)
            if number % looks == 0:
                result.merged()
        assert statistics(result) == together


@given(OBSERVATIONS)
def test_one_text_has_one_code_after_merging(observations):
    for groups in partial(observations).merged():
        sets = zip(groups.definitions.tolist(), dimension_values(groups, slice(None)), strict=True)
        assert len(metric_begins(groups)) == len(set(sets))


@given(OBSERVATIONS)
def test_sums_are_exact(observations):
    for key, found in statistics(partial(observations)).items():
        values = [value for other, value in observations if other == key]
        assert found[:4] == (len(values), sum(map(Fraction, values)), min(values), max(values))
        assert found.sketch == sketch(values, 3)


@given(st.lists(st.tuples(st.integers(0, 2), st.one_of(VALUES, st.floats(allow_nan=False, allow_infinity=False)))))
def test_array_sums_are_exact(pairs):
    groups = [[value for group, value in pairs if group == i] for i in range(3)]
    groups = [group for group in groups if group] or [[0.0]]
    begins = np.cumsum([0, *map(len, groups[:-1])])
    values = np.array([value for group in groups for value in group])
    sums = add_exactly(values, begins)
    assert exact(sums) == [sum(map(Fraction, group)) for group in groups]


@given(OBSERVATIONS)
def test_arrays_and_single_samples_add_up_alike(observations):
    one_by_one, at_once = partial([]), partial([])
    for number in (0, 1):
        some = [(key, value) for key, value in observations if key[0] == number]
        texts = ("x", "y", None, "", "z")
        columns = [np.array([texts.index(key[2][i]) for key, _ in some], np.int32) for i in (0, 1)]
        numbers, counts = np.array([number]), np.zeros((1, len(REASONS)), np.int64)
        owners = np.zeros(len(some), np.int64)
        values = np.array([value for _, value in some], np.float64)
        starts = np.array([key[1] for key, _ in some], np.int64)
        labels = tuple(Labels(codes, texts) for codes in columns)
        at_once.add(BatchAggregates.of(SampleTable(numbers, owners, values, starts, labels, counts)))
        odd = tuple((number, Sample(value, key[2], key[1])) for key, value in some)
        one_by_one.add(BatchAggregates(numbers, None, counts, odd))
    assert statistics(one_by_one) == statistics(at_once) == statistics(partial(observations))
