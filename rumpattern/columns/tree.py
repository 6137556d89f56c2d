"""The paths of a plan as a tree of members, by which events are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

DEEP: Final = 64
"""Dots in a path from which every row takes the exact path: the keys that hold several segments would be too many."""


class Tree:
    """The members to read from an event, but for the event type, which is read before: it chooses the tree."""

    def __init__(self, paths: frozenset[str]) -> None:
        self.paths = tuple(sorted(paths - {EVENT_TYPE}))
        self.root = Node("")
        for path in self.paths:
            if path.count(".") <= DEEP:
                self.root.add(path.split("."))


class Node:
    """A member of events that is a column (``wanted``), or an object on the way to one.

    ``dotted`` are the keys that would hold several segments at once: ``{"a.b": 1}`` for the path a.b.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.wanted = False
        self.children: dict[str, Node] = {}
        self.dotted: set[str] = set()

    def add(self, segments: Sequence[str]) -> None:
        """Add the member at a path, and mark it as a column."""
        node = self
        for depth, segment in enumerate(segments):
            rest = segments[depth:]
            node.dotted.update(".".join(rest[:end]) for end in range(2, len(rest) + 1))
            node = node.children.setdefault(segment, Node(".".join(segments[: depth + 1])))
        node.wanted = True
