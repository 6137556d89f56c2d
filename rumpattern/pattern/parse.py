"""Pattern text to fields. Every problem is reported, each with its place; one operator is one row of ``OPERATORS``."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Never, TypeAlias

from rumpattern.diagnostics import Diagnostic, PatternError, Place, did_you_mean
from rumpattern.jsontext import (
    JsonArray,
    JsonError,
    JsonLiteral,
    JsonNumber,
    JsonObject,
    JsonString,
    SourceText,
    canonical_number,
    comparable,
    decode_utf8,
    dump_exact,
    parse,
)
from rumpattern.pattern.address import address
from rumpattern.pattern.ast import AddressEquals, Exists, Field, LiteralEquals, NumberEquals, NumericRange, StringEquals
from rumpattern.pattern.pattern import Pattern, from_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.jsontext import JsonValue, Locate
    from rumpattern.pattern.ast import Element

MAX_PATHS: Final = 256


def parse_pattern(source: str | bytes | Mapping[str, object]) -> Pattern:
    """Compile an event pattern from JSON text or from a mapping of JSON values.

    Raises:
        PatternError: with every problem found in ``.diagnostics``.
        TypeError: a mapping that JSON cannot say.
    """
    if isinstance(source, Mapping):
        text = dump_exact(from_python(source)).decode()
    elif isinstance(source, bytes):
        try:
            text = decode_utf8(source)
        except JsonError as error:
            raise PatternError([Diagnostic(error.code, error.message)]) from None
    else:
        text = source
    document = SourceText(text)
    return parse_located(text, lambda offset: (None, *document.position(offset)), "$")


def parse_located(text: str, locate: Locate, root: str) -> Pattern:
    """Compile pattern text that stands inside a document.

    Args:
        text: the pattern's JSON text.
        locate: from an offset in ``text`` to file, line and column of the document.
        root: the path of the pattern in the document, in front of the path inside the pattern.

    Raises:
        PatternError: with every problem found.
    """
    reader = _Reader(locate, root)
    try:
        node = parse(text)
    except JsonError as error:
        message = f"the pattern is not valid JSON: {error.message}"
        reader.report("RP100", message, error.offset, "", error.service_message)
        raise PatternError(reader.problems) from None
    fields = reader.pattern(node)
    if reader.problems:
        raise PatternError(reader.problems)
    return Pattern(tuple(fields.values()))


class _Reader:
    """Turns nodes into fields and collects what is wrong with them."""

    def __init__(self, locate: Locate, root: str) -> None:
        self.locate = locate
        self.root = root
        self.problems: list[Diagnostic] = []

    def report(  # noqa: PLR0913, PLR0917 - the parts of a finding
        self, code: str, message: str, offset: int, path: str, service: str | None = None, hint: str | None = None
    ) -> None:
        name, line, column = self.locate(offset)
        place = Place(name, line, column, f"{self.root}{path}")
        self.problems.append(Diagnostic(code, message, place, hint, service_message=service))

    def pattern(self, node: JsonValue) -> dict[str, Field]:
        fields: dict[str, Field] = {}
        if not isinstance(node, JsonObject):
            message = f"a pattern is a JSON object, not {describe(node)}"
            self.report("RP101", message, node.span.start, "", "Filter is not an object")
            return fields
        self.object(node, fields)
        if len(fields) > MAX_PATHS:
            self.report("RP117", f"the pattern has {len(fields)} paths, more than {MAX_PATHS}", node.span.start, "")
        return fields

    def object(self, root: JsonObject, fields: dict[str, Field]) -> None:
        """Collect the fields of an object in the order of the text; a path that comes again replaces the first."""
        todo = [self.members(root, "", "")]
        while todo:
            for key, value, path, place in todo[-1]:
                if key.value == "$or":
                    self.report("RP109", '"$or" is not supported yet', key.span.start, place)
                elif isinstance(value, JsonObject):
                    todo.append(self.members(value, f"{path}.", place))
                    break
                elif isinstance(value, JsonArray):
                    fields[path] = self.field(path, value, place)
                else:
                    self.bare_value(key, value, place)
            else:
                todo.pop()

    def members(self, node: JsonObject, prefix: str, where: str) -> Iterator[tuple[JsonString, JsonValue, str, str]]:
        """Return the members of an object, each with its path in events and its place in the pattern."""
        if not node.members:
            service = "Empty objects are not allowed"
            self.report("RP102", "an object must not be empty", node.span.start, where, service)
        return ((key, value, f"{prefix}{key.value}", f"{where}.{key.value}") for key, value in node.members)

    def bare_value(self, key: JsonString, value: JsonValue, place: str) -> None:
        self.report(
            "RP104",
            f"a field's value is an array or an object, not {describe(value)}",
            value.span.start,
            place,
            f'"{key.value}" must be an object or an array',
            "put the value in an array: [...]",
        )

    def field(self, path: str, node: JsonArray, place: str) -> Field:
        if not node.items:
            self.report("RP103", "an array must not be empty", node.span.start, place, "Empty arrays are not allowed")
        elements = [self.element(item, f"{place}[{index}]") for index, item in enumerate(node.items)]
        return Field(path, tuple(e for e in elements if e is not None), node.span)

    def element(self, node: JsonValue, place: str) -> Element | None:
        match node:
            case JsonString(value=value):
                return StringEquals(value) if address(value) is None else AddressEquals(value)
            case JsonNumber(text=text):
                number = comparable(text)
                return NumberEquals(text if number is None else canonical_number(number))
            case JsonLiteral(value=value):
                return LiteralEquals(value)
            case JsonObject():
                return self.operator(node, place)
            case JsonArray():
                service = "Match value must be String, number, true, false, or null"
                self.report("RP105", "an array must not hold an array", node.span.start, place, service)
                return None

    def operator(self, node: JsonObject, place: str) -> Element | None:
        if not node.members:
            message = "an operator object must have one key"
            self.report("RP107", message, node.span.start, place, "Match expression name not found")
            return None
        key, value = node.members[0]
        read = OPERATORS.get(key.value)
        if read is None:
            self.unknown_operator(key, f"{place}.{key.value}")
            return None
        element = read(self, value, f"{place}.{key.value}")
        if len(node.members) > 1:
            extra = node.members[1][0]
            message = f'an operator object has one key; "{extra.value}" is a second one'
            self.report("RP106", message, extra.span.start, place, "Only one key allowed in match expression")
        return element

    def unknown_operator(self, key: JsonString, place: str) -> None:
        if key.value in NOT_YET:
            self.report("RP109", f'operator "{key.value}" is not supported yet', key.span.start, place)
            return
        hint = did_you_mean(key.value, [*OPERATORS, *NOT_YET])
        service = f"Unrecognized match type {key.value}"
        self.report("RP108", f'unknown operator "{key.value}"', key.span.start, place, service, hint)


def describe(node: JsonValue) -> str:
    """Return what a value is, in words for a message."""
    match node:
        case JsonString(value=value):
            return f"the string {json.dumps(value[:40])}"
        case JsonNumber(text=text):
            return f"the number {text[:40]}"
        case JsonLiteral(value=value):
            return json.dumps(value)
        case JsonArray():
            return "an array"
        case JsonObject():
            return "an object"


# --- operators ------------------------------------------------------------------------------------------------------


def _exists(reader: _Reader, node: JsonValue, place: str) -> Element | None:
    if isinstance(node, JsonLiteral) and node.value is not None:
        return Exists(node.value)
    service = "exists match pattern must be either true or false."
    reader.report("RP116", f"exists needs true or false, not {describe(node)}", node.span.start, place, service)
    return None


def _numeric(reader: _Reader, node: JsonValue, place: str) -> Element | None:
    if not isinstance(node, JsonArray):
        message = f'numeric needs an array such as [">", 0, "<=", 5], not {describe(node)}'
        reader.report("RP110", message, node.span.start, place, "Value of numeric must be an array.")
        return None
    try:
        return _NumericReader(reader, node, place).range()
    except _FaultyRangeError:
        return None


class _FaultyRangeError(Exception):
    """A range whose fault has been reported."""


class _NumericReader:
    """Reads the terms of one ``numeric`` array; the first fault ends it, later terms depend on it."""

    def __init__(self, reader: _Reader, node: JsonArray, place: str) -> None:
        self.reader = reader
        self.items = node.items
        self.end = node.span.end - 1
        self.place = place

    def range(self) -> NumericRange:
        symbol = self.first_operator()
        low = self.bound(1, symbol)
        if symbol == "=":
            return self.single(NumericRange(low, low_closed=True, high=low, high_closed=True))
        if symbol in ("<", "<="):
            return self.single(NumericRange(high=low, high_closed=symbol == "<="))
        if len(self.items) == 2:  # noqa: PLR2004 - operator and number
            return NumericRange(low=low, low_closed=symbol == ">=")
        return self.two_sided(low, low_closed=symbol == ">=")

    def first_operator(self) -> str:
        node = self.items[0] if self.items else None
        if not isinstance(node, JsonString):
            found = describe(node) if node else "nothing"
            service = f"Invalid member in numeric match: {_token(node)}"
            self.fail("RP111", f"numeric starts with an operator, not {found}", 0, service)
        if node.value not in ("=", "<", "<=", ">", ">="):
            service = f"Unrecognized numeric range operator: {node.value}"
            self.fail("RP111", f'unknown numeric operator "{node.value}"', 0, service, _symbol_hint(node.value))
        return node.value

    def bound(self, index: int, symbol: str) -> float:
        node = self.items[index] if index < len(self.items) else None
        if not isinstance(node, JsonNumber):
            found = describe(node) if node else "nothing"
            name = "equals" if symbol == "=" else symbol
            message = f'"{symbol}" needs a number, not {found}'
            self.fail("RP112", message, index, f"Value of {name} must be numeric")
        value = comparable(node.text)
        if value is None:
            message = f"{node.text[:40]} cannot be compared exactly: no double is spelled so"
            self.fail("RP115", message, index, f"Cannot compare number : {node.text}")
        return value

    def single(self, result: NumericRange) -> NumericRange:
        if len(self.items) > 2:  # noqa: PLR2004 - operator and number
            message = 'only ">" and ">=" may be followed by a second bound: the low bound comes first'
            self.fail("RP113", message, 2, "Too many elements in numeric expression")
        return result

    def two_sided(self, low: float, *, low_closed: bool) -> NumericRange:
        node = self.items[2]
        if not isinstance(node, JsonString):
            message = f'the second bound starts with "<" or "<=", not {describe(node)}'
            self.fail("RP111", message, 2, f"Bad value in numeric range: {_token(node)}")
        if node.value not in ("<", "<="):
            message = f'the second bound starts with "<" or "<=", not "{node.value}"'
            self.fail("RP111", message, 2, f"Bad numeric range operator: {node.value}", _symbol_hint(node.value))
        high = self.bound(3, node.value)
        if len(self.items) > 4:  # noqa: PLR2004 - two operators and two numbers
            self.fail("RP113", "numeric has at most two bounds", 4, "Too many terms in numeric range expression")
        if not low < high:
            self.fail("RP114", "the low bound must be below the high bound", 3, "Bottom must be less than top")
        return NumericRange(low, low_closed, high, high_closed=node.value == "<=")

    def fail(self, code: str, message: str, index: int, service: str, hint: str | None = None) -> Never:
        inside = index < len(self.items)
        offset = self.items[index].span.start if inside else self.end
        place = f"{self.place}[{index}]" if inside else self.place
        self.reader.report(code, message, offset, place, service, hint)
        raise _FaultyRangeError


def _symbol_hint(symbol: str) -> str | None:
    swapped = {"=>": ">=", "=<": "<=", "==": "="}.get(symbol)
    return f'did you mean "{swapped}"?' if swapped else None


def _token(node: JsonValue | None) -> str:
    match node:
        case None:
            return "]"
        case JsonString(value=value):
            return value
        case JsonNumber(text=text):
            return text
        case JsonLiteral(value=value):
            return json.dumps(value)
        case JsonArray():
            return "["
        case JsonObject():
            return "{"


_Operator: TypeAlias = Callable[[_Reader, "JsonValue", str], "Element | None"]
OPERATORS: Final[dict[str, _Operator]] = {"numeric": _numeric, "exists": _exists}
NOT_YET: Final = ("prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "cidr", "exactly")
