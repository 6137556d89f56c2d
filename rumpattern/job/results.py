"""Blocks to results."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rumpattern.aggregate import Partial
from rumpattern.definition.rumevents import ABSENT_FIELDS, EVENT_TYPE
from rumpattern.derive import REASONS
from rumpattern.events.columns import Reject
from rumpattern.events.fields import Kind, find
from rumpattern.events.forms import Form
from rumpattern.job.blocks import read_lines

if TYPE_CHECKING:
    from rumpattern.engine import Engine
    from rumpattern.events.columns import EventBatch
    from rumpattern.events.lines import Lines
    from rumpattern.job.blocks import Block
    from rumpattern.job.settings import Settings
    from rumpattern.samples import Counts

_RARE_KEYS: Final = frozenset[str]().union(*ABSENT_FIELDS.values())


@dataclass(slots=True)
class BlockResult:
    """What one block comes to; ``counted`` is the block's, ``end`` the byte of the source where it ends, if known.

    ``counts``, of shape (definitions, reasons), are the matched rows of each definition that came to each of
    ``REASONS``.
    """

    source: int
    form: Form
    counts: Counts
    partial: Partial
    counted: bool
    end: int | None = None
    lines: int = 0
    evaluated: int = 0
    blank: int = 0
    odd: int = 0
    rejects: tuple[Reject, ...] = ()
    synthesised: Counter[str] = field(default_factory=Counter)
    present: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    def add(self, batch: EventBatch, present: set[str], absent: set[str]) -> None:
        """Count a batch of the block, some fields of which some event has, and others none."""
        self.evaluated += len(batch)
        self.blank += batch.blank
        self.odd += len(batch.odd)
        self.rejects += batch.rejects
        self.synthesised.update(batch.synthesised)
        self.present |= present
        self.absent |= absent


def process_block(engine: Engine, block: Block, settings: Settings) -> BlockResult:
    """Decode, match, derive and aggregate one block, and release it; one that can no longer be read is one reject."""
    try:
        return read_lines(block, settings.max_line, lambda lines: _process(engine, block, lines, settings))
    finally:
        block.release()


def _process(engine: Engine, block: Block, lines: Lines, settings: Settings) -> BlockResult:
    partial = Partial(most=settings.exact_values)
    counts = np.zeros((len(engine.plan.steps), len(REASONS)), np.int64)
    result = BlockResult(block.source, block.form, counts, partial, block.counted, block.end)
    for batch in engine.batches(lines):
        for part in engine.grouped(batch, engine.match(batch), settings.period):
            partial.add(part)
            counts[part.definitions] += part.counts
        result.add(batch, *_presence(engine, batch))
    result.lines = lines.count()
    return result


def _presence(engine: Engine, batch: EventBatch) -> tuple[set[str], set[str]]:
    """Return the columns that some event has, and those that none has, of fields that not every shape has.

    A path says nothing in a batch without events of a type whose definitions read it.
    """
    by_type = engine.paths_by_type
    types = batch.columns[EVENT_TYPE].strings
    read = set(engine.plan.paths) if by_type is None else {path for t in types for path in by_type.get(t, ())}
    rare = {path for path in read if path.partition(".")[0] in _RARE_KEYS}
    regular = batch.regular()
    present = {
        path
        for path in rare
        if (batch.columns[path].kinds[regular] != Kind.MISSING).any()
        or any(find(event, path)[0] is not Kind.MISSING for event in batch.odd.values())
    }
    return present, rare - present


def pack_result(result: BlockResult) -> tuple[dict[str, Any], bytes]:
    """Return a block's result as header and bytes."""
    header = {
        "source": result.source,
        "form": result.form.value,
        "lines": result.lines,
        "evaluated": result.evaluated,
        "blank": result.blank,
        "odd": result.odd,
        "counted": result.counted,
        "end": result.end,
        "synthesised": result.synthesised,
        "present": sorted(result.present),
        "absent": sorted(result.absent),
        "rejects": [
            (r.line, r.offset, r.code, r.reason, r.text.decode("latin-1"), r.form.value, r.is_cut)
            for r in result.rejects
        ],
        "counts": result.counts.tolist(),
    }
    return header, result.partial.to_bytes()


def unpack_result(header: dict[str, Any], data: bytes) -> BlockResult:
    """Return the result that ``pack_result`` packed."""
    rejects = (
        Reject(line, offset, code, reason, text.encode("latin-1"), Form(form), is_cut)
        for line, offset, code, reason, text, form, is_cut in header.pop("rejects")
    )
    return BlockResult(
        form=Form(header.pop("form")),
        present=set(header.pop("present")),
        absent=set(header.pop("absent")),
        synthesised=Counter(header.pop("synthesised")),
        rejects=tuple(rejects),
        counts=np.array(header.pop("counts"), np.int64).reshape(-1, len(REASONS)),
        partial=Partial.from_bytes(data),
        **header,
    )
