"""Choosing one leaf a path stays cheap when an event has many arrays that have nothing to do with each other."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.pattern.ast import Exists
from rumpattern.pattern.pattern import exact_event
from rumpattern.pattern.reference import accepts, leaves, matches

SIBLINGS = {f"k{number}": [{"x": 1}] * 200 for number in range(8)}
UNPAIRED = {"d": [{"u": 1}, {"v": 1}] * 200}


@pytest.mark.parametrize(("event", "match"), [(UNPAIRED, False), ({"d": [{"u": 1, "v": 1}]}, True)])
def test_sibling_arrays_are_not_multiplied(event, match):
    pattern = {f"{name}.x": [1] for name in SIBLINGS} | {"d": {"u": [1], "v": [1]}}
    assert rp.parse_pattern(pattern).matches(SIBLINGS | event) is match


def test_equal_elements_are_one_choice():
    assert rp.parse_pattern({"d.u": [1]}).matches({"d": [{"u": 1}] * 20_000})


def brute_force(fields, event):
    """Try every way to choose a leaf, or none, for every field: the definition, taken literally."""
    choices = []
    for field in fields:
        on_path = [leaf for leaf in event if leaf.path == field.path]
        fitting = [leaf for leaf in on_path if any(accepts(element, leaf.value) for element in field.elements)]
        choices.append([*fitting, None] if Exists(wanted=False) in field.elements else fitting)
    for chosen in itertools.product(*choices):
        agreed = {}
        if all(agreed.setdefault(*item) == item[1] for leaf in chosen if leaf for item in leaf.memberships.items()):
            absent = {field.path for field, leaf in zip(fields, chosen, strict=True) if leaf is None}
            there = (leaf for leaf in event if leaf.path in absent)
            if not any(all(agreed.get(a, i) == i for a, i in leaf.memberships.items()) for leaf in there):
                return True
    return False


ITEMS = st.fixed_dictionaries({}, optional={"x": st.sampled_from([1, 2, [1, 2]]), "y": st.sampled_from([1, 2])})
ARRAYS = st.lists(ITEMS | st.lists(ITEMS, max_size=2), max_size=3)
EVENTS = st.fixed_dictionaries({}, optional={"a": ARRAYS, "b": ARRAYS})
ELEMENTS = st.lists(st.sampled_from([1, 2, {"exists": False}, {"exists": True}]), min_size=1, max_size=2)
PATTERNS = st.dictionaries(st.sampled_from(["a.x", "a.y", "b.x", "b.y"]), ELEMENTS, min_size=1, max_size=4)


@given(PATTERNS, EVENTS)
def test_choices_equal_brute_force(pattern, event):
    (fields,) = rp.parse_pattern(json.dumps(pattern)).branches
    flat = leaves(exact_event(event))
    assert matches((fields,), flat) is brute_force(fields, flat)
