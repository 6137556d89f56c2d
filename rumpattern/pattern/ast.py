"""The nodes of a compiled event pattern. Spans are kept for findings; they take no part in comparison."""

from __future__ import annotations

import math
from dataclasses import field
from typing import TypeAlias

from rumpattern.dataclass import dataclass
from rumpattern.jsontext import Span, comparable


@dataclass(frozen=True, slots=True)
class StringEquals:
    """``"s"`` or ``{"exactly": "s"}``: the string s, code point for code point."""

    value: str


@dataclass(frozen=True, slots=True)
class AddressEquals:
    """``"10.0.0.1"``: a string that is an IP address matches the same address in any spelling."""

    value: str


@dataclass(frozen=True, slots=True)
class NumberEquals:
    """``300``: numbers of that value; a number that is not comparable equals only its own text.

    ``text`` is the canonical spelling of a comparable number, so that equal text means an equal number.
    """

    text: str

    @property
    def value(self) -> float | None:
        """The double that it is compared as, None if it is compared as text."""
        return comparable(self.text)


@dataclass(frozen=True, slots=True)
class LiteralEquals:
    """``true``, ``false`` or ``null``: that literal only."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class NumericRange:
    """``{"numeric": [...]}``: comparable numbers between two bounds; an open side is infinite."""

    low: float = -math.inf
    low_closed: bool = False
    high: float = math.inf
    high_closed: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether the finite double ``value`` lies in the range."""
        above = value > self.low or (self.low_closed and value == self.low)
        below = value < self.high or (self.high_closed and value == self.high)
        return above and below


@dataclass(frozen=True, slots=True)
class Exists:
    """``{"exists": true}``: there is a leaf on the path; ``false``: there is none."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """``{"cidr": "10.0.0.0/8"}``: strings that are an address of the same family in the block.

    ``network`` is 4 or 16 bytes, all of them zero after the first ``bits`` bits.
    """

    network: bytes
    bits: int

    def holds(self, address: bytes) -> bool:
        """Tell whether an address of 4 or 16 bytes lies in the block."""
        host_bits = 8 * len(self.network) - self.bits
        difference = int.from_bytes(address, "big") ^ int.from_bytes(self.network, "big")
        return len(address) == len(self.network) and difference >> host_bits == 0


@dataclass(frozen=True, slots=True)
class Prefix:
    """``{"prefix": "s"}`` or ``{"prefix": {"equals-ignore-case": "s"}}``: strings that start with s."""

    value: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Suffix:
    """``{"suffix": "s"}`` or ``{"suffix": {"equals-ignore-case": "s"}}``: strings that end with s."""

    value: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class EqualsIgnoreCase:
    """``{"equals-ignore-case": "s"}``: strings with the lower or upper form of each character of s."""

    value: str


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``{"wildcard": "a*b"}``: strings that are the parts, in order, with any text between them."""

    parts: tuple[str, ...]


Excluded: TypeAlias = StringEquals | NumberEquals | Prefix | Suffix | EqualsIgnoreCase | Wildcard


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """``{"anything-but": x}``: leaves that no excluded element matches; the excluded elements are of one type."""

    excluded: tuple[Excluded, ...]


TextElement: TypeAlias = StringEquals | AddressEquals | AddressBlock | Prefix | Suffix | EqualsIgnoreCase | Wildcard
"""The elements that match strings only."""
Element: TypeAlias = TextElement | NumberEquals | LiteralEquals | NumericRange | Exists | AnythingBut


@dataclass(frozen=True, slots=True)
class Field:
    """A path of a pattern and its alternatives.

    Attributes:
        path: the keys that lead to the field in an event, joined by dots.
        elements: the elements of its array, of which one must match.
        span: the span of the array in the pattern's text.
        spans: the spans of its elements.
    """

    path: str
    elements: tuple[Element, ...]
    span: Span = field(compare=False, repr=False)
    spans: tuple[Span, ...] = field(default=(), compare=False, repr=False)


Branch: TypeAlias = tuple[Field, ...]
"""The fields that must all match, each path once."""
