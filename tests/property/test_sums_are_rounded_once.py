"""Law: the sum of doubles is the double nearest to what they come to exactly, however they are added up."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rumpattern.aggregate.sums import add_exactly

LARGEST = 2.0**360
VALUES = st.one_of(
    st.floats(-LARGEST, LARGEST, allow_nan=False),
    st.floats(-1e-300, 1e-300),
    st.integers(-(2**53), 2**53).map(float),
    st.builds(lambda sign, power: sign * 2.0**power, st.sampled_from([1, -1]), st.integers(-1074, 360)),
    st.builds(lambda odd, power: (2 * odd + 1) * 2.0**power, st.integers(0, 2**52 - 1), st.integers(-60, 60)),
)


@given(st.lists(st.lists(VALUES, min_size=1, max_size=12), min_size=1, max_size=5))
def test_sums(groups):
    begins = np.cumsum([0, *map(len, groups[:-1])])
    sums = add_exactly(np.array([value for group in groups for value in group]), begins)
    carried = np.empty((len(groups), sums.limbs.shape[1] + 2), np.int64)
    sums.carry(carried)
    nearest = [float(sum(map(Fraction, group))) for group in groups]
    for same in (sums, sums.trim(), sums._replace(limbs=carried)):
        assert list(map(str, same.nearest().tolist())) == list(map(str, nearest))
