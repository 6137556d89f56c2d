"""What definitions may look like, and what comes out of them."""

import json
from pathlib import Path

import pytest

import rumpattern as rp

ONE = {
    "Name": "Errors",
    "Namespace": "shop",
    "ValueKey": "event_details.count",
    "UnitLabel": "Count",
    "EventPattern": '{"event_type":["com.amazon.rum.js_error_event"]}',
    "DimensionKeys": {"metadata.browserName": "BrowserName", "metadata.osName": "OSName"},
}
BARE = {"Name": "PageViewCount"}


def test_every_member():
    (definition,) = rp.load_definitions(ONE)
    assert definition == rp.MetricDefinition(
        name="Errors",
        namespace="shop",
        pattern=rp.parse_pattern({"event_type": ["com.amazon.rum.js_error_event"]}),
        value_key="event_details.count",
        unit_label="Count",
        dimension_keys=(("metadata.browserName", "BrowserName"), ("metadata.osName", "OSName")),
    )
    assert (definition.final_namespace, definition.unit, definition.is_extended) == (
        "RUM/CustomMetrics/shop",
        "Count",
        False,
    )
    assert definition.warnings == ()
    assert definition.to_request() == ONE


@pytest.mark.parametrize(
    "empty",
    [{}, {"EventPattern": ""}, {"EventPattern": None, "Namespace": None, "ValueKey": None, "DimensionKeys": None}],
)
def test_only_a_name(empty):
    (definition,) = rp.load_definitions(BARE | empty)
    assert definition == rp.MetricDefinition("PageViewCount")
    assert (definition.final_namespace, definition.unit, definition.is_extended) == ("AWS/RUM", "None", True)
    assert definition.to_request() == BARE


def test_the_namespace_of_extended_metrics():
    (definition,) = rp.load_definitions(BARE | {"Namespace": "AWS/RUM"})
    assert (definition.final_namespace, definition.is_extended, definition.warnings) == ("AWS/RUM", True, ())


BATCH_CREATE = {
    "AppMonitorName": "shop",
    "Destination": "CloudWatch",
    "DestinationArn": "arn:aws:evidently:us-east-1:123456789012:project/p",
    "MetricDefinitions": [ONE, BARE],
}
UPDATE = {
    "AppMonitorName": "shop",
    "Destination": "CloudWatch",
    "MetricDefinition": ONE,
    "MetricDefinitionId": "4f4ba2c9-5b1c-4c0a-a6ea-11d1f5f5c1a0",
}


@pytest.mark.parametrize(
    ("document", "names"),
    [
        (ONE, ["Errors"]),
        ([ONE, BARE], ["Errors", "PageViewCount"]),
        (BATCH_CREATE, ["Errors", "PageViewCount"]),
        (UPDATE, ["Errors"]),
        ({"MetricDefinition": [BARE]}, ["PageViewCount"]),
        ([ONE | {"MetricDefinitionId": "x"}], ["Errors"]),
        ((BARE,), ["PageViewCount"]),
    ],
    ids=["one", "list", "batch-create", "update", "batch-create-example", "listed", "tuple"],
)
def test_shapes_and_inputs(document, names, tmp_path):
    text = json.dumps(document, indent=2)
    path = tmp_path / "definitions.json"
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    expected = rp.load_definitions(document)
    assert [definition.name for definition in expected] == names
    for source in (text, "\ufeff \n" + text.replace("\n", "\r\n"), path, str(path)):
        assert rp.load_definitions(source) == expected


def test_a_name_with_a_bracket_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a{b}.json").write_text(json.dumps(BARE))
    assert rp.load_definitions("a{b}.json") == [rp.MetricDefinition("PageViewCount")]


def test_application_id_in_either_spelling():
    (definition,) = rp.load_definitions(
        {
            "Name": "x",
            "Namespace": "n",
            "ValueKey": "application_Id",
            "EventPattern": '{"application_Id":["a"],"event_type":["b"]}',
            "DimensionKeys": {"application_Id": "App"},
        }
    )
    assert definition.value_key == "application_id"
    assert str(definition.pattern) == '{"application_id":["a"],"event_type":["b"]}'
    assert definition.dimension_keys == (("application_id", "App"),)
    assert [warning.code for warning in definition.warnings] == ["RP307"] * 3
    assert str(definition.warnings[0]).endswith(
        'the API reference has "application_Id", but events have "application_id"; it is read as the latter [RP307]'
        '  hint: write "application_id"'
    )


def test_application_id_in_alternatives():
    pattern = '{"application_id":["b"],"$or":[{"application_Id":["a"]},{"x":[1]}]}'
    (definition,) = rp.load_definitions({"Name": "x", "Namespace": "n", "EventPattern": pattern})
    assert str(definition.pattern) == '{"$or":[{"application_id":["a"]},{"application_id":["b"],"x":[1]}]}'
    assert [warning.code for warning in definition.warnings] == ["RP307"]


def test_a_pattern_passes_its_warnings_on():
    source = {"Name": "x", "Namespace": "n", "EventPattern": '{"a":[1],"a":[2],"b":[{"wildcard":"*:*:*:*:*:*"}]}'}
    (definition,) = rp.load_definitions(source)
    assert [warning.code for warning in definition.warnings] == ["RP129", "RP122"]
    assert str(definition.warnings[0]).endswith(
        '"a" occurs more than once; this occurrence replaces the earlier one [RP129]'
    )
    assert "EventPattern → $.a: " in str(definition.warnings[0])


def test_application_id_matters_only_on_the_first_level():
    (definition,) = rp.load_definitions({"Name": "x", "Namespace": "n", "ValueKey": "metadata.application_Id"})
    assert (definition.value_key, definition.warnings) == ("metadata.application_Id", ())


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"Namespace": "AWS/Shop"}, ["RP308"]),
        ({"Namespace": "aws/rum"}, ["RP308"]),
        ({"Namespace": "AWSome/Shop"}, []),
        ({"Name": "Fehler für alle"}, ["RP309"]),
    ],
)
def test_names_that_cloudwatch_refuses(change, codes):
    (definition,) = rp.load_definitions(ONE | change)
    assert [(warning.code, warning.severity) for warning in definition.warnings] == [
        (code, "warning") for code in codes
    ]


def test_warnings_belong_to_their_definition():
    one, two = rp.load_definitions([ONE | {"ValueKey": "application_Id"}, ONE])
    assert [len(one.warnings), len(two.warnings)] == [1, 0]


def test_lengths_at_their_limits():
    (definition,) = rp.load_definitions(
        {
            "Name": "n" * 255,
            "Namespace": "s" * 237,
            "ValueKey": "v" * 280,
            "UnitLabel": "u" * 256,
            "EventPattern": '{"a":["' + "x" * 3990 + '"]}',
            "DimensionKeys": {f"{i:03}" + "k" * 277: f"{i:03}" + "d" * 252 for i in range(29)},
        }
    )
    assert len(definition.final_namespace) == 255
    assert len(definition.dimension_keys) == 29


@pytest.mark.parametrize(
    ("destination", "key"),
    [("dimension", "DimensionKeys"), ("value", "ValueKey")],
)
def test_text_and_python_objects_load_alike(destination, key):
    value = {"metadata.é": "É"} if destination == "dimension" else "metadata.é"
    assert rp.load_definitions(ONE | {key: value}) == rp.load_definitions(json.dumps(ONE | {key: value}))


@pytest.mark.parametrize(
    "definition",
    [
        rp.MetricDefinition(""),
        rp.MetricDefinition("m" * 300, "", None, "", "", (("", ""), ("b", "B"), ("a", "A"))),
        rp.MetricDefinition("m", pattern=rp.parse_pattern({f"a{index}": ["x" * 100] for index in range(60)})),
    ],
)
def test_a_definition_that_nothing_checked_survives_as_a_request(definition):
    assert rp.MetricDefinition.from_request(definition.to_request()) == definition
