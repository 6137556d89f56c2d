"""The second pass over a text: an event walked by the grammar of JSON, its wanted members noted."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from rumpattern.events.fields import Kind
from rumpattern.events.scan.keys import DOTTED, NOTHING, SLOT, Keys, find_key
from rumpattern.events.scan.simd import Array, byte_at, compiled, half_at, inlined, pair_at
from rumpattern.events.scan.tokens import QUOTE, has_escape, scalar_end, skip_space

_COLON: Final = ord(":")
_COMMA: Final = ord(",")
_COLON_QUOTE: Final = int.from_bytes(b':"', "little")
_OPEN_OBJECT: Final = ord("{")
_OPEN_ARRAY: Final = ord("[")
_CLOSE_OBJECT: Final = ord("}")
_CLOSE_ARRAY: Final = ord("]")
_SKIPPED: Final = NOTHING
_ARRAY: Final = -2
_MOST_VALUES: Final = 512
MAX_DEPTH: Final = 256
"""Containers in each other; deeper lines are left to the exact reader."""
OFFSET: Final = 4
"""Bytes of one offset in a list of quotes."""

_MISSING: Final = int(Kind.MISSING)
_STRING: Final = int(Kind.STRING)
_OBJECT: Final = int(Kind.OBJECT)


class Notes(NamedTuple):
    """What is noted of one event.

    Attributes:
        kinds: shape (members,), the kind of what stands at each member.
        spans: shape (members, 2), the addresses where its text begins and stops, if it is a scalar.
        stack: the tables of the objects around the present one.
        trail: shape (values, 4), of each scalar and each wanted object in turn the kind, the member that it fills (or
            ``NOTHING``), and where it begins and stops.
    """

    kinds: Array
    spans: Array
    stack: Array
    trail: Array


def empty_notes(members: int) -> Notes:
    """Return notes of events with so many members to read."""
    return Notes(
        np.zeros(members, np.uint8),
        np.zeros((members, 2), np.int64),
        np.zeros(MAX_DEPTH, np.int64),
        np.zeros((_MOST_VALUES, 4), np.int64),
    )


@inlined
def _follow(trail: Array, count: int, kind: int, node: int, begin: int, stop: int) -> None:
    if count < len(trail):
        trail[count, 0], trail[count, 1], trail[count, 2], trail[count, 3] = kind, node, begin, stop


@compiled
def walk_event(place: int, quote: int, has_escapes: bool, keys: Keys, notes: Notes) -> tuple[int, int]:
    """Walk one event, which opens at address ``place``.

    Args:
        place: the address of the opening brace, which quotes are counted from.
        quote: the address of the offset of the first quote; opening and closing ones take turns.
        has_escapes: whether there are any.
        keys: the members to note.
        notes: where to note them; no kinds are noted yet.

    Returns:
        The address after the event, 0 if there is none, or one that the exact reader must look at; and how many values
        it has, more than the trail has room for if they are too many.
    """
    tables, members, kinds, spans = keys.tables, keys.members, notes.kinds, notes.spans
    stack, trail, count = notes.stack, notes.trail, 0
    text = place
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
                    return 0, count
                begin, stop = place + 1, text + half_at(quote + OFFSET)
                quote += 2 * OFFSET
                place = stop + 1
                has_string = pair_at(place) == _COLON_QUOTE
                if not has_string:
                    place = skip_space(place)
                    if byte_at(place) != _COLON:
                        return 0, count
                if table >= 0:
                    node = find_key(slots, mask, key_text, begin, stop - begin)
                    if (
                        node == DOTTED
                        or (node >= 0 and kinds[node] != _MISSING)
                        or (has_escapes and has_escape(begin, stop))
                    ):
                        return 0, count
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
                    return 0, count
                stack[depth] = table
                depth += 1
                table = _SKIPPED
                closing = _CLOSE_OBJECT
                if byte == _OPEN_ARRAY:
                    table = _ARRAY
                    closing = _CLOSE_ARRAY
                elif node >= 0:
                    kinds[node] = _OBJECT
                    table = members[node, 0]
                    if table >= 0:
                        slots, mask = all_slots + tables[table, 0] * SLOT, tables[table, 1]
                    if members[node, 1] != NOTHING:
                        _follow(trail, count, _OBJECT, node, place + 1, place + 1)
                        count += 1
                place += 1
                is_new = True
                continue
            else:
                kind, stop = scalar_end(place, byte)
                if stop == 0:
                    return 0, count
                place = stop
            _follow(trail, count, kind, node, begin, stop)
            count += 1
            if node >= 0:
                kinds[node] = kind
                spans[node, 0], spans[node, 1] = begin, stop
        while True:
            place = skip_space(place)
            byte = byte_at(place)
            if byte == _COMMA:
                place += 1
                is_new = False
                break
            if byte != closing:
                return 0, count
            place += 1
            if depth == 0:
                return place, count
            depth -= 1
            table = stack[depth]
            closing = _CLOSE_ARRAY if table == _ARRAY else _CLOSE_OBJECT
            if table >= 0:
                slots, mask = all_slots + tables[table, 0] * SLOT, tables[table, 1]
