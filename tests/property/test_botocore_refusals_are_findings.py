"""Law: what the parameter validator of AWS's own SDK refuses (types, required members, lengths) is an error here."""

import botocore.session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp

SHAPE = botocore.session.get_session().get_service_model("rum").shape_for("MetricDefinitionRequest")
REQUEST = botocore.session.get_session().get_service_model("rum").operation_model("BatchCreateRumMetricDefinitions")
UPDATE = botocore.session.get_session().get_service_model("rum").operation_model("UpdateRumMetricDefinition")
PATTERN = '{"event_type":["my_event"],"metadata":{"pageId":["/"]}}'
GOOD = {
    "Name": "m",
    "Namespace": "App",
    "ValueKey": "event_details.value",
    "UnitLabel": "Count",
    "EventPattern": PATTERN,
    "DimensionKeys": {"metadata.pageId": "Page"},
}
ODD = st.one_of(  # no null: the SDK refuses it, in JSON it says that a member is left out
    st.booleans(),
    st.integers(-1, 300),
    st.sampled_from(["", " ", "x", "x" * 238, "x" * 257, "x" * 281, "x" * 4001, ":x"]),
    st.lists(st.just("x"), max_size=2),
    st.dictionaries(st.sampled_from(["", "a", "metadata.pageId"]), st.sampled_from(["", "x", 5]), max_size=2),
)
MEMBERS = st.sampled_from([*GOOD, "Names"])


@st.composite
def definitions(draw):
    """Draw a good definition with some members left out, renamed or given another value."""
    members = dict(GOOD)
    for name in draw(st.lists(MEMBERS, max_size=3)):
        if draw(st.booleans()):
            members.pop(name, None)
        else:
            members[name] = draw(ODD)
    return members


def refused(parameters, shape):
    return ParamValidator().validate(parameters, shape).has_errors()


def test_the_good_one_is_good():
    assert not refused(GOOD, SHAPE)
    assert rp.validate(GOOD).ok


@given(definitions())
def test_definitions(parameters):
    if refused(parameters, SHAPE):
        assert not rp.validate(parameters).ok


def members(**values):
    """Draw an object with some of these members, each with its good value or another."""
    return st.fixed_dictionaries({}, optional={name: st.one_of(st.just(good), ODD) for name, good in values.items()})


ARN = "arn:aws:evidently:eu-west-1:123456789012:project/x"
AROUND = {"Destination": "CloudWatch", "DestinationArn": ARN}


@given(st.lists(definitions(), min_size=1, max_size=3), members(**AROUND))
def test_requests(some, around):
    request = {"AppMonitorName": "shop", "Destination": "CloudWatch", **around, "MetricDefinitions": some}
    if refused(request, REQUEST.input_shape):
        report = rp.validate(request)
        assert not report.ok
        assert report.batch_response()["Errors"]


@given(definitions(), members(**AROUND, MetricDefinitionId="i"))
def test_updates(definition, around):
    request = {"AppMonitorName": "shop", "Destination": "CloudWatch", **around, "MetricDefinition": definition}
    if refused(request, UPDATE.input_shape):
        assert not rp.validate(request).ok


@given(st.sampled_from(["AppMonitorName", *AROUND, "MetricDefinitionId"]))
def test_null_is_no_member_of_a_request(name):
    request = {
        "AppMonitorName": "shop",
        "Destination": "CloudWatch",
        "MetricDefinitionId": "i",
        "MetricDefinition": GOOD,
    }
    assert rp.validate(request).ok
    assert not rp.validate({**request, name: None}).ok
