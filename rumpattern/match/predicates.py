"""Predicates compiled for columns: kinds that match, intervals of numbers, and one test of strings.

Every operator is compiled to the same three parts, so that a predicate costs one look-up for each kind, one search for
each number and one test for each distinct string, however many elements it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.match.strings import any_of, compile_string_test, negation
from rumpattern.pattern.ast import (
    AddressBlock,
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
from rumpattern.pattern.intervals import closed, merged, outside

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Flags, Numbers
    from rumpattern.match.strings import StringTest
    from rumpattern.pattern.ast import Element, Excluded, TextElement
    from rumpattern.pattern.intervals import Interval
    from rumpattern.plan.plan import Plan

_LITERAL_KINDS: Final = {None: int(Kind.NULL), False: int(Kind.FALSE), True: int(Kind.TRUE)}
_SCALARS: Final = list(map(int, (Kind.NULL, Kind.FALSE, Kind.TRUE, Kind.NUMBER, Kind.STRING)))
_ABSENT: Final = list(map(int, (Kind.MISSING, Kind.OBJECT)))
_NO_KINDS: Final = np.zeros(len(Kind), np.bool_)
_NO_NUMBERS: Final = np.zeros(0)
_NO_STRINGS: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPredicate:
    """A predicate as kinds, intervals and a test of strings. It holds for a value that any of the three accepts.

    Attributes:
        kinds: shape (kinds,), True where all values of the kind match.
        lows: shape (n,), ascending, the lower ends of the intervals of numbers that match, included ...
        highs: shape (n,), ... and their upper ends, included; the intervals are disjoint.
        text: whether a string matches; None if no string does, or all do by their kind.
        equal: the only strings that pass ``text``, None where it tests more than equality.
    """

    kinds: Flags
    lows: Numbers
    highs: Numbers
    text: StringTest | None
    equal: frozenset[str] | None


def compile_plan(plan: Plan) -> tuple[CompiledPredicate, ...]:
    """Compile the predicates of a plan, in their order."""
    return tuple(compile_elements(predicate.elements) for predicate in plan.predicates)


def compile_elements(elements: Sequence[Element]) -> CompiledPredicate:
    """Compile the elements of one field, of which one must match."""
    if len(elements) == 1 and (only := _compile_only(elements[0])) is not None:
        return only
    parts = _PredicateParts()
    for element in elements:
        parts.add(element)
    test = compile_string_test(parts.string_elements)
    tests = [*([] if test is None else [test]), *parts.string_tests]
    intervals = np.array(merged(parts.intervals), np.float64).reshape(-1, 2)
    lows, highs = intervals[:, 0].copy(), intervals[:, 1].copy()  # contiguous, as searches want them
    return CompiledPredicate(parts.kinds, lows, highs, any_of(tests), parts.equal())


def _compile_only(element: Element) -> CompiledPredicate | None:
    """Return the predicate of an element alone if it is one of the two that definitions have by the thousand.

    It shares its empty arrays with all others: half of the memory and a tenth of the time of the general way.
    """
    if isinstance(element, StringEquals):
        equal = frozenset((element.value,))
        return CompiledPredicate(_NO_KINDS, _NO_NUMBERS, _NO_NUMBERS, equal.__contains__, equal)
    if isinstance(element, NumericRange):
        low, high = closed(element)
        if low <= high:
            return CompiledPredicate(_NO_KINDS, np.array((low,)), np.array((high,)), None, _NO_STRINGS)
    return None


class _PredicateParts:
    """What the elements of one field match, collected by kind of value."""

    def __init__(self) -> None:
        self.kinds = np.zeros(len(Kind), dtype=np.bool_)
        self.intervals: list[Interval] = []
        self.string_elements: list[TextElement] = []
        self.string_tests: list[StringTest] = []

    def add(self, element: Element) -> None:
        match element:
            case LiteralEquals(value=value):
                self.kinds[_LITERAL_KINDS[value]] = True
            case Exists(wanted=wanted):
                self.kinds[_SCALARS if wanted else _ABSENT] = True
            case NumberEquals(value=number):
                self.intervals += [] if number is None else [(number, number)]
            case NumericRange():
                self.intervals.append(closed(element))
            case AnythingBut(excluded=excluded):
                self.anything_but(excluded)
            case (
                StringEquals()
                | AddressEquals()
                | AddressBlock()
                | Prefix()
                | Suffix()
                | EqualsIgnoreCase()
                | Wildcard()
            ):
                self.string_elements.append(element)
            case _:
                assert_never(element)

    def equal(self) -> frozenset[str] | None:
        """Return the strings that match if strings are tested for equality alone, else None."""
        values = [element.value for element in self.string_elements if isinstance(element, StringEquals)]
        return None if self.string_tests or len(values) < len(self.string_elements) else frozenset(values)

    def anything_but(self, excluded: Sequence[Excluded]) -> None:
        """Match all scalars of the kinds that are not excluded, and of the excluded kind all but the excluded values.

        The grammar has numbers or strings in one ``anything-but``, never both.
        """
        numbers = [e.value for e in excluded if isinstance(e, NumberEquals) and e.value is not None]
        test = compile_string_test(e for e in excluded if not isinstance(e, NumberEquals))
        excluded_kind = int(Kind.STRING) if test else int(Kind.NUMBER)
        self.kinds[[kind for kind in _SCALARS if kind != excluded_kind]] = True
        if test:
            self.string_tests.append(negation(test))
        else:
            self.intervals += outside(merged([(number, number) for number in numbers]))
