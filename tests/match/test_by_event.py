"""Events matched one by one: what is remembered is bounded, and the work hardly grows with the definitions."""

from __future__ import annotations

import json
from functools import cache
from random import Random

import pytest

import rumpattern as rp
from rumpattern.match import by_event
from tests.support.cpu_time import cpu_seconds_below
from tests.support.work import count_calls


@cache
def engine_of(count, tags):
    """Return an engine of definitions of one event type that ask for tags and five other fields."""
    draw = Random(9)  # noqa: S311 - reproducible, not secret
    patterns = [
        {
            "event_type": ["t"],
            "metadata": {
                "pageId": [f"/p{draw.randrange(40)}", {"prefix": f"/p{draw.randrange(4)}"}],
                "browserName": [{"anything-but": ["Edge"]}],
                "deviceType": [{"exists": True}],
                "tags": tags(draw),
            },
            "event_details": {
                "status": [{"numeric": [">=", draw.choice((200, 400, 500))]}],
                "ms": [draw.randrange(99)],
            },
        }
        for _ in range(count)
    ]
    return rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern(pattern)) for pattern in patterns])


def events(tags, count=100):
    draw = Random(3)  # noqa: S311 - as above
    return [
        {
            "event_type": "t",
            "metadata": {
                "pageId": f"/p{draw.randrange(40)}",
                "browserName": draw.choice(("Edge", "Safari")),
                "deviceType": "mobile",
                "tags": tags(draw),
            },
            "event_details": {"status": draw.choice((200, 404)), "ms": draw.randrange(99)},
        }
        for _ in range(count)
    ]


def two_tags(draw):
    return [f"tag{draw.randrange(30)}", f"tag{draw.randrange(30)}"]


def two_objects(draw):
    return [{"name": name, "n": [draw.randrange(3), [{}]]} for name in two_tags(draw)]


def fields_of_objects(draw):
    return {"name": two_tags(draw), "n": [1, {"exists": False}]}


def calls(engine, some_events):
    """Return how many calls a batch takes that is matched for the second time, and how many rows are odd."""
    batch = engine.batch([json.dumps(event).encode() for event in some_events])
    matches = engine.match(batch)
    patterns = [definition.pattern for definition in engine.plan.definitions[:5]]
    expected = [sum(pattern.matches(event) for event in some_events) for pattern in patterns]
    assert matches.counts()[:5] == expected
    return count_calls(lambda: engine.match(batch)), len(batch.odd)


@pytest.mark.parametrize("distinct", [False, True])
def test_arrays_of_scalars_cost_what_scalars_cost(distinct):
    scalars = events(lambda draw: two_tags(draw)[0])
    arrays = events(two_tags)
    for i, event in enumerate(arrays if distinct else ()):
        event["metadata"]["tags"][1] = f"id{i}"
    for count in (20, 2_000):
        engine = engine_of(count, two_tags)
        (plain, _), (work, odd) = calls(engine, scalars), calls(engine, arrays)
        assert odd == 0
        assert work < plain + 10 * len(arrays), "one set for each distinct array"


def test_thousands_of_definitions_cost_about_what_twenty_do():
    some = events(two_objects)
    (few, odd), (many, _) = (calls(engine_of(count, fields_of_objects), some) for count in (20, 2_000))
    assert odd == len(some)
    assert many < 4 * few


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(by_event, "_MAX_TEXTS", 5)
    monkeypatch.setattr(by_event, "_MAX_ABSENCES", 3)
    patterns = [{"event_type": ["t"], "a": [{"prefix": f"v{i}"}], f"k{i}": [{"exists": False}]} for i in range(8)]
    engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern(pattern)) for pattern in patterns])
    some = [{"event_type": "t", "a": [f"v{i % 9}.{i}", {}], f"k{i % 10}": 1} for i in range(100)]
    batch = engine.batch([json.dumps(event).encode() for event in some])
    assert len(batch.odd) == 100
    found = engine.match(batch)
    assert found.counts() == [
        sum(event["a"][0].startswith(f"v{i}") and f"k{i}" not in event for event in some) for i in range(8)
    ]
    (matcher,) = engine.kernel.by_event["t"]
    assert len(matcher.sets["a"].texts) <= 5
    assert len(matcher.absences) <= 3


# --- one event --------------------------------------------------------------------------------------------------------


def work_of_one(patterns, event):
    engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern(pattern)) for pattern in patterns])
    batch = engine.batch([event.encode()])
    assert list(batch.odd) == [0]
    engine.match(batch)
    return count_calls(lambda: engine.match(batch))


def item(i):
    return f'{{"a":{i % 7},"b":{i % 5},"c":"v{i}","d":{i % 3}}}'


FOUR = {"metadata": {"a": [3], "b": [2], "c": [{"prefix": "v9"}], "d": [1]}}
ABSENT = {"metadata": {"a": [{"exists": True}], "b": [{"exists": False}], "d": [1, {"exists": False}]}}
CASES = {
    "elements": (FOUR, lambda n: f'{{"metadata":[{",".join(map(item, range(n)))}]}}'),
    "repeated key": (FOUR, lambda n: '{{"metadata":[{0}],"metadata":[{0}]}}'.format(",".join(map(item, range(n))))),
    "absence": (ABSENT, lambda n: f'{{"metadata":[{",".join(["{}", item(1)] * n)}]}}'),
    "depth": ({"m.a": [3], "m.b": [2]}, lambda n: '{"m":' + "[" * (n // 4) + item(1) + "]" * (n // 4) + "}"),
    "depth of many": (
        {"m.a": [3], "m.b": [2]},
        lambda n: '{"m":' + "[" * 190 + ",".join(map(item, range(n))) + "]" * 190 + "}",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_work_is_linear_in_the_event(name):
    pattern, event = CASES[name]
    small, large = work_of_one([pattern], event(200)), work_of_one([pattern], event(800))
    assert large < 5 * small


@pytest.mark.slow
def test_large_events_are_matched_in_time():
    with cpu_seconds_below(20):
        work_of_one([FOUR], CASES["repeated key"][1](4_000))
        work_of_one(
            [{"m.a": [3], "m.b": [2]}], '{"m":' + "[" * 900 + ",".join(map(item, range(9_000))) + "]" * 900 + "}"
        )
