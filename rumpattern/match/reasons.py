"""Why the events of a batch do not match one pattern, counted: for each distinct value once, not for each event."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rumpattern.events.fields import Kind
from rumpattern.jsontext import canonical_number
from rumpattern.match.compiled import compile_elements
from rumpattern.match.kernel import holds
from rumpattern.pattern.ast import TextElement
from rumpattern.pattern.explain import explain
from rumpattern.pattern.misses import Miss, Reason, of_values
from rumpattern.pattern.reference import accepts_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.events.columns import Column, EventBatch, Flags, Rows
    from rumpattern.pattern.ast import Branch, Element
    from rumpattern.pattern.explain import Explanation

    Counts = np.ndarray[tuple[int], np.dtype[np.int64]]

_KINDS = list(Miss)
_LITERALS = {Kind.NULL: None, Kind.FALSE: False, Kind.TRUE: True}


class Cause(NamedTuple):
    """A path, None for the branch as a whole, and how it misses."""

    path: str | None
    kind: Miss


@dataclass(slots=True)
class Reasons:
    """Why events do not match.

    Attributes:
        events: how many events were looked at.
        matched: how many of them match.
        causes: how many events each cause keeps from matching; an event can have several.
        alone: how many events a cause alone keeps from matching.
        examples: for each cause what the first event has.
    """

    events: int = 0
    matched: int = 0
    causes: Counter[Cause] = field(default_factory=Counter)
    alone: Counter[Cause] = field(default_factory=Counter)
    examples: dict[Cause, str] = field(default_factory=dict)

    def ranked(self) -> list[Cause]:
        """Return the causes, those that keep the most events from matching first."""
        return sorted(
            self.causes,
            key=lambda cause: (-self.causes[cause], -self.alone[cause], cause.path or "", _KINDS.index(cause.kind)),
        )

    def add(self, branches: Sequence[Branch], batch: EventBatch) -> Counts:
        """Add the events of a batch that has a column for every path of the pattern.

        Returns:
            Shape (rows,): how many fields keep each row from matching, 0 where it matches.
        """
        masks = [[_mask(f.path, f.elements, batch) for f in branch] for branch in branches]
        whole = np.array([np.logical_and.reduce(some) for some in masks])
        failing = np.array([len(some) - np.sum(some, axis=0) for some in masks])
        matched = whole.any(axis=0)
        misses = np.where(matched, 0, failing.min(axis=0))
        nearest = failing.argmin(axis=0)
        regular = batch.regular()
        for number, (branch, some) in enumerate(zip(branches, masks, strict=True)):
            missed = regular & ~matched & (nearest == number)
            for f, mask in zip(branch, some, strict=True):
                rows = np.flatnonzero(missed & ~mask)
                self._add_field(f.path, f.elements, batch.columns[f.path], rows, failing[number] == 1)
        for row, event in batch.odd.items():
            explanation = explain(branches, event)
            misses[row] = 0 if explanation.matches else max(1, len(explanation.nearest.failing))
            self._add_event(explanation)
        self.events += len(batch)
        self.matched += int(np.count_nonzero(misses == 0))
        return misses

    def _add_field(self, path: str, elements: Sequence[Element], column: Column, rows: Rows, single: Flags) -> None:
        for reason, some in _reasons(elements, column, rows):
            self._put(Cause(path, reason.kind), reason.text, len(some), int(np.count_nonzero(single[some])))

    def _add_event(self, explanation: Explanation) -> None:
        if explanation.matches:
            return
        nearest = explanation.nearest
        if nearest.reason:
            self._put(Cause(None, nearest.reason.kind), nearest.reason.text, 1, 1)
        for verdict in nearest.failing:
            assert verdict.reason is not None
            kind = Miss.ABSENT if verdict.reason.kind is Miss.OTHER_PATH else verdict.reason.kind
            self._put(Cause(verdict.path, kind), verdict.reason.text, 1, int(len(nearest.failing) == 1))

    def _put(self, cause: Cause, text: str, count: int, alone: int) -> None:
        self.causes[cause] += count
        self.alone[cause] += alone
        self.examples.setdefault(cause, text)


def _mask(path: str, elements: Sequence[Element], batch: EventBatch) -> Flags:
    return holds(compile_elements(elements), batch.columns[path])


def _reasons(elements: Sequence[Element], column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield reasons and the rows they hold for, of rows that none of the elements matches."""
    kinds = column.kinds[rows]
    for kind in Kind:
        some = rows[kinds == kind]
        if not len(some):
            continue
        match kind:
            case Kind.MISSING:
                yield Reason(Miss.ABSENT, ""), some
            case Kind.OBJECT:
                yield Reason(Miss.OBJECT, ""), some
            case Kind.STRING:
                yield from _string_reasons(elements, column, some)
            case Kind.NUMBER:
                yield from _number_reasons(elements, column, some)
            case Kind.NULL | Kind.FALSE | Kind.TRUE:
                yield of_values(elements, [_LITERALS[kind]]), some
            case Kind.SEVERAL:
                raise AssertionError("an odd row has no column")


def _string_reasons(elements: Sequence[Element], column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield a reason for each kind of miss, that of the first row."""
    codes, inverse = np.unique(column.codes[rows], return_inverse=True)
    reasons = [of_values(elements, [column.strings[code]]) for code in codes.tolist()]
    by_code = np.array([_KINDS.index(reason.kind) for reason in reasons])
    for kind in np.unique(by_code).tolist():
        some = np.flatnonzero(by_code[inverse] == kind)
        yield reasons[inverse[some[0]]], rows[some]


def _number_reasons(elements: Sequence[Element], column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield the reasons for numbers: that of the first stands for all but those that would match as strings."""
    about_text = [element for element in elements if isinstance(element, TextElement)]
    numbers, inverse = np.unique(column.numbers[rows], return_inverse=True)
    as_texts = np.zeros(len(numbers), np.bool_)
    if about_text:
        texts = map(canonical_number, numbers.tolist())
        as_texts[:] = [any(accepts_text(element, text) for element in about_text) for text in texts]
    for some in (rows[as_texts[inverse]], rows[~as_texts[inverse]]):
        if len(some):
            yield of_values(elements, [float(column.numbers[some[0]])]), some
