"""The match kernel: every predicate is tested once for each distinct string and once over all numbers of a column.

Rows that columns cannot say exactly are answered by the slow matcher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rumpattern.events.fields import Kind
from rumpattern.pattern.ast import Exists, LiteralEquals, NumberEquals, NumericRange
from rumpattern.pattern.reference import accepts, leaves, matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.events.columns import Column, EventBatch, Flags
    from rumpattern.pattern.ast import Element
    from rumpattern.plan.plan import Plan, Predicate

_LITERAL_KINDS = {None: Kind.NULL, False: Kind.FALSE, True: Kind.TRUE}


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Which rows of a batch each definition matches."""

    masks: tuple[Flags, ...]

    def mask(self, index: int) -> Flags:
        """Return shape (rows,): True where definition ``index`` matches."""
        return self.masks[index]

    def counts(self) -> list[int]:
        """Return the number of matched rows of each definition, in their order."""
        return [int(np.count_nonzero(mask)) for mask in self.masks]


def match(plan: Plan, batch: EventBatch) -> Matches:
    """Match all definitions of a plan against all rows of a batch."""
    tested: dict[int, Flags] = {}
    masks = []
    for step in plan.steps:
        mask = np.ones(len(batch), dtype=np.bool_)
        for index in step.predicates:
            if index not in tested:
                predicate = plan.predicates[index]
                tested[index] = holds(predicate, batch.columns[predicate.path])
            mask &= tested[index]
            if not mask.any():
                break
        masks.append(mask)
    _match_odd_rows(plan, batch, masks)
    return Matches(tuple(masks))


def holds(predicate: Predicate, column: Column) -> Flags:
    """Return shape (rows,): True where one of the predicate's elements matches. Odd rows get any answer."""
    elements = predicate.elements
    answers = _kind_answers(elements)[column.kinds]
    if column.strings:
        distinct = [any(accepts(element, text) for element in elements) for text in column.strings]
        answers |= np.array(distinct, dtype=np.bool_)[column.codes] & (column.kinds == Kind.STRING)
    ranges = [bounds for bounds in map(_bounds, elements) if bounds is not None]
    if ranges:
        is_number = column.kinds == Kind.NUMBER
        for bounds in ranges:
            answers |= _within(column, bounds) & is_number
    return answers


def _kind_answers(elements: Sequence[Element]) -> Flags:
    """Return shape (kinds,): the answer where the kind alone decides it."""
    answers = np.zeros(len(Kind), dtype=np.bool_)
    for element in elements:
        match element:
            case LiteralEquals(value=value):
                answers[_LITERAL_KINDS[value]] = True
            case Exists(wanted=True):
                answers[[Kind.NULL, Kind.FALSE, Kind.TRUE, Kind.NUMBER, Kind.STRING]] = True
            case Exists(wanted=False):
                answers[[Kind.MISSING, Kind.OBJECT]] = True
            case _:
                pass
    return answers


def _bounds(element: Element) -> NumericRange | None:
    """Return the numbers that an element matches as a range, None when it matches no number that a column holds."""
    if isinstance(element, NumericRange):
        return element
    value = element.value if isinstance(element, NumberEquals) else None
    return None if value is None else NumericRange(value, low_closed=True, high=value, high_closed=True)


def _within(column: Column, bounds: NumericRange) -> Flags:
    numbers = column.numbers
    above = numbers >= bounds.low if bounds.low_closed else numbers > bounds.low
    below = numbers <= bounds.high if bounds.high_closed else numbers < bounds.high
    return above & below


def _match_odd_rows(plan: Plan, batch: EventBatch, masks: Sequence[Flags]) -> None:
    for row, event in batch.odd.items():
        found = leaves(event)
        for step, mask in zip(plan.steps, masks, strict=True):
            pattern = step.definition.pattern
            mask[row] = pattern is None or matches(pattern.fields, found)
