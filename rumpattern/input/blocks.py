"""Input to blocks."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from rumpattern.input.buffers import RUN_BUFFER, RUN_BUFFERS, Buffers, fill_ahead, fill_buffers
from rumpattern.input.documents import detect, read_documents
from rumpattern.input.formats import LINE_FORMS, Form
from rumpattern.input.lines import MAX_LINE, BufferLines, FileLines, RecordLines, TextLines
from rumpattern.input.rejects import Reject
from rumpattern.input.segments import SegmentLines, StreamSegment
from rumpattern.input.sources import (
    GZIP_MAGIC,
    RANGE,
    BrokenSourceError,
    FileIdentity,
    check_encoding,
    cut_file,
    open_source,
    peek,
)
from rumpattern.input.streams import open_stream, read_chunks, read_head, skip_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from rumpattern.input.buffers import Buffer
    from rumpattern.input.lines import Lines
    from rumpattern.input.sources import Source

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive input of one source.

    Either the text of whole lines, held in ``data`` or in a ``buffer``, or to be read from ``path``, a file of some
    ``identity``, or from a ``run`` of buffers; or ``records`` taken from documents.
    ``offset`` and ``length`` are bytes of the decompressed source; ``skipped`` more bytes of a line that is too long
    follow them. ``has_file_line_numbers`` says that line numbers are those of the file already, not of the block.
    """

    source: int
    form: Form
    offset: int = 0
    length: int = 0
    skipped: int = 0
    data: bytes | None = None
    buffer: Buffer | None = None
    run: StreamSegment | None = None
    path: Path | None = None
    identity: FileIdentity | None = None
    records: RecordLines | None = None
    has_file_line_numbers: bool = False

    @property
    def end(self) -> int | None:
        """The byte of the source where the block ends, None if that is not known; of a run, once it is over."""
        if self.run is not None:
            return self.run.end
        return None if self.records is not None else self.offset + self.length + self.skipped

    def lines(self, max_line: int = MAX_LINE) -> Lines:
        """Return the event texts; lines of more than ``max_line`` bytes are rejects."""
        if self.records is not None:
            return self.records
        has_timestamp_prefix = self.form is Form.LOGS_EXPORT
        if self.path is not None and self.identity is not None:
            return FileLines(
                self.path,
                self.identity,
                self.offset,
                self.length,
                has_timestamp_prefix=has_timestamp_prefix,
                max_line=max_line,
            )
        if self.run is not None:
            return SegmentLines(self.run, has_timestamp_prefix=has_timestamp_prefix, max_line=max_line)
        if self.buffer is not None:
            return BufferLines(
                self.buffer.text, self.length, self.offset, has_timestamp_prefix=has_timestamp_prefix, max_line=max_line
            )
        return TextLines(self.data or b"", self.offset, has_timestamp_prefix, max_line)

    def release(self) -> None:
        """Say that nobody looks at the text any more."""
        if self.buffer is not None:
            self.buffer.release()
        if self.run is not None:
            self.run.close()


def read_lines(block: Block, max_line: int, read: Callable[[Lines], _Result]) -> _Result:
    """Return what is made of a block's lines; of one that can no longer be read, what is made of one reject."""
    try:
        return read(block.lines(max_line))
    except BrokenSourceError as fault:
        return read(_lost(block.form, fault, block.offset))


def read_blocks(  # noqa: PLR0913, PLR0917 - what is read, how, and from where on
    number: int,
    source: Source,
    form: Form | None,
    advance: Callable[[int], None],
    buffers: int | None = None,
    start: int = 0,
    max_line: int = MAX_LINE,
    *,
    in_runs: bool = False,
) -> Iterator[Block]:
    """Yield the blocks of a source in order.

    Args:
        number: the number of the source.
        source: what to read.
        form: its container; None detects it.
        advance: hears of bytes read.
        buffers: how many buffers there are for the text of a stream, given back when blocks are released; None makes
            one for each block. If there are several, a file is read ahead.
        start: the byte of the decompressed source to go on at, where an earlier block ended.
        max_line: bytes of a line that is held in memory; ``Block.lines`` is to be asked for lines of that length.
        in_runs: if a stream is read ahead, hand its text out while it is being read; somebody else is to read the block
            before the next one is asked for.
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
            yield from _read_ranges(Block(number, found, start, path=source.path), file, advance, max_line)
        else:
            yield from _read_stream(number, file, form, advance, buffers, start, max_line, in_runs=in_runs)


def _read_ranges(block: Block, file: BinaryIO, advance: Callable[[int], None], max_line: int) -> Iterator[Block]:
    """Yield the ranges of a file of lines, from where a block begins, as blocks like that."""
    identity, offset = FileIdentity.of(file), block.offset
    try:
        check_encoding(peek(file))
        for piece in cut_file(file, max_line, offset):
            advance(piece.length + piece.skipped)
            offset += piece.length + piece.skipped
            yield replace(block, **piece._asdict(), identity=identity)
    except BrokenSourceError as fault:
        yield _fault_block(block.source, block.form, fault, offset)


def _read_stream(  # noqa: PLR0913, PLR0917 - as above
    number: int,
    file: BinaryIO,
    form: Form | None,
    advance: Callable[[int], None],
    buffers: int | None,
    start: int,
    max_line: int,
    *,
    in_runs: bool,
) -> Iterator[Block]:
    stream = open_stream(file)
    head = read_head(stream)
    form = form or detect(head)
    try:
        check_encoding(head)
    except BrokenSourceError as fault:
        yield _fault_block(number, form, fault, 0)
        return
    if form not in LINE_FORMS:
        for records in read_documents(read_chunks(stream, head, advance), form):
            yield Block(number, form, records=records, has_file_line_numbers=True)
        return
    reported = 0

    def report_progress(stored: int) -> None:
        nonlocal reported
        advance(stored - reported)
        reported = stored

    # a pipe is not read ahead: a thread that waits for it cannot be stopped
    is_ahead = buffers is not None and buffers > 1 and file.seekable()
    block, head = Block(number, form, start), skip_text(stream, head, start)
    if is_ahead and in_runs:
        yield from _in_runs(
            block, fill_ahead(stream, head, Buffers(RUN_BUFFERS, RUN_BUFFER), max_line), report_progress
        )
    else:
        fill = fill_ahead if is_ahead else fill_buffers
        yield from _in_buffers(block, fill(stream, head, Buffers(buffers), max_line), report_progress)
    report_progress(stream.stored)


def _in_buffers(block: Block, filled: Iterator[Buffer], report_progress: Callable[[int], None]) -> Iterator[Block]:
    """Yield buffers as blocks; ``report_progress`` gets the number of bytes read so far."""
    offset = block.offset
    try:
        for buffer in filled:
            report_progress(buffer.stored)
            length, skipped = buffer.size, buffer.skipped
            yield replace(block, offset=offset, length=length, skipped=skipped, buffer=buffer)
            offset += length + skipped  # those of the buffer may be others once the block is out
    except BrokenSourceError as fault:
        yield _fault_block(block.source, block.form, fault, offset)


def _in_runs(block: Block, filled: Generator[Buffer], report_progress: Callable[[int], None]) -> Iterator[Block]:
    """Yield runs of buffers in the same way; each has been read before the next one is given."""
    offset = block.offset
    try:
        with closing(filled):
            while first := next(filled, None):
                run = StreamSegment(first, filled, offset, RANGE)
                try:
                    yield replace(block, offset=offset, run=run)
                    run.wait()
                finally:
                    run.stop()
                report_progress(run.stored)
                offset = run.end
                if run.fault:
                    raise run.fault
    except BrokenSourceError as fault:
        yield _fault_block(block.source, block.form, fault, offset)


def _fault_block(number: int, form: Form, fault: BrokenSourceError, offset: int) -> Block:
    """Return the block that accounts for what broke off: one reject, numbered after the lines before it."""
    return Block(number, form, offset, records=_lost(form, fault, offset))


def _lost(form: Form, fault: BrokenSourceError, offset: int) -> RecordLines:
    """Return the one line that stands for what can no longer be read: a reject."""
    reject = Reject(1, offset, fault.code, fault.message, fault.rest, form, is_cut=True)
    return RecordLines([], [], [reject])
