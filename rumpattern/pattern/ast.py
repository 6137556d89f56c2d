"""The nodes of a compiled event pattern. Where a node came from is kept for findings, but is not part of what it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TypeAlias

from rumpattern.jsontext import Span, comparable


@dataclass(frozen=True, slots=True)
class StringEquals:
    """``"s"``: the string s, code point for code point."""

    value: str


@dataclass(frozen=True, slots=True)
class AddressEquals:
    """``"10.0.0.1"``: a string that is an IP address matches the same address in any spelling."""

    value: str


@dataclass(frozen=True, slots=True)
class NumberEquals:
    """``300``: a number of that value; a number that no double stands for equals only its own text.

    ``text`` is the canonical spelling of a comparable number, so that equal text means equal number.
    """

    text: str

    @property
    def value(self) -> float | None:
        """The double it stands for, None when it is compared as text."""
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
    """``{"exists": true}``: some leaf stands on the path; ``false``: none does."""

    wanted: bool


Element: TypeAlias = StringEquals | AddressEquals | NumberEquals | LiteralEquals | NumericRange | Exists


@dataclass(frozen=True, slots=True)
class Field:
    """One path of a pattern and the elements of its array, of which one must match."""

    path: str
    elements: tuple[Element, ...]
    span: Span = field(compare=False, repr=False)
