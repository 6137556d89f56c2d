"""Patterns and events as Python objects: what JSON cannot say is told apart from what is wrong."""

import pytest

import rumpattern as rp
from rumpattern.jsontext import JsonError


def nested(depth, inside):
    for _ in range(depth):
        inside = {"a": inside}
    return inside


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ({"a": [10**1500]}, "RP016"),
        ({"a": [10**5000]}, "RP016"),
        (nested(5000, [1]), "RP015"),
        (b'{"a": ["\xff"]}', "RP014"),
    ],
    ids=["many digits", "more digits than Python writes", "deep", "not UTF-8"],
)
def test_patterns_that_cannot_be_read(source, code):
    with pytest.raises(rp.PatternError) as caught:
        rp.parse_pattern(source)
    (finding,) = caught.value.diagnostics
    assert finding.code == code
    assert finding.where is not None


def test_an_object_that_holds_itself():
    loop = {}
    loop["a"] = loop
    with pytest.raises(rp.PatternError):
        rp.parse_pattern(loop)


def test_a_deep_event():
    pattern = rp.parse_pattern({"a": [1]})
    assert not pattern.matches('{"a":' * 900 + "1" + "}" * 900)
    with pytest.raises(JsonError) as caught:
        pattern.matches(nested(5000, 1))
    assert caught.value.code == "RP015"


@pytest.mark.parametrize("event", [None, 1, [{"a": 1}]])
def test_what_is_no_event(event):
    with pytest.raises(TypeError, match="an event must be JSON text or a mapping"):
        rp.parse_pattern({"a": [1]}).matches(event)


def test_keys_that_are_no_strings():
    with pytest.raises(TypeError, match="keys of JSON objects"):
        rp.parse_pattern({1: ["x"]})


def test_byte_arrays_are_text():
    assert rp.parse_pattern(bytearray(b'{"a":[1]}')).matches(bytearray(b'{"a":1}'))


def test_a_byte_order_mark_is_skipped():
    assert (
        rp.parse_pattern(b'\xef\xbb\xbf{"a":[1]}')
        == rp.parse_pattern('\ufeff{"a":[1]}')
        == rp.parse_pattern({"a": [1]})
    )


def test_halves_of_a_character_are_joined_in_keys_too():
    assert rp.parse_pattern({"\ud83d\ude00": [1]}).matches({"\ud83d\ude00": 1})
    assert rp.parse_pattern({"\ud83d\ude00": [1]}).matches('{"😀": 1}')
