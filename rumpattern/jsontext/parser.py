"""A parser of JSON text with a builder for its values: nodes with spans, or plain values. Faults have an offset."""

from __future__ import annotations

import re
from typing import Final

from rumpattern.jsontext.errors import MAX_DEPTH, MAX_NUMBER_TEXT, JsonError
from rumpattern.jsontext.nodes import JsonArray, JsonLiteral, JsonNumber, JsonObject, JsonString, JsonValue, Span
from rumpattern.jsontext.numbers import NUMBER

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]*')
_NUMBER_LIKE: Final = re.compile(r"[-+0-9.eE]+")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_HEX4: Final = re.compile(r"[0-9a-fA-F]{4}")
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)
_OPENED: Final = object()


def parse(text: str) -> JsonValue:
    """Parse one JSON text to nodes with spans.

    Raises:
        JsonError: at the first character that JSON does not allow, or beyond a limit.
    """
    return Parser(text, NodeBuilder()).parse()  # type: ignore[return-value]


class NodeBuilder:
    """Builds the nodes of ``parse``; subclasses build other values from the same calls."""

    def string(self, value: str, start: int, end: int) -> object:
        """Build a string from its unescaped text."""
        return JsonString(value, Span(start, end))

    def key(self, value: str, start: int, end: int) -> object:
        """Build a member's name from its unescaped text."""
        return self.string(value, start, end)

    def number(self, text: str, start: int, end: int) -> object:
        """Build a number from its spelling."""
        return JsonNumber(text, Span(start, end))

    def literal(self, *, value: bool | None, start: int, end: int) -> object:
        """Build true, false or null."""
        return JsonLiteral(value, Span(start, end))

    def array(self, items: list[object], start: int, end: int) -> object:
        """Build an array."""
        return JsonArray(tuple(items), Span(start, end))  # type: ignore[arg-type]

    def object(self, members: list[tuple[object, object]], start: int, end: int) -> object:
        """Build an object."""
        return JsonObject(tuple(members), Span(start, end))  # type: ignore[arg-type]


class Frame:
    """An open array or object: its items or members so far; ``key`` is the name of the member being read."""

    __slots__ = ("close", "content", "is_object", "key", "start")

    def __init__(self, start: int, *, is_object: bool) -> None:
        self.start = start
        self.is_object = is_object
        self.close = "}" if is_object else "]"
        self.content: list[object] = []
        self.key: object = None


class Parser:
    """A JSON parser with its own stack.

    ``outermost`` alternates two steps: ``value`` reads a scalar or opens a container, ``close_finished`` puts a
    complete value into the innermost open container and closes those that end there. ``recover`` overrides the steps
    that can fail.
    """

    # No recursion: the depth of an input must be bounded by MAX_DEPTH, with a finding at its position, and not by the
    # interpreter's stack, whose overflow (RecursionError) depends on the caller's depth and on the Python version.

    def __init__(self, text: str, builder: NodeBuilder) -> None:
        self.text = text
        self.build = builder
        self.offset = 0
        self.stack: list[Frame] = []

    def parse(self) -> object:
        """Read the whole text as one value."""
        value = self.outermost()
        if self.offset != len(self.text):
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
        start, char = self.offset, self.peek()
        if char and char in "{[":
            return self.open(start, char)
        if char == '"':
            return self.string(as_key=False)
        if char and char in "-0123456789":
            return self.number(start)
        word = _WORD.match(self.text, start)
        if word and word.group() in _LITERALS:
            self.offset = word.end()
            return self.build.literal(value=_LITERALS[word.group()], start=start, end=self.offset)
        raise self.no_value(start, char, word)

    def open(self, start: int, char: str) -> object:
        """Open an array or object; return it if it is empty, ``_OPENED`` otherwise."""
        if len(self.stack) >= MAX_DEPTH:
            raise self.error(f"JSON is nested deeper than {MAX_DEPTH} levels", code="RP015")
        self.offset += 1
        self.skip_space()
        frame = Frame(start, is_object=char == "{")
        if self.peek() == frame.close:
            self.offset += 1
            return self.finish(frame)
        self.stack.append(frame)
        if frame.is_object:
            self.member_key(frame)
        return _OPENED

    def finish(self, frame: Frame) -> object:
        """Build a container whose closing bracket has been read."""
        if frame.is_object:
            return self.build.object(frame.content, frame.start, self.offset)  # type: ignore[arg-type]
        return self.build.array(frame.content, frame.start, self.offset)

    def close_finished(self, value: object) -> tuple[bool, object]:
        """Put a value into its container, then read commas and closing brackets up to the next value."""
        while True:
            self.skip_space()
            if not self.stack:
                return True, value
            frame = self.stack[-1]
            frame.content.append((frame.key, value) if frame.is_object else value)
            if self.continues(frame):
                self.skip_space()
                if frame.is_object:
                    self.member_key(frame)
                return False, None
            self.stack.pop()
            value = self.finish(frame)

    def continues(self, frame: Frame) -> bool:
        """Read a comma and return True, or the closing bracket and return False."""
        char = self.peek()
        if char not in (",", frame.close):
            raise self.no_separator(frame, char)
        self.offset += 1
        return char == ","

    def member_key(self, frame: Frame) -> None:
        """Read a member's name and the colon after it."""
        if self.peek() != '"':
            raise self.no_key(frame, self.peek())
        frame.key = self.string(as_key=True)
        self.skip_space()
        if self.peek() != ":":
            raise self.no_colon()
        self.offset += 1
        self.skip_space()

    def string(self, *, as_key: bool) -> object:
        """Read a string."""
        start = self.offset
        self.offset += 1
        parts: list[str] = []
        while True:
            plain = _PLAIN.match(self.text, self.offset)
            assert plain is not None
            parts.append(plain.group())
            self.offset = plain.end()
            char = self.peek()
            if char == '"':
                self.offset += 1
                break
            if char != "\\":
                what = "the string has no closing quote" if not char else f"control character {char!a} in a string"
                quote = "was expecting closing quote for a string value"
                raise self.error(what, service=f"Unexpected end-of-input: {quote}" if not char else None)
            parts.append(self.escape())
        value = "".join(parts)
        return (self.build.key if as_key else self.build.string)(value, start, self.offset)

    def escape(self) -> str:
        """Read an escape sequence in a string; return its character."""
        char = self.text[self.offset + 1 : self.offset + 2]
        if char in _ESCAPES and char:
            self.offset += 2
            return _ESCAPES[char]
        if char != "u":
            code = f" (code {ord(char)})" if char else ""
            raise self.error(
                f"unknown escape \\{char} in a string", service=f"Unrecognized character escape '{char}'{code}"
            )
        unit = self.code_unit()
        if unit in _HIGH_SURROGATES and self.text.startswith("\\u", self.offset):
            before = self.offset
            low = self.code_unit()
            if low in _LOW_SURROGATES:
                return chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            self.offset = before
        return chr(unit)

    def code_unit(self) -> int:
        r"""Read ``\u`` and four hexadecimal digits."""
        digits = _HEX4.match(self.text, self.offset + 2)
        if digits is None:
            raise self.error("\\u needs four hexadecimal digits", service="Unexpected character in hexadecimal escape")
        self.offset = digits.end()
        return int(digits.group(), 16)

    def number(self, start: int) -> object:
        """Read a number."""
        match = NUMBER.match(self.text, start)
        like = _NUMBER_LIKE.match(self.text, start)
        assert like is not None
        if match is None or match.end() != like.end():
            raise self.error(f"{like.group()[:40]} is not a JSON number", service="Invalid numeric value")
        self.offset = match.end()
        if len(match.group()) > MAX_NUMBER_TEXT:
            self.offset = start
            raise self.error(
                f"a number has {match.end() - start} characters; the limit is {MAX_NUMBER_TEXT}", code="RP016"
            )
        return self.build.number(match.group(), start, self.offset)

    # --- small steps and errors -------------------------------------------------------------------------------------

    def peek(self) -> str:
        """Return the next character, an empty string at the end."""
        return self.text[self.offset : self.offset + 1]

    def skip_space(self) -> None:
        """Skip white space."""
        space = _SPACE.match(self.text, self.offset)
        assert space is not None
        self.offset = space.end()

    def describe(self, char: str) -> str:
        """Name a character for a message."""
        return f'"{char}"' if char and char != '"' else ("a double quote" if char else "the end of the text")

    def no_value(self, start: int, char: str, word: re.Match[str] | None) -> JsonError:
        """Return the error for a missing value."""
        values = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        if not char:
            return self.error("expected a value, found the end of the text", service="Unexpected end-of-input")
        if word:
            text = word.group()[:40]
            return self.error(f'expected a value, found "{text}"', f"was expecting {values}", token=word.group())
        service = f"Unexpected character ('{char}' (code {ord(char)})): expected a valid value {values}"
        message = f"expected a value, found {self.describe(self.text[start])}"
        return self.after_comma(message, service) if char == "]" else self.error(message, service=service)

    def no_end(self) -> JsonError:
        """Return the error for text after the value."""
        return self.error("unexpected text after the JSON value", service="Unrecognized trailing text")

    def no_key(self, frame: Frame, char: str) -> JsonError:
        """Return the error for a missing member name."""
        expected = "was expecting double-quote to start field name"
        message = f"expected a member name in double quotes, found {self.describe(char)}"
        if char == "}" and frame.content:
            return self.after_comma(message, f"Unexpected character ('}}' (code 125)): {expected}")
        return self.error(message, expected)

    def after_comma(self, message: str, service: str) -> JsonError:
        """Return the error for a closing bracket, with the comma before it if there is one."""
        comma = self.offset - 1
        while comma > 0 and self.text[comma] in " \t\r\n":
            comma -= 1
        if comma < 0 or self.text[comma] != ",":
            return self.error(message, service=service)
        error = self.error(f"{message} (trailing comma)", service=service)
        error.comma = comma
        return error

    def no_colon(self) -> JsonError:
        """Return the error for a missing colon."""
        expected = "was expecting a colon to separate field name and value"
        return self.error(f'expected ":" after the member name, found {self.describe(self.peek())}', expected)

    def no_separator(self, frame: Frame, char: str) -> JsonError:
        """Return the error for a value that neither a comma nor the closing bracket follows."""
        kind, close = "Object" if frame.is_object else "Array", frame.close
        if char and char in "]}":
            service = f"Unexpected close marker '{char}': expected '{close}' (for {kind}"
            return self.error(f'expected "," or "{close}", found "{char}"', service=service)
        expected = f"was expecting comma to separate {kind} entries"
        return self.error(f'expected "," or "{close}", found {self.describe(char)}', expected)

    def error(
        self,
        message: str,
        expected: str = "",
        *,
        token: str | None = None,
        service: str | None = None,
        code: str = "RP010",
    ) -> JsonError:
        """Return an error at this offset; ``expected`` is what event-ruler's parser says that it was expecting."""
        char = self.peek()
        if service is None and expected:
            if token is not None:
                service = f"Unrecognized token '{token}': {expected}"
            elif char:
                service = f"Unexpected character ('{char}' (code {ord(char)})): {expected}"
            else:
                service = "Unexpected end-of-input"
        return JsonError(message, self.offset, code=code, service_message=service)
