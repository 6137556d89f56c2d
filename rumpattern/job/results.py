"""A block to its result: decoded, matched, derived and aggregated, with the account of its lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.columns.fields import Kind, find
from rumpattern.derive.policy import REASONS
from rumpattern.input.blocks import read_lines
from rumpattern.job.source_results import LineAccounts
from rumpattern.rum.names import ABSENT_FIELDS, EVENT_TYPE

if TYPE_CHECKING:
    from rumpattern.aggregate.groups import PartialAggregates
    from rumpattern.arrays import Counts
    from rumpattern.columns.batch import EventBatch
    from rumpattern.derive.policy import Sample
    from rumpattern.engine import Engine
    from rumpattern.input.blocks import Block, Position
    from rumpattern.input.lines import EventList, TextLines
    from rumpattern.job.settings import Settings
    from rumpattern.job.source_results import SourceResult

_RARE_KEYS: Final = frozenset[str]().union(*ABSENT_FIELDS.values())


@dataclass(slots=True)
class BlockResult:
    """The result of one block, which is all that is known of it: any process can compute it.

    Attributes:
        counts: shape (definitions, reasons), the matched rows of each definition by what became of them (``REASONS``).
        sources: the account of the lines of each source of the block, in order.
        end: where reading goes on after the block, None if that is not known.
        groups: the samples of all events but those on the exact path, aggregated batch by batch.
        odd_samples: samples from the exact path, each with the index of its definition.
        present: fields, of those that not every shape of event has, that some event has.
        absent: such fields that no event has.
    """

    counts: Counts
    sources: list[SourceResult]
    end: Position | None = None
    groups: list[PartialAggregates] = field(default_factory=list)
    odd_samples: list[tuple[int, Sample]] = field(default_factory=list)
    present: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    @property
    def evaluated(self) -> int:
        """How many lines of all sources were events."""
        return sum(source.evaluated for source in self.sources)

    @property
    def rejected(self) -> int:
        """How many lines of all sources were no event."""
        return sum(len(source.rejects) for source in self.sources)


def process_block(engine: Engine, block: Block, settings: Settings) -> BlockResult:
    """Decode, match, derive and aggregate one block, and release it; a block that cannot be read is one reject."""
    try:
        return read_lines(block, settings.max_line, lambda texts: _process(engine, block, texts, settings))
    finally:
        block.release()


def _process(engine: Engine, block: Block, texts: TextLines | EventList, settings: Settings) -> BlockResult:
    counts = np.zeros((len(engine.plan.planned), len(REASONS)), np.int64)
    lines = LineAccounts(block)
    result = BlockResult(counts, lines.sources)
    for batch in engine.batches(texts):
        for part in engine.grouped(batch, engine.match(batch), settings.period):
            counts[part.definitions] += part.counts
            result.odd_samples += part.odd
            if part.groups is not None:
                result.groups.append(part.groups.compact().compress(settings.exact_values))
        lines.add(batch)
        present, absent = _presence(engine, batch)
        result.present |= present
        result.absent |= absent
    lines.finish()
    result.end = block.end
    return result


def _presence(engine: Engine, batch: EventBatch) -> tuple[set[str], set[str]]:
    """Return the fields that some event has and those that none has, among those that not every shape has.

    Only paths that were read from events of this batch are known to be absent.
    """
    by_type = engine.paths_by_type
    types = batch.columns[EVENT_TYPE].strings
    read = set(engine.plan.paths) if by_type is None else {path for t in types for path in by_type.get(t, ())}
    rare = {path for path in read if path.partition(".")[0] in _RARE_KEYS}
    regular = batch.regular()
    present = {
        path
        for path in rare
        if (batch.columns[path].kinds[regular] != int(Kind.MISSING)).any()
        or any(find(event, path)[0] is not Kind.MISSING for event in batch.odd.values())
    }
    return present, rare - present
