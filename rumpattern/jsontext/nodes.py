"""JSON values with the spans of the text that they were read from."""

from __future__ import annotations

import re
from dataclasses import field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Locate: TypeAlias = "Callable[[int], tuple[str | None, int, int]]"
"""From a character offset to (file name or None, line, column)."""
OffsetOf: TypeAlias = "Callable[[int], int]"
"""From the index of a character in a string's value to its offset in the document."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of the text that a node was read from."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class JsonString:
    """A string.

    Attributes:
        value: its characters, unescaped; the escape of a lone surrogate is that surrogate.
        span: where it was read from, quotes included.
        offset_of: the offsets of its characters, if it was not written as JSON (as in YAML); None if it was.
    """

    value: str
    span: Span = field(compare=False, repr=False)
    offset_of: OffsetOf | None = field(compare=False, repr=False, default=None)


@dataclass(frozen=True, slots=True)
class JsonNumber:
    """A number as it was written."""

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
    """A JSON object with all its members in order, including those with duplicate keys."""

    members: tuple[tuple[JsonString, JsonValue], ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class JsonFault:
    """Invalid text where a value is expected; only parsers that recover from faults return it."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is known only when the document is deployed.

    Attributes:
        what: what computes it: an intrinsic function of CloudFormation by its full name (``Ref``, ``Fn::Sub``), a YAML
            tag, or ``after apply`` in a Terraform plan.
        argument: what it is computed from.
        span: where it was read from.
    """

    what: str
    argument: JsonValue
    span: Span = field(compare=False, repr=False)


JsonValue: TypeAlias = JsonString | JsonNumber | JsonLiteral | JsonArray | JsonObject | JsonFault | Unknown


def to_python(node: JsonValue) -> object:
    """Return a node as plain Python values; the last of duplicate keys wins, as in most JSON decoders.

    Raises:
        ValueError: it contains a fault or an unknown value.
    """
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
        """Return the offset in this text of character ``index`` of a string literal's unescaped value."""
        offsets = _offsets_in_string(self.text, literal)
        return offsets[min(index, len(offsets) - 1)]


@lru_cache(maxsize=8)
def _offsets_in_string(text: str, literal: Span) -> Sequence[int]:
    """Return the offset of each character of a string literal's unescaped value, and that of its closing quote.

    The last few results are cached: each finding in a pattern asks about the same literal.
    """
    first, end = literal.start + 1, literal.end - 1
    if text.find("\\", first, end) < 0:
        return range(first, end + 1)
    return [*(unit.start() for unit in _ESCAPE_UNIT.finditer(text, first, end)), end]


_ESCAPE_UNIT: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
