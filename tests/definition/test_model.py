import pytest

import rumpattern as rp


def test_a_path_that_occurs_twice_is_refused():
    with pytest.raises(ValueError, match=r"^a occurs twice in dimension_keys"):
        rp.MetricDefinition("m", dimension_keys=(("a", "A"), ("a", "B")))


def test_two_paths_may_have_one_name():
    definition = rp.MetricDefinition("m", dimension_keys=(("a", "A"), ("b", "A")))
    assert rp.MetricDefinition.from_request(definition.to_request()) == definition
