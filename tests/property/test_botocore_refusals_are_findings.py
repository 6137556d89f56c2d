"""Law: what the parameter validator of AWS's own SDK refuses (types, required members, lengths) is an error here."""

import botocore.session
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp

SHAPE = botocore.session.get_session().get_service_model("rum").shape_for("MetricDefinitionRequest")
REQUEST = botocore.session.get_session().get_service_model("rum").operation_model("BatchCreateRumMetricDefinitions")
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


@given(st.lists(definitions(), min_size=1, max_size=3), st.sampled_from([5, "", "CloudWatch", "Nowhere"]))
def test_requests(some, destination):
    request = {"AppMonitorName": "shop", "Destination": destination, "MetricDefinitions": some}
    if refused(request, REQUEST.input_shape):
        report = rp.validate(request)
        assert not report.ok
        assert report.batch_response()["Errors"]
