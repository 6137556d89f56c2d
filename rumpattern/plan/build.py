"""Definitions to a plan: equal predicates are shared, and event types and paths are worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.pattern.ast import StringEquals
from rumpattern.plan.plan import Plan, PlannedDefinition, Predicate
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TIMESTAMP, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.pattern.ast import Field


_ALWAYS_READ: Final = frozenset((EVENT_TYPE, EVENT_TIMESTAMP, APPLICATION_NAME))


def build_plan(definitions: Iterable[MetricDefinition]) -> Plan:
    """Build the plan of definitions; their order is kept."""
    builder = _PlanBuilder()
    planned = tuple(map(builder.plan, definitions))
    paths = _ALWAYS_READ.union(*builder.paths.values())
    return Plan(tuple(sorted(paths)), tuple(builder.predicates), planned)


class _PlanBuilder:
    """Plans definitions one after the other; what they have in common is one object for all of them.

    Of a hundred thousand definitions most have the predicates, event types and paths of others. To make a set for each
    of them took half of the memory, and most of the time, in which Python looks through all objects again and again.
    """

    def __init__(self) -> None:
        self.predicates: list[Predicate] = []
        self.indices: dict[tuple[str, object], int] = {}
        self.types: dict[int, frozenset[str] | None] = {}
        self.paths: dict[object, frozenset[str]] = {}

    def plan(self, definition: MetricDefinition) -> PlannedDefinition:
        """Return a definition with the indices of its predicates."""
        branches = definition.pattern.branches if definition.pattern else ((),)
        if len(branches) == 1:
            indices: tuple[tuple[int, ...], ...] = (tuple(map(self.index, branches[0])),)
        else:
            # ``$or`` makes as many as a thousand branches, whose fields are the same objects: looked up by identity.
            seen = {id(field): self.index(field) for branch in branches for field in branch}
            indices = tuple(tuple(seen[id(field)] for field in branch) for branch in branches)
        return PlannedDefinition(definition, indices, self.event_types(indices), self.paths_of(definition))

    def index(self, field: Field) -> int:
        """Return the index of a field's predicate; they are in the order in which they are first seen."""
        # Python keeps the hash of a string, and works out that of an element anew. An element equals no string.
        elements = field.elements
        if len(elements) == 1:
            only = elements[0]
            key: tuple[str, object] = (field.path, only.value if type(only) is StringEquals else only)
        else:
            key = field.path, tuple([one.value if type(one) is StringEquals else one for one in elements])
        index = self.indices.get(key)
        if index is None:
            index = self.indices[key] = len(self.predicates)
            self.predicates.append(Predicate(field.path, field.elements))
            if field.path == EVENT_TYPE:
                self.types[index] = _named_types(field)
        return index

    def event_types(self, branches: Iterable[tuple[int, ...]]) -> frozenset[str] | None:
        """Return the only event types that any of the branches can match, None if one of them can match any."""
        named = self.types
        by_branch = {next((named[index] for index in branch if index in named), None) for branch in branches}
        if len(by_branch) == 1:
            return by_branch.pop()
        return None if None in by_branch else frozenset().union(*(types for types in by_branch if types is not None))

    def paths_of(self, definition: MetricDefinition) -> frozenset[str]:
        """Return the paths that a definition reads."""
        branches = definition.pattern.branches if definition.pattern else ((),)
        key = (
            tuple([tuple([field.path for field in branch]) for branch in branches]),
            definition.dimension_keys,
            definition.value_key,
        )
        known = self.paths.get(key)
        if known is None:
            known = self.paths[key] = _paths(definition)
        return known


def _named_types(field: Field) -> frozenset[str] | None:
    """Return the only event types that a field of the event type matches, None unless it names them by equality."""
    values = [element.value for element in field.elements if isinstance(element, StringEquals)]
    return frozenset(values) if len(values) == len(field.elements) else None


def _paths(definition: MetricDefinition) -> frozenset[str]:
    """Return the paths that a definition reads, and where a derived field is taken from if it is missing."""
    paths = {*_ALWAYS_READ, *(definition.pattern.paths if definition.pattern else ())}
    paths.update(path for path, _ in definition.dimension_keys)
    if definition.value_key is not None:
        paths.add(definition.value_key)
    return frozenset(paths.union(DERIVED_FIELDS[path] for path in paths if path in DERIVED_FIELDS))
