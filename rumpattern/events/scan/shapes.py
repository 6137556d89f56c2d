"""Events of a shape seen before: read by comparison with it, which is several times faster than by grammar.

A shape is what an event is without its scalar values: names, brackets, commas, white space. Where the text between two
values is, byte for byte, that of an event walked before, the grammar has nothing new to say; only the values are
checked. Shapes that begin alike share nodes of a tree, so that every event takes one way through it.

Many values are as long in every event: identifiers, times, versions. As long as they have been, a value's end is taken
to be where it was, and that is checked; so the processor need not find it before it goes on behind it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from rumpattern.events.fields import Kind
from rumpattern.events.scan.keys import NOTHING
from rumpattern.events.scan.repeats import (
    MOST_REPEATS,
    SHORTEST,
    no_repeats,
    open_object,
    recall,
    remember,
    repeated_length,
    start_repeat,
)
from rumpattern.events.scan.simd import (
    Held,
    byte_at,
    compiled,
    differing_64,
    inlined,
    integer_at,
    pair_at,
    put_byte,
    put_integer,
    put_pair,
)
from rumpattern.events.scan.tokens import are_equal, is_string, is_whole, scalar_end, string_end
from rumpattern.events.scan.walk import Notes, note, see_member, step_of

_STRING: Final = int(Kind.STRING)
_OBJECT: Final = int(Kind.OBJECT)
_SCALAR: Final = int(Kind.NUMBER)  # a number or a literal
_PART: Final = len(Kind)  # the text goes on in the next node
_END: Final = len(Kind) + 1

_NODE: Final = 64
"""Bytes of a node, those of a cache line."""
_KIND_AT: Final = 1
_MEMBER_AT: Final = 2
_NEXT_AT: Final = 4
_OTHER_AT: Final = 6
_WIDTH_AT: Final = 8
_CLOSES_AT: Final = 9
_OPENED_AT: Final = 10
_TEXT_AT: Final = 11
_TEXT: Final = _NODE - _TEXT_AT
_MOST_NODES: Final = 4_096
_MOST_OTHERS: Final = 64
"""How many nodes are tried one after the other: keys that are never the same make as many as there is room for."""
_ROOT: Final = 0
_WORD: Final = 8
_UNKNOWN: Final = 63
"""Stands for the length of a value before there was one; those of as many bytes, or more, are not compared."""


class Shapes(NamedTuple):
    """A tree of nodes; node 0 comes before all shapes.

    Attributes:
        nodes: shape (nodes * 64,), bytes of records: the length of a node's text, the kind of value behind it, the
            member that this fills, the node after it and the one to try instead, 0 for none; how long all values so far
            were, 0 if they differed; whether an object of the event ends in its text; the number of the one that
            begins there and is remembered, 0 for none; and the text.
        sizes: shape (2,), how many nodes there are, and how many objects.
        repeats: what is remembered of these objects.
    """

    nodes: Held
    sizes: Held
    repeats: Held


def no_shapes() -> Shapes:
    """Return an empty tree, with room for as many nodes as are worth their memory."""
    room = np.zeros((_MOST_NODES + 1) * _NODE, np.uint8)
    start = -room.ctypes.data % _NODE
    return Shapes(room[start : start + _MOST_NODES * _NODE], np.array([1, 0]), no_repeats())


def forget(shapes: Shapes) -> None:
    """Make a tree empty again."""
    shapes.nodes[:_NODE] = 0
    shapes.sizes[:] = 1, 0


@inlined
def _node(shapes: Shapes, number: int) -> int:
    node: int = shapes.nodes + _NODE * number
    return node


@compiled
def match_shape(place: int, shapes: Shapes, notes: Notes) -> int:
    """Note the values of the event at an address; return the address after it, 0 if its shape is not known."""
    first = number = pair_at(_node(shapes, _ROOT) + _NEXT_AT)
    repeat = seen = 0
    while number:
        node = _node(shapes, number)
        length = byte_at(node)
        if differing_64(node + _TEXT_AT, place) << np.uint64(_NODE - length):
            number = pair_at(node + _OTHER_AT)
            continue
        begin = stop = place + length
        if pair_at(node + _CLOSES_AT):
            if repeat:
                remember(repeat, place, first, notes, seen)
                repeat = 0
            opened = byte_at(node + _OPENED_AT)
            if opened:
                repeat = open_object(shapes.repeats, opened, node + _OPENED_AT, begin, seen)
                length = repeated_length(repeat, begin)
                if length:
                    place, first = begin + length, recall(repeat, begin, notes)
                    repeat, number = 0, first
                    continue
        kind, width = byte_at(node + _KIND_AT), byte_at(node + _WIDTH_AT)
        if width:
            stop = begin + width
            if not (is_string(begin, width) if kind == _STRING else is_whole(begin, width)):
                put_byte(node + _WIDTH_AT, 0)
                continue
        elif kind == _STRING:
            stop = string_end(begin)
        elif kind == _SCALAR:
            kind, stop = scalar_end(begin)
        elif kind == _END:
            return begin
        if stop == 0:
            number = pair_at(node + _OTHER_AT)
            continue
        member = pair_at(node + _MEMBER_AT)
        if member != NOTHING:
            note(notes, member, kind, begin, stop)
            see_member(notes, seen, member)
            seen += 1
        place = stop
        first = number = pair_at(node + _NEXT_AT)
    return 0


@compiled
def learn_shape(place: int, end: int, values: int, shapes: Shapes, notes: Notes) -> None:
    """Add the shape of an event that was walked from ``place`` to ``end`` and has so many ``values`` in its trail."""
    node, part = _ROOT, 0
    for value in range(values):
        kind, member, begin, stop, now = step_of(notes, value)
        closes = part & (part != now)
        node = _add_text(shapes, node, place, begin, kind if kind in (_STRING, _OBJECT) else _SCALAR, member, closes)
        if node == _ROOT:
            return
        _learn_width(_node(shapes, node), kind, begin, stop - begin)
        if now & (part != now) and _part_length(notes, value, values) >= SHORTEST:
            _open(shapes, _node(shapes, node))
        place, part = stop, now
    _add_text(shapes, node, place, end, _END, NOTHING, part & 1)


@inlined
def _part_length(notes: Notes, first: int, values: int) -> int:
    """Return how many bytes there are from a value to the end of the last one that is in the same object."""
    _kind, _member, begin, last, part = step_of(notes, first)
    for value in range(first + 1, values):
        _kind, _member, _begin, stop, now = step_of(notes, value)
        if now != part:
            break
        last = stop
    return last - begin


@inlined
def _open(shapes: Shapes, node: int) -> None:
    """Give the object that begins in the text of a node a number, if there is one left."""
    number = integer_at(shapes.sizes + _WORD) + 1
    if byte_at(node + _OPENED_AT) == 0 and number <= MOST_REPEATS:
        put_integer(shapes.sizes + _WORD, number)
        put_byte(node + _OPENED_AT, number)
        start_repeat(shapes.repeats, number)


@inlined
def _learn_width(node: int, kind: int, begin: int, width: int) -> None:
    if byte_at(node + _WIDTH_AT) == _UNKNOWN:
        is_plain = 0 < width < _UNKNOWN and (
            is_string(begin, width) if kind == _STRING else kind == _SCALAR and is_whole(begin, width)
        )
        put_byte(node + _WIDTH_AT, width if is_plain else 0)


@inlined
def _add_text(shapes: Shapes, node: int, place: int, end: int, kind: int, member: int, closes: int) -> int:
    """Add the text between two addresses, and the value behind it, to a node; return the last node, 0 without room."""
    while end - place > _TEXT:
        node = _add(shapes, node, place, _TEXT, _PART, NOTHING, closes)
        if node == _ROOT:
            return node
        place += _TEXT
        closes = 0
    return _add(shapes, node, place, end - place, kind, member, closes)


@compiled
def _add(shapes: Shapes, before: int, place: int, length: int, kind: int, member: int, closes: int) -> int:
    """Return the node after another that has some text and value, which is added if there is none; 0 without room."""
    link, others = _node(shapes, before) + _NEXT_AT, 0
    number = pair_at(link)
    while number:
        node = _node(shapes, number)
        is_same = byte_at(node) == length and byte_at(node + _KIND_AT) == kind and pair_at(node + _MEMBER_AT) == member
        if is_same and are_equal(node + _TEXT_AT, place, length):
            return number
        link, others = node + _OTHER_AT, others + 1
        number = pair_at(link)
    number = integer_at(shapes.sizes)
    if number == _MOST_NODES or others == _MOST_OTHERS:
        return _ROOT
    put_integer(shapes.sizes, number + 1)
    put_pair(link, number)
    node = _node(shapes, number)
    put_byte(node, length)
    put_byte(node + _KIND_AT, kind)
    put_byte(node + _CLOSES_AT, closes)
    put_byte(node + _OPENED_AT, 0)
    put_pair(node + _MEMBER_AT, member)
    put_pair(node + _NEXT_AT, _ROOT)
    put_pair(node + _OTHER_AT, _ROOT)
    put_byte(node + _WIDTH_AT, _UNKNOWN if kind in (_STRING, _SCALAR) else 0)
    for offset in range(length):
        put_byte(node + _TEXT_AT + offset, byte_at(place + offset))
    return number
