"""A source to blocks, the units of work of a replay.

A file of lines is cut into ranges, which whoever processes a block reads. A stream (a pipe, anything compressed) is
read here, into buffers or, if a block may be processed while it is being read, into segments. Documents are taken apart
here too.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar, assert_never

from rumpattern.input.buffers import SEGMENT_BUFFER, SEGMENT_BUFFERS, Buffer, BufferPool, fill_ahead, fill_buffers
from rumpattern.input.documents import detect, read_documents
from rumpattern.input.formats import LINE_FORMS, MAX_LINE, Form
from rumpattern.input.lines import EventList, TextLines
from rumpattern.input.rejects import Reject
from rumpattern.input.segments import StreamSegment
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
from rumpattern.input.texts import FileText

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import BinaryIO

    from rumpattern.input.sources import Source
    from rumpattern.input.streams import Stream
    from rumpattern.input.texts import Text

Position: TypeAlias = tuple[int, int]
"""The index of a source, and a byte of its decompressed text."""
_Result = TypeVar("_Result")


class SourceSpan(NamedTuple):
    """The lines or records of a whole source in a block of several.

    Attributes:
        source: the index of the source.
        form: the input form of the source.
        first: the index of its first line or event in the block, by which line numbers in the block exceed those in
            the source.
        offset: by how much byte offsets in the block exceed those in the source; each source has a larger one.
        lines: how many lines or records there are.
    """

    source: int
    form: Form
    first: int
    offset: int
    lines: int


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive lines or records of one source, or all those of several consecutive sources.

    Attributes:
        source: the index of the first source.
        form: the input form of the first source.
        offset: the byte of the decompressed source where the text begins.
        text: the text of whole lines, or records taken out of documents; valid until ``release``.
        skipped: if the text is the start of a line over the limit, how many bytes of that line follow it.
        spans: the sources, if there are several.
    """

    source: int
    form: Form
    offset: int
    text: Text | EventList
    skipped: int = 0
    spans: tuple[SourceSpan, ...] = ()

    @property
    def end(self) -> Position | None:
        """Where reading goes on after the block, None if that is not known; of a segment, once it is read."""
        if self.spans:
            return self.spans[-1].source + 1, 0
        match self.text:
            case EventList():
                return None
            case StreamSegment():
                return self.source, self.text.end
            case bytes():
                length = len(self.text)
            case Buffer():
                length = self.text.size
            case FileText():
                length = self.text.length
            case _:
                assert_never(self.text)
        return self.source, self.offset + length + self.skipped

    @property
    def has_file_line_numbers(self) -> bool:
        """Whether lines are numbered in the source already, not from 1 in the block."""
        return isinstance(self.text, EventList) and self.text.has_file_line_numbers

    def lines(self, max_line: int = MAX_LINE) -> TextLines | EventList:
        """Return the event texts; lines of more than ``max_line`` bytes are rejects."""
        text = self.text
        if isinstance(text, EventList):
            return text
        if self.spans:
            return TextLines(text, 0, self.form, max_line, frozenset(span.first for span in self.spans))
        return TextLines(text, self.offset, self.form, max_line)

    def release(self) -> None:
        """Give back what the text is in, once nobody looks at it any more: a buffer is filled again at once."""
        match self.text:
            case Buffer():
                self.text.release()
            case StreamSegment():
                self.text.close()
            case bytes() | FileText() | EventList():
                pass
            case _:
                assert_never(self.text)


def read_lines(block: Block, max_line: int, read: Callable[[TextLines | EventList], _Result]) -> _Result:
    """Return what is made of a block's lines; of a file that can no longer be read, what is made of one reject."""
    try:
        return read(block.lines(max_line))
    except BrokenSourceError as fault:
        return read(_rejected_rest(block.form, fault, block.offset))


def _ignore(_size: int) -> None:
    """Take a report that nobody asked for."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How sources are read.

    Attributes:
        form: the input form of all sources; None detects that of each.
        max_line: bytes of a line that is held in memory; ``Block.lines`` is to be asked for lines of that length.
        buffers: how many buffers there are for the text of a stream, which go round as blocks are released; None makes
            a buffer for each block. If there are several, a file is read ahead.
        in_segments: hand the text of a stream out while it is being read ahead. Another thread must read the block
            before the next one is asked for.
        report_read: called with a number of stored bytes whenever so many more have been read.
    """

    form: Form | None = None
    max_line: int = MAX_LINE
    buffers: int | None = None
    in_segments: bool = False
    report_read: Callable[[int], None] = _ignore


_DEFAULT = ReadOptions()


def read_blocks(index: int, source: Source, options: ReadOptions = _DEFAULT, start: int = 0) -> Iterator[Block]:
    """Yield the blocks of a source in order; where it cannot be read on, the last one is a reject.

    Args:
        index: the index of the source.
        source: what to read.
        options: how to read it.
        start: the byte of the decompressed source at which to begin: where an earlier block ended.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_source(source))
            head = peek(file) if source.is_regular else b""
        except BrokenSourceError as fault:
            yield _reject_block(index, options.form or Form.NDJSON, 0, fault)
            return
        form = options.form or detect(head)
        if source.is_regular and not head.startswith(GZIP_MAGIC) and form in LINE_FORMS:
            yield from _read_ranges(index, form, source, file, options, start)
        else:
            yield from _read_stream(index, file, options, start)


def _read_ranges(  # noqa: PLR0913, PLR0917 - a source, opened, and how to read it
    index: int, form: Form, source: Source, file: BinaryIO, options: ReadOptions, start: int
) -> Iterator[Block]:
    """Yield the ranges of a file of lines."""
    assert source.path is not None
    identity, end = FileIdentity.of(file), start
    try:
        check_encoding(peek(file))
        for offset, length, skipped in cut_file(file, options.max_line, start):
            options.report_read(length + skipped)
            end = offset + length + skipped
            yield Block(index, form, offset, FileText(source.path, identity, length), skipped)
    except BrokenSourceError as fault:
        yield _reject_block(index, form, end, fault)


def _read_stream(index: int, file: BinaryIO, options: ReadOptions, start: int) -> Iterator[Block]:
    """Yield what can be read once and in order only."""
    stream = open_stream(file)
    head = read_head(stream)
    form = options.form or detect(head)
    try:
        check_encoding(head)
    except BrokenSourceError as fault:
        yield _reject_block(index, form, 0, fault)
        return
    if form not in LINE_FORMS:
        for records in read_documents(read_chunks(stream, head, options.report_read), form):
            yield Block(index, form, 0, records)
        return
    report_total = _report_differences(options.report_read)
    # a pipe is not read ahead: a thread that waits for it cannot be stopped
    is_ahead = options.buffers is not None and options.buffers > 1 and file.seekable()
    filled = _fill(stream, skip_text(stream, head, start), options, is_ahead=is_ahead)
    blocks = _segments if is_ahead and options.in_segments else _buffers
    yield from blocks(Block(index, form, start, b""), filled, report_total)
    report_total(stream.stored)


def _fill(stream: Stream, head: bytes, options: ReadOptions, *, is_ahead: bool) -> Generator[Buffer]:
    """Return the buffers of a stream."""
    if is_ahead and options.in_segments:
        return fill_ahead(stream, head, BufferPool(SEGMENT_BUFFERS, SEGMENT_BUFFER), options.max_line)
    fill = fill_ahead if is_ahead else fill_buffers
    return fill(stream, head, BufferPool(options.buffers), options.max_line)


def _report_differences(report_read: Callable[[int], None]) -> Callable[[int], None]:
    """Return a function that takes how much has been read in all, and reports how much more that is."""
    reported = 0

    def report_total(stored: int) -> None:
        nonlocal reported
        report_read(stored - reported)
        reported = stored

    return report_total


def _buffers(empty: Block, filled: Iterator[Buffer], report_total: Callable[[int], None]) -> Iterator[Block]:
    """Yield buffers as blocks, the first of which begins where ``empty`` is."""
    offset = empty.offset
    try:
        for buffer in filled:
            report_total(buffer.stored)
            end = offset + buffer.size + buffer.skipped  # once the block is out, the buffer may be filled again
            yield Block(empty.source, empty.form, offset, buffer, buffer.skipped)
            offset = end
    except BrokenSourceError as fault:
        yield _reject_block(empty.source, empty.form, offset, fault)


def _segments(empty: Block, filled: Generator[Buffer], report_total: Callable[[int], None]) -> Iterator[Block]:
    """Yield segments as blocks in the same way.

    Segments share ``filled``, so each must have been read before the next one begins; and whatever ends this ends the
    segment first (``stop``), or its reader would go on taking buffers that are being closed.
    """
    offset = empty.offset
    try:
        with closing(filled):
            while first := next(filled, None):
                segment = StreamSegment(first, filled, offset, RANGE)
                try:
                    yield Block(empty.source, empty.form, offset, segment)
                    segment.wait()
                finally:
                    segment.stop()
                report_total(segment.stored)
                offset = segment.end
                if segment.fault:
                    raise segment.fault
    except BrokenSourceError as fault:
        yield _reject_block(empty.source, empty.form, offset, fault)


def _reject_block(index: int, form: Form, offset: int, fault: BrokenSourceError) -> Block:
    """Return the block that accounts for what cannot be read: one reject, numbered after the lines before it."""
    return Block(index, form, offset, _rejected_rest(form, fault, offset))


def _rejected_rest(form: Form, fault: BrokenSourceError, offset: int) -> EventList:
    """Return the one reject that stands for all that cannot be read."""
    reject = Reject(1, offset, fault.code, fault.message, fault.rest, form, is_cut=True)
    return EventList((), (), (reject,), has_file_line_numbers=False)
