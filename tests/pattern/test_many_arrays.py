"""Choosing one leaf a path stays cheap when an event has many arrays that have nothing to do with each other."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.pattern.pattern import exact_event
from rumpattern.pattern.reference import branch_matches, grouped, leaves, matches_by_enumeration

SIBLINGS = {f"k{number}": [{"x": 1}] * 200 for number in range(8)}
UNPAIRED = {"d": [{"u": 1}, {"v": 1}] * 200}


@pytest.mark.parametrize(("event", "match"), [(UNPAIRED, False), ({"d": [{"u": 1, "v": 1}]}, True)])
def test_sibling_arrays_are_not_multiplied(event, match):
    pattern = {f"{name}.x": [1] for name in SIBLINGS} | {"d": {"u": [1], "v": [1]}}
    assert rp.parse_pattern(pattern).matches(SIBLINGS | event) is match


def test_equal_elements_are_one_choice():
    assert rp.parse_pattern({"d.u": [1]}).matches({"d": [{"u": 1}] * 20_000})


ITEMS = st.fixed_dictionaries({}, optional={"x": st.sampled_from([1, 2, [1, 2]]), "y": st.sampled_from([1, 2])})
ARRAYS = st.lists(ITEMS | st.lists(ITEMS, max_size=2), max_size=3)
EVENTS = st.fixed_dictionaries({}, optional={"a": ARRAYS, "b": ARRAYS})
ELEMENTS = st.lists(st.sampled_from([1, 2, {"exists": False}, {"exists": True}]), min_size=1, max_size=2)
PATTERNS = st.dictionaries(st.sampled_from(["a.x", "a.y", "b.x", "b.y"]), ELEMENTS, min_size=1, max_size=4)


@given(PATTERNS, EVENTS)
def test_search_equals_enumeration(pattern, event):
    (fields,) = rp.parse_pattern(json.dumps(pattern)).branches
    by_path = grouped(leaves(exact_event(event)))
    assert branch_matches(fields, by_path) is matches_by_enumeration(fields, by_path)
