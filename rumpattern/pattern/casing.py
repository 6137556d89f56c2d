"""Text compared without regard to case, as ``equals-ignore-case`` does it: by the forms of each pattern character."""

from __future__ import annotations

from typing import Final

_ASTRAL: Final = "\U00010000"


def forms(char: str) -> tuple[str, ...]:
    """Return the texts that a character of a pattern stands for.

    They are its lower and its upper case in full mapping, of one to three characters: ß is "ß" or "SS". A character
    beyond the Basic Multilingual Plane also stands for itself.
    """
    lower, upper = char.lower(), char.upper()
    if char >= _ASTRAL:
        return tuple(dict.fromkeys((char, lower, upper)))
    return (lower,) if lower == upper else (lower, upper)


def equals(pattern: str, value: str) -> bool:
    """Tell whether a value is one of the texts that the pattern's characters stand for, one after another."""
    return len(value) in _ends(pattern, value)


def starts(pattern: str, value: str) -> bool:
    """Tell whether a value starts with such a text."""
    return bool(_ends(pattern, value))


def ends(pattern: str, value: str) -> bool:
    """Tell whether a value ends with such a text."""
    positions = {len(value)}
    for char in reversed(pattern):
        positions = {
            position - len(form) for form in forms(char) for position in positions if value.endswith(form, 0, position)
        }
        if not positions:
            return False
    return True


def _ends(pattern: str, value: str) -> set[int]:
    """Return every length of a prefix of the value that the pattern stands for."""
    ends = {0}
    for char in pattern:
        ends = {end + len(form) for form in forms(char) for end in ends if value.startswith(form, end)}
        if not ends:
            break
    return ends


def folded(text: str) -> str:
    """Return a key for look-up: all texts that a pattern stands for have the key of the pattern.

    Two texts with one key need not stand for each other, since the comparison has a direction. Keys are made character
    by character, so the key of a prefix is a prefix of the key.
    """
    return text.upper().casefold()
