"""Event lines to a batch by compiled code, the same batch that ``rumpattern.columns.decode`` gives.

What the compiled code is not sure of is left to the decoder, line by line: faults of any kind, arrays and repeated keys
where something is wanted, keys with escapes or dots, numbers with exponents or of many digits, lone surrogates.
"""

from __future__ import annotations

from functools import reduce
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import orjson

from rumpattern.columns.batch import Column, EventBatch
from rumpattern.columns.keys import build_keys, build_types
from rumpattern.columns.tree import Tree
from rumpattern.input.lines import FileLines, SelectedLines
from rumpattern.input.pool import BufferPool
from rumpattern.input.segments import SegmentLines
from rumpattern.input.sources import RANGE
from rumpattern.native.dictionary import clear, empty_dictionaries
from rumpattern.native.file import CAN_READ, PIECE, scan_file
from rumpattern.native.kept import empty_text, no_texts, room_for
from rumpattern.native.layout import PADDING
from rumpattern.native.scan import COUNTS, LINES, TRIAL, Cells, Found, Request, Work, scan_lines
from rumpattern.native.shapes import forget, no_shapes
from rumpattern.native.simd import addresses
from rumpattern.native.walk import empty_notes
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from rumpattern.arrays import Array, Bytes, Flags
    from rumpattern.columns.decode import Decoder
    from rumpattern.input.lines import TextLines
    from rumpattern.native.dictionary import Dictionaries
    from rumpattern.native.kept import KeptTexts
    from rumpattern.native.shapes import Shapes
    from rumpattern.native.walk import Notes

    Scan = Callable[[Work], bool]
    """Adds rows from the next lines, while there is room; tells whether there are more lines."""

_LEAST_LINE: Final = 64
_EXCESS: Final = 1.1
_LEAST_ROOM: Final = 256
_MOST_BYTES: Final = 32 << 20
"""Memory of the columns of one batch."""
_CELL: Final = 48
"""Bytes of a cell: its kind, number and code, and its share of the dictionary."""
KEPT_BYTES: Final = 4 << 20
"""Bytes of distinct strings of one batch, and of lines left to the decoder, which take much memory there."""
_MOST_MEMBERS: Final = np.iinfo(np.uint16).max
"""Members that shapes can number; plans that ask for more are left to the decoder."""


class _Scratch(NamedTuple):
    """What a scan works with besides the text and the columns; shapes are remembered while events repeat them."""

    rows: int
    notes: Notes
    shapes: Shapes
    dictionaries: Dictionaries
    found: Found


class Scanner:
    """Builds the batches that a decoder would build; it keeps room to work between them.

    Args:
        decoder: what to read, and who reads the lines that are left.
        piece: bytes that are read of a file at once.
        kept_bytes: bytes of distinct strings and of lines left to the decoder that make a batch, at most.
    """

    def __init__(self, decoder: Decoder, piece: int = PIECE, kept_bytes: int = KEPT_BYTES) -> None:
        self.decoder = decoder
        self.piece = piece
        self.kept_bytes = kept_bytes
        self.paths = [EVENT_TYPE, *(path for path in decoder.paths if path != EVENT_TYPE)]
        self.wanted = self._wanted()
        self.request = self._request()
        self.most_rows = max(_LEAST_ROOM, _MOST_BYTES // (_CELL * len(self.paths)))
        self.lines_per_byte = 0.0  # of the last text, as far as it has been read
        self.texts: BufferPool[Bytes] = BufferPool(lambda size: np.empty(size, np.uint8), len)
        self.scratch = BufferPool(self._scratch, attrgetter("rows"))

    def clear(self) -> None:
        """Give back the memory that is kept to be used again."""
        self.texts.clear()
        self.scratch.clear()

    def _request(self) -> Request:
        numbers = {path: number for number, path in enumerate(self.paths)}
        root = Tree(frozenset(self.paths)).root
        root.add([EVENT_TYPE])
        keys = build_keys(root, numbers)
        nodes = np.zeros(len(self.paths), np.int32)
        for member, column in enumerate(keys.members[:, 1].tolist()):
            if column >= 0:
                nodes[column] = member
        types = build_types(list(self.decoder.trees or ()))
        wanted = _listed(self.wanted)
        return Request(
            keys, nodes, types, wanted, len(self.paths), len(keys.members) - 1, has_timestamp_prefix=False, max_line=0
        )

    def _wanted(self) -> Array:
        """Return shape (types + 1, columns): which are read from events of each type, and first of all others."""
        trees = self.decoder.trees
        wanted = np.full((len(trees or ()) + 1, len(self.paths)), trees is None)
        for row, tree in enumerate((trees or {}).values(), 1):
            wanted[row, [self.paths.index(path) for path in tree.paths]] = True
        return wanted

    def _scratch(self, rows: int) -> _Scratch:
        return _Scratch(
            rows,
            empty_notes(self.request.members),
            no_shapes(),
            empty_dictionaries(len(self.paths), rows),
            Found(np.empty(rows, np.int64), np.empty((rows, 4), np.int64), np.zeros(COUNTS, np.int64)),
        )

    def decode(self, lines: TextLines) -> EventBatch:
        """Return the batch of some lines: a line that is no event becomes a reject, a blank one is counted."""
        return reduce(EventBatch.merge, self.batches(lines))

    def batches(self, lines: TextLines) -> Iterator[EventBatch]:
        """Yield the same in parts, each of which takes a bounded amount of memory."""
        if self.decoder.is_deep or self.request.members > _MOST_MEMBERS:
            yield from self.decoder.batches(lines)
            return
        lines.seen = start = 0
        if isinstance(lines, SegmentLines):
            yield from self._from_run(lines)
            return
        if isinstance(lines, FileLines) and CAN_READ:
            start = yield from self._from_file(lines)
        if start < lines.size or lines.size == 0:
            yield from self._from_text(lines, start)

    def _from_run(self, lines: SegmentLines) -> Iterator[EventBatch]:
        buffers = iter(lines.run)
        buffer, place = next(buffers, None), 0

        def max_line() -> int:
            return min(lines.max_line, buffer[0].size) if buffer else 0

        def scan(work: Work) -> bool:
            nonlocal buffer, place
            while buffer:
                if max_line() > work.request.max_line:
                    return True
                filled, offset = buffer
                place = scan_lines(filled.text.ctypes.data, place, filled.size, offset, work)
                if place < filled.size:
                    return True
                buffer, place = next(buffers, None), 0
            return False

        yield from self._batches(lines, RANGE, scan, max_line)

    def _from_file(self, lines: FileLines) -> Generator[EventBatch, None, int]:
        """Yield the batches of a file that is read in pieces; return where it cannot go on, or the end."""
        room = empty_text(min(lines.max_line, lines.size) + self.piece)
        place, end = lines.offset, lines.offset + lines.size
        with lines.opened() as file:

            def scan(work: Work) -> bool:
                nonlocal place
                place, is_stuck = scan_file(file.fileno(), place, end, room.ctypes.data, self.piece, work)
                return place < end and not is_stuck

            yield from self._batches(lines, lines.size, scan, lambda: min(lines.max_line, lines.size))
        return place - lines.offset

    def _from_text(self, lines: TextLines, start: int) -> Iterator[EventBatch]:
        with lines.padded(PADDING, self.texts) as (text, size):
            place = start

            def scan(work: Work) -> bool:
                nonlocal place
                place = scan_lines(text.ctypes.data, place, size, lines.offset, work)
                return place < size

            yield from self._batches(lines, size, scan, lambda: min(lines.max_line, size))

    def _batches(self, lines: TextLines, size: int, scan: Scan, max_line: Callable[[], int]) -> Iterator[EventBatch]:
        """Yield the batches of ``size`` bytes of text, or less; a line of the next has as many as ``max_line`` says."""
        has_more = True
        while has_more:
            rows = self._room(size)
            with self.scratch.take(rows) as scratch:
                batch, has_more = self._scan(lines, max_line(), rows, scratch, scan)
            self.lines_per_byte = lines.seen / max(size, 1)
            yield batch

    def _room(self, size: int) -> int:
        """Return for how many lines to make room: what a text like the last one needs, more or less."""
        guess = size * self.lines_per_byte * _EXCESS if self.lines_per_byte else size / _LEAST_LINE
        return min(max(int(guess), _LEAST_ROOM), self.most_rows)

    def _scan(
        self, lines: TextLines, max_line: int, rows: int, scratch: _Scratch, scan: Scan
    ) -> tuple[EventBatch, bool]:
        """Return the batch of the next lines, and whether there are more."""
        width = len(self.paths)
        cells = _empty_cells(width, rows)
        kept = no_texts(max(self.kept_bytes, room_for(max_line + 1)))
        clear(addresses(scratch.dictionaries), width)
        found = scratch.found
        found.counts[:] = 0
        found.counts[LINES] = lines.seen
        request = self.request._replace(has_timestamp_prefix=lines.has_timestamp_prefix, max_line=max_line)
        work = Work(request, scratch.notes, scratch.shapes, scratch.dictionaries, kept, cells, found)
        has_more = scan(addresses(work))
        size, left, blank, lines.seen, walked = found.counts.tolist()
        if TRIAL < walked > size // 2:
            forget(scratch.shapes)
        columns = self._columns(cells, scratch.dictionaries, kept, size)
        synthesised = self.decoder.derive_fields(columns, self._read(columns))
        batch = EventBatch(size, columns, {}, found.rows[:size].copy(), (), blank, synthesised)
        if left:
            batch = batch.merge(self.decoder.decode(SelectedLines(lines, _left(kept, found.left[:left]))))
        return batch, has_more

    def _columns(self, cells: Cells, dictionaries: Dictionaries, kept: KeptTexts, rows: int) -> dict[str, Column]:
        return {
            path: Column(
                cells.kinds[number, :rows],
                cells.numbers[number, :rows],
                cells.codes[number, :rows],
                _strings(dictionaries, kept, number),
            )
            for number, path in enumerate(self.paths)
        }

    def _read(self, columns: dict[str, Column]) -> dict[str, Flags]:
        """Return for each field that can be filled in which rows are asked for it."""
        types = columns[EVENT_TYPE]
        numbers = {name: number for number, name in enumerate(self.decoder.trees or (), 1)}
        by_code = np.array([numbers.get(name, 0) for name in types.strings] or [0], np.intp)
        fields = columns.keys() & {*DERIVED_FIELDS, APPLICATION_NAME}
        return {path: self.wanted[by_code[types.codes], self.paths.index(path)] for path in fields}


def _empty_cells(columns: int, rows: int) -> Cells:
    shape = columns, rows
    return Cells(np.zeros(shape, np.uint8), np.zeros(shape), np.zeros(shape, np.int32), rows)


def _listed(wanted: Array) -> Array:
    """Return for each row of flags the numbers of its columns but the first, and a 0 at the end."""
    listed = np.zeros(wanted.shape, np.int32)
    for row, flags in enumerate(wanted[:, 1:]):
        columns = np.flatnonzero(flags) + 1
        listed[row, : len(columns)] = columns
    return listed


def _strings(dictionaries: Dictionaries, kept: KeptTexts, column: int) -> tuple[str, ...]:
    entries = dictionaries.entries[column, : dictionaries.heads[column, 0]]
    begins = entries["address"] - kept.text.ctypes.data
    data = kept.text.data
    spans = zip(begins.tolist(), (begins + entries["length"]).tolist(), strict=True)
    return tuple(_string(bytes(data[begin:end])) for begin, end in spans)


def _string(raw: bytes) -> str:
    return str(orjson.loads(b'"%b"' % raw)) if b"\\" in raw else raw.decode()


def _left(kept: KeptTexts, left: Array) -> dict[int, tuple[int, bytes]]:
    """Return the offsets and the texts of lines by their numbers."""
    data, first = kept.text.data, kept.text.ctypes.data
    return {
        number: (offset, bytes(data[begin - first : begin - first + length]))
        for number, offset, length, begin in left.tolist()
    }
