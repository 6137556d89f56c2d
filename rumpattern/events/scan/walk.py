"""The second pass over a text: an event walked by the grammar of JSON, its wanted members noted."""

from __future__ import annotations

from typing import Final, NamedTuple

from rumpattern.events.fields import Kind
from rumpattern.events.scan.keys import DOTTED, NOTHING, SLOT, Keys, find_key
from rumpattern.events.scan.simd import Array, byte_at, compiled, half_at, inlined, pair_at
from rumpattern.events.scan.tokens import QUOTE, has_escape, literal_end, number_end, skip_space

_COLON: Final = ord(":")
_COMMA: Final = ord(",")
_COLON_QUOTE: Final = int.from_bytes(b':"', "little")
_OPEN_OBJECT: Final = ord("{")
_OPEN_ARRAY: Final = ord("[")
_CLOSE_OBJECT: Final = ord("}")
_CLOSE_ARRAY: Final = ord("]")
_N: Final = ord("n")
_T: Final = ord("t")
_SKIPPED: Final = NOTHING
_ARRAY: Final = -2
MAX_DEPTH: Final = 256
"""Containers in each other; deeper lines are left to the exact reader."""
OFFSET: Final = 4
"""Bytes of one offset in a list of quotes."""

_MISSING: Final = int(Kind.MISSING)
_NULL: Final = int(Kind.NULL)
_FALSE: Final = int(Kind.FALSE)
_TRUE: Final = int(Kind.TRUE)
_NUMBER: Final = int(Kind.NUMBER)
_STRING: Final = int(Kind.STRING)
_OBJECT: Final = int(Kind.OBJECT)


class Notes(NamedTuple):
    """What stands at each member of the event being walked, and the tables of the objects around the present one.

    ``values``, of shape (members, 3), are a member's kind and the addresses where its text begins and stops.
    """

    values: Array
    stack: Array


@inlined
def _scalar(place: int, first: int) -> tuple[int, int]:
    """Return the kind of a number or a literal and the address after it, which is 0 if there is neither."""
    stop = number_end(place, first)
    if stop:
        return _NUMBER, stop
    return _NULL if first == _N else _TRUE if first == _T else _FALSE, literal_end(place)


@compiled
def walk_event(text: int, place: int, quote: int, escapes: int, keys: Keys, notes: Notes) -> tuple[int, int]:
    """Walk one event, which opens at address ``place``.

    Args:
        text: the address that quotes are counted from.
        place: the address of the opening brace.
        quote: the address of the offset of the first quote after ``place``; opening and closing ones take turns.
        escapes: the address from which keys may hold escapes.
        keys: the members to note.
        notes: where to note them.

    Returns:
        The address after the event, and the address of the offset of the quote after it. If there is no event, or one
        that the exact reader must look at, the first is the negative of where that became clear.
    """
    tables, members, values, stack = keys.tables, keys.members, notes.values, notes.stack
    all_slots, key_text = keys.slots.ctypes.data, keys.text.ctypes.data
    slots, mask = all_slots, tables[0, 1]
    table, depth = 0, 0
    closing = _CLOSE_OBJECT
    is_new = True
    place += 1
    while True:
        place = skip_space(place)
        byte = byte_at(place)
        if not (is_new and byte == closing):
            node = NOTHING
            if table != _ARRAY:
                if byte != QUOTE:
                    return -place, quote
                begin, stop = place + 1, text + half_at(quote + OFFSET)
                quote += 2 * OFFSET
                place = stop + 1
                has_string = pair_at(place) == _COLON_QUOTE
                if not has_string:
                    place = skip_space(place)
                    if byte_at(place) != _COLON:
                        return -place, quote
                if table >= 0:
                    node = find_key(slots, mask, key_text, begin, stop - begin)
                    if (
                        node == DOTTED
                        or (node >= 0 and values[node, 0] != _MISSING)
                        or (escapes <= stop and has_escape(begin, stop))
                    ):
                        return -place, quote
                place += 1
                byte = QUOTE
                if not has_string:
                    place = skip_space(place)
                    byte = byte_at(place)
            begin, stop, kind = place, place, _STRING
            if byte == QUOTE:
                begin, stop = place + 1, text + half_at(quote + OFFSET)
                quote += 2 * OFFSET
                place = stop + 1
            elif byte in (_OPEN_OBJECT, _OPEN_ARRAY):
                if depth == MAX_DEPTH or (node >= 0 and byte == _OPEN_ARRAY):
                    return -place, quote
                stack[depth] = table
                depth += 1
                table = _SKIPPED
                closing = _CLOSE_OBJECT
                if byte == _OPEN_ARRAY:
                    table = _ARRAY
                    closing = _CLOSE_ARRAY
                elif node >= 0:
                    values[node, 0] = _OBJECT
                    table = members[node, 0]
                    if table >= 0:
                        slots, mask = all_slots + tables[table, 0] * SLOT, tables[table, 1]
                place += 1
                is_new = True
                continue
            else:
                kind, stop = _scalar(place, byte)
                if stop == 0:
                    return -place, quote
                place = stop
            if node >= 0:
                values[node, 0], values[node, 1], values[node, 2] = kind, begin, stop
        while True:
            place = skip_space(place)
            byte = byte_at(place)
            if byte == _COMMA:
                place += 1
                is_new = False
                break
            if byte != closing:
                return -place, quote
            place += 1
            if depth == 0:
                return place, quote
            depth -= 1
            table = stack[depth]
            closing = _CLOSE_ARRAY if table == _ARRAY else _CLOSE_OBJECT
            if table >= 0:
                slots, mask = all_slots + tables[table, 0] * SLOT, tables[table, 1]
