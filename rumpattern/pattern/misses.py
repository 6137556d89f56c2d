"""Why a field does not match: the nearest miss, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rumpattern.jsontext import NumberText, canonical_number, is_number
from rumpattern.pattern.ast import (
    AddressEquals,
    AnythingBut,
    EqualsIgnoreCase,
    Exists,
    LiteralEquals,
    NumberEquals,
    NumericRange,
    Prefix,
    StringEquals,
    Suffix,
    Wildcard,
)
from rumpattern.pattern.format import format_element, quote
from rumpattern.pattern.reference import accepts, as_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from rumpattern.pattern.ast import Element


_SHOWN: Final = 60
_NEAR: Final = 0.9


class Miss(StrEnum):
    """Kinds of misses, the nearest first."""

    OTHER_ELEMENTS = "each field matches, but in different array elements"
    TYPE = "the right text in another JSON type"
    CASE = "differs in case only"
    SPACE = "differs in white space at its ends only"
    RANGE = "a number outside the range"
    INEXACT = "a number that no double stands for"
    SIMILAR = "a similar string"
    EXCLUDED = "excluded by anything-but"
    PRESENT = "the field is there"
    OTHER_TYPE = "another JSON type"
    VALUE = "another value"
    OTHER_PATH = "the field is absent, a similar path is there"
    OBJECT = "an object, not a value"
    ABSENT = "the field is absent"


_NEAREST: Final = {kind: rank for rank, kind in enumerate(Miss)}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a field does not match: the kind of the miss, what it is here, and for a number by how much."""

    kind: Miss
    text: str
    distance: float = 0

    def __str__(self) -> str:
        return self.text


def of_values(elements: Sequence[Element], values: Collection[object]) -> Reason:
    """Return the nearest miss of values of which none matches any element."""
    reasons = [reason for value in values for element in elements for reason in _misses(element, value)]
    return min(reasons, key=lambda reason: (_NEAREST[reason.kind], reason.distance))


def of_absent(path: str, present: Collection[str]) -> Reason:
    """Return why a path has no value, in an event that has values at other paths."""
    if inside := [other for other in present if other.startswith(f"{path}.")]:
        keys = ", ".join(dict.fromkeys(other[len(path) + 1 :].split(".")[0] for other in inside[:5]))
        return Reason(Miss.OBJECT, f"an object stands there, with {keys}")
    if similar := _similar(path, present):
        return Reason(Miss.OTHER_PATH, f"absent, but {similar} is there")
    parents = [path[:end] for end in range(len(path)) if path[end] == "."]
    if scalar := next((parent for parent in parents if parent in present), None):
        return Reason(Miss.ABSENT, f"absent: {scalar} is no object")
    return Reason(Miss.ABSENT, "absent (an empty object or array counts as absent)")


def _similar(path: str, present: Collection[str]) -> str | None:
    """Return a path that is there and differs in case, in what stands in front of its last key, or in a few letters."""
    folded = path.casefold()
    last = path.rpartition(".")[2]
    same = [other for other in present if other.casefold() == folded]
    moved = [other for other in present if other.rpartition(".")[2] == last and "." in f"{path}{other}"]
    return next(iter([*same, *moved, *get_close_matches(path, present, 1, 0.85)]), None)


def _misses(element: Element, value: object) -> Iterator[Reason]:
    shown = show(value)
    match element:
        case Exists(wanted=False):
            yield Reason(Miss.PRESENT, f"{shown} is there, and nothing may be")
        case AnythingBut():
            yield Reason(Miss.EXCLUDED, f"{shown} is excluded")
        case NumberEquals() | NumericRange() if isinstance(value, NumberText):
            yield Reason(Miss.INEXACT, f"{shown} equals no double, so it compares with no other number")
        case NumberEquals() | NumericRange():
            yield from _number_misses(element, value, shown)
        case LiteralEquals(value=wanted):
            text = canonical_literal(wanted)
            if value == text and isinstance(value, str):
                yield Reason(Miss.TYPE, f"{shown} is not {text} without quotes")
            else:
                is_literal = value is None or isinstance(value, bool)
                yield Reason(Miss.VALUE if is_literal else Miss.OTHER_TYPE, f"{shown} is not {text}")
        case _ if isinstance(value, str) and not isinstance(value, NumberText):
            yield from _text_misses(element, value, shown)
        case _:
            text = _as_text(value)
            if accepts(element, text):
                yield Reason(Miss.TYPE, f"{shown} is not {quote(text)}: {format_element(element)} is about strings")
            else:
                yield _other(shown, value, is_same_type=False)


def _number_misses(element: NumberEquals | NumericRange, value: object, shown: str) -> Iterator[Reason]:
    number = as_number(value)
    if number is not None:
        if isinstance(element, NumericRange):
            yield _outside(element, number, shown)
        else:
            yield _other(shown, value, is_same_type=True)
    elif isinstance(value, str) and is_number(value) and accepts(element, float(value)):
        yield Reason(Miss.TYPE, f"{shown} is not the number {value}: {format_element(element)} is about numbers")
    else:
        yield _other(shown, value, is_same_type=False)


def _outside(bounds: NumericRange, number: float, shown: str) -> Reason:
    is_below = number < bounds.low or (number == bounds.low and not bounds.low_closed)
    bound = bounds.low if is_below else bounds.high
    distance = abs(number - bound)
    if distance == 0:
        return Reason(Miss.RANGE, f"{shown} is the bound, which is excluded")
    text = f"{shown} is {'below' if is_below else 'above'} {canonical_number(bound)} by {distance:.6g}"
    return Reason(Miss.RANGE, text, distance)


def _text_misses(element: Element, value: str, shown: str) -> Iterator[Reason]:
    if accepts(element, value.strip()):
        yield Reason(Miss.SPACE, f"{shown} has white space at its ends")
    if any(accepts(loose, value) for loose in _ignoring_case(element)):
        yield Reason(Miss.CASE, f"{shown} differs in case only")
    wanted = element.value if isinstance(element, (StringEquals, AddressEquals, EqualsIgnoreCase)) else None
    if wanted and get_close_matches(value[:_SHOWN], [wanted[:_SHOWN]], 1, _NEAR):
        yield Reason(Miss.SIMILAR, f"{shown} is similar to {quote(wanted)}")
    yield _other(shown, value, is_same_type=True)


def _ignoring_case(element: Element) -> Iterator[Element]:
    match element:
        case StringEquals(value=value):
            yield EqualsIgnoreCase(value)
        case Prefix(value=value):
            yield Prefix(value, ignore_case=True)
        case Suffix(value=value):
            yield Suffix(value, ignore_case=True)
        case Wildcard(parts=parts):
            yield from (Wildcard(tuple(map(change, parts))) for change in (str.lower, str.upper))
        case _:
            return


def _other(shown: str, value: object, *, is_same_type: bool) -> Reason:
    if is_same_type:
        return Reason(Miss.VALUE, f"{shown} is another value")
    return Reason(Miss.OTHER_TYPE, f"{shown} is {json_type(value)}")


def json_type(value: object) -> str:
    """Return the JSON type of a scalar with its article."""
    if value is None or isinstance(value, bool):
        return "a literal"
    return "a number" if isinstance(value, (int, float, NumberText)) else "a string"


def show(value: object) -> str:
    """Return a scalar as JSON text, cut short."""
    text = quote(value) if isinstance(value, str) and not isinstance(value, NumberText) else _as_text(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def canonical_literal(value: bool | None) -> str:  # noqa: FBT001 - a JSON literal
    """Return true, false or null."""
    return "null" if value is None else "true" if value else "false"


def _as_text(value: object) -> str:
    if value is None or isinstance(value, bool):
        return canonical_literal(value)
    if isinstance(value, (int, float)):
        return canonical_number(float(value)) if math.isfinite(value) else str(value)
    return str(value)
