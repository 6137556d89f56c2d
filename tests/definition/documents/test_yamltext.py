"""YAML to nodes: the values of the core schema, tags, anchors, merge keys, and the spans of all of them."""

import pytest

from rumpattern.definition.documents.yamltext import MAX_MERGED, YamlError, parse_yaml
from rumpattern.jsontext import JsonArray, JsonNumber, JsonObject, JsonString, Unknown, comparable, to_python
from tests.support.cpu_time import cpu_seconds_below

SPANNED = """\
# before
a: &anchor !!str  'quoted'
b:
  - plain text   # comment
  - {c: d, "e": [1,
     2] }
  - !Sub
    # comment
    &more "x${y}"
f: |-
  block
  text

g:
    h: i


j: &k
  l: m
n:
- o
? p
: *anchor
last:
"""


def value(text):
    (document,) = parse_yaml(text)
    return to_python(document)


def pieces(text):
    """Return the text of every node, as its span cuts it out, in the order of the nodes."""
    found = []

    def walk(node):
        found.append(text[node.span.start : node.span.end])
        match node:
            case JsonObject(members=members):
                for pair in members:
                    list(map(walk, pair))
            case JsonArray(items=items):
                list(map(walk, items))
            case Unknown(argument=argument):
                walk(argument)

    list(map(walk, parse_yaml(text)))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[NO, yes, on, off, y, n, Yes, oN]", ["NO", "yes", "on", "off", "y", "n", "Yes", "oN"]),
        ("[true, True, TRUE, false, False, FALSE, tRUE]", [True, True, True, False, False, False, "tRUE"]),
        ("[null, Null, NULL, ~, nULL]", [None, None, None, None, "nULL"]),
        ("{a: , b: '', c: \"\"}", {"a": None, "b": "", "c": ""}),
        ("[2001-12-14, 2001-12-14t21:59:43, 12:30:45]", ["2001-12-14", "2001-12-14t21:59:43", "12:30:45"]),
        ("[1_000, 0b1, 0o8, 0xg, 1e, e1, '1']", ["1_000", "0b1", "0o8", "0xg", "1e", "e1", "1"]),
        ("[.., -, +, .e1]", ["..", "-", "+", ".e1"]),
        ("[.inf, -.INF, .NaN]", [".inf", "-.INF", ".NaN"]),
        ("[=, <<, '<<']", ["=", "<<", "<<"]),
    ],
)  # fmt: skip
def test_core_scalars(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", "0"),
        ("-12", "-12"),
        ("1.50", "1.50"),
        ("1E+3", "1E+3"),
        ("+1", "1"),
        ("007", "7"),
        ("-007.50", "-7.50"),
        ("0o17", "15"),
        ("0x1F", "31"),
        (".5", "0.5"),
        ("-.5e3", "-0.5e3"),
        ("5.", "5"),
        ("5.e3", "5e3"),
        ("0" * 999 + "1", "1"),
    ],
)
def test_numbers_get_the_spelling_of_json(text, number):
    assert parse_yaml(text) == [JsonNumber(number, None)]
    assert comparable(number) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!!str 5", "5"),
        ("!!str", ""),
        ("! true", "true"),
        ("!!int '5'", 5),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!float x", "x"),
        ("!!timestamp 2001-12-14", "2001-12-14"),
        ("!!map {a: !!seq [1]}", {"a": [1]}),
        ("!<tag:yaml.org,2002:str> 5", "5"),
    ],
)
def test_tags_of_yaml(text, expected):
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "what", "argument"),
    [
        ("!Ref Name", "Ref", "Name"),
        ("!Condition IsLive", "Condition", "IsLive"),
        ("!Sub 'a${B}'", "Fn::Sub", "a${B}"),
        ("!Sub 5", "Fn::Sub", "5"),
        ("!GetAtt a.b", "Fn::GetAtt", "a.b"),
        ("!Join ['', [a, b]]", "Fn::Join", ["", ["a", "b"]]),
        ("!If\n- A\n- {b: 1}\n- 2", "Fn::If", ["A", {"b": 1}, 2]),
        ("!Transform {Name: x}", "Fn::Transform", {"Name": "x"}),
        ("!Own x", "Fn::Own", "x"),
        ("!!binary aGk=", "tag:yaml.org,2002:binary", "aGk="),
        ("!!set {a}", "tag:yaml.org,2002:set", {"a": None}),
        ("!!python/object/apply:os.system [echo]", "tag:yaml.org,2002:python/object/apply:os.system", ["echo"]),
        ("!<tag:example.com,2000:x> 1", "tag:example.com,2000:x", "1"),
    ],
)
def test_other_tags_are_unknown_values(text, what, argument):
    (node,) = parse_yaml(text)
    assert isinstance(node, Unknown)
    assert (node.what, to_python(node.argument)) == (what, argument)
    assert text[node.span.start : node.span.end] == text
    with pytest.raises(ValueError, match="is not known"):
        to_python(node)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{1: a, true: b, ~: c, 0x1: d, '2': e}", {"1": "a", "true": "b", "~": "c", "0x1": "d", "2": "e"}),
        ("? [a, b]\n: c\n", {"?": "c"}),
        ("? !Sub x\n: c\n", {"?": "c"}),
        ("?\n: c\n", {"": "c"}),
    ],
)
def test_keys_are_strings(text, expected):
    assert value(text) == expected
    (node,) = parse_yaml(text)
    for key, _ in node.members:
        assert key.offset_of(0) in range(key.span.start, len(text))


def test_duplicate_keys_are_kept():
    (node,) = parse_yaml("a: 1\nb: 2\na: 3\n")
    assert [(key.value, number.text) for key, number in node.members] == [("a", "1"), ("b", "2"), ("a", "3")]


def test_spans():
    assert pieces(SPANNED) == [
        SPANNED[SPANNED.index("a:") : -1],
        "a", "'quoted'",
        "b", SPANNED[SPANNED.index("- plain") : SPANNED.index("\nf:")],
        "plain text",
        '{c: d, "e": [1,\n     2] }', "c", "d", '"e"', "[1,\n     2]", "1", "2",
        '!Sub\n    # comment\n    &more "x${y}"', '"x${y}"',
        "f", "|-\n  block\n  text\n\n",
        "g", "h: i", "h", "i",
        "j", "&k\n  l: m", "l", "m",
        "n", "- o", "o",
        "p", "'quoted'",
        "last", "",
    ]  # fmt: skip


# --- anchors, aliases, merge keys ------------------------------------------------------------------------------------


def test_aliases_are_their_anchors_nodes():
    text = "a: &x {b: &y c}\nd: [*x, *y]\n"
    (node,) = parse_yaml(text)
    (_, first), (_, second) = node.members
    assert second.items[0] is first
    assert second.items[1].offset_of(0) == text.index("c}")


def test_an_anchor_can_be_given_again():
    assert value("[&a 1, *a, &a 2, *a]") == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- &a {x: 1, y: 2}\n- {<<: *a, y: 3}\n", [("x", "1"), ("y", "3")]),
        ("- &a {x: 1, y: 2}\n- {y: 3, <<: *a}\n", [("y", "3"), ("x", "1")]),
        ("- &a {x: 1}\n- {<<: [*a, {x: 2, z: 3}], y: 4}\n", [("x", "1"), ("z", "3"), ("y", "4")]),
        ("- &a {x: 1, x: 2}\n- {<<: *a}\n", [("x", "1"), ("x", "2")]),
        ("- &a {x: 1}\n- &b {<<: *a, y: 2}\n- {<<: *b}\n", [("x", "1"), ("y", "2")]),
        ("- {<<: {}}\n", []),
        ("- &a 1\n- {<<: *a, y: 2}\n", [("<<", "1"), ("y", "2")]),
        ("- {'<<': 1}\n", [("<<", "1")]),
    ],
)
def test_merge_keys(text, expected):
    (node,) = parse_yaml(text)
    assert [(key.value, number.text) for key, number in node.items[-1].members] == expected


def test_a_billion_laughs():
    lines = ["a0: &a0 [lol, lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 60)]
    with cpu_seconds_below(20):
        (node,) = parse_yaml("\n".join(lines))
    assert len(node.members) == 60


def test_merge_keys_are_bounded():
    members = ", ".join(f"k{i}: 1" for i in range(1000))
    lines = [f"a: &a {{{members}}}"] + [f"b{i}: {{<<: *a}}" for i in range(MAX_MERGED // 1000 + 1)]
    with pytest.raises(YamlError, match="merge keys add more than 100,000 members") as caught:
        parse_yaml("\n".join(lines))
    assert caught.value.offset == len("\n".join(lines)) - len("<<: *a}")
    assert len(parse_yaml("\n".join(lines[:-1]))) == 1


# --- strings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected", "places"),
    [
        ("ab cd", "ab cd", [0, 1, 2, 3, 4, 5]),
        ("ab \n\n\n  cd", "ab\n\ncd", [0, 1, 4, 5, 8, 9, 10]),
        ("a\r\n b", "a b", [0, 1, 4, 5]),
        ("'a''b'", "a'b", [1, 2, 4, 5]),
        ("'a  \n  b'", "a b", [1, 4, 7, 8]),
        ('"a\\x41\\u00fcb"', "aAüb", [1, 2, 6, 12, 13]),
        ('"\\U0001f600b"', "😀b", [1, 11, 12]),
        ('"\\ud83d\\ude00b"', "😀b", [1, 13, 14]),
        ('"\\ud83db"', "\ud83db", [1, 7, 8]),
        ('"a \\\n  \\ b"', "a  b", [1, 2, 7, 9, 10]),
        ('"a\\\n\n\n  b"', "a\n\nb", [1, 4, 5, 8, 9]),
        ('"a \n\n  b"', "a\nb", [1, 4, 7, 8]),
        ("|\n  ab\n   c\n", "ab\n c\n", [4, 5, 6, 9, 10, 11, 11]),
        ("|-\n  ab\n\n  c\n\n", "ab\n\nc", [5, 6, 7, 8, 11, 12]),
        ("|+\n  a\n\n", "a\n\n", [5, 6, 7, 6]),
        ("|2 # comment\n    a", "  a", [15, 16, 17, 18]),
        ("|\n\n  a\n", "\na\n", [2, 5, 6, 6]),
        (">\n  a\n  b\n\n  c\n   d\n  e\n", "a b\nc\n d\ne\n", [4, 5, 8, 10, 13, 14, 17, 18, 19, 22, 23, 23]),
        (">\n  a\n\n   b\n\n  c\n", "a\n\n b\n\nc\n", [4, 5, 6, 9, 10, 11, 12, 15, 16, 16]),
        (">\n  a\u2028\n  b\n", "a\u2028\nb\n", [4, 5, 6, 9, 10, 10]),
        ("'a\u2028 b'", "a\u2028b", [1, 2, 4, 5]),
        ("''", "", [1]),
        ("|\n\n", "", [0]),
        ("&x !!str  # y\n  'a'", "a", [17, 18]),
    ],
)
def test_places_in_strings(text, expected, places):
    (node,) = parse_yaml(text)
    assert isinstance(node, JsonString)
    assert node.value == expected
    assert [node.offset_of(index) for index in range(len(places))] == places
    assert node.offset_of(99) == places[-1]
