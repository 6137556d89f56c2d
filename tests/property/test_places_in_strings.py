"""Law: the place of a character of a string's value is where that character is written, in every style.

It is the character itself, or the beginning of the escape sequence or line break that stands for it.
"""

import json
import re

from hypothesis import assume, given
from hypothesis import strategies as st

from rumpattern.definition.documents.document import parse_document
from rumpattern.definition.documents.yamltext import YamlError, parse_yaml
from rumpattern.jsontext import JsonArray, JsonObject, JsonString, Unknown

BREAKS = ("\n", "\r\n", "\r", "\x85", "\u2028", "\u2029")
SHORT_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "\\": "\\", "/": "/", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
ESCAPE = re.compile(r"\\(?:x(..)|u([dD][89abAB]..)\\u([dD][c-fC-F]..)|u(....)|U(.{8})|(.))", re.DOTALL)
PIECES = (
    "é",
    "é",
    "é",
    " ",
    " ",
    "  ",
    "\n",
    "\n",
    "\n  ",
    "\n\n",
    " \n ",
    ":",
    "#",
    "-",
    ",",
    "'",
    '"',
    "{",
    "]",
    "$",
)
PLAIN = ("é", "é", "é", "é", " ", "\n", " \n ", "\n\n", ":", "-", "/", "'", '"')
ESCAPES = (*(f"\\{name}" for name in SHORT_ESCAPES), "\\x41", "\\u00fc", "\\ud83d\\ude00", "\\uD800", "\\U0001f600")
CONTEXTS = ("{}", "- {}\n", "key: {}\n", "a:\n  - b: {}\n", "[{}, 1]\n", "{{a: {} }}\n", "key: !Sub {}\n", "&x {}\n")
BLOCK_CONTEXTS = ("{}", "- {}", "key: {}", "a:\n  - b: {}", "key: !Sub {}", "a:\n  &x {}", "- !!str &x {}")


def lettered(source):
    """Make each é another character, so that there is one place for it."""
    letters = map(chr, range(0x4E00, 0x9FFF))
    return re.sub("é", lambda _: next(letters), source)


def strings(node):
    match node:
        case JsonString():
            return [node]
        case JsonArray(items=items):
            return [found for item in items for found in strings(item)]
        case JsonObject(members=members):
            return [found for pair in members for node in pair for found in strings(node)]
        case Unknown(argument=argument):
            return strings(argument)
    return []


def stands_for(text, offset, style):
    """Return the characters that the text at an offset may stand for."""
    if style == '"' and text[offset] == "\\":
        byte, high, low, unit, long, short = ESCAPE.match(text, offset).groups()
        if high:
            return {chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)}
        return {SHORT_ESCAPES[short] if short else chr(int(byte or unit or long, 16))}
    if text[offset] in "\r\n\x85":
        return {" ", "\n"}
    if text[offset] in "\u2028\u2029":
        return {" ", text[offset]}
    return {text[offset]}


def check(text):
    try:
        documents = parse_yaml(text)
    except YamlError:
        assume(False)  # noqa: FBT003 - its only argument
    found = [string for document in documents for string in strings(document)]
    for string in found:
        places = [string.offset_of(index) for index in range(len(string.value))]
        assert places == sorted(set(places))
        for place, char in zip(places, string.value, strict=True):
            assert string.span.start <= place < string.span.end
            assert char in stands_for(text, place, string.offset_of.style)
        content = len(string.value.rstrip("\n\u2028\u2029"))
        end = string.offset_of(len(string.value))
        assert (places[content - 1] if content else string.span.start) <= end <= string.span.end
    return found


def sources(pieces):
    return st.lists(st.sampled_from(pieces), max_size=14).map("".join).map(lettered)


def line_breaks(text, draw):
    return "".join(draw(st.sampled_from(BREAKS)) if char == "\n" else char for char in text)


@given(st.data(), sources(PLAIN), st.sampled_from(CONTEXTS), st.booleans())
def test_plain(data, source, context, one_kind):
    text = context.format("x" + source)
    check(text if one_kind else line_breaks(text, data.draw))


@given(st.data(), sources(PIECES), st.sampled_from(CONTEXTS), st.booleans())
def test_single_quoted(data, source, context, one_kind):
    text = context.format("'" + source.replace("'", "''") + "'")
    assert check(text if one_kind else line_breaks(text, data.draw))


@given(st.data(), sources((*PIECES, *ESCAPES, "\\\n", " \\\n  ", "\t")), st.sampled_from(CONTEXTS), st.booleans())
def test_double_quoted(data, source, context, one_kind):
    text = context.format('"' + re.sub(r'(?<!\\)"', "", source) + '"')
    check(text if one_kind else line_breaks(text, data.draw))


@st.composite
def blocks(draw):
    header = draw(st.sampled_from("|>")) + draw(st.sampled_from(("", "+", "-"))) + draw(st.sampled_from(("", "1", "2")))
    words = st.just("") | st.text("ééé #\t:", min_size=1, max_size=4)
    lines = st.tuples(st.sampled_from((0, 0, 1, 3)), words)
    indent = draw(st.integers(1, 5))
    body = "".join("\n" + " " * (indent + extra) + line for extra, line in draw(st.lists(lines, max_size=7)))
    end = draw(st.sampled_from(("", "\n", "\n\n", "\n \n", "\nnext: é\n", "\n- é\n", "\n# comment\n")))
    return draw(st.sampled_from(BLOCK_CONTEXTS)).format(header + lettered(body) + end)


@given(st.data(), blocks(), st.booleans())
def test_blocks(data, text, one_kind):
    check(text if one_kind else line_breaks(text, data.draw))


@given(st.text(max_size=20), st.booleans())
def test_json(value, ascii_only):
    document = parse_document('{"é": [1, ' + json.dumps(value, ensure_ascii=ascii_only) + "]}")
    node = document.root.members[0][1].items[1]
    assert node.value == value
    places = [document.offset_in_string(node, index) for index in range(len(value) + 1)]
    ends = [*places[1:], node.span.end - 1]
    written = [document.text[start:end] for start, end in zip(places, ends, strict=True)]
    assert [json.loads(f'"{spelling}"') for spelling in written] == [*value, ""]
