"""Definitions to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.definition.rumevents import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TIMESTAMP, EVENT_TYPE
from rumpattern.pattern.ast import StringEquals
from rumpattern.plan.plan import Plan, Predicate, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.definition.model import MetricDefinition


_ALWAYS: Final = frozenset((EVENT_TYPE, EVENT_TIMESTAMP, APPLICATION_NAME))


def build_plan(definitions: Iterable[MetricDefinition]) -> Plan:
    """Return the plan of some definitions; equal predicates are shared."""
    predicates: dict[Predicate, int] = {}
    steps = tuple(_step(definition, predicates) for definition in definitions)
    paths = _ALWAYS.union(*(step.paths for step in steps))
    return Plan(tuple(sorted(paths)), tuple(predicates), steps)


def _step(definition: MetricDefinition, predicates: dict[Predicate, int]) -> Step:
    fields = definition.pattern.fields if definition.pattern else ()
    needed = [Predicate(field.path, field.elements) for field in fields]
    indices = tuple(predicates.setdefault(predicate, len(predicates)) for predicate in needed)
    return Step(definition, indices, _event_types(needed), _paths(definition, needed))


def _event_types(predicates: Sequence[Predicate]) -> frozenset[str] | None:
    for predicate in predicates:
        if predicate.path == EVENT_TYPE:
            values = [e.value for e in predicate.elements if isinstance(e, StringEquals)]
            return frozenset(values) if len(values) == len(predicate.elements) else None
    return None


def _paths(definition: MetricDefinition, predicates: Iterable[Predicate]) -> frozenset[str]:
    paths = {*_ALWAYS, *(predicate.path for predicate in predicates)}
    paths.update(path for path, _ in definition.dimension_keys)
    if definition.value_key is not None:
        paths.add(definition.value_key)
    return frozenset(paths.union(DERIVED_FIELDS[path] for path in paths if path in DERIVED_FIELDS))
