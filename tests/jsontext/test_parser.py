"""JSON text: places, number spelling, escapes and limits."""

import json
from decimal import Decimal

import pytest

from rumpattern.jsontext import (
    MAX_DEPTH,
    MAX_NUMBER_TEXT,
    JsonArray,
    JsonError,
    JsonLiteral,
    JsonNumber,
    JsonObject,
    JsonString,
    NumberText,
    Pairs,
    SourceText,
    Span,
    canonical_number,
    comparable,
    decode_utf8,
    exact_int,
    load_exact,
    parse,
    to_python,
)


def refusal(function, text):
    with pytest.raises(JsonError) as caught:
        function(text)
    return caught.value


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("-0", 0.0),
        ("-0.0", 0.0),
        ("0e5", 0.0),
        ("0.000e-999999999", 0.0),
        ("300", 300.0),
        ("3e2", 300.0),
        ("30000e-2", 300.0),
        ("0.10", 0.1),
        ("1e-1", 0.1),
        ("0.30000000000000004", 0.1 + 0.2),
        ("9007199254740992", 2.0**53),
        ("9007199254740993", None),
        ("9007199254740993.0", None),
        ("9007199254740994", 2.0**53 + 2),
        ("18446744073709551616", None),
        ("18446744073709552000", 2.0**64),
        ("1700000000123456789", None),
        ("0.1000000000000000055511151231257827", None),
        ("0.10000000000000001", None),
        ("5e-324", 5e-324),
        ("4.9e-324", None),
        ("1e-400", None),
        ("-1e-400", None),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("1.7976931348623158e308", None),
        ("1e309", None),
        ("-1e400", None),
        ("1" + "0" * 300, 1e300),
        ("1" + "0" * 400, None),
        ("123456789012345", 123456789012345.0),
        ("999999999999999e0", 999999999999999.0),
        ("1e22", 1e22),
        ("1e23", 1e23),
    ],
)
def test_comparable(text, value):
    assert comparable(text) == value
    if value is not None:
        assert Decimal(text) == Decimal(repr(value))
        assert str(comparable(text)) != "-0.0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (300.0, "300"),
        (-1.5, "-1.5"),
        (1e15, "1000000000000000"),
        (9007199254740992.0, "9007199254740992"),
        (1e16, "1e+16"),
        (1e-7, "1e-07"),
        (5e-324, "5e-324"),
    ],
)
def test_canonical_number(value, text):
    assert canonical_number(value) == text
    assert comparable(text) == value


@pytest.mark.parametrize("text", ["12", "-0", "9007199254740992", "10000000000000000000000"])
def test_exact_int_of_comparable_numbers(text):
    assert exact_int(text) == int(text)
    assert type(exact_int(text)) is int


def test_number_text_of_1000_characters():
    assert load_exact("1" * MAX_NUMBER_TEXT) == NumberText("1" * 1000)
    assert load_exact("1." + "0" * 998) == 1.0
    assert parse("[" + "1" * 1000 + "]") == JsonArray((JsonNumber("1" * 1000, Span(1, 1001)),), Span(0, 1002))


@pytest.mark.parametrize("number", ["1" * 1001, "-" + "1" * 1000, "1." + "0" * 999, "1e" + "0" * 999, "0." + "0" * 999])
def test_number_text_of_1001_characters(number):
    assert len(number) == 1001
    for function in (load_exact, parse):
        error = refusal(function, f'{{"a": [{number}]}}')
        assert (error.code, error.message) == ("RP016", "a number has 1001 characters; the limit is 1000")
    assert refusal(parse, f'{{"a": [{number}]}}').offset == 7


# --- events ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a":1,"b":2}', {"a": 1, "b": 2}),
        ('{"a":1,"a":2}', Pairs([("a", 1), ("a", 2)])),
        ('{"a":{"b":1,"\\u0062":1}}', {"a": Pairs([("b", 1), ("b", 1)])}),
        ('{"":1,"":2,"c":3}', Pairs([("", 1), ("", 2), ("c", 3)])),
        ("1.50", 1.5),
        ("-0.0", 0.0),
        ("1e400", NumberText("1e400")),
        ("9007199254740993", NumberText("9007199254740993")),
        ('"1e400"', "1e400"),
        ('"\\ud800"', "\ud800"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\ud83d\\u0041"', "\ud83dA"),
        ('"\\ude00\\ud83d"', "\ude00\ud83d"),
        (b'"\xc3\xa9"', "é"),
        (" \t\r\n[ ] ", []),
        ("true", True),
    ],
)
def test_load_exact(text, value):
    assert load_exact(text) == value
    assert type(load_exact(text)) is type(value)
    deep = "[" * 300 + (text.decode() if isinstance(text, bytes) else text) + "]" * 300
    for _ in range(300):
        (deep,) = load_exact(deep) if isinstance(deep, str) else deep
    assert deep == value
    assert type(deep) is type(value)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_depth_of_1000_levels(opening):
    levels = opening.count("[") + opening.count("{")
    closing = opening.replace('"a":', "")[::-1].replace("[", "]").replace("{", "}")
    allowed = MAX_DEPTH // levels
    for function in (load_exact, parse):
        function(opening * allowed + "0" + closing * allowed)
        error = refusal(function, opening * allowed + "[0]" + closing * allowed)
        assert (error.code, error.message) == ("RP015", "JSON is nested deeper than 1000 levels")
        assert error.offset == len(opening) * allowed


def test_depth_counts_levels_and_not_brackets():
    text = "[" + ",".join(["[]"] * 5000) + "]"
    assert load_exact(text) == [[]] * 5000
    assert load_exact(json.dumps("[" * 5000)) == "[" * 5000


def test_invalid_utf8_says_which_byte():
    error = refusal(decode_utf8, b'{"a":"\xff"}')
    assert (error.code, error.offset, error.message) == (
        "RP014",
        6,
        "byte 0xff at offset 6 is not UTF-8 (invalid start byte)",
    )


# --- nodes and places -----------------------------------------------------------------------------------------------


def test_nodes_have_spans_and_keep_spelling():
    text = ' {"a": [1.50, "x\\n", null], "a": true}'
    node = parse(text)
    assert isinstance(node, JsonObject)
    (key, array), (_, last) = node.members
    assert isinstance(array, JsonArray)
    number, string, null = array.items
    assert [text[n.span.start : n.span.end] for n in (node, key, array, number, string, null, last)] == [
        text.strip(),
        '"a"',
        '[1.50, "x\\n", null]',
        "1.50",
        '"x\\n"',
        "null",
        "true",
    ]
    assert number == JsonNumber("1.50", Span(0, 0))
    assert (string, null, last) == (
        JsonString("x\n", Span(0, 0)),
        JsonLiteral(value=None, span=Span(0, 0)),
        JsonLiteral(value=True, span=Span(0, 0)),
    )
    assert to_python(node) == {"a": True}


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("", 0, "expected a value, found the end of the text"),
        ("  ", 2, "expected a value, found the end of the text"),
        ("[", 1, "expected a value, found the end of the text"),
        ("[1,", 3, "expected a value, found the end of the text"),
        ('{"a":', 5, "expected a value, found the end of the text"),
        ("[1", 2, 'expected "," or "]", found the end of the text'),
        ("{", 1, "expected a member name in double quotes, found the end of the text"),
        ('{"a"', 4, 'expected ":" after the member name, found the end of the text'),
        ('{"a" 1}', 5, 'expected ":" after the member name, found "1"'),
        ("{a:1}", 1, 'expected a member name in double quotes, found "a"'),
        ("[1,]", 3, 'expected a value, found "]" (trailing comma)'),
        ("[1 2]", 3, 'expected "," or "]", found "2"'),
        ('["a" "b"]', 5, 'expected "," or "]", found a double quote'),
        ("[1}", 2, 'expected "," or "]", found "}"'),
        ("1 2", 2, "unexpected text after the JSON value"),
        ("{}}", 2, "unexpected text after the JSON value"),
        ("nul", 0, 'expected a value, found "nul"'),
        ("NaN", 0, 'expected a value, found "NaN"'),
        ("-Infinity", 0, "- is not a JSON number"),
        ("+1", 0, 'expected a value, found "+"'),
        ("01", 0, "01 is not a JSON number"),
        ("1.", 0, "1. is not a JSON number"),
        (".5", 0, 'expected a value, found "."'),
        ("1e", 0, "1e is not a JSON number"),
        ("'a'", 0, 'expected a value, found "\'"'),
        ('"abc', 4, "the string has no closing quote"),
        ('"a\tb"', 2, "control character '\\t' in a string"),
        ('"\\x"', 1, "unknown escape \\x in a string"),
        ('"\\', 1, "unknown escape \\ in a string"),
        ('"\\u12g4"', 1, "\\u needs four hexadecimal digits"),
        ('"\\ud800\\uzzzz"', 7, "\\u needs four hexadecimal digits"),
        ("\u00a01", 0, 'expected a value, found "\u00a0"'),
        ("\ufeff1", 0, 'expected a value, found "\ufeff"'),
        ("[1]\f", 3, "unexpected text after the JSON value"),
        ("\u0661", 0, 'expected a value, found "\u0661"'),
        ("[\u0661]", 1, 'expected a value, found "\u0661"'),
        ("1\u0661", 1, "unexpected text after the JSON value"),
    ],
)
def test_faults_say_where_and_what(text, offset, message):
    for function in (parse, load_exact):
        error = refusal(function, text)
        assert (error.code, error.offset, error.message) == ("RP010", offset, message)


@pytest.mark.parametrize(
    ("offset", "position"),
    [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (4, (3, 1)), (6, (3, 3)), (7, (3, 4)), (99, (3, 96))],
)
def test_position(offset, position):
    assert SourceText("ab\n\ncd\r").position(offset) == position


@pytest.mark.parametrize(
    ("literal", "index", "offset"),
    [
        ('"abc"', 0, 1),
        ('"abc"', 2, 3),
        ('"abc"', 3, 4),
        ('"abc"', 9, 4),
        ('"\\"bc"', 1, 3),
        ('"\\n\\n"', 2, 5),
        ('"\\u0041b"', 1, 7),
        ('"\\ud83d\\ude00b"', 1, 13),
        ('"\\ud83d\\u0041b"', 1, 7),
        ('"\U0001f600b"', 1, 2),
        ('"\\\\\\\\b"', 2, 5),
    ],
)
def test_offset_in_string(literal, index, offset):
    source = SourceText("  " + literal)
    assert source.offset_in_string(Span(2, 2 + len(literal)), index) == offset + 2
