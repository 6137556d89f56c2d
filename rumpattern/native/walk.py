"""The slower way to the values of an event, by the grammar of JSON: for new shapes, and where shapes do not repeat."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from rumpattern.native.keys import DOTTED, NOTHING, NOWHERE, Keys, column_of, find_key, table_of
from rumpattern.native.layout import MISSING, OBJECT, STRING
from rumpattern.native.quotes import ROOM
from rumpattern.native.simd import (
    Held,
    byte_at,
    compiled,
    half_at,
    inlined,
    integer_at,
    pair_at,
    put_byte,
    put_integer,
    put_pair,
)
from rumpattern.native.tokens import QUOTE, has_escape, scalar_end, skip_space

_COLON: Final = ord(":")
_COMMA: Final = ord(",")
_SPACE: Final = ord(" ")
_COMMA_QUOTE: Final = int.from_bytes(b',"', "little")
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


class Notes(NamedTuple):
    """What is noted of one event.

    Attributes:
        kinds: shape (members + 1,) or more, up to whole words, the kind of what stands at each member; the first is for
            all that nobody asks for. A byte before them, which is not 0, stands for ``DOTTED``.
        spans: shape (members + 1, 2), the addresses where its text begins and stops, if it is a scalar.
        stack: the tables of the objects around the present one.
        trail: shape (values, 5), of each scalar and each wanted object in turn the kind, the member that it fills (or
            ``NOTHING``), where it begins and stops, and its part: an odd number where it is in an object or array of
            the event, another one in each; between these, even numbers.
        seen: shape (members,), numbers of members in the order in which they were noted by shape; not of recalled ones.
        quotes: shape (quotes,), where the event's quotes are (see ``find_quotes``).
    """

    kinds: Held
    spans: Held
    stack: Held
    trail: Held
    seen: Held
    quotes: Held


_SPAN: Final = 16
_STOP_AT: Final = 8
_STEP: Final = 40
_WORD: Final = 8
_PAIR: Final = 2
_PLACE: Final = 4
_STRING_PLACES: Final = 2 * _PLACE


def empty_notes(members: int) -> Notes:
    """Return notes of events with so many members to read."""
    kinds = np.zeros(members // _WORD * _WORD + 2 * _WORD, np.uint8)
    kinds[_WORD + DOTTED] = True
    return Notes(
        kinds[_WORD:],
        np.zeros((members + 1, 2), np.int64),
        np.zeros(MAX_DEPTH, np.int64),
        np.zeros((MOST_VALUES, 5), np.int64),
        np.zeros(members + 1, np.uint16),
        np.zeros(ROOM, np.int32),
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


# A JSON parser in one loop with a stack of its own, since a call for each container would pass all arguments again. A
# turn of the loop reads a member of an object or an element of an array, and then all closing brackets that follow.
# ``table`` tells what keys mean where it stands: 0 and above, a table of ``keys``; ``_SKIPPED``, an object of which
# nothing is wanted; ``_ARRAY``, values without keys.
#
# What it relies on:
# * ``quote`` is at the next opening quote in the list. Every key and every string value takes two quotes, whether it is
#   wanted or not; one step forgotten, and all strings after it have wrong ends.
# * A key is refused if something is already noted for what it stands for: a member that occurs twice. The same test
#   refuses dotted keys (``DOTTED`` is -1, and the byte before ``kinds`` is not 0) and passes keys that nobody wants
#   (what is noted for ``NOTHING`` is cleared after each value). It is one test, because the processor cannot predict
#   which sort of key comes next where members have no fixed order: walking such events takes a third longer. Telling
#   strings from numbers without a branch was tried too, and was slower (0.80 against 0.76 s).
# * ``depth == 0`` is tested before it is increased, and after it is decreased, so that ``part`` is odd exactly within a
#   container of the event itself: stretches begin and end where it changes (``repeats``).
# * The test for a comma and a quote comes first because nearly all values are followed by the next member at once.
@compiled
def walk_event(begin: int, has_escapes: bool, keys: Keys, notes: Notes, is_followed: bool) -> tuple[int, int]:
    """Walk one event, whose quotes are noted.

    Args:
        begin: the address of its opening brace.
        has_escapes: whether there are backslashes on its line.
        keys: the members to note.
        notes: where to note them; no kinds are noted yet.
        is_followed: whether the trail is wanted.

    Returns:
        The address after the event, 0 if there is none, or one that the exact reader must look at; and how many values
        it has, more than the trail has room for if they are too many.
    """
    count, table, depth, part = 0, 0, 0, 0
    closing = _CLOSE_OBJECT
    quote = notes.quotes
    place = skip_space(begin + 1)
    while True:
        node = NOTHING
        if table != _ARRAY:
            if byte_at(place) != QUOTE:
                return 0, count
            stop = begin + half_at(quote + _PLACE)
            if table >= 0:
                node = find_key(keys, table, place + 1, stop - place - 1)
                if noted_kind(notes, node) != MISSING:
                    return 0, count
            if has_escapes and has_escape(place, stop):
                return 0, count
            place = stop + 2
            if (byte_at(stop + 1) != _COLON) | (byte_at(place) <= _SPACE):
                place = skip_space(stop + 1)
                if byte_at(place) != _COLON:
                    return 0, count
                place = skip_space(place + 1)
            quote += _STRING_PLACES
        byte = byte_at(place)
        if byte in (_OPEN_OBJECT, _OPEN_ARRAY):
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
                put_byte(notes.kinds + node, OBJECT)
                table = table_of(keys, node)
                if column_of(keys, node) != NOWHERE:
                    _follow(notes, count, OBJECT, node, place + 1, place + 1, part)
                    count += 1
            place = skip_space(place + 1)
            if byte_at(place) != closing:
                continue
        else:
            if byte == QUOTE:
                place += 1
                kind, stop = STRING, begin + half_at(quote + _PLACE)
                quote += _STRING_PLACES
            else:
                kind, stop = scalar_end(place)
                if stop == 0:
                    return 0, count
            if is_followed:
                _follow(notes, count, kind, node, place, stop, part)
            count += 1
            note(notes, node, kind, place, stop)
            put_byte(notes.kinds + NOTHING, MISSING)
            place = stop + (byte == QUOTE)
            if (pair_at(place) == _COMMA_QUOTE) & (table != _ARRAY):
                place += 1
                continue
            place = skip_space(place)
        while byte_at(place) == closing:
            place += 1
            if depth == 0:
                return place, count
            depth -= 1
            part += depth == 0
            table = integer_at(notes.stack + _WORD * depth)
            closing = _CLOSE_ARRAY if table == _ARRAY else _CLOSE_OBJECT
            place = skip_space(place)
        if byte_at(place) != _COMMA:
            return 0, count
        place = skip_space(place + 1)
