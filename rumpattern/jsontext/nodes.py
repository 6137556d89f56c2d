"""JSON values that know where they stand in their text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Locate: TypeAlias = "Callable[[int], tuple[str | None, int, int]]"
"""From a character offset to (file name or None, line, column)."""
OffsetOf: TypeAlias = "Callable[[int], int]"
"""From the index of a character in a string's value to the offset where it stands in the document."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (exclusive) of the text that a node was read from."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class JsonString:
    """A JSON string; ``value`` is unescaped, a lone surrogate escape is kept as itself.

    ``offset_of`` tells where each character of the value stands in the document if the string is no JSON text there.
    """

    value: str
    span: Span = field(compare=False, repr=False)
    offset_of: OffsetOf | None = field(compare=False, repr=False, default=None)


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
