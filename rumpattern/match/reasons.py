"""Why the events of a batch do not match one pattern, counted: for each distinct value once, not for each event."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.jsontext import canonical_number
from rumpattern.match.masks import evaluate
from rumpattern.match.predicates import CompiledPredicate, compile_elements
from rumpattern.pattern.explain import explain
from rumpattern.pattern.misses import Miss, Misses, Reason
from rumpattern.plan.plan import Predicate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rumpattern.arrays import Codes, Flags, Integers, Rows
    from rumpattern.columns.batch import Arrays, Column, EventBatch
    from rumpattern.pattern.explain import Explanation
    from rumpattern.pattern.pattern import Pattern


_MISSES: Final = list(Miss)
_LITERALS: Final = {Kind.NULL: None, Kind.FALSE: False, Kind.TRUE: True}


class Cause(NamedTuple):
    """A path, None for the branch as a whole, and how it misses."""

    path: str | None
    kind: Miss


class _CompiledField(NamedTuple):
    """The elements of a field, to be evaluated over a column and to tell why a value misses them."""

    predicate: CompiledPredicate
    misses: Misses


@dataclass(slots=True, eq=False)
class Reasons:
    """Why events do not match a pattern, added up over batches.

    An event is held against the branch of which the fewest fields fail, the first of those.

    Attributes:
        pattern: the pattern.
        branches: the fields of each of its branches.
        fields: its distinct fields, compiled.
        events: how many events have been added.
        matched: how many of them match.
        causes: how many events each cause keeps from matching; an event can have several.
        alone: how many events a cause alone keeps from matching.
        examples: for each cause what the first event has.
    """

    pattern: Pattern
    branches: Sequence[Sequence[Predicate]]
    fields: Mapping[Predicate, _CompiledField]
    events: int = 0
    matched: int = 0
    causes: Counter[Cause] = field(default_factory=Counter)
    alone: Counter[Cause] = field(default_factory=Counter)
    examples: dict[Cause, str] = field(default_factory=dict)

    def ranked(self) -> list[Cause]:
        """Return the causes, those that keep the most events from matching first."""
        return sorted(
            self.causes,
            key=lambda cause: (-self.causes[cause], -self.alone[cause], cause.path or "", _MISSES.index(cause.kind)),
        )

    def add(self, batch: EventBatch) -> Integers:
        """Add the events of a batch that has a column for every path of the pattern.

        Returns:
            Shape (rows,): how many fields keep each row from matching, 0 where it matches.
        """
        masks = {
            predicate: evaluate(compiled.predicate, batch.columns[predicate.path])
            for predicate, compiled in self.fields.items()
        }
        failing_fields = np.full(len(batch), np.iinfo(np.int64).max)
        nearest = np.zeros(len(batch), np.int64)
        for index, branch in enumerate(self.branches):
            failing = len(branch) - sum(masks[predicate].astype(np.int64) for predicate in branch)
            nearest[failing < failing_fields] = index
            np.minimum(failing_fields, failing, out=failing_fields)
        regular = batch.regular()
        for index, branch in enumerate(self.branches):
            missed = regular & (failing_fields > 0) & (nearest == index)
            if missed.any():
                for predicate in branch:
                    rows = np.flatnonzero(missed & ~masks[predicate])
                    self._add_field(predicate, batch.columns[predicate.path], rows, failing_fields == 1)
        for row, event in batch.odd.items():
            explanation = explain(self.pattern.branches, event)
            failing_fields[row] = 0 if explanation.matches else max(1, len(explanation.nearest.failing))
            self._add_event(explanation)
        self.events += len(batch)
        self.matched += int(np.count_nonzero(failing_fields == 0))
        return failing_fields

    def _add_field(self, predicate: Predicate, column: Column, rows: Rows, fails_alone: Flags) -> None:
        for reason, explained in _reasons(self.fields[predicate].misses, column, rows):
            alone = int(np.count_nonzero(fails_alone[explained]))
            self._count(Cause(predicate.path, reason.kind), reason.text, len(explained), alone)

    def _add_event(self, explanation: Explanation) -> None:
        if explanation.matches:
            return
        nearest = explanation.nearest
        if nearest.reason:
            self._count(Cause(None, nearest.reason.kind), nearest.reason.text, 1, 1)
        for verdict in nearest.failing:
            assert verdict.reason is not None
            kind = Miss.ABSENT if verdict.reason.kind is Miss.OTHER_PATH else verdict.reason.kind
            self._count(Cause(verdict.path, kind), verdict.reason.text, 1, int(len(nearest.failing) == 1))

    def _count(self, cause: Cause, example: str, count: int, alone: int) -> None:
        self.causes[cause] += count
        self.alone[cause] += alone
        self.examples.setdefault(cause, example)


def build_reasons(pattern: Pattern) -> Reasons:
    """Return the reasons of a pattern, to which no event has been added."""
    branches = [[Predicate(f.path, f.elements) for f in branch] for branch in pattern.branches]
    distinct = dict.fromkeys(predicate for branch in branches for predicate in branch)
    fields = {
        predicate: _CompiledField(compile_elements(predicate.elements), Misses.prepare(predicate.elements))
        for predicate in distinct
    }
    return Reasons(pattern, branches, fields)


def _reasons(misses: Misses, column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield reasons and the rows they explain, of rows whose values none of the elements matches."""
    kinds = column.kinds[rows]
    for kind in Kind:
        rows_of_kind = rows[kinds == kind]
        if not len(rows_of_kind):
            continue
        match kind:
            case Kind.MISSING:
                yield Reason(Miss.ABSENT, ""), rows_of_kind
            case Kind.OBJECT:
                yield Reason(Miss.OBJECT, ""), rows_of_kind
            case Kind.STRING:
                yield from _string_reasons(misses, column, rows_of_kind)
            case Kind.NUMBER:
                yield from _number_reasons(misses, column, rows_of_kind)
            case Kind.NULL | Kind.FALSE | Kind.TRUE:
                yield misses.nearest(_LITERALS[kind]), rows_of_kind
            case Kind.ARRAY:
                assert column.arrays is not None
                yield from _array_reasons(misses, column.arrays, column.codes, rows_of_kind)
            case Kind.AMBIGUOUS:
                raise AssertionError("an ambiguous row takes the exact path")


def _string_reasons(misses: Misses, column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    codes, inverse = np.unique(column.codes[rows], return_inverse=True)
    return _by_miss([misses.nearest(column.strings[code]) for code in codes.tolist()], inverse, rows)


def _array_reasons(misses: Misses, arrays: Arrays, codes: Codes, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield the reasons for arrays: of each that of its nearest element. An empty one counts as absent."""
    distinct, inverse = np.unique(codes[rows], return_inverse=True)
    reasons = [
        misses.nearest_of(values) if (values := arrays.values(code)) else Reason(Miss.ABSENT, "")
        for code in distinct.tolist()
    ]
    return _by_miss(reasons, inverse, rows)


def _by_miss(reasons: Sequence[Reason], inverse: Rows, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield a reason for each kind of miss, that of the first row; row i has the reason ``inverse[i]``."""
    miss_of_code = np.array([_MISSES.index(reason.kind) for reason in reasons])
    for miss in np.unique(miss_of_code).tolist():
        indices = np.flatnonzero(miss_of_code[inverse] == miss)
        yield reasons[inverse[indices[0]]], rows[indices]


def _number_reasons(misses: Misses, column: Column, rows: Rows) -> Iterator[tuple[Reason, Rows]]:
    """Yield the reasons for numbers: that of the first stands for all but those that would match as strings."""
    numbers, inverse = np.unique(column.numbers[rows], return_inverse=True)
    would_match = np.array([misses.wanting(canonical_number(number)) is not None for number in numbers.tolist()])
    for rows_of_reason in (rows[would_match[inverse]], rows[~would_match[inverse]]):
        if len(rows_of_reason):
            yield misses.nearest(float(column.numbers[rows_of_reason[0]])), rows_of_reason
