"""One block of lines to columns: each event read by its shape or else walked, its values put in a row."""

from __future__ import annotations

from typing import Final, NamedTuple

from rumpattern.events.fields import Kind
from rumpattern.events.scan.dictionary import Dictionaries, code_of
from rumpattern.events.scan.keys import Keys, find_key
from rumpattern.events.scan.numbers import number_of
from rumpattern.events.scan.shapes import Shapes, learn_shape, match_shape
from rumpattern.events.scan.simd import Array, byte_at, compiled, inlined
from rumpattern.events.scan.tokens import (
    NEWLINE,
    find_newline,
    has_escape,
    skip_space,
    time_end,
)
from rumpattern.events.scan.walk import Notes, walk_event

_OPEN: Final = ord("{")
_TRIAL: Final = 256
"""Events that may be walked before shapes are given up, if half of all events are: those do not repeat themselves."""
_MISSING: Final = int(Kind.MISSING)
_NUMBER: Final = int(Kind.NUMBER)
_STRING: Final = int(Kind.STRING)


class Request(NamedTuple):
    """What to read.

    ``nodes``, of shape (columns,), are the members that fill the columns; column 0 is the event type's. ``types`` is a
    table of event types; ``wanted``, of shape (types + 1, columns), lists the other columns to fill for each of them,
    and last for all others, up to the first 0.
    """

    keys: Keys
    nodes: Array
    types: Keys
    wanted: Array


class Cells(NamedTuple):
    """The columns being filled, all of shape (columns, rows)."""

    kinds: Array
    numbers: Array
    codes: Array


class Found(NamedTuple):
    """What became of the lines.

    ``rows`` and ``left``, of shape (lines, 3), tell of each row and of each line left to the exact reader the line's
    number, beginning and end. ``late``, of shape (numbers, 4), are numbers that need exact arithmetic: column, row,
    beginning and length.
    """

    rows: Array
    left: Array
    late: Array


@compiled
def count_lines(text: int, size: int) -> int:
    """Return the number of lines of a text."""
    lines, place, end = 0, text, text + size
    while place < end:
        place = find_newline(place, end) + 1
        lines += 1
    return lines


@inlined
def _put_row(
    text: int,
    row: int,
    request: Request,
    notes: Notes,
    cells: Cells,
    dictionaries: Dictionaries,
    late: Array,
    late_count: int,
) -> int:
    """Put what was noted of an event in a row; return how many late numbers there are, -1 if it has no plain type."""
    kinds, numbers, codes = cells.kinds, cells.numbers, cells.codes
    slots, entries, sizes = dictionaries.slots, dictionaries.entries, dictionaries.sizes
    nodes, types, wanted = request.nodes, request.types, request.wanted
    node = nodes[0]
    begin, stop = notes.spans[node, 0], notes.spans[node, 1]
    if notes.kinds[node] != _STRING or has_escape(begin, stop):
        return -1
    kinds[0, row] = _STRING
    codes[0, row] = code_of(slots, entries, sizes, 0, text, begin, stop)
    event_type = find_key(types, 0, begin, stop - begin)
    for place in range(wanted.shape[1]):
        column = wanted[event_type, place]
        if column == 0:
            break
        node = nodes[column]
        kind = notes.kinds[node]
        kinds[column, row] = kind
        begin, stop = notes.spans[node, 0], notes.spans[node, 1]
        if kind == _STRING:
            codes[column, row] = code_of(slots, entries, sizes, column, text, begin, stop)
        elif kind == _NUMBER:
            number = number_of(begin, stop)
            numbers[column, row] = number
            if number != number:  # noqa: PLR0124 - the test for NaN
                late[late_count, 0], late[late_count, 1] = column, row
                late[late_count, 2], late[late_count, 3] = begin - text, stop - begin
                late_count += 1
    return late_count


@inlined
def _line_end(after: int, end: int) -> int:
    """Return the address where the line of an event ends that goes up to ``after``, 0 if there is more on it."""
    stop = skip_space(after) if after else 0
    return stop if stop >= end or (stop and byte_at(stop) == NEWLINE) else 0


@compiled
def scan_block(
    text: int,
    start: int,
    size: int,
    line: int,
    request: Request,
    notes: Notes,
    cells: Cells,
    dictionaries: Dictionaries,
    found: Found,
    shapes: Shapes,
    timed: bool,
    longest: int,
) -> tuple[int, int, int, int, int, int]:
    """Fill the cells from the ``size`` bytes at address ``text``, which ``PADDING`` zeros follow, while there is room.

    The first line begins at byte ``start`` and has the number ``line``.

    Lines of more than ``longest`` bytes are left to the exact reader.

    Returns:
        How many rows, lines left to the exact reader, late numbers, blank lines, and lines in all there were; and the
        byte where the next one begins, ``size`` if there is none. It is a plain tuple: to make a named one, numba runs
        Python code, and crashes if Ctrl-C has been pressed.
    """
    rows, left, late, blank, first = 0, 0, 0, 0, line
    place, end = text + start, text + size
    walked, room = 0, len(found.rows)
    while place < end and rows + left < room:
        begin = place
        opening = skip_space(place)
        if (opening >= end or byte_at(opening) == NEWLINE) and opening - begin <= longest:
            blank, line, place = blank + 1, line + 1, opening + 1
            continue
        if timed:
            opening = time_end(begin)
        stop = 0
        if byte_at(opening) == _OPEN and (opening > begin or not timed):
            notes.kinds[:] = _MISSING
            has_shapes = walked < _TRIAL or 2 * walked < rows
            after = match_shape(opening, shapes, notes) if has_shapes else 0
            stop = _line_end(after, end)
            if stop == 0:
                notes.kinds[:] = _MISSING
                walked += 1
                after, values = walk_event(opening, request.keys, notes)
                stop = _line_end(after, end)
                if stop and has_shapes and values <= len(notes.trail):
                    learn_shape(opening, after, values, shapes, notes)
        has_row = False
        if stop and stop - begin <= longest:
            late_after = _put_row(text, rows, request, notes, cells, dictionaries, found.late, late)
            has_row = late_after >= 0
        if has_row:
            late = late_after
            found.rows[rows, 0], found.rows[rows, 1], found.rows[rows, 2] = line, begin - text, stop - text
            rows += 1
        else:
            stop = find_newline(begin, end)
            found.left[left, 0], found.left[left, 1], found.left[left, 2] = line, begin - text, stop - text
            left += 1
        line, place = line + 1, stop + 1
    return rows, left, late, blank, line - first, min(place - text, size)
