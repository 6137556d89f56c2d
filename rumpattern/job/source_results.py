"""What became of the lines of a block, told for each of its sources."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from rumpattern.job.reject_columns import Rejects

if TYPE_CHECKING:
    from rumpattern.arrays import Rows
    from rumpattern.columns.batch import EventBatch
    from rumpattern.input.blocks import Block
    from rumpattern.input.formats import Form


@dataclass(slots=True)
class SourceResult:
    """What became of the lines that a block has of one source: ``lines == evaluated + len(rejects) + blank``.

    Attributes:
        source: the index of the source.
        form: the input form of the source.
        has_file_line_numbers: whether line numbers are those of the source, not from 1 in the block.
        lines: how many lines or records there are.
        evaluated: how many were events and were matched.
        blank: how many held nothing.
        odd: how many of the evaluated events took the exact path.
        rejects: the lines that were no event.
        synthesised: derived field to the number of events in which it was filled in.
    """

    source: int
    form: Form
    has_file_line_numbers: bool
    lines: int = 0
    evaluated: int = 0
    blank: int = 0
    odd: int = 0
    rejects: Rejects = field(default_factory=Rejects)
    synthesised: Counter[str] = field(default_factory=Counter)

    def add(self, batch: EventBatch) -> None:
        """Add the account of a batch, all of whose lines are of this source."""
        self.lines += batch.line_count
        self.evaluated += len(batch)
        self.blank += batch.blank
        self.odd += len(batch.odd)
        self.rejects.extend(batch.rejects)
        self.synthesised.update(batch.synthesised)


class LineAccounts:
    """The accounts of the sources of one block, to which its batches are added one after another.

    Of a block of one source, all is counted as the batches tell it. Of a block of several, its spans say how many lines
    each source has, its rows and rejects are counted by the source that they lie in, and what is left is blank: that
    nothing was lost shows in the sums (``finish``).
    """

    def __init__(self, block: Block) -> None:
        self._spans = block.spans
        self._total = SourceResult(block.source, block.form, block.has_file_line_numbers)
        self._by_source = [SourceResult(span.source, span.form, True, span.lines) for span in block.spans]  # noqa: FBT003
        self._first_indices = np.array([span.first for span in block.spans], np.intp)
        self._offsets = [span.offset for span in block.spans]

    @property
    def sources(self) -> list[SourceResult]:
        """The account of each source."""
        return self._by_source or [self._total]

    def add(self, batch: EventBatch) -> None:
        """Add the account of a batch."""
        self._total.add(batch)
        if self._spans:
            self._add_rows(batch)
            self._add_rejects(batch)

    def _add_rows(self, batch: EventBatch) -> None:
        # a source without any event begins at the same index as the next one, which the last of them is
        span_of_row = np.searchsorted(self._first_indices, np.asarray(batch.indices, np.intp), side="right") - 1
        for source, evaluated in zip(self._by_source, self._count(span_of_row), strict=True):
            source.evaluated += evaluated
        if batch.odd:
            for source, odd in zip(self._by_source, self._count(span_of_row[list(batch.odd)]), strict=True):
                source.odd += odd
        for path, rows in batch.derived.items():
            for source, count in zip(self._by_source, self._count(span_of_row[rows]), strict=True):
                if count:
                    source.synthesised[path] += count

    def _count(self, span_of_row: Rows) -> list[int]:
        """Return how many rows lie in each span."""
        counts: list[int] = np.bincount(span_of_row, minlength=len(self._spans)).tolist()
        return counts

    def _add_rejects(self, batch: EventBatch) -> None:
        by_span = groupby(batch.rejects, lambda reject: bisect_right(self._offsets, reject.offset) - 1)
        for number, rejects in by_span:
            span = self._spans[number]
            self._by_source[number].rejects.extend(rejects, span.first, span.offset)

    def finish(self) -> None:
        """Count the blank lines, once all batches have been added; assert that no line was lost."""
        total = self._total
        for source in self._by_source:
            source.blank = source.lines - source.evaluated - len(source.rejects)
        assert all(
            sum(counts) == count
            for counts, count in (
                ([source.lines for source in self.sources], total.lines),
                ([source.blank for source in self.sources], total.blank),
                ([source.odd for source in self.sources], total.odd),
            )
        ), f"lines of sources do not add up: {total}"
