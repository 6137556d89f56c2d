"""Read the ``numeric`` operator: an array of comparison operators and numbers, to a range."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Never

from rumpattern.diagnostics.finding import Edit
from rumpattern.jsontext import (
    JsonArray,
    JsonFault,
    JsonLiteral,
    JsonNumber,
    JsonObject,
    JsonString,
    Unknown,
    comparable,
)
from rumpattern.pattern.ast import NumericRange
from rumpattern.pattern.findings import describe

if TYPE_CHECKING:
    from rumpattern.jsontext import JsonValue
    from rumpattern.pattern.findings import Findings


def read_numeric(findings: Findings, node: JsonValue, path: str) -> NumericRange | None:
    """Return the range of a ``numeric`` operator, None if a fault was reported."""
    if not isinstance(node, JsonArray):
        message = f'numeric needs an array such as [">", 0, "<=", 5], not {describe(node)}'
        findings.report("RP110", message, node.span.start, path, "Value of numeric must be an array.")
        return None
    try:
        return _NumericReader(findings, node, path).range()
    except _FaultyRangeError:
        return None


_SLIPS: Final = {"=>": ">=", "=<": "<=", "==": "="}


class _FaultyRangeError(Exception):
    """A range whose fault has been reported."""


class _NumericReader:
    """Reads the terms of one ``numeric`` array, up to the first fault: what a term means depends on those before it."""

    def __init__(self, findings: Findings, node: JsonArray, path: str) -> None:
        self.findings = findings
        self.items = node.items
        self.end = node.span.end - 1
        self.path = path

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
            actual = describe(node) if node else "nothing"
            service = f"Invalid member in numeric match: {_token(node)}"
            self.fail("RP111", f"numeric must start with an operator, not {actual}", 0, service)
        if node.value not in ("=", "<", "<=", ">", ">="):
            service = f"Unrecognized numeric range operator: {node.value}"
            self.fail("RP111", f'unknown numeric operator "{node.value}"', 0, service)
        return node.value

    def bound(self, index: int, symbol: str) -> float:
        node = self.items[index] if index < len(self.items) else None
        if not isinstance(node, JsonNumber):
            actual = describe(node) if node else "nothing"
            name = "equals" if symbol == "=" else symbol
            message = f'"{symbol}" needs a number, not {actual}'
            self.fail("RP112", message, index, f"Value of {name} must be numeric")
        value = comparable(node.text)
        if value is None:
            message = f"{node.text[:40]} cannot be compared exactly: it is not the shortest decimal form of a double"
            self.fail("RP115", message, index, f"Cannot compare number : {node.text}")
        return value

    def single(self, result: NumericRange) -> NumericRange:
        if len(self.items) > 2:  # noqa: PLR2004 - operator and number
            message = 'only ">" and ">=" may be followed by a second bound: the lower bound comes first'
            self.fail("RP113", message, 2, "Too many elements in numeric expression")
        return result

    def two_sided(self, low: float, *, low_closed: bool) -> NumericRange:
        node = self.items[2]
        if not isinstance(node, JsonString):
            message = f'the second bound must start with "<" or "<=", not {describe(node)}'
            self.fail("RP111", message, 2, f"Bad value in numeric range: {_token(node)}")
        if node.value not in ("<", "<="):
            message = f'the second bound must start with "<" or "<=", not "{node.value}"'
            self.fail("RP111", message, 2, f"Bad numeric range operator: {node.value}")
        high = self.bound(3, node.value)
        if len(self.items) > 4:  # noqa: PLR2004 - two operators and two numbers
            self.fail("RP113", "numeric has at most two bounds", 4, "Too many terms in numeric range expression")
        if not low < high:
            self.fail("RP114", "the lower bound must be below the upper bound", 3, "Bottom must be less than top")
        return NumericRange(low, low_closed, high, high_closed=node.value == "<=")

    def fail(self, code: str, message: str, index: int, service: str) -> Never:
        node = self.items[index] if index < len(self.items) else None
        if isinstance(node, JsonFault):
            raise _FaultyRangeError
        offset = node.span.start if node else self.end
        path = f"{self.path}[{index}]" if node else self.path
        meant = _meant(node, index) if isinstance(node, JsonString) and code == "RP111" else None
        hint = f'did you mean "{meant.text}"?' if meant else None
        self.findings.report(code, message, offset, path, service, hint, (meant,) if meant else ())
        raise _FaultyRangeError


def _meant(node: JsonString, index: int) -> Edit | None:
    """Return the edit that corrects a misspelled operator, None if that operator is not allowed at the index."""
    symbol = _SLIPS.get(node.value)
    start, end = node.span.start + 1, node.span.end - 1
    is_escaped = end - start != len(node.value)
    return Edit(start, end, symbol) if symbol and not is_escaped and (index == 0 or symbol == "<=") else None


def _token(node: JsonValue | None) -> str:  # noqa: PLR0911 - one for each kind of value
    """Return the token by which event-ruler's messages name a value."""
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
        case JsonFault() | Unknown():
            return ""
