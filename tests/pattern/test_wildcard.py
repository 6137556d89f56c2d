"""Wildcards: text to parts and back, matching against a table of states, and the measure of cost."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rumpattern.pattern.wildcard import WildcardError, complexity, fits, join, split
from tests.support.cpu_time import cpu_seconds_below

PARTS = st.lists(st.text("ab*\\", min_size=1, max_size=4), min_size=1, max_size=5).flatmap(
    lambda parts: st.sampled_from((parts, ["", *parts], [*parts, ""], ["", *parts, ""]))
)


@given(PARTS)
def test_split_reads_what_join_writes(parts):
    assert split(join(parts)) == tuple(parts)


@pytest.mark.parametrize(
    ("text", "index", "is_escape"),
    [("**", 0, False), ("a***", 1, False), ("\\*a**b", 3, False), ("\\", 0, True), ("*\\a**", 1, True)],
)
def test_the_first_fault_is_named(text, index, is_escape):
    with pytest.raises(WildcardError) as caught:
        split(text)
    assert (caught.value.index, caught.value.is_escape) == (index, is_escape)


def fits_by_table(parts, value):
    """Follow all places in the wildcard that a value can have come to, one character at a time."""
    steps = [None if step == 0 else part[step - 1] for part in parts for step in range(len(part) + 1)][1:]

    def with_stars(places):
        return places | {place + 1 for place in places if place < len(steps) and steps[place] is None}

    places = with_stars({0})
    for char in value:
        stayed = {place for place in places if place < len(steps) and steps[place] is None}
        moved = {place + 1 for place in places if place < len(steps) and steps[place] == char}
        places = with_stars(stayed | moved)
    return len(steps) in places


@given(PARTS, st.text("ab*\\", max_size=12))
def test_fits_equals_table(parts, value):
    assert fits(parts, value) is fits_by_table(parts, value)


@given(PARTS, st.lists(st.text("ab", max_size=2), min_size=6, max_size=6))
def test_parts_with_text_between_fit(parts, between):
    assert fits(parts, parts[0] + "".join(map("".join, zip(between, parts[1:], strict=False))))


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("abc", 0),
        ("*", 1),
        ("*a", 2),
        ("a*b*c*", 4),
        ("*:*:*:*:*:event-bus/*", 11),
        ("/Users/*/dir/dir/dir/dir/dir/doc.txt", 7),
        ("*aaaa", 5),
        ("*ab*ab", 4),
    ],
)
def test_complexity(text, score):
    assert complexity(split(text)) == score


@given(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=3))
def test_complexity_is_the_most_prefixes_of_any_value(behind):
    steps = [(i, part[:end]) for i, part in enumerate(behind) for end in range(len(part) + 1)]
    prefixes = [("", *behind[:i], start) for i, start in steps]
    tails = ["".join(tail) for tail in itertools.product("ab", repeat=3)]
    most = max(sum(fits(prefix, "".join(behind) + tail) for prefix in prefixes) for tail in tails)
    assert complexity(("", *behind)) == most


@pytest.mark.parametrize("stars", [1, 30])
def test_a_million_characters_take_no_time(stars):
    wildcard = ("", *["aab"] * stars, "")
    with cpu_seconds_below(10):
        assert not fits(wildcard, "a" * 1_000_000)
        assert fits(("", *["a"] * stars, ""), "a" * 1_000_000)
