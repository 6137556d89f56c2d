"""What stands at a path of one event."""

import pytest

from rumpattern.columns.fields import Kind, find, with_derived_fields
from rumpattern.jsontext import NumberText, Pairs, load_exact


@pytest.mark.parametrize(
    ("event", "path", "found"),
    [
        ('{"a":{"b":1}}', "a.b", (Kind.NUMBER, 1)),
        ('{"a.b":1.50}', "a.b", (Kind.NUMBER, 1.5)),
        ('{"a":{"b.c":"x"}}', "a.b.c", (Kind.STRING, "x")),
        ('{"a.b":{"c":"x"}}', "a.b.c", (Kind.STRING, "x")),
        ('{"a":1e400}', "a", (Kind.NUMBER, NumberText("1e400"))),
        ('{"a":null}', "a", (Kind.NULL, None)),
        ('{"a":false}', "a", (Kind.FALSE, None)),
        ('{"a":true}', "a", (Kind.TRUE, None)),
        ('{"a":{}}', "a", (Kind.OBJECT, None)),
        ('{"a":{"b":1,"b":2}}', "a", (Kind.OBJECT, None)),
        ('{"a":[1]}', "a", (Kind.ARRAY, None)),
        ('{"a":[]}', "a", (Kind.ARRAY, None)),
        ('{"a":[1]}', "a.b", (Kind.ARRAY, None)),
        ('{"a":1,"a":1}', "a", (Kind.AMBIGUOUS, None)),
        ('{"a":{"b":1},"a.b":1}', "a.b", (Kind.AMBIGUOUS, None)),
        ('{"a":[{"b":1}]}', "a.b", (Kind.ARRAY, None)),
        ('{"a":{"b":1}}', "a.c", (Kind.MISSING, None)),
        ('{"a":"x"}', "a.b", (Kind.MISSING, None)),
        ("{}", "a", (Kind.MISSING, None)),
        ('{"":1}', "", (Kind.NUMBER, 1)),
        ('{"a":{"":1}}', "a.", (Kind.NUMBER, 1)),
        ('{"a.":1}', "a.", (Kind.NUMBER, 1)),
        ('{"a":1}', "a.", (Kind.MISSING, None)),
    ],
)
def test_find(event, path, found):
    assert find(load_exact(event), path) == found


@pytest.mark.parametrize(
    ("event", "added"),
    [
        ('{"user_details":{"sessionId":"s","userId":"u"}}', {"sessionId": "s", "userId": "u"}),
        ('{"sessionId":"s"}', {"user_details.sessionId": "s"}),
        ('{"sessionId":"s","user_details":{"sessionId":"t"}}', {}),
        ('{"sessionId":null}', {"user_details.sessionId": None}),
        ('{"user_details":{"sessionId":["s"]}}', {}),
        ('{"user_details":[],"sessionId":"s"}', {}),
        ('{"user_details.userId":7}', {"userId": 7}),
    ],
)
def test_complete_ids(event, added):
    exact = load_exact(event)
    assert with_derived_fields(exact, None) == exact | added


@pytest.mark.parametrize(
    ("event", "name"), [("{}", "shop"), ('{"application_name":"other"}', "other"), ('{"application_name":null}', None)]
)
def test_complete_application_name(event, name):
    assert with_derived_fields(load_exact(event), "shop") == {"application_name": name}


def test_complete_keeps_repeated_keys():
    event = with_derived_fields(load_exact('{"a":1,"a":2}'), "shop")
    assert event == Pairs([("a", 1), ("a", 2), ("application_name", "shop")])
    assert isinstance(event, Pairs)
