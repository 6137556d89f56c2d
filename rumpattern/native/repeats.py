"""Stretches, spans of text that repeat from one event to the next, such as a session's metadata: compared as a whole.

A stretch begins where an event begins, or an object in it ends, and goes up to the end of the next object. Where it
begins, its text is compared with the last one that was read there. If that is the same, so is all that was noted of
it, and reading goes on behind it: the same text, read from the same node on, is read in the same way. A stretch that is
rarely the same begins one value later from then on, until it is too short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.native.simd import compiled, copy_64, differing_64, inlined, integer_at, pair_at, put_integer, put_pair
from rumpattern.native.walk import Notes, note, noted_kind, noted_span, seen_member

if TYPE_CHECKING:
    from rumpattern.native.simd import Array

MOST_REPEATS: Final = 31
"""Stretches that are remembered."""
SHORTEST: Final = 128
"""Bytes of a stretch that is worth it."""
_LONGEST: Final = 1_024
_MOST_MEMBERS: Final = 16
_TRIAL: Final = 16
"""How many more texts than repetitions there may be, until a stretch is given up."""
_MOST_LUCK: Final = 64
"""How many more repetitions than texts count."""
_BLOCK: Final = 64

_LENGTH_AT: Final = 0
_QUOTES_AT: Final = 8
_NEXT_AT: Final = 16
_MEMBERS_AT: Final = 24
_CHANGES_AT: Final = 32
_OPENER_AT: Final = 40
_BEGIN_AT: Final = 48
_QUOTE_AT: Final = 56
_SEEN_AT: Final = 64
_RECORDS_AT: Final = 72
_RECORD: Final = 8
_KIND_IN: Final = 2
_BEGIN_IN: Final = 4
_STOP_IN: Final = 6
_TEXT_AT: Final = _RECORDS_AT + _RECORD * _MOST_MEMBERS
_REPEAT: Final = _TEXT_AT + _LONGEST


def no_repeats() -> Array:
    """Return room for what is remembered: shape (bytes,), of records.

    Each has the length of a stretch's last text, 0 if it is not known; what its quotes take in the list of an event;
    which node is next behind it; how many members were noted of it; by how many its texts outnumber its repetitions; of
    a stretch that is being read the address of the node that opened it, where its text begins, where its quotes begin
    in the list, and how many members had been seen before it; of each member its number and kind, and where in the text
    it begins and stops; and the text.
    """
    return np.zeros((MOST_REPEATS + 1) * _REPEAT, np.uint8)


@inlined
def start_repeat(repeats: int, opened: int) -> None:
    """Remember nothing yet of the stretch with a number."""
    put_integer(repeats + _REPEAT * opened + _LENGTH_AT, 0)
    put_integer(repeats + _REPEAT * opened + _CHANGES_AT, 0)


@inlined
def open_stretch(repeats: int, opened: int, opener: int, begin: int, quote: int, seen: int) -> int:
    """Return the address of what is remembered of the stretch with a number, whose text begins at an address.

    ``opener`` is the address of the node that opens it, ``quote`` where its quotes begin in the list, and ``seen`` how
    many members come before it.
    """
    repeat: int = repeats + _REPEAT * opened
    put_integer(repeat + _OPENER_AT, opener)
    put_integer(repeat + _BEGIN_AT, begin)
    put_integer(repeat + _QUOTE_AT, quote)
    put_integer(repeat + _SEEN_AT, seen)
    return repeat


@inlined
def opener_of(repeat: int) -> int:
    """Return the address of the node that opened a stretch."""
    return integer_at(repeat + _OPENER_AT)


@inlined
def repeated_length(repeat: int, begin: int) -> int:
    """Return the length of the text at an address if the stretch had the same last, else 0."""
    length, offset = integer_at(repeat + _LENGTH_AT), 0
    while offset < length:
        block = min(offset, length - _BLOCK)
        if differing_64(repeat + _TEXT_AT + block, begin + block):
            return 0
        offset += _BLOCK
    return length


@inlined
def repeated_quotes(repeat: int) -> int:
    """Return how many bytes the quotes of a stretch's last text take in the list of an event's quotes."""
    return integer_at(repeat + _QUOTES_AT)


@inlined
def recall(repeat: int, begin: int, notes: Notes) -> int:
    """Note what was noted of a stretch's last text, which stands at an address; return the node behind it."""
    put_integer(repeat + _CHANGES_AT, integer_at(repeat + _CHANGES_AT) - 1)
    record = repeat + _RECORDS_AT
    for _member in range(integer_at(repeat + _MEMBERS_AT)):
        value, stop = begin + pair_at(record + _BEGIN_IN), begin + pair_at(record + _STOP_IN)
        note(notes, pair_at(record), pair_at(record + _KIND_IN), value, stop)
        record += _RECORD
    return integer_at(repeat + _NEXT_AT)


@compiled
def remember(repeat: int, stop: int, quote: int, node: int, notes: Notes, seen: int) -> int:
    """Keep the text of a stretch, and its members, if there is room for them.

    Args:
        repeat: the address of what is remembered.
        stop: where the text stops.
        quote: where the quotes after it begin in the list.
        node: the first node that may be next behind it.
        notes: those of the event.
        seen: how many members of the event there are so far.

    Returns:
        The length of the text if the stretch is rarely the same, else 0.
    """
    begin, first = integer_at(repeat + _BEGIN_AT), integer_at(repeat + _SEEN_AT)
    changes = max(integer_at(repeat + _CHANGES_AT), -_MOST_LUCK) + 1
    length, members = stop - begin, seen - first
    put_integer(repeat + _CHANGES_AT, changes)
    if not _BLOCK <= length <= _LONGEST or members > _MOST_MEMBERS:
        put_integer(repeat + _LENGTH_AT, 0)
    else:
        put_integer(repeat + _LENGTH_AT, length)
        put_integer(repeat + _QUOTES_AT, quote - integer_at(repeat + _QUOTE_AT))
        put_integer(repeat + _NEXT_AT, node)
        put_integer(repeat + _MEMBERS_AT, members)
        for number in range(members):
            _keep_member(repeat, number, seen_member(notes, first + number), begin, notes)
        for offset in range(0, length, _BLOCK):
            copy_64(repeat + _TEXT_AT + offset, begin + offset)
    return length if changes > _TRIAL else 0


@inlined
def _keep_member(repeat: int, number: int, member: int, begin: int, notes: Notes) -> None:
    record = repeat + _RECORDS_AT + _RECORD * number
    value, stop = noted_span(notes, member)
    put_pair(record, member)
    put_pair(record + _KIND_IN, noted_kind(notes, member))
    put_pair(record + _BEGIN_IN, value - begin)
    put_pair(record + _STOP_IN, stop - begin)
