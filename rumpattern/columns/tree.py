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
_MAX_COMPILED: Final = 2_000
"""Paths up to which a tree has a function of its own: it takes 25 microseconds a path to compile one."""
_SCALARS: Final = frozenset((str, int, float, bool, type(None), type(MISSING)))
"""Types of what has no members."""


class Tree:
    """The members to read from an event, but for the event type, which is read before: it chooses the tree."""

    def __init__(self, paths: frozenset[str]) -> None:
        self.paths = tuple(sorted(paths - {EVENT_TYPE}))
        self.root = Node("")
        for path in self.paths:
            if path.count(".") <= DEEP:
                self.root.add(path.split("."))

    @cached_property
    def read(self) -> ReadMembers:
        """The function from an event to its values at ``paths``, compiled when it is first asked for.

        It raises AttributeError, LookupError or TypeError of an event that columns may be unable to say, for an array
        or a repeated key stands on the way to a value, or a key that holds several segments; and of every event if
        there are more paths than are worth compiling.
        """
        return _compile(self) if len(self.paths) <= _MAX_COMPILED else _give_up


def _give_up(event: object) -> tuple[object, ...]:
    raise LookupError(event)


def _compile(tree: Tree) -> ReadMembers:
    """Return a function of its own for a tree, whose source names the members.

    It reads an event in half the time that a walk along the nodes takes, and in less than it takes to make a list of
    each member of many events, which have to be fetched from memory again for that.
    """
    source = ["def read(event):"]
    names: dict[str, Any] = {"MISSING": MISSING, "NO_MEMBERS": {}, "SCALARS": _SCALARS}
    values: dict[str, str] = {}

    def add(node: Node, name: str) -> None:
        if node.dotted:
            names[f"dotted_{name}"] = frozenset(node.dotted)
            source.append(f"    if not dotted_{name}.isdisjoint({name}): raise LookupError")
        for segment, child in node.children.items():
            value = f"{name}.get({segment!a}, MISSING)"
            if child.children:
                child_name = f"node_{len(source)}"
                source.append(f"    {child_name} = value_{child_name} = {value}")
                source.append(f"    if type({child_name}) in SCALARS: {child_name} = NO_MEMBERS")
                value = f"value_{child_name}"
                add(child, child_name)
            if child.wanted:
                values[child.path] = value

    add(tree.root, "event")
    results = "".join(f"{values.get(path, 'MISSING')}, " for path in tree.paths)
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
