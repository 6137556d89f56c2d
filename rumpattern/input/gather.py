"""Sources to blocks, small ones gathered: those that follow one another make one block.

Each block costs some milliseconds besides its lines, to batch, match and aggregate them, as much as 200 KB of text do:
of 5,000 files of 25 KB, a block for each took nine times as long as their lines in one file.

Gathered is what is simple: whole files, read at once, of lines in one form, or of documents. A source that is large, a
stream, empty, damaged or not to be read is left to ``read_blocks``, and so is one that has no neighbour to be gathered
with. So faults are found and told of in one place, and nothing but the time depends on what is gathered.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from rumpattern.input.blocks import Block, ReadOptions, SourceSpan, read_blocks
from rumpattern.input.documents import MAX_RECORDS, detect, read_documents
from rumpattern.input.formats import LINE_FORMS, Form
from rumpattern.input.lines import EventList
from rumpattern.input.sources import GZIP_MAGIC, HEAD, BrokenSourceError, check_encoding, read_whole
from rumpattern.input.streams import inflate_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from rumpattern.input.blocks import Position
    from rumpattern.input.rejects import Reject
    from rumpattern.input.sources import Source

SMALL: Final = 1 << 20
"""Bytes of a source that is gathered, as they are stored and as text."""
GATHERED: Final = 8 << 20
"""Bytes of text, or of events, that are gathered."""


_NO_EVENTS: Final = EventList((), ())


class _Small(NamedTuple):
    """A small source that has been read: its text, which ends in a newline, or its events.

    Attributes:
        source: the index of the source.
        options: how it is to be read.
        form: its input form.
        stored: its bytes on disk.
        size: its bytes of text.
        content: the text, or events.
    """

    source: int
    options: ReadOptions
    form: Form
    stored: int
    size: int
    content: bytes | EventList

    @property
    def kind(self) -> Form | None:
        """What sources that are gathered have in common: a form of lines, None for documents of any form."""
        return None if isinstance(self.content, EventList) else self.form

    @property
    def is_empty(self) -> bool:
        """Whether there is not a single line or record."""
        return not (self.records if isinstance(self.content, EventList) else self.content)

    @property
    def weight(self) -> int:
        """Bytes that its text or its events take."""
        content = self.content
        return sum(map(len, content.texts)) if isinstance(content, EventList) else len(content)

    @property
    def records(self) -> int:
        """How many events and rejects it is known to have."""
        return _count_records(self.content) if isinstance(self.content, EventList) else 0


@dataclass(slots=True)
class _Group:
    """Small sources of one kind that follow one another, and are to become a block."""

    members: list[_Small] = field(default_factory=list)
    weight: int = 0
    records: int = 0

    def has_room(self, small: _Small) -> bool:
        """Tell whether one more source can be gathered with those of the group."""
        is_like = not self.members or self.members[0].kind == small.kind
        return is_like and self.weight + small.weight <= GATHERED and self.records + small.records <= MAX_RECORDS

    def add(self, small: _Small) -> None:
        """Add a source."""
        self.members.append(small)
        self.weight += small.weight
        self.records += small.records


def gather_blocks(
    sources: Sequence[Source], options_of: Callable[[int], ReadOptions], start: Position = (0, 0)
) -> Generator[Block]:
    """Yield the blocks of sources in order.

    Args:
        sources: what to read.
        options_of: returns for the index of a source how to read it.
        start: where to begin: where an earlier block ended.
    """
    group = _Group()
    first, offset = start
    for index in range(first, len(sources)):
        options = options_of(index)
        small = None if offset else _load(index, sources[index], options)
        if small is None:
            yield from _release(group, sources)
            group = _Group()
            yield from read_blocks(index, sources[index], options, offset)
        elif small.is_empty:
            if small.stored:
                options.report_read(small.stored)
        elif group.has_room(small):
            group.add(small)
        else:
            yield from _release(group, sources)
            group = _Group()
            group.add(small)
        offset = 0
    yield from _release(group, sources)


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
        is_whole = not text or text.endswith(b"\n")
        return _Small(index, options, form, len(data), len(text), text if is_whole else text + b"\n")
    lists = list(read_documents([text], form))
    if len(lists) > 1:
        return None
    return _Small(index, options, form, len(data), len(text), lists[0] if lists else _NO_EVENTS)


def _release(group: _Group, sources: Sequence[Source]) -> Iterator[Block]:
    """Yield the block of a group, or the blocks of its only source."""
    members = group.members
    if len(members) == 1:
        index = members[0].source
        yield from read_blocks(index, sources[index], members[0].options)
    elif members:
        for small in members:
            small.options.report_read(small.stored)
        text, spans = _join_events(members) if members[0].kind is None else _join_texts(members)
        yield Block(members[0].source, members[0].form, 0, text, spans=tuple(spans))


def _join_texts(members: Sequence[_Small]) -> tuple[bytes, list[SourceSpan]]:
    """Return the texts as one, and where each source is in it."""
    spans: list[SourceSpan] = []
    index = offset = 0
    texts = [small.content for small in members if isinstance(small.content, bytes)]
    for small, text in zip(members, texts, strict=True):
        spans.append(SourceSpan(small.source, small.form, index, offset, text.count(b"\n")))
        index += spans[-1].lines
        offset += len(text)
    return b"".join(texts), spans


def _join_events(members: Sequence[_Small]) -> tuple[EventList, list[SourceSpan]]:
    """Return the events as one list, and where each source is in it."""
    spans: list[SourceSpan] = []
    texts: list[bytes] = []
    positions: list[tuple[int, int]] = []
    rejects: list[Reject] = []
    blank = offset = 0
    for small in members:
        events, index = small.content, len(texts)
        assert isinstance(events, EventList)
        spans.append(SourceSpan(small.source, small.form, index, offset, _count_records(events)))
        texts += events.texts
        positions += [(line + index, begin + offset) for line, begin in events.positions]
        rejects += [replace(one, line=one.line + index, offset=one.offset + offset) for one in events.rejects]
        blank += events.blank
        offset += small.size + 1  # what is missing at the end of a source is still before the next one
    return EventList(texts, positions, rejects, blank), spans


def _count_records(events: EventList) -> int:
    return len(events.texts) + len(events.rejects) + events.blank
