"""The fast way to the values of an event: comparison with shapes seen before, several times faster than the grammar.

A shape is what an event is without its scalar values: names, brackets, commas, white space. Where the text between two
values is, byte for byte, that of an event walked before, the grammar has nothing new to say; only the values are
checked. Shapes that begin alike share nodes of a tree, so that every event takes one way through it.

Where the quotes are is known beforehand, so the processor need not find the end of one value before it goes on to the
next.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from rumpattern.native.keys import NOTHING
from rumpattern.native.layout import KINDS, NUMBER, OBJECT, STRING
from rumpattern.native.repeats import (
    MOST_REPEATS,
    SHORTEST,
    no_repeats,
    open_stretch,
    opener_of,
    recall,
    remember,
    repeated_length,
    repeated_quotes,
    start_repeat,
)
from rumpattern.native.simd import (
    Held,
    byte_at,
    compiled,
    differing_64,
    half_at,
    inlined,
    integer_at,
    likely,
    pair_at,
    put_byte,
    put_integer,
    put_pair,
    signed,
    trailing_zeros,
    unlikely,
    word_at,
)
from rumpattern.native.tokens import QUOTE, are_equal, scalar_end
from rumpattern.native.walk import Notes, note, see_member, step_of

_SCALAR: Final = NUMBER  # a number or a literal
_PART: Final = KINDS  # the text goes on in the next node
_END: Final = KINDS + 1

_NODE: Final = 64
"""Bytes of a node, those of a cache line."""
_KIND_AT: Final = 1
_MEMBER_AT: Final = 2
_NEXT_AT: Final = 4
_OTHER_AT: Final = 6
_QUOTES_AT: Final = 8
_TAIL_AT: Final = 9
_BORDER_AT: Final = 10
"""The next two as one number, which is rarely not 0."""
_CLOSES_AT: Final = 10
_OPENED_AT: Final = 11
_FOLLOWS_AT: Final = 12
_TRIED_AT: Final = 13
_TEXT_AT: Final = 14
_TEXT: Final = _NODE - _TEXT_AT
_MOST_NODES: Final = 4_096
_MOST_OTHERS: Final = 64
"""How many nodes are tried one after the other: keys that are never the same make as many as there is room for."""
_ROOT: Final = 0
_ONE: Final = np.uint64(1)
_NONE: Final = np.uint64(0)
_PLACE: Final = 4


class Shapes(NamedTuple):
    """A tree of nodes; node 0 comes before all shapes.

    Attributes:
        nodes: shape (nodes * 64,), bytes of records: the length of a node's text, the kind of value behind it, the
            member that this fills, the node after it and the one to try instead, 0 for none; how many quotes are in its
            text, and how many bytes from the last of them to the end, 0 without quotes; whether an object of the event
            ends in its text; the number of the stretch that begins there and is remembered, 0 for none; whether the
            node after it is the next of all; whether a stretch has ever begun there; and the text.
        size: shape (1,), how many nodes there are.
        repeats: what is remembered of stretches.
        taken: shape (1,), whose bits tell which of their numbers are taken; 0 is none.
    """

    nodes: Held
    size: Held
    repeats: Held
    taken: Held


def no_shapes() -> Shapes:
    """Return an empty tree, with room for as many nodes as are worth their memory."""
    room = np.zeros((_MOST_NODES + 2) * _NODE, np.uint8)  # one for a load that goes beyond the last node
    start = -room.ctypes.data % _NODE
    return Shapes(room[start : start + _MOST_NODES * _NODE], np.ones(1, np.int64), no_repeats(), np.ones(1, np.int64))


def forget(shapes: Shapes) -> None:
    """Make a tree empty again."""
    shapes.nodes[:_NODE] = 0
    shapes.size[:] = shapes.taken[:] = 1


@inlined
def _node(shapes: Shapes, number: int) -> int:
    node: int = shapes.nodes + _NODE * number
    return node


# For each node on the way: the text between two values is compared (one load of 64 bytes, of which the first ``length``
# count), then the value behind it is delimited and noted. If the text differs, the next alternative is tried at the
# same place; when none is left, the shape is not known and the event is walked.
#
# Why it is fast: ``begin`` is computed from the quote list (the last quote of the text, and how far the text goes
# beyond it) and not from ``place``, where the value before ended. So a value can be taken up before the end of the
# number in front of it is known, and what waits for that is a comparison whose outcome the processor predicts. Nearly
# all events take one way through the tree: unlikely branches are laid out behind the loop, and the number of a node
# that is next in memory (``_FOLLOWS_AT``) does not wait for a load. Tried and left, as they were not faster: 32 bytes
# at once, prefetching nodes, and guessing a node by event type.
#
# What it relies on:
# * The text is compared before the quote list is used. Equal texts have equal quotes, which is what keeps ``quote`` and
#   ``place`` at the same point of the event; it holds only if every node advances both.
# * A shape is learned only of an event that the grammar accepted. So names, brackets and commas need no check here, a
#   member cannot come twice, and values need only be well formed (``find_quotes`` for strings, ``scalar_end``).
# * A stretch that ends here is remembered before another one opens at the same node, with ``first``, the first
#   alternative for what follows, and not with the node that this event took: the next event may take another.
# * When 0 is returned some members have been noted. The caller forgets them before it walks the event.
@compiled
def match_shape(event: int, shapes: Shapes, notes: Notes) -> int:
    """Note the values of the event at an address, whose quotes are noted.

    Returns:
        The address after it, 0 if its shape is not known.
    """
    place, quote = event, notes.quotes
    first = number = pair_at(_node(shapes, _ROOT) + _NEXT_AT)
    repeat = seen = 0
    while number:
        node = _node(shapes, number)
        length = byte_at(node)
        if unlikely(differing_64(node + _TEXT_AT, place) & ((_ONE << np.uint64(length)) - _ONE) != _NONE):
            number = pair_at(node + _OTHER_AT)
            continue
        after, tail = quote + _PLACE * byte_at(node + _QUOTES_AT), byte_at(node + _TAIL_AT)
        begin = event + half_at(after - _PLACE) + tail if likely(tail != 0) else place + length
        kind, stop = byte_at(node + _KIND_AT), begin
        if likely(kind == STRING):
            stop = event + half_at(after)
        elif kind == _SCALAR:
            kind, stop = scalar_end(begin)
            if unlikely(stop == 0):
                number = pair_at(node + _OTHER_AT)
                continue
        if unlikely(pair_at(node + _BORDER_AT) != 0):
            if repeat and byte_at(node + _CLOSES_AT):
                _close(shapes, repeat, place, quote, first, notes, seen)
                repeat = 0
            if byte_at(node + _OPENED_AT):
                repeat = open_stretch(shapes.repeats, byte_at(node + _OPENED_AT), node, begin, after, seen)
                same = repeated_length(repeat, begin)
                if same:
                    place, quote, number = begin + same, after + repeated_quotes(repeat), recall(repeat, begin, notes)
                    first, repeat = number, 0
                    continue
        if unlikely(kind == _END):
            return begin
        member = pair_at(node + _MEMBER_AT)
        if unlikely(member != NOTHING):
            note(notes, member, kind, begin, stop)
            see_member(notes, seen, member)
            seen += 1
        place, quote = stop, after
        if likely(byte_at(node + _FOLLOWS_AT) != 0):
            number += 1
        else:
            number = pair_at(node + _NEXT_AT)
        first = number
    return 0


@inlined
def _close(shapes: Shapes, repeat: int, stop: int, quote: int, node: int, notes: Notes, seen: int) -> None:
    """Remember a stretch, and let it begin later if it is rarely the same."""
    length = remember(repeat, stop, quote, node, notes, seen)
    if length:
        _open_later(shapes, opener_of(repeat), length)


@compiled
def learn_shape(place: int, end: int, values: int, shapes: Shapes, notes: Notes) -> None:
    """Add the shape of an event that was walked from ``place`` to ``end`` and has so many ``values`` in its trail."""
    number, part, is_settled = _ROOT, 0, False
    for value in range(values):
        kind, member, begin, stop, now = step_of(notes, value)
        closes = part & (part != now)
        shown = kind if kind in (STRING, OBJECT) else _SCALAR
        number = _add_text(shapes, number, place, begin, shown, member, closes)
        if number == _ROOT:
            return
        node = _node(shapes, number)
        is_settled = (is_settled and not closes) or byte_at(node + _OPENED_AT) != 0
        if not is_settled and byte_at(node + _TRIED_AT) == 0:
            is_settled = True  # if it is too short from here, it is from the next values on
            if _stretch_length(notes, value, values) >= SHORTEST:
                _open(shapes, node)
        place, part = stop, now
    _add_text(shapes, number, place, end, _END, NOTHING, part & 1)


@inlined
def _stretch_length(notes: Notes, first: int, values: int) -> int:
    """Return how many bytes there are from a value to the end of the next object, 0 if there is none."""
    _kind, _member, begin, last, part = step_of(notes, first)
    for value in range(first + 1, values):
        _kind, _member, _begin, stop, now = step_of(notes, value)
        if part & (now != part):
            break
        last, part = stop, now
    return last - begin if part & 1 else 0


@inlined
def _open(shapes: Shapes, node: int) -> None:
    """Let the node at an address open a stretch, if none has ever begun there and there is a number left."""
    taken = word_at(shapes.taken)
    number = trailing_zeros(~taken)
    if byte_at(node + _TRIED_AT) == 0 and number <= MOST_REPEATS:
        put_integer(shapes.taken, signed(taken | (_ONE << np.uint64(number))))
        put_byte(node + _TRIED_AT, 1)
        put_byte(node + _OPENED_AT, number)
        start_repeat(shapes.repeats, number)


@compiled
def _open_later(shapes: Shapes, opener: int, length: int) -> None:
    """Let the nodes that follow the one at an address open its stretch, whose text has some length.

    If it is too short for that, none opens it any more.
    """
    number = byte_at(opener + _OPENED_AT)
    put_byte(opener + _OPENED_AT, 0)
    put_integer(shapes.taken, signed(word_at(shapes.taken) ^ (_ONE << np.uint64(number))))
    following = pair_at(opener + _NEXT_AT) if length >= SHORTEST else 0
    while following:
        node = _node(shapes, following)
        if byte_at(node + _CLOSES_AT) == 0 and byte_at(node + _KIND_AT) != _END:
            _open(shapes, node)
        following = pair_at(node + _OTHER_AT)


@inlined
def _add_text(shapes: Shapes, node: int, place: int, end: int, kind: int, member: int, closes: int) -> int:
    """Add the text between two addresses, and the value behind it, to a node; return the last node, 0 without room."""
    while end - place >= _TEXT:
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
    number = integer_at(shapes.size)
    if number == _MOST_NODES or others == _MOST_OTHERS:
        return _ROOT
    put_integer(shapes.size, number + 1)
    put_pair(link, number)
    put_byte(_node(shapes, before) + _FOLLOWS_AT, pair_at(_node(shapes, before) + _NEXT_AT) == before + 1)
    node = _node(shapes, number)
    put_byte(node + _FOLLOWS_AT, 0)
    put_byte(node + _TRIED_AT, 0)
    put_byte(node, length)
    put_byte(node + _KIND_AT, kind)
    put_byte(node + _CLOSES_AT, closes)
    put_byte(node + _OPENED_AT, 0)
    put_pair(node + _MEMBER_AT, member)
    put_pair(node + _NEXT_AT, _ROOT)
    put_pair(node + _OTHER_AT, _ROOT)
    quotes = tail = 0
    for offset in range(length):
        byte = byte_at(place + offset)
        put_byte(node + _TEXT_AT + offset, byte)
        if byte == QUOTE:
            quotes, tail = quotes + 1, length - offset
    put_byte(node + _QUOTES_AT, quotes)
    put_byte(node + _TAIL_AT, tail)
    return number
