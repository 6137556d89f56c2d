"""One block of lines to columns: index, walk, and put the values of each event in a row."""

from __future__ import annotations

from typing import Final, NamedTuple

from rumpattern.events.fields import Kind
from rumpattern.events.scan.dictionary import Dictionaries, code_of
from rumpattern.events.scan.index import Index, index_strings
from rumpattern.events.scan.keys import Keys, find_key
from rumpattern.events.scan.numbers import number_of
from rumpattern.events.scan.simd import Array, byte_at, compiled, half_at, inlined
from rumpattern.events.scan.tokens import (
    NEWLINE,
    find_newline,
    has_escape,
    is_sound,
    skip_space,
    time_end,
)
from rumpattern.events.scan.walk import OFFSET, Notes, walk_event

_FAR: Final = 1 << 62
_OPEN: Final = ord("{")
_MISSING: Final = int(Kind.MISSING)
_NUMBER: Final = int(Kind.NUMBER)
_STRING: Final = int(Kind.STRING)


class Request(NamedTuple):
    """What to read.

    ``nodes``, of shape (columns,), are the members that fill the columns; column 0 is the event type's. ``types`` is a
    table of event types; ``wanted``, of shape (types + 1, columns), tells which columns to fill for each of them, and
    last for all others.
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
    values: Array,
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
    begin, stop = values[node, 1], values[node, 2]
    if values[node, 0] != _STRING or has_escape(begin, stop):
        return -1
    kinds[0, row] = _STRING
    codes[0, row] = code_of(slots, entries, sizes, 0, text, begin, stop)
    event_type = find_key(types.slots.ctypes.data, types.tables[0, 1], types.text.ctypes.data, begin, stop - begin)
    for column in range(1, len(nodes)):
        node = nodes[column]
        kind = values[node, 0]
        if kind == _MISSING or not wanted[event_type, column]:
            continue
        kinds[column, row] = kind
        begin, stop = values[node, 1], values[node, 2]
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
def _chunk_end(chunk: int, size: int, end: int) -> int:
    """Return the end of the last line that ends within ``size`` bytes, or ``chunk`` if none does."""
    if end - chunk <= size:
        return end
    stop = chunk + size
    while stop > chunk and byte_at(stop - 1) != NEWLINE:
        stop -= 1
    return stop


@inlined
def _quote_from(quote: int, chunk: int, place: int, end: int) -> int:
    """Return the address of the offset of the first quote from ``place`` on: the walk of a bad line ends anywhere."""
    while quote < end and chunk + half_at(quote) < place:
        quote += OFFSET
    return quote


@compiled
def scan_block(
    text: int,
    size: int,
    request: Request,
    notes: Notes,
    cells: Cells,
    dictionaries: Dictionaries,
    found: Found,
    index: Index,
    timed: bool,
    chunk_size: int,
) -> tuple[int, int, int, int, int]:
    """Fill the cells from the ``size`` bytes at address ``text``, which ``PADDING`` zeros follow.

    Returns:
        How many rows, lines left to the exact reader, late numbers, blank lines, and lines in all there are. It is a
        plain tuple: to make a named one, numba runs Python code, and crashes if Ctrl-C has been pressed.
    """
    rows, left, late, blank, line = 0, 0, 0, 0, 0
    place, end = text, text + size
    values, marks, escapes, first_quote = notes.values, index.marks, index.escapes, index.quotes.ctypes.data
    while place < end:
        chunk = place
        chunk_end = _chunk_end(chunk, chunk_size, end)
        if chunk_end == chunk:
            stop = find_newline(chunk, end)
            found.left[left, 0], found.left[left, 1], found.left[left, 2] = line, chunk - text, stop - text
            left, line, place = left + 1, line + 1, stop + 1
            continue
        quote, mark, escape = first_quote, 0, 0
        marked, escaping = index_strings(chunk, chunk_end - chunk, index)
        while place < chunk_end:
            begin = place
            place = skip_space(place)
            if place >= chunk_end or byte_at(place) == NEWLINE:
                blank, line, place = blank + 1, line + 1, place + 1
                continue
            if timed:
                place = time_end(begin)
            first_mark = chunk + marks[mark] if mark < marked else _FAR
            first_escape = chunk + escapes[escape] if escape < escaping else _FAR
            is_good = byte_at(place) == _OPEN and (place > begin or not timed)
            if is_good:
                values[:, 0] = _MISSING
                opening = place
                place, quote = walk_event(chunk, opening, quote, first_escape, request.keys, notes)
                is_good = place > 0 and (first_mark >= place or is_sound(opening, place))
                place = skip_space(abs(place))
                is_good = is_good and (place >= chunk_end or byte_at(place) == NEWLINE)
            stop = place if is_good else find_newline(place, chunk_end)
            if is_good:
                after = _put_row(text, rows, request, values, cells, dictionaries, found.late, late)
                is_good = after >= 0
            if is_good:
                late = after
                found.rows[rows, 0], found.rows[rows, 1], found.rows[rows, 2] = line, begin - text, stop - text
                rows += 1
            else:
                found.left[left, 0], found.left[left, 1], found.left[left, 2] = line, begin - text, stop - text
                left += 1
            line, place = line + 1, stop + 1
            if not is_good:
                quote = _quote_from(quote, chunk, place, first_quote + OFFSET * (chunk_end - chunk))
            while mark < marked and chunk + marks[mark] + 64 <= place:
                mark += 1
            while escape < escaping and chunk + escapes[escape] + 64 <= place:
                escape += 1
    return rows, left, late, blank, line
