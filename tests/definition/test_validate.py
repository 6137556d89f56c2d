"""The validation table and the rules around it: every row passes, every single slip is found under its own code."""

import json

import pytest

import rumpattern as rp
from rumpattern.rum.eventtypes import DETAILS
from rumpattern.rum.extended import DIMENSIONS, EXTENDED_METRICS
from tests.support.paths import DEFINITIONS

EXISTS = [{"exists": True}]


def pattern_of(row, **fields):
    pattern = {"event_type": [row.event_type]}
    if row.condition:
        pattern[row.condition[0]] = [{"numeric": list(row.condition[1])}]
    return {**pattern, **fields}


def definition(name, pattern, **members):
    row = EXTENDED_METRICS[name]
    made = {"Name": name, "ValueKey": row.value_key, "EventPattern": json.dumps(pattern), **members}
    return {key: value for key, value in made.items() if value is not None}


def codes(source, severity="error", **options):
    return [one.code for one in rp.validate(source, **options).diagnostics if one.severity == severity]


def valid_spellings():
    for name, row in EXTENDED_METRICS.items():
        yield definition(name, pattern_of(row))
        yield definition(name, pattern_of(row), Namespace="AWS/RUM", UnitLabel="Count")
        for path, dimension in DIMENSIONS.items():
            if path != "event_details.fileType" or "resource" in row.event_type:
                for wanted in (EXISTS, ["x"], ["x", "y"]):
                    wanted = wanted if path == "metadata.pageId" else EXISTS  # noqa: PLW2901 - known values elsewhere
                    yield definition(name, pattern_of(row, **{path: wanted}), DimensionKeys={path: dimension})
    status = "event_details.response.status"
    for terms in ([">=", 500, "<", 600], [">", 499, "<=", 599.5], [">=", 500.0, "<=", 5.99e2]):
        pattern = {"event_type": ["com.amazon.rum.http_event"], status: [{"numeric": terms}]}
        yield definition("Http5xxCount", pattern)
    for terms in ([{"numeric": ["<", 1000]}, {"numeric": [">=", 1000, "<", 2000]}],):
        pattern = {"event_type": ["com.amazon.rum.performance_navigation_event"], "event_details.duration": terms}
        yield definition("NavigationSatisfiedTransaction", pattern)


VALID = list(valid_spellings())


@pytest.mark.parametrize("source", VALID, ids=lambda source: source["Name"])
def test_valid_spellings(source):
    assert rp.validate(source).diagnostics == ()


def conditions(row):
    """Yield conditions that are not the one of a row."""
    path, terms = row.condition
    yield {path: EXISTS}
    yield {path: [{"exists": False}]}
    for index in range(1, len(terms), 2):
        for off in (-1, 1):
            yield {path: [{"numeric": [*terms[:index], terms[index] + off, *terms[index + 1 :]]}]}
    other = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
    for index in range(0, len(terms), 2):
        yield {path: [{"numeric": [*terms[:index], other[terms[index]], *terms[index + 1 :]]}]}
    yield {path: [{"numeric": list(terms)}, True]}
    yield {path: ["2000"]}


def slips():
    for name, row in EXTENDED_METRICS.items():
        yield "RP320", definition(name, pattern_of(row), EventPattern=None)
        yield "RP321", {**definition(name, pattern_of(row)), "Name": f"{name}s"}
        for key in ("event_details.value", "event_details.duration", "event_details.x", "metadata.pageId", None):
            if key != row.value_key:
                yield "RP323", definition(name, pattern_of(row), ValueKey=key)
        for pattern in wrong_types(row):
            yield "RP324", definition(name, pattern)
        for condition in conditions(row) if row.condition else ():
            if not (row.is_integer and _same(row, condition)):
                yield "RP325", definition(name, pattern_of(row, **condition))
        yield from wrong_fields(name, row)


def wrong_types(row):
    for event_type in DETAILS:
        if event_type != row.event_type:
            yield pattern_of(row, event_type=[event_type])
    for types in ([row.event_type, "x"], [{"prefix": row.event_type}], [{"anything-but": "x"}], EXISTS):
        yield pattern_of(row, event_type=types)
    yield {**{path: wanted for path, wanted in pattern_of(row).items() if path != "event_type"}, "metadata.x": EXISTS}


def wrong_fields(name, row):
    for path, dimension in DIMENSIONS.items():
        yield "RP327", definition(name, pattern_of(row, **{path: EXISTS}))
        yield "RP329", definition(name, pattern_of(row), DimensionKeys={path: dimension})
        yield "RP328", definition(name, pattern_of(row, **{path: EXISTS}), DimensionKeys={path: f"{dimension}s"})
    for path in ("metadata.osVersion", "event_details.version", "application_id"):
        yield "RP328", definition(name, pattern_of(row, **{path: EXISTS}), DimensionKeys={path: "X"})
        yield "RP327", definition(name, pattern_of(row, **{path: EXISTS}))


def _same(row, condition):
    """Tell whether a changed range holds the same whole numbers."""

    def whole(terms):
        tests = {"<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__}
        pairs = list(zip(terms[::2], terms[1::2], strict=True))
        return [number for number in range(300, 700) if all(tests[operator](number, v) for operator, v in pairs)]

    match condition[row.condition[0]]:
        case [{"numeric": terms}]:
            return whole(terms) == whole(row.condition[1])
        case _:
            return False


SLIPS = list(slips())


def test_there_are_many_slips():
    assert len(SLIPS) >= 300


@pytest.mark.parametrize(("code", "source"), SLIPS)
def test_slips(code, source):
    assert code in codes(source)


SATISFIED = {"event_type": ["com.amazon.rum.performance_navigation_event"], "event_details.duration": None}


@pytest.mark.parametrize(
    ("profile", "operator", "errors", "warnings"),
    [
        ("documented", "<", [], []),
        ("documented", ">", [], ["RP326"]),
        ("strict", "<", ["RP325"], []),
        ("strict", ">", [], []),
        ("lenient", "<", [], []),
        ("lenient", ">", [], []),
    ],
)
def test_satisfied_navigations(profile, operator, errors, warnings):
    pattern = {**SATISFIED, "event_details.duration": [{"numeric": [operator, 2000]}]}
    source = definition("NavigationSatisfiedTransaction", pattern)
    assert codes(source, profile=profile) == errors
    assert codes(source, "warning", profile=profile) == warnings


CUSTOM = {"Name": "m", "Namespace": "App", "EventPattern": '{"event_type":["my_event"]}'}


@pytest.mark.parametrize(
    ("change", "severity", "code"),
    [
        ({"Namespace": "AWS/App"}, "error", "RP308"),
        ({"Namespace": "aws/rum"}, "error", "RP308"),
        ({"Namespace": "my app"}, "warning", "RP340"),
        ({"Namespace": "my app "}, "error", "RP340"),
        ({"Namespace": "RUM/CustomMetrics/App"}, "warning", "RP337"),
        ({"Name": "JsErrorCount"}, "warning", "RP336"),
        ({"Name": "é"}, "warning", "RP309"),
        ({"EventPattern": None}, "warning", "RP335"),
        ({"ValueKey": "duration"}, "error", "RP331"),
        ({"EventPattern": '{"event_type":["e"],"detail":{"x":[1]}}'}, "error", "RP331"),
        ({"EventPattern": '{"event_details":{"x":[1]}}'}, "error", "RP332"),
        ({"EventPattern": '{"event_type":["e"],"metadata":{"x":["a","b"]}}'}, "error", "RP334"),
        ({"DimensionKeys": {"metadata.pageId": "Page"}}, "error", "RP329"),
        ({"UnitLabel": "Millisecond"}, "warning", "RP314"),
        ({"EventPattern": '{"event_type":["js_error_event"]}'}, "warning", "RP208"),
        ({"EventPattern": '{"event_type":["com.amazon.rum.js_error_events"]}'}, "warning", "RP208"),
        ({"EventPattern": '{"event_type":[{"exists":false}]}'}, "warning", "RP200"),
        ({"EventPattern": '{"event_type":["e"],"metadata.x":[1],"metadata.x.y":[1]}'}, "warning", "RP200"),
        ({"EventPattern": '{"event_type":[{"exists":true}]}'}, "warning", "RP201"),
        ({"EventPattern": '{"event_type":["e"],"metadata":{"pageId":[5]}}'}, "warning", "RP202"),
        ({"EventPattern": '{"event_type":["e"],"event_timestamp":["5"]}'}, "warning", "RP203"),
        ({"EventPattern": '{"event_type":["e"],"metadata":{"deviceType":["Mobile"]}}'}, "warning", "RP204"),
        ({"EventPattern": '{"event_type":["e"],"metadata":{"pageID":["/"]}}'}, "warning", "RP205"),
        ({"EventPattern": '{"event_type":["e"],"metadata":{"pageId":["*"]}}'}, "warning", "RP206"),
    ],
)
def test_custom_metrics(change, severity, code):
    assert codes(CUSTOM) == codes(CUSTOM, "warning") == []
    source = {key: value for key, value in {**CUSTOM, **change}.items() if value is not None}
    assert codes(source, severity) == [code]


BUILT_IN = {"Name": "m", "Namespace": "App", "EventPattern": '{"event_type":["com.amazon.rum.http_event"]}'}


@pytest.mark.parametrize(
    ("change", "severity", "code"),
    [
        ({"ValueKey": "event_details.duration"}, "warning", "RP338"),
        ({"ValueKey": "event_details.request.url"}, "warning", "RP339"),
        ({"fields": {"event_details.duration": [{"numeric": [">", 1]}]}}, "error", "RP333"),
        ({"fields": {"event_details.response.status": ["500"]}}, "warning", "RP203"),
        ({"fields": {"event_details.request.method": [5]}}, "warning", "RP202"),
    ],
)
def test_built_in_event_types(change, severity, code):
    pattern = {**json.loads(BUILT_IN["EventPattern"]), **change.pop("fields", {})}
    assert codes({**BUILT_IN, "EventPattern": json.dumps(pattern), **change}, severity) == [code]


def test_what_is_known_at_deployment_only_is_not_judged():
    report = rp.validate(DEFINITIONS / "templates" / "monitor.json")
    assert [(one.code, one.where.line) for one in report.diagnostics] == [("RP334", 32)]
    with pytest.raises(rp.DefinitionError, match="known only at deployment"):
        rp.load_definitions(
            {
                "Resources": {
                    "Monitor": {
                        "Type": "AWS::RUM::AppMonitor",
                        "Properties": {
                            "AppMonitorConfiguration": {
                                "MetricDestinations": [{"MetricDefinitions": [{"Name": {"Ref": "Metric"}}]}]
                            }
                        },
                    }
                }
            }
        )


def test_requests():
    many = {"AppMonitorName": "shop", "Destination": "CloudWatch", "MetricDefinitions": [CUSTOM] * 201}
    assert codes(many) == ["RP345"]
    assert set(codes(many, "warning")) == {"RP347"}
    assert codes({**many, "MetricDefinitions": [CUSTOM], "Destination": "S3"}) == ["RP341"]
    assert codes({**many, "MetricDefinitions": [CUSTOM], "Destination": "Evidently"}) == ["RP343"]
    arn = "arn:aws:evidently:eu-west-1:123456789012:project/x"
    evidently = {**many, "MetricDefinitions": [CUSTOM], "Destination": "Evidently", "DestinationArn": arn}
    assert (codes(evidently), codes(evidently, "warning")) == ([], ["RP342"])
    assert codes({**evidently, "Destination": "CloudWatch"}) == ["RP343"]
    assert codes({**evidently, "DestinationArn": "x"}) == ["RP343"]
    assert codes({**many, "MetricDefinitions": [CUSTOM], "AppMonitorName": "my shop"}) == ["RP344"]


def test_batch_response():
    wrong = {**CUSTOM, "EventPattern": '{"event_type":["my_event"],}'}
    report = rp.validate({"AppMonitorName": "shop", "MetricDefinitions": [CUSTOM, wrong]})
    response = report.batch_response()
    (created,), (error,) = response["MetricDefinitions"], response["Errors"]
    assert {**created, "MetricDefinitionId": "id"} == {**CUSTOM, "MetricDefinitionId": "id"}
    assert (error["ErrorCode"], error["MetricDefinition"]) == ("RP100", wrong)
    assert not report.ok
    assert rp.validate(CUSTOM).batch_response()["MetricDefinitions"] == [created]


@pytest.mark.parametrize("source", ["", "{", "nonsense", "/nowhere.json", 5, None, [], {}, "a: [", "[[[["])
def test_bad_content_never_raises(source):
    report = rp.validate(source)
    assert not report.ok
    assert str(report.diagnostics[0])


SLIPS_OF_THE_REFERENCE = json.loads((DEFINITIONS / "slips.json").read_text("utf-8"))


@pytest.mark.parametrize("case", SLIPS_OF_THE_REFERENCE, ids=[case["slip"] for case in SLIPS_OF_THE_REFERENCE])
def test_slips_of_the_reference(case):
    found = {f"{one.severity} {one.code}" for one in rp.validate(case["definition"]).diagnostics}
    assert found == set(case["findings"])


def test_an_example_that_is_no_json():
    """The reference prints a request with member names that are not quoted."""
    report = rp.validate('{AppMonitorName: "shop", MetricDefinition: [{Name: "SessionCount"}]}')
    assert [(one.code, one.where.line, one.where.column) for one in report.diagnostics] == [("RP004", 1, 2)]
