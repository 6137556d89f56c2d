"""The match kernel: rows are partitioned by event type, and each partition meets the definitions that can match it.

A few definitions are matched by masks, many by classes, very many by keys. Rows that columns cannot say exactly go the
exact path: their events are matched one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from rumpattern.columns.batch import kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.match.by_class import ClassMatcher, build_class_matcher, tables_by_path
from rumpattern.match.by_event import EventMatcher, match_events
from rumpattern.match.by_key import KeyMatcher
from rumpattern.match.code_table import MAX_CODES, MAX_CODES_OF_ENGINE
from rumpattern.match.key_index import build_key_index
from rumpattern.match.masks import MaskMatcher, PassingEntries, build_mask_matcher
from rumpattern.match.partition import MAX_BRANCHES, bounded_partitions, branches_of_type, untyped_branches
from rumpattern.match.row_lists import concat_by_definition
from rumpattern.match.rowwise import RowwiseKernel, best_rowwise
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from rumpattern.arrays import Flags, Integers, Rows
    from rumpattern.columns.batch import EventBatch
    from rumpattern.match.partition import Branches, Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.row_lists import RowLists
    from rumpattern.match.selection import Selection
    from rumpattern.plan.plan import Plan

Matcher: TypeAlias = MaskMatcher | ClassMatcher | KeyMatcher
FEW_BRANCHES: Final = 3
"""Branches up to which a partition is matched by masks; above, by classes.

The time of masks grows with every branch, that of classes hardly: 131 against 182 us for one branch over 12,000 rows,
162 against 177 for three, 202 against 186 for five, 336 against 185 for twelve. Over 600,000 rows they cross later.
"""
_FEW_TYPES: Final = 16
"""Event types up to which each one's rows are looked for; above, all rows are sorted by type.

Looking takes a pass for each type, sorting as long for any number: 0.4 against 0.9 ms for 100,000 rows of 4 types, 0.7
against 0.9 of 8, 1.2 against 0.9 of 16.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Which rows of a batch each definition matches: definition i matches ``rows[offsets[i]:offsets[i + 1]]``.

    Definitions have the indices that they have in ``engine.plan.definitions``, rows those of the batch; a line that was
    rejected has no row (``EventBatch.indices`` leads from rows to lines).

        matches = engine.match(batch)
        matches.counts()                        # [40, 3]: two definitions match 40 and 3 rows
        matches.mask(1)                         # array([False, True, ...]), shape (len(batch),)
        [lines[batch.indices[row]] for row in matches.of(1)]    # the lines of the three events

    Attributes:
        size: how many rows the batch has.
        offsets: shape (definitions + 1,), ascending from 0 to the number of matches.
        rows: shape (matches,), ascending within each definition.
    """

    size: int
    offsets: Integers
    rows: Rows

    def mask(self, index: int) -> Flags:
        """Return shape (size,): True where definition ``index`` matches; a new array each time."""
        mask = np.zeros(self.size, dtype=np.bool_)
        mask[self.of(index)] = True
        return mask

    def counts(self) -> list[int]:
        """Return the number of matched rows of each definition, in their order."""
        counts: list[int] = np.diff(self.offsets).tolist()
        return counts

    def of(self, index: int) -> Rows:
        """Return shape (matches of definition ``index``,): its rows, ascending; a view of ``rows``."""
        return self.rows[self.offsets[index] : self.offsets[index + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class Algorithms:
    """By which algorithm the definitions of a partition are matched. All of them give the same matches.

    Attributes:
        few_branches: branches up to which masks are used.
        max_codes: combinations of classes up to which a table is used.
        rowwise: what is used where there are more combinations.
        many_branches: branches up to which no keys are used.
    """

    few_branches: int
    max_codes: int
    rowwise: RowwiseKernel
    many_branches: int

    def matchers(
        self, plan: Plan, predicates: Sequence[CompiledPredicate], definitions: Sequence[tuple[int, Branches]]
    ) -> list[Matcher]:
        """Build the matchers of definitions with their branches."""
        by_key: list[Matcher] = []
        if sum(len(branches) for _, branches in definitions) > self.many_branches:
            index, rest = build_key_index(plan, predicates, definitions)
            if index is not None:
                left = {definition for definition, _ in rest}
                indexed = [one for one in definitions if one[0] not in left]
                others = partial(self.column_matchers, plan, predicates, indexed)
                by_key, definitions = [KeyMatcher(index, self.rowwise, others)], rest
        return [*by_key, *self.column_matchers(plan, predicates, definitions)]

    def column_matchers(
        self, plan: Plan, predicates: Sequence[CompiledPredicate], definitions: Sequence[tuple[int, Branches]]
    ) -> list[MaskMatcher | ClassMatcher]:
        """Build matchers by masks and classes."""
        return [self.matcher(partition, predicates) for partition in bounded_partitions(plan, predicates, definitions)]

    def matcher(self, partition: Partition, predicates: Sequence[CompiledPredicate]) -> MaskMatcher | ClassMatcher:
        """Build the matcher of a partition."""
        if len(partition.branches) <= self.few_branches:
            return build_mask_matcher(partition, predicates)
        return build_class_matcher(partition, predicates, self.rowwise, self.max_codes)


@dataclass(frozen=True, slots=True, eq=False)
class Kernel:
    """Matches batches against a plan. Several threads may use one kernel at once.

    It keeps between batches what it has learned: matchers by event type, classes of strings, definitions of codes. That
    makes later batches faster and changes no match. ``build_kernel`` makes it:

        kernel = build_kernel(plan, compile_plan(plan))
        matches = kernel.match(batch)           # Matches; the batch has a column for each of plan.paths

    Attributes:
        plan: the definitions.
        predicates: those of the plan, compiled.
        algorithms: by which each partition is matched.
        typed_definitions: for each event type the indices of the definitions that can match it but not every type.
        untyped_definitions: the indices of the others, ascending.
        untyped: the matchers of those.
        wanted: the paths of the plan, and those that lead to them.
        typed: by event type the matchers of the definitions that name it, built when a row first has the type.
        by_event: the matchers of events on the exact path: by event type those of the definitions that name it, and at
            None those of the others; built when they are first needed.
    """

    plan: Plan
    predicates: Sequence[CompiledPredicate]
    algorithms: Algorithms
    typed_definitions: Mapping[str, Sequence[int]]
    untyped_definitions: Sequence[int]
    untyped: Sequence[Matcher]
    wanted: frozenset[str]
    typed: dict[str, list[Matcher]] = field(default_factory=dict)
    by_event: dict[str | None, list[EventMatcher]] = field(default_factory=dict)

    def of_type(self, event_type: str) -> Sequence[Matcher]:
        """Return the matchers of an event type that definitions name.

        Two threads may build them at once; ``setdefault`` gives both the same ones, so that what one learns serves the
        other.
        """
        matchers = self.typed.get(event_type)
        if matchers is None:
            definitions = self.typed_definitions[event_type]
            branches = branches_of_type(self.plan, self.predicates, event_type, definitions)
            built = self.algorithms.matchers(self.plan, self.predicates, branches)
            matchers = self.typed.setdefault(event_type, built)
        return matchers

    def match(self, batch: EventBatch) -> Matches:
        """Match all definitions against all rows of a batch."""
        passing = PassingEntries(self.predicates)
        parts: list[RowLists] = []
        for matchers, selection in self._partition_by_event_type(batch):
            for matcher in matchers:
                if isinstance(matcher, MaskMatcher):
                    parts.append(matcher.match(batch.columns, selection, passing))
                elif isinstance(matcher, KeyMatcher):
                    parts += matcher.match(batch.columns, selection, passing)
                else:
                    parts += matcher.match(batch.columns, selection)
        if batch.odd:
            parts += match_events(batch.odd, self.wanted, self._event_matchers)
        return Matches(len(batch), *concat_by_definition(len(self.plan.planned), parts))

    def _partition_by_event_type(self, batch: EventBatch) -> Iterator[tuple[Sequence[Matcher], Selection]]:
        """Yield the rows of each event type that columns speak for, with the matchers of the type."""
        if not len(batch):
            return
        if self.untyped:
            regular: Selection = np.flatnonzero(batch.regular()) if batch.odd else slice(0, len(batch))
            yield self.untyped, regular
        if self.typed_definitions:
            for event_type, selection in rows_by_type(batch, self.typed_definitions):
                yield self.of_type(event_type), selection

    def _event_matchers(self, event_types: Iterable[str]) -> Iterator[EventMatcher]:
        """Yield the matchers of events that have some event types, which may be none or several."""
        yield from self._event_matchers_of(None)
        for event_type in event_types:
            if event_type in self.typed_definitions:
                yield from self._event_matchers_of(event_type)

    def _event_matchers_of(self, event_type: str | None) -> list[EventMatcher]:
        built = self.by_event.get(event_type)
        if built is None:
            matchers = self.untyped if event_type is None else self.of_type(event_type)
            built = [
                self._event_matcher(of_columns, event_type)
                for matcher in matchers
                for of_columns in (matcher.others if isinstance(matcher, KeyMatcher) else [matcher])
            ]
            built = self.by_event.setdefault(event_type, built)  # as in of_type
        return built

    def _event_matcher(self, matcher: MaskMatcher | ClassMatcher, event_type: str | None) -> EventMatcher:
        """Return the matcher of events for what another one matches in columns."""
        partition = matcher.partition
        tables = matcher.tables if isinstance(matcher, ClassMatcher) else tables_by_path(partition, self.predicates)
        return EventMatcher(partition, tables, self.plan.predicates, event_type)


def build_kernel(  # noqa: PLR0913 - a limit each
    plan: Plan,
    predicates: Sequence[CompiledPredicate],
    *,
    few_branches: int = FEW_BRANCHES,
    rowwise: RowwiseKernel | None = None,
    max_codes: int = MAX_CODES,
    many_branches: int = MAX_BRANCHES,
) -> Kernel:
    """Build the kernel of a plan.

    Args:
        plan: the definitions.
        predicates: those of the plan, compiled.
        few_branches: branches up to which a partition is matched by masks.
        rowwise: what matches row by row; by default the compiled core, numpy where there is none.
        max_codes: combinations of classes up to which a partition has a table; less with many event types, so that
            all tables together have ``MAX_CODES_OF_ENGINE``.
        many_branches: branches of the rows of one type up to which no keys are used.
    """
    typed_definitions = plan.definitions_by_type()
    max_codes = min(max_codes, MAX_CODES_OF_ENGINE // (len(typed_definitions) + 1))
    algorithms = Algorithms(few_branches, max_codes, rowwise or best_rowwise(), many_branches)
    untyped = algorithms.matchers(plan, predicates, untyped_branches(plan))
    wanted = frozenset(prefix for path in plan.paths for prefix in _prefixes(path))
    return Kernel(plan, predicates, algorithms, typed_definitions, plan.untyped_definitions, untyped, wanted)


def _prefixes(path: str) -> Iterator[str]:
    """Yield the paths that lead to a path, and the path."""
    yield from (path[:end] for end, char in enumerate(path) if char == ".")
    yield path


def rows_by_type(batch: EventBatch, wanted: Container[str]) -> Iterator[tuple[str, Selection]]:
    """Yield each of the wanted event types that a batch has, with its rows but those of the exact path, ascending."""
    column = batch.columns[EVENT_TYPE]
    present = list(dict.fromkeys(text for text in column.strings if text in wanted))
    if not present:
        return
    code_of_type = {text: code for code, text in enumerate(present)}
    other = len(present)  # the code of rows of no wanted type, which comes last when rows are sorted
    # The smallest integers that hold the codes: numpy sorts those of 8 and 16 bits by radix, a million in 10 ms; wider
    # ones it sorts by comparison, in 100 ms.
    dtype = np.min_scalar_type(other)
    code_of_string = np.array([code_of_type.get(text, other) for text in column.strings], dtype)
    codes = code_of_string.take(column.codes)
    codes[~kind_mask(column.kinds, Kind.STRING)] = other
    codes[list(batch.odd)] = other
    for code, rows in enumerate(_rows_by_code(codes, other)):
        if len(rows) == len(batch):
            yield present[code], slice(0, len(batch))
        elif len(rows):
            yield present[code], rows


def _rows_by_code(codes: Integers, n: int) -> Iterable[Rows]:
    """Return for each code below n the rows that have it, ascending; no code is above n."""
    if n <= _FEW_TYPES:
        return [np.flatnonzero(codes == code) for code in range(n)]
    order = codes.argsort(kind="stable")
    counts = np.bincount(codes, minlength=n + 1)[:n]
    return np.split(order[: counts.sum()], np.cumsum(counts)[:-1])
