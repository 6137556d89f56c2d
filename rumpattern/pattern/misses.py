"""The nearest miss: the reason, of all that apply, why a field does not match that is the easiest to fix."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rumpattern.jsontext import NumberText, canonical_number, comparable, is_number
from rumpattern.pattern import casing, wildcard
from rumpattern.pattern.ast import (
    AnythingBut,
    Exists,
    LiteralEquals,
    NumberEquals,
    NumericRange,
    Prefix,
    StringEquals,
    Suffix,
    TextElement,
    Wildcard,
)
from rumpattern.pattern.format import format_element, quote
from rumpattern.pattern.reference import accepts, accepts_text, as_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from rumpattern.pattern.ast import Element


_MAX_SHOWN: Final = 60
_MAX_COMPARED: Final = 20
_ESCAPE: Final = re.compile(r"\\\\|\\u([0-9a-f]{4})")


class Miss(StrEnum):
    """Kinds of misses, in the order of their rank: the nearest, which a small change would remove, first."""

    OTHER_ELEMENTS = "each field matches, but in different array elements"
    TYPE = "the right text, but another JSON type"
    CASE = "differs only in case"
    SPACE = "differs only in leading or trailing white space"
    RANGE = "a number outside the range"
    INEXACT = "a number that cannot be compared"
    SIMILAR = "a similar string"
    EXCLUDED = "excluded by anything-but"
    PRESENT = "the field is present"
    OTHER_TYPE = "another JSON type"
    VALUE = "a different value"
    OTHER_PATH = "the field is absent; a similar path is present"
    OBJECT = "an object, not a value"
    ABSENT = "the field is absent"


_RANKS: Final = {kind: rank for rank, kind in enumerate(Miss)}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a field does not match.

    Attributes:
        kind: the kind of miss.
        text: the reason for this value, one line.
        distance: how far a number is from the range; 0 for other kinds.
    """

    kind: Miss
    text: str
    distance: float = 0

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Misses:
    """The elements of one field, prepared by ``prepare`` to explain many values that none of them matches.

    Attributes:
        texts: the elements that match strings only.
        operators: those of them that are not plain strings.
        strings: the plain strings, each once; ``folded`` and ``stripped`` are their keys for look-up.
        folded: see ``strings``.
        stripped: see ``strings``.
        numbers: the elements that match numbers only.
        literals: the accepted literals.
        excludes: whether there is an anything-but.
        wants_none: whether the field may be absent.
    """

    # What does not depend on the value is computed once, in sets: a field may have thousands of strings and a column as
    # many distinct values, whose product is too much. SIMILAR has to compare pairs, so it is for few strings only.

    texts: tuple[TextElement, ...]
    operators: tuple[TextElement, ...]
    strings: tuple[str, ...]
    folded: frozenset[str]
    stripped: frozenset[str]
    numbers: tuple[NumberEquals | NumericRange, ...]
    literals: tuple[bool | None, ...]
    excludes: bool
    wants_none: bool

    @classmethod
    def prepare(cls, elements: Sequence[Element]) -> Misses:
        """Return the misses of a field with these elements."""
        texts = tuple(element for element in elements if isinstance(element, TextElement))
        strings = tuple(dict.fromkeys(element.value for element in texts if isinstance(element, StringEquals)))
        return cls(
            texts,
            operators=tuple(element for element in texts if not isinstance(element, StringEquals)),
            strings=strings,
            folded=frozenset(map(casing.folded, strings)),
            stripped=frozenset(text.strip() for text in strings),
            numbers=tuple(element for element in elements if isinstance(element, (NumberEquals, NumericRange))),
            literals=tuple(element.value for element in elements if isinstance(element, LiteralEquals)),
            excludes=any(isinstance(element, AnythingBut) for element in elements),
            wants_none=Exists(wanted=False) in elements,
        )

    def nearest(self, value: object) -> Reason:
        """Return the nearest miss of a value that no element matches."""
        if isinstance(value, NumberText):
            near = self._of_inexact(value)
        elif isinstance(value, str):
            near = self._of_string(value)
        elif value is None or isinstance(value, bool):
            near = self._of_literal(value)
        else:
            number = as_number(value)
            assert number is not None
            near = self._of_number(number)
        return near or self._other(value)

    def nearest_of(self, values: Iterable[object]) -> Reason:
        """Return the nearest miss among values that no element matches; there is at least one."""
        return min(map(self.nearest, values), key=lambda reason: (_RANKS[reason.kind], reason.distance))

    def _other(self, value: object) -> Reason:
        shown = show(value)
        if self.excludes:
            return Reason(Miss.EXCLUDED, f"{shown} is excluded")
        if self.wants_none:
            return Reason(Miss.PRESENT, f"{shown} is present, and the field must be absent")
        is_string = isinstance(value, str) and not isinstance(value, NumberText)
        is_number = not is_string and value is not None and not isinstance(value, bool)
        if (self.texts and is_string) or (self.numbers and is_number):
            return Reason(Miss.VALUE, f"{shown} is a different value")
        if self.literals:
            kind = Miss.OTHER_TYPE if is_string or is_number else Miss.VALUE
            return Reason(kind, f"{shown} is not {' or '.join(map(canonical_literal, self.literals))}")
        return Reason(Miss.OTHER_TYPE, f"{shown} is {json_type(value)}")

    def wanting(self, text: str) -> TextElement | None:
        """Return the first element that matches a string, None if no element does."""
        return next((element for element in self.texts if accepts_text(element, text)), None)

    def _as_text(self, value: object, text: str) -> Reason | None:
        """Return the miss of a value that would match if it were a string."""
        element = self.wanting(text)
        if element is None:
            return None
        message = f"{show(value)} is not {_quoted(text)}: {readable(format_element(element))} matches strings only"
        return Reason(Miss.TYPE, message)

    def _of_inexact(self, value: NumberText) -> Reason | None:
        if self.numbers:
            text = f"{show(value)} is not the shortest decimal form of a double, so it equals no other number"
            return Reason(Miss.INEXACT, text)
        return self._as_text(value, str(value))

    def _of_literal(self, value: bool | None) -> Reason | None:  # noqa: FBT001 - a JSON literal
        return self._as_text(value, canonical_literal(value))

    def _of_number(self, number: float) -> Reason | None:
        as_text = self._as_text(number, canonical_number(number))
        ranges = [_outside(element, number) for element in self.numbers if isinstance(element, NumericRange)]
        return as_text or min(ranges, key=lambda reason: reason.distance, default=None)

    def _of_string(self, value: str) -> Reason | None:
        shown = show(value)
        if value in map(canonical_literal, self.literals):
            return Reason(Miss.TYPE, f"{shown} is not {value} without quotes")
        number = comparable(value) if self.numbers and len(value) < _MAX_SHOWN and is_number(value) else None
        for element in self.numbers:
            if number is not None and accepts(element, number):
                text = f"{shown} is not the number {value}: {format_element(element)} matches numbers only"
                return Reason(Miss.TYPE, text)
        if casing.folded(value) in self.folded or any(_ignoring_case(element, value) for element in self.operators):
            return Reason(Miss.CASE, f"{shown} differs only in case")
        if value.strip() in self.stripped or any(accepts_text(element, value.strip()) for element in self.operators):
            return Reason(Miss.SPACE, f"{shown} differs only in leading or trailing white space")
        if len(self.strings) <= _MAX_COMPARED:
            for wanted in self.strings:
                if _is_similar(value, wanted):
                    return Reason(Miss.SIMILAR, f"{shown} is similar to {_quoted(wanted)}")
        return None


def of_values(elements: Sequence[Element], values: Iterable[object]) -> Reason:
    """Return the nearest miss among values that no element matches."""
    return Misses.prepare(elements).nearest_of(values)


def of_absent(path: str, present: Collection[str]) -> Reason:
    """Return the miss of a path without value in an event with values at the paths ``present``."""
    if inside := [other for other in present if other.startswith(f"{path}.")]:
        keys = ", ".join(dict.fromkeys(other[len(path) + 1 :].split(".")[0] for other in inside[:5]))
        return Reason(Miss.OBJECT, f"an object with the members {keys}")
    if similar := _similar(path, present):
        return Reason(Miss.OTHER_PATH, f"absent, but {similar} is present")
    parents = [path[:end] for end in range(len(path)) if path[end] == "."]
    if scalar := next((parent for parent in parents if parent in present), None):
        return Reason(Miss.ABSENT, f"absent: {scalar} is not an object")
    return Reason(Miss.ABSENT, "absent (an empty object or array counts as absent)")


def _similar(path: str, present: Collection[str]) -> str | None:
    """Return a present path that differs only in case, in the keys before its last one, or in a few letters."""
    folded = path.casefold()
    last = path.rpartition(".")[2]
    same = [other for other in present if other.casefold() == folded]
    moved = [other for other in present if other.rpartition(".")[2] == last and "." in f"{path}{other}"]
    return next(iter([*same, *moved, *get_close_matches(path, present, 1, 0.85)]), None)


def _outside(bounds: NumericRange, number: float) -> Reason:
    is_below = number < bounds.low or (number == bounds.low and not bounds.low_closed)
    bound = bounds.low if is_below else bounds.high
    distance, shown = abs(number - bound), show(number)
    if distance == 0:
        return Reason(Miss.RANGE, f"{shown} is the bound, which is excluded")
    text = f"{shown} is {'below' if is_below else 'above'} {canonical_number(bound)} by {distance:.6g}"
    return Reason(Miss.RANGE, text, distance)


def _ignoring_case(element: TextElement, value: str) -> bool:
    match element:
        case Prefix(value=start):
            return casing.starts(start, value)
        case Suffix(value=end):
            return casing.ends(end, value)
        case Wildcard(parts=parts):
            return wildcard.fits(tuple(map(casing.folded, parts)), casing.folded(value))
        case _:
            return False


def _is_similar(left: str, right: str) -> bool:
    """Tell whether two strings differ in one part only, of at most a tenth of their length."""
    longest = max(len(left), len(right))
    if 10 * abs(len(left) - len(right)) > longest:
        return False
    start = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    backwards = zip(reversed(left[start:]), reversed(right[start:]), strict=False)
    end = next((i for i, (a, b) in enumerate(backwards) if a != b), min(len(left), len(right)) - start)
    return 10 * (longest - start - end) <= longest


def json_type(value: object) -> str:
    """Return the JSON type of a scalar with its article."""
    if value is None or isinstance(value, bool):
        return "a literal"
    return "a number" if isinstance(value, (int, float, NumberText)) else "a string"


def show(value: object) -> str:
    """Return a scalar as JSON text of at most 60 characters."""
    if isinstance(value, str) and not isinstance(value, NumberText):
        return _quoted(value) if len(value) < _MAX_SHOWN - 1 else f"{_quoted(value[: _MAX_SHOWN - 2])[:-1]}…"
    text = _as_text(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"


def readable(text: str) -> str:
    """Return JSON text with printable characters instead of their escapes."""
    return _ESCAPE.sub(lambda escape: _letter(escape[0], escape[1]), text)


def _letter(escape: str, digits: str | None) -> str:
    char = chr(int(digits, 16)) if digits else ""
    return char if char.isprintable() and char else escape


def _quoted(text: str) -> str:
    return readable(quote(text))


def canonical_literal(value: bool | None) -> str:  # noqa: FBT001 - a JSON literal
    """Return true, false or null."""
    return "null" if value is None else "true" if value else "false"


def _as_text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return canonical_literal(value)
    if isinstance(value, (int, float)):
        return canonical_number(float(value)) if math.isfinite(value) else str(value)
    return str(value)
