"""Wildcards: text to the parts between its stars and back, linear-time matching, and a measure of complexity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_COMPLEXITY: Final = 8
"""EventBridge was observed to accept a wildcard of complexity 8 and to refuse one of 10."""


class WildcardError(ValueError):
    """An invalid wildcard; ``index`` is the offset of the fault in its text, in characters."""

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
    """Tell whether a value is the parts, in order, with any text between them."""
    # The first and last part are anchored. Of the others the leftmost occurrence behind the part before it is always
    # right: it leaves the most text for the rest, so no choice has to be undone. Backtracking tries up to n^k positions
    # for k stars and a value of n characters, as *a*a*a*b on a text of a's shows; this searches the value once. The end
    # must exclude the last part, or a*a would match a.
    if len(parts) == 1:
        return value == parts[0]
    first, *inner, last = parts
    start, end = len(first), len(value) - len(last)
    if start > end or not value.startswith(first) or not value.endswith(last):
        return False
    for part in inner:
        index = value.find(part, start, end)
        if index < 0:
            return False
        start = index + len(part)
    return True


def complexity(parts: Sequence[str]) -> int:
    """Return the maximum number of states that a wildcard's automaton can be in at once.

    Every star that a value has reached stays an active state. Behind each star the value is also in a state for every
    prefix of the next part that it ends with. These are counted on a trie of the parts with failure links: the longest
    proper suffix of each node's text that is a node too (Aho and Corasick 1975).
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
