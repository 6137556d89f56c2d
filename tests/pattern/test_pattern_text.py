"""Canonical text, and the small promises of Pattern."""

import pytest

import rumpattern as rp
from rumpattern.jsontext import JsonError


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('{"a":["x"]}', '{"a":["x"]}'),
        ('{ "a" : { "b" : [ 1.0 , 2e0 ] } }', '{"a.b":[1,2]}'),
        ('{"a":[-0.0,1e16,1e15,0.10]}', '{"a":[0,1e+16,1000000000000000,0.1]}'),
        ('{"a":[1e400,9007199254740993]}', '{"a":[1e400,9007199254740993]}'),
        ('{"a":[true,false,null]}', '{"a":[true,false,null]}'),
        ('{"a":["é\\ud800\\n"]}', '{"a":["\\u00e9\\ud800\\n"]}'),
        ('{"a":[{"exists":false},{"exists":true}]}', '{"a":[{"exists":false},{"exists":true}]}'),
        ('{"a":[{"numeric":["=",5.0]}]}', '{"a":[{"numeric":["=",5]}]}'),
        ('{"a":[{"numeric":[">",-1e0]}]}', '{"a":[{"numeric":[">",-1]}]}'),
        ('{"a":[{"numeric":["<=",5]}]}', '{"a":[{"numeric":["<=",5]}]}'),
        ('{"a":[{"numeric":[">=",4E2,"<",5E2]}]}', '{"a":[{"numeric":[">=",400,"<",500]}]}'),
        ('{"a":[{"numeric":[">",0,"<=",1]}]}', '{"a":[{"numeric":[">",0,"<=",1]}]}'),
        ('{"a":[1],"b":{"c":[2]},"a":[3]}', '{"a":[3],"b.c":[2]}'),
        ('{"b":{"c":[2]},"a":[1]}', '{"b.c":[2],"a":[1]}'),
        ('{"a":[{"exactly":"x"}]}', '{"a":["x"]}'),
        ('{"a":[{"exactly":"::1"},"::1"]}', '{"a":[{"exactly":"::1"},"::1"]}'),
        ('{"a":[{"prefix":"é"},{"suffix":""}]}', '{"a":[{"prefix":"\\u00e9"},{"suffix":""}]}'),
        ('{"a":[{"prefix":{"equals-ignore-case":"x"}}]}', '{"a":[{"prefix":{"equals-ignore-case":"x"}}]}'),
        ('{"a":[{"suffix":{"equals-ignore-case":"x"}}]}', '{"a":[{"suffix":{"equals-ignore-case":"x"}}]}'),
        ('{"a":[{"equals-ignore-case":"Xß"}]}', '{"a":[{"equals-ignore-case":"X\\u00df"}]}'),
        (r'{"a":[{"wildcard":"*\\*\\\\x*"}]}', r'{"a":[{"wildcard":"*\\*\\\\x*"}]}'),
        ('{"a":[{"cidr":"010.1.2.3/8"}]}', '{"a":[{"cidr":"10.0.0.0/8"}]}'),
        ('{"a":[{"cidr":"2001:DB8:0:0::7/+32"}]}', '{"a":[{"cidr":"2001:db8::/32"}]}'),
        ('{"a":[{"anything-but":"x"}]}', '{"a":[{"anything-but":["x"]}]}'),
        ('{"a":[{"anything-but":["10.0.0.1"]}]}', '{"a":[{"anything-but":["10.0.0.1"]}]}'),
        ('{"a":[{"anything-but":[1.0,2]}]}', '{"a":[{"anything-but":[1,2]}]}'),
        ('{"a":[{"anything-but":{"prefix":"x"}}]}', '{"a":[{"anything-but":{"prefix":["x"]}}]}'),
        ('{"a":[{"anything-but":{"suffix":["x","y"]}}]}', '{"a":[{"anything-but":{"suffix":["x","y"]}}]}'),
        (
            '{"a":[{"anything-but":{"equals-ignore-case":"x"}},{"anything-but":{"wildcard":"x*"}}]}',
            '{"a":[{"anything-but":{"equals-ignore-case":["x"]}},{"anything-but":{"wildcard":["x*"]}}]}',
        ),
    ],
)
def test_canonical_text(source, text):
    assert str(rp.parse_pattern(source)) == text
    assert rp.parse_pattern(text) == rp.parse_pattern(source)


def test_equality_is_of_meaning_not_of_place():
    assert rp.parse_pattern('{"a":{"b":[1.0]}}') == rp.parse_pattern('\n {"a.b": [1]}')
    assert rp.parse_pattern('{"a":[1]}') != rp.parse_pattern('{"a":["1"]}')
    assert hash(rp.parse_pattern('{"a":[1]}')) == hash(rp.parse_pattern('{"a":[1e0]}'))


@pytest.mark.parametrize("event", ['{"a":1.0}', b'{"a":1.0}', {"a": 1.0}, {"a": 1}, {"a": [{}, (0, 1)]}])
def test_event_as_text_bytes_and_mapping(event):
    assert rp.parse_pattern({"a": [1]}).matches(event)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("[1]", r"an event must be a JSON object, not \[1\]"),
        ('"x"', 'an event must be a JSON object, not "x"'),
        ("1", "an event must be a JSON object, not 1"),
        ("1e400", "an event must be a JSON object"),
        ("true", "an event must be a JSON object, not true"),
        ("null", "an event must be a JSON object, not null"),
        ("[]", r"an event must be a JSON object, not \[\]"),
        ("{", "expected a member name"),
        ("", "expected a value, found the end of the text"),
        (b'{"a":"\xff"}', "byte 0xff at offset 6 is not UTF-8"),
    ],
)
def test_what_is_no_event(event, message):
    with pytest.raises(JsonError, match=message):
        rp.parse_pattern({"a": [1]}).matches(event)


@pytest.mark.parametrize("event", [{"a": {1, 2}}, {"a": float("nan")}, {"a": float("inf")}, {1: 2}, {"a": b"x"}])
def test_mappings_that_json_cannot_say(event):
    with pytest.raises(TypeError):
        rp.parse_pattern({"a": [1]}).matches(event)


def test_long_python_integers_are_exact():
    pattern = rp.parse_pattern('{"a":[9007199254740993]}')
    assert pattern.matches({"a": 9007199254740993})
    assert not pattern.matches({"a": 9007199254740992})
    assert not pattern.matches({"a": float(9007199254740993)})
