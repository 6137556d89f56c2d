"""A plan as data: columns to build, predicates to test, and which predicates make up each definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.pattern.ast import Element


@dataclass(frozen=True, slots=True)
class Predicate:
    """One path and the elements of which one must match there: tested once, however many definitions ask for it."""

    path: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One definition in the plan. ``predicates`` are indices into ``Plan.predicates``, all of which must hold.

    ``event_types`` are the only types it can match, None when it does not say.
    """

    definition: MetricDefinition
    predicates: tuple[int, ...]
    event_types: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read from each event (``paths``, sorted) and what to test on it."""

    paths: tuple[str, ...]
    predicates: tuple[Predicate, ...]
    steps: tuple[Step, ...]

    @property
    def event_types(self) -> frozenset[str] | None:
        """The event types that some definition can match, None when one can match any."""
        types = [step.event_types for step in self.steps]
        return None if None in types else frozenset[str]().union(*(t for t in types if t is not None))

    @property
    def definitions(self) -> tuple[MetricDefinition, ...]:
        """The definitions in the order given."""
        return tuple(step.definition for step in self.steps)
