"""Sources to blocks, small ones gathered: those that follow one another make one block.

Each block costs some milliseconds besides its lines, to batch, match and aggregate them, as much as 200 KB of text do:
of 5,000 files of 25 KB, a block for each took ten times as long as their lines in one file.

Gathered is what is simple: whole files, read at once, of lines in one form, or of documents. A source that is large, a
stream, damaged or not to be read is left to ``read_blocks``, and so is one that has no neighbour to be gathered with.
So faults are found and told of in one place, and nothing but the time depends on what is gathered.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from rumpattern.input.blocks import Block, ReadOptions, SourceSpan, read_blocks
from rumpattern.input.buffers import BufferPool
from rumpattern.input.documents import MAX_RECORDS, detect, read_documents
from rumpattern.input.formats import LINE_FORMS, Form
from rumpattern.input.lines import EventList
from rumpattern.input.sources import GZIP_MAGIC, HEAD, BrokenSourceError, check_encoding, read_whole
from rumpattern.input.streams import inflate_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from rumpattern.input.blocks import Position
    from rumpattern.input.buffers import Buffer
    from rumpattern.input.rejects import Reject
    from rumpattern.input.sources import Source

SMALL: Final = 2 << 20
"""Bytes of a source that is gathered, as they are stored and as text: at 4 MB, blocks of their own take no longer."""
GATHERED: Final = 8 << 20
"""Bytes of text, or of events, that make a block."""
_NO_EVENTS: Final = EventList((), ())


class _Small(NamedTuple):
    """A small source that has been read.

    Attributes:
        source: the index of the source.
        options: how it is to be read.
        form: its input form.
        stored: its bytes on disk.
        text: its text.
        events: its events, None if it has lines.
    """

    source: int
    options: ReadOptions
    form: Form
    stored: int
    text: bytes
    events: EventList | None

    @property
    def is_empty(self) -> bool:
        """Whether there is not a single line or record."""
        return not self.text if self.events is None else not _count_records(self.events)


class _Lines:
    """Small sources of lines in one form: their texts, one behind the other in a buffer."""

    def __init__(self, form: Form, buffer: Buffer) -> None:
        self.members: list[_Small] = []
        self._form = form
        self._buffer = buffer
        self._spans: list[SourceSpan] = []
        self._line_count = 0
        buffer.clear()

    def has_room(self, small: _Small) -> bool:
        """Tell whether one more source can be gathered with these."""
        end = self._buffer.size + len(small.text) + (not small.text.endswith(b"\n"))
        return small.events is None and small.form is self._form and end <= GATHERED

    def add(self, small: _Small) -> None:
        """Add a source; the buffer has room for the first one in any case."""
        offset = self._buffer.size
        lines = self._buffer.append_lines(small.text)
        self._spans.append(SourceSpan(small.source, small.form, self._line_count, offset, lines))
        self._line_count += lines
        self.members.append(small._replace(text=b""))

    def block(self) -> Block:
        """Return the block of all."""
        return Block(self.members[0].source, self._form, 0, self._buffer, spans=tuple(self._spans))

    def release(self) -> None:
        """Give the buffer back, for there will be no block."""
        self._buffer.release()


class _Documents:
    """Small sources of documents in any form: their events in one list."""

    def __init__(self) -> None:
        self.members: list[_Small] = []
        self._spans: list[SourceSpan] = []
        self._texts: list[bytes] = []
        self._positions: list[tuple[int, int]] = []
        self._rejects: list[Reject] = []
        self._blank = 0
        self._offset = 0
        self._size = 0

    def has_room(self, small: _Small) -> bool:
        """Tell whether one more source can be gathered with these."""
        if small.events is None:
            return False
        records = len(self._texts) + len(self._rejects) + self._blank + _count_records(small.events)
        return records <= MAX_RECORDS and self._size + sum(map(len, small.events.texts)) <= GATHERED

    def add(self, small: _Small) -> None:
        """Add a source."""
        events, first, offset = small.events, len(self._texts), self._offset
        assert events is not None
        self._spans.append(SourceSpan(small.source, small.form, first, offset, _count_records(events)))
        self._texts += events.texts
        self._positions += [(line + first, begin + offset) for line, begin in events.positions]
        self._rejects += [replace(one, line=one.line + first, offset=one.offset + offset) for one in events.rejects]
        self._blank += events.blank
        self._offset += len(small.text) + 1  # what is missing at the end of a source is still before the next one
        self._size += sum(map(len, events.texts))
        self.members.append(small._replace(text=b"", events=None))

    def block(self) -> Block:
        """Return the block of all."""
        events = EventList(self._texts, self._positions, self._rejects, self._blank)
        return Block(self.members[0].source, self.members[0].form, 0, events, spans=tuple(self._spans))

    def release(self) -> None:
        """Do nothing: nothing was lent."""


_Group: TypeAlias = "_Lines | _Documents"


def gather_blocks(
    sources: Sequence[Source], options_of: Callable[[int], ReadOptions], start: Position = (0, 0)
) -> Generator[Block]:
    """Yield the blocks of sources in order; a block of gathered lines has one of ``ReadOptions.buffers``.

    Args:
        sources: what to read.
        options_of: returns for the index of a source how to read it.
        start: where to begin: where an earlier block ended.
    """
    first, offset = start
    group: _Group | None = None
    pool: BufferPool | None = None
    for index in range(first, len(sources)):
        options = options_of(index)
        small = None if offset else _load(index, sources[index], options)
        if group and (small is None or not (small.is_empty or group.has_room(small))):
            yield from _blocks(group, sources)
            group = None
        if small is None:
            yield from read_blocks(index, sources[index], options, offset)
        elif small.is_empty:
            _report(small)
        else:
            pool = pool or BufferPool(options.buffers, max(GATHERED, SMALL + 1))
            group = group or _new_group(small, pool)
            group.add(small)
        offset = 0
    if group:
        yield from _blocks(group, sources)


def _load(index: int, source: Source, options: ReadOptions) -> _Small | None:
    """Return a source that can be gathered, None if it cannot."""
    data = read_whole(source, SMALL)
    text = inflate_whole(data, SMALL) if data and data.startswith(GZIP_MAGIC) else data
    if data is None or text is None:
        return None
    try:
        check_encoding(text)
    except BrokenSourceError:
        return None
    form = options.form or detect(text[:HEAD])
    if form in LINE_FORMS:
        return _Small(index, options, form, len(data), text, None)
    lists = list(read_documents([text], form)) or [_NO_EVENTS]
    return _Small(index, options, form, len(data), text, lists[0]) if len(lists) == 1 else None


def _new_group(small: _Small, pool: BufferPool) -> _Group:
    """Return a group that a source can be added to; the blocks before it must be out, for they have the buffers."""
    if small.events is not None:
        return _Documents()
    buffer = pool.acquire()
    assert buffer is not None, "the pool is open"
    return _Lines(small.form, buffer)


def _blocks(group: _Group, sources: Sequence[Source]) -> Iterator[Block]:
    """Yield the block of a group, or the blocks of its only source."""
    if len(group.members) > 1:
        for small in group.members:
            _report(small)
        yield group.block()
        return
    group.release()
    (small,) = group.members
    yield from read_blocks(small.source, sources[small.source], small.options)


def _report(small: _Small) -> None:
    if small.stored:
        small.options.report_read(small.stored)


def _count_records(events: EventList) -> int:
    return len(events.texts) + len(events.rejects) + events.blank
