"""The match kernel: rows are parted by event type, and those of each type meet the definitions that can match it.

A few definitions are matched by masks, many by classes. Rows that columns cannot say exactly are answered by the slow
matcher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rumpattern.definition.rumevents import EVENT_TYPE
from rumpattern.events.columns import are
from rumpattern.events.fields import Kind
from rumpattern.match.classwise import Classwise, RowForm
from rumpattern.match.codes import ALL_CODES, MOST_CODES
from rumpattern.match.found import Found, put_together
from rumpattern.match.groups import typed_groups, untyped_groups
from rumpattern.match.masks import Answers, Masks
from rumpattern.pattern.reference import branch_matches, grouped, leaves

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from rumpattern.events.columns import EventBatch, Flags
    from rumpattern.jsontext import Exact
    from rumpattern.match.compiled import Compiled
    from rumpattern.match.found import Offsets, Rows, Some
    from rumpattern.match.groups import Group
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
    offsets: Offsets
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
        row_form: how many definitions are matched where nearly all rows differ.
        most_codes: up to how many codes of classes have a table.
    """

    def __init__(
        self,
        plan: Plan,
        predicates: Sequence[Compiled],
        *,
        few_branches: int = FEW_BRANCHES,
        row_form: RowForm | None = None,
        most_codes: int = MOST_CODES,
    ) -> None:
        self.plan = plan
        self.predicates = predicates
        self.few_branches = few_branches
        self.row_form = row_form or RowForm()
        self.steps_by_type = plan.steps_by_type()
        self.most_codes = min(most_codes, ALL_CODES // (len(self.steps_by_type) + 1))
        self.untyped_steps = plan.untyped_steps
        self.untyped = [self._form(group) for group in untyped_groups(plan, predicates)]
        self.typed: dict[str, list[Masks | Classwise]] = {}

    def _form(self, group: Group) -> Masks | Classwise:
        if len(group.branches) <= self.few_branches:
            return Masks(group, self.predicates)
        return Classwise(group, self.predicates, self.row_form, self.most_codes)

    def of_type(self, event_type: str) -> list[Masks | Classwise]:
        """Return what matches the rows of a type; made when a row first has it."""
        forms = self.typed.get(event_type)
        if forms is None:
            groups = typed_groups(self.plan, self.predicates, event_type, self.steps_by_type[event_type])
            forms = self.typed.setdefault(event_type, [self._form(group) for group in groups])
        return forms

    def match(self, batch: EventBatch) -> Matches:
        """Match all definitions against all rows of a batch."""
        answers = Answers(self.predicates)
        found: list[Found] = []
        for forms, some in self._parted(batch):
            for form in forms:
                if isinstance(form, Masks):
                    found.append(form.match(batch.columns, some, answers))
                else:
                    found += form.match(batch.columns, some)
        if batch.odd:
            found.append(self._match_odd(batch.odd))
        return Matches(len(batch), *put_together(len(self.plan.steps), found))

    def _parted(self, batch: EventBatch) -> Iterator[tuple[list[Masks | Classwise], Some]]:
        """Yield the rows of each event type that columns speak for, with what matches them."""
        if not len(batch):
            return
        if self.untyped:
            every: Some = np.flatnonzero(batch.regular()) if batch.odd else slice(0, len(batch))
            yield self.untyped, every
        if self.steps_by_type:
            for event_type, some in rows_by_type(batch, self.steps_by_type):
                yield self.of_type(event_type), some

    def _match_odd(self, odd: Mapping[int, Exact]) -> Found:
        """Ask the slow matcher, but only about definitions that can match an event's type."""
        rows: dict[int, list[int]] = {}
        for row, event in sorted(odd.items()):
            by_path = grouped(leaves(event, self.plan.paths))
            types = dict.fromkeys(leaf.value for leaf in by_path.get(EVENT_TYPE, ()) if isinstance(leaf.value, str))
            for number in self._candidates(types):
                pattern = self.plan.steps[number].definition.pattern
                if pattern is None or any(branch_matches(branch, by_path) for branch in pattern.branches):
                    rows.setdefault(number, []).append(row)
        definitions = sorted(rows)
        counts = [len(rows[number]) for number in definitions]
        all_rows = [row for number in definitions for row in rows[number]]
        return Found(*(np.array(part, np.int64) for part in (definitions, counts, all_rows)))

    def _candidates(self, types: Iterable[str]) -> Iterable[int]:
        """Return the numbers of the definitions that can match an event of some types, each once."""
        typed = {number for event_type in types for number in self.steps_by_type.get(event_type, ())}
        return (*self.untyped_steps, *typed)


def rows_by_type(batch: EventBatch, wanted: Container[str]) -> Iterator[tuple[str, Some]]:
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
    of_row[~are(column.kinds, Kind.STRING)] = rest
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
