"""JSON text to values that keep what other decoders lose: places, duplicate keys and number spelling.

Two views of one grammar (RFC 8259, nothing more lenient):

* ``parse`` gives nodes with spans, for definitions and patterns, whose findings must name a place;
* ``load_exact`` gives plain values for events. Objects with duplicate keys become ``Pairs``, numbers that no double
  stands for become ``NumberText``; everything else is an ordinary dict, list, str, int, float, bool or None.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from rumpattern.diagnostics import Edit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_DEPTH: Final = 1_000
MAX_NUMBER_TEXT: Final = 1_000
_STDLIB_DEPTH: Final = 200  # json.loads recurses: what may be deeper takes the parser below, which does not


class JsonError(ValueError):
    """Text that is not JSON.

    ``offset`` counts characters; ``code`` tells the kind of fault (see diagnostics.CODES); ``comma`` is where a comma
    stands that has nothing after it, if that is the fault.
    """

    def __init__(self, message: str, offset: int, *, code: str = "RP010", service_message: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.code = code
        self.service_message = service_message or message
        self.comma: int | None = None

    @property
    def fix(self) -> tuple[Edit, ...]:
        """How to mend the text without a doubt: the comma removed."""
        return () if self.comma is None else (Edit(self.comma, self.comma + 1, ""),)


# --- numbers --------------------------------------------------------------------------------------------------------


class NumberText(str):
    """A number whose decimal value is not the shortest spelling of any double: it equals only its own text."""

    __slots__ = ()


class Pairs(tuple[tuple[str, "Exact"], ...]):
    """The members of an object in which a key occurs more than once, in their order."""

    __slots__ = ()


Exact: TypeAlias = "dict[str, Exact] | list[Exact] | Pairs | NumberText | str | int | float | bool | None"

_NONZERO_DIGIT: Final = re.compile(r"[1-9]")
_EXPONENT: Final = re.compile(r"[eE]")
_EXACT_DIGITS: Final = 15  # a decimal of up to 15 digits always survives the way through a double and back


def comparable(text: str) -> float | None:
    """Return the double that a JSON number stands for, or None when its decimal value is no double's shortest spelling.

    The rule is ``Decimal(text) == Decimal(repr(float(text)))``: 0.1, 0.10 and 1e-1 are one number, 9007199254740993 and
    1e400 are none. Source: event-ruler's number comparison as of version 2.0.1.
    """
    value = float(text)
    if len(text) <= _EXACT_DIGITS and _EXPONENT.search(text) is None:
        return value + 0.0  # -0 is 0
    if value in (float("inf"), float("-inf")):
        return None
    if value == 0:
        mantissa = _EXPONENT.split(text, maxsplit=1)[0]
        return None if _NONZERO_DIGIT.search(mantissa) else 0.0
    return value if Decimal(text) == Decimal(repr(value)) else None


def is_number(text: str) -> bool:
    """Tell whether a text is spelled like a JSON number."""
    return _NUMBER.fullmatch(text) is not None


def canonical_number(value: float) -> str:
    """Return the one spelling used for a double: 300, not 300.0 or 3e2."""
    limit = 1e16
    return str(int(value)) if value.is_integer() and abs(value) < limit else repr(value)


def exact_int(text: str) -> int | NumberText:
    """Return a JSON integer as an int, or as its text when no double stands for it."""
    if len(text) > _EXACT_DIGITS and comparable(_limited(text)) is None:
        return NumberText(text)
    return int(text)


def exact_float(text: str) -> float | NumberText:
    """Return a JSON number with fraction or exponent as a float, or as its text when no double stands for it."""
    value = comparable(_limited(text))
    return NumberText(text) if value is None else value


def _limited(text: str) -> str:
    if len(text) > MAX_NUMBER_TEXT:
        raise JsonError(f"a number has {len(text)} characters, more than {MAX_NUMBER_TEXT}", 0, code="RP016")
    return text


# --- events: exact plain values -------------------------------------------------------------------------------------


def _exact_object(pairs: list[tuple[str, Exact]]) -> Exact:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Pairs(pairs)


def _no_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not JSON", "", 0)


_EXACT_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_exact_object, parse_int=exact_int, parse_float=exact_float, parse_constant=_no_constant
)


def load_exact(data: bytes | str) -> Exact:
    """Decode one JSON text without losing duplicate keys or number spelling.

    Raises:
        JsonError: the text is not JSON, or beyond 1,000 levels or 1,000 characters in a number.
    """
    text = decode_utf8(data) if isinstance(data, bytes) else data
    if text.count("[") + text.count("{") > _STDLIB_DEPTH:
        return Parser(text, _ExactBuilder()).parse()  # type: ignore[return-value]
    try:
        return _EXACT_DECODER.decode(text)  # type: ignore[no-any-return]
    except json.JSONDecodeError:
        return Parser(text, _ExactBuilder()).parse()  # type: ignore[return-value]


def dump_exact(value: Exact) -> bytes:
    """Return exact values as JSON text that reads back the same, in ASCII."""
    match value:
        case dict() | Pairs():
            members = value.items() if isinstance(value, dict) else value
            inside = b",".join(b"%s:%s" % (json.dumps(key).encode(), dump_exact(member)) for key, member in members)
            return b"{%s}" % inside
        case list():
            return b"[%s]" % b",".join(map(dump_exact, value))
        case NumberText():
            return value.encode()
        case _:
            return json.dumps(value).encode()


def decode_utf8(data: bytes) -> str:
    """Decode UTF-8 strictly.

    Raises:
        JsonError: with the byte offset of the first wrong byte.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8 ({error.reason})"
        raise JsonError(message, error.start, code="RP014") from None


# --- definitions: nodes with spans ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of the text that a node was read from."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class JsonString:
    """A JSON string; ``value`` is unescaped, a lone surrogate escape is kept as itself.

    ``places`` tells where each character of the value stands in the document if the string is no JSON text there.
    """

    value: str
    span: Span = field(compare=False, repr=False)
    places: Places | None = field(compare=False, repr=False, default=None)


@dataclass(frozen=True, slots=True)
class JsonNumber:
    """A JSON number in the spelling it was written in."""

    text: str
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class JsonLiteral:
    """The JSON literals true, false and null."""

    value: bool | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class JsonArray:
    """A JSON array."""

    items: tuple[JsonValue, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class JsonObject:
    """A JSON object with all its members in order, duplicate keys included."""

    members: tuple[tuple[JsonString, JsonValue], ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class JsonFault:
    """Text in the place of a value that is none; only parsers that go on after a fault return it."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the text does not say: ``what`` computes it from ``argument`` when the document is used.

    It is an intrinsic function of CloudFormation by its full name (``Ref``, ``Fn::Sub``), or a YAML tag.
    """

    what: str
    argument: JsonValue
    span: Span = field(compare=False, repr=False)


JsonValue: TypeAlias = JsonString | JsonNumber | JsonLiteral | JsonArray | JsonObject | JsonFault | Unknown


def parse(text: str) -> JsonValue:
    """Parse one JSON text to nodes with spans.

    Raises:
        JsonError: at the first character that cannot belong to JSON text.
    """
    return Parser(text, NodeBuilder()).parse()  # type: ignore[return-value]


def to_python(node: JsonValue) -> object:
    """Return a node as plain Python values; the last of duplicate keys wins, as in every JSON decoder."""
    match node:
        case JsonString(value=value) | JsonLiteral(value=value):
            return value
        case JsonNumber(text=text):
            return float(text) if any(c in text for c in ".eE") else int(text)
        case JsonArray(items=items):
            return [to_python(item) for item in items]
        case JsonObject(members=members):
            return {key.value: to_python(value) for key, value in members}
        case JsonFault():
            raise ValueError("text that is not JSON has no value")
        case Unknown(what=what):
            raise ValueError(f"the value of {what} is not known")


@dataclass(frozen=True)
class SourceText:
    """A document that findings point into: its name (None for plain text) and its characters."""

    text: str
    name: str | None = None

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, of a character offset."""
        import bisect  # noqa: PLC0415 - only findings need it

        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def offset_in_string(self, literal: Span, index: int) -> int:
        """Return where character ``index`` of an unescaped string literal stands in this text."""
        offsets = _offsets_in_string(self.text, literal)
        return offsets[min(index, len(offsets) - 1)]


@lru_cache(maxsize=8)
def _offsets_in_string(text: str, literal: Span) -> Sequence[int]:
    """Return where each character of an unescaped string literal stands in its text, and where its closing quote does.

    The last few are kept: there are as many questions about a pattern as there are findings in it.
    """
    first, end = literal.start + 1, literal.end - 1
    if text.find("\\", first, end) < 0:
        return range(first, end + 1)
    return [*(unit.start() for unit in _ESCAPE_UNIT.finditer(text, first, end)), end]


_ESCAPE_UNIT: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NUMBER_LIKE: Final = re.compile(r"[-+0-9.eE]+")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_HEX4: Final = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)


class NodeBuilder:
    """Makes the nodes of ``parse``."""

    def string(self, value: str, start: int, end: int) -> object:
        """Make a string from its unescaped text."""
        return JsonString(value, Span(start, end))

    def number(self, text: str, start: int, end: int) -> object:
        """Make a number from its spelling."""
        return JsonNumber(text, Span(start, end))

    def literal(self, *, value: bool | None, start: int, end: int) -> object:
        """Make true, false or null."""
        return JsonLiteral(value, Span(start, end))

    def array(self, items: list[object], start: int, end: int) -> object:
        """Make an array."""
        return JsonArray(tuple(items), Span(start, end))  # type: ignore[arg-type]

    def object(self, members: list[tuple[object, object]], start: int, end: int) -> object:
        """Make an object."""
        return JsonObject(tuple(members), Span(start, end))  # type: ignore[arg-type]


class _ExactBuilder(NodeBuilder):
    """Makes the values of ``load_exact`` without recursion, for text that is deeply nested or wrong."""

    def string(self, value: str, start: int, end: int) -> object:  # noqa: ARG002 - spans are for nodes
        return value

    def number(self, text: str, start: int, end: int) -> object:  # noqa: ARG002
        return exact_float(text) if any(c in text for c in ".eE") else exact_int(text)

    def literal(self, *, value: bool | None, start: int, end: int) -> object:  # noqa: ARG002
        return value

    def array(self, items: list[object], start: int, end: int) -> object:  # noqa: ARG002
        return items

    def object(self, members: list[tuple[object, object]], start: int, end: int) -> object:  # noqa: ARG002
        return _exact_object(members)  # type: ignore[arg-type]


class Frame:
    """An array or object whose end has not been read yet; ``key`` is the member being read."""

    __slots__ = ("close", "content", "is_object", "key", "start")

    def __init__(self, start: int, *, is_object: bool) -> None:
        self.start = start
        self.is_object = is_object
        self.close = "}" if is_object else "]"
        self.content: list[object] = []
        self.key: object = None


class Parser:
    """A JSON parser with its own stack, so that depth is bounded by a rule and not by the interpreter."""

    def __init__(self, text: str, builder: NodeBuilder) -> None:
        self.text = text
        self.build = builder
        self.at = 0
        self.stack: list[Frame] = []

    def parse(self) -> object:
        """Read the whole text as one value."""
        value = self.outermost()
        if self.at != len(self.text):
            raise self.no_end()
        return value

    def outermost(self) -> object:
        """Read one value and the white space around it."""
        self.skip_space()
        while True:
            value = self.value()
            if value is _OPENED:
                continue
            finished, value = self.close_finished(value)
            if finished:
                return value

    def value(self) -> object:
        """Read a scalar, or open a container and return ``_OPENED``."""
        start, char = self.at, self.peek()
        if char and char in "{[":
            return self.open(start, char)
        if char == '"':
            return self.string(as_key=False)
        if char and char in "-0123456789":
            return self.number(start)
        word = _WORD.match(self.text, start)
        if word and word.group() in _LITERALS:
            self.at = word.end()
            return self.build.literal(value=_LITERALS[word.group()], start=start, end=self.at)
        raise self.no_value(start, char, word)

    def open(self, start: int, char: str) -> object:
        """Open an array or object; return it if it is empty, ``_OPENED`` otherwise."""
        if len(self.stack) >= MAX_DEPTH:
            raise self.error(f"JSON is nested deeper than {MAX_DEPTH} levels", code="RP015")
        self.at += 1
        self.skip_space()
        frame = Frame(start, is_object=char == "{")
        if self.peek() == frame.close:
            self.at += 1
            return self.finish(frame)
        self.stack.append(frame)
        if frame.is_object:
            self.member_key(frame)
        return _OPENED

    def finish(self, frame: Frame) -> object:
        """Make a container whose closing mark has been read."""
        if frame.is_object:
            return self.build.object(frame.content, frame.start, self.at)  # type: ignore[arg-type]
        return self.build.array(frame.content, frame.start, self.at)

    def close_finished(self, value: object) -> tuple[bool, object]:
        """Put a value into its container, then read commas and closing marks up to the next value."""
        while True:
            self.skip_space()
            if not self.stack:
                return True, value
            frame = self.stack[-1]
            frame.content.append((frame.key, value) if frame.is_object else value)
            if self.goes_on(frame):
                self.skip_space()
                if frame.is_object:
                    self.member_key(frame)
                return False, None
            self.stack.pop()
            value = self.finish(frame)

    def goes_on(self, frame: Frame) -> bool:
        """Read a comma and return True, or the closing mark and return False."""
        char = self.peek()
        if char not in (",", frame.close):
            raise self.no_separator(frame, char)
        self.at += 1
        return char == ","

    def member_key(self, frame: Frame) -> None:
        """Read a member's name and the colon after it."""
        if self.peek() != '"':
            raise self.no_key(frame, self.peek())
        frame.key = self.string(as_key=True)
        self.skip_space()
        if self.peek() != ":":
            raise self.no_colon()
        self.at += 1
        self.skip_space()

    def string(self, *, as_key: bool) -> object:
        """Read a string."""
        start = self.at
        self.at += 1
        parts: list[str] = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            assert plain is not None
            parts.append(plain.group())
            self.at = plain.end()
            char = self.peek()
            if char == '"':
                self.at += 1
                break
            if char != "\\":
                what = "the string has no closing quote" if not char else f"control character {char!a} in a string"
                quote = "was expecting closing quote for a string value"
                raise self.error(what, service=f"Unexpected end-of-input: {quote}" if not char else None)
            parts.append(self.escape())
        value = "".join(parts)
        if as_key and isinstance(self.build, _ExactBuilder):
            return value
        return self.build.string(value, start, self.at)

    def escape(self) -> str:
        """Read an escape in a string; return the character it stands for."""
        char = self.text[self.at + 1 : self.at + 2]
        if char in _ESCAPES and char:
            self.at += 2
            return _ESCAPES[char]
        if char != "u":
            code = f" (code {ord(char)})" if char else ""
            raise self.error(
                f"unknown escape \\{char} in a string", service=f"Unrecognized character escape '{char}'{code}"
            )
        unit = self.code_unit()
        if unit in _HIGH_SURROGATES and self.text.startswith("\\u", self.at):
            before = self.at
            low = self.code_unit()
            if low in _LOW_SURROGATES:
                return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            self.at = before
        return chr(unit)

    def code_unit(self) -> int:
        r"""Read ``\u`` and four hexadecimal digits."""
        digits = _HEX4.match(self.text, self.at + 2)
        if digits is None:
            raise self.error("\\u needs four hexadecimal digits", service="Unexpected character in hexadecimal escape")
        self.at = digits.end()
        return int(digits.group(), 16)

    def number(self, start: int) -> object:
        """Read a number."""
        match = _NUMBER.match(self.text, start)
        like = _NUMBER_LIKE.match(self.text, start)
        assert like is not None
        if match is None or match.end() != like.end():
            raise self.error(f"{like.group()[:40]} is not a JSON number", service="Invalid numeric value")
        self.at = match.end()
        if len(match.group()) > MAX_NUMBER_TEXT:
            self.at = start
            raise self.error(
                f"a number has {match.end() - start} characters, more than {MAX_NUMBER_TEXT}", code="RP016"
            )
        return self.build.number(match.group(), start, self.at)

    # --- small steps and errors -------------------------------------------------------------------------------------

    def peek(self) -> str:
        """Return the next character, none at the end."""
        return self.text[self.at : self.at + 1]

    def skip_space(self) -> None:
        """Go to the next character that is no white space."""
        space = _SPACE.match(self.text, self.at)
        assert space is not None
        self.at = space.end()

    def found(self, char: str) -> str:
        """Name a character for a message."""
        return f'"{char}"' if char and char != '"' else ("a double quote" if char else "the end of the text")

    def no_value(self, start: int, char: str, word: re.Match[str] | None) -> JsonError:
        """Return the error of a place where a value should be."""
        values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        if not char:
            return self.error("expected a value, found the end of the text", service="Unexpected end-of-input")
        if word:
            text = word.group()[:40]
            return self.error(f'expected a value, found "{text}"', f"was expecting {values}", token=word.group())
        service = f"Unexpected character ('{char}' (code {ord(char)})): expected a valid value {values}"
        message = f"expected a value, found {self.found(self.text[start])}"
        return self.after_comma("element", message, service) if char == "]" else self.error(message, service=service)

    def no_end(self) -> JsonError:
        """Return the error of text after the value."""
        return self.error("text follows the JSON value", service="Unrecognized trailing text")

    def no_key(self, frame: Frame, char: str) -> JsonError:
        """Return the error of a place where a member's name should be."""
        expected = "was expecting double-quote to start field name"
        message = f"expected a member name in double quotes, found {self.found(char)}"
        if char == "}" and frame.content:
            return self.after_comma("member", message, f"Unexpected character ('}}' (code 125)): {expected}")
        return self.error(message, expected)

    def after_comma(self, what: str, message: str, service: str) -> JsonError:
        """Return the error of a closing mark, which tells of a comma that it comes after."""
        comma = self.at - 1
        while comma > 0 and self.text[comma] in " \t\r\n":
            comma -= 1
        if comma < 0 or self.text[comma] != ",":
            return self.error(message, service=service)
        error = self.error(f"{message} (a comma before it has no {what} after it)", service=service)
        error.comma = comma
        return error

    def no_colon(self) -> JsonError:
        """Return the error of a name without a colon."""
        expected = "was expecting a colon to separate field name and value"
        return self.error(f'expected ":" after the member name, found {self.found(self.peek())}', expected)

    def no_separator(self, frame: Frame, char: str) -> JsonError:
        """Return the error of a value with neither a comma nor the closing mark after it."""
        kind, close = "Object" if frame.is_object else "Array", frame.close
        if char and char in "]}":
            service = f"Unexpected close marker '{char}': expected '{close}' (for {kind}"
            return self.error(f'expected "," or "{close}", found "{char}"', service=service)
        expected = f"was expecting comma to separate {kind} entries"
        return self.error(f'expected "," or "{close}", found {self.found(char)}', expected)

    def error(
        self,
        message: str,
        expected: str = "",
        *,
        token: str | None = None,
        service: str | None = None,
        code: str = "RP010",
    ) -> JsonError:
        """Return an error at this place; ``expected`` is what event-ruler's parser says it was expecting."""
        char = self.peek()
        if service is None and expected:
            if token is not None:
                service = f"Unrecognized token '{token}': {expected}"
            elif char:
                service = f"Unexpected character ('{char}' (code {ord(char)})): {expected}"
            else:
                service = "Unexpected end-of-input"
        return JsonError(message, self.at, code=code, service_message=service)


_OPENED: Final = object()
Locate: TypeAlias = "Callable[[int], tuple[str | None, int, int]]"
"""From a character offset to (file name or None, line, column)."""
Places: TypeAlias = "Callable[[int], int]"
"""From the index of a character in a string's value to the offset where it stands in the document."""
