"""Documents made to take long, or to nest deep, take no time worth mentioning and are told of like any other."""

import json
from collections import Counter

import pytest

import rumpattern as rp
from tests.support.cpu_time import cpu_seconds_below

STAR_OR_B = {"$or": [{"a": ["*"]}, {"b": [1]}]}


def in_event_type(**fields):
    return {"event_type": ["e"], **fields}


PATTERNS = {
    "9 choices and 200 fields": in_event_type(
        **{f"x{i}": STAR_OR_B for i in range(9)}, metadata={f"m{i}": ["*", "b"] for i in range(200)}
    ),
    "8 choices and 100 fields": in_event_type(
        **{f"x{i}": {"$or": [{"a": ["x"]}, {"b": [1]}]} for i in range(8)}, metadata={f"m{i}": [1] for i in range(100)}
    ),
    "1,000 values in two choices": in_event_type(
        x={"$or": [{"a": [i]} for i in range(250)]}, y={"$or": [{"a": [i]} for i in range(4)]}
    ),
    "fields that are nearly known": {
        "event_type": ["com.amazon.rum.http_event"],
        "event_details": {f"requezt{i}": [1] for i in range(200)},
    },
    "one array": in_event_type(metadata={"x": list(range(800))}),
    "a field thrice": {"$or": [in_event_type(metadata={"x": ["a", "b"]}) for _ in range(3)]},
    "a field of three branches": in_event_type(
        metadata={"x": ["*", "*"]}, event_id=["y"], y={"$or": [{"a": [1]}, {"b": [1]}, {"c": [1]}]}
    ),
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_patterns(pattern):
    text = json.dumps(pattern, separators=(",", ":"))
    assert len(text) <= 4000
    with cpu_seconds_below(10):  # a second was a thousand on the way here
        found = rp.validate({"Name": "m", "Namespace": "S", "EventPattern": text}).diagnostics
    assert Counter(map(str, found)).most_common(1)[0][1] == 1


@pytest.mark.parametrize("levels", [499, 990])
@pytest.mark.parametrize(("start", "end"), [('{"a":', "}"), ("[", "]")])
def test_nested_content(levels, start, end):
    inside = f"{start * levels}1{end * levels}"
    for text in (f'{{"Name":"x","DimensionKeys":{inside}}}', f"Name: x\nNamespace: !Sub a\nDimensionKeys: {inside}\n"):
        report = rp.validate(text)
        assert "RP305" in {one.code for one in report.diagnostics}
        value = report.batch_response()["Errors"][0]["MetricDefinition"]["DimensionKeys"]
        for _ in range(levels):
            value = value["a"] if isinstance(value, dict) else value[0]
        assert value == 1
    value = 1
    for _ in range(levels):
        value = {"a": value}
    assert not rp.validate({"Name": "x", "Namespace": "S", "DimensionKeys": value}).ok


def aliases(levels):
    shared = "".join(f"  - &l{i} [{','.join([f'*l{i - 1}'] * 9)}]\n" for i in range(1, levels))
    return f"Foo:\n  - &l0 [1,1]\n{shared}"


def test_aliases_of_aliases():
    with cpu_seconds_below(10):
        report = rp.validate(f"Name: x\nNamespace: S\n{aliases(12)}DimensionKeys: {{a: *l11}}\n")
        response = report.batch_response()
    assert len(response["Errors"]) == 1
    assert [one.code for one in report.diagnostics] == ["RP335", "RP303", "RP305"]


@pytest.mark.slow
def test_ignores_that_many_resources_share():
    resources = "".join(f"  R{i}: {{Metadata: {{rumpattern: {{ignore: *l}}}}, Type: T}}\n" for i in range(1_000))
    with cpu_seconds_below(20):
        report = rp.validate(f"X: &l [{'x,' * 2_000}]\nResources:\n{resources}")
    assert Counter(one.code for one in report.diagnostics) == {"RP348": 2_000, "RP300": 1}
