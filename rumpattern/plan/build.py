"""Definitions to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rumpattern.definition.rumevents import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TIMESTAMP, EVENT_TYPE
from rumpattern.pattern.ast import StringEquals
from rumpattern.plan.plan import Plan, Predicate, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.definition.model import MetricDefinition


def build_plan(definitions: Iterable[MetricDefinition]) -> Plan:
    """Return the plan of some definitions; equal predicates are shared."""
    predicates: dict[Predicate, int] = {}
    steps = [_step(definition, predicates) for definition in definitions]
    return Plan(_paths(steps, predicates), tuple(predicates), tuple(steps))


def _step(definition: MetricDefinition, predicates: dict[Predicate, int]) -> Step:
    fields = definition.pattern.fields if definition.pattern else ()
    needed = [Predicate(field.path, field.elements) for field in fields]
    indices = tuple(predicates.setdefault(predicate, len(predicates)) for predicate in needed)
    return Step(definition, indices, _event_types(needed))


def _event_types(predicates: Sequence[Predicate]) -> frozenset[str] | None:
    for predicate in predicates:
        if predicate.path == EVENT_TYPE:
            values = [e.value for e in predicate.elements if isinstance(e, StringEquals)]
            return frozenset(values) if len(values) == len(predicate.elements) else None
    return None


def _paths(steps: Iterable[Step], predicates: Iterable[Predicate]) -> tuple[str, ...]:
    paths = {EVENT_TYPE, EVENT_TIMESTAMP, APPLICATION_NAME}
    paths.update(predicate.path for predicate in predicates)
    for step in steps:
        paths.update(path for path, _ in step.definition.dimension_keys)
        if step.definition.value_key is not None:
            paths.add(step.definition.value_key)
    paths.update([DERIVED_FIELDS[path] for path in paths if path in DERIVED_FIELDS])
    return tuple(sorted(paths))
