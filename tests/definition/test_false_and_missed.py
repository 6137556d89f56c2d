"""Correct definitions of which it would be wrong to complain, and slips that would be easy to miss."""

import json
from collections import UserDict, deque
from types import MappingProxyType

import pytest

import rumpattern as rp

HTTP = "com.amazon.rum.http_event"
VIEWS = {"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type":["view"]}'}
OTHER = {**VIEWS, "Name": "Others"}


def found(source, **options):
    return [f"{one.severity} {one.code}" for one in rp.validate(source, **options).diagnostics]


def custom(pattern, **members):
    return {**VIEWS, "EventPattern": json.dumps(pattern), **members}


def template(definitions, destination="CloudWatch"):
    configuration = {"MetricDestinations": [{"Destination": destination, "MetricDefinitions": definitions}]}
    monitor = {"Type": "AWS::RUM::AppMonitor", "Properties": {"AppMonitorConfiguration": configuration}}
    return {"Resources": {"M": monitor}}


# --- fields that events have or not ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "codes"),
    [
        ({"event_type": [HTTP], "event_details": {"response": {"status": {"numeric": [">=", 400]}}}}, "210 333 334"),
        ({"event_type": [HTTP], "event_details": {"response": {"status": [{"numeric": [">=", 400]}]}}}, ""),
        ({"event_type": ["com.amazon.rum.xray_trace_event"], "event_details": {"http": {"url": ["x"]}}}, ""),
        ({"event_type": ["com.amazon.rum.xray_trace_event"], "event_details": {"fault": [True]}}, ""),
        ({"event_type": ["com.amazon.rum.xray_trace_event"], "event_details": {"fault": ["true"]}}, "211"),
        ({"event_type": [HTTP], "event_details": {"request": {"method": [True]}}}, "211"),
        ({"event_type": [HTTP], "event_details": {"response": {"status": [None]}}}, "211"),
        ({"event_type": [HTTP], "event_details": {"response": [{"exists": True}]}}, "211"),
        ({"event_type": [HTTP], "event_details": {"response": [{"exists": False}]}}, ""),
        ({"event_type": [HTTP], "event_details": {"error": ["x"]}}, "211"),
        ({"event_type": ["e"], "metadata": [{"exists": True}]}, "211"),
        ({"event_type": ["e"], "metadata": {"pageId": {"exists": [True]}}}, "209 210"),
        ({"event_type": ["e"], "metadata": {"prefix": ["x"]}}, ""),
        ({"event_type": ["e"], "metadata": {"pageTags": ["x"]}}, ""),
        ({"event_type": ["e"], "application_version": [None]}, ""),
        ({"event_details": [{"exists": True}]}, "211 332"),
        ({"event_type": [""], "event_details": {"x": ["y"]}}, "332"),
        ({"event_type": [""], "metadata": {"x": ["y"]}}, ""),
        ({"event_type": [{"prefix": "e"}], "event_details": {"x": ["y"]}}, ""),
    ],
)
def test_patterns(pattern, codes):
    assert sorted(one.split("RP")[1] for one in found(custom(pattern))) == codes.split()


def test_an_alternative_that_never_matches_is_not_the_pattern():
    pattern = {"event_type": ["e"], "$or": [{"metadata.x": [1], "metadata.x.y": [1]}, {"metadata.z": [1]}]}
    (finding,) = rp.validate(custom(pattern)).diagnostics
    assert (finding.code, finding.message.rpartition(", ")[2]) == ("RP200", "so an alternative of $or never matches")
    either = {"event_type": ["e"], "$or": [{"metadata.x": [1], "metadata.y": [1]}, {"metadata.x.y": [1]}]}
    assert found(custom(either)) == []


@pytest.mark.parametrize(
    ("event_type", "value_key", "code"),
    [
        ("com.amazon.rum.time_to_interactive_event", "event_details.value", None),
        ("com.amazon.rum.time_to_interactive_event", "event_details.value.x", "RP338"),
        ("com.amazon.rum.first_input_delay_event", "event_details.attribution", "RP339"),
        ("e", "event_details.value", None),
        ("e", "metadata.score", None),
        ("e", "event_type", "RP339"),
        ("e", "metadata.pageId", "RP339"),
        ("e", "metadata.pageId.x", "RP338"),
    ],
)
def test_value_keys(event_type, value_key, code):
    expected = [f"warning {code}"] if code else []
    assert found(custom({"event_type": [event_type]}, ValueKey=value_key)) == expected


@pytest.mark.parametrize(
    ("path", "name", "code"),
    [
        ("metadata.pageTags", "Tags", "RP350"),
        ("metadata.pageId", "application_name", "RP351"),
        ("metadata.pageId", "Page", None),
        ("metadata.own", "Own", None),
    ],
)
def test_dimensions(path, name, code):
    source = custom({"event_type": ["e"], path: ["x"]}, DimensionKeys={path: name})
    assert found(source) == ([f"warning {code}"] if code else [])


def test_an_object_is_no_dimension():
    source = custom({"event_type": ["e"], "metadata": ["x"]}, DimensionKeys={"metadata": "M"})
    assert sorted(found(source)) == ["warning RP211", "warning RP350"]


def test_places_of_elements_and_dimensions():
    pattern = {"event_type": [HTTP], "event_details": {"response": {"status": [500, "501"]}}}
    dimensions = {"metadata.x": "A", "nowhere.y": "Ü"}
    text = json.dumps(custom(pattern, DimensionKeys=dimensions), ensure_ascii=False)
    places = {(one.code, text[one.where.column - 1 :][:4]) for one in rp.validate(text).diagnostics}
    assert {("RP203", '\\"50'), ("RP329", '"met'), ("RP331", '"now'), ("RP309", '"Ü"}')} <= places
    paths = {one.where.path for one in rp.validate(text).diagnostics if one.code in ("RP203", "RP329")}
    status = "EventPattern → $.event_details.response.status[1]"
    assert paths == {status, "DimensionKeys.metadata.x", "DimensionKeys.nowhere.y"}


def test_namespaces():
    assert found({**VIEWS, "Namespace": "My App"}) == ["warning RP340"]
    assert found({**VIEWS, "Namespace": "My App!"}) == ["error RP340"]
    assert found(template([{**VIEWS, "Namespace": "My App"}])) == ["error RP340"]


# --- requests and destinations ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, True, 5, {}, []])
@pytest.mark.parametrize("member", ["Destination", "DestinationArn"])
def test_destinations_are_strings(member, value):
    assert "error RP302" in found({"MetricDefinitions": [VIEWS], member: value})


@pytest.mark.parametrize(
    ("member", "codes"),
    [
        ({}, ["error RP301"]),
        ({"MetricDefinitionId": 5}, ["error RP302"]),
        ({"MetricDefinitionId": ""}, ["error RP304"]),
        ({"MetricDefinitionId": "i"}, []),
    ],
)
def test_updates(member, codes):
    assert found({"MetricDefinition": VIEWS, **member}) == codes


def test_the_destination_that_is_given():
    request = {"MetricDefinitions": [VIEWS]}
    assert found(VIEWS, destination="Evidently") == ["warning RP342"]
    assert found(request, destination="Evidently") == ["warning RP342", "error RP343"]
    assert found({**request, "DestinationArn": "arn:a:b:c:d:e"}, destination="CloudWatch") == ["error RP343"]
    assert found({**request, "Destination": "CloudWatch"}, destination="Evidently") == []


def test_a_response_is_read_again():
    response = rp.validate([VIEWS, VIEWS, VIEWS]).batch_response()
    assert len({one["MetricDefinitionId"] for one in response["MetricDefinitions"]}) == 3
    assert "error RP303" not in found(response)


@pytest.mark.parametrize("source", [MappingProxyType(VIEWS), UserDict(VIEWS), deque([VIEWS]), (VIEWS,)])
def test_mappings_and_sequences(source):
    assert found(source) == []


# --- templates and plans ---------------------------------------------------------------------------------------------


def choice(condition, *branches):
    return {"Fn::If": [condition, *branches]}


@pytest.mark.slow
def test_only_one_branch_is_deployed():
    assert found(template(choice("Prod", [VIEWS, OTHER], [VIEWS]))) == []
    assert found(template([choice("A", VIEWS, OTHER), choice("A", OTHER, VIEWS)])) == []
    assert found(template([choice("A", VIEWS, OTHER), choice("B", OTHER, VIEWS)])) == ["warning RP347"] * 2
    assert found(template(choice("A", [VIEWS, VIEWS], [OTHER]))) == ["warning RP347"]
    many = [{**VIEWS, "Name": f"V{index}"} for index in range(1_500)]
    assert found(template(choice("Prod", many, many))) == []
    assert found(template([*many[:1_000], choice("Prod", OTHER, VIEWS), *many[1_000:]])) == []
    assert "error RP346" in found(template([*many, *({**one, "Namespace": "T"} for one in many)]))


def test_documents_without_definitions():
    monitor = {"Type": "AWS::RUM::AppMonitor", "Properties": {"Name": "x"}}
    assert found({"Resources": {"M": monitor}}) == ["info RP300"]
    assert found({"planned_values": {"root_module": {}}}) == ["info RP300"]
    assert found({"a": 1}) == ["error RP300"]
    with pytest.raises(rp.DefinitionError):
        rp.load_definitions({"Resources": {"M": monitor}})


def test_loops():
    monitor = template([{"Name": "JsErrorCount"}, {**VIEWS, "Name": "${Env}", "UnitLabel": "count"}])["Resources"]["M"]
    loop = {"Fn::ForEach::Mons": ["Env", ["a", "b"], {"Mon${Env}": monitor}]}
    assert found({"Resources": loop}) == ["error RP320", "warning RP314"]
    nested = {"Fn::ForEach::All": ["Zone", ["c"], loop]}
    assert found({"Resources": nested}) == ["error RP320", "warning RP314"]
    keys = {"Fn::ForEach::Keys": ["Key", ["a"], {"metadata.${Key}": "${Key}"}]}
    assert found(template([{**VIEWS, "DimensionKeys": keys}])) == []


def plan(definition, unknown):
    def inside(listed):
        return {"app_monitor_configuration": {"metric_destinations": [{**destination, "metric_definitions": listed}]}}

    resource = {"address": "awscc_rum_app_monitor.m", "type": "awscc_rum_app_monitor"}
    destination = {"destination": "CloudWatch"}
    values = inside([definition])
    destination = {}
    change = {"after_unknown": inside([unknown])}
    return {
        "planned_values": {"root_module": {"resources": [{**resource, "values": values}]}},
        "resource_changes": [{**resource, "change": change}],
    }


@pytest.mark.parametrize(
    ("definition", "unknown", "codes"),
    [
        ({"name": "JsErrorCount"}, {"event_pattern": True}, []),
        ({"name": "JsErrorCount", "event_pattern": None}, {"event_pattern": True}, []),
        ({"name": "JsErrorCount"}, {}, ["error RP320"]),
        ({"name": "JsErrorCount"}, {"event_pattern": False}, ["error RP320"]),
        ({"name": "JsErrorCount"}, {"value_key": True}, ["error RP320"]),
        ({"name": "v", "namespace": "S"}, {"event_pattern": True, "dimension_keys": {"metadata.a": True}}, []),
        ({}, True, ["info RP300"]),
    ],
)
def test_what_a_plan_leaves_open(definition, unknown, codes):
    assert found(plan(definition, unknown)) == codes
