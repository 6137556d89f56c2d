"""The replay job: input to blocks, blocks to results, results to series and accounts.

A block is the unit of work. It can be processed anywhere and in any order, and its result is all that is known of it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.aggregate import Partial, series
from rumpattern.definition.rumevents import ABSENT_FIELDS, EVENT_TYPE
from rumpattern.derive import REASONS
from rumpattern.diagnostics import Diagnostic, InputError, Severity
from rumpattern.events.buffers import Buffers, fill_ahead, fill_buffers
from rumpattern.events.columns import Reject
from rumpattern.events.envelopes import detect, read_documents
from rumpattern.events.fields import Kind, find
from rumpattern.events.forms import LINE_FORMS, Form
from rumpattern.events.lines import BufferLines, FileLines, RecordLines, TextLines
from rumpattern.events.sources import GZIP_MAGIC, BrokenSourceError, cut_file, open_source, peek
from rumpattern.events.streams import open_stream, read_chunks, read_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from rumpattern.aggregate import Series
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.engine import Engine
    from rumpattern.events.buffers import Buffer
    from rumpattern.events.columns import EventBatch
    from rumpattern.events.lines import Lines
    from rumpattern.events.sources import Source
    from rumpattern.samples import Counts

_RARE_KEYS: Final = frozenset[str]().union(*ABSENT_FIELDS.values())
SHOWN_REJECTS: Final = 5
"""How many rejects are told as they are; the rest is counted."""
BROKEN_OFF: Final = frozenset(("RP001", "RP003", "RP004", "RP019", "RP020"))
"""Rejects that stand for all the rest of their file: nobody knows how much that is."""


# --- input to blocks ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive input of one source.

    Either the text of whole lines, held in ``data`` or in a ``buffer``, or to be read from ``path``; or ``records``
    taken from documents.
    ``offset`` and ``length`` are bytes of the decompressed source; ``counted`` says that line numbers are those of the
    file already, not of the block.
    """

    source: int
    form: Form
    offset: int = 0
    length: int = 0
    data: bytes | None = None
    buffer: Buffer | None = None
    path: Path | None = None
    records: RecordLines | None = None
    counted: bool = False

    def lines(self) -> Lines:
        """Return the event texts."""
        if self.records is not None:
            return self.records
        timed = self.form is Form.LOGS_EXPORT
        if self.path is not None:
            return FileLines(self.path, self.offset, self.length, timed=timed)
        if self.buffer is not None:
            return BufferLines(self.buffer.text, self.length, self.offset, timed=timed)
        return TextLines(self.data or b"", self.offset, timed)

    def release(self) -> None:
        """Say that nobody looks at the text any more."""
        if self.buffer is not None:
            self.buffer.release()


def read_blocks(
    number: int, source: Source, form: Form | None, advance: Callable[[int], None], buffers: int | None = None
) -> Iterator[Block]:
    """Yield the blocks of a source in order.

    Args:
        number: the number of the source.
        source: what to read.
        form: its container; None detects it.
        advance: hears of bytes read.
        buffers: how many buffers there are for the text of a stream, given back when blocks are released; None makes
            one for each block. If there are several, a file is read ahead.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_source(source))
            head = peek(file) if source.is_regular else b""
        except BrokenSourceError as fault:
            yield _fault_block(number, form or Form.NDJSON, fault, 0)
            return
        found = form or detect(head)
        if source.is_regular and not head.startswith(GZIP_MAGIC) and found in LINE_FORMS:
            for offset, length in cut_file(file):
                advance(length)
                yield Block(number, found, offset, length, path=source.path)
        else:
            yield from _read_stream(number, file, form, advance, buffers)


def _read_stream(
    number: int, file: BinaryIO, form: Form | None, advance: Callable[[int], None], buffers: int | None
) -> Iterator[Block]:
    stream = open_stream(file)
    head = read_head(stream)
    form = form or detect(head)
    if form not in LINE_FORMS:
        for records in read_documents(read_chunks(stream, head, advance), form):
            yield Block(number, form, records=records, counted=True)
        return
    # a pipe is not read ahead: a thread that waits for it cannot be stopped
    fill = fill_ahead if buffers is not None and buffers > 1 and file.seekable() else fill_buffers
    offset = stored = 0
    try:
        for buffer in fill(stream, head, Buffers(buffers)):
            advance(buffer.stored - stored)
            stored = buffer.stored
            block = Block(number, form, offset, buffer.size, buffer=buffer)
            offset += buffer.size  # which may be another once the block is out
            yield block
    except BrokenSourceError as fault:
        yield _fault_block(number, form, fault, offset)
    advance(stream.stored - stored)


def _fault_block(number: int, form: Form, fault: BrokenSourceError, offset: int) -> Block:
    """Return the block that accounts for what broke off: one reject, numbered after the lines before it."""
    reject = Reject(1, offset, fault.code, fault.message, fault.rest)
    return Block(number, form, offset, records=RecordLines([], [], [reject]))


# --- blocks to results ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class DefinitionAccount:
    """What became of the events that one definition matched: ``matched == published + sum(dropped.values())``.

    ``series`` is the number of distinct sets of dimension values, each of which CloudWatch bills as a custom metric.
    """

    name: str
    matched: int = 0
    published: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    series: int = 0


@dataclass(slots=True)
class BlockResult:
    """What one block comes to; ``counted`` is the block's.

    ``counts``, of shape (definitions, reasons), are the matched rows of each definition that came to each of
    ``REASONS``.
    """

    source: int
    form: Form
    counts: Counts
    partial: Partial
    counted: bool
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


def process_block(engine: Engine, block: Block, period: int) -> BlockResult:
    """Decode, match, derive and aggregate one block, and release it."""
    try:
        return _process(engine, block, period)
    finally:
        block.release()


def _process(engine: Engine, block: Block, period: int) -> BlockResult:
    lines = block.lines()
    partial = Partial()
    counts = np.zeros((len(engine.plan.steps), len(REASONS)), np.int64)
    result = BlockResult(block.source, block.form, counts, partial, block.counted)
    for batch in engine.batches(lines):
        for part in engine.grouped(batch, engine.match(batch), period):
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


# --- results to series and accounts ---------------------------------------------------------------------------------


@dataclass(slots=True)
class FileAccount:
    """What became of the lines of one file: ``lines == evaluated + rejected + blank``.

    A line is a line of NDJSON or of a log export, or an event record of any other container. ``odd`` events are counted
    among the evaluated ones; ``bytes`` are those of the file as it is stored.
    """

    name: str
    form: str = ""
    bytes: int = 0
    lines: int = 0
    evaluated: int = 0
    blank: int = 0
    odd: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    synthesised: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """How many lines were rejected, for whatever reason."""
        return self.rejects.total()

    @property
    def broke_off(self) -> bool:
        """Tell whether the file could not be read to its end."""
        return not BROKEN_OFF.isdisjoint(self.rejects)

    def check(self) -> None:
        """Assert that no line was lost."""
        assert self.lines == self.evaluated + self.rejected + self.blank, f"{self.name}: lines do not add up: {self}"


@dataclass(slots=True)
class Accounting:
    """The account of a whole replay."""

    files: list[FileAccount]
    definitions: list[DefinitionAccount]

    @property
    def lines(self) -> int:
        """All lines of all files."""
        return sum(file.lines for file in self.files)

    @property
    def evaluated(self) -> int:
        """Lines that were events and were matched."""
        return sum(file.evaluated for file in self.files)

    @property
    def rejected(self) -> int:
        """Lines that were no event."""
        return sum(file.rejected for file in self.files)

    @property
    def blank(self) -> int:
        """Lines that held nothing."""
        return sum(file.blank for file in self.files)

    def check(self) -> None:
        """Assert that no line and no matched event was lost."""
        for file in self.files:
            file.check()
        for account in self.definitions:
            assert account.matched == account.published + account.dropped.total(), f"samples do not add up: {account}"


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a replay gives: sorted series, the account of every line, warnings, and some rejects with their file.

    ``reader`` is who decoded the lines (see ``Reader``).
    """

    series: list[Series]
    accounting: Accounting
    warnings: list[Diagnostic]
    first_rejects: list[tuple[str, Reject]]
    reader: str = ""


def collect(
    definitions: Sequence[MetricDefinition],
    sources: Sequence[Source],
    results: Iterable[BlockResult],
    period: int,
    on_reject: Callable[[str, Reject], None] | None = None,
) -> ReplayResult:
    """Add up block results, which come in the order of their blocks, to the result of the replay.

    Raises:
        InputError: there was not a single event or reject.
    """
    files = [FileAccount(source.name, bytes=source.size) for source in sources]
    counts = np.zeros((len(definitions), len(REASONS)), np.int64)
    total = Partial()
    present: set[str] = set()
    absent: set[str] = set()
    first: list[tuple[str, Reject]] = []
    for result in results:
        for reject in _count_file(files[result.source], result):
            if len(first) < SHOWN_REJECTS:
                first.append((sources[result.source].name, reject))
            if on_reject:
                on_reject(sources[result.source].name, reject)
        counts += result.counts
        total.merge(result.partial)
        present |= result.present
        absent |= result.absent
    accounts = [
        DefinitionAccount(definition.name, sum(row), row[0], _dropped(row))
        for definition, row in zip(definitions, counts.tolist(), strict=True)
    ]
    for number, _ in {(number, labels) for number, _, labels in total.groups}:
        accounts[number].series += 1
    accounting = Accounting(files, accounts)
    accounting.check()
    if not accounting.evaluated and not accounting.rejected:
        names = ", ".join(source.name for source in sources)
        message = f"there are no events in {names}"
        raise InputError([Diagnostic("RP002", message, hint="are these exports of RUM events?")])
    warnings = [*_absent_fields(definitions, absent - present), *_without_application(total)]
    return ReplayResult(series(definitions, total, period), accounting, warnings, first)


def _dropped(counts: Sequence[int]) -> Counter[str]:
    return Counter({reason: count for reason, count in zip(REASONS[1:], counts[1:], strict=True) if count})


def _count_file(file: FileAccount, result: BlockResult) -> Iterator[Reject]:
    """Add a result to its file's account; yield its rejects with their line numbers in the file."""
    base = 0 if result.counted else file.lines
    file.form = result.form.value
    file.lines += result.lines
    file.evaluated += result.evaluated
    file.blank += result.blank
    file.odd += result.odd
    file.synthesised.update(result.synthesised)
    for reject in result.rejects:
        file.rejects[reject.code] += 1
        yield Reject(base + reject.line, reject.offset, reject.code, reject.reason, reject.text)


def _absent_fields(definitions: Sequence[MetricDefinition], absent: set[str]) -> Iterator[Diagnostic]:
    for number, definition in enumerate(definitions):
        paths = [path for path, _ in definition.dimension_keys]
        paths += definition.pattern.paths if definition.pattern else ()
        paths += [definition.value_key] if definition.value_key else []
        for path in sorted(absent.intersection(paths)):
            shapes = [shape.value for shape, keys in ABSENT_FIELDS.items() if path.partition(".")[0] in keys]
            message = (
                f"definition {number} ({definition.name}) names {path}, which no event of this input has: "
                f"events in the shape of {' or '.join(shapes)} never have it"
            )
            yield Diagnostic("RP310", message, severity=Severity.WARNING)


def _without_application(total: Partial) -> Iterator[Diagnostic]:
    left_out = sum(statistics.samples for (_, _, labels), statistics in total.groups.items() if None in labels)
    if left_out:
        message = f"{left_out:,} data lack application_name, which RUM adds to every metric: no usable one is known"
        hint = "give the app monitor's name with --application-name"
        yield Diagnostic("RP311", message, hint=hint, severity=Severity.WARNING)
