"""The paths of a plan as a tree of members, by which events are read."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from rumpattern.columns.batch import MISSING
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    ReadMembers: TypeAlias = Callable[[Any], tuple[object, ...]]

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

    # A function for each tree, whose source names its members, reads an event in half the time that a walk along the
    # nodes takes, and in less than a list for each member of some events takes, which have to be fetched from memory
    # again for that. It is plain: an event that is not is read by that walk (``decode``).
    @cached_property
    def read(self) -> ReadMembers:
        """The function from an event to its values at ``paths``.

        It raises AttributeError, LookupError or TypeError of an event that has something other than an object on the
        way to a value, or a key that holds several segments.
        """
        source = ["def read(event):"]
        names: dict[str, Any] = {"MISSING": MISSING, "NO_MEMBERS": {}}
        values: dict[str, str] = {}

        def add(node: Node, name: str) -> None:
            if node.dotted:
                names[f"dotted_{name}"] = frozenset(node.dotted)
                source.append(f"    if not dotted_{name}.isdisjoint({name}): raise LookupError")
            for segment, child in node.children.items():
                default = "MISSING" if child.wanted else "NO_MEMBERS"
                value = f"{name}.get({segment!a}, {default})"
                if child.children:
                    child_name = f"node_{len(source)}"
                    source.append(f"    {child_name} = {value}")
                    value = child_name
                    add(child, child_name)
                if child.wanted:
                    values[child.path] = value

        add(self.root, "event")
        results = "".join(f"{values.get(path, 'MISSING')}, " for path in self.paths)
        source.append(f"    return ({results})")
        exec("\n".join(source), names)  # noqa: S102 - the names of members are literals in it
        read: ReadMembers = names["read"]
        return read


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
