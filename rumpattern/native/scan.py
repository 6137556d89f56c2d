"""The driver of the scanner: lines to rows of columns, each event read by its shape or else by the grammar."""

from __future__ import annotations

from typing import Final, NamedTuple

from rumpattern.native.dictionary import Dictionaries, code_of
from rumpattern.native.kept import KeptTexts, has_room, keep_text
from rumpattern.native.keys import Keys, find_key
from rumpattern.native.layout import MISSING, NUMBER, STRING
from rumpattern.native.numbers import number_of
from rumpattern.native.quotes import find_quotes
from rumpattern.native.shapes import Shapes, learn_shape, match_shape
from rumpattern.native.simd import (
    Held,
    byte_at,
    compiled,
    half_at,
    inlined,
    integer_at,
    put_byte,
    put_double,
    put_half,
    put_integer,
)
from rumpattern.native.tokens import NEWLINE, find_newline, has_escape, skip_space, time_end
from rumpattern.native.walk import MOST_VALUES, Notes, noted_kind, noted_span, walk_event

_OPEN: Final = ord("{")
TRIAL: Final = 256
"""Events that may be walked before shapes are given up, if half of all events are: those do not repeat themselves."""
_WORD: Final = 8
_HALF: Final = 4


class Request(NamedTuple):
    """What to read.

    Attributes:
        keys: the members to note.
        nodes: shape (columns,), the members that fill the columns; column 0 is the event type's.
        types: a table of event types.
        wanted: shape (types + 1, columns), the other columns to fill for each type, and first for all others, up to
            the first 0.
        columns: how many there are.
        members: how many there are.
        has_timestamp_prefix: whether a time stands in front of each event.
        max_line: lines of more bytes are left.
    """

    keys: Keys
    nodes: Held
    types: Keys
    wanted: Held
    columns: int
    members: int
    has_timestamp_prefix: bool
    max_line: int


class Cells(NamedTuple):
    """The columns being filled, all of shape (columns, rows); and how many rows there is room for."""

    kinds: Held
    numbers: Held
    codes: Held
    rows: int


class Found(NamedTuple):
    """What became of the lines.

    Attributes:
        rows: shape (rows,), the number of each row's line.
        left: shape (rows, 4), of each line left to the exact reader the number, where it begins, its length, and the
            address of its text; of a line that is too long, the text is one byte longer than the longest.
        counts: shape (5,), by ``ROWS``, ``LEFT``, ``BLANK``, ``LINES`` (in all) and ``WALKED``, how many there are.
    """

    rows: Held
    left: Held
    counts: Held


ROWS, LEFT, BLANK, LINES, WALKED = range(5)
COUNTS: Final = 5
_LEFT: Final = 4 * _WORD


class Work(NamedTuple):
    """What a scan reads and writes."""

    request: Request
    notes: Notes
    shapes: Shapes
    dictionaries: Dictionaries
    kept: KeptTexts
    cells: Cells
    found: Found


@inlined
def _put_row(row: int, work: Work) -> bool:
    """Put what was noted of an event in a row; tell whether all of it could be put."""
    request, notes, cells = work.request, work.notes, work.cells
    node = half_at(request.nodes)
    begin, stop = noted_span(notes, node)
    if noted_kind(notes, node) != STRING or has_escape(begin, stop):
        return False
    put_byte(cells.kinds + row, STRING)
    put_half(cells.codes + _HALF * row, code_of(work.dictionaries, work.kept, 0, begin, stop))
    place = request.wanted + _HALF * request.columns * find_key(request.types, 0, begin, stop - begin)
    while True:
        column = half_at(place)
        if column == 0:
            return True
        place += _HALF
        node = half_at(request.nodes + _HALF * column)
        kind = noted_kind(notes, node)
        begin, stop = noted_span(notes, node)
        cell = column * cells.rows + row
        if kind == STRING:
            put_half(cells.codes + _HALF * cell, code_of(work.dictionaries, work.kept, column, begin, stop))
        elif kind == NUMBER:
            number = number_of(begin, stop)
            if number != number:  # noqa: PLR0124 - the test for NaN
                return False
            put_double(cells.numbers + _WORD * cell, number)
        put_byte(cells.kinds + cell, kind)


@inlined
def _clear_row(row: int, work: Work) -> None:
    for column in range(work.request.columns):
        put_byte(work.cells.kinds + column * work.cells.rows + row, MISSING)


@inlined
def _line_end(after: int, end: int) -> int:
    """Return the address where the line of an event ends that goes up to ``after``, 0 if there is more on it."""
    stop = skip_space(after) if after else 0
    return stop if stop >= end or (stop and byte_at(stop) == NEWLINE) else 0


@inlined
def _read_event(place: int, end: int, rows: int, work: Work) -> int:
    """Note the values of an event; return the address where its line ends, 0 if there is anything uncommon about it."""
    walked = integer_at(work.found.counts + _WORD * WALKED)
    has_shapes = walked < TRIAL or 2 * walked < rows
    quotes, has_escapes = find_quotes(place, end, work.notes.quotes)
    if quotes < 0:
        return 0
    if has_shapes:
        _forget(work)
        stop = _line_end(match_shape(place, work.shapes, work.notes), end)
        if stop:
            return stop
    put_integer(work.found.counts + _WORD * WALKED, walked + 1)
    _forget(work)
    after, values = walk_event(place, has_escapes, work.request.keys, work.notes, has_shapes)
    stop = _line_end(after, end)
    if stop and has_shapes and values <= MOST_VALUES:
        learn_shape(place, after, values, work.shapes, work.notes)
    return stop


@inlined
def _forget(work: Work) -> None:
    for offset in range(0, work.request.members + 1, _WORD):
        put_integer(work.notes.kinds + offset, MISSING)


@compiled
def scan_lines(text: int, start: int, size: int, offset: int, work: Work) -> int:
    """Add rows from the ``size`` bytes at address ``text`` while there is room.

    They end in a newline, which no token goes beyond, or ``PADDING`` zeros follow; so many bytes can be read there.

    Args:
        text: the address.
        start: the byte at which the first line begins.
        size: the length of the text.
        offset: of the text in its file, for the lines that are left.
        work: where to add; the lines are numbered from those counted in it.

    Returns:
        The byte where the next line begins, ``size`` if there is none.
    """
    request, found, kept = work.request, work.found, work.kept
    rows, left = integer_at(found.counts + _WORD * ROWS), integer_at(found.counts + _WORD * LEFT)
    blank, line = integer_at(found.counts + _WORD * BLANK), integer_at(found.counts + _WORD * LINES)
    place, end = text + start, text + size
    while place < end and rows + left < work.cells.rows:
        begin = place
        opening = skip_space(place)
        if (opening >= end or byte_at(opening) == NEWLINE) and opening - begin <= request.max_line:
            blank, line, place = blank + 1, line + 1, opening + 1
            continue
        if request.has_timestamp_prefix:
            opening = time_end(begin)
        stop = 0
        if byte_at(opening) == _OPEN and (opening > begin or not request.has_timestamp_prefix):
            stop = _read_event(opening, end, rows, work)
        has_row = stop != 0 and stop - begin <= request.max_line
        if not has_row:
            stop = find_newline(begin, end)
        length = min(stop - begin, request.max_line + 1)
        if not has_room(kept, length):
            break
        if has_row and _put_row(rows, work):
            put_integer(found.rows + _WORD * rows, line)
            rows += 1
        else:
            _clear_row(rows, work)
            entry = found.left + _LEFT * left
            put_integer(entry, line)
            put_integer(entry + _WORD, offset + begin - text)
            put_integer(entry + 2 * _WORD, length)
            put_integer(entry + 3 * _WORD, keep_text(kept, begin, length))
            left += 1
        line, place = line + 1, stop + 1
    put_integer(found.counts + _WORD * ROWS, rows)
    put_integer(found.counts + _WORD * LEFT, left)
    put_integer(found.counts + _WORD * BLANK, blank)
    put_integer(found.counts + _WORD * LINES, line)
    return min(place - text, size)
