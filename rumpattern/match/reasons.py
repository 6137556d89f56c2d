"""Why the events of a batch do not match one pattern, counted: for each distinct value once, not for each event."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.jsontext import canonical_number
from rumpattern.match.masks import evaluate
from rumpattern.match.predicates import compile_elements
from rumpattern.pattern.explain import explain
from rumpattern.pattern.misses import Miss, Misses, Reason
from rumpattern.plan.plan import Predicate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.arrays import Flags, Integers, Rows
    from rumpattern.columns.batch import Column, EventBatch
    from rumpattern.pattern.explain import Explanation
    from rumpattern.pattern.pattern import Pattern


_KINDS = list(Miss)
_LITERALS = {Kind.NULL: None, Kind.FALSE: False, Kind.TRUE: True}


class Cause(NamedTuple):
    """A path, None for the branch as a whole, and how it misses."""

    path: str | None
    kind: Miss


class Reasons:
    """Why events do not match a pattern.

    Attributes:
        events: how many events were looked at.
        matched: how many of them match.
        causes: how many events each cause keeps from matching; an event can have several.
        alone: how many events a cause alone keeps from matching.
        examples: for each cause what the first event has.
    """

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.branches = [[Predicate(f.path, f.elements) for f in branch] for branch in pattern.branches]
        distinct = dict.fromkeys(one for branch in self.branches for one in branch)
        self.predicates = {one: compile_elements(one.elements) for one in distinct}
        self.misses = {one: Misses.prepare(one.elements) for one in distinct}
        self.events = 0
        self.matched = 0
        self.causes: Counter[Cause] = Counter()
        self.alone: Counter[Cause] = Counter()
        self.examples: dict[Cause, str] = {}

    def ranked(self) -> list[Cause]:
        """Return the causes, those that keep the most events from matching first."""
        return sorted(
            self.causes,
            key=lambda cause: (-self.causes[cause], -self.alone[cause], cause.path or "", _KINDS.index(cause.kind)),
        )

    def add(self, batch: EventBatch) -> Integers:
        """Add the events of a batch that has a column for every path of the pattern.

        Returns:
            Shape (rows,): how many fields keep each row from matching, 0 where it matches.
        """
        masks = {one: evaluate(compiled, batch.columns[one.path]) for one, compiled in self.predicates.items()}
        misses = np.full(len(batch), np.iinfo(np.int64).max)
        nearest = np.zeros(len(batch), np.int64)
        for number, branch in enumerate(self.branches):
            failing = len(branch) - sum(masks[one].astype(np.int64) for one in branch)
            nearest[failing < misses] = number
            np.minimum(misses, failing, out=misses)
        regular = batch.regular()
        for number, branch in enumerate(self.branches):
            missed = regular & (misses > 0) & (nearest == number)
            if missed.any():
                for one in branch:
                    self._add_field(one, batch.columns[one.path], np.flatnonzero(missed & ~masks[one]), misses == 1)
        for row, event in batch.odd.items():
            explanation = explain(self.pattern.branches, event)
            misses[row] = 0 if explanation.matches else max(1, len(explanation.nearest.failing))
            self._add_event(explanation)
        self.events += len(batch)
        self.matched += int(np.count_nonzero(misses == 0))
        return misses

    def _add_field(self, one: Predicate, column: Column, rows: Rows, single: Flags) -> None:
        for reason, some in _reasons(self.misses[one], column, rows):
            self._put(Cause(one.path, reason.kind), reason.text, len(some), int(np.count_nonzero(single[some])))

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


def _reasons(misses: Misses, column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
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
                yield from _string_reasons(misses, column, some)
            case Kind.NUMBER:
                yield from _number_reasons(misses, column, some)
            case Kind.NULL | Kind.FALSE | Kind.TRUE:
                yield misses.nearest(_LITERALS[kind]), some
            case Kind.AMBIGUOUS:
                raise AssertionError("an odd row has no column")


def _string_reasons(misses: Misses, column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield a reason for each kind of miss, that of the first row."""
    codes, inverse = np.unique(column.codes[rows], return_inverse=True)
    reasons = [misses.nearest(column.strings[code]) for code in codes.tolist()]
    by_code = np.array([_KINDS.index(reason.kind) for reason in reasons])
    for kind in np.unique(by_code).tolist():
        some = np.flatnonzero(by_code[inverse] == kind)
        yield reasons[inverse[some[0]]], rows[some]


def _number_reasons(misses: Misses, column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield the reasons for numbers: that of the first stands for all but those that would match as strings."""
    numbers, inverse = np.unique(column.numbers[rows], return_inverse=True)
    as_texts = np.array([misses.wanting(canonical_number(number)) is not None for number in numbers.tolist()])
    for some in (rows[as_texts[inverse]], rows[~as_texts[inverse]]):
        if len(some):
            yield misses.nearest(float(column.numbers[some[0]])), some
