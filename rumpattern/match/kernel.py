"""The match kernel: rows are parted by event type, and those of each type meet the definitions that can match it.

A few definitions are matched by masks, many by classes. Rows that columns cannot say exactly are answered by the slow
matcher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rumpattern.columns.batch import kind_mask
from rumpattern.columns.fields import Kind
from rumpattern.match.by_class import ClassMatcher
from rumpattern.match.code_table import MAX_CODES, MAX_CODES_OF_ENGINE
from rumpattern.match.masks import Answers, MaskMatcher
from rumpattern.match.partition import partitions_of_type, untyped_partitions
from rumpattern.match.row_lists import RowLists, concat_by_definition
from rumpattern.match.rowwise import RowwiseKernel
from rumpattern.pattern.reference import branch_matches, grouped, leaves
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from rumpattern.arrays import Flags, Integers, Rows
    from rumpattern.columns.batch import EventBatch
    from rumpattern.jsontext import Exact
    from rumpattern.match.partition import Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.selection import Selection
    from rumpattern.plan.plan import Plan

FEW_BRANCHES: Final = 3
"""Up to which masks are cheaper than classes, as measured at 12,000 and 600,000 rows."""
_FEW_TYPES: Final = 16
"""Up to which looking for the rows of each type is cheaper than sorting rows by type."""


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Which rows of a batch each definition matches: definition i matches ``rows[offsets[i]:offsets[i + 1]]``.

    Attributes:
        size: how many rows the batch has.
        offsets: shape (definitions + 1,), ascending from 0.
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
        """Return shape (matches of definition ``index``,): its rows, ascending."""
        return self.rows[self.offsets[index] : self.offsets[index + 1]]


class Kernel:
    """Matches batches, and remembers between them what it has found out. Several threads may use it at once.

    Args:
        plan: what to match.
        predicates: those of the plan, compiled.
        few_branches: up to how many branches a group is matched by masks.
        rowwise: how many definitions are matched where nearly all rows differ.
        max_codes: up to how many codes of classes have a table.
    """

    def __init__(
        self,
        plan: Plan,
        predicates: Sequence[CompiledPredicate],
        *,
        few_branches: int = FEW_BRANCHES,
        rowwise: RowwiseKernel | None = None,
        max_codes: int = MAX_CODES,
    ) -> None:
        self.plan = plan
        self.predicates = predicates
        self.few_branches = few_branches
        self.rowwise = rowwise or RowwiseKernel()
        self.typed_definitions = plan.definitions_by_type()
        self.max_codes = min(max_codes, MAX_CODES_OF_ENGINE // (len(self.typed_definitions) + 1))
        self.untyped_definitions = plan.untyped_definitions
        self.untyped = [self._matcher(group) for group in untyped_partitions(plan, predicates)]
        self.typed: dict[str, list[MaskMatcher | ClassMatcher]] = {}

    def _matcher(self, group: Partition) -> MaskMatcher | ClassMatcher:
        if len(group.branches) <= self.few_branches:
            return MaskMatcher(group, self.predicates)
        return ClassMatcher(group, self.predicates, self.rowwise, self.max_codes)

    def of_type(self, event_type: str) -> list[MaskMatcher | ClassMatcher]:
        """Return what matches the rows of a type; made when a row first has it."""
        matchers = self.typed.get(event_type)
        if matchers is None:
            groups = partitions_of_type(self.plan, self.predicates, event_type, self.typed_definitions[event_type])
            matchers = self.typed.setdefault(event_type, [self._matcher(group) for group in groups])
        return matchers

    def match(self, batch: EventBatch) -> Matches:
        """Match all definitions against all rows of a batch."""
        answers = Answers(self.predicates)
        found: list[RowLists] = []
        for matchers, some in self._partition_by_event_type(batch):
            for matcher in matchers:
                if isinstance(matcher, MaskMatcher):
                    found.append(matcher.match(batch.columns, some, answers))
                else:
                    found += matcher.match(batch.columns, some)
        if batch.odd:
            found.append(self._match_odd(batch.odd))
        return Matches(len(batch), *concat_by_definition(len(self.plan.planned), found))

    def _partition_by_event_type(
        self, batch: EventBatch
    ) -> Iterator[tuple[list[MaskMatcher | ClassMatcher], Selection]]:
        """Yield the rows of each event type that columns speak for, with what matches them."""
        if not len(batch):
            return
        if self.untyped:
            every: Selection = np.flatnonzero(batch.regular()) if batch.odd else slice(0, len(batch))
            yield self.untyped, every
        if self.typed_definitions:
            for event_type, some in rows_by_type(batch, self.typed_definitions):
                yield self.of_type(event_type), some

    def _match_odd(self, odd: Mapping[int, Exact]) -> RowLists:
        """Ask the slow matcher, but only about definitions that can match an event's type."""
        rows: dict[int, list[int]] = {}
        for row, event in sorted(odd.items()):
            by_path = grouped(leaves(event, self.plan.paths))
            types = dict.fromkeys(leaf.value for leaf in by_path.get(EVENT_TYPE, ()) if isinstance(leaf.value, str))
            for number in self._candidates(types):
                pattern = self.plan.planned[number].definition.pattern
                if pattern is None or any(branch_matches(branch, by_path) for branch in pattern.branches):
                    rows.setdefault(number, []).append(row)
        definitions = sorted(rows)
        counts = [len(rows[number]) for number in definitions]
        all_rows = [row for number in definitions for row in rows[number]]
        return RowLists(*(np.array(part, np.int64) for part in (definitions, counts, all_rows)))

    def _candidates(self, types: Iterable[str]) -> Iterable[int]:
        """Return the numbers of the definitions that can match an event of some types, each once."""
        typed = {number for event_type in types for number in self.typed_definitions.get(event_type, ())}
        return (*self.untyped_definitions, *typed)


def rows_by_type(batch: EventBatch, wanted: Container[str]) -> Iterator[tuple[str, Selection]]:
    """Yield each of the wanted event types that a batch has, with its rows that are not odd, ascending."""
    column = batch.columns[EVENT_TYPE]
    present = list(dict.fromkeys(text for text in column.strings if text in wanted))
    if not present:
        return
    numbers = {text: number for number, text in enumerate(present)}
    rest = len(present)
    small = np.min_scalar_type(rest)  # one or two bytes are sorted by radix
    of_string = np.array([numbers.get(text, rest) for text in column.strings], small)
    of_row = of_string.take(column.codes)
    of_row[~kind_mask(column.kinds, Kind.STRING)] = rest
    of_row[list(batch.odd)] = rest
    for number, some in enumerate(_rows_of(of_row, rest)):
        if len(some) == len(batch):
            yield present[number], slice(0, len(batch))
        elif len(some):
            yield present[number], some


def _rows_of(numbers: np.ndarray[Any, Any], n: int) -> Iterable[Rows]:
    """Return the rows that have each number below n."""
    if n <= _FEW_TYPES:
        return [np.flatnonzero(numbers == number) for number in range(n)]
    order = numbers.argsort(kind="stable")
    counts = np.bincount(numbers, minlength=n + 1)[:n]
    return np.split(order[: counts.sum()], np.cumsum(counts)[:-1])
