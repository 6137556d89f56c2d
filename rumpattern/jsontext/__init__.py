"""JSON text to values that keep what other decoders lose: positions, duplicate keys and the spelling of numbers.

Two views of one grammar (RFC 8259, nothing more lenient):

* ``parse`` returns nodes with spans, for definitions and patterns, whose findings have a line and column;
* ``load_exact`` returns plain values, for events. Objects with duplicate keys become ``Pairs``, numbers that are not
  the shortest decimal form of a double become ``NumberText``; the rest is dict, list, str, int, float, bool or None.
"""

from rumpattern.jsontext.errors import MAX_DEPTH, MAX_NUMBER_TEXT, JsonError, decode_utf8
from rumpattern.jsontext.exact import Exact, Pairs, dump_exact, load_exact
from rumpattern.jsontext.nodes import (
    JsonArray,
    JsonFault,
    JsonLiteral,
    JsonNumber,
    JsonObject,
    JsonString,
    JsonValue,
    Locate,
    OffsetOf,
    SourceText,
    Span,
    Unknown,
    to_python,
)
from rumpattern.jsontext.numbers import NumberText, canonical_number, comparable, exact_float, exact_int, is_number
from rumpattern.jsontext.parser import Frame, NodeBuilder, Parser, parse

__all__ = [
    "MAX_DEPTH",
    "MAX_NUMBER_TEXT",
    "Exact",
    "Frame",
    "JsonArray",
    "JsonError",
    "JsonFault",
    "JsonLiteral",
    "JsonNumber",
    "JsonObject",
    "JsonString",
    "JsonValue",
    "Locate",
    "NodeBuilder",
    "NumberText",
    "OffsetOf",
    "Pairs",
    "Parser",
    "SourceText",
    "Span",
    "Unknown",
    "canonical_number",
    "comparable",
    "decode_utf8",
    "dump_exact",
    "exact_float",
    "exact_int",
    "is_number",
    "load_exact",
    "parse",
    "to_python",
]
