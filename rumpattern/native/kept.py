"""The arena of texts that outlive the piece of file they stand in: new strings, and lines for the exact reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.native.layout import PADDING
from rumpattern.native.simd import Held, compiled, copy_words, inlined, integer_at, put_integer

if TYPE_CHECKING:
    from rumpattern.native.simd import Array

_WORD: Final = 8


class KeptTexts(NamedTuple):
    """Texts one after the other.

    ``text`` is the room, ``used``, of shape (1,), how many of its bytes are taken, and ``size`` how many there are.
    """

    text: Held
    used: Held
    size: int


def empty_text(size: int) -> Array:
    """Return room for a text of so many bytes and for ``PADDING``."""
    return np.empty(size + PADDING, np.uint8)


def no_texts(size: int) -> KeptTexts:
    """Return room for so many bytes of texts."""
    return KeptTexts(empty_text(size), np.zeros(1, np.int64), size)


@inlined
def room_for(length: int) -> int:
    """Return how many bytes a line of some length and the strings in it take: each of them whole words."""
    return 2 * length + _WORD


@inlined
def has_room(kept: KeptTexts, length: int) -> bool:
    """Tell whether there is room for a line of some length, and for strings in it."""
    return integer_at(kept.used) + room_for(length) <= kept.size


@compiled
def keep_text(kept: KeptTexts, begin: int, length: int) -> int:
    """Return the address of a copy of the text that begins at an address; there is room for it."""
    used = integer_at(kept.used)
    place: int = kept.text + used
    copy_words(place, begin, length)
    put_integer(kept.used, used + (length + _WORD - 1) // _WORD * _WORD)
    return place
