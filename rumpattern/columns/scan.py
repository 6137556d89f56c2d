"""Event lines to a batch by compiled code, the same batch that ``rumpattern.columns.decode`` gives.

Compiled code defers each line that it is not sure of to the decoder: faults of any kind, arrays and repeated keys where
a column is read, keys with escapes or dots, numbers with exponents or of many digits, lone surrogates. So it has a fast
path for what RUM clients write and no second definition of what an event is; that it defers too much costs time, that
it defers too little would show as a difference between the readers.
"""

from __future__ import annotations

from functools import reduce
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, assert_never

import numpy as np
import orjson

from rumpattern.columns.batch import Column, EventBatch
from rumpattern.columns.keys import build_keys, build_types
from rumpattern.columns.tree import Tree
from rumpattern.dataclass import dataclass
from rumpattern.input.buffers import Buffer
from rumpattern.input.lines import SelectedLines
from rumpattern.input.pool import ScratchPool
from rumpattern.input.segments import StreamSegment
from rumpattern.input.sources import RANGE
from rumpattern.input.texts import FileText, padded
from rumpattern.native.dictionary import clear, empty_dictionaries
from rumpattern.native.file import CAN_READ, PIECE, scan_file
from rumpattern.native.kept import empty_text, no_texts, room_for
from rumpattern.native.scan import COUNTS, LINES, TRIAL, Cells, Found, Request, Work, scan_lines
from rumpattern.native.shapes import forget, no_shapes
from rumpattern.native.simd import addresses
from rumpattern.native.walk import empty_notes
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from rumpattern.arrays import Array, Bytes, Flags
    from rumpattern.columns.decode import Decoder
    from rumpattern.input.lines import TextLines
    from rumpattern.native.dictionary import Dictionaries
    from rumpattern.native.kept import KeptTexts
    from rumpattern.native.shapes import Shapes
    from rumpattern.native.walk import Notes

_EXPECTED_LINE: Final = 64
"""Bytes of a line, before any has been seen: fewer than events have, so that the first batch has rows enough."""
_MARGIN: Final = 1.1
"""How many more rows than the last text had per byte there is room for."""
_MIN_ROWS: Final = 256
_MAX_BYTES: Final = 32 << 20
"""Memory of the columns of one batch."""
_CELL: Final = 48
"""Bytes of a cell: its kind, number and code, and its share of the dictionary."""
KEPT_BYTES: Final = 4 << 20
"""Bytes of distinct strings of one batch, and of lines deferred to the decoder, which take much memory there."""
_MAX_MEMBERS: Final = np.iinfo(np.uint16).max
"""Members that shapes can number; plans that ask for more are left to the decoder."""


class _Layout(NamedTuple):
    """What a scan reads, laid out for compiled code.

    Attributes:
        paths: the path of each column; the event type's is the first.
        types: index of an event type in ``wanted``; 0 stands for all that are not in it.
        wanted: shape (types + 1, columns), which columns are read from events of each type.
        request: the same as tables, but for what differs between texts.
    """

    paths: Sequence[str]
    types: Mapping[str, int]
    wanted: Array
    request: Request


def _build_layout(all_paths: Sequence[str], trees: Mapping[str, Tree] | None) -> _Layout:
    """Return the layout for some paths, of which events of each type have those of its tree; without trees, all."""
    paths = [EVENT_TYPE, *(path for path in all_paths if path != EVENT_TYPE)]
    columns = {path: column for column, path in enumerate(paths)}
    types = {event_type: index for index, event_type in enumerate(trees or (), 1)}
    wanted = np.full((len(types) + 1, len(paths)), trees is None)
    for event_type, tree in (trees or {}).items():
        wanted[types[event_type], [columns[path] for path in tree.paths]] = True
    root = Tree(frozenset(paths)).root
    root.add([EVENT_TYPE])
    keys = build_keys(root, columns)
    nodes = np.zeros(len(paths), np.int32)
    for member, column in enumerate(keys.members[:, 1].tolist()):
        if column >= 0:
            nodes[column] = member
    request = Request(
        keys,
        nodes,
        build_types(list(types)),
        _column_lists(wanted),
        len(paths),
        len(keys.members) - 1,
        has_timestamp_prefix=False,
        max_line=0,
    )
    return _Layout(paths, types, wanted, request)


class _Scratch(NamedTuple):
    """What a scan works with besides the text and the columns; shapes are remembered while events repeat them."""

    rows: int
    notes: Notes
    shapes: Shapes
    dictionaries: Dictionaries
    found: Found


class _Cursor(Protocol):
    """How far a text has been scanned."""

    def max_line(self) -> int:
        """Return how long a line may be in what is scanned next: the limit, or less if the text is shorter."""

    def scan(self, work: Work) -> bool:
        """Add rows from the next lines while there is room; return whether there are more lines."""


@dataclass(slots=True)
class _TextCursor:
    """Scans a text in memory, ``size`` bytes followed by padding, from the byte ``start`` on."""

    text: Bytes
    size: int
    offset: int
    limit: int
    start: int

    def max_line(self) -> int:
        return min(self.limit, self.size)

    def scan(self, work: Work) -> bool:
        self.start = scan_lines(self.text.ctypes.data, self.start, self.size, self.offset, work)
        return self.start < self.size


@dataclass(slots=True)
class _FileCursor:
    """Scans the bytes of an open file from ``start`` to ``end`` in pieces, which are read to ``room`` one by one.

    A piece stays in the processor's cache, and no more of the file is ever in memory. Where the file cannot be read on,
    or has a line that ``room`` does not hold, the cursor stops (``is_stuck``) at the beginning of a line.
    """

    file: int
    start: int
    end: int
    room: Bytes
    piece: int
    longest: int
    is_stuck: bool = False

    def max_line(self) -> int:
        return self.longest

    def scan(self, work: Work) -> bool:
        self.start, self.is_stuck = scan_file(self.file, self.start, self.end, self.room.ctypes.data, self.piece, work)
        return self.start < self.end and not self.is_stuck


@dataclass(slots=True)
class _SegmentCursor:
    """Scans the buffers of a segment one by one; asking for the next gives the last one back to be filled again."""

    buffers: Iterator[tuple[Buffer, int]]
    current: tuple[Buffer, int] | None
    limit: int
    start: int = 0

    def max_line(self) -> int:
        return min(self.limit, self.current[0].size) if self.current else 0

    def scan(self, work: Work) -> bool:
        while self.current:
            if self.max_line() > work.request.max_line:
                return True  # a larger buffer may hold longer lines than this batch has room to keep
            buffer, offset = self.current
            self.start = scan_lines(buffer.text.ctypes.data, self.start, buffer.size, offset, work)
            if self.start < buffer.size:
                return True
            self.current, self.start = next(self.buffers, None), 0
        return False


class Scanner:
    """Builds the batches that a decoder would build; it keeps scratch memory between them. Threads can share it.

    Args:
        decoder: what to read, and who reads the lines that are deferred.
        piece: bytes that are read of a file at once.
        kept_bytes: bytes of distinct strings and of deferred lines that make a batch, at most.
    """

    def __init__(self, decoder: Decoder, piece: int = PIECE, kept_bytes: int = KEPT_BYTES) -> None:
        self.decoder = decoder
        self.piece = piece
        self.kept_bytes = kept_bytes
        self.layout = _build_layout(decoder.paths, decoder.trees)
        self.max_rows = max(_MIN_ROWS, _MAX_BYTES // (_CELL * len(self.layout.paths)))
        self.lines_per_byte = 0.0  # of the last text, as far as it has been read; only the room for rows depends on it
        self.texts: ScratchPool[Bytes] = ScratchPool(lambda size: np.empty(size, np.uint8), len)
        self.scratch = ScratchPool(self._new_scratch, attrgetter("rows"))

    def clear(self) -> None:
        """Give back the memory that is kept to be used again."""
        self.texts.clear()
        self.scratch.clear()

    def _new_scratch(self, rows: int) -> _Scratch:
        request = self.layout.request
        return _Scratch(
            rows,
            empty_notes(request.members),
            no_shapes(),
            empty_dictionaries(request.columns, rows),
            Found(np.empty(rows, np.int64), np.empty((rows, 4), np.int64), np.zeros(COUNTS, np.int64)),
        )

    def decode(self, lines: TextLines) -> EventBatch:
        """Return one batch: a line that is no event becomes a reject, a blank one is counted."""
        return reduce(EventBatch.merge, self.batches(lines))

    def batches(self, lines: TextLines) -> Iterator[EventBatch]:
        """Yield the same in parts, at least one, each of which takes a bounded amount of memory."""
        if self.decoder.is_deep or self.layout.request.members > _MAX_MEMBERS:
            yield from self.decoder.batches(lines)
            return
        match lines.content:
            case StreamSegment() as segment:
                buffers = iter(segment)
                yield from self._scan_all(lines, _SegmentCursor(buffers, next(buffers, None), lines.max_line), RANGE)
            case FileText() as text if CAN_READ:
                yield from self._scan_file(lines, text)
            case bytes() | Buffer() | FileText() as text:
                yield from self._scan_text(lines, text)
            case _:
                assert_never(lines.content)

    def _scan_file(self, lines: TextLines, text: FileText) -> Iterator[EventBatch]:
        """Yield the batches of a file, piece by piece; where that does not go on, of the rest as a text in memory."""
        longest = min(lines.max_line, text.length)
        room = empty_text(longest + self.piece)
        with text.open(lines.offset) as file:
            cursor = _FileCursor(file.fileno(), lines.offset, lines.offset + text.length, room, self.piece, longest)
            line_count = yield from self._scan_all(lines, cursor, text.length)
        if cursor.start < cursor.end:
            yield from self._scan_text(lines, text, cursor.start - lines.offset, line_count)

    def _scan_text(
        self, lines: TextLines, text: bytes | Buffer | FileText, start: int = 0, line_count: int = 0
    ) -> Iterator[EventBatch]:
        """Yield the batches of a text from one of its bytes on, before which there are ``line_count`` lines."""
        with padded(text, lines.offset, self.texts) as (array, size):
            cursor = _TextCursor(array, size, lines.offset, lines.max_line, start)
            yield from self._scan_all(lines, cursor, size, line_count)

    def _scan_all(
        self, lines: TextLines, cursor: _Cursor, size: int, line_count: int = 0
    ) -> Generator[EventBatch, None, int]:
        """Yield the batches of ``size`` bytes of text, or less; return how many lines there are up to their end."""
        has_more = True
        while has_more:
            rows = self._rows_for(size)
            with self.scratch.take(rows) as scratch:
                batch, has_more = self._scan(lines, cursor, rows, scratch, line_count)
            line_count += batch.line_count
            self.lines_per_byte = line_count / max(size, 1)
            yield batch
        return line_count

    def _rows_for(self, size: int) -> int:
        """Return for how many rows to make room: those of a text of ``size`` bytes like the last one, and some more."""
        guess = size * self.lines_per_byte * _MARGIN if self.lines_per_byte else size / _EXPECTED_LINE
        return min(max(int(guess), _MIN_ROWS), self.max_rows)

    def _scan(
        self, lines: TextLines, cursor: _Cursor, rows: int, scratch: _Scratch, line_count: int
    ) -> tuple[EventBatch, bool]:
        """Return the batch of the next lines, of which ``line_count`` come before it, and whether there are more."""
        width, max_line = len(self.layout.paths), cursor.max_line()
        cells = _empty_cells(width, rows)
        kept = no_texts(max(self.kept_bytes, room_for(max_line + 1)))
        clear(addresses(scratch.dictionaries), width)
        found = scratch.found
        found.counts[:] = 0
        found.counts[LINES] = line_count
        request = self.layout.request._replace(has_timestamp_prefix=lines.has_timestamp_prefix, max_line=max_line)
        work = Work(request, scratch.notes, scratch.shapes, scratch.dictionaries, kept, cells, found)
        has_more = cursor.scan(addresses(work))
        size, left, blank, counted, walked = found.counts.tolist()
        if TRIAL < walked > size // 2:
            forget(scratch.shapes)
        columns = self._columns(cells, scratch.dictionaries, kept, size)
        synthesised = self.decoder.derive_fields(columns, self._read_rows(columns))
        scanned = counted - line_count - left  # the decoder counts those that are left
        batch = EventBatch(size, columns, {}, found.rows[:size].copy(), (), blank, synthesised, scanned)
        if left:
            batch = batch.merge(self.decoder.decode(SelectedLines(lines, _deferred(kept, found.left[:left]))))
        return batch, has_more

    def _columns(self, cells: Cells, dictionaries: Dictionaries, kept: KeptTexts, rows: int) -> dict[str, Column]:
        return {
            path: Column(
                cells.kinds[column, :rows],
                cells.numbers[column, :rows],
                cells.codes[column, :rows],
                _strings(dictionaries, kept, column),
            )
            for column, path in enumerate(self.layout.paths)
        }

    def _read_rows(self, columns: dict[str, Column]) -> dict[str, Flags]:
        """Return for each field that can be derived the rows, as a mask, whose event type reads it."""
        layout, event_type = self.layout, columns[EVENT_TYPE]
        index_of_code = np.array([layout.types.get(name, 0) for name in event_type.strings] or [0], np.intp)
        fields = columns.keys() & {*DERIVED_FIELDS, APPLICATION_NAME}
        return {path: layout.wanted[index_of_code[event_type.codes], layout.paths.index(path)] for path in fields}


def _empty_cells(columns: int, rows: int) -> Cells:
    shape = columns, rows
    return Cells(np.zeros(shape, np.uint8), np.zeros(shape), np.zeros(shape, np.int32), rows)


def _column_lists(wanted: Array) -> Array:
    """Return a mask of columns a row as the indices of these columns, but for column 0, ended by a 0."""
    lists = np.zeros(wanted.shape, np.int32)
    for row, mask in enumerate(wanted[:, 1:]):
        columns = np.flatnonzero(mask) + 1
        lists[row, : len(columns)] = columns
    return lists


def _strings(dictionaries: Dictionaries, kept: KeptTexts, column: int) -> tuple[str, ...]:
    entries = dictionaries.entries[column, : dictionaries.heads[column, 0]]
    begins = entries["address"] - kept.text.ctypes.data
    data = kept.text.data
    spans = zip(begins.tolist(), (begins + entries["length"]).tolist(), strict=True)
    return tuple(_string(bytes(data[begin:end])) for begin, end in spans)


def _string(raw: bytes) -> str:
    return str(orjson.loads(b'"%b"' % raw)) if b"\\" in raw else raw.decode()


def _deferred(kept: KeptTexts, left: Array) -> dict[int, tuple[int, bytes]]:
    """Return the offset and the text of each line that is left to the decoder, by its index."""
    data, base = kept.text.data, kept.text.ctypes.data
    return {
        index: (offset, bytes(data[address - base : address - base + length]))
        for index, offset, length, address in left.tolist()
    }
