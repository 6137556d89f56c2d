"""Predicates compiled for columns: an answer for each kind, intervals for numbers, one test for strings.

Every element is compiled to the same three parts, so that a predicate costs one look-up for each kind, one search for
each number and one test for each distinct string, however many elements it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.match.strings import any_of, compile_texts, negation
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
    from collections.abc import Iterable, Sequence

    from rumpattern.arrays import Flags, Numbers
    from rumpattern.match.strings import Check
    from rumpattern.pattern.ast import Element, Excluded, TextElement
    from rumpattern.pattern.intervals import Interval
    from rumpattern.plan.plan import Plan

_LITERAL_KINDS: Final = {None: int(Kind.NULL), False: int(Kind.FALSE), True: int(Kind.TRUE)}
_SCALARS: Final = list(map(int, (Kind.NULL, Kind.FALSE, Kind.TRUE, Kind.NUMBER, Kind.STRING)))
_ABSENT: Final = list(map(int, (Kind.MISSING, Kind.OBJECT)))


@dataclass(frozen=True, slots=True, eq=False)
class CompiledPredicate:
    """One predicate.

    Attributes:
        kinds: shape (kinds,), the answer where the kind alone decides it.
        lows: shape (n,), ascending, the numbers that match from here ...
        highs: shape (n,), ... to here, both included; the intervals are disjoint.
        text: the test of a string whose kind does not decide, None if no such string matches.
        equal: the only strings that pass the test, None where it is more than equality.
    """

    kinds: Flags
    lows: Numbers
    highs: Numbers
    text: Check | None
    equal: frozenset[str] | None


def compile_plan(plan: Plan) -> tuple[CompiledPredicate, ...]:
    """Compile the predicates of a plan, in their order."""
    return tuple(compile_elements(predicate.elements) for predicate in plan.predicates)


def compile_elements(elements: Iterable[Element]) -> CompiledPredicate:
    """Compile the elements of one field, of which one must match."""
    parts = _Parts()
    for element in elements:
        parts.add(element)
    texts = compile_texts(parts.texts)
    checks = [*([] if texts is None else [texts]), *parts.checks]
    intervals = np.array(merged(parts.intervals), np.float64).reshape(-1, 2)
    lows, highs = intervals[:, 0].copy(), intervals[:, 1].copy()
    return CompiledPredicate(parts.kinds, lows, highs, any_of(checks), parts.equal())


class _Parts:
    """What the elements of one field match, by kind of value."""

    def __init__(self) -> None:
        self.kinds = np.zeros(len(Kind), dtype=np.bool_)
        self.intervals: list[Interval] = []
        self.texts: list[TextElement] = []
        self.checks: list[Check] = []

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
                self.texts.append(element)
            case _:
                assert_never(element)

    def equal(self) -> frozenset[str] | None:
        """Return the strings that match if equality is all that is asked of strings, else None."""
        values = [element.value for element in self.texts if isinstance(element, StringEquals)]
        return None if self.checks or len(values) < len(self.texts) else frozenset(values)

    def anything_but(self, excluded: Sequence[Excluded]) -> None:
        """Match every scalar of a kind that is not excluded, and of the excluded kind what is left."""
        numbers = [e.value for e in excluded if isinstance(e, NumberEquals) and e.value is not None]
        texts = compile_texts(e for e in excluded if not isinstance(e, NumberEquals))
        left_out = int(Kind.STRING) if texts else int(Kind.NUMBER)
        self.kinds[[kind for kind in _SCALARS if kind != left_out]] = True
        if texts:
            self.checks.append(negation(texts))
        else:
            self.intervals += outside(merged([(number, number) for number in numbers]))
