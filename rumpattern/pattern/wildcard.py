"""Wildcards: text with stars to its parts and back, matching by one search for each part, and a measure of cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_COMPLEXITY: Final = 8
"""EventBridge was seen to take a wildcard of complexity 8 and to refuse one of 10."""


class WildcardError(ValueError):
    """A wildcard that cannot be read; ``index`` is the character of its text that is wrong."""

    def __init__(self, index: int, *, is_escape: bool) -> None:
        super().__init__(index)
        self.index = index
        self.is_escape = is_escape


def split(text: str) -> tuple[str, ...]:
    r"""Return the literal parts between the stars; ``\*`` and ``\\`` are a literal star and backslash.

    Raises:
        WildcardError: two stars in a row, or a backslash before anything else.
    """
    parts: list[str] = []
    part: list[str] = []
    index = 0
    while index < len(text):
        char = text[index]
        if char == "\\":
            index += 1
            if text[index : index + 1] not in ("*", "\\"):
                raise WildcardError(index - 1, is_escape=True)
            part.append(text[index])
        elif char == "*":
            if text[index + 1 : index + 2] == "*":
                raise WildcardError(index, is_escape=False)
            parts.append("".join(part))
            part = []
        else:
            part.append(char)
        index += 1
    return (*parts, "".join(part))


def join(parts: Sequence[str]) -> str:
    """Return the text that ``split`` reads as these parts."""
    return "*".join(part.replace("\\", "\\\\").replace("*", "\\*") for part in parts)


def fits(parts: Sequence[str], value: str) -> bool:
    """Tell whether a value is the parts in their order with anything between.

    Each part is looked for once, from where the one before it ended: the first place found leaves the most room for
    the rest, so that no choice is ever taken back and the time is linear in the value.
    """
    if len(parts) == 1:
        return value == parts[0]
    first, *inner, last = parts
    place, end = len(first), len(value) - len(last)
    if place > end or not value.startswith(first) or not value.endswith(last):
        return False
    for part in inner:
        found = value.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True


def complexity(parts: Sequence[str]) -> int:
    """Return how many prefixes of a wildcard one value can be in at once, at most.

    Every star that a value has reached stays a prefix that it is in. Behind each star the value is also in every prefix
    of the next part that the value ends with. These are counted on a trie of the parts, where the text of each node is
    followed to the longest of its suffixes that is a node too (Aho and Corasick 1975).
    """
    behind = parts[1:]
    children: list[dict[str, int]] = [{}]
    counts = [0]
    for part in behind:
        node = 0
        for char in part:
            if char not in children[node]:
                children[node][char] = len(children)
                children.append({})
                counts.append(0)
            node = children[node][char]
            counts[node] += 1
    suffix = [0] * len(children)
    todo = list(children[0].values())
    for node in todo:
        counts[node] += counts[suffix[node]]
        for char, child in children[node].items():
            shorter = suffix[node]
            while shorter and char not in children[shorter]:
                shorter = suffix[shorter]
            suffix[child] = children[shorter].get(char, 0)
            todo.append(child)
    return len(behind) + max(counts)
