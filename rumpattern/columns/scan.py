"""Event lines to a batch by the compiled core, the same batch that ``rumpattern.columns.decode`` gives.

The core defers each line that it is not sure of to the decoder: faults of any kind, repeated keys and arrays of
anything but scalars where a column is read, keys with escapes or dots, numbers that compare by their text. So it has a
fast path for what RUM clients write and no second definition of what an event is; that it defers too much costs time,
that it defers too little would show as a difference between the readers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, assert_never

import numpy as np
import orjson

from rumpattern.columns.array_texts import arrays_from_texts
from rumpattern.columns.batch import Column, EventBatch
from rumpattern.columns.keys import SEEDS, aligned_zeros, build_keys, build_types
from rumpattern.columns.tree import Tree
from rumpattern.input.buffers import Buffer
from rumpattern.input.lines import SelectedLines
from rumpattern.input.pool import ScratchPool
from rumpattern.input.segments import StreamSegment
from rumpattern.input.sources import RANGE
from rumpattern.input.texts import CAN_READ_AT, FileText, padded
from rumpattern.native import PADDING
from rumpattern.native.library import UNREADABLE, load_core
from rumpattern.native.structures import Deferred, Entry, Plan, Scan, Span, record_of
from rumpattern.native.structures import Scratch as ScratchSpans
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from rumpattern.arrays import Array, Bytes, Flags
    from rumpattern.columns.batch import Arrays
    from rumpattern.columns.decode import Decoder
    from rumpattern.input.lines import TextLines
    from rumpattern.native.library import Core

PIECE: Final = 256 << 10
"""Bytes that are read of a file at once: a part of what a core's own cache holds."""
_EXPECTED_LINE: Final = 64
"""Bytes of a line, before any has been seen: fewer than events have, so that the first batch has rows enough."""
_MARGIN: Final = 1.1
"""How many more rows than the last text had per byte there is room for."""
_MIN_ROWS: Final = 256
_MAX_BYTES: Final = 16 << 20
"""Memory of the columns of one batch."""
_CELL: Final = 48
"""Bytes of a cell: its kind, number and code, and its share of the dictionary."""
KEPT_BYTES: Final = 4 << 20
"""Bytes of distinct strings of one batch, and of lines deferred to the decoder, which take much memory there."""
_MAX_MEMBERS: Final = np.iinfo(np.uint16).max - 1
"""Members that shapes can number; plans that ask for more are left to the decoder."""
_MAX_QUOTES: Final = 1 << 20
"""Quotes of a line; lines with more are deferred. Memory for so many is reserved, and taken as lines have them."""
_WORD: Final = 8
_ENTRY: Final = np.dtype(record_of(Entry))
_DEFERRED: Final = np.dtype(record_of(Deferred))


class _Layout(NamedTuple):
    """What a scan reads, laid out for the core.

    Attributes:
        paths: the path of each column; the event type's is the first.
        types: index of an event type in ``wanted``; 0 stands for all that are not in it.
        wanted: shape (types + 1, columns), which columns are read from events of each type.
        member_count: how many members there are, columns and objects on the way to them.
        plan: the same for the core.
        arrays: those that ``plan`` has the addresses of.
    """

    paths: Sequence[str]
    types: Mapping[str, int]
    wanted: Array
    member_count: int
    plan: Plan
    arrays: tuple[Array, ...]


def _build_layout(core: Core, all_paths: Sequence[str], trees: Mapping[str, Tree] | None) -> _Layout:
    """Return the layout for some paths, of which events of each type have those of its tree; without trees, all."""
    paths = [EVENT_TYPE, *(path for path in all_paths if path != EVENT_TYPE)]
    columns = {path: column for column, path in enumerate(paths)}
    types = {event_type: index for index, event_type in enumerate(trees or (), 1)}
    wanted = np.full((len(types) + 1, len(paths)), trees is None)
    for event_type, tree in (trees or {}).items():
        wanted[types[event_type], [columns[path] for path in tree.paths]] = True
    root = Tree(frozenset(paths)).root
    root.add([EVENT_TYPE])
    keys, members = build_keys(core, root, columns)
    type_keys = build_types(core, list(types))
    nodes = np.zeros(len(paths), np.int32)
    for member, column in enumerate(members[:, 1].tolist()):
        if column >= 0:
            nodes[column] = member
    lists = _column_lists(wanted)
    plan = Plan(
        keys.structure,
        Span(members.ctypes.data, len(members)),
        type_keys.structure,
        Span.of(nodes),
        Span.of(lists),
        len(paths),
    )
    arrays = (*keys.arrays, *type_keys.arrays, members, nodes, lists)
    return _Layout(paths, types, wanted, len(members) - 1, plan, arrays)


class _Scratch:
    """Memory that a scan works in besides the text and the columns; shapes are remembered while events repeat them.

    Args:
        core: knows the sizes.
        layout: what is read.
        rows: how many rows there is room for.
    """

    def __init__(self, core: Core, layout: _Layout, rows: int) -> None:
        facts, members, columns = core.facts, layout.member_count + 1, len(layout.paths)
        slots = max(facts["FIRST_SLOTS"], 1 << (facts["SLOTS_PER_STRING"] * rows - 1).bit_length())
        self.rows = rows
        self.shapes = aligned_zeros(facts["shapes"])
        self.entries = np.empty((2, columns, rows), _ENTRY)
        self.heads = np.zeros((2, columns, 2), np.int64)
        self.row_lines = np.empty(rows, np.int64)
        self.deferred = np.empty(rows, _DEFERRED)
        arrays: tuple[Array, ...] = (
            np.empty(members + facts["BEFORE_KINDS"], np.uint8),
            np.empty(members * facts["span"], np.uint8),
            np.empty(_MAX_QUOTES + facts["QUOTES_MARGIN"], np.int32),
            np.empty(facts["MAX_VALUES"] * facts["step"], np.uint8),
            self.shapes,
            np.empty((2, columns, slots), np.int32),
            self.entries.view(np.uint8),
            self.heads,
        )
        self.arrays = arrays
        self.spans = ScratchSpans(*map(Span.of, arrays))


def empty_text(size: int) -> Bytes:
    """Return room for a text of so many bytes and for ``PADDING``."""
    return np.empty(size + PADDING, np.uint8)


class _Cells(NamedTuple):
    """What a scan fills: the columns, all of shape (columns, rows), and the texts that are kept."""

    kinds: Array
    numbers: Array
    codes: Array
    kept: Bytes


class _Cursor(Protocol):
    """How far a text has been scanned."""

    def max_line(self) -> int:
        """Return how long a line may be in what is scanned next: the limit, or less if the text is shorter."""

    def scan(self, core: Core, scan: Scan) -> bool:
        """Add rows from the next lines while there is room; return whether there are more lines."""


def _scan_lines(core: Core, scan: Scan, text: Bytes, part: slice, offset: int) -> int:
    """Add rows from the part of a text between two bytes; return where the next line begins, its stop at the end."""
    scan.text, scan.start, scan.size, scan.offset = Span.of(text), part.start, part.stop, offset
    core.call("scan_lines", scan)
    return scan.start


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

    def scan(self, core: Core, scan: Scan) -> bool:
        self.start = _scan_lines(core, scan, self.text, slice(self.start, self.size), self.offset)
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

    def scan(self, core: Core, scan: Scan) -> bool:
        scan.text, scan.start, scan.size = Span.of(self.room), self.start, self.end
        scan.file, scan.piece = self.file, self.piece
        self.is_stuck = core.call("scan_file", scan, UNREADABLE) == UNREADABLE
        self.start = scan.start
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

    def scan(self, core: Core, scan: Scan) -> bool:
        while self.current:
            if self.max_line() > scan.max_line:
                return True  # a larger buffer may hold longer lines than this batch has room to keep
            buffer, offset = self.current
            self.start = _scan_lines(core, scan, buffer.text, slice(self.start, buffer.size), offset)
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
        self.core = load_core()
        self.decoder = decoder
        self.piece = piece
        self.kept_bytes = kept_bytes
        self.layout = _build_layout(self.core, decoder.paths, decoder.trees)
        self.max_rows = max(_MIN_ROWS, _MAX_BYTES // (_CELL * len(self.layout.paths)))
        self.lines_per_byte = 0.0  # of the last text, as far as it has been read; only the room for rows depends on it
        self.texts: ScratchPool[Bytes] = ScratchPool(lambda size: np.empty(size, np.uint8), len)
        self.scratch = ScratchPool(lambda rows: _Scratch(self.core, self.layout, rows), lambda scratch: scratch.rows)

    def clear(self) -> None:
        """Give back the memory that is kept to be used again."""
        self.texts.clear()
        self.scratch.clear()

    def decode(self, lines: TextLines) -> EventBatch:
        """Return one batch: a line that is no event becomes a reject, a blank one is counted."""
        return reduce(EventBatch.merge, self.batches(lines))

    def batches(self, lines: TextLines) -> Iterator[EventBatch]:
        """Yield the same in parts, at least one, each of which takes a bounded amount of memory."""
        if self.decoder.is_deep or self.layout.member_count > _MAX_MEMBERS:
            yield from self.decoder.batches(lines)
            return
        match lines.content:
            case StreamSegment() as segment:
                buffers = iter(segment)
                yield from self._scan_all(lines, _SegmentCursor(buffers, next(buffers, None), lines.max_line), RANGE)
            case FileText() as text if CAN_READ_AT:
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
        shape, kept_size = (width, rows), max(self.kept_bytes, self.core.facts["KEPT_FACTOR"] * (max_line + 1) + _WORD)
        cells = _Cells(np.zeros(shape, np.uint8), np.zeros(shape), np.zeros(shape, np.int32), empty_text(kept_size))
        scan = Scan(
            plan=self.layout.plan,
            scratch=scratch.spans,
            max_line=max_line,
            rows=rows,
            kinds=Span.of(cells.kinds),
            numbers=Span.of(cells.numbers),
            codes=Span.of(cells.codes),
            row_lines=Span.of(scratch.row_lines),
            deferred=Span.of(scratch.deferred),
            kept=Span.of(cells.kept),
            seeds=SEEDS,
            has_timestamp_prefix=lines.has_timestamp_prefix,
            line_count=line_count,
        )
        has_more = cursor.scan(self.core, scan)
        size, deferred = scan.row_count, scratch.deferred[: scan.deferred_count]
        columns = self._columns(cells, scratch, size)
        derived = self.decoder.derive_fields(columns, self._read_rows(columns))
        scanned = scan.line_count - line_count - len(deferred)  # the decoder counts those that are deferred
        indices = scratch.row_lines[:size].copy()
        batch = EventBatch(size, columns, {}, indices, (), scan.blank_count, derived, scanned)
        if len(deferred):
            batch = batch.merge(self.decoder.decode(SelectedLines(lines, _deferred_lines(cells.kept, deferred))))
        return batch, has_more

    def _columns(self, cells: _Cells, scratch: _Scratch, rows: int) -> dict[str, Column]:
        return {
            path: Column(
                cells.kinds[column, :rows],
                cells.numbers[column, :rows],
                cells.codes[column, :rows],
                tuple(map(_string, _texts(scratch, 0, column, cells.kept))),
                _arrays(_texts(scratch, 1, column, cells.kept)),
            )
            for column, path in enumerate(self.layout.paths)
        }

    def _read_rows(self, columns: dict[str, Column]) -> dict[str, Flags]:
        """Return for each field that can be derived the rows, as a mask, whose event type reads it."""
        layout, event_type = self.layout, columns[EVENT_TYPE]
        index_of_code = np.array([layout.types.get(name, 0) for name in event_type.strings] or [0], np.intp)
        fields = columns.keys() & {*DERIVED_FIELDS, APPLICATION_NAME}
        return {path: layout.wanted[index_of_code[event_type.codes], layout.paths.index(path)] for path in fields}


def _column_lists(wanted: Array) -> Array:
    """Return a mask of columns a row as the indices of these columns, but for column 0, ended by a 0."""
    lists = np.zeros(wanted.shape, np.int32)
    for row, mask in enumerate(wanted[:, 1:]):
        columns = np.flatnonzero(mask) + 1
        lists[row, : len(columns)] = columns
    return lists


def _texts(scratch: _Scratch, form: int, column: int, kept: Bytes) -> list[bytes]:
    """Return the distinct JSON texts of a column's strings (form 0) or arrays (form 1), which are among those kept."""
    entries, data = scratch.entries[form, column, : scratch.heads[form, column, 0]], kept.data
    begins = entries["offset"]
    spans = zip(begins.tolist(), (begins + entries["length"]).tolist(), strict=True)
    return [bytes(data[begin:end]) for begin, end in spans]


def _arrays(texts: Sequence[bytes]) -> Arrays | None:
    if not texts:
        return None
    arrays, is_exact = arrays_from_texts(texts)
    if not is_exact.all():
        raise RuntimeError("the compiled core read an array that columns cannot say")
    return arrays


def _string(raw: bytes) -> str:
    if b"\\" not in raw:
        return raw.decode()
    try:
        return str(orjson.loads(b'"%b"' % raw))
    except orjson.JSONDecodeError:  # a lone surrogate, which json keeps and orjson refuses
        return str(json.loads(b'"%b"' % raw))


def _deferred_lines(kept: Bytes, deferred: Array) -> dict[int, tuple[int, bytes]]:
    """Return the offset and the text of each line that is deferred to the decoder, by its index."""
    data = kept.data
    return {index: (offset, bytes(data[begin : begin + length])) for index, offset, length, begin in deferred.tolist()}
