"""JSON text of events and patterns as nobody writes it: over few keys and values, so that they often meet."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from hypothesis import strategies as st

from rumpattern.jsontext import comparable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NUMBERS = (
    "0", "-0", "-0.0", "0e5", "1", "1.0", "1.50", "1.5", "15e-1", "-1", "2", "2E0", "300", "3e2", "0.1", "0.10", "1e-1",
    "0.30000000000000004", "0.1000000000000000055511151231257827", "5e-324", "1e-400", "1e400", "-1e400",
    "1.7976931348623157e308", "9007199254740992", "9007199254740993", "9007199254740993.0", "-9007199254740993",
    "1700000000123456789", "18446744073709551615", "18446744073709551616", "100000000000000000000", "1e20", "1E+2",
)  # fmt: skip
STRINGS = (
    '""', '"x"', '"\\u0078"', '"y"', '"X"', '" x"', '"x y"', '"é"', '"\\u00e9"', '"e\\u0301"', '"1"', '"true"',
    '"null"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"😀"', '"\\u0000"', '"a\\/b"',
    '"a/b"', '"\\t"', '"\x7f"',
    '"xyx"', '"xxyx"', '"XYX"', '"x*y"', '"x\\\\y"', '"x\\ny"', '"stra\u00dfe"', '"STRASSE"',
    '"ss"', '"\u00df"', '"k"', '"\u212a"', '"\u0130"', '"i\u0307"', '"\U00010400"', '"\U00010428"', '"10.0.0.1"',
    '"010.0.0.1"', '"10.0.0.2"', '"::1"', '"0:0:0:0:0:0:0:1"', '"::ffff:10.0.0.1"',
)  # fmt: skip
LITERALS = ("true", "false", "null")
KEYS = (
    '"a"', '"b"', '"c"', '"a"', '"b"', '"a.b"', '"b.c"', '"a.b.c"', '""', '"."', '"a."', '"\\u0061"', '"é"',
    '"\\ud800"',
)  # fmt: skip
ID_KEYS = ('"user_details"', '"sessionId"', '"userId"', '"user_details.sessionId"', '"application_name"', '"a"')
ID_SCALARS = ('"x"', '"y"', '""', "1", "1e400", "true", "null")
SPACES = ("", "", "", "", "", " ", "\t", "\r", "  ")
SCALARS = (*STRINGS, *NUMBERS, *LITERALS)
BROKEN_BYTES = (
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc0\x80",
    b"\xef\xbb\xbf",
    b"\x00",
    b",",
    b"]",
    b"}",
    b'"',
    b"0",
    b"NaN",
    b"/",
)


_SPACES = st.sampled_from(SPACES)
_KINDS = st.sampled_from(("scalar", "scalar", "scalar", "object", "object", "array", "scalars"))
_COUNTS = st.integers(0, 3)


@st.composite
def json_text(
    draw: st.DrawFn,
    *,
    keys: Sequence[str] = KEYS,
    scalars: Sequence[str] = SCALARS,
    depth: int = 4,
    top: Literal["any", "object"] = "any",
) -> str:
    """Draw the text of a JSON value; ``top`` "object" makes it an object."""
    spaced = draw(st.booleans())
    some_key, some_scalar = st.sampled_from(keys), st.sampled_from(scalars)

    def space() -> str:
        return draw(_SPACES) if spaced else ""

    def value(depth: int, kind: str) -> str:
        if kind == "any":
            kind = draw(_KINDS) if depth else "scalar"
        if kind == "scalar":
            return draw(some_scalar)
        parts = range(draw(_COUNTS))
        if kind in ("array", "scalars"):
            of_part = "any" if kind == "array" else "scalar"
            return "[" + ",".join(space() + value(depth - 1, of_part) + space() for _ in parts) + "]"
        members = (f"{space()}{draw(some_key)}{space()}:{space()}{value(depth - 1, 'any')}" for _ in parts)
        return "{" + ",".join(members) + space() + "}"

    return space() + value(depth, top) + space()


@st.composite
def members_of_an_event(draw: st.DrawFn, members: Mapping[str, st.SearchStrategy[str]]) -> str:
    """Draw the text of an event with some of the given members: key text to a strategy of value texts."""
    chosen = draw(st.lists(st.sampled_from(sorted(members)), max_size=len(members), unique=draw(_RARE) > 1))
    return "{" + ",".join(f"{key}:{draw(members[key])}" for key in chosen) + "}"


_PLACES = st.integers(0, 1000)
_CUTS = st.integers(0, 3)
_PUT_IN = st.sampled_from((b"", *BROKEN_BYTES))
_NO_EVENTS = st.sampled_from((b"", b" ", b"\t\r", b"[]", b"[1]", b"5", b'"x"', b"null"))
_RARE = st.integers(0, 11)


@st.composite
def lines(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> bytes:
    """Draw a line without a line feed: mostly an event, sometimes one with bytes cut out or put in, or none at all."""
    which = draw(_RARE)
    if which == 0:
        return draw(_NO_EVENTS)
    data = draw(texts).encode()
    if which > 1:
        return data
    start = draw(_PLACES) % (len(data) + 1)
    return data[:start] + draw(_PUT_IN) + data[start + draw(_CUTS) :]


# --- patterns -------------------------------------------------------------------------------------------------------

BOUNDS = ("-1e400", "-1", "-0.0", "0", "0.1", "1", "1.50", "2", "3E2", "9007199254740992", "1e20")


TEXT_OPERATORS = ("exactly", "prefix", "suffix", "equals-ignore-case", "wildcard")
BLOCKS = ("10.0.0.0/8", "10.0.0.1/31", "010.0.0.2/30", "0.0.0.0/0", "::/0", "::1/127", "::ffff:0:0/96")

_ELEMENT_KINDS = st.sampled_from(
    ("scalar", "scalar", "range", "exists", "text", "text", "text", "cidr", "but", "but-text", "but-operator")
)
_EXISTS = st.sampled_from(('{"exists":true}', '{"exists":false}'))
LOWS = range(1, len(BOUNDS) - 1)
_LOWS = st.sampled_from(LOWS)
_OPERATORS = st.sampled_from(("=", "<", "<=", ">", ">="))
_LOW_OPERATORS = st.sampled_from((">", ">="))
_HIGH_OPERATORS = st.sampled_from(("<", "<="))
_TEXT_OPERATORS = st.sampled_from((*TEXT_OPERATORS, "wildcard"))
_BLOCKS = st.sampled_from(BLOCKS)


@st.composite
def elements(draw: st.DrawFn, scalars: Sequence[str] = SCALARS, lows: Sequence[int] = LOWS) -> str:
    """Draw the text of one element of a field's array; ``lows`` are indices into ``BOUNDS``."""
    texts = [json.loads(scalar) for scalar in scalars if scalar.startswith('"')] or ["x"]
    numbers = [scalar for scalar in scalars if is_comparable(scalar)]
    kinds = {
        "scalar": st.sampled_from(scalars),
        "exists": _EXISTS,
        "cidr": _BLOCKS.map(lambda block: json.dumps({"cidr": block})),
        "text": text_elements(texts),
        "range": ranges(lows),
        "but": exclusions(numbers or list(map(json.dumps, texts))),
        "but-text": exclusions(list(map(json.dumps, texts))),
        "but-operator": text_exclusions(texts),
    }
    return draw(kinds[draw(_ELEMENT_KINDS)])


@st.composite
def ranges(draw: st.DrawFn, lows: Sequence[int]) -> str:
    """Draw the text of a numeric range."""
    low = draw(st.sampled_from(lows))
    if draw(st.booleans()):
        return f'{{"numeric":["{draw(_OPERATORS)}",{BOUNDS[low]}]}}'
    high = draw(st.integers(low + (2 if BOUNDS[low] == "-0.0" else 1), len(BOUNDS) - 1))
    return f'{{"numeric":["{draw(_LOW_OPERATORS)}",{BOUNDS[low]},"{draw(_HIGH_OPERATORS)}",{BOUNDS[high]}]}}'


@st.composite
def text_elements(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """Draw the text of an operator on strings."""
    operator, argument = draw(text_operators(texts))
    if operator in ("prefix", "suffix") and draw(st.booleans()):
        return json.dumps({operator: {"equals-ignore-case": draw(recased(argument))}})
    return json.dumps({operator: argument})


@st.composite
def exclusions(draw: st.DrawFn, values: Sequence[str]) -> str:
    """Draw the text of an anything-but of values in JSON, one alone or a list."""
    some = draw(st.lists(st.sampled_from(values), min_size=1, max_size=3))
    argument = some[0] if len(some) == 1 and draw(st.booleans()) else f"[{','.join(some)}]"
    return f'{{"anything-but":{argument}}}'


@st.composite
def text_exclusions(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """Draw the text of an anything-but of an operator on strings."""
    operator, argument = draw(text_operators(texts))
    if operator == "exactly" or (operator in ("prefix", "suffix") and not argument):
        operator = "equals-ignore-case"
    listed = draw(st.sampled_from((argument, [argument], [argument, f"{argument}x"])))
    return json.dumps({"anything-but": {operator: listed}})


@st.composite
def text_operators(draw: st.DrawFn, texts: Sequence[str]) -> tuple[str, str]:
    """Draw an operator on strings and its argument, made of one of some texts so that it often applies to them."""
    operator, text = draw(_TEXT_OPERATORS), draw(st.sampled_from(texts))
    cut = draw(st.integers(0, len(text)))
    match operator:
        case "prefix":
            return operator, text[:cut]
        case "suffix":
            return operator, text[cut:]
        case "equals-ignore-case":
            return operator, draw(recased(text))
        case "wildcard":
            return operator, draw(wildcards(text))
        case _:
            return operator, text


def recased(text: str) -> st.SearchStrategy[str]:
    """Return a strategy of a text in other cases."""
    return st.sampled_from((text, text.upper(), text.lower(), text.swapcase()))


@st.composite
def wildcards(draw: st.DrawFn, text: str) -> str:
    """Draw a wildcard that a text fits: stars in some places, with or without what stood there."""
    parts: list[str] = []
    for char in text:
        kept = draw(st.sampled_from(("char", "char", "star", "both")))
        parts += ["*"] * (kept != "char") + ["\\" * (char in "*\\") + char] * (kept != "star")
    starred = "".join("" if part == "*" == before else part for before, part in pairwise(("", *parts)))
    return starred + "*" * (draw(st.booleans()) and parts[-1:] != ["*"])


def is_comparable(scalar: str) -> bool:
    """Tell whether a scalar's text is a number that anything-but takes."""
    return scalar[0] in "-0123456789" and comparable(scalar) is not None


@st.composite
def pattern_texts(
    draw: st.DrawFn,
    keys: Sequence[str] = KEYS,
    scalars: Sequence[str] = SCALARS,
    lows: Sequence[int] = LOWS,
    event_types: Sequence[str] = (),
) -> str:
    """Draw the text of a pattern. With ``event_types``, it asks for one or two of them."""
    some_keys = st.lists(st.sampled_from(keys), min_size=1, max_size=2)
    some_elements = st.lists(elements(scalars, lows), min_size=1, max_size=3)

    def members(depth: int) -> str:
        some = []
        for key in draw(some_keys):
            if depth and draw(st.booleans()):
                some.append(f"{key}:{{{members(depth - 1)}}}")
            else:
                some.append(f"{key}:[{','.join(draw(some_elements))}]")
        if depth and draw(_RARE) < 4:
            some.insert(draw(st.integers(0, len(some))), f'"$or":[{{{members(depth - 1)}}},{{{members(0)}}}]')
        return ",".join(some)

    if not event_types:
        return f"{{{members(2)}}}"
    types = draw(st.lists(st.sampled_from(event_types), min_size=1, max_size=2))
    if draw(_RARE) < 3:
        one, other = f'{{"event_type":[{types[0]}],{members(1)}}}', f'{{{members(0)},"event_type":[{types[-1]}]}}'
        return f'{{"$or":[{one},{other}]}}'
    return f'{{"event_type":[{",".join(types)}],{members(2)}}}'


@st.composite
def worlds(
    draw: st.DrawFn,
    keys: Sequence[str] = KEYS,
    scalars: Sequence[str] = SCALARS,
    event_types: Sequence[str] = (),
) -> tuple[list[str], list[bytes]]:
    """Draw the texts of patterns and lines that share a few keys, values and bounds."""
    few_keys = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=3))
    lows = draw(st.lists(_LOWS, min_size=1, max_size=2))
    few_scalars = [*draw(st.lists(st.sampled_from(scalars), min_size=1, max_size=4)), BOUNDS[lows[0]]]
    patterns = draw(st.lists(pattern_texts(few_keys, few_scalars, lows, event_types), min_size=1, max_size=3))
    texts = json_text(keys=few_keys, scalars=few_scalars, depth=3, top="object")
    if event_types:
        texts = texts_with_types(texts, (*event_types, '"other"'))
    return patterns, draw(st.lists(lines(texts), min_size=1, max_size=6))


@st.composite
def texts_with_types(draw: st.DrawFn, texts: st.SearchStrategy[str], event_types: Sequence[str]) -> str:
    """Draw the text of an event that has an event type, mostly a string."""
    types = event_types if draw(_RARE) else ("1", "null", '["t"]', '"t","event_type":"u"', "{}", "1e400")
    before, brace, rest = draw(texts).partition("{")
    comma = "" if rest.strip() == "}" else ","
    return f'{before}{brace}"event_type":{draw(st.sampled_from(types))}{comma}{rest}'
