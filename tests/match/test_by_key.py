"""The limits of an index of branches: what it leaves out, and what it files under fewer paths."""

from random import Random

import pytest

import rumpattern as rp
from rumpattern.match import by_key, key_index
from rumpattern.match import rowwise as row_forms
from rumpattern.match.by_key import KeyMatcher
from rumpattern.native.library import CoreCallError
from tests.support.kernels import as_lists, kernels

PATHS = ("a", "b", "c", "d")
FORMS = ("keys", "native keys")


def some_world(seed, count=300):
    """Return definitions that ask for strings on some of four paths, and for more on others, and events."""
    draw = Random(seed)  # noqa: S311 - reproducible, not secret
    others = ({"prefix": "v"}, {"anything-but": "v1"}, {"numeric": [">", 1, "<", 4]}, {"exists": False}, 2, 3, None)
    definitions = []
    for number in range(count):
        pattern = {"event_type": ["t"]}
        for path in draw.sample(PATHS, draw.randint(1, 4)):
            strings = [f"v{draw.randrange(6)}" for _ in range(draw.choice((1, 1, 2, 3)))]
            pattern[path] = [*strings, *draw.choices(others, k=draw.choice((0, 0, 0, 1, 2)))]
        definitions.append(rp.MetricDefinition(f"m{number}", pattern=rp.parse_pattern(pattern)))
    values = [*(f"v{i}" for i in range(7)), 1, 2, 2.5, 3, None, True, ["v1", "v2"], [], {"x": 1}]
    events = [
        {"event_type": "t", **{path: draw.choice(values) for path in draw.sample(PATHS, draw.randint(0, 4))}}
        for _ in range(250)
    ]
    return definitions, events


def check(definitions, events):
    """Match by all forms and return the kernels that match by keys."""
    batch = rp.compile(definitions).batch(events)
    forms = kernels(definitions)
    expected = as_lists(forms["masks"].match(batch))
    for name in FORMS:
        if name in forms:
            assert as_lists(forms[name].match(batch)) == expected, name
    return [forms[name] for name in FORMS if name in forms]


@pytest.mark.parametrize("limit", ["none", "MAX_KEYS", "MAX_LOOKUPS", "MAX_GROUP", "_KEY_BITS", "_CHUNK"])
def test_limits_change_no_match(limit, monkeypatch):
    if limit != "none":
        monkeypatch.setattr(key_index, limit, 4)
    monkeypatch.setattr(by_key, "_BLOCK", 64)
    for kernel in check(*some_world(len(limit))):
        assert any(isinstance(matcher, KeyMatcher) for matcher in kernel.of_type("t"))


def test_calls_of_the_core_go_on_where_the_last_one_ended(monkeypatch):
    monkeypatch.setattr(row_forms, "_MIN_PAIRS", 1)
    monkeypatch.setattr(row_forms, "_PAIRS_PER_ROW", 0)
    check(*some_world(1))


def test_remembered_strings_are_forgotten(monkeypatch):
    monkeypatch.setattr(by_key, "MAX_STRINGS", 2)
    check(*some_world(2))


def test_what_asks_for_no_string_is_matched_by_classes():
    patterns = [{"event_type": ["t"], "a": [{"prefix": f"v{i}"}]} for i in range(10)]
    definitions = [rp.MetricDefinition(f"m{i}", pattern=rp.parse_pattern(one)) for i, one in enumerate(patterns)]
    for kernel in check(definitions, [{"event_type": "t", "a": f"v{i}"} for i in range(12)]):
        assert not any(isinstance(matcher, KeyMatcher) for matcher in kernel.of_type("t"))


def test_more_definitions_than_16_bits_count():
    count = 70_000
    patterns = ({"event_type": ["t"], "a": [f"v{i % 35_000}"], "b": [{"exists": i % 3 > 0}]} for i in range(count))
    definitions = [rp.MetricDefinition("m", pattern=rp.parse_pattern(one)) for one in patterns]
    engine = rp.compile(definitions)
    batch = engine.batch([{"event_type": "t", "a": f"v{i}", "b": 1} for i in (34_999, 0, 5, 34_999)])
    matches = engine.match(batch)
    values = (34_999, 0, 5, 34_999)
    expected = {i: [row for row, v in enumerate(values) if v == i % 35_000] for i in range(count) if i % 3}
    assert {i: matches.of(i).tolist() for i in range(count) if len(matches.of(i))} == {
        i: rows for i, rows in expected.items() if rows
    }
    assert "looked up by a" in engine.explain()


def test_the_core_refuses_what_is_out_of_range():
    definitions, _ = some_world(3)
    kernel = kernels(definitions).get("native keys")
    if kernel is None:
        pytest.skip("there is no compiled core")
    (matcher,) = (one for one in kernel.of_type("t") if isinstance(one, KeyMatcher))
    matcher.index.entries[-1] = len(matcher.index.test_offsets)
    batch = rp.compile(definitions).batch([{"event_type": "t"}])
    with pytest.raises(CoreCallError, match="out of range"):
        kernel.match(batch)
