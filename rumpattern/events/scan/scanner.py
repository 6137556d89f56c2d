"""Event lines to a batch by compiled code, the same batch that ``rumpattern.events.decode`` gives.

What the compiled code is not sure of is left to the decoder, line by line: faults of any kind, arrays and repeated keys
where something is wanted, keys with escapes or dots, numbers with exponents or of many digits, lone surrogates.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial, reduce
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np
import orjson

from rumpattern.definition.rumevents import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TYPE
from rumpattern.events.columns import Column, EventBatch
from rumpattern.events.lines import MAX_LINE, PickedLines
from rumpattern.events.scan.block import Cells, Found, Request, count_lines, scan_block
from rumpattern.events.scan.dictionary import clear, empty_dictionaries
from rumpattern.events.scan.keys import build_keys, build_types
from rumpattern.events.scan.shapes import no_shapes
from rumpattern.events.scan.simd import PADDING, Array
from rumpattern.events.scan.walk import empty_notes
from rumpattern.events.spare import Spare
from rumpattern.events.tree import Tree
from rumpattern.jsontext import comparable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.events.columns import Flags
    from rumpattern.events.decode import Decoder
    from rumpattern.events.lines import Bytes, Spans, TextLines
    from rumpattern.events.scan.dictionary import Dictionaries
    from rumpattern.events.scan.shapes import Shapes

_EXCESS: Final = 1.3
_LEAST_ROOM: Final = 256
_MOST_BYTES: Final = 32 << 20
"""Memory of the columns of one batch."""
_CELL: Final = 72
"""Bytes of a cell: its kind, number and code, and its share of the dictionary."""
_LARGE: Final = 1 << 16
"""Bytes of an event that takes much memory, should it be left to the decoder."""
_MOST_LARGE: Final = 4 << 20
"""Bytes of such events in one batch, about."""
_MOST_MEMBERS: Final = np.iinfo(np.int16).max
"""Members that shapes can number; plans that ask for more are left to the decoder."""


class _Scratch(NamedTuple):
    """What a scan writes to besides the columns."""

    dictionaries: Dictionaries
    found: Found

    @classmethod
    def of(cls, width: int, room: int) -> Self:
        """Return room for so many columns and, about, lines."""
        room += room // 4  # the next text may have some more
        rows, left = np.empty((2, room, 3), np.int64)
        return cls(empty_dictionaries(width, room), Found(rows, left, np.empty((room * width, 4), np.int64)))

    @property
    def room(self) -> int:
        """The number of lines."""
        return len(self.found.rows)


class Scanner:
    """Builds the batches that a decoder would build; it keeps a guess of their size between them, and room to work.

    Args:
        decoder: what to read, and who reads the lines that are left.
    """

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self.paths = [EVENT_TYPE, *(path for path in decoder.paths if path != EVENT_TYPE)]
        self.wanted = self._wanted()
        self.request = self._request()
        self.density = 0.0  # lines for each byte of the last text: how much room the next one needs, more or less
        self.texts: Spare[Bytes] = Spare(lambda size: np.empty(size, np.uint8), len)
        self.scratch = Spare(partial(_Scratch.of, len(self.paths)), attrgetter("room"))

    def clear(self) -> None:
        """Give back the memory that is kept to be used again."""
        self.texts.clear()
        self.scratch.clear()

    def _request(self) -> Request:
        numbers = {path: number for number, path in enumerate(self.paths)}
        root = Tree(frozenset(self.paths)).root
        root.add([EVENT_TYPE])
        keys = build_keys(root, numbers)
        nodes = np.zeros(len(self.paths), np.int64)
        for member, column in enumerate(keys.members[:, 1].tolist()):
            if column >= 0:
                nodes[column] = member
        return Request(keys, nodes, build_types(list(self.decoder.trees or ())), _listed(self.wanted))

    def _wanted(self) -> Array:
        """Return shape (types + 1, columns): which are read from events of each type, and last of all others."""
        trees = self.decoder.trees
        wanted = np.full((len(trees or ()) + 1, len(self.paths)), trees is None)
        for row, tree in enumerate((trees or {}).values()):
            wanted[row, [self.paths.index(path) for path in tree.paths]] = True
        return wanted

    def decode(self, lines: TextLines) -> EventBatch:
        """Return the batch of some lines: a line that is no event becomes a reject, a blank one is counted."""
        return reduce(EventBatch.merge, self.batches(lines))

    def batches(self, lines: TextLines) -> Iterator[EventBatch]:
        """Yield the same in parts, each of which takes a bounded amount of memory."""
        if self.decoder.is_deep or len(self.request.keys.members) > _MOST_MEMBERS:
            yield from self.decoder.batches(lines)
            return
        with lines.padded(PADDING, self.texts) as (text, size):
            yield from self._scan_all(lines, text, size)

    def _scan_all(self, lines: TextLines, text: Bytes, size: int) -> Iterator[EventBatch]:
        start = lines.seen = 0
        shapes = no_shapes()
        is_first = True
        while start < size or is_first:
            room = self._room(text, start, size)
            batch, left, seen, stop = self.scan(
                text, start, size, lines.seen, room, shapes, timed=lines.timed, longest=lines.longest
            )
            if len(left):
                batch = batch.merge(self.decoder.decode(PickedLines(lines, text, left)))
            lines.seen += seen
            self.density = seen / max(stop - start, 1)
            start, is_first = stop, False
            yield batch

    def _room(self, text: Bytes, start: int, size: int) -> int:
        """Return for how many lines to make room: what a text like the last one needs; at first, what this one does."""
        most = max(_LEAST_ROOM, _MOST_BYTES // (_CELL * len(self.paths)))
        guess = int((size - start) * self.density * _EXCESS) if self.density else count_lines(text.ctypes.data, size)
        if (size - start) > _LARGE * guess:
            return max(1, _MOST_LARGE // ((size - start) // max(guess, 1)))
        return min(max(guess, _LEAST_ROOM), most)

    def scan(
        self,
        text: Bytes,
        start: int,
        size: int,
        line: int,
        room: int,
        shapes: Shapes,
        *,
        timed: bool,
        longest: int = MAX_LINE,
    ) -> tuple[EventBatch, Spans, int, int]:
        """Return the batch of what compiled code is sure of, the lines that are left, how many lines, and the end.

        Args:
            text: the bytes of lines, and ``PADDING`` zeros.
            start: where the first line begins.
            size: the length of the text.
            line: the number of the first line, from 0.
            room: how many lines there is room for; the end is where the next one begins, or ``size``.
            shapes: those of events of this text so far.
            timed: whether a time stands in front of each.
            longest: lines of more bytes are left.
        """
        width = len(self.paths)
        cells = Cells(np.zeros((width, room), np.uint8), np.zeros((width, room)), np.zeros((width, room), np.int32))
        with self.scratch.take(room) as (dictionaries, found):
            clear(dictionaries)
            rows, remaining, late, blank, seen, stop = scan_block(
                text.ctypes.data,
                start,
                size,
                line,
                self.request,
                empty_notes(len(self.request.keys.members)),
                cells,
                dictionaries,
                Found(found.rows[:room], found.left, found.late),
                shapes,
                timed,
                min(longest, size),
            )
            inexact = _finish_numbers(text, cells, found.late[:late])
            columns = self._columns(text, cells, dictionaries, rows)
            batch = EventBatch(rows, columns, {}, found.rows[:rows, 0].tolist(), (), blank)
            left = np.concatenate([found.left[:remaining], found.rows[inexact]])
        if inexact:
            exact = np.ones(rows, np.bool_)
            exact[inexact] = False
            batch = batch.keep(exact)
        synthesised = self.decoder.derive_fields(batch.columns, self._read(batch.columns))
        return replace(batch, synthesised=synthesised), left[np.argsort(left[:, 0])], seen, stop

    def _columns(self, text: Bytes, cells: Cells, dictionaries: Dictionaries, rows: int) -> dict[str, Column]:
        return {
            path: Column(
                cells.kinds[number, :rows],
                cells.numbers[number, :rows],
                cells.codes[number, :rows],
                _strings(text, dictionaries, number),
            )
            for number, path in enumerate(self.paths)
        }

    def _read(self, columns: dict[str, Column]) -> dict[str, Flags]:
        """Return for each field that can be filled in which rows are asked for it."""
        types = columns[EVENT_TYPE]
        wanted = self.wanted
        numbers = {name: number for number, name in enumerate(self.decoder.trees or ())}
        by_code = np.array([numbers.get(name, len(wanted) - 1) for name in types.strings] or [0], np.intp)
        fields = columns.keys() & {*DERIVED_FIELDS, APPLICATION_NAME}
        return {path: wanted[by_code[types.codes], self.paths.index(path)] for path in fields}


def _listed(wanted: Array) -> Array:
    """Return for each row of flags the numbers of its columns but the first, and a 0 at the end."""
    listed = np.zeros(wanted.shape, np.int64)
    for row, flags in enumerate(wanted[:, 1:]):
        columns = np.flatnonzero(flags) + 1
        listed[row, : len(columns)] = columns
    return listed


def _strings(text: Bytes, dictionaries: Dictionaries, column: int) -> tuple[str, ...]:
    entries = dictionaries.entries[column, : dictionaries.sizes[column]]
    return tuple(_string(text[begin : begin + length].tobytes()) for _, begin, length in entries.tolist())


def _string(raw: bytes) -> str:
    return str(orjson.loads(b'"%b"' % raw)) if b"\\" in raw else raw.decode()


def _finish_numbers(text: Bytes, cells: Cells, late: Spans) -> list[int]:
    """Put in the numbers of many digits; return the rows of those that no double stands for."""
    view = text.data
    spellings = [str(view[begin : begin + length], "ascii") for begin, length in late[:, 2:].tolist()]
    numbers = list(map(float, spellings))
    inexact = []
    for index, spelling in enumerate(spellings):
        if repr(numbers[index]) != spelling:
            number = comparable(spelling)
            if number is None:
                inexact.append(index)
            else:
                numbers[index] = number
    cells.numbers[late[:, 0], late[:, 1]] = numbers
    return sorted(set(late[inexact, 1].tolist()))
