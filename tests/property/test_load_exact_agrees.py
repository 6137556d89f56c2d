"""Law: load_exact, the node parser and orjson accept the same text, apart from what orjson is known to refuse."""

import math
import re

import orjson
import pytest
from hypothesis import given

import rumpattern as rp
from rumpattern.input.exact import has_long_number, load
from rumpattern.jsontext import (
    JsonArray,
    JsonError,
    JsonLiteral,
    JsonNumber,
    JsonObject,
    JsonString,
    NumberText,
    Pairs,
    comparable,
    load_exact,
    parse,
    to_python,
)
from tests.support.paths import JSON_TEST_SUITE
from tests.support.strategies import json_text, lines

needs_suite = pytest.mark.skipif(not JSON_TEST_SUITE.is_dir(), reason=f"JSONTestSuite is not here: {JSON_TEST_SUITE}")
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except JsonError as error:
        return error


def exact(node):
    """The exact value of a node, worked out from its parts."""
    match node:
        case JsonNumber(text=text):
            value = comparable(text)
            return NumberText(text) if value is None else value
        case JsonString(value=value) | JsonLiteral(value=value):
            return value
        case JsonArray(items=items):
            return [exact(item) for item in items]
        case JsonObject(members=members):
            pairs = [(key.value, exact(value)) for key, value in members]
            return dict(pairs) if len(dict(pairs)) == len(pairs) else Pairs(pairs)
    raise AssertionError(node)


def same(one, other):
    """Equality that tells text numbers from strings, true from 1, repeated keys from a list; 1 and 1.0 are equal."""
    if isinstance(one, int | float) and not isinstance(one, bool):
        return type(other) in (int, float) and one == other
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return one[0] == other[0] and same(one[1], other[1])
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def doubles(value):
    """What a decoder gives that knows only doubles and keeps the last of repeated keys."""
    match value:
        case bool():
            return value
        case NumberText() | int() | float():
            return float(value)
        case Pairs():
            return {key: doubles(member) for key, member in value}
        case dict():
            return {key: doubles(member) for key, member in value.items()}
        case list():
            return [doubles(item) for item in value]
        case _:
            return value


@given(lines(json_text()))
def test_load_is_load_exact_without_long_numbers(data):
    loaded, exact = attempt(load, data), attempt(load_exact, data)
    if isinstance(exact, JsonError):
        assert isinstance(loaded, JsonError)
    else:
        assert has_long_number(data) or same(loaded, exact)


@given(lines(json_text()))
def test_load_exact_agrees(data):
    by_bytes = attempt(load_exact, data)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        assert isinstance(by_bytes, JsonError)
        assert by_bytes.code == "RP014"
        return
    by_text, node = attempt(load_exact, text), attempt(parse, text)
    if isinstance(node, JsonError):
        for refusal in (by_bytes, by_text):
            assert isinstance(refusal, JsonError)
            assert (refusal.code, refusal.offset, refusal.message) == (node.code, node.offset, node.message)
        with pytest.raises(orjson.JSONDecodeError):
            orjson.loads(data)
        return
    assert same(by_text, exact(node))
    assert same(by_bytes, by_text)
    assert same(doubles(by_text), doubles(to_python(node)))
    try:
        decoded = orjson.loads(data)
    except orjson.JSONDecodeError:
        assert SURROGATE.search(text) or "1e400" in text
    else:
        assert same(doubles(decoded), doubles(by_text))


# --- JSONTestSuite --------------------------------------------------------------------------------------------------


def suite(kind):
    return sorted(path.name for path in JSON_TEST_SUITE.glob(f"{kind}_*.json")) if JSON_TEST_SUITE.is_dir() else []


def decode(data):
    """Decode one line: (rows, blank lines, codes of rejects)."""
    batch = rp.compile([rp.MetricDefinition("d", pattern=rp.parse_pattern({"a": [1]}))]).batch([data])
    return len(batch), batch.blank, [reject.code for reject in batch.rejects]


@needs_suite
def test_the_suite_is_complete():
    assert (len(suite("y")), len(suite("n")), len(suite("i"))) == (95, 188, 35)


@needs_suite
@pytest.mark.parametrize("name", suite("y"))
def test_suite_accepted(name):
    data = (JSON_TEST_SUITE / name).read_bytes()
    value = load_exact(data)
    assert same(value, exact(parse(data.decode())))
    is_event = isinstance(value, dict | Pairs)
    assert decode(data) == ((1, 0, []) if is_event else (0, 0, ["RP011"]))
    assert decode(b'{"a":' + data + b"}") == (1, 0, [])


@needs_suite
@pytest.mark.parametrize("name", suite("n"))
def test_suite_refused(name):
    data = (JSON_TEST_SUITE / name).read_bytes()
    with pytest.raises(JsonError) as caught:
        load_exact(data)
    assert caught.value.code in ("RP010", "RP014", "RP015")
    rows, blank, codes = decode(data)
    assert rows == 0
    assert (blank, codes) in ((1, []), (0, [caught.value.code]))
    rows, blank, codes = decode(b'{"a":' + data + b"}")
    assert (rows, blank, len(codes)) == (0, 0, 1)


@needs_suite
@pytest.mark.parametrize("name", suite("i"))
def test_suite_undefined_is_a_row_or_one_reject(name):
    data = b'{"a":' + (JSON_TEST_SUITE / name).read_bytes() + b"}"
    rows, blank, codes = decode(data)
    assert (rows + len(codes), blank) == (1, 0)
    assert rows == (not isinstance(attempt(load_exact, data), JsonError))


def test_the_helpers_tell_kinds_apart():
    assert same(1, 1.0)
    assert not same([True], [1])
    assert not same("1", NumberText("1"))
    assert not same([("a", 1)], Pairs([("a", 1)]))
    assert math.isinf(doubles(NumberText("1e400")))
