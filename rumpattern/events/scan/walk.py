"""An event walked by the grammar of JSON, its wanted members noted: when its shape is new, or shapes do not repeat."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from rumpattern.events.fields import Kind
from rumpattern.events.scan.keys import DOTTED, NOTHING, NOWHERE, Keys, column_of, find_key, table_of
from rumpattern.events.scan.simd import (
    Held,
    byte_at,
    compiled,
    equal_64,
    inlined,
    integer_at,
    pair_at,
    put_byte,
    put_integer,
    put_pair,
    trailing_zeros,
)
from rumpattern.events.scan.tokens import QUOTE, odd_key_end, scalar_end, skip_space, strange_64, string_end

_COLON: Final = ord(":")
_COMMA: Final = ord(",")
_COLON_QUOTE: Final = int.from_bytes(b':"', "little")
_OPEN_OBJECT: Final = ord("{")
_OPEN_ARRAY: Final = ord("[")
_CLOSE_OBJECT: Final = ord("}")
_CLOSE_ARRAY: Final = ord("]")
_SKIPPED: Final = NOWHERE
_ARRAY: Final = -2
MOST_VALUES: Final = 512
"""Values of one event that there is room for in its trail."""
MAX_DEPTH: Final = 256
"""Containers in each other; deeper lines are left to the exact reader."""

_MISSING: Final = int(Kind.MISSING)
_STRING: Final = int(Kind.STRING)
_OBJECT: Final = int(Kind.OBJECT)
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)


class Notes(NamedTuple):
    """What is noted of one event.

    Attributes:
        kinds: shape (members + 1,) or more, up to whole words, the kind of what stands at each member; the first is for
            all that nobody asks for.
        spans: shape (members + 1, 2), the addresses where its text begins and stops, if it is a scalar.
        stack: the tables of the objects around the present one.
        trail: shape (values, 5), of each scalar and each wanted object in turn the kind, the member that it fills (or
            ``NOTHING``), where it begins and stops, and its part: an odd number where it is in an object or array of
            the event, another one in each; between these, even numbers.
        seen: shape (members,), numbers of members in the order in which they were noted by shape.
    """

    kinds: Held
    spans: Held
    stack: Held
    trail: Held
    seen: Held


_SPAN: Final = 16
_STOP_AT: Final = 8
_STEP: Final = 40
_WORD: Final = 8
_PAIR: Final = 2


def empty_notes(members: int) -> Notes:
    """Return notes of events with so many members to read."""
    return Notes(
        np.zeros(members // _WORD * _WORD + _WORD, np.uint8),
        np.zeros((members + 1, 2), np.int64),
        np.zeros(MAX_DEPTH, np.int64),
        np.zeros((MOST_VALUES, 5), np.int64),
        np.zeros(members + 1, np.uint16),
    )


@inlined
def note(notes: Notes, member: int, kind: int, begin: int, stop: int) -> None:
    """Note what stands at a member, and the addresses of its text."""
    put_byte(notes.kinds + member, kind)
    place = notes.spans + _SPAN * member
    put_integer(place, begin)
    put_integer(place + _STOP_AT, stop)


@inlined
def noted_kind(notes: Notes, member: int) -> int:
    """Return the kind of what stands at a member."""
    return byte_at(notes.kinds + member)


@inlined
def noted_span(notes: Notes, member: int) -> tuple[int, int]:
    """Return the addresses where the text of a member begins and stops."""
    place = notes.spans + _SPAN * member
    return integer_at(place), integer_at(place + _STOP_AT)


@inlined
def see_member(notes: Notes, count: int, member: int) -> None:
    """Put down that a member was noted after so many others."""
    put_pair(notes.seen + _PAIR * count, member)


@inlined
def seen_member(notes: Notes, count: int) -> int:
    """Return the member that was noted after so many others."""
    return pair_at(notes.seen + _PAIR * count)


@inlined
def _follow(notes: Notes, count: int, kind: int, member: int, begin: int, stop: int, part: int) -> None:
    if count < MOST_VALUES:
        place = notes.trail + _STEP * count
        put_integer(place, kind)
        put_integer(place + _WORD, member)
        put_integer(place + 2 * _WORD, begin)
        put_integer(place + 3 * _WORD, stop)
        put_integer(place + 4 * _WORD, part)


@inlined
def step_of(notes: Notes, count: int) -> tuple[int, int, int, int, int]:
    """Return a step of the trail: kind, member, beginning, end and part."""
    place = notes.trail + _STEP * count
    return (
        integer_at(place),
        integer_at(place + _WORD),
        integer_at(place + 2 * _WORD),
        integer_at(place + 3 * _WORD),
        integer_at(place + 4 * _WORD),
    )


@inlined
def _upto(bits: np.uint64) -> np.uint64:
    """Return the lowest one bit and all below it; all bits if there is none."""
    return bits ^ (bits - _ONE)


@inlined
def _key(begin: int) -> tuple[int, int, int]:
    """Return where the key whose text begins at an address stops, and where its value begins.

    The third address is where the value stops, 0 if it is no plain string within 64 bytes; the first is 0 if there is
    no key with a colon, or one with escapes.
    """
    quotes, others = equal_64(begin, QUOTE), strange_64(begin)
    stop, value, value_stop = begin + trailing_zeros(quotes), 0, 0
    if (quotes == _NONE) | (others & _upto(quotes) != _NONE):
        stop = odd_key_end(begin)
        if stop == 0:
            return 0, 0, 0
    if pair_at(stop + 1) == _COLON_QUOTE:
        value = stop + 2
        quotes &= quotes - _ONE
        quotes &= quotes - _ONE
        if quotes and not others & _upto(quotes):
            value_stop = begin + trailing_zeros(quotes)
        return stop, value, value_stop
    colon = skip_space(stop + 1)
    return stop if byte_at(colon) == _COLON else 0, skip_space(colon + 1), 0


@compiled
def walk_event(place: int, keys: Keys, notes: Notes, is_followed: bool) -> tuple[int, int]:
    """Walk one event, which opens at address ``place``.

    Args:
        place: the address of the opening brace.
        keys: the members to note.
        notes: where to note them; no kinds are noted yet.
        is_followed: whether the trail is wanted.

    Returns:
        The address after the event, 0 if there is none, or one that the exact reader must look at; and how many values
        it has, more than the trail has room for if they are too many.
    """
    count, table, depth, part = 0, 0, 0, 0
    closing = _CLOSE_OBJECT
    is_new = True
    place += 1
    while True:
        place = skip_space(place)
        byte = byte_at(place)
        if not (is_new and byte == closing):
            node, stop = NOTHING, 0
            if table != _ARRAY:
                if byte != QUOTE:
                    return 0, count
                begin = place + 1
                key_stop, place, stop = _key(begin)
                if key_stop == 0:
                    return 0, count
                byte = byte_at(place)
                if table >= 0:
                    node = find_key(keys, table, begin, key_stop - begin)
                    if node == DOTTED or (node != NOTHING and noted_kind(notes, node) != _MISSING):
                        return 0, count
            begin, kind = place, _STRING
            if byte == QUOTE:
                begin += 1
                if stop == 0:
                    stop = string_end(begin)
                    if stop == 0:
                        return 0, count
                place = stop + 1
            elif byte in (_OPEN_OBJECT, _OPEN_ARRAY):
                if depth == MAX_DEPTH or (node != NOTHING and byte == _OPEN_ARRAY):
                    return 0, count
                put_integer(notes.stack + _WORD * depth, table)
                part += depth == 0
                depth += 1
                table = _SKIPPED
                closing = _CLOSE_OBJECT
                if byte == _OPEN_ARRAY:
                    table = _ARRAY
                    closing = _CLOSE_ARRAY
                elif node != NOTHING:
                    put_byte(notes.kinds + node, _OBJECT)
                    table = table_of(keys, node)
                    if column_of(keys, node) != NOWHERE:
                        _follow(notes, count, _OBJECT, node, place + 1, place + 1, part)
                        count += 1
                place += 1
                is_new = True
                continue
            else:
                kind, stop = scalar_end(place)
                if stop == 0:
                    return 0, count
                place = stop
            if is_followed:
                _follow(notes, count, kind, node, begin, stop, part)
            count += 1
            note(notes, node, kind, begin, stop)
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
            part += depth == 0
            table = integer_at(notes.stack + _WORD * depth)
            closing = _CLOSE_ARRAY if table == _ARRAY else _CLOSE_OBJECT
