"""Definitions to a plan: equal predicates are shared, and event types and paths are worked out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.pattern.ast import StringEquals
from rumpattern.plan.plan import Plan, PlannedDefinition, Predicate
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TIMESTAMP, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.pattern.ast import Branch, Field


_ALWAYS_READ: Final = frozenset((EVENT_TYPE, EVENT_TIMESTAMP, APPLICATION_NAME))


def build_plan(definitions: Iterable[MetricDefinition]) -> Plan:
    """Build the plan of definitions; their order is kept."""
    predicates = _PredicateIndex()
    planned = tuple(_plan_definition(definition, predicates) for definition in definitions)
    paths = _ALWAYS_READ.union(*(definition.paths for definition in planned))
    return Plan(tuple(sorted(paths)), tuple(predicates.indices), planned)


class _PredicateIndex:
    """Gives each distinct predicate an index, in the order in which they are first seen.

    ``$or`` expands a pattern to as many as a thousand branches whose fields are the same objects. Hashing a field
    hashes all its elements, so a field is looked up by identity first. ``seen`` keeps the field alive: the identity of
    one that was freed could come back as that of another.
    """

    def __init__(self) -> None:
        self.indices: dict[Predicate, int] = {}
        self.seen: dict[int, tuple[Field, int]] = {}

    def index(self, field: Field) -> int:
        if id(field) not in self.seen:
            predicate = Predicate(field.path, field.elements)
            self.seen[id(field)] = field, self.indices.setdefault(predicate, len(self.indices))
        return self.seen[id(field)][1]


def _plan_definition(definition: MetricDefinition, predicates: _PredicateIndex) -> PlannedDefinition:
    branches = definition.pattern.branches if definition.pattern else ((),)
    indices = tuple(tuple(map(predicates.index, branch)) for branch in branches)
    return PlannedDefinition(definition, indices, _event_types(branches), _paths(definition))


def _event_types(branches: Iterable[Branch]) -> frozenset[str] | None:
    """Return the only event types that any of the branches can match, None if one of them can match any."""
    by_branch = [_branch_event_types(branch) for branch in branches]
    return None if None in by_branch else frozenset().union(*(types for types in by_branch if types is not None))


def _branch_event_types(branch: Branch) -> frozenset[str] | None:
    """Return the only event types that a branch can match, None unless it names them by equality."""
    for field in branch:
        if field.path == EVENT_TYPE:
            values = [element.value for element in field.elements if isinstance(element, StringEquals)]
            return frozenset(values) if len(values) == len(field.elements) else None
    return None


def _paths(definition: MetricDefinition) -> frozenset[str]:
    """Return the paths that a definition reads, and where a derived field is taken from if it is missing."""
    paths = {*_ALWAYS_READ, *(definition.pattern.paths if definition.pattern else ())}
    paths.update(path for path, _ in definition.dimension_keys)
    if definition.value_key is not None:
        paths.add(definition.value_key)
    return frozenset(paths.union(DERIVED_FIELDS[path] for path in paths if path in DERIVED_FIELDS))
