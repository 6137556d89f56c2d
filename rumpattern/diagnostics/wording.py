"""Text for people: control characters escaped, and suggestions for misspelled words."""

from __future__ import annotations

import difflib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def printable(text: str) -> str:
    """Return text with its control characters escaped, so that no input can control a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def did_you_mean(word: str, known: Sequence[str], cutoff: float = 0.6) -> str | None:
    """Return a hint with the known word most similar to ``word``, None if none is similar."""
    return _nearest(word, tuple(known), cutoff)


@lru_cache(maxsize=1_000)
def _nearest(word: str, known: tuple[str, ...], cutoff: float) -> str | None:
    near = difflib.get_close_matches(word, known, n=1, cutoff=cutoff) or [k for k in known if k.lower() == word.lower()]
    return f'did you mean "{near[0]}"?' if near else None
