"""Definitions to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.pattern.ast import StringEquals
from rumpattern.plan.plan import Plan, Predicate, Step
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TIMESTAMP, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.pattern.ast import Branch, Field


_ALWAYS: Final = frozenset((EVENT_TYPE, EVENT_TIMESTAMP, APPLICATION_NAME))


def build_plan(definitions: Iterable[MetricDefinition]) -> Plan:
    """Return the plan of some definitions; equal predicates are shared."""
    predicates = _Predicates()
    steps = tuple(_step(definition, predicates) for definition in definitions)
    paths = _ALWAYS.union(*(step.paths for step in steps))
    return Plan(tuple(sorted(paths)), tuple(predicates.indices), steps)


class _Predicates:
    """The predicates of a plan, numbered as they are first seen.

    The branches of a pattern share their fields; each field is looked up once by what it says, then by identity.
    """

    def __init__(self) -> None:
        self.indices: dict[Predicate, int] = {}
        self.seen: dict[int, tuple[Field, int]] = {}

    def index(self, field: Field) -> int:
        if id(field) not in self.seen:
            predicate = Predicate(field.path, field.elements)
            self.seen[id(field)] = field, self.indices.setdefault(predicate, len(self.indices))
        return self.seen[id(field)][1]


def _step(definition: MetricDefinition, predicates: _Predicates) -> Step:
    branches = definition.pattern.branches if definition.pattern else ((),)
    indices = tuple(tuple(map(predicates.index, branch)) for branch in branches)
    return Step(definition, indices, _event_types(branches), _paths(definition))


def _event_types(branches: Iterable[Branch]) -> frozenset[str] | None:
    """Return the types that some branch asks for, None if one does not say."""
    asked = [_asked_types(branch) for branch in branches]
    return None if None in asked else frozenset().union(*(types for types in asked if types is not None))


def _asked_types(branch: Branch) -> frozenset[str] | None:
    for field in branch:
        if field.path == EVENT_TYPE:
            values = [e.value for e in field.elements if isinstance(e, StringEquals)]
            return frozenset(values) if len(values) == len(field.elements) else None
    return None


def _paths(definition: MetricDefinition) -> frozenset[str]:
    paths = {*_ALWAYS, *(definition.pattern.paths if definition.pattern else ())}
    paths.update(path for path, _ in definition.dimension_keys)
    if definition.value_key is not None:
        paths.add(definition.value_key)
    return frozenset(paths.union(DERIVED_FIELDS[path] for path in paths if path in DERIVED_FIELDS))
