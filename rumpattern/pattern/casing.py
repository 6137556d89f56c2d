"""``equals-ignore-case``: compare text with the lower and upper case forms of each character of the pattern."""

from __future__ import annotations

from typing import Final

# event-ruler matches each character of a pattern as its lower or its upper case form; it does not fold the value. The
# forms may be longer than the character (ß is "ß" or "SS"), so two forms of different length can both match and a value
# is compared with all ways at once: a set of positions that a prefix of the pattern can have reached, advanced by one
# character at a time. The set has at most one position for each character of the value, where trying one way after the
# other takes exponential time. Folding both sides would be faster and wrong: final and medial sigma fold alike, but
# neither is a form of the other. The comparison has a direction.
_ASTRAL: Final = "\U00010000"


def forms(char: str) -> tuple[str, ...]:
    """Return the texts that a character of a pattern matches.

    They are its lower and upper case by the full mapping, one to three characters: ß is "ß" or "SS". A character
    beyond the Basic Multilingual Plane also matches itself.
    """
    lower, upper = char.lower(), char.upper()
    if char >= _ASTRAL:
        return tuple(dict.fromkeys((char, lower, upper)))
    return (lower,) if lower == upper else (lower, upper)


def equals(pattern: str, value: str) -> bool:
    """Tell whether a value is a concatenation of forms of the pattern's characters."""
    return len(value) in _ends(pattern, value)


def starts(pattern: str, value: str) -> bool:
    """Tell whether a value starts with such a concatenation."""
    return bool(_ends(pattern, value))


def ends(pattern: str, value: str) -> bool:
    """Tell whether a value ends with such a concatenation."""
    positions = {len(value)}
    for char in reversed(pattern):
        positions = {
            position - len(form) for form in forms(char) for position in positions if value.endswith(form, 0, position)
        }
        if not positions:
            return False
    return True


def _ends(pattern: str, value: str) -> set[int]:
    """Return the length of every prefix of the value that the pattern matches."""
    ends = {0}
    for char in pattern:
        ends = {end + len(form) for form in forms(char) for end in ends if value.startswith(form, end)}
        if not ends:
            break
    return ends


def folded(text: str) -> str:
    """Return a key for look-up: every text that a pattern matches has the key of the pattern.

    The converse does not hold, since the comparison has a direction: candidates with the key must be compared. Keys are
    made character by character, so the key of a prefix is a prefix of the key.
    """
    return text.upper().casefold()
