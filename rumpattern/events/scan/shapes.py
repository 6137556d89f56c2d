"""Events of a shape seen before: read by comparison with it, which is several times faster than by grammar.

A shape is what an event is without its scalar values: names, brackets, commas, white space. Where the text between two
values is, byte for byte, that of an event walked before, the grammar has nothing new to say; only the values are
checked. Shapes that begin alike share nodes of a tree, so that every event takes one way through it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.events.fields import Kind
from rumpattern.events.scan.keys import NOTHING
from rumpattern.events.scan.simd import Array, byte_at, compiled, differing_64, inlined, signed
from rumpattern.events.scan.tokens import are_equal, scalar_end, string_end

if TYPE_CHECKING:
    from rumpattern.events.scan.walk import Notes

_STRING: Final = int(Kind.STRING)
_OBJECT: Final = int(Kind.OBJECT)
_SCALAR: Final = int(Kind.NUMBER)  # a number or a literal
_PART: Final = -1  # the text goes on in the next node
_END: Final = -2

_NODE: Final = 64
"""Bytes of a node, those of a cache line."""
_FIELDS: Final = 8
_TEXT: Final = _NODE - _FIELDS
_MOST_NODES: Final = 4_096
_MOST_OTHERS: Final = 64
"""How many nodes are tried one after the other: keys that are never the same make as many as there is room for."""
_ROOT: Final = 0


class Shapes(NamedTuple):
    """A tree of nodes; node 0 comes before all shapes.

    Attributes:
        nodes: shape (nodes,), of records: the length of a node's text, the kind of value behind it, the member that
            this fills, the node after it and the one to try instead, 0 for none; and the text.
        size: shape (1,), how many nodes there are.
    """

    nodes: Array
    size: Array


_NODE_TYPE: Final = np.dtype(
    [("length", "u1"), ("kind", "i1"), ("member", "i2"), ("next", "u2"), ("other", "u2"), ("text", "u1", _TEXT)]
)


def no_shapes() -> Shapes:
    """Return an empty tree, with room for as many nodes as are worth their memory."""
    room = np.zeros((_MOST_NODES + 1) * _NODE, np.uint8)
    start = -room.ctypes.data % _NODE
    return Shapes(room[start : start + _MOST_NODES * _NODE].view(_NODE_TYPE), np.ones(1, np.int64))


@compiled
def match_shape(place: int, shapes: Shapes, notes: Notes) -> int:
    """Note the values of the event at an address; return the address after it, 0 if its shape is not known."""
    nodes, kinds, spans = shapes.nodes, notes.kinds, notes.spans
    texts = nodes.ctypes.data + _FIELDS
    number = signed(nodes[_ROOT].next)
    while number:
        node = nodes[number]
        length = signed(node.length)
        if differing_64(texts + number * _NODE, place) << np.uint64(_NODE - length):
            number = signed(node.other)
            continue
        begin = stop = place + length
        kind = signed(node.kind)
        if kind == _STRING:
            stop = string_end(begin)
        elif kind == _SCALAR:
            kind, stop = scalar_end(begin, byte_at(begin))
        elif kind == _END:
            return int(begin)
        if stop == 0:
            number = signed(node.other)
            continue
        member = signed(node.member)
        if member >= 0:
            kinds[member] = kind
            spans[member, 0], spans[member, 1] = begin, stop
        place, number = stop, signed(node.next)
    return 0


@compiled
def learn_shape(place: int, end: int, values: int, shapes: Shapes, notes: Notes) -> None:
    """Add the shape of an event that was walked from ``place`` to ``end`` and has so many ``values`` in its trail."""
    trail, node = notes.trail, _ROOT
    for value in range(values):
        kind, member, begin, stop = trail[value, 0], trail[value, 1], trail[value, 2], trail[value, 3]
        node = _add_text(shapes, node, place, begin, kind if kind in (_STRING, _OBJECT) else _SCALAR, member)
        if node == _ROOT:
            return
        place = stop
    _add_text(shapes, node, place, end, _END, NOTHING)


@inlined
def _add_text(shapes: Shapes, node: int, place: int, end: int, kind: int, member: int) -> int:
    """Add the text between two addresses, and the value behind it, to a node; return the last node, 0 without room."""
    while end - place > _TEXT:
        node = _add(shapes, node, place, _TEXT, _PART, NOTHING)
        if node == _ROOT:
            return node
        place += _TEXT
    return _add(shapes, node, place, end - place, kind, member)


@compiled
def _add(shapes: Shapes, before: int, place: int, length: int, kind: int, member: int) -> int:
    """Return the node after another that has some text and value, which is added if there is none; 0 without room."""
    nodes, last, others = shapes.nodes, 0, 0
    number = signed(nodes[before].next)
    while number:
        node = nodes[number]
        text = nodes.ctypes.data + number * _NODE + _FIELDS
        if node.length == length and node.kind == kind and node.member == member and are_equal(text, place, length):
            return int(number)
        last, number, others = number, signed(node.other), others + 1
    number = shapes.size[0]
    if number == len(nodes) or others == _MOST_OTHERS:
        return _ROOT
    shapes.size[0] += 1
    node = nodes[number]
    node.length, node.kind, node.member = length, kind, member
    node.next, node.other = 0, 0
    for offset in range(length):
        node.text[offset] = byte_at(place + offset)
    if last:
        nodes[last].other = number
    else:
        nodes[before].next = number
    return int(number)
