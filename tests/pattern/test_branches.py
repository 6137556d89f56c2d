"""``$or``: expansion against its definition, its limits, and the text of what it makes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.pattern.branches import MAX_BRANCHES, MAX_PATHS
from tests.support.cpu_time import cpu_seconds_below


def expanded(pattern, branches=({},), prefix=""):
    """Return the branches of a pattern as dictionaries, by the definition: key after key, the last one wins."""
    for key, value in pattern:
        if key == "$or":
            branches = [made for alternative in value for made in expanded(alternative, branches, prefix)]
        elif isinstance(value, int):
            branches = [{**branch, prefix + key: value} for branch in branches]
        else:
            branches = expanded(value, branches, f"{prefix}{key}.")
    return branches


def text(pattern):
    """Return a pattern of pairs as JSON text, keys as often as they come."""

    def spell(key, value):
        if key == "$or":
            return f"[{','.join(map(text, value))}]"
        return f"[{value}]" if isinstance(value, int) else text(value)

    return "{" + ",".join(f"{json.dumps(key)}:{spell(key, value)}" for key, value in pattern) + "}"


FIELDS = st.tuples(st.sampled_from(["a", "b", "c", "a.b"]), st.integers(0, 9))
PATTERNS = st.recursive(
    st.lists(FIELDS, min_size=1, max_size=3),
    lambda inner: st.lists(
        FIELDS
        | st.tuples(st.sampled_from(["a", "b"]), inner)
        | st.tuples(st.just("$or"), st.lists(inner, min_size=2, max_size=3)),
        min_size=1,
        max_size=3,
    ),
    max_leaves=6,
)


@given(PATTERNS)
def test_expansion_is_the_definition(pattern):
    expected = expanded(pattern)
    if len(expected) > MAX_BRANCHES:
        with pytest.raises(rp.PatternError, match="RP134"):
            rp.parse_pattern(text(pattern))
        return
    parsed = rp.parse_pattern(text(pattern))
    found = [{f.path: float(f.elements[0].text) for f in branch} for branch in parsed.branches]
    assert found == expected
    assert rp.parse_pattern(str(parsed)) == parsed


def alternatives(n):
    return [{"a": [number]} for number in range(n)]


@pytest.mark.parametrize(
    ("pattern", "branches"),
    [
        ({"$or": alternatives(1000)}, 1000),
        ({"x": {"$or": alternatives(10)}, "y": {"$or": alternatives(10)}, "z": {"$or": alternatives(10)}}, 1000),
        ({"$or": [*alternatives(499), {"$or": alternatives(501)}]}, 1000),
    ],
)
def test_a_thousand_branches(pattern, branches):
    assert len(rp.parse_pattern(pattern).branches) == branches


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        ({"$or": alternatives(1001)}, "$.$or"),
        ({"x": {"$or": alternatives(501)}, "y": {"$or": alternatives(2)}}, "$.y.$or"),
        ({"$or": [*alternatives(500), {"z": {"$or": alternatives(501)}}]}, "$.$or"),
        ({f"k{number}": {"$or": alternatives(2)} for number in range(2000)}, "$.k9.$or"),
    ],
)
def test_more_are_refused_before_they_are_made(pattern, place):
    with cpu_seconds_below(10), pytest.raises(rp.PatternError) as caught:
        rp.parse_pattern(pattern)
    (finding,) = caught.value.diagnostics
    assert (finding.code, finding.where.path) == ("RP134", place)
    assert "1,000" in finding.message


def test_paths_are_counted_in_each_branch():
    fields = {f"k{number}": [1] for number in range(MAX_PATHS - 1)}
    assert len(rp.parse_pattern({**fields, "$or": [{"a": [1]}, {"b": [1]}]}).paths) == MAX_PATHS + 1
    with pytest.raises(rp.PatternError, match=r"a combination of \$or has 257 paths; the limit is 256 \[RP117\]"):
        rp.parse_pattern({**fields, "$or": [{"a": [1]}, {"a": [1], "b": [1]}]})


@pytest.mark.parametrize(
    ("source", "canonical"),
    [
        ('{"$or":[{"a":["x"]},{"b":{"c":[1.0]}}]}', '{"$or":[{"a":["x"]},{"b.c":[1]}]}'),
        ('{"z":[1],"$or":[{"a":[1]},{"z":[2]}]}', '{"$or":[{"z":[1],"a":[1]},{"z":[2]}]}'),
    ],
)
def test_canonical_text(source, canonical):
    assert str(rp.parse_pattern(source)) == canonical


def test_a_path_with_a_reserved_name_stays_outside():
    source = '{"$or":[{"a":[1]},{"b":[1]}],"cidr":["x"],"x":[1]}'
    pattern = rp.parse_pattern(source)
    assert str(pattern) == '{"cidr":["x"],"$or":[{"a":[1],"x":[1]},{"b":[1],"x":[1]}]}'
    assert rp.parse_pattern(str(pattern)) == pattern
