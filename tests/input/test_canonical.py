"""Records of every container to canonical events."""

import json

import pytest

from rumpattern.input.canonical import RecordError, insights_row, json_value, log_event, put_events, subscription
from rumpattern.jsontext import JsonError, NumberText, Pairs, load_exact

EVENT = b'{"event_type":"t","n":1.50,"n":1e400}'
QUOTED = json.dumps(EVENT.decode()).encode()


@pytest.mark.parametrize(
    ("read", "record"),
    [
        (log_event, b'{"timestamp":1,"message":%s}' % QUOTED),
        (insights_row, b'[{"field":"@timestamp","value":"x"},{"field":"@message","value":%s}]' % QUOTED),
        (insights_row, b'{"@timestamp":"x","@message":%s}' % QUOTED),
        (subscription, b'{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","message":%s}]}' % QUOTED),
        (json_value, QUOTED),
        (json_value, EVENT),
    ],
)
def test_the_text_of_an_event_is_kept(read, record):
    assert list(read(record)) == [EVENT]


@pytest.mark.parametrize("message", [b'{"n":1e400}', b'{"n":9007199254740993}', b'{"n":"\\ud800"}'])
def test_an_event_that_stands_as_an_object_keeps_its_values(message):
    (text,) = log_event(b'{"message":%s}' % message)
    assert load_exact(text) == load_exact(message)


def test_a_subscription_record_has_many_events_or_none():
    assert list(subscription(b'{"logEvents":[{"message":"a"},{"message":"b"}]}')) == [b"a", b"b"]
    assert list(subscription(b'{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"a"}]}')) == []


@pytest.mark.parametrize(
    ("read", "record", "message"),
    [
        (log_event, b"{}", 'the record has no "message"'),
        (log_event, b"[]", 'the record has no "message"'),
        (log_event, b'{"message":5}', "the event is neither a JSON string nor an object"),
        (log_event, b'{"message":null}', "the event is neither a JSON string nor an object"),
        (insights_row, b"[]", 'the result has no "@message" field: query "fields @message"'),
        (insights_row, b'[{"field":"x","value":"y"}]', 'the result has no "@message" field: query "fields @message"'),
        (insights_row, b'[{"field":"@message"}]', 'the record has no "value"'),
        (subscription, b"{}", 'the record has no "logEvents"'),
        (subscription, b'{"logEvents":5}', '"logEvents" is not an array'),
        (put_events, b"{}", 'the record has no "rumEvents"'),
        (put_events, b"5", "a PutRumEvents body is a JSON object"),
        (put_events, b'{"RumEvents":{}}', '"rumEvents" is not an array'),
        (put_events, b'{"RumEvents":[5]}', "a PutRumEvents body is a JSON object"),
        (put_events, b'{"RumEvents":[{"details":"{"}]}', "details is not JSON"),
        (put_events, b'{"RumEvents":[{"details":"[]"}]}', "details is not a JSON object"),
        (put_events, b'{"RumEvents":[{"metadata":"5"}]}', "metadata is not a JSON object"),
        (put_events, b'{"SessionMetadata":"x","RumEvents":[{"metadata":"{}"}]}', "SessionMetadata is not JSON"),
    ],
)
def test_records_without_their_members(read, record, message):
    with pytest.raises(RecordError) as caught:
        list(read(record))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("read", [log_event, insights_row, subscription, put_events])
def test_records_that_are_not_json(read):
    with pytest.raises(JsonError):
        list(read(b"{"))


# --- PutRumEvents ---------------------------------------------------------------------------------------------------

EVENT_OF_BODY = {
    "id": "e",
    "timestamp": 1700000000.5,
    "type": "t",
    "metadata": '{"a":1.50}',
    "details": '{"version":"1.0.0","x":1e400}',
}
BODY = {
    "BatchId": "b",
    "AppMonitorDetails": {"id": "app", "name": "shop", "version": "1.2"},
    "UserDetails": {"userId": "u", "sessionId": "s"},
    "RumEvents": [EVENT_OF_BODY],
}
EXPECTED = {
    "event_timestamp": 1700000000500,
    "event_type": "t",
    "event_id": "e",
    "event_version": "1.0.0",
    "application_id": "app",
    "application_version": "1.2",
    "application_name": "shop",
    "batch_id": "b",
    "user_details": {"userId": "u", "sessionId": "s"},
    "metadata": {"a": 1.5},
    "event_details": {"version": "1.0.0", "x": NumberText("1e400")},
}


def canonical(**changes):
    (text,) = put_events(json.dumps(BODY | changes).encode())
    return load_exact(text)


def event(**changes):
    return canonical(RumEvents=[EVENT_OF_BODY | changes])


def test_put_events():
    assert canonical() == EXPECTED
    (text,) = put_events(json.dumps(BODY).encode())
    assert b'"metadata":{"a":1.50},"event_details":{"version":"1.0.0","x":1e400}' in text


def test_cloudtrail_writes_lower_case_names():
    lower = {key[0].lower() + key[1:]: value for key, value in BODY.items()}
    (text,) = put_events(json.dumps({"eventName": "PutRumEvents", "requestParameters": lower}).encode())
    assert load_exact(text) == EXPECTED


def test_the_id_of_the_request_path_wins():
    assert canonical(id="path")["application_id"] == "path"
    assert "application_id" not in canonical(AppMonitorDetails=None)


@pytest.mark.parametrize(
    ("seconds", "milliseconds"),
    [
        (1700000000, 1700000000000),
        (1700000000.123, 1700000000123),
        (0.001, 1),
        (1700000000.1234567, 1700000000123.4567),
        ("Nov 14, 2023, 10:13:20 PM", 1699999999000 + 1000),
        ("Nov 14, 2023, 10:13:20\u202fPM", 1700000000000),
        ("yesterday", "yesterday"),
        (None, None),
        (True, True),
    ],
)
def test_timestamps(seconds, milliseconds):
    assert event(timestamp=seconds).get("event_timestamp") == milliseconds


def test_missing_details_and_metadata_are_empty_objects():
    (text,) = put_events(b'{"RumEvents":[{}]}')
    assert load_exact(text) == {"metadata": {}, "event_details": {}}


@pytest.mark.parametrize(
    ("session", "own", "merged"),
    [
        ('{"a":1}', '{"b":2}', {"a": 1, "b": 2}),
        ('{"a":1,"b":1}', '{"b":2}', {"a": 1, "b": 2}),
        ('{"a":1}', "{}", {"a": 1}),
        ("{}", '{"b":2.0}', {"b": 2}),
        ('{"a":1}', " { } ", {"a": 1}),
        ('{"b":1}', '{"b":2,"b":3}', {"b": Pairs}),
        ('{"a":1e400}', '{"b":2}', {"a": NumberText("1e400"), "b": 2}),
        ('{"a":9007199254740993}', '{"b":1e400}', {"a": NumberText("9007199254740993"), "b": NumberText("1e400")}),
        ('{"a":"\\ud800"}', '{"b":2}', {"a": "\ud800", "b": 2}),
        ('{"a":[1,"\\ud800"]}', '{"b":"\\ud800"}', {"a": [1, "\ud800"], "b": "\ud800"}),
    ],
)
def test_metadata_is_merged_over_session_metadata(session, own, merged):
    body = BODY | {"SessionMetadata": session, "RumEvents": [{"metadata": own}]}
    (text,) = put_events(json.dumps(body).encode())
    metadata = load_exact(text)["metadata"]
    if merged == {"b": Pairs}:
        assert metadata == Pairs([("b", 2), ("b", 3)])
    else:
        assert metadata == merged


@pytest.mark.parametrize("user_id", ["\ud800", "é", "\0", ""])
def test_any_text_in_a_request(user_id):
    assert canonical(UserDetails={"userId": user_id})["user_details"] == {"userId": user_id}


def test_numbers_beyond_doubles_in_a_request():
    (text,) = put_events(b'{"UserDetails":{"n":1e400,"m":9007199254740993},"RumEvents":[{}]}')
    assert load_exact(text)["user_details"] == {"n": NumberText("1e400"), "m": NumberText("9007199254740993")}
